"""The table as the search sees it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from edgewise.data import Table, coded_name
from edgewise.errors import ValuesError
from edgewise.formula import identifiers

from .canonical import Canonical, canonical
from .weighing import joined, variance

MOST_ROWS = 5000  # that the search looks at, of each share
TESTED = 200  # different inputs from which on a share is kept for the test
TEST_SHARE = 0.1  # 20 of 200: the least that a 95 % interval can be calibrated on
LARGEST = 1e60
CODES = {9.0, 99.0, 999.0, 9999.0, 99999.0}  # numbers that stand for a missing cell, with either sign
FAR = 3.0  # widths of a column's other cells, that such a number is away from them
SMALL = 60  # rows below which a held-out share says little, and each row is left out once instead


@dataclass(frozen=True)
class Prepared:
    """Rows to fit, rows held out and rows that no step looks at, under identifiers, each with its weight.

    ``table`` holds the rows that the search may look at: ``train`` and ``held``. ``test`` has no rows in tables of less
    than 200 different inputs. ``symbols`` maps identifiers to columns; ``small`` tables hold nothing out (every row is
    left out once instead). ``network_train`` and ``network_held`` are the same rows, but for small tables: there a
    network, which has no closed form for leaving a row out, holds back a quarter. ``distinct`` counts different inputs;
    what was left aside is said in ``warnings``. ``whole`` gives all training rows where ``train`` is a sample of them,
    for the columns that are asked for.
    """

    table: Table
    train: Table
    held: Table
    test: Table
    network_train: Table
    network_held: Table
    symbols: dict[str, str]
    warnings: tuple[str, ...]
    small: bool
    distinct: int
    ranges: dict[str, tuple[float, float]]
    whole: Callable[[Sequence[str]], Table] | None = None

    def columns(self, table: Table) -> dict[str, np.ndarray]:
        """Columns of one of the tables by identifier."""
        return {name: table.columns[column] for name, column in self.symbols.items() if column in table.columns}

    @cached_property
    def spread(self) -> float:
        """The standard deviation of the target in the rows that the search may look at."""
        return float(np.sqrt(variance(self.table.y, self.table.weights)))


def prepare(table: Table, seed: int, held_out: float = 0.2) -> Prepared:
    """Leave aside what cannot matter (constant columns, copies of columns), merge equal rows, then hold rows out by
    ``seed``.

    Neither the order of the rows matters nor whether a row stands there k times or once with the weight k; of weights
    only the proportions count. Rows with equal inputs stay together: a row held out must be new. From 200 different
    inputs on a tenth of them is kept for the test that no step sees. Raises ValuesError when no input or the target does
    not vary, when there is one row only, or when numbers are so large or small that their products leave the floats.
    """
    table.require_learnable()
    for name in (*table.inputs, table.target):
        require_moderate(name, table.columns[name])
    warnings: list[str] = []
    warnings += [
        said for name in (*table.inputs, table.target) if (said := _code_for_missing(name, table.columns[name]))
    ]
    kept = _varying(table, warnings)
    lean = table.select(_distinct(table, _without_usual_levels(table, kept, warnings), warnings))
    symbols = {identifier: column for column, identifier in identifiers(lean.inputs).items()}
    ranges = {name: (float(lean.columns[name].min()), float(lean.columns[name].max())) for name in lean.inputs}
    rows = canonical(lean, seed)
    number = rows.distinct
    if number < SMALL:
        every, held = rows.share(lean, 0, number), _share(0.25, number)
        parts = rows.share(lean, held, number), rows.share(lean, 0, held)
        none = every.take([])
        return Prepared(every, every, every, none, *parts, symbols, tuple(warnings), True, number, ranges)
    test = _share(TEST_SHARE, number) if number >= TESTED else 0
    held = test + _share(held_out, number)
    train = rows.share(lean, held, number, MOST_ROWS)
    left = int(np.sum(rows.groups >= held))
    if left > train.rows:
        warnings.append(f"{table.rows} rows: the search looks at {MOST_ROWS} of them, drawn by the seed.")
    validation = rows.share(lean, test, held, MOST_ROWS)
    whole = None if left == train.rows else _Whole(lean, rows, held)
    return Prepared(
        _together(train, validation),
        train,
        validation,
        rows.share(lean, 0, test, MOST_ROWS),
        train,
        validation,
        symbols,
        tuple(warnings),
        False,
        number,
        ranges,
        whole,
    )


def _share(share: float, number: int) -> int:
    return min(max(1, round(share * number)), number - 1)


@dataclass(frozen=True)
class _Whole:
    """All training rows of a long table, gathered when they are asked for."""

    lean: Table
    rows: Canonical
    first: int

    def __call__(self, inputs: Sequence[str]) -> Table:
        return self.rows.share(self.lean.select(inputs), self.first, self.rows.distinct)


def _together(one: Table, other: Table) -> Table:
    columns = {name: np.concatenate([one.columns[name], other.columns[name]]) for name in one.columns}
    return replace(one, columns=columns, weights=joined(one.weights, other.weights))


def require_moderate(name: str, column: np.ndarray) -> None:
    """ValuesError where products of the column's numbers would leave the floats."""
    size = np.abs(column).max()
    if size > LARGEST or 0 < size < 1 / LARGEST:
        raise ValuesError(
            f"column {name!r} has values of the size {size:.3g}; products of such numbers leave the range of floats. "
            f"Give it in another unit, within {1 / LARGEST:g} to {LARGEST:g}."
        )


def _code_for_missing(name: str, column: np.ndarray) -> str:
    """What is to be said of a number like -999 that lies far from all other cells of a column."""
    ends = [end for end in (column.min(), column.max()) if abs(end) in CODES]
    for code in ends:
        others = column[column != code]
        if len(others) and np.abs(others - code).min() > FAR * np.ptp(others) and np.ptp(others) > 0:
            rows = len(column) - len(others)
            return (
                f"column {name!r} holds {code:g} in {rows} row{'s' * (rows != 1)}, far from all its other cells. If that is a "
                "code for a missing cell, leave these rows out."
            )
    return ""


def _varying(table: Table, warnings: list[str]) -> list[str]:
    kept = [name for name in table.inputs if np.ptp(table.columns[name]) > 0]
    for name in table.inputs:
        if name not in kept:
            warnings.append(f"column {name!r} is constant ({table.columns[name][0]:g}) and left aside.")
    if not kept:
        raise ValuesError("no input column varies, so nothing can be learned. Give inputs with at least two values.")
    return kept


def _without_usual_levels(table: Table, names: list[str], warnings: list[str]) -> list[str]:
    """The names without the most frequent level of each column of words: it is where no other level is, and beside all
    the others no row would determine the constants."""
    left = list(names)
    for column, levels in table.levels.items():
        coded = [coded_name(column, level) for level in levels]
        if len(coded) > 1 and all(name in names for name in coded):
            usual = max(coded, key=lambda name: float(table.columns[name].sum()))
            left.remove(usual)
            warnings.append(f"{usual!r} is where all other levels of {column!r} are 0, and left aside.")
    return left


def _distinct(table: Table, names: list[str], warnings: list[str]) -> list[str]:
    kept: list[str] = []
    for name in names:
        twin = next((k for k in kept if np.array_equal(table.columns[k], table.columns[name])), None)
        if twin is None:
            kept.append(name)
        else:
            warnings.append(f"column {name!r} is a copy of {twin!r} and left aside.")
    return kept
