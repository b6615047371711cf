"""How a law must depend on an input: formulas that do not are refused, with the place where they fail.

Each formula is looked at on 100,000 points of the box that the table spans: 2,000 settings of all inputs, and for each 50
values of the input in question from one end of its range to the other. A formula that is no finite number somewhere in
the box is refused too. That is a search for a counter-example and no proof.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import sympy
from numpy.lib.stride_tricks import sliding_window_view

from edgewise.data import Table
from edgewise.errors import SettingsError, did_you_mean
from edgewise.formula import evaluate, parse

SETTINGS, STEPS = 2000, 50
ROUNDING = 1e-9  # of the values nearby
CANCELLED = 1e-14  # of the largest value: what is left where large parts cancel

Array = np.ndarray
_NUMBER = re.compile(r"(?P<word>periodic|symmetric with) +(?P<rest>.+)")


@dataclass(frozen=True)
class Along:
    """A shape along one input: by how much values (settings, steps) at rising inputs break it, one column for each step
    or pair of steps, and what a formula does that breaks it."""

    broken: Callable[[Array], Array]
    fault: str


@dataclass(frozen=True)
class Mirrored:
    """A shape that compares two points: the other point for an input, and the sign of the value there."""

    sign: int
    fault: str


ALONG = {
    "increasing": Along(lambda f: -np.diff(f), "falls with"),
    "decreasing": Along(lambda f: np.diff(f), "rises with"),
    "convex": Along(lambda f: -np.diff(f, 2), "bends down along"),
    "concave": Along(lambda f: np.diff(f, 2), "bends up along"),
}
MIRRORED = {
    "even": Mirrored(1, "changes with the sign of"),
    "odd": Mirrored(-1, "does not change its sign with that of"),
}
OF_TARGET = {"positive": 1, "negative": -1}
WORDS = (*ALONG, *MIRRORED, "periodic 2*pi", "symmetric with OTHER")


@dataclass(frozen=True)
class Asked:
    """One shape: the column, the word, and the period or the other column where the word needs one."""

    column: str
    word: str
    period: float = 0.0
    other: str = ""

    def __str__(self) -> str:
        after = f" {self.period!r}" if self.period else f" {self.other}" if self.other else ""
        return f"{self.column}: {self.word}{after}"


@dataclass(frozen=True)
class Shapes:
    """What was asked of a law, and the box in which it is looked at: the two ends of each column. ``twins`` maps each column
    to the first one with the same values: they move together."""

    asked: tuple[Asked, ...]
    box: Mapping[str, tuple[float, float]]
    twins: Mapping[str, str]

    @classmethod
    def read(cls, given: Mapping[str, str], table: Table) -> "Shapes":
        """Shapes by column, several joined by "and": ``{"L": "increasing and concave", "T": "positive"}``. Raises
        SettingsError for words and columns that cannot be."""
        if not isinstance(given, Mapping):
            raise SettingsError(f"shapes maps columns to words, like {{'L': 'increasing'}}, got {given!r}.")
        for column, text in given.items():
            if not isinstance(text, str):
                raise SettingsError(
                    f"shapes asks {text!r} of {column!r}, and needs words as one text, like 'increasing and concave'. Leave the "
                    "column out where nothing is known."
                )
        asked = [_read(column, word.strip(), table) for column, text in given.items() for word in text.split(" and ")]
        box = {name: (float(table.columns[name].min()), float(table.columns[name].max())) for name in table.inputs}
        same = {name: [np.array_equal(table.columns[name], table.columns[one]) for one in table.inputs] for name in box}
        return cls(tuple(asked), box, {name: table.inputs[alike.index(True)] for name, alike in same.items()})

    def doubt(self, expression: sympy.Expr, symbols: Mapping[str, str]) -> str:
        """Where and how a formula in ``symbols`` (identifiers to columns) breaks a shape; empty where no point shows it."""
        used = {self.twins[symbols[symbol.name]] for symbol in expression.free_symbols}
        columns_of = {name: self.twins[column] for name, column in symbols.items()}
        draw = np.random.default_rng(0)
        points = {column: draw.uniform(*ends, (SETTINGS, 1)) for column, ends in self.box.items()}

        def value(columns: Mapping[str, Array]) -> Array:
            named = {name: columns[column] for name, column in columns_of.items() if column in used}
            with np.errstate(all="ignore"):
                return np.broadcast_to(evaluate(expression, named), (SETTINGS, STEPS))

        for said in self.asked:
            asked = replace(said, column=self._first(said.column), other=self._first(said.other))
            if asked.word not in OF_TARGET and not used & {asked.column, asked.other} and asked.word != "odd":
                continue  # a constant has every shape but this one
            column = asked.column if asked.column in self.box else next(iter(self.box))
            grid = np.broadcast_to(np.linspace(*self.box[column], STEPS), (SETTINGS, STEPS))
            if doubt := _broken(asked, value, {**points, column: grid}, column):
                return doubt
        return ""

    def _first(self, column: str) -> str:
        return self.twins.get(column, column)


def _read(column: str, text: str, table: Table) -> Asked:
    found = _NUMBER.fullmatch(text)
    word = found["word"] if found else text
    if column == table.target and word in OF_TARGET:
        return Asked(column, word)
    if column not in table.inputs:
        known = [*table.inputs, table.target]
        words = f"; of the target only {' or '.join(OF_TARGET)} can be asked" if column == table.target else ""
        raise SettingsError(
            f"shapes asks {text!r} of {column!r}{words or ', which is no column'}.{did_you_mean(column, known)}"
        )
    if found and word == "symmetric with" and found["rest"] in table.inputs and found["rest"] != column:
        return Asked(column, word, other=found["rest"])
    if found and word == "periodic":
        period = parse(found["rest"], [])
        if period.is_number and period.is_positive:
            return Asked(column, word, period=float(period))
    if not found and word in (*ALONG, *MIRRORED):
        return Asked(column, word)
    raise SettingsError(
        f"shapes asks {text!r} of {column!r}. Of an input these can be asked: {', '.join(WORDS)}; several are joined by "
        f"' and '.{did_you_mean(text, WORDS)}"
    )


def _broken(
    asked: Asked, value: Callable[[Mapping[str, Array]], Array], points: Mapping[str, Array], along: str
) -> str:
    column, here, grid = asked.column, value(points), points[along]
    if not np.isfinite(here).all():
        return _place(~np.isfinite(here), "is no finite number", grid, along)
    if asked.word in OF_TARGET:
        return _place(-OF_TARGET[asked.word] * here >= 0, f"is not {asked.word}", grid, along)
    size = np.abs(here)
    if asked.word in ALONG:
        shape = ALONG[asked.word]
        change = shape.broken(here)
        windows = sliding_window_view(size, STEPS + 1 - change.shape[1], axis=1)
        wrong = change > ROUNDING * windows.max(-1) + CANCELLED * size.max()
        return _place(wrong, f"{shape.fault} {column!r}", grid, column)
    sign, fault = 1, f"does not repeat after {asked.period:g} of {column!r}"
    if asked.word in MIRRORED:
        sign, fault = MIRRORED[asked.word].sign, f"{MIRRORED[asked.word].fault} {column!r}"
        there = value({**points, column: -grid})
    elif asked.other:
        fault = f"changes where {column!r} and {asked.other!r} are exchanged"
        there = value({**points, column: np.broadcast_to(points[asked.other], grid.shape), asked.other: grid})
    else:
        there = value({**points, column: grid + asked.period})
    wrong = ~(np.abs(here - sign * there) <= 1e3 * ROUNDING * size.max(1, keepdims=True) + CANCELLED * size.max())
    return _place(wrong, fault, grid, column)


def _place(wrong: Array, fault: str, grid: Array, column: str) -> str:
    if not wrong.any():
        return ""
    setting, step = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
    return f"it {fault}, near {column} = {grid[setting, step]:.3g}"
