"""From a network of splines to formulas: every edge gets its likeliest names, combinations are tried together."""

from collections.abc import Iterator, Mapping

import numpy as np
import sympy
import torch

from edgewise.nn import KAN, EdgeId, Model, trace
from edgewise.primitives import Primitive
from edgewise.surgery import fix
from edgewise.symbolic import Match, closed_form, combinations, match

POINTS = 200
MOST_EDGES = 24


def name_network(
    model: Model, x: np.ndarray, *, accuracy: float, primitives: Mapping[str, Primitive], most: int = 24, top: int = 4
) -> Iterator[sympy.Expr]:
    """Expressions for a model of one output, the likeliest names first.

    ``x`` (rows, inputs) are rows in original units; ``accuracy`` is the network's error over the target's spread: as
    well as that are its edges known. Nothing comes for a network of more than 24 edges: its parts have no names.
    """
    rows = model.scaled(x)
    edges = [edge_id for edge_id, edge in model.network.edges() if edge.kind == "spline"]
    if len(edges) > MOST_EDGES:
        return
    names = [_names(model.network, edge_id, rows, accuracy, primitives, top) for edge_id in edges]
    if not all(names):
        return
    for choice in combinations([len(n) for n in names], most):
        network = model.network
        for edge_id, options, chosen in zip(edges, names, choice, strict=True):
            network = fix(network, edge_id, *options[chosen])
        yield closed_form(model.with_network(network))[0]


def _names(
    network: KAN, edge_id: EdgeId, x: torch.Tensor, accuracy: float, primitives: Mapping[str, Primitive], top: int
) -> list[tuple[Primitive, tuple[float, ...]]]:
    flow = trace(network, x).layers[edge_id.layer].preactivations[:, edge_id.source]
    low, high = torch.quantile(flow, torch.tensor([0.002, 0.998], dtype=flow.dtype))
    points = torch.linspace(float(low), float(high), POINTS, dtype=flow.dtype)
    values = network[edge_id.layer].edge(edge_id.source, edge_id.target)(points)
    noise = max(accuracy, 1e-10) * float(values.std())
    found = match(points.numpy(), values.numpy(), primitives=primitives, noise=noise, top=top)
    return [(primitives[m.primitive], constants_of(m)) for m in found]


def constants_of(found: Match) -> tuple[float, ...]:
    """The five constants of a fixed edge."""
    exponent = 1.0 if found.exponent is None else found.exponent
    return found.inner_scale, found.inner_shift, found.outer_scale, found.outer_shift, exponent
