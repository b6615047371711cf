"""Ratios of polynomials, y = P(x) / Q(x), by the null space of [P columns | -y Q columns].

The degrees ascend, so the first ratio found is the smallest one and its null space has one dimension: no sparse search is
needed. Without noise the smallest singular value then stands orders of magnitude below the next one.

Source: linearised rational fitting, e.g. Austin et al. (2021), "Practical algorithms for multivariate rational
approximation", Comput. Phys. Commun. 261.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
import sympy

from .numbers import linear_combination
from .problem import Array, Problem, relative
from .surrogate import exponents

NULL = 1e-11
GAP = 1e3
MOST_COLUMNS = 80


def rational_function(problem: Problem, tolerance: float = 1e-9, largest: int | None = None) -> sympy.Expr | None:
    """P/Q over the problem's symbols, of the smallest degrees that give the target to ``tolerance``, else None."""
    if problem.inputs == 0:
        return None
    unit = problem.x / np.sqrt(np.mean(problem.x**2, axis=0))
    scales = np.sqrt(np.mean(problem.x**2, axis=0))
    for top, bottom in _degrees(problem.inputs, problem.rows, largest):
        found = _null_vector(unit, problem.y, top, bottom)
        if found is None:
            continue
        fitted = _sparse_ratio(unit, problem.y, top, bottom, found, tolerance)
        if fitted is not None:
            return _expression(problem, scales, top, bottom, *fitted)
    return None


def _degrees(inputs: int, rows: int, largest: int | None) -> Iterator[tuple[Array, Array]]:
    """Pairs of exponent tables for P and Q in ascending number of columns."""
    limit = largest or (8 if inputs == 1 else 5 if inputs == 2 else 4)
    pairs = []
    for p, q in product(range(limit + 1), repeat=2):
        if p + q == 0:
            continue
        top, bottom = _table(inputs, p), _table(inputs, q)
        columns = len(top) + len(bottom)
        if columns <= min(MOST_COLUMNS, rows // 2):
            pairs.append((columns, q, top, bottom))
    for _, _, top, bottom in sorted(pairs, key=lambda pair: pair[:2]):
        yield top, bottom


def _table(inputs: int, degree: int) -> Array:
    table = exponents(inputs, 400)
    return table[table.sum(axis=1) <= degree]


def _powers(x: Array, table: Array) -> Array:
    return np.prod(x[:, None, :] ** table[None, :, :], axis=2)


def _null_vector(x: Array, y: Array, top: Array, bottom: Array) -> tuple[Array, Array] | None:
    matrix = np.column_stack([_powers(x, top), -y[:, None] * _powers(x, bottom)])
    norms = np.linalg.norm(matrix, axis=0)
    triangle = np.linalg.qr(matrix / norms, mode="r")
    _, s, vectors = np.linalg.svd(triangle)
    if s[-1] > NULL * s[0] or s[-2] < GAP * max(s[-1], 1e-17 * s[0]):
        return None
    vector = vectors[-1] / norms
    return vector[: len(top)], vector[len(top) :]


def _sparse_ratio(
    x: Array, y: Array, top: Array, bottom: Array, found: tuple[Array, Array], tolerance: float
) -> tuple[Array, Array] | None:
    """The coefficients of P and Q with those that carry nothing set to zero, scaled to the largest one of Q."""
    p, q = _pruned(x, top, found[0]), _pruned(x, bottom, found[1])
    if not np.any(q):
        return None
    pivot = q[np.argmax(np.abs(q))]
    p, q = p / pivot, q / pivot
    with np.errstate(all="ignore"):
        prediction = (_powers(x, top) @ p) / (_powers(x, bottom) @ q)
    return (p, q) if relative(y - prediction, y) <= tolerance else None


def _pruned(x: Array, table: Array, coefficients: Array) -> Array:
    shares = np.abs(coefficients) * np.sqrt(np.mean(_powers(x, table) ** 2, axis=0))
    return np.where(shares > 1e-8 * shares.max(), coefficients, 0.0)


def _expression(problem: Problem, scales: Array, top: Array, bottom: Array, p: Array, q: Array) -> sympy.Expr:
    p, q = p / np.prod(scales**top, axis=1), q / np.prod(scales**bottom, axis=1)
    pivot = q[np.flatnonzero(q)[0]]
    p, q = p / pivot, q / pivot

    def polynomial(table: Array, coefficients: Array) -> sympy.Expr:
        terms = [sympy.Mul(*(s ** int(n) for s, n in zip(problem.symbols, row, strict=True))) for row in table]
        return linear_combination(coefficients, terms)

    return polynomial(top, p) / polynomial(bottom, q)
