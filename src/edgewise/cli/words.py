"""What options say, and numbers as CSV."""

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import typer

from edgewise.errors import SettingsError
from edgewise.files import is_passing, read_current

HEADER = "header"
PART = re.compile(r"\d+-")  # of a run of several columns: the number of one, before its name
SHORT = {
    "js": "javascript",
    "jl": "julia",
    "f90": "fortran",
    "rs": "rust",
    "py": "numpy",
    "python": "numpy",
    "tex": "latex",
    "pytorch": "torch",
}
"""What people also call a language."""


def names(text: str | None, option: str = "") -> list[str] | None:
    """``"a, b"`` as a list; a name that holds a comma stands in double quotes. Raises SettingsError where there is no name.

    >>> names('L,"length, total"')
    ['L', 'length, total']
    """
    if text is None:
        return None
    found = [name.strip() for name in _cells(text) if name.strip()]
    if not found:
        raise SettingsError(f"{option} says {text!r}, which names nothing. Give names like a,b, or leave {option} out.")
    return found


def units(text: str | None) -> dict[str, str]:
    """``"L=m, T=s"`` as a dictionary; the word ``header`` stands for the units in the header, which are there anyway.

    >>> units("header,L=m,T=s")
    {'L': 'm', 'T': 's'}
    """
    given = [cell for cell in _cells(text or "") if cell.strip() != HEADER]
    return _pairs(given, f'--units says {text!r}; expected pairs like "L=m,T=s", or {HEADER}, or both.')


def pairs(text: str, option: str, example: str) -> dict[str, str]:
    """The same for another option, which the error names."""
    return _pairs(_cells(text), f'{option} says {text!r}; expected pairs like "{example}".')


def _pairs(cells: Iterable[str], otherwise: str) -> dict[str, str]:
    found = [cell.rpartition("=") for cell in cells if cell.strip()]
    if any(not name.strip() or not value.strip() for name, _, value in found):
        raise SettingsError(otherwise)
    return {name.strip(): value.strip() for name, _, value in found}


def folder(path: Path | None) -> Path | None:
    """A folder that can be written to, said before the work and not after it."""
    if path is not None and path.exists() and not path.is_dir():
        raise SettingsError(f"--out {path} is a file, but a run is saved as a folder. Give another name.")
    if path is not None and path.is_dir() and not _is_for_runs(path):
        raise SettingsError(
            f"--out {path} is a folder with files of another kind in it. Give a new or an empty folder."
        )
    return path


def parts_folder(path: Path | None) -> Path | None:
    """The same for a run of several columns: one that is there, each column in a folder of its own, gives way to the new
    one."""
    if path is None or not path.is_dir() or not any(path.iterdir()):
        return folder(path)
    if all(PART.match(entry.name) and entry.is_dir() and _is_for_runs(entry) for entry in path.iterdir()):
        return path
    raise SettingsError(
        f"--out {path} is a folder in which there is more than a folder for each column. Give a new or an empty folder."
    )


def given(context: typer.Context) -> dict[str, str]:
    """The options that stand on the command line, as they are written, by the names of their parameters."""
    spelled = {str(one.name): one.opts[0] for one in context.command.params}
    sources = {name: context.get_parameter_source(name) for name in spelled}
    return {name: spelled[name] for name, source in sources.items() if source and source.name == "COMMANDLINE"}


def is_unfinished(path: Path) -> bool:
    """Whether a search that was to be saved in the folder left there what it had finished."""
    from edgewise.discovery.journal import is_journal  # loads torch

    return is_journal(path)


def _is_for_runs(path: Path) -> bool:
    """Whether a run may be saved in the folder: it holds one, or nothing but what a kill has left of one."""
    if all(is_passing(file.name) or _is_kept(file) for file in path.iterdir()):
        return True
    try:
        return "formulas" in json.loads(read_current(path, "formula.json"))
    except (OSError, ValueError, RecursionError):
        return False


def _is_kept(file: Path) -> bool:
    """Whether the file is the folder in which a search keeps what it finishes, of which a kill may leave it empty."""
    from edgewise.discovery.journal import FOLDER, is_journal  # loads torch

    return file.name == FOLDER and file.is_dir() and (is_journal(file.parent) or not any(file.iterdir()))


def as_csv(columns: Mapping[str, Iterable[float]]) -> str:
    """Columns under a header line, each number with all its digits."""
    return as_lines({name: [repr(float(value)) for value in values] for name, values in columns.items()})


def as_lines(columns: Mapping[str, Iterable[str]]) -> str:
    """Columns of cells under a header line.

    >>> as_lines({"word": ["a, b", "c"], "number": ["1", ""]})
    'word,number\\n"a, b",1\\nc,\\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def as_json(value: Mapping[str, Any]) -> str:
    """One JSON object; what is not finite becomes null, because JSON has no word for it."""
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)


def _cells(text: str) -> list[str]:
    return next(csv.reader([text], skipinitialspace=True), [])


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
