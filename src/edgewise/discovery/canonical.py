"""One form for all tables that say the same: equal rows merged, an order that only the contents decide.

Rows stand in the order of a hash of their inputs, mixed with the seed. So the order in which rows came does not matter,
a row of weight k is the same as k equal rows, rows with equal inputs are neighbours, and the first rows are a random
sample.
"""

from dataclasses import dataclass

import numpy as np

from edgewise.data import Table

_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_STEP = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Canonical:
    """Which rows of a table to take, in which order, and how much each counts.

    ``index`` (rows,) numbers one row of each set of equal rows; ``weights`` (rows,) have mean one, None where all are
    alike; ``groups`` (rows,) counts different inputs from 0, ascending.
    """

    index: np.ndarray
    weights: np.ndarray | None
    groups: np.ndarray

    @property
    def distinct(self) -> int:
        """How many different inputs there are."""
        return int(self.groups[-1]) + 1

    def share(self, table: Table, first: int, end: int, most: int | None = None) -> Table:
        """The rows of the groups from ``first`` to before ``end``, the first ``most`` of them."""
        low, high = np.searchsorted(self.groups, (first, end))
        return self.rows(table, slice(low, high if most is None else min(high, low + most)))

    def rows(self, table: Table, chosen: slice) -> Table:
        """Some of the rows, in this order, each with its weight."""
        index = self.index[chosen]
        weights = None if self.weights is None else self.weights[chosen]
        # -0.0 and 0.0 are one number but two patterns of bits
        columns = {name: values[index] + 0.0 for name, values in table.columns.items()}
        return Table(columns, table.target, table.inputs, table.units, table.source, weights)


def canonical(table: Table, seed: int) -> Canonical:
    """The table's rows merged and in the order that ``seed`` gives them."""
    inputs = [table.columns[name] for name in table.inputs]
    weights = np.ones(table.rows) if table.weights is None else table.weights
    keys = hashed(inputs, seed)
    order = np.lexsort((weights, table.y, keys))
    new = _changes(inputs, order)
    if np.any(new != _changes([keys], order)):
        order = np.lexsort((weights, table.y, *inputs, keys))  # two rows share a hash: once in ten million long tables
        new = _changes(inputs, order)
    different = new | _changes([table.y], order)
    starts = np.flatnonzero(different)
    merged = np.add.reduceat(weights[order], starts)
    alike = bool(np.all(merged == merged[0]))
    return Canonical(order[starts], None if alike else merged / merged.mean(), np.cumsum(new)[starts] - 1)


def hashed(columns: list[np.ndarray], seed: int) -> np.ndarray:
    """A number of 64 bits for each row (G. Steele et al., "Fast splittable pseudorandom number generators", 2014)."""
    keys = np.full(len(columns[0]), (seed + 1) * _STEP % 2**64, dtype=np.uint64)
    for column in columns:
        keys ^= (column + 0.0).view(np.uint64)
        for factor, shift in zip(_MIX, (30, 27), strict=True):
            keys ^= keys >> np.uint64(shift)
            keys *= factor
        keys ^= keys >> np.uint64(31)
        keys += np.uint64(_STEP)
    return keys


def _changes(columns: list[np.ndarray], order: np.ndarray) -> np.ndarray:
    """Where a row, in this order, differs from the one before it; the first does."""
    changed = np.zeros(len(order), dtype=bool)
    changed[:1] = True
    for column in columns:
        sorted_column = column[order]
        changed[1:] |= sorted_column[1:] != sorted_column[:-1]
    return changed
