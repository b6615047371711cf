"""Laws y = x^a g(u), or x^a g(u) h(v), seen through noise: the arguments u, v are tried one by one.

The logarithm of such a law is linear in log x but for one smooth curve: log|y| = a . log x + G(u). For each small u (a
power product, a difference, a sum) both are one regression; all share the decomposition of log x, so that a thousand
arguments take a second. A row counts by |y|, which is what noise of one size in y makes of its logarithm. No gradient of a
surrogate is needed, and no pole or steep corner spoils it, which is why it also reads what :mod:`.symmetry` cannot.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement, islice

import numpy as np
import sympy

from .arguments import small_arguments
from .coefficients import fraction, rational
from .problem import TARGET, Array, Problem, reduced
from .surrogate import legendre

DEGREE = 5
MOST_ARGUMENTS = 400
KEPT = 3
LEAST = 0.1  # of the rms: smaller values say little of their logarithm
SURER = 6.0  # nats a curve has to tell more than its columns take
WITHIN = 12.0  # nats behind the best argument within which others are looked at
SNAPS = ((1, 0.15), (2, 0.12))


@dataclass(frozen=True, eq=False)
class _Argument:
    """u as an expression with its values (N,) and its curve's columns (n, DEGREE), weighted, on the rows in use."""

    expression: sympy.Expr
    values: Array
    columns: Array

    @property
    def below_one(self) -> tuple[sympy.Expr, Array]:
        """u, or 1/u where all u are larger than 1: roots of 1 - u^2 and the like are then defined."""
        larger = bool(np.all(self.values > 1))
        return (1 / self.expression, 1 / self.values) if larger else (self.expression, self.values)


@dataclass(frozen=True, eq=False)
class _Rows:
    """The larger rows: log x and 1, log|y|, each times the row's weight, and which rows they are."""

    base: Array
    target: Array
    used: Array
    weights: Array

    @classmethod
    def of(cls, problem: Problem) -> "_Rows | None":
        size = np.abs(problem.y * (1.0 if problem.weights is None else problem.weights))
        sign = 1.0 if np.median(problem.y[size >= np.median(size)]) > 0 else -1.0
        used = (size > LEAST * np.sqrt(np.mean(size**2))) & (sign * problem.y > 0)
        if used.sum() < max(10 * (problem.inputs + DEGREE), 0.5 * problem.rows) or np.ptp(problem.y[used]) == 0:
            return None
        weights = size[used] / np.sqrt(np.mean(size[used] ** 2))
        base = np.column_stack([np.log(problem.x[used]), np.ones(used.sum())])
        return cls(base * weights[:, None], np.log(np.abs(problem.y[used])) * weights, used, weights)

    def columns(self, values: Array) -> Array:
        u = values[self.used]
        t = np.log(u) if np.all(u > 0) else u
        low, high = float(t.min()), float(t.max())
        return legendre((t - low) / max((high - low) / 2, 1e-300) - 1, DEGREE)[0][:, 1:] * self.weights[:, None]


def curve_reductions(problem: Problem) -> Iterator[Problem]:
    """Problems y / x^a over one argument u, or over two, those whose curve tells more than chance, the surest first."""
    rows = _Rows.of(problem) if all(problem.positive) else None
    if rows is None:
        return
    candidates = [
        _Argument(expression, values, columns)
        for expression, values in small_arguments(problem, MOST_ARGUMENTS)
        if np.all(np.isfinite(columns := rows.columns(values)))
    ]
    first = _ranked(rows, rows.base, candidates)
    yield from islice(_reduced(problem, rows, [[argument] for argument in first]), KEPT)
    for argument in first[:1]:
        beside = np.column_stack([rows.base, argument.columns])
        others = _ranked(rows, beside, [one for one in candidates if one is not argument])
        yield from islice(_reduced(problem, rows, [[argument, other] for other in others]), KEPT)


