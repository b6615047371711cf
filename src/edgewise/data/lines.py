"""CSV and its relatives, read once from top to bottom, some thousand lines at a time.

A file is a header line of names and then lines of cells, parted by commas, semicolons, tabs, bars or blanks; which of
them is found out. A line that starts with # is a remark above the header; below it only where it has another number of
cells than the header, for an identifier may look like #1. Only the numbers of the lines read so far are kept, so that a
million rows fit into memory.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, dropwhile, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgewise.errors import ReadError

from .cells import Commas, is_number
from .files import Open
from .sheet import Cells, Piece, piece
from .table import unique_names

Line = tuple[int, str]
Numbers = NDArray[np.int64]

_DELIMITERS = ("\t", ";", ",", "|", " ")
_SNIFFED_LINES = 30
_LINES_AT_ONCE = 10_000
_BLOCK = 1 << 20
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


def read_lines(
    file: Path, opened: Open, is_words: Callable[[str], bool], given: Sequence[str] = (), comma: bool = False
) -> tuple[dict[str, Cells], Numbers, tuple[str, ...]]:
    """The columns by the header's names, the line of each row, and what is to be said of the file.

    ``is_words(name)`` tells the columns whose cells stay text, also where they look like numbers; ``given`` are the
    names of the columns of a file whose first line does not hold them, ``comma`` says that numbers have a decimal comma.
    """
    encoding = _encoding(file, opened)
    notes = ("the file is no UTF-8 and was read as Windows text (cp1252)",) if encoding == "cp1252" else ()
    with opened() as stream, io.TextIOWrapper(stream, encoding) as text:
        lines = ((number, line.rstrip("\n")) for number, line in enumerate(text, 1) if line.strip())
        try:
            columns, numbers, said = _parsed(file, lines, is_words, given, comma)
        except csv.Error as error:
            raise ReadError(f"{file} is no table of cells: {error}. edgewise reads CSV and TSV files.") from error
    return columns, numbers, notes + said


def _parsed(
    file: Path, lines: Iterator[Line], is_words: Callable[[str], bool], given: Sequence[str], comma: bool
) -> tuple[dict[str, Cells], Numbers, tuple[str, ...]]:
    if not given:
        lines = dropwhile(lambda line: _is_marked(line[1]), lines)
    head = list(islice(lines, _SNIFFED_LINES))
    if not head:
        raise ReadError(f"{file} is empty. Expected a header line with the columns' names and then lines of numbers.")
    unmarked = [line for _, line in head if not _is_marked(line)]
    delimiter = _delimiter(unmarked or [head[0][1]])
    header = [name.strip() for name in (given or _cells(head[0][1], delimiter))]
    names = _names(file, header)
    words = [is_words(name) for name in header]
    commas = [Commas() if comma and not as_words else None for as_words in words]
    columns, numbers = _columns(file, chain(head if given else head[1:], lines), delimiter, words, commas)
    if not len(numbers):
        raise ReadError(f"{file} has a header ({', '.join(names)}) but no rows of numbers below it.")
    cells = [Cells(tuple(pieces)) for pieces in columns]
    nameless = [i for i, name in enumerate(header) if not name and not cells[i].is_nothing()]
    said = tuple(f"column {i + 1} of the file has no name and is left out" for i in nameless)
    if not any(read and read.settled for read in commas):  # one column of 1,5 says what the commas of a file are
        said += tuple(doubt for name, read in zip(header, commas, strict=True) if read for doubt in read.doubt(name))
    return {name: column for name, column in zip(header, cells, strict=True) if name}, numbers, said


def _columns(
    file: Path, lines: Iterator[Line], delimiter: str, words: Sequence[bool], commas: Sequence[Commas | None]
) -> tuple[list[list[Piece]], Numbers]:
    columns: list[list[Piece]] = [[] for _ in words]
    numbers: list[Numbers] = [np.empty(0, dtype=np.int64)]
    rows_in_file = _rows(file, lines, delimiter, len(words))
    while some := list(islice(rows_in_file, _LINES_AT_ONCE)):
        found = [number for number, _ in some]
        rows = [row for _, row in some]
        for pieces, cells, as_words, read in zip(columns, zip(*rows, strict=True), words, commas, strict=True):
            pieces.append(piece(read.as_points(cells, found) if read else cells, as_words))
        numbers.append(np.array(found, dtype=np.int64))
    return columns, np.concatenate(numbers)


def _encoding(file: Path, opened: Open) -> str:
    """UTF-8, UTF-16 with its mark, or what spreadsheets in Europe write."""
    with opened() as stream:
        utf16 = stream.read(2) in (b"\xff\xfe", b"\xfe\xff")
    encodings = ("utf-16",) if utf16 else ("utf-8-sig", "cp1252")
    found = next((encoding for encoding in encodings if _decodes(opened, encoding)), None)
    if found is None or (not utf16 and _is_binary(opened)):
        raise ReadError(f"{file} is no text but binary data. edgewise reads CSV and TSV files.")
    return found


def _is_binary(opened: Open) -> bool:
    with opened() as stream:
        return any(_CONTROL.search(block) for block in iter(lambda: stream.read(_BLOCK), b""))


def _decodes(opened: Open, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with opened() as stream:
        try:
            while block := stream.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _is_marked(line: str) -> bool:
    return line.lstrip().startswith("#")


def _rows(file: Path, lines: Iterator[Line], delimiter: str, expected: int) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that is no remark."""
    for number, line in lines:
        row = _cells(line, delimiter)
        if not _is_marked(line) or _fits(row, expected):
            yield number, _row(file, number, row, expected)


def _delimiter(lines: Sequence[str]) -> str:
    """The sign that parts the header, and most lines below it into as many cells."""
    best, best_agreement = ",", -1.0
    for sign in _DELIMITERS:
        counts = [len(_cells(line, sign)) for line in lines]
        agreement = sum(count == counts[0] for count in counts) / len(counts)
        if counts[0] > 1 and agreement > best_agreement:
            best, best_agreement = sign, agreement
    return best


def _cells(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split()
    if '"' not in line:  # many times faster than the csv module, line by line
        return line.split(delimiter)
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))


def _names(file: Path, header: Sequence[str]) -> tuple[str, ...]:
    """The names that are there; a column without a name is left out."""
    if all(is_number(cell) for cell in header):
        raise ReadError(
            f"the first line of {file} holds numbers ({', '.join(header[:3])}, ...), not names. "
            f"Put a header line above it, such as: {','.join(f'x{i}' for i in range(len(header) - 1))},y"
        )
    return unique_names(name for name in header if name)


def _fits(row: list[str], expected: int) -> bool:
    return len(row) >= expected and not any(cell.strip() for cell in row[expected:])


def _row(file: Path, number: int, row: list[str], expected: int) -> list[str]:
    """The row, without blank cells beyond the header; ReadError where it is too short or too long."""
    if len(row) == expected:
        return row
    if not _fits(row, expected):
        raise ReadError(
            f"line {number} of {file} has {len(row)} cell{'s' * (len(row) != 1)}, but the header has {expected}. "
            f"Give each line as many cells as the header; put quotes around a cell that holds the delimiter."
        )
    return row[:expected]
