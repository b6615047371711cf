"""Arguments of functions that oscillate too fast for any surrogate: try them one by one.

For an argument u = prod x_i^b_i (or x_i - x_j in place of two inputs) sort the rows by u. Between neighbours u hardly
moves, so if y = x^a g(u) then d log|y| = a . d log x up to what g changes: a robust regression gives all of a at
once, and only b is enumerated. What is left, h = y / x^a against u, is judged by how much closer neighbours are than
strangers - by medians, since a heavy tail makes any wrong a look smooth beside a standard deviation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import sympy

from .atoms import Atom, by_name, values_of
from .coefficients import fraction, rational
from .problem import TARGET, Array, Problem, reduced

LARGEST_POWER = 3
MOST_ARGUMENTS = 1500
KEPT = 3
SMOOTH, SMOOTHER = 0.5, 0.03  # roughness of a curve; with a factor to choose, chance does better
MOST_FACTORED = 60
FACTORS = (
    *by_name("sin", "cos", "tan", "sin^2", "cos^2"),
    Atom("1-cos", lambda x: 1 - np.cos(x), lambda x: 1 - sympy.cos(x)),
    Atom("1+cos", lambda x: 1 + np.cos(x), lambda x: 1 + sympy.cos(x)),
)


@dataclass(frozen=True, eq=False)
class _Found:
    roughness: float
    argument: tuple[int, ...]
    degree: tuple[float, ...]


def argument_reductions(problem: Problem) -> Iterator[Problem]:
    """Problems y / x^a over one argument u = x^b, the smoothest first, those that look smooth at all."""
    found = sorted(_scanned(problem), key=lambda f: f.roughness)
    for best in found[:KEPT]:
        if best.roughness < SMOOTH:
            yield _reduced(problem, best)


def factor_reductions(problem: Problem) -> Iterator[Problem]:
    """Problems y / f(x_i) over one argument u = x^b, for a function f of one input that oscillates, or 1/f: the smoothest
    first, those that look smooth beyond doubt."""
    logs_needed = np.all(problem.x != 0)
    shuffle = np.random.default_rng(0).permutation(problem.rows)
    words = [(i, atom, v) for i, column in enumerate(problem.x.T) for atom, v in values_of(column, FACTORS)]
    found: list[tuple[float, int, tuple[int, ...], int, Atom, int]] = []
    for argument in arguments(problem.inputs)[:MOST_FACTORED] if logs_needed else ():
        order = np.argsort(_value(problem, argument), kind="stable")
        for i, atom, values in words:
            for sign in (1, -1):
                with np.errstate(all="ignore"):
                    h = problem.y * values**sign
                strangers = np.median(np.abs(h - h[shuffle]))
                roughness = _roughness(h[order]) / max(float(strangers), 1e-300)
                if roughness < SMOOTHER:
                    found.append((roughness, len(found), argument, i, atom, sign))
    for roughness, _, argument, i, atom, sign in sorted(found, key=lambda one: one[:2])[:KEPT]:
        expression = sympy.Mul(*(s**b for s, b in zip(problem.symbols, argument, strict=True)))
        factor = atom.expression(problem.symbols[i]) ** -sign
        values = atom.value(problem.x[:, i]) ** float(-sign)
        columns = [(expression, _value(problem, argument))]
        if np.all(np.isfinite(values)) and np.all(values != 0):
            yield reduced(problem, "factor", columns, problem.y / values, factor * TARGET, roughness, values)


def arguments(inputs: int) -> list[tuple[int, ...]]:
    """Exponent vectors b up to sign, with coprime entries, the smallest first."""
    rows = set()
    for size, largest in ((1, 1), (2, LARGEST_POWER), (3, 2), (4, 1), (5, 1), (6, 1)):
        for places in combinations(range(inputs), size):
            for powers in product([p for p in range(-largest, largest + 1) if p], repeat=size):
                if powers[0] > 0 and np.gcd.reduce(powers) == 1:
                    row = [0] * inputs
                    for place, power in zip(places, powers, strict=True):
                        row[place] = power
                    rows.add(tuple(row))
    return sorted(rows, key=lambda row: (sum(map(abs, row)), tuple(-v for v in row)))[:MOST_ARGUMENTS]


def small_arguments(problem: Problem, most: int = 60) -> Iterator[tuple[sympy.Expr, Array]]:
    """The smallest power products of the inputs, their sums and their differences, as expressions with values."""
    for powers in arguments(problem.inputs)[:most]:
        with np.errstate(all="ignore"):
            values = _value(problem, powers)
        if np.all(np.isfinite(values)):
            yield sympy.Mul(*(s**b for s, b in zip(problem.symbols, powers, strict=True))), values
    for i, j in combinations(range(problem.inputs), 2):
        (a, u), (b, v) = ((problem.symbols[k], problem.x[:, k]) for k in (i, j))
        difference = (b - a, v - u) if np.all(v > u) else (a - b, u - v)
        yield difference
        yield a + b, u + v
        for k in set(range(problem.inputs)) - {i, j}:
            yield difference[0] * problem.symbols[k], difference[1] * problem.x[:, k]
            if np.all(problem.x[:, k] != 0):
                yield difference[0] / problem.symbols[k], difference[1] / problem.x[:, k]


def _scanned(problem: Problem) -> Iterator[_Found]:
    logs = np.log(np.abs(np.where(problem.x == 0, np.nan, problem.x)))
    with np.errstate(all="ignore"):
        target = np.log(np.abs(problem.y))
    if not (np.all(np.isfinite(logs)) and np.ptp(problem.y) > 0):
        return
    shuffle = np.random.default_rng(0).permutation(problem.rows)
    for argument in arguments(problem.inputs):
        order = np.argsort(_value(problem, argument), kind="stable")
        for degree in _degrees(logs[order], target[order], argument):
            h = problem.y / np.exp(logs @ degree)
            strangers = np.median(np.abs(h - h[shuffle]))
            yield _Found(_roughness(h[order]) / max(float(strangers), 1e-300), argument, tuple(degree))


def _value(problem: Problem, argument: tuple[int, ...]) -> Array:
    return np.prod(problem.x ** np.array(argument), axis=1)


def _roughness(h: Array) -> float:
    """Median distance of a value from the mean of its neighbours."""
    return float(np.median(np.abs(h[1:-1] - (h[:-2] + h[2:]) / 2)))


def _degrees(logs: Array, target: Array, argument: tuple[int, ...]) -> Iterator[Array]:
    """No factor first, then the exponents of a robust regression of neighbouring differences."""
    yield np.zeros(logs.shape[1])
    used = [i for i in range(logs.shape[1]) if i != int(np.argmax(np.abs(argument)))]
    if not used:
        return
    moves, change = np.diff(logs[:, used], axis=0), np.diff(target)
    good = np.isfinite(change)
    moves, change = moves[good], change[good]
    weights: Array = np.ones(len(change))
    found: Array = np.zeros(len(used))
    for _ in range(8):
        found = np.linalg.lstsq(moves * weights[:, None], change * weights, rcond=None)[0]
        rest = np.abs(change - moves @ found)
        weights = 1 / np.sqrt(rest + 0.1 * np.median(rest) + 1e-12)
    snapped = [fraction(float(value), 2, 0.2) for value in found]
    if all(value is not None for value in snapped) and any(snapped):
        degree = np.zeros(logs.shape[1])
        degree[used] = [float(value or 0) for value in snapped]
        yield degree


def _reduced(problem: Problem, found: _Found) -> Problem:
    argument = sympy.Mul(*(s**b for s, b in zip(problem.symbols, found.argument, strict=True)))
    powers = [fraction(a, 2, 1e-9) or fraction(0, 1, 1) for a in found.degree]
    factor = sympy.Mul(*(s ** rational(a) for s, a in zip(problem.symbols, powers, strict=True) if a))
    values = np.exp(np.log(np.abs(problem.x)) @ np.array(found.degree))
    columns = [(argument, _value(problem, found.argument))]
    return reduced(problem, "argument scan", columns, problem.y / values, factor * TARGET, found.roughness, values)
