"""Naming a noisy curve: c z^m f(k z^s), c z^m (f(k z^s) - 1), then c0 z^m + c1 z^m f(k z^s).

With noise dozens of names fit equally well, the more so the more constants are free. So those with the fewest constants
are looked at first, and what decides among them is a message in nats: what the residuals take, two a symbol, and each
constant by the bits of the plainest number within its standard error, or by its own digits where there is none. c is a
regression; k is searched on a grid and then between its points.

Source: J. Rissanen, "Modeling by shortest data description", Automatica 14, 1978.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import log

import numpy as np
import sympy

from .coefficients import constant
from .families import INVERSE_SHAPES, SHAPES, Shape, real_power
from .numbers import choices
from .problem import Array, Problem

GAUGE = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 4.0, -4.0)
INNER = (1, 2, -1)
KEPT = 12
REFINED, WEIGHED = 80, 30
GATHERED = 150  # rows, for the search
GRID = 120
LARGEST = 30.0  # of an argument
WAVES = 400  # steps of a linear grid for what oscillates, a quarter of a radian each
SYMBOL = 2.0  # nats
ROUNDING = 1e-16  # of the squared goal, below which nothing is left to compare


@dataclass(frozen=True, eq=False)
class Likely:
    """A name with the k that leaves least: z^m (c f(k z^s) + offset), the offset 0, -c, or free."""

    rest: float
    shape: Shape
    inner: int
    gauge: float
    offset: int | None
    k: float
    nats: float = np.inf

    def columns(self, z: Array, k: Array | float) -> Array:
        """The curves that a regression scales, (..., N); a free offset is a second one."""
        with np.errstate(all="ignore"):
            curve = self.shape.value(np.asarray(k)[..., None] * z**self.inner)
        return np.asarray((curve + (self.offset or 0)) * z**self.gauge)

    @property
    def symbols(self) -> int:
        """What a reader sees, but for the constants."""
        return self.shape.symbols + 2 * (self.gauge != 0) + 2 * (self.inner != 1) + 2 * (self.offset == -1)

    def length(self, rows: int, scatter: float = 0.0) -> float:
        """Nats of what it leaves of so many rows, and of its symbols: dozens of look-alikes leave no less than the law.
        ``scatter`` is what means of rows have left out already."""
        return rows / 2 * log(self.rest + scatter) + SYMBOL * self.symbols if np.isfinite(self.rest) else np.inf


def likely_shapes(problem: Problem) -> Iterator[sympy.Expr]:
    """Expressions for the target of a problem with one input, those of the shortest messages."""
    z, symbol = problem.x[:, 0], problem.symbols[0]
    weights = np.ones(problem.rows) if problem.weights is None else problem.weights
    if np.ptp(z) == 0 or np.ptp(problem.y) == 0:
        return
    goal = problem.y * weights
    few = _gathered(z, problem.y, weights)
    scatter = max(float(goal @ goal - few[1] @ few[1]), 0.0)

    def length(one: Likely) -> float:
        return one.length(problem.rows, scatter)

    found: list[Likely] = []
    for free in (False, True):
        coarse = sorted(_on_grid(*few, free), key=length)[:REFINED]
        fine = sorted((_refined(one, *few) for one in coarse), key=length)
        found += [_told(one, z, goal, weights) for one in fine[:WEIGHED]]
    for one in sorted(found, key=lambda one: one.nats)[:KEPT]:
        yield _written(one, z, goal, weights, symbol)


def _gathered(z: Array, y: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Means of rows beside each other in z: (z, weighted target, weights) of at most twice `GATHERED` of them.

    Equally many rows each, but where rows are rare no mean is of z that are far apart: it would not lie on the curve.
    """
    order = np.argsort(z, kind="stable")
    equal = np.linspace(0, len(z), min(GATHERED, len(z)) + 1).astype(int)[:-1]
    apart = np.searchsorted(z[order], np.linspace(np.min(z), np.max(z), GATHERED + 1)[:-1])
    starts = np.union1d(equal, apart)
    squared = weights[order] ** 2
    total = np.add.reduceat(squared, starts)
    z, y = (np.add.reduceat(squared * values[order], starts) / total for values in (z, y))
    return z, y * np.sqrt(total), np.sqrt(total)


def _on_grid(z: Array, goal: Array, weights: Array, free: bool) -> Iterator[Likely]:
    for inner in (s for s in INNER if real_power(z, s)):
        top = float(np.max(np.abs(z**inner)))
        for shape in (*SHAPES, *INVERSE_SHAPES):
            k = _grid(shape, top)
            with np.errstate(all="ignore"):
                curves = shape.value(k[:, None] * z**inner)
            for m in (m for m in GAUGE if real_power(z, m)):
                scale = weights * z**m
                for offset in (None,) if free else (0, -1):
                    rest = _rest((curves + (offset or 0)) * scale, goal, scale if free else None)
                    best = int(np.argmin(rest))
                    yield Likely(float(rest[best]), shape, inner, m, offset, float(k[best]))


def _grid(shape: Shape, top: float) -> Array:
    grid = np.geomspace(0.05, min(shape.largest * (1 - 1e-6), LARGEST), GRID) / top
    return np.concatenate([grid, np.arange(1, WAVES) * (0.25 / top)]) if shape.waves else grid


