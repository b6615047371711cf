"""Names for edges and formulas, in pykan's words."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
import torch
from torch import Tensor

from edgewise.errors import SettingsError, ShapeError
from edgewise.formula import symbol
from edgewise.nn import KAN, edge_scores, trace
from edgewise.primitives import Primitive
from edgewise.surgery import fix, prune, refine
from edgewise.symbolic import Match, match, network_form
from edgewise.symbolic.normal import normal_form
from edgewise.train import TrainingData, levenberg

from .reading import EdgePlace, require_layer

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


def idle(network: KAN, x: Tensor, edge: EdgePlace) -> float:
    """The edge's score: the share of the output's spread that flows through it."""
    layer, source, target = edge
    network[layer].edge(source, target)  # an edge that is not there is a ShapeError
    return float(edge_scores(trace(network, x))[layer][target, source])


def suggest(network: KAN, x: Tensor, edge: EdgePlace, error: float, lib: Mapping[str, Primitive]) -> list[Match]:
    """The names for an edge, best first; ``error`` is the share of the output's spread that the network misses.

    The spline is no more accurate than that, so of names within this error the plainer is preferred.
    """
    layer, source, target = edge
    network[layer].edge(source, target)  # an edge that is not there is a ShapeError
    flow = trace(network, x[:ROWS]).layers[layer]
    y = flow.postactivations[:, target, source]
    noise = error * float(y.std(correction=0))
    return match(flow.preactivations[:, source].numpy(), y.numpy(), primitives=lib, noise=noise)


@dataclass(frozen=True)
class Reading:
    """The network that names are read off, and its error: a finer copy, trained on from where the model is.

    A spline of few pieces is no more like exp than like sinh; with more pieces it is. Without rows of a fit to train on it is
    the model's own network. The copy is used again as long as neither the numbers nor the names of the network change.
    """

    before: bytes = b""
    network: KAN | None = None
    error: float = 0.0

    def __deepcopy__(self, memo: dict[int, Any]) -> "Reading":
        return self

    def of(self, network: KAN, data: TrainingData | None, error: float) -> "Reading":
        """What to read this network off."""
        if data is None:
            return Reading(b"", network, error)
        now = fingerprint(network)
        return self if now == self.before else Reading(now, *finer(network, data))


def fingerprint(network: KAN) -> bytes:
    """Equal for networks that are the same function in the same words."""
    digest = hashlib.sha256(repr([layer.fixed_names() for layer in network]).encode())
    for value in network.state_dict().values():
        if isinstance(value, Tensor):
            digest.update(repr(tuple(value.shape)).encode() + value.detach().cpu().numpy().tobytes())
    return digest.digest()


def named(
    reading: Reading, x: Tensor, edge: EdgePlace, lib: Mapping[str, Primitive]
) -> tuple[str, Primitive, float, int]:
    """(name, function, r2, complexity) of the best name."""
    assert reading.network is not None
    require_layer(reading.network, edge[0])
    share = idle(reading.network, x, edge)
    if share <= IDLE and "0" in lib:
        zero = lib["0"]
        return zero.name, zero, 1.0 - share, zero.complexity
    best = suggest(reading.network, x, edge, reading.error, lib)[0]
    return best.primitive, best.function, best.r2, best.complexity


def fixed(network: KAN, x: Tensor, edge: EdgePlace, error: float, primitive: Primitive) -> tuple[KAN, float]:
    """The network with the edge named, constants fitted to what it was, and r2; '0' leaves its mean."""
    layer, source, target = edge
    if primitive.name == "0":
        mean = float(trace(network, x).layers[layer].postactivations[:, target, source].mean())
        network = fix(network, edge, primitive, (1.0, 0.0, 0.0, mean))
        return network, 1.0 - idle(network, x, edge)
    best = suggest(network, x, edge, error, {primitive.name: primitive})[0]
    a, b, c, d, exponent = (
        best.inner_scale, best.inner_shift, best.outer_scale, best.outer_shift, best.exponent or 1.0
    )  # fmt: skip
    return fix(network, edge, best.function, (a, b, c, d, exponent)), best.r2


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

    Constants that multiply each other are one before they are rounded: rounded one by one, 0.8 times 1.25 may print as 0.999.

    >>> x = sympy.Symbol("x")
    >>> ex_round(0.91287093 * (1.04663512 * x) ** 2, 3)
    1.0*x**2
    >>> ex_round(sympy.Float("3.14159265") * x, 2)
    3.14*x
    """
    if n_digit < 0:
        raise SettingsError(f"n_digit must be 0 or more, got {n_digit}.")
    merged = normal_form(expression)
    return merged.xreplace({number: sympy.Float(round(float(number), n_digit)) for number in merged.atoms(sympy.Float)})
