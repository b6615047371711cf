"""From a file to a Table.

A file is CSV or a relative of it, JSON, Parquet or Feather; it may be packed by gzip or zip. A unit may stand behind a
name: ``L [m]`` or ``L (m)``. Lines that are blank are skipped, and remarks that start with #. Text becomes numbers, and
rows are left out, by choice only, and what was done stands in the table's ``notes``.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from edgewise.errors import ColumnError, ReadError, ValuesError

from .cells import Column, has_comma, is_date
from .coded import MOST_LEVELS, code, decoded, find_levels
from .files import opener, unpacking
from .headers import bare, names_and_units
from .lines import read_lines
from .records import READERS
from .sheet import Sheet
from .table import Table, choose_inputs, coded_note, find_column, truths_note, unique_names

_FILL = "Fill the cells, leave the column out, or leave these rows out: --drop-missing (in Python: drop_missing=True)."
_FILL_ONLY = "Drop these rows or fill the cells."


def read_table(
    path: str | Path,
    target: str,
    inputs: Sequence[str] | None = None,
    units: Mapping[str, str] | None = None,
    source: str | None = None,
    *,
    weights: str | None = None,
    one_hot: Sequence[str] = (),
    drop_missing: bool = False,
    header: Sequence[str] = (),
    decimal_comma: bool = False,
) -> Table:
    """The table in a file; without ``inputs`` every other column is one.

    ``units`` adds to, and overrides, the units in the header; ``source`` stands for the path. ``weights`` names the
    column that says how much each row counts. ``one_hot`` names columns of words: each of their levels becomes an input
    of 0 and 1, called ``colour=red``. ``drop_missing`` leaves out the rows in which a cell is missing. ``header`` names the
    columns of a file of lines that does not name them itself; with ``decimal_comma`` its numbers are like 1,5. Raises ReadError
    for the file, ColumnError for a name, ValuesError for cells.
    """
    sheet = read_sheet(path, words=_listed(one_hot, "one_hot"), header=_listed(header, "header"), comma=decimal_comma)
    target, weight = sheet.name_of(target), weights and find_column(sheet.name_of(weights), sheet.names, "weights")
    coded = [find_column(sheet.name_of(name), sheet.names, "one_hot columns") for name in one_hot]
    chosen = _chosen(sheet, target, inputs, weight, coded)
    given = {find_column(sheet.name_of(name), sheet.names, "units"): unit for name, unit in (units or {}).items()}
    used = (*chosen, target, *([weight] if weight else []))
    notes = [*sheet.notes, *(truths_note(name) for name in used if name in sheet.truths)]
    if inputs is None:
        notes += [f"column {name!r} is empty and is left out" for name in sheet.names if sheet.cells[name].is_nothing()]
    if drop_missing:
        sheet, said = _without_missing(sheet, used, coded)
        notes += said
    levels = {name: find_levels(sheet, name) for name in chosen if name in coded}
    parts = {name: code(sheet, name, known) for name, known in levels.items()}
    notes += [coded_note(name, made) for name, made in parts.items()]
    columns = {name: sheet.numbers(name, _FILL) for name in (*chosen, target) if name not in parts}
    counts = sheet.numbers(weight, _FILL) if weight else None
    notes += [] if counts is None else _weightless(counts)
    names = unique_names(part for name in chosen for part in parts.get(name, (name,)))
    columns |= {part: values for made in parts.values() for part, values in made.items()}
    known_units = {name: unit for name, unit in {**sheet.units, **given}.items() if name in columns}
    table = Table(columns, target, names, known_units, source or str(path), counts, tuple(notes), levels)
    return table.require_learnable()


def read_columns(
    path: str | Path,
    names: Sequence[str],
    levels: Mapping[str, Sequence[str]] | None = None,
    *,
    decimal_comma: bool = False,
) -> dict[str, Column]:
    """These columns of a file, whatever else it holds: what a prediction needs.

    ``levels`` are those of the table that was learned from (``Table.levels``): names like ``colour=red`` are made from
    the column ``colour``. Raises ValuesError where that holds a level that is not known.
    """
    made_from = decoded(names, levels or {})
    sheet = read_sheet(path, words=tuple(made_from.values()), comma=decimal_comma)
    found: dict[str, Column] = {}
    for column in dict.fromkeys(made_from.values()):
        find_column(column, sheet.names, "inputs")
        found |= code(sheet, column, (levels or {})[column])
    for name in names:
        if name not in made_from:
            found[name] = sheet.numbers(find_column(sheet.name_of(name), sheet.names, "inputs"), _FILL_ONLY)
    return {name: found[name] for name in names}


def read_sheet(path: str | Path, words: Sequence[str] = (), header: Sequence[str] = (), comma: bool = False) -> Sheet:
    """The cells of a file, those of the columns ``words`` as text, under ``header`` if it has none of its own.

    ``comma``: numbers of a file of lines have a decimal comma. Raises ReadError where it is no table.
    """
    file = Path(path)
    opened, suffix = opener(file)
    lines: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()

    def is_words(raw: str) -> bool:
        return raw in words or bare(raw) in words

    with unpacking(file):
        if suffix in READERS:
            cells = READERS[suffix](file, opened, is_words)
        else:
            cells, lines, notes = read_lines(file, opened, is_words, header, comma)
    if not cells or not next(iter(cells.values())).rows:
        raise ReadError(f"{file} holds no rows. Give a table with at least two.")
    names, units = names_and_units(tuple(cells))
    by_name = dict(zip(names, cells.values(), strict=True))
    truths = {name: made for name, column in by_name.items() if (made := column.truths()) and name not in words}
    return Sheet(file, tuple(cells), names, units, {**by_name, **truths}, lines, frozenset(truths), notes)


def _chosen(
    sheet: Sheet, target: str, inputs: Sequence[str] | None, weight: str | None, coded: Sequence[str]
) -> tuple[str, ...]:
    """The columns of the file that the table takes as inputs."""
    if weight == target:
        raise ColumnError(f"{target!r} is the target and cannot be the weights too. Name another column.")
    if inputs is None:
        present = [name for name in sheet.names if name == target or not sheet.cells[name].is_nothing()]
        chosen = choose_inputs([name for name in present if name != weight], target, None)
    else:
        asked = inputs if isinstance(inputs, str) else [sheet.name_of(name) for name in inputs]
        chosen = choose_inputs(sheet.names, target, asked)
    _require_numbers_to_explain(sheet, target)
    _require_numbers(sheet, [name for name in chosen if name not in coded])
    if weight in chosen:
        raise ColumnError(f"{weight!r} holds the weights and cannot be an input too. Leave it out of the inputs.")
    if unused := [name for name in coded if name not in chosen]:
        raise ColumnError(f"one_hot names {unused[0]!r}, which is no input. Add it to the inputs, or leave it out.")
    return chosen


def _without_missing(sheet: Sheet, used: Sequence[str], coded: Sequence[str]) -> tuple[Sheet, list[str]]:
    """The rows in which all cells of the columns in use are there, and how many were not."""
    lost = {name: sheet.cells[name].missing(as_words=name in coded) for name in used}
    whole = ~np.logical_or.reduce(list(lost.values()))
    if whole.all():
        return sheet, []
    counts = {name: int(mask.sum()) for name, mask in lost.items() if mask.any()}
    if not whole.any():
        worst = max(counts, key=lambda name: counts[name])
        raise ValuesError(
            f"a cell is missing in each of the {len(whole)} rows, so none is left without them. "
            f"Leave out the column with most of them: {worst!r} ({counts[worst]})."
        )
    where = ", ".join(f"{count} in {name!r}" for name, count in counts.items())
    said = f"left out {int((~whole).sum())} of {len(whole)} rows, in which a cell is missing or infinite ({where})"
    return sheet.keep(whole, used), [said]


def _weightless(counts: Column) -> list[str]:
    number = int((counts == 0).sum())
    return (
        [f"{number} row{'s' * (number != 1)} of weight 0 {'is' if number == 1 else 'are'} left out"] if number else []
    )


def _listed(names: Sequence[str], role: str) -> Sequence[str]:
    if isinstance(names, str):
        raise ColumnError(f"{role} is a list of column names, not the text {names!r}. Write {role}=[{names!r}].")
    return names


def _require_numbers(sheet: Sheet, names: Sequence[str]) -> None:
    """ValuesError that names every column of text, and what can be done."""
    text = {name: cell for name in names if (cell := sheet.cells[name].example()) is not None}
    comma = next((name for name, cell in text.items() if has_comma(cell)), None)
    if comma is not None:
        sheet.numbers(comma, _FILL)
    if text:
        examples = ", ".join(f"{name!r} ({_kind(cell)}like {cell!r})" for name, cell in text.items())
        rest = [name for name in names if name not in text]
        choose = f"Choose the inputs: --inputs {quote(','.join(rest))} (in Python: inputs={rest})"
        write = f"No other column is left: write {'it' if len(text) == 1 else 'them'} as numbers"
        raise ValuesError(
            f"{examples} in {sheet.path} hold{'s' * (len(text) == 1)} text, not numbers. "
            f"{choose if rest else write}{_coding(sheet, text)}."
        )


def _require_numbers_to_explain(sheet: Sheet, target: str) -> None:
    """ValuesError where the target holds words; of dates and commas more is said elsewhere."""
    cell = sheet.cells[target].example()
    if cell is not None and not is_date(cell) and not has_comma(cell):
        raise ValuesError(
            f"the target {target!r} holds text, like {cell!r}: {len(set(sheet.cells[target].text()))} different words. A "
            f"law explains a number; for classes there is edgewise.KANClassifier, in Python."
        )


def _kind(cell: str) -> str:
    return "dates, " if is_date(cell) else ""


def _coding(sheet: Sheet, text: Mapping[str, str]) -> str:
    """The other way out: each level an input."""
    levels = {name: len(set(sheet.cells[name].text())) for name, cell in text.items() if not is_date(cell)}
    few = {name: count for name, count in levels.items() if count <= MOST_LEVELS}
    if not few:
        return ""
    counts = ", ".join(f"{count} of {name!r}" for name, count in few.items())
    return (
        f"; or make each level an input of 0 and 1 ({counts}): --one-hot {quote(','.join(few))} "
        f"(in Python: one_hot={list(few)})"
    )
