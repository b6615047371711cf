"""From a network of splines to formulas: every edge gets its likeliest names, combinations are tried together."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import sympy
import torch

from edgewise.nn import KAN, EdgeId, Model, trace
from edgewise.primitives import Primitive
from edgewise.surgery import fix, prune
from edgewise.symbolic import Match, Work, closed_form, combinations, match

from .architecture import AS_GOOD
from .limits import NAMING_AN_EDGE, combinations_for, writing_out
from .prepare import Prepared
from .weighing import rms

POINTS = 200
MOST_EDGES = 24
REFITTED = 8  # combinations of names whose constants are refitted, for each network


def name_network(
    model: Model,
    x: np.ndarray,
    *,
    accuracy: float,
    primitives: Mapping[str, Primitive],
    most: int = 24,
    top: int = 4,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[sympy.Expr]:
    """Expressions for a model of one output, the likeliest names first.

    ``x`` (rows, inputs) are rows in original units; ``accuracy`` is the network's error over the target's spread: as
    well as that are its edges known. Nothing comes for a network of more than 24 edges, whose parts have no names, nor after
    ``stop()``.
    """
    rows = model.scaled(x)
    edges = [edge_id for edge_id, edge in model.network.edges() if edge.kind == "spline"]
    if len(edges) > MOST_EDGES:
        return
    names = []
    for edge_id in edges:
        found = [] if stop() else _names(model.network, edge_id, rows, accuracy, primitives, top)
        if not found:
            return
        names.append(found)
    for choice in combinations([len(n) for n in names], most):
        network = model.network
        for edge_id, options, chosen in zip(edges, names, choice, strict=True):
            network = fix(network, edge_id, *options[chosen])
        if stop():
            return
        yield closed_form(model.with_network(network))[0]


def likely_formulas(
    model: Model,
    prepared: Prepared,
    error: float,
    primitives: Mapping[str, Primitive],
    work: Work,
    rough_error: Callable[[sympy.Expr], float],
) -> list[sympy.Expr]:
    """The combinations of names for a pruned network that come nearest to the rows before their constants are refitted."""
    ranked: list[tuple[float, int, sympy.Expr]] = []
    model = pruned(model, prepared)
    edges = len(list(model.network.edges()))
    if not work.pays(NAMING_AN_EDGE * edges):
        return []
    most = combinations_for(work.left, edges)
    found = name_network(model, prepared.train.x, accuracy=error, primitives=primitives, most=most, stop=work.late)
    for expression in found:
        ranked.append((rough_error(expression), len(ranked), expression))
        if not work.pays(writing_out(edges)):
            break
    return [expression for _, _, expression in sorted(ranked)[:REFITTED]]


def pruned(model: Model, prepared: Prepared) -> Model:
    """The model without the edges and nodes that the rows held out do not miss: fewer edges to name."""
    held = prepared.network_held

    def error(network: KAN) -> float:
        return rms(held.y - model.with_network(network).predict(held.x), held.weights)

    rows = model.scaled(prepared.network_train.x)
    return model.with_network(prune(model.network, rows, error=error, allowed=AS_GOOD).network)


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
