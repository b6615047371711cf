"""Sums of a few separable products, T(y) = sum_r a_r(u) b_r(v), exactly.

The matrix of coefficients of T(y) in products of Legendre polynomials has a small numerical rank when T(y) is such a sum,
and its singular vectors span all a_r. Each function of one variable can then be asked *alone* whether it lies in that
span; the handful that do make a product dictionary without look-alikes.

Sources: Beylkin & Mohlenkamp (2005), SIAM J. Sci. Comput. 26, on separated representations; the membership test is ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import sympy

from .atoms import Atom, values_of
from .numbers import linear_combination
from .problem import TARGET, Array, Problem
from .sparse import sparse_combination
from .surrogate import exponents, legendre
from .transforms import TRANSFORMS, sign_of

MOST_RANK = 4
MOST_PRODUCTS = 600
TARGETS = ("y", "y^2", "1/y", "log", "1/y^2", "cos", "exp")


@dataclass(frozen=True, eq=False)
class _Space:
    """Per variable the span of its functions: Legendre coefficients of a basis (degree + 1, rank), and the fit's error."""

    bases: tuple[Array, ...]
    tables: tuple[Array, ...]
    error: float


def separable(problem: Problem) -> Iterator[sympy.Expr]:
    """Expressions sum c a(u) b(v) .. for T of the target, those that hold to 1e-9."""
    if not 2 <= problem.inputs <= 3:
        return
    atoms = [values_of(column) for column in problem.x.T]
    for name in TARGETS:
        transform = TRANSFORMS[name]
        if not transform.allowed(problem.y):
            continue
        with np.errstate(all="ignore"):
            target = transform.forward(problem.y)
        if not np.all(np.isfinite(target)):
            continue
        found = _sum_of_products(problem, atoms, target)
        if found is not None:
            yield transform.inverse(TARGET, sign_of(problem.y)).xreplace({TARGET: found})


def _sum_of_products(problem: Problem, atoms: list[list[tuple[Atom, Array]]], target: Array) -> sympy.Expr | None:
    space = _function_space(problem.x, target)
    if space is not None:
        atoms = [
            [row for row in rows if _member(row[1], table, basis, space.error)]
            for rows, table, basis in zip(atoms, space.tables, space.bases, strict=True)
        ]
    elif problem.inputs > 2:
        return None
    else:
        atoms = [rows[:24] for rows in atoms]
    count = int(np.prod([len(rows) for rows in atoms]))
    if count == 0 or count > MOST_PRODUCTS:
        return None
    terms = list(product(*atoms))
    dictionary = np.column_stack([np.prod([values for _, values in term], axis=0) for term in terms])
    found = sparse_combination(dictionary, target)
    if found is None:
        return None
    expressions = [
        sympy.Mul(*(atom.expression(s) for (atom, _), s in zip(terms[index], problem.symbols, strict=True)))
        for index in found[0]
    ]
    return linear_combination(found[1], expressions)


def _function_space(x: Array, target: Array) -> _Space | None:
    """The low-rank fit in products of Legendre polynomials; None where the fit is poor or the rank large."""
    table = exponents(x.shape[1], min(330, len(x) // 3))
    degree = int(table.max())
    low, high = x.min(axis=0), x.max(axis=0)
    tables = tuple(legendre(2 * (x[:, i] - low[i]) / (high[i] - low[i]) - 1, degree)[0] for i in range(x.shape[1]))
    matrix = np.ones((len(x), len(table)))
    for values, power in zip(tables, table.T, strict=True):
        matrix *= values[:, power]
    found, *_ = np.linalg.lstsq(matrix, target, rcond=None)
    error = float(np.linalg.norm(target - matrix @ found) / np.linalg.norm(target))
    if error > 1e-3:
        return None
    error = max(error, 1e-13)
    tensor = np.zeros((degree + 1,) * x.shape[1])
    tensor[tuple(table.T)] = found
    bases = []
    for axis in range(x.shape[1]):
        unfolded = np.moveaxis(tensor, axis, 0).reshape(degree + 1, -1)
        left, singular, _ = np.linalg.svd(unfolded, full_matrices=False)
        rank = int(np.sum(singular > 30 * error * singular[0]))
        if rank > MOST_RANK:
            return None
        bases.append(left[:, :rank])
    return _Space(tuple(bases), tables, error)


def _member(values: Array, table: Array, basis: Array, error: float) -> bool:
    """Whether a function of one variable lies in the span, to 300 times the error of the fit."""
    spanned = table @ basis
    found, *_ = np.linalg.lstsq(spanned, values, rcond=None)
    return float(np.linalg.norm(values - spanned @ found)) <= max(300 * error, 1e-9) * float(np.linalg.norm(values))
