"""Tables that are no text of lines: JSON, and Parquet and Feather through pyarrow."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from edgewise.errors import ReadError

from .files import Open
from .sheet import Cells

Columns = dict[str, Cells]
Reader = Callable[[Path, Open, Callable[[str], bool]], Columns]


def read_json(file: Path, opened: Open, is_words: Callable[[str], bool]) -> Columns:
    """A list of objects, one a row; or one object whose members are columns."""
    with opened() as stream:
        whole = _parsed(stream.read(), str(file), "a list of objects, one for each row")
    if isinstance(whole, dict) and whole and all(isinstance(column, list) for column in whole.values()):
        if len({len(column) for column in whole.values()}) > 1:
            raise ReadError(f"the columns of {file} differ in length. Give as many values in each.")
        return {name: _cells(file, name, column, is_words) for name, column in whole.items()}
    return _of_records(file, whole, is_words)


def read_json_lines(file: Path, opened: Open, is_words: Callable[[str], bool]) -> Columns:
    """One object a line, one line a row."""
    with opened() as stream:
        lines = [
            _parsed(line, f"line {number} of {file}", "one object a line")
            for number, line in enumerate(stream, 1)
            if line.strip()
        ]
    return _of_records(file, lines, is_words)


def read_parquet(file: Path, opened: Open, is_words: Callable[[str], bool]) -> Columns:
    """A Parquet file."""
    return _of_arrow(file, opened, is_words, "parquet")


def read_feather(file: Path, opened: Open, is_words: Callable[[str], bool]) -> Columns:
    """A Feather (Arrow) file."""
    return _of_arrow(file, opened, is_words, "feather")


READERS: dict[str, Reader] = {
    ".json": read_json,
    **dict.fromkeys((".jsonl", ".ndjson"), read_json_lines),
    **dict.fromkeys((".parquet", ".pq"), read_parquet),
    **dict.fromkeys((".feather", ".arrow"), read_feather),
}


def _parsed(text: bytes, where: str, expected: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # text that is no UTF-8 is a ValueError too
        raise ReadError(f"{where} is no JSON: {error}. Expected {expected}.") from error


def _of_records(file: Path, records: Any, is_words: Callable[[str], bool]) -> Columns:
    if not isinstance(records, list) or not records or not all(isinstance(row, Mapping) for row in records):
        raise ReadError(f"{file} holds no rows. Expected a list of objects, one for each row, and at least one.")
    names = dict.fromkeys(name for row in records for name in row)
    return {name: _cells(file, name, [row.get(name) for row in records], is_words) for name in names}


def _cells(file: Path, name: str, values: Iterable[Any], is_words: Callable[[str], bool]) -> Cells:
    given = list(values)
    nested = next((value for value in given if isinstance(value, list | dict)), None)
    if nested is not None:
        raise ReadError(
            f"column {name!r} of {file} holds {str(nested)[:30]}, not one value a cell. Give each value a column."
        )
    return Cells.of(given, is_words(name))


def _of_arrow(file: Path, opened: Open, is_words: Callable[[str], bool], kind: str) -> Columns:
    try:
        from pyarrow import ArrowException, feather, parquet, types
    except ImportError as error:
        raise ReadError(
            f'{file} needs pyarrow, which is not installed. Install it: pip install "edgewise[parquet]"'
        ) from error
    stream: IO[bytes]
    with opened() as stream:
        try:
            table = parquet.read_table(stream) if kind == "parquet" else feather.read_table(stream)
        except (ArrowException, OSError) as error:
            raise ReadError(f"{file} is no {kind} file, or a damaged one: {str(error).strip().rstrip('.')}.") from error
    columns: Columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name in columns:
            raise ReadError(f"{file} has two columns called {name!r}. Rename one.")
        if types.is_integer(column.type) or types.is_floating(column.type):
            columns[name] = Cells((np.array(column.to_numpy(), dtype=np.float64),))
        else:
            columns[name] = _cells(file, name, column.to_pylist(), is_words)
    return columns
