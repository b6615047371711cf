"""Whatever holds a table, as a table."""

from pathlib import Path
from typing import Any

from edgewise.errors import SettingsError

from .frames import has_names
from .readers import read_table
from .table import Table


def as_table(given: Any, target: str | None) -> Table:
    """A Table as it is; a path, a frame of pandas or polars, or a mapping of columns, read with ``target``.

    Raises SettingsError where the target is missing, or is another one than that of a Table, and for anything else.
    """
    if isinstance(given, Table):
        if target not in (None, given.target):
            raise SettingsError(
                f"the table explains {given.target!r}, and target={target!r} was asked for. Leave target out, or make the "
                "table with it."
            )
        return given
    named = has_names(given)
    if not named and not isinstance(given, str | Path):
        raise SettingsError(
            f"a Table, a data frame, a mapping of columns or the path of a file was expected, got "
            f"{type(given).__name__}. Of arrays make one with edgewise.Table.from_arrays(x, y)."
        )
    if target is None:
        raise SettingsError("say which column is to be explained, with target=...")
    return Table.from_frame(given, target) if named else read_table(given, target)
