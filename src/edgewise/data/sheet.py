"""What a file holds before anybody has chosen a target: named columns of cells."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .cells import BLANK, Column, is_missing, is_number, is_truth, numbers, require_finite

Piece = Column | list[str]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Cells:
    """One column, (rows,), in pieces: a piece is numbers (NaN where a cell is missing), or text where a cell is none."""

    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, values: Iterable[Any], as_words: bool = False) -> Self:
        """The column of these values: numbers, truth values, text, None."""
        return cls((piece(["" if value is None else str(value) for value in values], as_words),))

    @property
    def rows(self) -> int:
        """How many cells there are."""
        return sum(map(len, self.pieces))

    def text(self) -> list[str]:
        """Every cell as text: a whole number without a point, a missing one as nothing."""
        return [word for part in self.pieces for word in (part if isinstance(part, list) else map(_written, part))]

    def is_nothing(self) -> bool:
        """Whether no cell holds anything."""
        return all(not any(part) if isinstance(part, list) else bool(np.isnan(part).all()) for part in self.pieces)

    def is_numbers(self) -> bool:
        """Whether no cell is text."""
        return not any(isinstance(part, list) for part in self.pieces)

    def example(self) -> str | None:
        """The first cell that is text, where no cell is a number; else None."""
        if any(not isinstance(part, list) and np.isfinite(part).any() for part in self.pieces):
            return None
        words = [word for part in self.pieces if isinstance(part, list) for word in part]
        found = [word for word in words if not is_missing(word)]
        return None if not found or any(map(is_number, found)) else found[0]

    def missing(self, as_words: bool = False) -> Mask:
        """(rows,), true where a cell is missing or infinite; of words, where it is blank."""
        lost = [
            np.array([word.lower() in BLANK if as_words else is_missing(word) for word in part], dtype=np.bool_)
            if isinstance(part, list)
            else ~np.isfinite(part)
            for part in self.pieces
        ]
        return np.concatenate(lost)

    def keep(self, rows: Mask) -> Self:
        """The cells of these rows."""
        ends = np.cumsum([len(part) for part in self.pieces])[:-1]
        parts = zip(self.pieces, np.split(rows, ends), strict=True)
        return replace(
            self,
            pieces=tuple(
                part[kept] if not isinstance(part, list) else [w for w, k in zip(part, kept, strict=True) if k]
                for part, kept in parts
            ),
        )

    def truths(self) -> Self | None:
        """The column as 0 and 1 where the cells that are no numbers are true or false; None where that is not so."""
        words = [word for part in self.pieces if isinstance(part, list) for word in part]
        if not any(map(is_truth, words)) or not all(map(is_number, words)):
            return None
        made = (numbers("", part, missing=True) if isinstance(part, list) else part for part in self.pieces)
        return replace(self, pieces=tuple(made))

    def numbers(self, name: str, lines: Sequence[int] | NDArray[np.int64] | None, advice: str) -> Column:
        """The cells as finite numbers, (rows,); ValuesError for text and for cells that are missing."""
        if not self.is_numbers():
            return numbers(name, self.text(), lines, advice=advice)
        values = np.concatenate([np.asarray(part, dtype=np.float64) for part in self.pieces])
        require_finite(name, values, lines, advice)
        return values


@dataclass(frozen=True)
class Sheet:
    """The columns of a file: as the header writes them, their names without units, cells, and each row's line.

    ``lines`` is None where a row has no line of its own; ``truths`` names the columns of true and false.
    """

    path: Path
    raw_names: tuple[str, ...]
    names: tuple[str, ...]
    units: Mapping[str, str]
    cells: Mapping[str, Cells]
    lines: NDArray[np.int64] | None
    truths: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def name_of(self, asked: str) -> str:
        """The column's name, also where it is asked for as the header writes it, with its unit."""
        return self.names[self.raw_names.index(asked)] if asked in self.raw_names else asked

    def numbers(self, name: str, advice: str) -> Column:
        """One column as finite numbers, (rows,); ``advice`` says what to do about missing cells."""
        return self.cells[name].numbers(name, self.lines, advice)

    def keep(self, rows: Mask, columns: Iterable[str]) -> Self:
        """These rows of these columns."""
        lines = None if self.lines is None else self.lines[rows]
        return replace(self, cells={name: self.cells[name].keep(rows) for name in columns}, lines=lines)


def piece(words: Sequence[str], as_words: bool = False) -> Piece:
    """A run of cells as numbers, or as text where one of them is none, or all of them with ``as_words``."""
    if not as_words:
        try:
            # Python reads "1_000" as a number; a table that says so more likely holds codes
            if not any("_" in word for word in words):
                return np.array(words, dtype=np.float64)
        except ValueError:
            pass
    stripped = [word.strip() for word in words]
    if as_words or not all(map(is_number, stripped)) or any(map(is_truth, stripped)):
        once: dict[str, str] = {}  # a column of a few words a million times over holds each but once
        return [once.setdefault(word, word) for word in stripped]
    return numbers("", stripped, missing=True)


def _written(value: float) -> str:
    if np.isnan(value):
        return ""
    return str(int(value)) if np.isfinite(value) and value == int(value) else repr(float(value))