def power_reductions(problem: Problem) -> Iterator[Problem]:
    """The problem y / x^a over the other inputs, where some act by a power alone (0 is a power): in log|y| as a polynomial
    of degree two of log x no product holds them."""
    rows = _Rows.of(problem) if all(problem.positive) else None
    if rows is None or problem.inputs < 2:
        return
    inputs = problem.inputs
    logs = np.log(problem.x[rows.used])
    logs = (logs - logs.mean(axis=0)) * rows.weights[:, None]
    pairs = list(combinations_with_replacement(range(inputs), 2))
    products = np.column_stack([logs[:, i] * logs[:, j] / rows.weights for i, j in pairs])
    if 4 * products.shape[1] > len(logs):
        return

    def rest(pure: frozenset[int]) -> tuple[float, int]:
        kept = [k for k, pair in enumerate(pairs) if not pure & set(pair)]
        matrix = np.column_stack([rows.base, products[:, kept]])
        q, _ = np.linalg.qr(matrix)
        return float(np.sum((rows.target - q @ (q.T @ rows.target)) ** 2)), len(kept)

    pure: frozenset[int] = frozenset()
    least, held = rest(pure)
    for i in sorted(range(inputs), key=lambda i: rest(frozenset({i}))[0]):
        more, fewer = rest(pure | {i})
        if 0.5 * len(logs) * np.log(more / max(least, 1e-300)) < 0.5 * (held - fewer) * np.log(len(logs)):
            pure, least, held = pure | {i}, more, fewer
    matrix = np.column_stack([rows.base, products[:, [k for k, pair in enumerate(pairs) if not pure & set(pair)]]])
    found = np.linalg.lstsq(matrix, rows.target, rcond=1e-10)[0][:inputs]
    powers = {i: a for i in pure if (a := _snapped(float(found[i]))) is not None}
    others = [i for i in range(inputs) if i not in powers]
    if powers and others:
        factor = sympy.Mul(*(problem.symbols[i] ** rational(a) for i, a in sorted(powers.items()) if a))
        values = np.prod([problem.x[:, i] ** float(a) for i, a in powers.items()], axis=0)
        columns = [(problem.symbols[i], problem.x[:, i]) for i in others]
        yield reduced(problem, "powers", columns, problem.y / values, factor * TARGET, 0.0, values)


def _ranked(rows: _Rows, base: Array, candidates: list[_Argument]) -> list[_Argument]:
    """The arguments whose curves tell most for their length, by nats: more than noise would, little less than the best."""
    q, _ = np.linalg.qr(base)
    left = rows.target - q @ (q.T @ rows.target)
    count = len(left)
    total = float(left @ left)
    found = []
    for argument in candidates:
        clear, size = np.linalg.qr(argument.columns - q @ (q.T @ argument.columns))
        told = np.abs(np.diag(size)) > 1e-6 * np.linalg.norm(
            argument.columns
        )  # no power of u, which log x holds already
        rest = total - np.cumsum(np.where(told, (clear.T @ left) ** 2, 0.0))
        nats = 0.5 * count * np.log(total / np.maximum(rest, 1e-300)) - 0.5 * np.cumsum(told) * np.log(count)
        found.append((float(np.max(nats)) - argument.expression.count_ops(), argument))
    found.sort(key=lambda one: -one[0])
    best = found[0][0] if found else 0.0
    return [argument for nats, argument in found if nats > max(SURER, best - WITHIN)]


def _reduced(problem: Problem, rows: _Rows, choices: list[list[_Argument]]) -> Iterator[Problem]:
    """The problems over these arguments for which x^a is of small fractions."""
    for arguments in choices:
        powers = _powers(problem, rows, arguments)
        if powers is None:
            continue
        factor = sympy.Mul(*(s ** rational(a) for s, a in zip(problem.symbols, powers, strict=True) if a))
        values = np.exp(np.log(problem.x) @ np.array([float(a) for a in powers]))
        columns = [one.below_one for one in arguments]
        yield reduced(problem, "curve", columns, problem.y / values, factor * TARGET, 0.0, values)


def _powers(problem: Problem, rows: _Rows, arguments: list[_Argument]) -> list[Fraction] | None:
    """a as small fractions. An input of each power product is left out: the curve can hold any power of it."""
    idle: set[int] = set()
    for one in arguments:
        powers = one.expression.as_powers_dict()
        held = [i for i, s in enumerate(problem.symbols) if powers.get(s, 0) and i not in idle]
        if all(base in problem.symbols for base in powers) and held:
            idle.add(max(held, key=lambda i: abs(powers[problem.symbols[i]])))
    kept = [i for i in range(problem.inputs) if i not in idle]
    matrix = np.column_stack([rows.base[:, [*kept, problem.inputs]], *(one.columns for one in arguments)])
    found = np.zeros(problem.inputs)
    found[kept] = np.linalg.lstsq(matrix, rows.target, rcond=1e-10)[0][: len(kept)]
    snapped = [a for value in found if (a := _snapped(float(value))) is not None]
    return snapped if len(snapped) == len(found) else None


def _snapped(value: float) -> Fraction | None:
    return next((found for d, t in SNAPS if (found := fraction(value, d, t)) is not None), None)
