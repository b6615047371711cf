"""Columns of words as columns of 0 and 1, one for each level: ``colour`` becomes ``colour=blue`` and ``colour=red``."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgewise.errors import ValuesError

from .cells import Column, places
from .sheet import Cells, Sheet

MOST_LEVELS = 50
_PLAIN_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")


def coded_name(column: str, level: str) -> str:
    """The name of the column of 0 and 1 that tells one level."""
    return f"{column}={level}"


def words_sheet(column: str, cells: Any) -> Sheet:
    """A sheet of one column of words, of a frame or a mapping."""
    held = {column: Cells.of(np.asarray(cells, dtype=object).tolist(), as_words=True)}
    return Sheet(Path(), (column,), (column,), {}, held, None)


def find_levels(sheet: Sheet, column: str) -> tuple[str, ...]:
    """The different words of a column in alphabetical order; ValuesError for blank cells and for too many."""
    found = sorted(set(_words(sheet, column).tolist()))
    if len(found) > MOST_LEVELS:
        raise ValuesError(
            f"column {column!r} has {len(found)} levels, more than the {MOST_LEVELS} that make sense as inputs. "
            f"Leave it out, or put levels together."
        )
    return tuple(found)


def code(sheet: Sheet, column: str, levels: Sequence[str]) -> dict[str, Column]:
    """A column of 0 and 1, (rows,), for each level; ValuesError where a cell holds another word."""
    words = _words(sheet, column)
    if (strange := np.flatnonzero(~np.isin(words, np.array(levels)))).size:
        raise ValuesError(
            f"column {column!r} holds {str(words[strange[0]])!r} ({places(strange[:1], sheet.lines)}), which was not there "
            f"in training (known: {', '.join(levels)}). Drop such rows."
        )
    return {coded_name(column, level): (words == level).astype(np.float64) for level in levels}


def decoded(names: Sequence[str], levels: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Which column of a file each of the ``names`` that is no column itself is made from."""
    made = {coded_name(column, level): column for column, known in levels.items() for level in known}
    return {name: made[name] for name in names if name in made}


def _words(sheet: Sheet, column: str) -> NDArray[np.str_]:
    """The column's cells; numbers are written alike, so that 4 and 4.0 are one level."""
    cells = sheet.cells[column]
    if (blank := np.flatnonzero(cells.missing(as_words=True))).size:
        raise ValuesError(
            f"column {column!r} has {blank.size} blank cell{'s' * (blank.size != 1)} "
            f"({places(blank, sheet.lines)}), which is no level. Fill the cells, or drop these rows."
        )
    return np.array([_level(word) for word in cells.text()], dtype=np.str_)


def _level(word: str) -> str:
    if not _PLAIN_NUMBER.fullmatch(word):
        return word  # also 007, which is a code
    value = float(word)
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(value)
