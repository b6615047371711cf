"""The table as the search sees it."""

from dataclasses import dataclass

import numpy as np

from edgewise.data import Table
from edgewise.errors import ValuesError
from edgewise.formula import identifiers

MOST_ROWS = 5000
LARGEST = 1e60
SMALL = 60  # rows below which a held-out share says little, and each row is left out once instead


@dataclass(frozen=True)
class Prepared:
    """Rows to fit and rows held out, under identifiers; what was left aside is said in ``warnings``.

    ``symbols`` maps identifiers to columns; ``small`` tables hold nothing out (every row is left out once instead).
    ``network_train`` and ``network_held`` are the same rows, but for small tables: there a network, which has no closed
    form for leaving a row out, holds back a quarter.
    """

    table: Table
    train: Table
    held: Table
    network_train: Table
    network_held: Table
    symbols: dict[str, str]
    warnings: tuple[str, ...]
    small: bool
    distinct: int

    def columns(self, table: Table) -> dict[str, np.ndarray]:
        """Columns of one of the tables by identifier."""
        return {identifier: table.columns[column] for identifier, column in self.symbols.items()}

    @property
    def spread(self) -> float:
        """The standard deviation of the target."""
        return float(self.table.y.std())


def prepare(table: Table, seed: int, held_out: float = 0.2) -> Prepared:
    """Leave aside what cannot matter (constant columns, copies of columns), then hold rows out by ``seed``.

    Rows with equal inputs stay together: a row held out must be new. ``distinct`` counts different inputs, and decides
    what is a small table. Raises ValuesError when no input or the target does not vary, when there is one row only, or
    when numbers are so large or small that their products leave the floats.
    """
    table.require_learnable()
    _require_moderate(table)
    warnings: list[str] = []
    kept = _varying(table, warnings)
    kept = _distinct(table, kept, warnings)
    lean = table.select(kept)
    symbols = {identifier: column for column, identifier in identifiers(kept).items()}
    groups = np.unique(lean.x, axis=0, return_inverse=True)[1].ravel()
    distinct = int(groups.max()) + 1
    if distinct < SMALL:
        parts = _split(lean, groups, 0.25, seed)
        return Prepared(lean, lean, lean, *parts, symbols, tuple(warnings), small=True, distinct=distinct)
    train, held = _split(lean, groups, held_out, seed)
    if train.rows > MOST_ROWS:
        warnings.append(f"{table.rows} rows: the search looks at {MOST_ROWS} of them, drawn by the seed.")
        train = train.take(np.sort(np.random.default_rng(seed).permutation(train.rows)[:MOST_ROWS]))
    return Prepared(lean, train, held, train, held, symbols, tuple(warnings), small=False, distinct=distinct)


def _split(table: Table, groups: np.ndarray, held_out: float, seed: int) -> tuple[Table, Table]:
    """Rows to fit and rows held out, groups of equal inputs undivided; at least one group on either side."""
    number = int(groups.max()) + 1
    if number == table.rows:
        return table.split(held_out, seed)
    count = min(max(1, round(held_out * number)), number - 1)
    held = np.isin(groups, np.random.default_rng(seed).permutation(number)[:count])
    return table.take(~held), table.take(held)


def _require_moderate(table: Table) -> None:
    for name in (*table.inputs, table.target):
        size = np.abs(table.columns[name]).max()
        if size > LARGEST or 0 < size < 1 / LARGEST:
            raise ValuesError(
                f"column {name!r} has values of the size {size:.3g}; products of such numbers leave the range of floats. "
                f"Give it in another unit, within {1 / LARGEST:g} to {LARGEST:g}."
            )


def _varying(table: Table, warnings: list[str]) -> list[str]:
    kept = [name for name in table.inputs if np.ptp(table.columns[name]) > 0]
    for name in table.inputs:
        if name not in kept:
            warnings.append(f"column {name!r} is constant ({table.columns[name][0]:g}) and left aside.")
    if not kept:
        raise ValuesError("no input column varies, so nothing can be learned. Give inputs with at least two values.")
    return kept


def _distinct(table: Table, names: list[str], warnings: list[str]) -> list[str]:
    kept: list[str] = []
    for name in names:
        twin = next((k for k in kept if np.array_equal(table.columns[k], table.columns[name])), None)
        if twin is None:
            kept.append(name)
        else:
            warnings.append(f"column {name!r} is a copy of {twin!r} and left aside.")
    return kept
