"""Symmetries of an unknown law, read from the gradient of its surrogate and made exact by rounding.

Scale: if f(l^b1 x1, ..., l^bn xn) = l^a f(x) then sum b_i x_i f_i = a f. The null space of the rows [x_i f_i | -f] is
dimensional analysis from data, without units: with d such vectors y = x^a g(u_1 .. u_(n-d)). Each row is divided by its
own norm, so that zeros of f and steep corners weigh no more than the rest.

Sum: if f depends on x_i and x_j only through p(x_i) + c p(x_j) then f_i / p'(x_i) and f_j / p'(x_j) stand in a
constant ratio 1 : c. With p(x) = x these are the translations (differences, sums), with p(x) = x^2 lengths, with 1/x
parallel parts.

A gradient good to a few per cent is enough: exponents and ratios are rounded to small fractions, after which the
reduced columns are exact again, and the caller judges the reduction by fitting the surrogate anew.

Sources: the infinitesimal form of Buckingham's Pi (Bluman & Kumei 1989, ch. 1); Udrescu et al. (2020), AI Feynman 2.0.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy

from .coefficients import fraction, rational
from .problem import TARGET, Array, Problem, reduced
from .surrogate import Surrogate

SNAPS = ((1, 0.12), (2, 0.10), (3, 0.07))
"""(denominator, tolerance): integers are tried first and may be furthest from what was measured."""


def scale_reductions(problem: Problem, surrogate: Surrogate) -> Iterator[Problem]:
    """The problems of invariants that the scale null space suggests, the largest symmetry first."""
    singular, vectors = scale_null_space(problem, surrogate)
    limit = max(0.06, min(0.3, 20 * surrogate.error))
    for dimension in range(problem.inputs, 0, -1):
        statistic = float(singular[problem.inputs + 1 - dimension])
        if statistic < limit:
            yield from invariant_problems(problem, vectors[-dimension:], statistic)


def scale_null_space(problem: Problem, surrogate: Surrogate) -> tuple[Array, Array]:
    """Singular values and right vectors (b, a) of the rows [x_i f_i | -f], the least constrained last."""
    return _null_space(np.column_stack([problem.x * surrogate.gradient, -surrogate.value]))


def invariant_problems(problem: Problem, vectors: Array, statistic: float, kind: str = "scale") -> Iterator[Problem]:
    """The problems of the invariants of the symmetries ``vectors`` (d, inputs + 1), in two choices of variables."""
    seen: set[tuple] = set()
    for preferred in (1, -1):
        basis = _echelon(vectors, preferred)
        snapped = None if basis is None else _snapped(basis)
        if basis is None or snapped is None or (basis.pivots, snapped) in seen:
            continue
        seen.add((basis.pivots, snapped))
        child = invariants(problem, basis.pivots, snapped, statistic, kind)
        if child is not None:
            yield child


def _null_space(rows: Array) -> tuple[Array, Array]:
    """Singular values over sqrt(N) and right vectors of the rows, each divided by its own norm."""
    norms = np.linalg.norm(rows, axis=1)
    good = np.isfinite(norms) & (norms > 0)
    triangle = np.linalg.qr(rows[good] / norms[good, None], mode="r")
    _, singular, vectors = np.linalg.svd(triangle)
    return np.pad(singular, (0, rows.shape[1] - len(singular))) / np.sqrt(good.sum()), vectors


@dataclass(frozen=True)
class _Basis:
    """Null vectors in echelon form: ``pivots`` have the identity in their columns; the last column holds the degree
    a.
    """

    matrix: Array
    pivots: tuple[int, ...]


def _echelon(vectors: Array, preferred: int) -> _Basis | None:
    """Row-reduce over the inputs (never the last column), pivot = largest entry; ``preferred`` breaks near-ties by
    side.
    """
    matrix = vectors.copy()
    inputs = matrix.shape[1] - 1
    pivots: list[int] = []
    for row in range(len(matrix)):
        size = np.abs(matrix[row:, :inputs])
        size[:, pivots] = 0
        best = size.max(axis=0)
        if best.max() < 1e-3:
            return None
        near = np.flatnonzero(best > 0.5 * best.max())
        column = int(near[0] if preferred > 0 else near[-1])
        chosen = row + int(np.argmax(size[:, column]))
        matrix[[row, chosen]] = matrix[[chosen, row]]
        matrix[row] /= matrix[row, column]
        others = np.arange(len(matrix)) != row
        matrix[others] -= np.outer(matrix[others, column], matrix[row])
        pivots.append(column)
    return _Basis(matrix, tuple(pivots))


def _snapped(basis: _Basis) -> tuple[tuple[Fraction, ...], ...] | None:
    rows = []
    for row in basis.matrix:
        snapped = tuple(_snap(float(value)) for value in row)
        if any(value is None for value in snapped):
            return None
        rows.append(tuple(value for value in snapped if value is not None))
    return tuple(rows)


def _snap(value: float) -> Fraction | None:
    for denominator, tolerance in SNAPS:
        found = fraction(value, denominator, tolerance)
        if found is not None and found.denominator == denominator:
            return found
        if found is not None:
            return found
    return None


def invariants(
    problem: Problem, pivots: tuple[int, ...], snapped: tuple[tuple[Fraction, ...], ...], statistic: float, kind: str
) -> Problem | None:
    """y / x^a and, for every input that is no pivot, x_j / prod pivot^b."""
    moved = [p for p, row in zip(pivots, snapped, strict=True) if any(row)]
    if any(
        not problem.positive[p] and any(v.denominator > 1 for v in row) for p, row in zip(pivots, snapped, strict=True)
    ):
        return None
    if any(np.any(problem.x[:, p] == 0) for p in moved):
        return None
    columns = []
    for j in range(problem.inputs):
        if j in pivots:
            continue
        powers = [row[j] for row in snapped]
        common = int(np.lcm.reduce([value.denominator for value in powers]))
        expression, values = _product(problem, pivots, [-value * common for value in powers])
        columns.append((problem.symbols[j] ** common * expression, problem.x[:, j] ** common * values))
    factor, values = _product(problem, pivots, [row[-1] for row in snapped])
    with np.errstate(all="ignore"):
        target = problem.y / values
    if not np.all(np.isfinite(target)):
        return None
    return reduced(problem, kind, columns, target, factor * TARGET, statistic, values)


def _product(problem: Problem, pivots: tuple[int, ...], powers: list[Fraction]) -> tuple[sympy.Expr, Array]:
    expression = sympy.Mul(*(problem.symbols[p] ** rational(b) for p, b in zip(pivots, powers, strict=True)))
    values = np.ones(problem.rows)
    for p, b in zip(pivots, powers, strict=True):
        values = values * problem.x[:, p] ** (int(b) if b.denominator == 1 else float(b))
    return expression, values


@dataclass(frozen=True)
class Summand:
    """p(x) of a merge p(x_i) + c p(x_j), its derivative, and whether it needs x to keep off zero."""

    name: str
    value: Callable
    slope: Callable[[Array], Array]
    pole: bool = False


SUMMANDS = (
    Summand("x", lambda x: x, np.ones_like),
    Summand("x^2", lambda x: x**2, lambda x: 2 * x),
    Summand("1/x", lambda x: 1 / x, lambda x: -1 / x**2, pole=True),
)
RATIOS = (Fraction(1), Fraction(-1), Fraction(2), Fraction(-2), Fraction(1, 2), Fraction(-1, 2))


def merge_reductions(problem: Problem, surrogate: Surrogate) -> Iterator[Problem]:
    """Problems with groups of inputs replaced by their sums: all groups of one kind at once, then pair by pair."""
    if problem.inputs < 2:
        return
    limit = max(0.06, min(0.25, 8 * surrogate.error))
    for summand in SUMMANDS:
        if summand.pole and np.any(problem.x == 0):
            continue
        pairs = _pairs(problem, surrogate, summand, limit)
        groups = _groups(pairs)
        if len(pairs) > 1:
            yield _merged(problem, summand, groups, max(pairs.values(), key=lambda pair: pair[1])[1])
        for (i, j), (ratio, statistic) in sorted(pairs.items(), key=lambda item: item[1][1]):
            yield _merged(problem, summand, [{i: Fraction(1), j: ratio}], statistic)


def _pairs(
    problem: Problem, surrogate: Surrogate, summand: Summand, limit: float
) -> dict[tuple[int, int], tuple[Fraction, float]]:
    """For each pair of inputs with a constant ratio of slopes: the ratio as a fraction and the misfit."""
    with np.errstate(all="ignore"):
        slopes = surrogate.gradient / summand.slope(problem.x)
    found = {}
    for i in range(problem.inputs):
        for j in range(i + 1, problem.inputs):
            singular, vectors = _null_space(slopes[:, (i, j)])
            if singular[1] >= limit or abs(vectors[0, 0]) < 0.05:
                continue
            measured = vectors[0, 1] / vectors[0, 0]
            ratio = min(RATIOS, key=lambda r: abs(float(r) - measured))
            if abs(float(ratio) - measured) <= 0.15 * abs(float(ratio)):
                found[i, j] = (ratio, float(singular[1]))
    return found


def _groups(pairs: dict[tuple[int, int], tuple[Fraction, float]]) -> list[dict[int, Fraction]]:
    """Disjoint groups {input: coefficient}, the surest pairs first."""
    groups: list[dict[int, Fraction]] = []
    for (i, j), (ratio, _) in sorted(pairs.items(), key=lambda item: item[1][1]):
        home = next((group for group in groups if i in group), None)
        other = next((group for group in groups if j in group), None)
        if home is None and other is None:
            groups.append({i: Fraction(1), j: ratio})
        elif home is not None and other is None:
            home[j] = home[i] * ratio
        elif home is None and other is not None:
            other[i] = other[j] / ratio
    return groups


def _merged(problem: Problem, summand: Summand, groups: list[dict[int, Fraction]], statistic: float) -> Problem:
    taken = {index for group in groups for index in group}
    columns = [(problem.symbols[i], problem.x[:, i]) for i in range(problem.inputs) if i not in taken]
    for group in groups:
        values = sum(float(c) * summand.value(problem.x[:, i]) for i, c in group.items())
        sign = -1 if np.all(values < 0) else 1
        expression = sympy.Add(*(sign * rational(c) * summand.value(problem.symbols[i]) for i, c in group.items()))
        columns.append((expression, sign * np.asarray(values)))
    return reduced(problem, f"sum of {summand.name}", columns, problem.y, TARGET, statistic)
