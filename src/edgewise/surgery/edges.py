"""One edge: give it a name, or take the name back."""

import copy
from collections.abc import Sequence

import torch

from edgewise.errors import SettingsError
from edgewise.nn import KAN, Constants, EdgeId
from edgewise.primitives import Primitive
from edgewise.solve import fit_linear


def fix(
    network: KAN, edge: EdgeId | tuple[int, int, int], primitive: Primitive | str, constants: Sequence[float]
) -> KAN:
    """A network in which one edge is ``c f(a x + b) + d`` with constants (a, b, c, d[, exponent]).

    Constants are finished ones, in the coordinates that the edge sees; `symbolic.match` finds them.
    """
    layer, source, target = edge
    fixed = copy.deepcopy(network)
    fixed[layer].set_edge(source, target, primitive, Constants(*constants))
    return fixed


def release(network: KAN, edge: EdgeId | tuple[int, int, int]) -> KAN:
    """A network in which a fixed edge is a spline again, the best fit to what it was on the range of its knots."""
    layer, source, target = edge
    old = network[layer].edge(source, target)
    if old.kind != "fixed":
        raise SettingsError(
            f"edge ({layer}, {source}->{target}) is {old.kind}, not fixed: there is nothing to release."
        )
    released = copy.deepcopy(network)
    basis = network[layer].basis
    with torch.no_grad():
        points = basis.points(per_interval=2 * (basis.degree + 1))
        design, values = basis(points)[:, source], old(points[:, source])
        finite = values.isfinite()
        coefficients = fit_linear(design[finite], values[finite].unsqueeze(-1))[:, 0]
    released[layer].set_edge(source, target, torch.cat([coefficients, coefficients.new_zeros(1)]))
    return released


def remove(network: KAN, edge: EdgeId | tuple[int, int, int]) -> KAN:
    """A network without that edge; nothing is folded in (`prune` does that)."""
    layer, source, target = edge
    without = copy.deepcopy(network)
    without[layer].set_edge(source, target, None)
    return without
