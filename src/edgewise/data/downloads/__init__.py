"""Real data sets that do not come along: looked for in a folder of yours, then in the cache, then fetched.

>>> DOWNLOADS["uci/yacht"].target
'y'

A file is taken from the folder that the environment variable EDGEWISE_DATA_DIR names, if it is there; else from the
user's cache; else from the first of its addresses that answers (http, https, ftp or file). Its sha256 is checked each
time. Nothing is fetched that nobody asked for by name. A data set is one row of registry.csv (one for each file).
"""

import csv
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgewise.data.readers import read_sheet, read_table
from edgewise.data.table import Table
from edgewise.errors import EdgewiseWarning, SettingsError, UnknownNameError, did_you_mean

from .idx import read_idx
from .store import Remote, obtain

__all__ = ["DOWNLOADS", "Download", "Remote", "fetch", "fetch_arrays", "fetch_cells"]


@dataclass(frozen=True)
class Download:
    """A data set elsewhere: its files by part (a table has one, called ""), and what is known about it.

    ``licence`` is empty where none is stated. ``header`` names the columns where the file does not.
    """

    name: str
    about: str
    licence: str
    parts: Mapping[str, Remote]
    target: str = ""
    header: tuple[str, ...] = ()

    @property
    def is_table(self) -> bool:
        """Whether it is one table; else it is arrays."""
        return set(self.parts) == {""}


def fetch(
    name: str | Download,
    target: str | None = None,
    inputs: Sequence[str] | None = None,
    *,
    one_hot: Sequence[str] = (),
    drop_missing: bool = False,
) -> Table:
    """The data set of that name as a table, its usual target if none is named; the other words as in ``read_table``.

    Raises UnknownNameError for the name, DownloadError where the file cannot be had or is not the one that was meant,
    and what ``read_table`` raises. Warns where no licence is stated.
    """
    row = _table(name)
    table = read_table(
        _file(row),
        target or row.target,
        inputs,
        source=row.name,
        one_hot=one_hot,
        drop_missing=drop_missing,
        header=row.header,
    )
    return replace(table, notes=(*table.notes, f"licence of {row.name}: {row.licence or 'not stated'}"))


def fetch_arrays(name: str | Download) -> dict[str, NDArray[Any]]:
    """A data set of arrays by the names of its parts: "mnist" has images (rows, 28, 28) and labels (rows,), uint8.

    Raises as ``fetch`` does.
    """
    row = _row(name)
    if row.is_table:
        raise SettingsError(f"{row.name!r} is a table. Ask for it with fetch({row.name!r}).")
    _say_licence(row)
    return {part: read_idx(obtain(remote)) for part, remote in row.parts.items()}


def fetch_cells(name: str | Download) -> dict[str, list[str]]:
    """All columns of a table as its file has them, words and blanks too. Raises as ``fetch`` does."""
    row = _table(name)
    sheet = read_sheet(_file(row), header=row.header)
    return {column: cells.text() for column, cells in sheet.cells.items()}


def _row(name: str | Download) -> Download:
    if isinstance(name, Download):
        return name
    if name not in DOWNLOADS:
        hint = did_you_mean(name, DOWNLOADS)
        raise UnknownNameError(
            f"there is no data set {name!r}.{hint} The command edgewise data lists all {len(DOWNLOADS)}."
        )
    return DOWNLOADS[name]


def _table(name: str | Download) -> Download:
    row = _row(name)
    if not row.is_table:
        raise SettingsError(f"{row.name!r} is arrays, not a table. Ask in Python: fetch_arrays({row.name!r}).")
    return row


def _file(row: Download) -> Path:
    _say_licence(row)
    return obtain(row.parts[""])


def _say_licence(row: Download) -> None:
    if not row.licence:
        said = f"no licence is stated for the data set {row.name!r}: look at it, and ask before you pass it on."
        warnings.warn(said, EdgewiseWarning, stacklevel=4)


@cache
def _read() -> dict[str, Download]:
    found: dict[str, Download] = {}
    text = (files(__name__) / "registry.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        remote = Remote(row["file"], row["sha256"], tuple(row["urls"].split()))
        name, header = row["name"], tuple(row["header"].split())
        parts = {**(found[name].parts if name in found else {}), row["part"]: remote}
        found[name] = Download(name, row["about"], row["licence"], parts, row["target"], header)
    return found


DOWNLOADS: dict[str, Download] = _read()
