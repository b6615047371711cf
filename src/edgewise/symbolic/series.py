"""Sums of many plain terms, exactly: long polynomials of one input, and waves of its powers.

A polynomial of degree 9 has more terms than a sparse search finds; least squares finds them all, and plain coefficients
tell it from a polynomial that only follows a smooth curve. sin(x^2) cos(x) has two arguments in one input, which no single
shape f(k z^s) holds: here products of two waves of different powers are words of a dictionary without inner constants.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import sympy

from .additive import inverse_of, targets_of
from .atoms import Atom, by_name, values_of
from .coefficients import fraction, linear_combination, rational
from .problem import Array, Problem, relative
from .sparse import Dictionary

LARGEST_DEGREE = 14
DENOMINATORS = 32  # of a plain coefficient
ARGUMENTS = (1, 2, 3)  # powers inside a wave
BESIDE = (0, 1, 2, 3, 4)  # powers beside waves of one argument; with two arguments the first three
WAVES = by_name("sin", "cos", "sin^2")
TARGETS = ("y", "1/y", "log")
Term = tuple[sympy.Expr, Array]


def plain_polynomial(problem: Problem) -> Iterator[sympy.Expr]:
    """T(y) as a polynomial of the one input, all coefficients fractions with small denominators."""
    z, symbol = problem.x[:, 0], problem.symbols[0]
    powers = np.arange(min(LARGEST_DEGREE, problem.rows // 4) + 1)
    scale = float(np.max(np.abs(z)))
    columns = (z / scale)[:, None] ** powers
    for transform, target in targets_of(problem, TARGETS):
        found = np.linalg.lstsq(columns, target, rcond=None)[0] / scale**powers
        plain = [fraction(float(c), DENOMINATORS, 1e-5 * max(1.0, abs(float(c)))) for c in found]
        if any(c is None for c in plain):
            continue
        values = z[:, None] ** powers @ np.array([float(c) for c in plain if c is not None])
        if relative(target - values, target) <= problem.tolerance:
            form = sympy.Add(*(rational(c) * symbol ** int(p) for c, p in zip(plain, powers, strict=True) if c))
            yield inverse_of(transform, problem, form)


def waves_of_powers(problem: Problem) -> Iterator[sympy.Expr]:
    """T(y) as a sum of at most four terms z^p, z^p u(z^a) and z^p u(z^a) v(z^b) with waves u and v."""
    terms = list(_terms(problem.x[:, 0], problem.symbols[0]))
    dictionary = Dictionary(np.column_stack([values for _, values in terms]))
    for transform, target in targets_of(problem, TARGETS):
        found = dictionary.combination(target, tolerance=problem.tolerance)
        if found is not None:
            form = linear_combination(found[1], [terms[index][0] for index in found[0]])
            yield inverse_of(transform, problem, form)


def sums_over_inputs(problem: Problem) -> Iterator[sympy.Expr]:
    """T(y) as a sum of at most six terms of one input each: powers, waves of powers, exponentials, logarithms."""
    terms: list[Term] = [(sympy.Integer(1), np.ones(problem.rows))]
    for symbol, z in zip(problem.symbols, problem.x.T, strict=True):
        terms += [(symbol**p, z**p) for p in BESIDE[1:]]
        terms += [(atom.expression(symbol), v) for atom, v in values_of(z, by_name("exp", "exp(-x)", "log", "x^1/2"))]
        for power in ARGUMENTS[:2]:
            terms += [(atom.expression(symbol**power), v) for atom, v in values_of(z**power, WAVES)]
    dictionary = Dictionary(np.column_stack([values for _, values in terms]))
    for transform, target in targets_of(problem, TARGETS):
        found = dictionary.combination(target, most=6, tolerance=problem.tolerance)
        if found is not None:
            yield inverse_of(transform, problem, linear_combination(found[1], [terms[index][0] for index in found[0]]))


def _terms(z: Array, symbol: sympy.Symbol) -> Iterator[Term]:
    waves = {power: _waves(z**power, symbol**power) for power in ARGUMENTS}
    for p in BESIDE:
        yield symbol**p, z**p
        for words in waves.values():
            yield from ((symbol**p * word, z**p * values) for word, values in words)
    for p in BESIDE[:3]:
        for one, other in combinations(ARGUMENTS, 2):
            for u, first in waves[one][:2]:
                for v, second in waves[other][:2]:
                    yield symbol**p * u * v, z**p * first * second


def _waves(z: Array, argument: sympy.Expr, words: tuple[Atom, ...] = WAVES) -> list[Term]:
    return [(atom.expression(argument), atom.value(z)) for atom in words]
