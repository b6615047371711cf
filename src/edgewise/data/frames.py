"""Columns by name out of a table, a frame or a mapping: what a prediction needs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgewise.errors import ShapeError, ValuesError

from .cells import Column, numbers
from .coded import code, decoded, words_sheet
from .headers import bare
from .table import Table, find_column


def has_names(given: Any) -> bool:
    """Whether columns go by name here: a table, a mapping, a frame of pandas or polars (a lazy one is refused later)."""
    if isinstance(given, Table | Mapping):
        return True
    return hasattr(given, "collect") or hasattr(given, "columns")


def columns_of(
    given: Any, names: Sequence[str], required: Sequence[str], levels: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Column]:
    """The columns ``names`` that are there, (rows,) each, NaN where a cell is missing; other columns are not looked at.

    Names like ``colour=red`` are made from the column ``colour`` by its ``levels``, unless they are there themselves.
    Raises ColumnError where one of ``required`` can neither be found nor be made, ValuesError for text and for levels
    that are not known.
    """
    if hasattr(given, "collect"):  # of polars
        raise ValuesError("the frame is lazy: nothing of it has been computed. Give frame.collect().")
    held = given.columns if isinstance(given, Table) else given
    written = {str(name): name for name in getattr(held, "columns", held)}
    known = {bare(name): column for name, column in written.items()} | written  # "h [m]" does for h
    made_from = {name: column for name, column in decoded(names, levels or {}).items() if name not in known}
    for name in required:
        find_column(made_from.get(name, name), known, "inputs")
    found = {
        name: numbers(name, np.atleast_1d(np.asarray(held[known[name]])), missing=True)
        for name in names
        if name in known and name not in made_from
    }
    for column in dict.fromkeys(made_from.values()):
        if column in known:
            found |= code(words_sheet(column, held[known[column]]), column, (levels or {})[column])
    return same_length(found)


def same_length(columns: dict[str, Column]) -> dict[str, Column]:
    """The columns, if all are equally long; one value does for all rows. Raises ShapeError where lengths differ."""
    lengths = {name: len(values) for name, values in columns.items()}
    rows = max(lengths.values(), default=0)
    if any(length not in (1, rows) for length in lengths.values()):
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ShapeError(f"the columns differ in length ({told}). Give as many values for each, or one for all rows.")
    return {name: np.broadcast_to(values, (rows,)) for name, values in columns.items()}
