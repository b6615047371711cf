"""From a text file to a Table.

A file is a header line of names and then lines of numbers, parted by commas, semicolons, tabs, bars or blanks; which
of them is found out. A unit may stand behind a name: ``L [m]`` or ``L (m)``. Lines that are blank or start with # are
skipped.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from edgewise.errors import ReadError, ValuesError, did_you_mean

from .cells import is_decimal_comma, is_number, numbers
from .table import Column, Table, choose_inputs, find_column, unique_names

_OTHER_FORMATS = {
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".ods"), "a spreadsheet. Save the sheet as CSV"),
    **dict.fromkeys((".parquet", ".feather", ".arrow", ".h5", ".hdf5", ".orc"), "a binary table. Write it as CSV"),
    **dict.fromkeys((".npy", ".npz", ".mat", ".pkl", ".pickle"), "a file of arrays. Write the columns as CSV"),
    **dict.fromkeys((".gz", ".zip", ".bz2", ".xz", ".zst", ".7z"), "a packed file. Unpack it"),
    **dict.fromkeys((".json", ".jsonl", ".xml", ".html"), "no table of lines. Write it as CSV"),
    ".pdf": "a document. Write the table as CSV",
}
_DELIMITERS = ("\t", ";", ",", "|", " ")
_SNIFFED_LINES = 30
_LINE_END = re.compile(r"\r\n|\r|\n")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_UNIT = re.compile(r"(?P<name>.*\S)\s*\[(?P<square>[^\[\]]*)\]|(?P<word>.*\S)\s+\((?P<round>[^()]*)\)")


@dataclass(frozen=True)
class Sheet:
    """The cells of a file as text: the names of its columns, its rows, and the line on which each row stands."""

    path: Path
    raw_names: tuple[str, ...]
    names: tuple[str, ...]
    units: Mapping[str, str]
    cells: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def name_of(self, asked: str) -> str:
        """The column's name, also where it is asked for as the header writes it, with its unit."""
        return self.names[self.raw_names.index(asked)] if asked in self.raw_names else asked

    def text(self, name: str) -> list[str]:
        """The cells of one column."""
        position = self.names.index(name)
        return [row[position] for row in self.cells]

    def numbers(self, name: str) -> Column:
        """One column as finite numbers, (rows,)."""
        return numbers(name, self.text(name), self.lines)


def read_table(
    path: str | Path,
    target: str,
    inputs: Sequence[str] | None = None,
    units: Mapping[str, str] | None = None,
    source: str | None = None,
) -> Table:
    """The table in a CSV or TSV file; without ``inputs`` every other column is one.

    ``units`` adds to, and overrides, the units in the header; ``source`` stands for the path. Raises ReadError for
    the file, ColumnError for a name, ValuesError for cells.
    """
    sheet = read_sheet(path)
    target = sheet.name_of(target)
    if inputs is None:
        candidates = [name for name in sheet.names if name == target or not _is_nothing(sheet, name)]
        chosen = choose_inputs(candidates, target, None)
        _require_numbers(sheet, chosen)
    else:
        asked = inputs if isinstance(inputs, str) else [sheet.name_of(name) for name in inputs]
        chosen = choose_inputs(sheet.names, target, asked)
    columns = {name: sheet.numbers(name) for name in (*chosen, target)}
    given = {find_column(sheet.name_of(name), sheet.names, "units"): unit for name, unit in (units or {}).items()}
    known = {name: unit for name, unit in {**sheet.units, **given}.items() if name in columns}
    return Table(columns, target, chosen, known, source or str(path)).require_learnable()


def read_columns(path: str | Path, names: Sequence[str]) -> dict[str, Column]:
    """These columns of a file, whatever else it holds: what a prediction needs."""
    sheet = read_sheet(path)
    return {name: sheet.numbers(find_column(sheet.name_of(name), sheet.names, "inputs")) for name in names}


def read_sheet(path: str | Path) -> Sheet:
    """The cells of a file as text; ReadError where it is no table."""
    file = Path(path)
    text = _decoded(file, _bytes(file))
    lines = [(number, line) for number, line in enumerate(_LINE_END.split(text), 1) if _counts(line)]
    if not lines:
        raise ReadError(f"{file} is empty. Expected a header line with the columns' names and then lines of numbers.")
    try:
        delimiter = _delimiter([line for _, line in lines[:_SNIFFED_LINES]])
        (_, header), *body = [(number, _cells(line, delimiter)) for number, line in lines]
    except csv.Error as error:
        raise ReadError(f"{file} is no table of cells: {error}. edgewise reads CSV and TSV files.") from error
    raw_names, kept = _header(file, header)
    rows = [(number, _row(file, number, row, len(header))) for number, row in body]
    if not rows:
        raise ReadError(f"{file} has a header ({', '.join(raw_names)}) but no rows of numbers below it.")
    names, units = _names_and_units(raw_names)
    cells = tuple(tuple(row[i] for i in kept) for _, row in rows)
    return Sheet(file, raw_names, names, units, cells, tuple(number for number, _ in rows))


