"""The table as the search sees it."""

from dataclasses import dataclass

import numpy as np

from edgewise.data import Table
from edgewise.errors import ValuesError
from edgewise.formula import identifiers

MOST_ROWS = 5000
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

    def columns(self, table: Table) -> dict[str, np.ndarray]:
        """Columns of one of the tables by identifier."""
        return {identifier: table.columns[column] for identifier, column in self.symbols.items()}

    @property
    def spread(self) -> float:
        """The standard deviation of the target."""
        return float(self.table.y.std())


def prepare(table: Table, seed: int, held_out: float = 0.2) -> Prepared:
    """Leave aside what cannot matter (constant columns, copies of columns), then hold rows out by ``seed``.

    Raises ValuesError when no input or the target does not vary, or there is one row only.
    """
    table.require_learnable()
    warnings: list[str] = []
    kept = _varying(table, warnings)
    kept = _distinct(table, kept, warnings)
    lean = table.select(kept)
    symbols = {identifier: column for column, identifier in identifiers(kept).items()}
    if table.rows < SMALL:
        return Prepared(lean, lean, lean, *lean.split(0.25, seed), symbols, tuple(warnings), small=True)
    train, held = lean.split(held_out, seed)
    if train.rows > MOST_ROWS:
        warnings.append(f"{table.rows} rows: the search looks at {MOST_ROWS} of them, drawn by the seed.")
        train = train.take(np.sort(np.random.default_rng(seed).permutation(train.rows)[:MOST_ROWS]))
    return Prepared(lean, train, held, train, held, symbols, tuple(warnings), small=False)


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
