"""Sums of a few products in which one argument may sit inside a function: c x^p f(u), u a small power product or
difference.

For every argument u a dictionary of small power products of the inputs times {1, sin u, cos u, sin^2 u, exp(-u), ..} is
searched for at most four terms that give T(y) exactly. It needs no surrogate, so it also reads laws that oscillate.
"""

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
import sympy

from .additive import POSYNOMIAL_TARGETS
from .arguments import small_arguments
from .atoms import by_name, values_of
from .coefficients import linear_combination
from .problem import TARGET, Array, Problem
from .sparse import Dictionary
from .transforms import TRANSFORMS, sign_of

WORDS = by_name("sin", "cos", "sin^2", "cos^2", "exp", "exp(-x)", "tanh")
ONE = by_name("x^0")[0]
MOST_COLUMNS = 220


def argument_dictionary(problem: Problem) -> Iterator[sympy.Expr]:
    """Expressions for the target found with one inner argument."""
    factors = small_factors(problem)
    targets = [
        (name, TRANSFORMS[name].forward(problem.y))
        for name in POSYNOMIAL_TARGETS[:3]
        if TRANSFORMS[name].allowed(problem.y)
    ]
    for argument, values in small_arguments(problem):
        words = [(ONE, np.ones(problem.rows)), *values_of(values, WORDS)]
        terms = list(product(factors, words))[:MOST_COLUMNS]
        dictionary = Dictionary(np.column_stack([factor[1] * word[1] for factor, word in terms]))
        for name, target in targets:
            found = dictionary.combination(target, most=3, beam=8, tolerance=problem.tolerance)
            if found is not None:
                chosen = [terms[index] for index in found[0]]
                form = linear_combination(found[1], [f[0] * word.expression(argument) for f, (word, _) in chosen])
                yield TRANSFORMS[name].inverse(TARGET, sign_of(problem.y)).xreplace({TARGET: form})


def small_factors(problem: Problem, most: int = 4) -> list[tuple[sympy.Expr, Array]]:
    """Products of at most ``most`` different inputs, squares, and reciprocals."""
    found: list[tuple[sympy.Expr, Array]] = [(sympy.Integer(1), np.ones(problem.rows))]
    singles = list(zip(problem.symbols, problem.x.T, strict=True))
    for size in range(1, min(most, problem.inputs) + 1):
        for chosen in combinations(singles, size):
            found.append((sympy.Mul(*(s for s, _ in chosen)), np.prod([v for _, v in chosen], axis=0)))
    found += [(s**2, v**2) for s, v in singles]
    found += [(1 / s, 1 / v) for s, v in singles if np.all(v != 0)]
    return found
