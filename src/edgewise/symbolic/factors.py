"""Products of unlike factors: T(y) = c x^b w_1(u_1)^p1 w_2(u_2)^p2, each u a small power product, sum or difference.

The logarithm of such a law is linear: after projecting off the logarithms of the inputs, log|T(y)| must be a
combination of at most three columns log|w(u)|. One sparse search tries all pairs of factors at once, whatever
oscillates or changes sign.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from .arguments import small_arguments
from .atoms import Atom, by_name
from .coefficients import constant, fraction, rational
from .monomial import power_product
from .problem import TARGET, Array, Problem, relative
from .sparse import Dictionary
from .transforms import TRANSFORMS, sign_of

TARGETS = ("y", "sin", "cos", "exp", "log", "tan")
WORDS: tuple[Atom, ...] = by_name(
    "x^1",
    "sin",
    "cos",
    "exp",
    "1+x",
    "1-x",
    "1+x^2",
    "1-x^2",
    "exp(x)-1",
    "exp(x)+1",
    "1-exp(-x)",
    "cosh",
    "tanh",
    "log",
)
LARGEST_POWER = 4


@dataclass(frozen=True, eq=False)
class _Word:
    atom: Atom
    argument: sympy.Expr
    values: Array

    @property
    def expression(self) -> sympy.Expr:
        return self.atom.expression(self.argument)


def factor_products(problem: Problem) -> Iterator[sympy.Expr]:
    """Expressions for the target that are such a product."""
    if np.any(problem.x == 0):
        return
    words = _words(problem)
    if not words:
        return
    logs = np.column_stack([np.log(np.abs(problem.x)), np.ones(problem.rows)])
    basis, _ = np.linalg.qr(logs)
    columns = np.column_stack([np.log(np.abs(word.values)) for word in words])
    clear = columns - basis @ (basis.T @ columns)
    novel = np.linalg.norm(clear, axis=0) > 1e-8 * np.linalg.norm(columns, axis=0)
    clear, columns = clear[:, novel], columns[:, novel]
    words = [word for word, kept in zip(words, novel, strict=True) if kept]
    dictionary = Dictionary(clear)
    for name in TARGETS:
        target = _log_target(problem, name)
        if target is None:
            continue
        found = dictionary.combination(
            target - basis @ (basis.T @ target), most=3, beam=12, tolerance=problem.tolerance
        )
        if found is not None:
            rest = target - columns[:, found[0]] @ found[1]
            exponents = np.linalg.lstsq(logs, rest, rcond=None)[0][:-1]
            chosen = [words[index] for index in found[0]]
            yield from _written(problem, name, [float(b) for b in exponents], chosen, [float(p) for p in found[1]])


def _words(problem: Problem) -> list[_Word]:
    """w(u) for all words and arguments, as far as finite and without exact zeros."""
    found = []
    for expression, u in small_arguments(problem):
        for atom in WORDS:
            if atom.positive and np.any(u <= 0):
                continue
            with np.errstate(all="ignore"):
                values = atom.value(u)
            if np.all(np.isfinite(values)) and np.all(values != 0) and np.max(np.abs(np.log(np.abs(values)))) < 300:
                found.append(_Word(atom, expression, values))
    return found


def _log_target(problem: Problem, name: str) -> Array | None:
    transform = TRANSFORMS[name]
    if not transform.allowed(problem.y):
        return None
    with np.errstate(all="ignore"):
        target = np.log(np.abs(transform.forward(problem.y)))
    return target if np.all(np.isfinite(target)) else None


def _written(
    problem: Problem, name: str, exponents: list[float], words: list[_Word], powers: list[float]
) -> Iterator[sympy.Expr]:
    """The product with its exponents rounded, its sign and size fitted to the rows."""
    snapped = [fraction(value, LARGEST_POWER, max(1e-5, 100 * problem.tolerance)) for value in (*exponents, *powers)]
    if any(value is None for value in snapped):
        return
    rationals = [rational(value) for value in snapped if value is not None]
    values = power_product(np.column_stack([problem.x, *(word.values for word in words)]), rationals)
    target = TRANSFORMS[name].forward(problem.y)
    if not np.all(np.isfinite(values)):
        return
    scale = float(values @ target / (values @ values))
    if relative(target - scale * values, target) > problem.tolerance:
        return
    bases = (*problem.symbols, *(word.expression for word in words))
    form = constant(scale) * sympy.Mul(*(base**p for base, p in zip(bases, rationals, strict=True)))
    yield TRANSFORMS[name].inverse(TARGET, sign_of(problem.y)).xreplace({TARGET: form})
