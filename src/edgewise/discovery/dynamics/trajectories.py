"""States along time, as they were measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np

from edgewise.data import columns_of, has_names
from edgewise.data.readers import read_sheet
from edgewise.data.table import Table, find_column
from edgewise.errors import ColumnError, SettingsError, ValuesError

LEAST = 9  # points of a trajectory: a slope needs some on both sides
TELLS = "trajectories"  # what the column ``by`` is for
FILL = "Leave these rows out: times need not be evenly spaced."


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The states (points, states) at ascending ``times`` (points,); ``name`` is what an error calls it."""

    times: np.ndarray
    states: np.ndarray
    name: str = ""

    def __len__(self) -> int:
        return len(self.times)

    def part(self, rows: slice) -> "Trajectory":
        """The trajectory at some of its points."""
        return Trajectory(self.times[rows], self.states[rows], self.name)


def trajectories_of(
    given: Any, time: str, states: Sequence[str] | None, by: str | None
) -> tuple[tuple[str, ...], tuple[Trajectory, ...]]:
    """The names of the states, and the trajectories: of one table, split by the column ``by``, or of a list of tables.

    Without ``states`` all columns but ``time`` and ``by`` are states. Raises ColumnError for names, ValuesError for
    cells, for times that do not ascend and for fewer than 9 points, SettingsError for what is no table.
    """
    tables = list(given) if isinstance(given, list | tuple) else [given]
    if not tables:
        raise SettingsError("a list of no tables holds no trajectory. Give at least one.")
    if isinstance(states, str):
        raise ColumnError(f"states is a list of column names, not the text {states!r}. Write states=[{states!r}].")
    if by == time:
        raise ColumnError(f"{time!r} is the time; the column that tells trajectories apart (by) must be another one.")
    names = tuple(states) if states is not None else _others(tables[0], time, by)
    if not names:
        raise ColumnError(f"there is no state beside the time {time!r}. Give a table with at least one more column.")
    if time in names or by in names:
        raise ColumnError(f"{time if time in names else by!r} cannot be a state too. Leave it out of the states.")
    found: list[Trajectory] = []
    for number, table in enumerate(tables, 1):
        columns, groups = _columns(table, (time, *names), by)
        apart = dict.fromkeys(groups)
        for group in apart:
            rows = np.flatnonzero([one == group for one in groups])
            called = group if len(apart) > 1 else f"{number}" if len(tables) > 1 else ""
            states_there = np.column_stack([columns[name][rows] for name in names])
            found.append(_checked(Trajectory(columns[time][rows], states_there, called), rows, time, names, by))
    return names, tuple(found)


def _others(table: Any, time: str, by: str | None) -> tuple[str, ...]:
    """The columns of a table beside the time and the one that tells trajectories apart."""
    every = _names(table) if has_names(table) else list(read_sheet(_path(table)).names)
    find_column(time, every, "time")
    if by is not None:
        find_column(by, every, TELLS)
    return tuple(name for name in every if name not in (time, by))


def _names(table: Any) -> list[str]:
    """Of the columns of a table in memory."""
    held = table.columns if isinstance(table, Table) else table
    return [str(name) for name in getattr(held, "columns", held)]


def _columns(table: Any, names: Sequence[str], by: str | None) -> tuple[Mapping[str, np.ndarray], list[str]]:
    """Columns of finite numbers by name, and of each row which trajectory it belongs to."""
    if has_names(table):
        columns = columns_of(table, names, names)
        held = table.columns if isinstance(table, Table) else table
        groups = [] if by is None else [str(cell) for cell in np.asarray(held[find_column(by, _names(table), TELLS)])]
        for name, values in columns.items():
            if not np.isfinite(values).all():
                lost = int(np.sum(~np.isfinite(values)))
                raise ValuesError(f"column {name!r} has {lost} cell{'s' * (lost > 1)} missing or infinite. {FILL}")
    else:
        sheet = read_sheet(_path(table))
        for name in names:
            find_column(sheet.name_of(name), sheet.names, "time and states")
        columns = {name: sheet.numbers(sheet.name_of(name), FILL) for name in names}
        groups = [] if by is None else sheet.cells[find_column(sheet.name_of(by), sheet.names, TELLS)].text()
    return columns, groups or [""] * len(columns[names[0]])


def _path(table: Any) -> str | Path:
    if not isinstance(table, str | Path):
        raise SettingsError(
            f"a table, a data frame, a mapping of columns, the path of a file or a list of such was expected, got "
            f"{type(table).__name__}."
        )
    return table


def _checked(trajectory: Trajectory, rows: np.ndarray, time: str, names: Sequence[str], by: str | None) -> Trajectory:
    """The trajectory, which stands in these ``rows`` (from 0) of its table."""
    called = f"trajectory {trajectory.name!r}" if trajectory.name else "the trajectory"
    if len(trajectory) < LEAST:
        raise ValuesError(
            f"{called} has {len(trajectory)} points; slopes need at least {LEAST}. Give more, or leave it out."
        )
    steps = np.diff(trajectory.times)
    if (wrong := np.flatnonzero(steps <= 0)).size:
        at = int(wrong[0])
        before, after = trajectory.times[at : at + 2]
        said = (
            f"{time} = {after:g} stands there twice"
            if before == after
            else f"{time} = {after:g} comes after {before:g}"
        )
        several = "" if by else _several(trajectory, at, names)
        raise ValuesError(
            f"{called} does not go forward in time: {said} (row {rows[at + 1] + 1}). Sort its rows.{several}"
        )
    return trajectory


def _several(trajectory: Trajectory, at: int, names: Sequence[str]) -> str:
    """What to do where a table holds several trajectories, of which the first ends ``at`` that point: a column that stays
    the same until there tells them apart."""
    states = trajectory.states
    tell = [
        i
        for i in range(len(names))
        if at and np.all(states[: at + 1, i] == states[0, i]) and states[at + 1, i] != states[0, i]
    ]
    column = names[tell[0]] if tell else "COLUMN"
    return (
        " If the table holds several trajectories, name the column that tells them apart: "
        f"--by {quote(column)} (in Python: by={column!r})."
    )
