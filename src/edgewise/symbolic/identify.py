"""Naming an exact curve: T(g z^m) = c0 + c1 f(k z^s).

After a reduction g and z are known to rounding, so the question "which function is this?" has an answer that can be
checked to nine digits. One correlation matrix compares all targets T(g z^m) with all shapes f(k z^s) on a logarithmic
grid of k; the best k of each combination is refined for all of them at once by Gauss-Newton; what then holds on every
row is the answer. Dozens of shapes come within 1e-7 of each other, so many combinations must be refined before one is
believed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from .atoms import by_name, values_of
from .coefficients import constant
from .families import GAUGE, INNER, POWERS, SHAPES, TARGETS, Shape, real_power
from .problem import TARGET, Array, Problem, relative
from .sparse import sparse_combination
from .transforms import TRANSFORMS, sign_of

SAMPLES = 120
REFINED = 1500
WORDS = by_name("sin", "cos", "exp", "exp(-x)", "exp(2x)", "exp(-2x)", "log", "sin^2", "sin(2x)", "cos(2x)")


@dataclass(frozen=True, eq=False)
class _Targets:
    """T(g z^m) for every allowed T and m: names and the sampled rows, centred and of unit norm."""

    keys: list[tuple[str, float]]
    values: Array


@dataclass(frozen=True)
class _Match:
    misfit: float
    transform: str
    gauge: float
    shape: Shape | None
    inner: float
    k: float


def identify(problem: Problem, shapes: Sequence[Shape] = SHAPES) -> Iterator[sympy.Expr]:
    """Expressions over the one symbol of ``problem`` that give its target to its tolerance, the simplest first: powers and
    the given shapes."""
    z, g = problem.x[:, 0], problem.y
    gauges = [m for m in GAUGE if real_power(z, m)]
    rows = _quantile_rows(z)
    targets = _transformed(z, g, rows, gauges)
    if not targets.keys:
        return
    near = max(1e-8, problem.tolerance)
    found = [*_powers(z[rows], targets, near), *_shapes(z[rows], targets, 10 * near, shapes)]
    matches = sorted(found, key=lambda m: (_effort(m), m.misfit))
    for match in matches:
        expression = _settled(problem, match)
        if expression is not None:
            yield expression


def powers_and_exponentials(problem: Problem) -> Iterator[sympy.Expr]:
    """T(g) as at most three terms c z^p, p up to 14, or c z^p times a function without constants."""
    z, symbol = problem.x[:, 0], problem.symbols[0]
    words = [(sympy.Integer(1), np.ones_like(z)), *((a.expression(symbol), v) for a, v in values_of(z, WORDS))]
    step = 2 if np.all(z > 0) else 1
    powers = [p / step for p in range(-14 * step, 14 * step + 1) if p >= 0 or np.all(z != 0)]
    scaled = z / np.median(np.abs(z))
    terms = [(p, None, scaled**p) for p in powers]
    terms += [(p, w, z**p * v) for p in powers if abs(p) <= 2 for w, v in words[1:]]
    dictionary = np.column_stack([values for _, _, values in terms])
    for name in ("y", "1/y", "y^2", "log"):
        transform = TRANSFORMS[name]
        if not transform.allowed(problem.y):
            continue
        target = transform.forward(problem.y)
        found = sparse_combination(dictionary, target, most=3, tolerance=problem.tolerance)
        if found is None:
            continue
        form = sympy.Integer(0)
        for index, c in zip(found[0], found[1], strict=True):
            p, word, _ = terms[index]
            c = c if word is not None else c / np.median(np.abs(z)) ** p
            form += constant(c) * symbol ** sympy.Rational(p) * (1 if word is None else word)
        yield transform.inverse(TARGET, sign_of(problem.y)).xreplace({TARGET: form})


def _effort(match: _Match) -> tuple:
    """A rough order of how long the printed formula will be."""
    simple = {"y": 0, "1/y": 1, "log": 1, "y^2": 1, "sqrt": 1}.get(match.transform, 2)
    return (
        simple
        + (match.gauge != 0)
        + (match.shape is not None) * 2
        + (match.inner not in (1.0, 2.0, -1.0))
        + (match.shape is not None and not match.shape.name.isalpha()),
    )


def _quantile_rows(z: Array) -> Array:
    order = np.argsort(z, kind="stable")
    return order[np.linspace(0, len(z) - 1, min(SAMPLES, len(z))).astype(int)]


def _transformed(z: Array, g: Array, rows: Array, gauges: list[float]) -> _Targets:
    keys, values = [], []
    for m in gauges:
        target = g * z**m
        for name in TARGETS:
            transform = TRANSFORMS[name]
            if (name in ("log", "1/y^2", "y^2", "sqrt") and not transform.allowed(target)) or not transform.allowed(
                target
            ):
                continue
            with np.errstate(all="ignore"):
                part = transform.forward(target[rows])
            unit = _unit(part)
            if unit is not None:
                keys.append((name, m))
                values.append(unit)
    return _Targets(keys, np.array(values))


def _unit(values: Array) -> Array | None:
    if not np.all(np.isfinite(values)):
        return None
    centred = values - values.mean()
    norm = np.linalg.norm(centred)
    if norm <= 1e-9 * np.linalg.norm(values) or norm == 0:
        return None
    return centred / norm


def _powers(z: Array, targets: _Targets, near: float) -> Iterator[_Match]:
    """c0 + c1 z^p and c0 + c1 log z: nothing to refine."""
    curves = [(p, z**p) for p in POWERS if real_power(z, p)]
    if np.all(z > 0):
        curves.append((0.0, np.log(z)))
    for p, curve in curves:
        unit = _unit(curve)
        if unit is None:
            continue
        rest = targets.values - np.outer(targets.values @ unit, unit)
        for index in np.flatnonzero(np.linalg.norm(rest, axis=1) < near):
            name, m = targets.keys[index]
            yield _Match(float(np.linalg.norm(rest[index])), name, m, None, p, 1.0)


def _shapes(z: Array, targets: _Targets, near: float, shapes: Sequence[Shape]) -> list[_Match]:
    """The refined matches of all shapes, those that fit the sampled rows."""
    coarse: list[tuple[float, int, Shape, float, float]] = []
    for inner in (s for s in INNER if real_power(z, s)):
        w = z**inner
        for shape in shapes:
            coarse += _coarse(shape, inner, w, targets)
    coarse.sort(key=lambda row: row[0])
    groups: dict[tuple[str, float], list] = {}
    for row in coarse[:REFINED]:
        groups.setdefault((row[2].name, row[3]), []).append(row)
    found: list[_Match] = []
    for rows in groups.values():
        found += _refined(rows, z, targets, near)
    return found


def _grid(shape: Shape, w: Array) -> Array:
    """Values of k: logarithmic, a linear part for waves, and the round ones that laws are written with."""
    top = float(np.max(np.abs(w)))
    largest = min(shape.largest, 60.0) * 0.9999 / top
    grid: list[Array] = [np.geomspace(0.02 / top, largest, 200)]
    if shape.waves:
        grid.append(np.arange(1, 240) * (0.25 / top))
    round_ones = np.array([1.0, 2.0, 0.5, np.pi, 2 * np.pi])
    grid.append(round_ones[round_ones * top < (shape.largest if np.isfinite(shape.largest) else 1e3)])
    return np.concatenate(grid)


def _coarse(shape: Shape, inner: float, w: Array, targets: _Targets) -> list[tuple[float, int, Shape, float, float]]:
    k = _grid(shape, w)
    with np.errstate(all="ignore"):
        curves = shape.value(k[:, None] * w[None, :])
    curves = curves - curves.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(curves, axis=1)
    good = np.isfinite(norms) & (norms > 1e-12)
    if not np.any(good):
        return []
    correlation = np.abs(targets.values @ (curves[good] / norms[good, None]).T)
    best = np.argmax(correlation, axis=1)
    top = correlation[np.arange(len(best)), best]
    return [(1 - float(top[i]), int(i), shape, inner, float(k[good][best[i]])) for i in np.flatnonzero(top > 0.97)]


def _refined(rows: list, z: Array, targets: _Targets, near: float) -> list[_Match]:
    """Gauss-Newton in (c0, c1, k) for all rows of one shape and inner exponent together."""
    shape, inner = rows[0][2], rows[0][3]
    w = z**inner
    y = targets.values[[row[1] for row in rows]]
    k = np.array([row[4] for row in rows])
    top = float(np.max(np.abs(w)))
    with np.errstate(all="ignore"):
        for _ in range(10):
            k, _ = _step(shape, w, y, k, top)
        _, misfit = _step(shape, w, y, k, top)
    found = []
    for row, size, best in zip(rows, misfit, k, strict=True):
        if size < near and best * top > 0.02:
            name, m = targets.keys[row[1]]
            found.append(_Match(float(size), name, m, shape, inner, float(best)))
    return found


def _step(shape: Shape, w: Array, y: Array, k: Array, top: float) -> tuple[Array, Array]:
    """One variable-projection step for each row of ``y`` (centred, unit norm); also the misfit before it."""
    u = k[:, None] * w
    curve = shape.value(u)
    curve = curve - curve.mean(axis=1, keepdims=True)
    slope = shape.slope(u) * w
    slope = slope - slope.mean(axis=1, keepdims=True)
    squared = np.sum(curve**2, axis=1)
    c1 = np.sum(curve * y, axis=1) / squared
    rest = y - c1[:, None] * curve
    clear = slope - (np.sum(slope * curve, axis=1) / squared)[:, None] * curve
    change = np.sum(clear * rest, axis=1) / (c1 * np.sum(clear**2, axis=1))
    new = np.clip(np.where(np.isfinite(change), k + change, k), k / 1.3, k * 1.3)
    new = np.minimum(new, shape.largest * (1 - 1e-12) / top)
    return new, np.linalg.norm(rest, axis=1)


def _settled(problem: Problem, match: _Match) -> sympy.Expr | None:
    """The match fitted on all rows, as an expression for the problem's target; None if it does not hold there."""
    z, symbol = problem.x[:, 0], problem.symbols[0]
    shifted = problem.y * z**match.gauge
    transform = TRANSFORMS[match.transform]
    with np.errstate(all="ignore"):
        target = transform.forward(shifted)
        fitted = _all_rows(match, z, target)
    if fitted is None:
        return None
    (c0, c1), k, residual = fitted
    if relative(residual, target) > problem.tolerance or np.linalg.norm(residual) > problem.tolerance * np.linalg.norm(
        target - target.mean()
    ):
        return None
    c0 = 0.0 if abs(c0) < 1e-9 * np.sqrt(np.mean(target**2)) else c0
    body = constant(c1) * _curve(match, symbol, k) + (constant(c0) if c0 else 0)
    inverse = transform.inverse(TARGET, sign_of(shifted)).xreplace({TARGET: body})
    return inverse * symbol ** sympy.nsimplify(-match.gauge)


def _all_rows(match: _Match, z: Array, target: Array) -> tuple[Array, float, Array] | None:
    k = match.k
    if match.shape is None:
        curve = np.log(z) if match.inner == 0 else z**match.inner
        return _linear(curve, target, k)
    w = z**match.inner
    top = float(np.max(np.abs(w)))
    y = target - target.mean()
    for _ in range(4):
        changed, _ = _step(match.shape, w, y[None, :], np.array([k]), top)
        k = float(changed[0])
    return _linear(match.shape.value(k * w), target, k)


def _linear(curve: Array, target: Array, k: float) -> tuple[Array, float, Array] | None:
    if not (np.all(np.isfinite(curve)) and np.all(np.isfinite(target))):
        return None
    matrix = np.column_stack([np.ones_like(curve), curve])
    found, *_ = np.linalg.lstsq(matrix, target, rcond=None)
    return found, k, target - matrix @ found


def _curve(match: _Match, symbol: sympy.Symbol, k: float) -> sympy.Expr:
    power = symbol ** sympy.nsimplify(match.inner, rational=True)
    if match.shape is None:
        return sympy.log(symbol) if match.inner == 0 else power
    return match.shape.expression(constant(k) * power)
