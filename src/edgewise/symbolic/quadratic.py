"""Quadratic forms in noise: T(y) as a polynomial of second degree in all inputs, of the terms that the rows tell.

Regression takes all products of two inputs at once, so neither many inputs nor terms that hide one another stand in the
way. Terms within their errors are dropped, the least certain one first; then three terms that are one square of a sum or of
a difference are written as it, if the rows allow it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement

import numpy as np
import sympy

from .coefficients import constant
from .noisy import TARGETS, fitted_in_y, goal_at, goal_of
from .problem import TARGET, Array, Problem
from .transforms import sign_of

ROWS_A_TERM = 4
MOST_TERMS = 9
CONSTANT = 2.0  # nats of a constant, beside half the logarithm of the rows


@dataclass(frozen=True, eq=False)
class _Form:
    """Terms with their weighted values (N, p), least squares in them, and what that leaves."""

    terms: tuple[sympy.Expr, ...]
    columns: Array
    found: Array
    rest: float

    @classmethod
    def of(cls, terms: tuple[sympy.Expr, ...], columns: Array, goal: Array) -> "_Form":
        scale = np.maximum(np.linalg.norm(columns, axis=0), 1e-300)
        found = np.linalg.lstsq(columns / scale, goal, rcond=1e-12)[0] / scale
        left = goal - columns @ found
        return cls(terms, columns, found, float(left @ left))

    def nats(self) -> float:
        """The message: what is left, and the constants."""
        rows = len(self.columns)
        return 0.5 * rows * float(np.log(max(self.rest, 1e-300))) + len(self.terms) * (0.5 * np.log(rows) + CONSTANT)

    def without(self, index: int, goal: Array) -> "_Form":
        """The same without a term."""
        terms = self.terms[:index] + self.terms[index + 1 :]
        return _Form.of(terms, np.delete(self.columns, index, axis=1), goal)

    def least_told(self) -> int:
        """The term whose coefficient is the least in units of its error."""
        scale = np.maximum(np.linalg.norm(self.columns, axis=0), 1e-300)
        part = self.columns / scale
        inverse = np.linalg.pinv(part.T @ part, rcond=1e-14, hermitian=True)
        return int(np.argmin((self.found * scale) ** 2 / np.maximum(np.diag(inverse), 1e-300)))

    @property
    def written(self) -> sympy.Expr:
        return sympy.Add(*(constant(c) * term for c, term in zip(self.found, self.terms, strict=True)))


def quadratic_forms(problem: Problem, limit: float) -> Iterator[sympy.Expr]:
    """Expressions for the target, those of the shortest messages; an rmse above ``limit`` in the user's y is not shown."""
    pairs = list(combinations_with_replacement(range(problem.inputs), 2))
    terms = (sympy.Integer(1), *problem.symbols, *(problem.symbols[i] * problem.symbols[j] for i, j in pairs))
    products = [problem.x[:, i] * problem.x[:, j] for i, j in pairs]
    columns = np.column_stack([np.ones(problem.rows), problem.x, *products])
    if problem.rows < ROWS_A_TERM * len(terms):
        return
    for name in TARGETS:
        goal = goal_of(problem, name)
        if goal is None:
            continue
        transform, target, weights = goal
        form = _Form.of(terms, columns * weights[:, None], target * weights)
        if name != "y":
            found = fitted_in_y(problem, transform, columns, form.found)
            target, weights = goal_at(problem, transform, columns @ found)
            form = _Form.of(terms, columns * weights[:, None], target * weights)
        if not form.rest <= limit**2 * problem.rows:
            continue
        form = _shorter(form, target * weights)
        for one in dict.fromkeys((_squares(form, problem, weights, target * weights), form)):
            if len(one.terms) <= MOST_TERMS:
                yield transform.inverse(TARGET, sign_of(problem.y)).xreplace({TARGET: one.written})


def _shorter(form: _Form, goal: Array) -> _Form:
    """Without the terms that make the message longer."""
    while len(form.terms) > 1:
        fewer = form.without(form.least_told(), goal)
        if fewer.nats() > form.nats():
            break
        form = fewer
    return form


def _squares(form: _Form, problem: Problem, weights: Array, goal: Array) -> _Form:
    """With squares of sums and differences in place of three terms each, where that makes the message shorter."""
    one = (sympy.Integer(1), np.ones(problem.rows))
    for (a, u), (b, v) in combinations([*zip(problem.symbols, problem.x.T, strict=True), one], 2):
        whole = {a**2, b**2, a * b}
        if not whole <= set(form.terms):
            continue
        kept = [k for k, term in enumerate(form.terms) if term not in whole]
        rising = form.found[form.terms.index(a * b)] * form.found[form.terms.index(a**2)] > 0
        square, values = ((a + b) ** 2, (u + v) ** 2) if rising else ((a - b) ** 2, (u - v) ** 2)
        columns = np.column_stack([form.columns[:, kept], values * weights])
        merged = _Form.of((*(form.terms[k] for k in kept), square), columns, goal)
        form = merged if merged.nats() < form.nats() else form
    return form