def _bytes(file: Path) -> bytes:
    if file.is_dir():
        raise ReadError(f"{file} is a folder. Give a CSV or TSV file in it.")
    if not file.exists():
        folder = file.parent
        near = [e.name for e in folder.iterdir() if e.is_file() and e.name[0] != "."] if folder.is_dir() else []
        where = did_you_mean(file.name, near) if folder.is_dir() else f" The folder {folder} is not there either."
        raise ReadError(f"there is no file {file}.{where}")
    if file.suffix.lower() in _OTHER_FORMATS:
        raise ReadError(f"{file} is {_OTHER_FORMATS[file.suffix.lower()]} first; edgewise reads CSV and TSV.")
    try:
        return file.read_bytes()
    except OSError as error:
        raise ReadError(f"{file} cannot be read: {error.strerror}.") from error


def _decoded(file: Path, content: bytes) -> str:
    """The text behind the bytes: UTF-8, UTF-16 with its mark, or what spreadsheets in Europe write."""
    not_text = ReadError(f"{file} is no text but binary data. edgewise reads CSV and TSV files.")
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not utf16 and _CONTROL.search(content):
        raise not_text
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "cp1252"):
        with suppress(UnicodeDecodeError):
            return content.decode(encoding)
    raise not_text


def _counts(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


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
        return [cell.strip() for cell in line.split(delimiter)]
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]


def _header(file: Path, header: Sequence[str]) -> tuple[tuple[str, ...], list[int]]:
    """The names that are there, and where they stand; a column without a name is left out."""
    if all(is_number(cell) for cell in header):
        raise ReadError(
            f"the first line of {file} holds numbers ({', '.join(header[:3])}, ...), not names. "
            f"Put a header line above it, such as: {','.join(f'x{i}' for i in range(len(header) - 1))},y"
        )
    kept = [i for i, name in enumerate(header) if name]
    return unique_names(header[i] for i in kept), kept


def _row(file: Path, number: int, row: list[str], expected: int) -> list[str]:
    """The row, without blank cells beyond the header; ReadError where it is too short or too long."""
    if len(row) < expected or any(row[expected:]):
        raise ReadError(
            f"line {number} of {file} has {len(row)} cell{'s' * (len(row) != 1)}, but the header has {expected}. "
            f"Give each line as many cells as the header; put quotes around a cell that holds the delimiter."
        )
    return row[:expected]


def _names_and_units(raw: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Names without their units; where two names would become one ("v (min)", "v (max)"), both stay as written."""
    found = [_UNIT.fullmatch(name) for name in raw]
    bare = [(match["name"] or match["word"]) if match else name for match, name in zip(found, raw, strict=True)]
    names = tuple(short if bare.count(short) == 1 else name for short, name in zip(bare, raw, strict=True))
    units = {
        name: (match["square"] or match["round"] or "").strip()
        for name, whole, match in zip(names, raw, found, strict=True)
        if match and name != whole
    }
    return names, {name: unit for name, unit in units.items() if unit}


def _is_nothing(sheet: Sheet, name: str) -> bool:
    return not any(sheet.text(name))


def _require_numbers(sheet: Sheet, names: Sequence[str]) -> None:
    """ValuesError that names every column of text, where the user has not said which columns to use."""
    text = {name: cells[0] for name in names if not any(map(is_number, cells := sheet.text(name)))}
    comma = next((name for name, cell in text.items() if is_decimal_comma(cell)), None)
    if comma is not None:
        sheet.numbers(comma)
    if text:
        examples = ", ".join(f"{name!r} (like {cell!r})" for name, cell in text.items())
        rest = [name for name in names if name not in text]
        raise ValuesError(
            f"{examples} in {sheet.path} hold{'s' * (len(text) == 1)} text, not numbers. "
            f"Choose the inputs: --inputs {quote(','.join(rest) or 'A,B')} (in Python: inputs={rest or ['A', 'B']})."
        )
