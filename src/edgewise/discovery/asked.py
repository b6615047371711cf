"""Rows that are to be answered: their columns by name, and what is to be said of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from edgewise.data import columns_of, has_names
from edgewise.errors import ShapeError, ValuesError

Columns = dict[str, np.ndarray]


def columns_asked(
    x: Any, inputs: Sequence[str], required: Sequence[str], levels: Mapping[str, Sequence[str]] | None = None
) -> Columns:
    """The columns of a table, a frame or a mapping by name, of an array (rows, inputs) by their order."""
    if has_names(x):
        return columns_of(x, inputs, required, levels)
    try:
        x = np.asarray(x, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValuesError(
            f"x is no array of numbers (rows, {len(inputs)}) for {', '.join(inputs)}: {error}. Words go by the names of their "
            "columns: give a table, a data frame or a mapping."
        ) from None
    if x.ndim != 2 or x.shape[1] != len(inputs):
        raise ShapeError(f"x must be (rows, {len(inputs)}) for {', '.join(inputs)}; got {x.shape}.")
    return dict(zip(inputs, x.T, strict=True))


def outside(ranges: Mapping[str, tuple[float, float]], columns: Mapping[str, np.ndarray]) -> Iterator[str]:
    """A sentence for each column that leaves the range that was learned from."""
    for name, (low, high) in ranges.items():
        spare = 1e-9 * (high - low)
        if name in columns and (beyond := int(np.sum((columns[name] < low - spare) | (columns[name] > high + spare)))):
            yield f"{name!r} leaves the range that was learned from ({low:g} to {high:g}) in {rows_in_words(beyond)}."


def rows_in_words(number: int) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number} row" + "s" * (number != 1)
