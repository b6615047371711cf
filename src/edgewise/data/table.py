"""A table: named columns of finite numbers, one of them the target.

>>> table = Table.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0], names=["length"], target="period")
>>> table
Table(3 rows, length -> period)
>>> table.x.shape, table.y.shape
((3, 1), (3,))

A table never changes: its arrays are read-only, and every method returns a new table.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgewise.errors import ColumnError, SettingsError, ShapeError, ValuesError, did_you_mean

from .cells import Column, numbers, require_finite
from .coded import code, find_levels, words_sheet
from .headers import names_and_units


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """Columns of equal length, finite and read-only; ``inputs`` and ``target`` name all of them.

    ``columns`` maps a name to ``rows`` numbers, ``units`` some of the names to their units as text; ``source`` says where
    the numbers come from. ``weights`` say how much each row counts (None: all alike): a row of weight k stands for k equal
    rows, and one of weight zero is dropped. ``notes`` say what was done to cells on the way; ``levels`` are those of the
    columns of words that became columns of 0 and 1. Building one checks names, lengths and cells; ``from_arrays``,
    ``from_frame`` and ``read_table`` also check that there is something to learn.
    """

    columns: Mapping[str, Column]
    target: str
    inputs: tuple[str, ...]
    units: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    weights: Column | None = None
    notes: tuple[str, ...] = ()
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        inputs = choose_inputs(self.columns, self.target, self.inputs)
        kept = {name: _read_only(self.columns[name], name) for name in (*inputs, self.target)}
        _require_one_length(kept)
        for name, values in kept.items():
            require_finite(name, values)
        if self.weights is not None:
            weights = _checked_weights(self.weights, len(kept[self.target]))
            counts = weights > 0
            if not counts.all():
                kept = {name: _frozen(values[counts]) for name, values in kept.items()}
                weights = weights[counts]
            object.__setattr__(self, "weights", _frozen(weights))
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "columns", kept)
        object.__setattr__(self, "units", _known_units(self.units, kept))

    @classmethod
    def from_arrays(
        cls,
        x: ArrayLike,
        y: ArrayLike,
        names: Sequence[str] | None = None,
        target: str = "y",
        units: Mapping[str, str] | None = None,
        source: str = "",
        weights: ArrayLike | None = None,
    ) -> Self:
        """A table of inputs ``x`` (rows, inputs), or (rows,) for one input, and a target ``y`` (rows,) or (rows, 1).

        Without ``names`` the inputs are called x0, x1, ... ``weights`` (rows,) say how much each row counts, 0 or more.
        Raises ShapeError, ColumnError or ValuesError.
        """
        inputs, values = _two_dimensional(x), _one_dimensional(y)
        names = tuple(map(str, names)) if names is not None else tuple(f"x{i}" for i in range(inputs.shape[1]))
        if len(names) != inputs.shape[1]:
            raise ShapeError(
                f"{len(names)} names ({', '.join(names)}) were given for {inputs.shape[1]} input columns. "
                f"Give one name for each column."
            )
        if len(values) != len(inputs):
            raise ShapeError(
                f"the inputs have {len(inputs)} rows and the target has {len(values)}. Give as many of both."
            )
        unique_names((*names, target))
        columns = {name: numbers(name, inputs[:, i]) for i, name in enumerate(names)}
        columns[target] = numbers(target, values)
        return cls(columns, target, names, units or {}, source, _weights(weights)).require_learnable()

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        target: str,
        inputs: Sequence[str] | None = None,
        units: Mapping[str, str] | None = None,
        source: str = "",
        weights: str | ArrayLike | None = None,
        one_hot: Sequence[str] = (),
    ) -> Self:
        """A table of a pandas or polars frame (or a mapping of columns); ``inputs`` are all other columns by default.

        Units in the names, ``E [J]``, are read as in a file: the column is E, and either name finds it.

        ``weights`` (rows,), or the name of the column that holds them (then it is no input), say how much each row counts.
        ``one_hot`` names columns of words: each of their levels becomes an input of 0 and 1, called ``colour=red``.
        Raises ColumnError for names and ValuesError for cells, each with the column and what to do.
        """
        if hasattr(frame, "collect"):  # of polars
            raise ValuesError("the frame is lazy: nothing of it has been computed. Give frame.collect().")
        given = list(frame.columns if hasattr(frame, "columns") else frame)
        written = unique_names(map(str, given))
        names, in_header = names_and_units(written)
        by_name = dict(zip(names, given, strict=True))
        called = dict(zip(written, names, strict=True))  # "E [J]" does for E
        target = called.get(target, target)
        if inputs is not None and not isinstance(inputs, str):
            inputs = [called.get(name, name) for name in inputs]
        said = {called.get(name, name): unit for name, unit in (units or {}).items()}
        if isinstance(weights, str):
            weights = called.get(weights, weights)
            column = by_name.pop(find_column(weights, by_name, "weights"))
            weights = numbers(weights, np.asarray(frame[column]))
        chosen = choose_inputs(by_name, target, inputs)
        coded = [find_column(called.get(name, name), dict.fromkeys(chosen), "one_hot columns") for name in one_hot]
        words = {name: words_sheet(name, frame[by_name[name]]) for name in coded}
        levels = {name: find_levels(sheet, name) for name, sheet in words.items()}
        parts = {name: code(sheet, name, levels[name]) for name, sheet in words.items()}
        cells = {name: np.asarray(frame[by_name[name]]) for name in (*chosen, target) if name not in parts}
        columns = {name: numbers(name, given) for name, given in cells.items()}
        columns |= {part: values for made in parts.values() for part, values in made.items()}
        notes = [truths_note(name) for name, given in cells.items() if given.dtype.kind == "b"]
        notes += [coded_note(name, made) for name, made in parts.items()]
        known = {name: unit for name, unit in in_header.items() if name in columns} | said
        inputs = unique_names(part for name in chosen for part in parts.get(name, (name,)))
        table = cls(columns, target, inputs, known, source, _weights(weights), tuple(notes), levels)
        return table.require_learnable()

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.columns[self.target])

    @cached_property
    def x(self) -> Column:
        """The inputs side by side, (rows, inputs)."""
        return _frozen(np.column_stack([self.columns[name] for name in self.inputs]))

    @property
    def y(self) -> Column:
        """The target, (rows,)."""
        return self.columns[self.target]

    def select(self, inputs: Sequence[str]) -> Self:
        """The same rows with these inputs only, in this order."""
        chosen = choose_inputs(self.columns, self.target, inputs)
        kept = {name: unit for name, unit in self.units.items() if name in (*chosen, self.target)}
        return replace(self, inputs=chosen, units=kept)

    def take(self, index: ArrayLike) -> Self:
        """These rows, by number or by a mask, in this order."""
        chosen = np.asarray(index)
        if chosen.size == 0:
            chosen = chosen.astype(np.intp)
        weights = None if self.weights is None else self.weights[chosen]
        return replace(self, columns={name: values[chosen] for name, values in self.columns.items()}, weights=weights)

    def split(self, held_out: float = 0.2, seed: int = 0) -> tuple[Self, Self]:
        """The rows to learn from and the rows held out, drawn by ``seed``; each part has at least one row.

        >>> train, held_out = Table.from_arrays(range(10), range(10)).split(0.2, seed=0)
        >>> train.rows, held_out.rows
        (8, 2)
        """
        if not 0 < held_out < 1:
            raise SettingsError(f"held_out is a share of the rows between 0 and 1, not {held_out}.")
        if self.rows < 2:
            raise ValuesError(f"a table of {self.rows} row cannot be split in two. Give at least 2 rows.")
        count = min(max(1, round(held_out * self.rows)), self.rows - 1)
        order = np.random.default_rng(seed).permutation(self.rows)
        return self.take(np.sort(order[count:])), self.take(np.sort(order[:count]))

    def require_learnable(self) -> Self:
        """This table, if it has at least two rows and a target that varies; else ValuesError."""
        if self.rows < 2:
            raise ValuesError(
                f"the table has {_count(self.rows, 'row')}; a law needs at least 2, and a trustworthy one needs more. "
                f"Give more rows."
            )
        if np.ptp(self.y) == 0:
            raise ValuesError(
                f"the target {self.target!r} is {self.y[0]:g} in all {self.rows} rows, so there is nothing to explain. "
                f"Choose another target, or rows in which it varies."
            )
        return self

    def label(self, name: str) -> str:
        """The column with its unit: ``"L [m]"``, or ``"L"`` where no unit is known."""
        return f"{name} [{self.units[name]}]" if self.units.get(name) else name

    def __repr__(self) -> str:
        return (
            f"Table({_count(self.rows, 'row')}, {', '.join(map(self.label, self.inputs))} -> {self.label(self.target)})"
        )


def truths_note(name: str) -> str:
    """What is said of a column of true and false."""
    return f"column {name!r} holds true and false, read as 1 and 0"


def coded_note(name: str, made: Iterable[str]) -> str:
    """What is said of a column of words that became columns of 0 and 1."""
    made = list(made)
    return f"column {name!r} became {len(made)} of 0 and 1: {', '.join(made)}"


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names as a tuple; ColumnError where one is there twice."""
    given = tuple(names)
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:
        raise ColumnError(
            f"each column needs a name of its own, but {_quoted(twice)} stands there more than once "
            f"(columns: {_quoted(given)}). Rename one."
        )
    return given