def _rest(parts: Array, goal: Array, beside: Array | None = None) -> Array:
    """What each of ``parts`` (K, N) leaves of the squared goal, with another column beside it."""
    if beside is not None:
        unit = beside / np.linalg.norm(beside)
        with np.errstate(all="ignore"):
            parts, goal = parts - np.outer(parts @ unit, unit), goal - (goal @ unit) * unit
    with np.errstate(all="ignore"):
        size = np.sum(parts**2, axis=-1)
        rest = goal @ goal - (parts @ goal) ** 2 / size
    return np.where(np.isfinite(rest) & (size > 1e-20), np.maximum(rest, ROUNDING * (goal @ goal)), np.inf)


def _refined(one: Likely, z: Array, goal: Array, weights: Array) -> Likely:
    """The same with k on three finer grids around the best one."""
    top = float(np.max(np.abs(z**one.inner)))
    width = min(0.07, 0.25 / (one.k * top)) if one.shape.waves else 0.07
    for _ in range(3):
        grid = one.k * np.exp(np.linspace(-width, width, 13))
        grid = grid[grid * top < one.shape.largest]
        rest = _rests(one, grid, z, goal, weights)
        if len(grid) and np.min(rest) <= one.rest:
            one = replace(one, k=float(grid[np.argmin(rest)]), rest=float(np.min(rest)))
        width /= 6
    return one


def _rests(one: Likely, k: Array, z: Array, goal: Array, weights: Array) -> Array:
    beside = weights * z**one.gauge if one.offset is None else None
    return _rest(one.columns(z, k) * weights, goal, beside)


def _told(one: Likely, z: Array, goal: Array, weights: Array) -> Likely:
    """The length of the message, with the plainest k that the rows allow."""
    rows = len(goal)
    one, bend = _settled(one, z, goal, weights)
    if not np.isfinite(one.rest):
        return one
    variance = one.rest / rows
    error = np.sqrt(2 * variance / bend) if np.isfinite(bend) and bend > 0 else np.inf
    best, bits = one, _digits(one.k, error, rows)
    if np.isfinite(error):
        for choice in choices(one.k, 2.5 * error, largest=1e3, count=3):
            rest = float(_rests(one, np.array([choice.value]), z, goal, weights)[0])
            named = choice.bits * log(2) + 1
            if rows / 2 * log(rest / one.rest) + named < bits:
                best, bits = replace(one, k=choice.value, rest=rest), rows / 2 * log(rest / one.rest) + named
    columns = [best.columns(z, best.k) * weights]
    if one.offset is None:
        columns.append(weights * z**one.gauge)
    matrix = np.column_stack(columns)
    c = np.linalg.lstsq(matrix, goal, rcond=None)[0]
    errors = np.sqrt(variance * np.diag(np.linalg.pinv(matrix.T @ matrix)))
    constants = sum(_constant_nats(float(a), float(e), rows) for a, e in zip(c, errors, strict=True))
    written = 2 * SYMBOL * (best.k != 1)  # k and its product
    return replace(best, nats=one.length(rows) + bits + written + constants)


def _settled(one: Likely, z: Array, goal: Array, weights: Array) -> tuple[Likely, float]:
    """The same with its error, and k moved by Newton's step where that lowers it, on all rows; and how sharply the error
    bends in k."""
    bend = np.nan
    for _ in range(2):
        step = 1e-3 * one.k
        below, rest, above = map(float, _rests(one, one.k + step * np.array([-1.0, 0.0, 1.0]), z, goal, weights))
        one, bend = replace(one, rest=rest), (below + above - 2 * rest) / step**2
        if not (np.isfinite(bend) and bend > 0):
            break
        k = one.k - float(np.clip((above - below) / (2 * step * bend), -0.1 * one.k, 0.1 * one.k))
        if k * float(np.max(np.abs(z**one.inner))) >= one.shape.largest:
            break
        moved = float(_rests(one, np.array([k]), z, goal, weights)[0])
        if not moved < rest:
            break
        one = replace(one, k=k, rest=moved)
    return one, bend


def _constant_nats(value: float, error: float, rows: int) -> float:
    named = choices(value, 2.5 * error, largest=1e3, count=1) if error > 0 else []
    digits = _digits(value, error, rows)
    return min(digits, named[0].bits * log(2) + 1) if named else digits


def _digits(value: float, error: float, rows: int) -> float:
    told = log(abs(value) / error) if value and 0 < error < np.inf else 0.0
    return max(told, 0.5 * log(rows)) + SYMBOL


def _written(one: Likely, z: Array, goal: Array, weights: Array, symbol: sympy.Symbol) -> sympy.Expr:
    columns = [one.columns(z, one.k) * weights]
    if one.offset is None:
        columns.append(weights * z**one.gauge)
    c = np.linalg.lstsq(np.column_stack(columns), goal, rcond=None)[0]
    form = one.shape.expression(sympy.Float(one.k) * symbol**one.inner) + (one.offset or 0)
    form = constant(c[0]) * form + (constant(c[1]) if one.offset is None else 0)
    return form * symbol ** sympy.Rational(one.gauge)
