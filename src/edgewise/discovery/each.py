"""Several targets of one table: a discovery for each, by the same inputs."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from edgewise.data import Table, as_table
from edgewise.errors import ColumnError, SettingsError, StorageError, did_you_mean

from .knowledge import Bound, knowledge
from .parts import Progress, load_parts, part_folder, part_progress, save_parts
from .pipeline import INTERRUPTED, discover
from .prepare import prepare, require_moderate
from .result import Discovery, inputs_in_words
from .settings import checked

BY_COLUMN = ("units", "shapes")
KNOWN = {"primitives", "functions", "without", "preferred", "max_complexity", "units", "known", "shapes"}


@dataclass(frozen=True, eq=False)
class Discoveries:
    """What was found of several targets: ``found`` holds the `Discovery` of each, all by the same ``inputs``; ``seconds``
    is for all together. Print it for the front page, with a line for each target."""

    found: Mapping[str, Discovery]
    inputs: tuple[str, ...]
    seconds: float

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns that were explained, in the order in which they were asked for."""
        return tuple(self.found)

    def __getitem__(self, target: str) -> Discovery:
        if target not in self.found:
            raise ColumnError(f"{target!r} was not explained.{did_you_mean(target, self.targets)}")
        return self.found[target]

    def predict(self, x: Any, use: str = "") -> dict[str, Any]:
        """Answers (rows,) for each target; ``x`` and ``use`` as for `Discovery.predict`."""
        return {target: one.predict(x, use) for target, one in self.found.items()}

    def summary(self) -> str:
        """The front page: of each target the pick and what it is worth, and the errors on rows that were held out."""
        rows = next(iter(self.found.values())).rows
        lines = [f"{rows} rows, {inputs_in_words(self.inputs)} -> {', '.join(self.targets)}"]
        for target, one in self.found.items():
            lines.append(f"{target}: {one.verdict}")
        return "\n".join(lines)

    def explain(self) -> str:
        """`Discovery.explain` of each target."""
        return "\n\n".join(f"{target}\n{one.explain()}" for target, one in self.found.items())

    def __str__(self) -> str:
        return "\n\n".join([self.summary(), *map(str, self.found.values())])

    def to_json(self) -> dict[str, Any]:
        """Plain values, the command line's ``--json``."""
        return {
            "targets": list(self.targets),
            "inputs": list(self.inputs),
            "equations": {name: one.formula.equation if one.formula else None for name, one in self.found.items()},
            "seconds": round(self.seconds, 3),
            "found": {name: one.to_json() for name, one in self.found.items()},
        }

    def save(self, folder: str | Path, *, pictures: bool = False) -> None:
        """Each target's discovery in a folder of its own below ``folder``, named by its number and name. Those of an
        earlier run there are taken away."""
        save_parts(self.found, folder, pictures=pictures)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read what `save` wrote. Raises StorageError for a folder without such discoveries."""
        every = load_parts(folder) if Path(folder).is_dir() else []
        if not every:
            raise StorageError(f"{folder} holds no discoveries of several targets, a folder each.")
        inputs = tuple(dict.fromkeys(name for one in every for name in one.inputs))
        return cls({one.target: one for one in every}, inputs, sum(one.seconds for one in every))


def discover_each(
    table: Table | Any,
    targets: Sequence[str],
    *,
    time_budget: float = 60.0,
    progress: Progress | None = None,
    checkpoint: str | Path | None = None,
    known: Mapping[str, str] | None = None,
    **settings: Any,
) -> Discoveries:
    """Find a law for each of several columns, by all the columns that are no targets.

    ``table`` is what `discover` takes (of a Table any columns may be targets), ``time_budget`` is in seconds for all
    targets together: what one leaves over goes to the next. ``known`` maps targets to what is known of each; ``units``
    and ``shapes`` are by column, each target's own for itself. ``checkpoint`` is the folder that `Discoveries.save` is to
    write, each target below it. All other settings are those of `discover`, for every target. Ctrl+C ends the search for
    the target at hand, and those after it are left out. What the table or the settings cannot be for any of the targets is
    said before the first search.

    Raises ColumnError for a target that is no column, SettingsError for targets that are none or come twice, and what
    `discover` raises.

    >>> table = {"a": [1.0, 2, 3, 4, 5], "double": [2.0, 4, 6, 8, 10], "square": [1.0, 4, 9, 16, 25]}
    >>> discover_each(table, ["double", "square"], time_budget=20)["square"].formula.text
    'a**2'
    """
    began = time.monotonic()
    checked(settings.get("seed", 0), time_budget, settings.get("effort", 1.0))
    tables = _tables(table, targets)
    if known is not None and not isinstance(known, Mapping):
        raise SettingsError(
            f"known maps each target to what is known of it, like {{{targets[0]!r}: '... + 1'}}, got {known!r}."
        )
    _check_names(tables[0], targets, {**settings, "known": known})
    settings = {name: list(value) if isinstance(value, Iterator) else value for name, value in settings.items()}
    told = {one.target: {"known": (known or {}).get(one.target), **_said_of(settings, one)} for one in tables}
    for one in tables:  # what one of them cannot be is said before the first is searched for
        _check(one, told[one.target])
    found: dict[str, Discovery] = {}
    for number, one in enumerate(tables):
        left = time_budget - (time.monotonic() - began)
        try:
            found[one.target] = discover(
                one,
                time_budget=max(left / (len(tables) - number), 0.1),
                progress=part_progress(progress, one.target, number, len(tables)),
                checkpoint=None if checkpoint is None else part_folder(checkpoint, number, one.target),
                **told[one.target],
            )
        except KeyboardInterrupt:
            if not found:
                raise  # there is nothing to keep yet
            break
        if INTERRUPTED in found[one.target].cut:
            break
    return Discoveries(found, tables[0].inputs, time.monotonic() - began)


def _tables(given: Table | Any, targets: Sequence[str]) -> list[Table]:
    """A table for each target, with all columns for inputs that are no targets."""
    if isinstance(targets, str) or not targets or not all(isinstance(name, str) for name in targets):
        raise SettingsError(f"targets is a list of columns, like ['x', 'y'], got {targets!r}.")
    whole = given if isinstance(given, Table) else as_table(given, targets[0])
    names = [whole.target if i == 0 and not isinstance(given, Table) else name for i, name in enumerate(targets)]
    if len(set(names)) < len(names):
        raise SettingsError(f"a target comes twice in {', '.join(names)}. Name each once.")
    for name in names:
        if name not in whole.columns:
            raise ColumnError(f"the target {name!r} is no column.{did_you_mean(name, whole.columns)}")
    inputs = tuple(name for name in (*whole.inputs, whole.target) if name not in names)
    if not inputs:
        raise ColumnError("every column is a target, and none is left to explain them by.")
    units = {name: {c: unit for c, unit in whole.units.items() if c in (*inputs, name)} for name in names}
    return [replace(whole, target=name, inputs=inputs, units=units[name]) for name in names]


def _said_of(settings: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """The settings, of those by column what is said of the columns of this table."""
    columns = (*table.inputs, table.target)
    return {
        name: {column: said for column, said in value.items() if column in columns} or None
        if name in BY_COLUMN and isinstance(value, Mapping)
        else value
        for name, value in settings.items()
    }


def _check(table: Table, settings: Mapping[str, Any]) -> None:
    """Raise what `discover` would of this table and of what is said of it, before any search."""
    left, told = knowledge(table, **{name: value for name, value in settings.items() if name in KNOWN})
    left.require_learnable()
    for name in (*left.inputs, left.target):
        require_moderate(name, left.columns[name])
    if told.shapes:
        prepared = prepare(left, settings.get("seed", 0))
        Bound(told, prepared.symbols, left.target).check_network(prepared)


def _check_names(table: Table, targets: Sequence[str], settings: Mapping[str, Any]) -> None:
    columns = (*table.inputs, *targets)
    for role in (*BY_COLUMN, "known"):
        given = settings.get(role)
        for name in given if isinstance(given, Mapping) else ():
            if name not in (targets if role == "known" else columns):
                raise SettingsError(
                    f"{role} names {name!r}, which is no such column.{did_you_mean(str(name), columns)}"
                )