def find_column(name: str, columns: Iterable[str], role: str) -> str:
    """The column of that name; ColumnError with the closest one where there is none."""
    known = list(columns)
    if name not in known:
        same = [other for other in known if other.lower() == str(name).lower()]
        hint = f" Did you mean {same[0]!r}?" if same else did_you_mean(name, known)
        raise ColumnError(f"there is no column {name!r} for the {role}.{hint} Known: {_quoted(known)}.")
    return name


def choose_inputs(columns: Iterable[str], target: str, inputs: Sequence[str] | None) -> tuple[str, ...]:
    """The inputs that were asked for, or all columns beside the target; ColumnError where that cannot be."""
    known = list(columns)
    find_column(target, known, "target")
    if isinstance(inputs, str):
        raise ColumnError(f"inputs is a list of column names, not the text {inputs!r}. Write inputs=[{inputs!r}].")
    chosen = tuple(name for name in known if name != target) if inputs is None else unique_names(inputs)
    if not chosen:
        raise ColumnError(
            f"there is no input column beside the target {target!r}. Give a table with at least one more."
        )
    if target in chosen:
        raise ColumnError(f"{target!r} is the target and cannot be an input too. Leave it out of the inputs.")
    for name in chosen:
        find_column(name, known, "inputs")
    return chosen


