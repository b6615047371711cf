"""Bytes of a file, also of one in a gzip, bzip2, xz or zip, and what kind of table they are."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from edgewise.errors import ReadError, did_you_mean

Open = Callable[[], IO[bytes]]

_REFUSED = {
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".ods"), "a spreadsheet. Save the sheet as CSV"),
    **dict.fromkeys((".h5", ".hdf5", ".orc"), "a binary table. Write it as CSV or Parquet"),
    **dict.fromkeys((".npy", ".npz", ".mat", ".pkl", ".pickle"), "a file of arrays. Write the columns as CSV"),
    **dict.fromkeys((".zst", ".7z", ".rar", ".tar", ".tgz"), "a packed file. Unpack it"),
    **dict.fromkeys((".xml", ".html"), "no table of lines. Write it as CSV"),
    ".pdf": "a document. Write the table as CSV",
}
_PACKERS: dict[str, Callable[[Path], Any]] = {".gz": gzip.GzipFile, ".bz2": bz2.BZ2File, ".xz": lzma.LZMAFile}
_ENCRYPTED = 0x1


def opener(file: Path) -> tuple[Open, str]:
    """How to open the table in ``file`` as bytes, and the suffix of its name without that of a packer."""
    _require_file(file)
    suffix = file.suffix.lower()
    _require_known(file, suffix)
    if suffix == ".zip":
        return _zipped(file)
    if suffix in _PACKERS:
        inner = Path(file.stem).suffix.lower()
        _require_known(file, inner)
        return (lambda: _PACKERS[suffix](file)), inner
    return (lambda: file.open("rb")), suffix


@contextmanager
def unpacking(file: Path) -> Iterator[None]:
    """Errors of the disk and of a damaged packed file as a ReadError."""
    try:
        yield
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise ReadError(f"{file} is no packed file, or a damaged one: {error}. Get it again.") from error
    except OSError as error:
        raise ReadError(f"{file} cannot be read: {error.strerror or error}.") from error


def _zipped(file: Path) -> tuple[Open, str]:
    with unpacking(file), zipfile.ZipFile(file) as archive:
        members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX")]
    if len(members) != 1:
        shown = ", ".join(member.filename for member in members[:5]) or "nothing"
        raise ReadError(
            f"{file} holds {len(members)} files ({shown}), expected one table. Unpack it and name the table."
        )
    if members[0].flag_bits & _ENCRYPTED:
        raise ReadError(f"{file} is locked by a password. Unpack it and name the table.")
    suffix = Path(members[0].filename).suffix.lower()
    _require_known(file, suffix)

    def member() -> IO[bytes]:
        with zipfile.ZipFile(file) as archive:
            return archive.open(members[0])  # stays readable: the archive is closed with its last member

    return member, suffix


def _require_known(file: Path, suffix: str) -> None:
    if suffix in _REFUSED:
        raise ReadError(
            f"{file} is {_REFUSED[suffix]} first; edgewise reads CSV and TSV (also packed by gzip or zip), JSON, Parquet "
            f"and Feather."
        )


def _require_file(file: Path) -> None:
    if file.is_dir():
        raise ReadError(f"{file} is a folder. Give a CSV or TSV file in it.")
    if not file.exists():
        folder = file.parent
        near = [e.name for e in folder.iterdir() if e.is_file() and e.name[0] != "."] if folder.is_dir() else []
        where = did_you_mean(file.name, near) if folder.is_dir() else f" The folder {folder} is not there either."
        raise ReadError(f"there is no file {file}.{where}")
