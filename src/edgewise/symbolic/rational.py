"""Ratios of polynomials, y = P(x) / Q(x), by the null space of [P columns | -y Q columns].

The degrees ascend, so the first ratio found is the smallest one and its null space has one dimension: no sparse
search is needed. Without noise the smallest singular value then stands orders of magnitude below the next one.

Source: linearised rational fitting, e.g. Austin et al. (2021), "Practical algorithms for multivariate rational
approximation", Comput. Phys. Commun. 261.
"""

from collections.abc import Iterator
from itertools import islice, product

import numpy as np
import sympy

from .coefficients import linear_combination
from .problem import Array, Problem, relative
from .surrogate import exponents

NULL = 1e-11
GAP = 1e3
SMALL_GAP = 30.0  # where the target is known less well, the next singular value need not stand so far off
MOST_COLUMNS = 84
MOST_TERMS = 12  # of P and Q together, where the target is known less well: more of them follow anything
FAR_TOO_MANY = 30  # so many that idle ones are not looked for
FEW = 6  # of these are looked at then
ROWS_PER_COLUMN = 4


def rational_function(problem: Problem) -> sympy.Expr | None:
    """P/Q over the problem's symbols, of the smallest degrees that give the target to its tolerance, else None."""
    if problem.inputs == 0:
        return None
    scales = np.sqrt(np.mean(problem.x**2, axis=0))
    unit = problem.x / scales
    vectors = _null_vectors(unit, problem.y, max(NULL, problem.accuracy))
    for top, bottom, found in islice(vectors, FEW) if problem.accuracy else vectors:
        fitted = _sparse_ratio(unit, problem.y, top, bottom, found, problem.tolerance)
        if fitted is not None:
            if problem.accuracy:
                if np.count_nonzero(np.concatenate(fitted)) > FAR_TOO_MANY:
                    return None
                fitted = _without_idle(unit, problem, top, bottom, *fitted)
                if np.count_nonzero(np.concatenate(fitted)) > MOST_TERMS:
                    return None
            return _expression(problem, scales, top, bottom, *fitted)
    return None


def _null_vectors(x: Array, y: Array, null: float) -> Iterator[tuple[Array, Array, tuple[Array, Array]]]:
    """Exponent tables and coefficients of P and Q for all degrees with a null space of one dimension, ascending.

    A part of the rows decides; the largest degrees are asked first, since without a null vector there is none below.
    """
    table = _table(x.shape[1])
    degrees = table.sum(axis=1)
    rows = np.linspace(0, len(y) - 1, min(len(y), 2 * len(table) * ROWS_PER_COLUMN)).astype(int)
    if len(rows) < 2 * len(table) + 10:
        return
    top = np.prod(x[rows][:, None, :] ** table[None, :, :], axis=2)
    there = np.any(top != 0, axis=0)  # the product of two columns of 0 and 1 may be 0 everywhere
    table, degrees, top = table[there], degrees[there], top[:, there]
    bottom = -y[rows, None] * top
    top_norms, bottom_norms = np.linalg.norm(top, axis=0), np.linalg.norm(bottom, axis=0)
    if not np.all(np.isfinite(top_norms + bottom_norms)):
        return
    triangle = np.asarray(np.linalg.qr(np.column_stack([top / top_norms, bottom / bottom_norms]), mode="r"))
    singular = np.linalg.svd(triangle, compute_uv=False)
    if singular[-1] > null * singular[0]:
        return
    gap = GAP if null == NULL else SMALL_GAP
    for p, q in _ascending(degrees):
        ups, downs = np.flatnonzero(degrees <= p), np.flatnonzero(degrees <= q)
        _, s, vectors = np.linalg.svd(triangle[:, np.concatenate([ups, downs + len(table)])])
        if s[-1] <= null * s[0] and s[-2] >= gap * max(s[-1], 1e-17 * s[0]):
            vector = vectors[-1]
            yield (
                table[ups],
                table[downs],
                (vector[: len(ups)] / top_norms[ups], vector[len(ups) :] / bottom_norms[downs]),
            )


