"""Naming laws in noise: least squares in the units of y, few constants, and a stop when the residual is white.

With noise nothing can be exact, and free constants fit many wrong names equally well. So the families with the fewest
constants are offered first: a power product c x^b (exponents fitted in y, since the logarithm of small y is all noise),
c z^m f(k z^s) on reduced problems, and short sums of power products; the caller weighs error against length.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import sympy

from .additive import power_products
from .coefficients import constant, fraction, rational
from .families import SHAPES, Shape
from .problem import Array, Problem
from .surrogate import Decomposition

GAUGE = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0)
INNER = (1, 2, -1)
KEPT = 6


def noisy_monomial(problem: Problem) -> Iterator[sympy.Expr]:
    """c prod x^b: log-linear on the larger rows, Gauss-Newton in y, exponents rounded, c fitted again."""
    weights = _weights(problem)
    if not all(problem.positive) or problem.inputs == 0:
        return
    logs = np.log(problem.x)
    large = np.abs(problem.y * weights) > 0.05 * np.sqrt(np.mean((problem.y * weights) ** 2))
    sign = 1.0 if np.median(problem.y[large]) > 0 else -1.0
    large &= sign * problem.y > 0
    if large.sum() < problem.inputs + 5:
        return
    matrix = np.column_stack([logs, np.ones(problem.rows)])
    theta = np.linalg.lstsq(matrix[large], np.log(sign * problem.y[large]), rcond=None)[0]
    for _ in range(20):
        value = sign * np.exp(np.clip(matrix @ theta, -300, 300))
        step = np.linalg.lstsq(matrix * (value * weights)[:, None], (problem.y - value) * weights, rcond=None)[0]
        theta = theta + np.clip(step, -0.5, 0.5)
    powers = [fraction(float(b), d, t) for b in theta[:-1] for d, t in ((2, 0.1),)]
    if any(p is None for p in powers):
        return
    product = np.exp(logs @ np.array([float(p) for p in powers if p is not None]))
    c = _scale(product, problem.y, weights)
    yield constant(c) * sympy.Mul(*(s ** rational(p) for s, p in zip(problem.symbols, powers, strict=True) if p))


@dataclass(frozen=True, eq=False)
class _Family:
    """c z^m (f(k z^s) + offset) with the k that explains most of the squared target."""

    explained: float
    shape: Shape
    inner: int
    gauge: float
    offset: int
    k: float

    @property
    def effort(self) -> tuple[int, float]:
        return (self.gauge != 0) + (self.offset != 0) + (self.inner != 1) + (not self.shape.name.isalpha()), self.k


def families(problem: Problem) -> Iterator[sympy.Expr]:
    """c z^m (f(k z^s) + offset) of a problem with one input: those that the data cannot tell from the best one."""
    z, symbol, weights = problem.x[:, 0], problem.symbols[0], _weights(problem)
    if not np.all(z > 0):
        return
    goal = problem.y * weights
    found = list(_on_grid(z, goal, weights))
    best = max(family.explained for family in found)
    found = [_refined(f, z, goal, weights) for f in found if f.explained > best - 0.05 * (goal @ goal)]
    found.sort(key=lambda family: -family.explained)
    rest = goal @ goal - found[0].explained
    equal = [f for f in found if goal @ goal - f.explained < rest * (1 + 8 / problem.rows)]
    for family in [*sorted(equal, key=lambda f: f.effort)[:KEPT], *found[:KEPT]]:
        part = z**family.gauge * (family.shape.value(family.k * z**family.inner) + family.offset)
        form = family.shape.expression(sympy.Float(family.k) * symbol**family.inner) + family.offset
        yield constant(_scale(part, problem.y, weights)) * symbol ** sympy.Rational(family.gauge) * form


def _on_grid(z: Array, goal: Array, weights: Array) -> Iterator[_Family]:
    for inner in INNER:
        w = z**inner
        for shape in SHAPES:
            k = np.geomspace(0.05, min(shape.largest * 0.999, 30.0), 100) / np.max(w)
            with np.errstate(all="ignore"):
                curves = shape.value(k[:, None] * w)
            for offset in (0, -1):
                for m in GAUGE:
                    explained = _explained((curves + offset) * (weights * z**m), goal)
                    best = int(np.argmax(explained))
                    yield _Family(float(explained[best]), shape, inner, m, offset, float(k[best]))


def _explained(parts: Array, goal: Array) -> Array:
    with np.errstate(all="ignore"):
        explained = (parts @ goal) ** 2 / np.sum(parts**2, axis=1)
    return np.where(np.isfinite(explained), explained, -1.0)


def _refined(family: _Family, z: Array, goal: Array, weights: Array) -> _Family:
    """The same with k on two finer grids around the best one."""
    k, width = family.k, 0.065
    for _ in range(2):
        grid = k * np.exp(np.linspace(-width, width, 13))
        grid = grid[grid * np.max(z**family.inner) < family.shape.largest]
        with np.errstate(all="ignore"):
            parts = (family.shape.value(grid[:, None] * z**family.inner) + family.offset) * (weights * z**family.gauge)
        explained = _explained(parts, goal)
        k, width = float(grid[np.argmax(explained)]), width / 6
    return replace(family, k=k, explained=float(np.max(explained)))


def short_sums(problem: Problem, most: int) -> Iterator[sympy.Expr]:
    """One to ``most`` power products, each the one that lowers the squared error most, refitted together."""
    terms = power_products(problem)
    weights = _weights(problem)
    with np.errstate(all="ignore"):
        columns = np.prod(problem.x[:, None, :] ** np.array(terms)[None, :, :], axis=2) * weights[:, None]
    goal = problem.y * weights
    chosen: list[int] = []
    for _ in range(most):
        scores = []
        for index in range(len(terms)):
            part = columns[:, [*chosen, index]]
            scores.append(np.linalg.norm(goal - part @ np.linalg.lstsq(part, goal, rcond=None)[0]))
        chosen.append(int(np.argmin(scores)))
        found = np.linalg.lstsq(columns[:, chosen], goal, rcond=None)[0]
        products = [sympy.Mul(*(s**p for s, p in zip(problem.symbols, terms[i], strict=True))) for i in chosen]
        yield sympy.Add(*(constant(c) * term for c, term in zip(found, products, strict=True)))


def white(residual: Array, problem: Problem) -> bool:
    """Whether a polynomial of the inputs explains no more of the residual than it would of noise: R2 near p / N."""
    fitted = Decomposition(problem, "x", min(100, problem.rows // 8))
    p, rows = fitted.q.shape[1], problem.rows
    explained = float(np.sum((fitted.q.T @ residual) ** 2) / np.sum(residual**2))
    return explained < p / rows + 5 * np.sqrt(2 * p) / rows


def _weights(problem: Problem) -> Array:
    return np.ones(problem.rows) if problem.weights is None else problem.weights


def _scale(part: Array, y: Array, weights: Array) -> float:
    return float((part * weights) @ (y * weights) / np.sum((part * weights) ** 2))
