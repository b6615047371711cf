"""Sums of a few separable products, T(y) = sum_r a_r(u) b_r(v), exactly.

The matrix of coefficients of T(y) in products of Legendre polynomials has a small numerical rank when T(y) is such a
sum, and its singular vectors span all a_r. Each function of one variable can then be asked *alone* whether it lies in
that span; the handful that do make a product dictionary without look-alikes.

Sources: Beylkin & Mohlenkamp (2005), SIAM J. Sci. Comput. 26, on separated representations; the membership test is
ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import sympy

from .atoms import Atom, values_of
from .coefficients import linear_combination
from .problem import TARGET, Array, Problem
from .sparse import sparse_combination
from .surrogate import Decomposition
from .transforms import TRANSFORMS, sign_of

MOST_RANK = 4
LARGEST_GAP = 1e-3
BOXES = ((4, 40), (40, 4), (7, 28), (28, 7), (12, 22), (22, 12), (17, 17))
MOST_PRODUCTS = 600
TARGETS = ("y", "y^2", "1/y", "log", "1/y^2", "cos", "exp")


@dataclass(frozen=True, eq=False)
class _Space:
    """Per variable the span of its functions: Legendre coefficients of a basis (degree + 1, rank), and the fit's
    error.
    """

    bases: tuple[Array, ...]
    tables: tuple[Array, ...]
    error: float


def separable(problem: Problem) -> Iterator[sympy.Expr]:
    """Expressions sum c a(u) b(v) .. for T of the target, those that hold to 1e-9."""
    if not 2 <= problem.inputs <= 3:
        return
    atoms = [values_of(column) for column in problem.x.T]
    for coordinates in ("x", "log x") if any(problem.positive) else ("x",):
        fits = list(_fits(problem, coordinates))
        for name in TARGETS:
            transform = TRANSFORMS[name]
            if not transform.allowed(problem.y):
                continue
            with np.errstate(all="ignore"):
                target = transform.forward(problem.y)
            if not np.all(np.isfinite(target)):
                continue
            found = _sum_of_products(problem, fits, atoms, target)
            if found is not None:
                yield transform.inverse(TARGET, sign_of(problem.y)).xreplace({TARGET: found})


def _sum_of_products(
    problem: Problem, fits: list[Decomposition], atoms: list[list[tuple[Atom, Array]]], target: Array
) -> sympy.Expr | None:
    space = _function_space(fits, target)
    most = {2: 24, 3: 8}[problem.inputs]
    if space is not None:
        atoms = [
            _members(rows, table, basis, max(space.error, problem.tolerance / 300), most)
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
    found = sparse_combination(dictionary, target, tolerance=problem.tolerance)
    if found is None:
        return None
    expressions = [
        sympy.Mul(*(atom.expression(s) for (atom, _), s in zip(terms[index], problem.symbols, strict=True)))
        for index in found[0]
    ]
    return linear_combination(found[1], expressions)


def _fits(problem: Problem, coordinates: str) -> Iterator[Decomposition]:
    """One decomposition of all total degrees, and for two inputs boxes of unequal degrees: a pole needs many of one."""
    yield Decomposition(problem, coordinates, min(330, problem.rows // 3))
    for sides in BOXES if problem.inputs == 2 else ():
        if np.prod(sides) <= problem.rows // 3:
            table = np.array(list(product(*(range(side) for side in sides))))
            yield Decomposition(problem, coordinates, 0, table[np.argsort(table.sum(axis=1), kind="stable")])


def _function_space(fits: list[Decomposition], target: Array) -> _Space | None:
    """The low-rank fit whose singular values fall most steeply after at most four; None where none falls.

    Every total degree is tried: too low a degree leaves a misfit, too high a one is badly determined where rows are
    rare.
    """
    best: _Space | None = None
    for fitted in fits:
        largest = int(fitted.degrees[-1])
        for degree in range(MOST_RANK, largest + 1) if fitted is fits[0] else (largest,):
            space = _low_rank(fitted, fitted.coefficients(target, degree), fitted.misfit(target, degree))
            if space is not None and (best is None or space.error < best.error):
                best = space
    return best


def _low_rank(fitted: Decomposition, coefficients: Array, error: float) -> _Space | None:
    tensor = np.zeros((int(fitted.powers.max()) + 1,) * fitted.powers.shape[1])
    tensor[tuple(fitted.powers.T)] = coefficients
    bases = []
    sides = fitted.powers[np.any(coefficients[:, None] != 0, axis=1)].max(axis=0) + 1
    for axis in range(tensor.ndim):
        unfolded = np.moveaxis(tensor, axis, 0).reshape(tensor.shape[0], -1)
        left, singular, _ = np.linalg.svd(unfolded, full_matrices=False)
        rank, gap = _rank(singular, sides[axis])
        if gap > LARGEST_GAP:
            return None
        error = max(error, gap)
        bases.append(left[:, :rank])
    return _Space(tuple(bases), tuple(fitted.values), max(error, 1e-14))


def _rank(singular: Array, side: int) -> tuple[int, float]:
    """The rank up to four after which the singular values fall most, and how far they fall below the first.

    Two of the ``side`` values must be left over, or a small box would call everything low-rank.
    """
    usable = singular[: min(MOST_RANK, side - 2) + 1] / max(float(singular[0]), 1e-300) + 1e-16
    if len(usable) < 2:
        return 1, 1.0
    falls = usable[1:] / usable[:-1]
    rank = int(np.argmin(falls)) + 1
    return rank, float(usable[rank])


def _members(
    rows: list[tuple[Atom, Array]], table: Array, basis: Array, error: float, most: int
) -> list[tuple[Atom, Array]]:
    """The functions that lie in the span, alone or as a combination of two (1 + u^2 where neither 1 nor u^2 does).

    What two functions leave outside the span is parallel exactly when a combination of them lies inside.
    """
    spanned, _ = np.linalg.qr(table @ basis)
    limit = max(300 * error, 1e-9)
    values = np.column_stack([values / np.linalg.norm(values) for _, values in rows])
    outside = values - spanned @ (spanned.T @ values)
    size = np.linalg.norm(outside, axis=0)
    alone = size <= limit
    unit = outside / np.maximum(size, 1e-300)
    partners = np.abs(unit.T @ unit)
    partners[alone, :] = partners[:, alone] = 0
    partners[size < 10 * limit, :] = 0
    np.fill_diagonal(partners, 0)
    paired = np.any(1 - partners**2 <= max(limit**2, 1e-13), axis=0) & (size >= 10 * limit)
    order = np.argsort(np.where(size < limit / 10, 0, size), kind="stable")
    kept = [rows[index] for index in order if alone[index]] + [rows[index] for index in order if paired[index]]
    return kept[:most]