def _table(inputs: int) -> Array:
    """All products up to the largest degree for which P and Q together stay within the columns."""
    return exponents(inputs, {1: 9, 2: 21}.get(inputs, MOST_COLUMNS // 2))


def _ascending(degrees: Array) -> list[tuple[int, int]]:
    """Degrees (p, q) in ascending number of columns, polynomials first among equals."""
    largest = int(degrees[-1])
    pairs = [(p, q) for p, q in product(range(largest + 1), repeat=2) if p + q]
    return sorted(pairs, key=lambda pair: (sum(int(np.sum(degrees <= d)) for d in pair), pair[1]))


def _powers(x: Array, table: Array) -> Array:
    return np.prod(x[:, None, :] ** table[None, :, :], axis=2)


def _sparse_ratio(
    x: Array, y: Array, top: Array, bottom: Array, found: tuple[Array, Array], tolerance: float
) -> tuple[Array, Array] | None:
    """The coefficients of P and Q with those that carry nothing set to zero, scaled to the largest one of Q."""
    p, q = _pruned(x, top, found[0], tolerance), _pruned(x, bottom, found[1], tolerance)
    if not np.any(q):
        return None
    pivot = q[np.argmax(np.abs(q))]
    p, q = p / pivot, q / pivot
    tops, bottoms = _powers(x, top), _powers(x, bottom)

    def holds(p: Array, q: Array) -> bool:
        with np.errstate(all="ignore"):
            return relative(y - (tops @ p) / (bottoms @ q), y) <= tolerance

    if holds(p, q):
        return p, q
    p, q = _refitted(tops, bottoms, y, p, q)
    return (p, q) if holds(p, q) else None


def _without_idle(x: Array, problem: Problem, top: Array, bottom: Array, p: Array, q: Array) -> tuple[Array, Array]:
    """The ratio without the terms that a target known to its accuracy does not ask for, the smallest ones first."""
    tops, bottoms, y = _powers(x, top), _powers(x, bottom), problem.y

    def error(p: Array, q: Array) -> float:
        with np.errstate(all="ignore"):
            return relative(y - (tops @ p) / (bottoms @ q), y)

    limit = max(1.05 * error(p, q), problem.accuracy)
    shares = np.concatenate([np.abs(p) * np.std(tops, axis=0), np.abs(q) * np.std(bottoms, axis=0)])
    for term in np.argsort(shares, kind="stable"):
        parts = p.copy(), q.copy()
        side, place = (0, term) if term < len(p) else (1, term - len(p))
        if not parts[side][place] or np.count_nonzero(parts[side]) == 1:
            continue
        parts[side][place] = 0.0
        fewer = _refitted(tops, bottoms, y, *parts)
        if error(*fewer) <= limit:
            p, q = fewer
    return p, q


def _refitted(tops: Array, bottoms: Array, y: Array, p: Array, q: Array) -> tuple[Array, Array]:
    """The coefficients that are left, by least squares in y times Q: without those that carried nothing, and the largest
    one of Q in its place."""
    ups, pivot = np.flatnonzero(p), int(np.argmax(np.abs(q)))
    downs = np.array([i for i in np.flatnonzero(q) if i != pivot], dtype=int)
    weights = 1 / np.abs(bottoms @ q)
    matrix = np.column_stack([tops[:, ups], -y[:, None] * bottoms[:, downs]]) * weights[:, None]
    size = np.linalg.norm(matrix, axis=0)
    size[size == 0] = 1.0
    if not np.all(np.isfinite(size)) or not np.all(np.isfinite(weights)):
        return p, q
    found = np.linalg.lstsq(matrix / size, y * bottoms[:, pivot] * weights, rcond=None)[0] / size
    p, q = np.zeros_like(p), np.zeros_like(q)
    p[ups], q[downs], q[pivot] = found[: len(ups)], found[len(ups) :], 1.0
    return p, q


def _pruned(x: Array, table: Array, coefficients: Array, tolerance: float) -> Array:
    shares = np.abs(coefficients) * np.sqrt(np.mean(_powers(x, table) ** 2, axis=0))
    return np.where(shares > 10 * tolerance * shares.max(), coefficients, 0.0)


def _expression(problem: Problem, scales: Array, top: Array, bottom: Array, p: Array, q: Array) -> sympy.Expr:
    p, q = p / np.prod(scales**top, axis=1), q / np.prod(scales**bottom, axis=1)
    pivot = q[np.flatnonzero(q)[0]]
    p, q = p / pivot, q / pivot

    def polynomial(table: Array, coefficients: Array) -> sympy.Expr:
        terms = [sympy.Mul(*(s ** int(n) for s, n in zip(problem.symbols, row, strict=True))) for row in table]
        return linear_combination(coefficients, terms)

    return polynomial(top, p) / polynomial(bottom, q)
