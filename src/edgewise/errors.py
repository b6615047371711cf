"""Everything that edgewise raises or warns of.

::

    EdgewiseError
    ├── TableError            a table cannot be used as it is
    │   ├── ReadError         the file is missing, empty, or no table
    │   ├── ColumnError       a column is not there (with "did you mean")
    │   └── ValuesError       cells that are no finite numbers, a constant target, too few rows
    ├── ShapeError            numbers of columns, rows or nodes that do not fit
    ├── SettingsError         an argument outside what it may be
    │   ├── UnknownNameError  no such primitive, basis, optimiser, law (with "did you mean")
    │   └── UnitError         a unit that cannot be read, or units that contradict one another
    ├── FormulaError          a formula cannot be evaluated or written
    │   ├── ParseError        text that is no formula
    │   └── NotSymbolicError  a network with splines was asked for a closed formula
    ├── TrainingError         training found nothing finite
    ├── StorageError          a file that is no edgewise model
    └── DownloadError         a data set cannot be had, or is another one than was meant

    EdgewiseWarning           a result that stands, with something to know about it

Each message says what was expected, what came, and what to do.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class EdgewiseError(Exception):
    """The root of all errors of edgewise."""


class TableError(EdgewiseError, ValueError):
    """A table cannot be used as it is."""


class ReadError(TableError):
    """A file is missing, empty, or holds no table."""


class ColumnError(TableError):
    """A column that was asked for is not in the table."""


class ValuesError(TableError):
    """Cells are no finite numbers, the target is constant, or there are too few rows."""


class ShapeError(EdgewiseError, ValueError):
    """Numbers of columns, rows or nodes do not fit together."""


class SettingsError(EdgewiseError, ValueError):
    """An argument lies outside what it may be."""


class UnknownNameError(SettingsError):
    """A name that is in none of our tables."""


class UnitError(SettingsError):
    """A unit cannot be read, or units contradict one another."""


class FormulaError(EdgewiseError, ValueError):
    """A formula cannot be evaluated or written."""


class ParseError(FormulaError):
    """Text that is no formula."""


class NotSymbolicError(FormulaError):
    """A closed formula was asked of a network that still holds splines."""


class TrainingError(EdgewiseError, RuntimeError):
    """Training met no finite state at all."""


class StorageError(EdgewiseError, ValueError):
    """A file that is no model of ours, or a damaged one."""


class DownloadError(EdgewiseError, RuntimeError):
    """A data set cannot be had, or is another file than was meant."""


class EdgewiseWarning(UserWarning):
    """The result stands, and there is something to know about it."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`` Did you mean 'sin'?`` where something close is known, else ``''``.

    >>> did_you_mean("sine", ["sin", "exp"])
    " Did you mean 'sin'?"
    """
    close = get_close_matches(str(name), list(known), n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""


def unknown(kind: str, name: str, known: Iterable[str]) -> UnknownNameError:
    """The error for a name that none of our tables holds.

    >>> str(unknown("primitive", "sine", ["sin", "exp"]))
    "there is no primitive 'sine'. Did you mean 'sin'? Known: exp, sin."
    """
    names = sorted(known)
    return UnknownNameError(f"there is no {kind} {name!r}.{did_you_mean(name, names)} Known: {', '.join(names)}.")
