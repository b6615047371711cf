"""Sums of a few products in which one argument may sit inside a function: c x^p f(u), u a small power product or difference.

For every argument u a dictionary of small power products of the inputs times {1, sin u, cos u, sin^2 u, exp(-u), ..} is
searched for at most four terms that give T(y) exactly. It needs no surrogate, so it also reads laws that oscillate.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import sympy

from .additive import POSYNOMIAL_TARGETS
from .arguments import small_arguments
from .atoms import by_name, values_of
from .coefficients import linear_combination
from .problem import TARGET, Array, Problem
from .sparse import sparse_combination
from .transforms import TRANSFORMS, sign_of

WORDS = by_name("sin", "cos", "sin^2", "cos^2", "exp", "exp(-x)", "tanh")
MOST_COLUMNS = 420


def argument_dictionary(problem: Problem) -> Iterator[sympy.Expr]:
    """Expressions for the target found with one inner argument."""
    factors = _factors(problem)
    targets = [
        (name, TRANSFORMS[name].forward(problem.y))
        for name in POSYNOMIAL_TARGETS[:3]
        if TRANSFORMS[name].allowed(problem.y)
    ]
    for expression, values in small_arguments(problem):
        words = [(sympy.Integer(1), np.ones(problem.rows))]
        words += [(atom.expression(expression), column) for atom, column in values_of(values, WORDS)]
        terms = [(f * w, a * b) for f, a in factors for w, b in words][:MOST_COLUMNS]
        dictionary = np.column_stack([column for _, column in terms])
        for name, target in targets:
            found = sparse_combination(dictionary, target, most=3, beam=8)
            if found is not None:
                form = linear_combination(found[1], [terms[index][0] for index in found[0]])
                yield TRANSFORMS[name].inverse(TARGET, sign_of(problem.y)).xreplace({TARGET: form})


def _factors(problem: Problem) -> list[tuple[sympy.Expr, Array]]:
    """Products of different inputs with exponents 1 or -1, and squares."""
    found: list[tuple[sympy.Expr, Array]] = [(sympy.Integer(1), np.ones(problem.rows))]
    singles = list(zip(problem.symbols, problem.x.T, strict=True))
    for size in range(1, min(4, problem.inputs) + 1):
        for chosen in combinations(singles, size):
            found.append((sympy.Mul(*(s for s, _ in chosen)), np.prod([v for _, v in chosen], axis=0)))
    found += [(s**2, v**2) for s, v in singles]
    found += [(1 / s, 1 / v) for s, v in singles if np.all(v != 0)]
    return found
