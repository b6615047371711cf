"""Buckingham's Pi: what units leave of a problem, exactly.

Scaling every unit of measurement must not change a law. The inputs that are scaled away (as many as there are independent
dimensions, each a pivot) are chosen so that the exponents are small; every other input is divided by a product of
their powers, and so is the target. The exponents solve the equations of the dimensions in whole numbers and fractions.

Source: E. Buckingham, "On physically similar systems", Physical Review 4, 345 (1914).
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations

from edgewise.formula import Dimension, Dimensions

from .problem import Problem
from .symmetry import invariants

CHOICES = 2  # of pivots, those with the smallest exponents
MOST_TRIED = 5000  # choices of pivots

Rows = tuple[tuple[Fraction, ...], ...]
"""For each pivot its exponents in the dimension of every input, and of the target last."""


def dimensionless_problems(problem: Problem, names: Sequence[str], known: Dimensions) -> Iterator[Problem]:
    """The user's problem in dimensionless variables, for a few choices of what is scaled away; none where all inputs are
    plain numbers, and where no product of powers of them has the target's dimension. ``names`` are those of the inputs."""
    dimensions = [*(known.variables[name] for name in names), known.target]
    found = 0
    for pivots, rows in _choices(dimensions):
        child = invariants(problem, pivots, rows, 0.0, "units")
        if child is not None:
            yield child
            found += 1
        if found == CHOICES:
            return


def within_reach(known: Dimensions) -> bool:
    """Whether some product of powers of the variables has the target's dimension.

    >>> from edgewise.formula import dimension
    >>> within_reach(Dimensions({"t": dimension("s")}, dimension("m")))
    False
    """
    inputs = [one.powers for one in known.variables.values()]
    return _rank([*inputs, known.target.powers]) == _rank(inputs)


def _choices(dimensions: Sequence[Dimension]) -> Iterator[tuple[tuple[int, ...], Rows]]:
    """Pivots among the inputs with the rows of exponents, the smallest exponents first."""
    *inputs, target = dimensions
    rank = _rank([one.powers for one in inputs])
    candidates = [place for place, one in enumerate(inputs) if not one.pure]
    if not rank or _rank([one.powers for one in (*inputs, target)]) > rank:
        return
    found = []
    for number, pivots in enumerate(combinations(candidates, rank)):
        if number == MOST_TRIED:
            break
        rows = _solved([inputs[place] for place in pivots], dimensions)
        if rows is not None:
            found.append((_effort(rows), pivots, rows))
    for _, pivots, rows in sorted(found):
        yield pivots, rows


def _effort(rows: Rows) -> Fraction:
    """How much there is to read: exponents, and their denominators."""
    return sum((abs(power) + power.denominator - 1 for row in rows for power in row), Fraction(0))


def _solved(pivots: Sequence[Dimension], dimensions: Sequence[Dimension]) -> Rows | None:
    """Every dimension as a product of powers of the pivots'; None where these are not independent."""
    columns = [*pivots, *dimensions]
    matrix, leading = _echelon(list(zip(*(one.powers for one in columns), strict=True)))
    if leading[: len(pivots)] != list(range(len(pivots))):
        return None
    return tuple(tuple(row[len(pivots) :]) for row in matrix[: len(pivots)])


def _rank(rows: Sequence[Sequence[Fraction]]) -> int:
    return len(_echelon(rows)[1])


def _echelon(rows: Sequence[Sequence[Fraction]]) -> tuple[list[list[Fraction]], list[int]]:
    """The reduced row echelon form, in exact fractions, and the columns of its leading ones."""
    matrix = [list(row) for row in rows]
    leading: list[int] = []
    for column in range(len(matrix[0]) if matrix else 0):
        top = len(leading)
        place = next((row for row in range(top, len(matrix)) if matrix[row][column]), None)
        if place is None:
            continue
        matrix[top], matrix[place] = matrix[place], matrix[top]
        scale = matrix[top][column]
        matrix[top] = [value / scale for value in matrix[top]]
        for row in range(len(matrix)):
            if row != top and matrix[row][column]:
                times = matrix[row][column]
                matrix[row] = [a - times * b for a, b in zip(matrix[row], matrix[top], strict=True)]
        leading.append(column)
    return matrix, leading