def _known_units(units: Mapping[str, str], columns: Iterable[str]) -> dict[str, str]:
    return {find_column(name, columns, "units"): str(unit) for name, unit in units.items()}


def _weights(given: ArrayLike | None) -> Column | None:
    return None if given is None else numbers("weights", np.asarray(given))


def _checked_weights(given: ArrayLike, rows: int) -> Column:
    """Weights (rows,) that are finite, 0 or more, and not all zero; a copy."""
    weights = np.array(given, dtype=np.float64)
    if weights.shape != (rows,):
        raise ShapeError(f"the weights have the shape {weights.shape} for {rows} rows. Give one weight for each row.")
    require_finite("weights", weights)
    if (negative := np.flatnonzero(weights < 0)).size:
        raise ValuesError(
            f"a weight is 0 or more, but {weights[negative[0]]:g} came for row {negative[0] + 1} "
            f"({negative.size} of {rows} are negative). Give how often each row counts."
        )
    if rows and not weights.any():
        raise ValuesError("all weights are zero, so no row is left. Give at least two rows a weight above 0.")
    return weights


def _read_only(values: ArrayLike, name: str) -> Column:
    if isinstance(values, np.ndarray) and _is_frozen(values):
        return values  # a column of another table: nobody can change it, so nobody needs a copy
    column = np.array(values, dtype=np.float64)
    if column.ndim != 1:
        raise ShapeError(f"column {name!r} has the shape {column.shape}; a column has one dimension. Give one column.")
    return _frozen(column)


def _is_frozen(values: np.ndarray) -> bool:
    owned = values.base is None and not values.flags.writeable
    return owned and values.ndim == 1 and values.dtype == np.float64


def _frozen(values: Column) -> Column:
    values.setflags(write=False)
    return values


def _require_one_length(columns: Mapping[str, Column]) -> None:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise ShapeError(f"the columns have different numbers of rows ({listed}). Give as many cells in each.")


def _two_dimensional(x: ArrayLike) -> NDArray[Any]:
    values = np.asarray(x)
    values = values[:, np.newaxis] if values.ndim == 1 else values
    if values.ndim != 2:
        raise ShapeError(f"the inputs have the shape {values.shape}; expected (rows, inputs).")
    return values


def _one_dimensional(y: ArrayLike) -> NDArray[Any]:
    values = np.asarray(y)
    values = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if values.ndim != 1:
        raise ShapeError(f"the target has the shape {values.shape}; expected (rows,).")
    return values


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
