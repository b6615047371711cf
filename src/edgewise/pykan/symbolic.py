"""Names for edges and formulas, in pykan's words."""

from collections.abc import Sequence
from typing import Any

import sympy
import torch
from torch import Tensor

from edgewise.errors import SettingsError, ShapeError
from edgewise.formula import symbol
from edgewise.nn import KAN, edge_scores, trace
from edgewise.surgery import prune, refine
from edgewise.symbolic import Match, match, network_form
from edgewise.train import TrainingData, levenberg

ROWS = 400  # of one edge; more change no name
FINER = 4  # times the pieces, in steps of two, to see a function behind its spline
IDLE = 1e-4  # share of the output's spread below which an edge does nothing
NOTHING = 1e-6  # the same, for an edge whose constants are fitted: its term is left out of the formula


def finer(network: KAN, data: TrainingData) -> tuple[KAN, float]:
    """A copy with four times the pieces (fewer where rows are few), trained on; its error over the targets' spread."""
    spread = float(data.y.std(correction=0)) or 1.0
    best = levenberg(network, data, fresh=False).network
    for _ in range(FINER // 2):
        pieces = 2 * best[0].basis.intervals
        edges = sum(int(layer.mask.sum()) for layer in best)
        if edges * (pieces + best[0].basis.degree + 1) > 0.5 * data.y.numel():
            break
        best = levenberg(refine(best, pieces), data, fresh=False).network
    with torch.no_grad():
        return best, float((best(data.x) - data.y).square().mean().sqrt()) / spread


def idle(network: KAN, x: Tensor, edge: tuple[int, int, int]) -> float:
    """The edge's score: the share of the output's spread that flows through it."""
    layer, source, target = edge
    network[layer].edge(source, target)  # an edge that is not there is a ShapeError
    return float(edge_scores(trace(network, x))[layer][target, source])


def suggest(
    network: KAN, x: Tensor, edge: tuple[int, int, int], error: float, lib: Sequence[str] | None
) -> list[Match]:
    """The names for an edge, best first; ``error`` is the share of the output's spread that the network misses.

    The spline is no more accurate than that, so of names within this error the plainer is preferred.
    """
    layer, source, target = edge
    network[layer].edge(source, target)  # an edge that is not there is a ShapeError
    flow = trace(network, x[:ROWS]).layers[layer]
    y = flow.postactivations[:, target, source]
    noise = error * float(y.std(correction=0))
    return match(flow.preactivations[:, source].numpy(), y.numpy(), primitives=lib, noise=noise)


def constants(found: Match) -> tuple[float, float, float, float, float]:
    """(a, b, c, d, exponent) of a match."""
    return found.inner_scale, found.inner_shift, found.outer_scale, found.outer_shift, found.exponent or 1.0


def formula(network: KAN, var: Sequence[Any] | None, x: Tensor | None) -> tuple[list[sympy.Expr], list[sympy.Symbol]]:
    """The outputs over ``var``; x_1, x_2, ... by default. Raises NotSymbolicError while an edge is a spline.

    With rows ``x``, terms through which less than a millionth of the output's spread flows become constants.
    """
    names = [f"x_{number + 1}" for number in range(network.shape[0])] if var is None else list(var)
    if len(names) != network.shape[0]:
        raise ShapeError(f"the network has {network.shape[0]} inputs but var names {len(names)}.")
    symbols = [name if isinstance(name, sympy.Symbol) else symbol(str(name)) for name in names]
    if x is not None:
        network = prune(network, x, node_threshold=NOTHING, edge_threshold=NOTHING).network
    return network_form(network, symbols), symbols


def ex_round(expression: sympy.Expr, n_digit: int = 4) -> sympy.Expr:
    """The expression with its constants rounded to so many decimals.

    >>> ex_round(sympy.Float("3.14159265") * sympy.Symbol("x"), 2)
    3.14*x
    """
    if n_digit < 0:
        raise SettingsError(f"n_digit must be 0 or more, got {n_digit}.")
    return expression.xreplace({number: round(number, n_digit) for number in expression.atoms(sympy.Float)})
