"""What the user knows before the search: units, a part of the law, primitives, lengths.

`Knowledge` is what was said, checked. Bound to the columns of a prepared table it is a `Bound`: the one thing that the
steps ask.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from edgewise.data import Table, coded_name
from edgewise.errors import SettingsError, UnitError
from edgewise.formula import Dimension, Dimensions, Formula, complexity, dimension
from edgewise.primitives import PRIMITIVES, Primitive
from edgewise.symbolic import within_reach

from .permitted import as_expression, listed, permitted, special_of, table_of, uses
from .prepare import Prepared
from .rest import Rest, Whole
from .shapes import Shapes
from .sight import Sight, left_out

if TYPE_CHECKING:
    from .result import Discovery

PREFERRED = 5.0  # nats for each preferred primitive that a formula uses

Primitives = Iterable[str | Primitive] | Mapping[str, Primitive] | None
Units = Mapping[str, str] | bool | None


@dataclass(frozen=True)
class Knowledge:
    """What may be in a formula, and of what dimension the columns are.

    ``primitives`` are the rows that edges may become, ``functions`` special ones beside them, ``without`` those that no
    formula may use, ``preferred`` the likelier ones, ``max_complexity`` is the longest formula (None:
    any). ``units`` are by column, of all columns or of none; ``shapes`` are how the target depends on its inputs. ``rest`` is
    the way back where a part of the law is known (then the search's table is of what is left). ``notes`` say what of it
    cannot be used.
    """

    primitives: Mapping[str, Primitive] = field(default_factory=lambda: dict(PRIMITIVES))
    functions: Mapping[str, Primitive] = field(default_factory=dict)
    without: tuple[Primitive, ...] = ()
    preferred: tuple[Primitive, ...] = ()
    max_complexity: int | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    rest: Whole | None = None
    shapes: Shapes | None = None
    notes: tuple[str, ...] = ()

    @property
    def named(self) -> Mapping[str, Primitive]:
        """All rows that an edge may become."""
        return {**self.primitives, **self.functions}

    @cached_property
    def restricted(self) -> bool:
        """Whether the primitives are not the whole table."""
        return self.primitives.keys() != PRIMITIVES.keys()

    def as_entry(self) -> dict[str, Any]:
        """What of it decides the result, beside the primitives, in plain values under what each is called."""
        said = {
            "set of units": [f"{name} = {unit}" for name, unit in sorted(self.units.items())],
            "set of special functions (functions)": sorted(self.functions),
            "set of unwanted primitives (without)": sorted(row.name for row in self.without),
            "set of preferred primitives (preferred)": sorted(row.name for row in self.preferred),
            "longest formula (max_complexity)": self.max_complexity,
            "known part (known)": str(self.rest.rest) if self.rest else "",
            "set of shapes": sorted(map(str, self.shapes.asked)) if self.shapes else [],
        }
        return {name: value for name, value in said.items() if value}


def knowledge(
    table: Table,
    *,
    primitives: Primitives = None,
    functions: Iterable[str] | None = None,
    without: Iterable[str] | None = None,
    preferred: Iterable[str] | None = None,
    max_complexity: int | None = None,
    units: Units = None,
    known: str | None = None,
    shapes: Mapping[str, str] | None = None,
) -> tuple[Table, Knowledge]:
    """What was said, checked, and the table to search in: with the units, and with the rest for a target where a part of
    the law is known. Arguments as for `discover`.

    Raises SettingsError for names and numbers that cannot be, UnitError for a unit that cannot be read, ColumnError for
    units of columns that are not there, and what `Rest` raises.
    """
    rows = table_of(primitives)
    unwanted = _rows(() if without is None else without, "without", rows)
    tests = [uses(row) for row in unwanted]
    rows = {name: row for name, row in rows.items() if not any(test(as_expression(row)) for test in tests)}
    if not rows:
        raise SettingsError("without leaves no primitive. Leave at least one.")
    special = special_of(functions, (*table.inputs, table.target))
    chosen = _rows(() if preferred is None else preferred, "preferred", {**rows, **special})
    counted = isinstance(max_complexity, Integral) and not isinstance(max_complexity, bool)
    if max_complexity is not None and (not counted or max_complexity < 1):
        raise SettingsError(f"max_complexity is a whole number of symbols, 1 or more, got {max_complexity!r}.")
    most = None if max_complexity is None else int(max_complexity)
    table, used, notes = _units(table, units)
    asked = None if shapes is None else Shapes.read(shapes, table)
    if known is None:
        return table, Knowledge(rows, special, unwanted, chosen, most, used, None, asked, notes)
    whole = Whole(Rest.read(known, table.inputs), table)
    _require_room(whole.rest, most)
    left = whole.rest.table(table)
    used, further = _units_of_rest(used, whole, left.target)
    notes = (*notes, *further, *_shapes_of_known(whole.rest, asked))
    if asked is not None:
        notes = (*notes, "the shapes are of the whole law, and the network is one of the dots: it may break them.")
    return left, Knowledge(rows, special, unwanted, chosen, most, used, whole, asked, notes)


def _require_room(rest: Rest, most: int | None) -> None:
    """SettingsError where the known part is too long, whatever stands for the dots."""
    least = complexity(rest.whole(sympy.Dummy("rest")))
    if most is not None and least > most:
        raise SettingsError(
            f"known={str(rest)!r} has {least} symbols with one for the dots, more than max_complexity={most}. Allow {least} or "
            "more, or leave one of them out."
        )


def _shapes_of_known(rest: Rest, shapes: Shapes | None) -> tuple[str, ...]:
    """A note where the known summand alone does not have the shape of the law."""
    if shapes is None or rest.beside == 0:
        return ()
    doubt = shapes.doubt(rest.beside, {name: column for column, name in rest.names.items()})
    return (
        (f"the known part alone is against the shapes: {doubt}; what is found must make good for it.",) if doubt else ()
    )


def _rows(given: Iterable[str], role: str, rows: Mapping[str, Primitive]) -> tuple[Primitive, ...]:
    """The primitives of these names; each must be one that may be used."""
    names = list(dict.fromkeys(row if isinstance(row, str) else row.name for row in listed(given, role)))
    for name in names:
        if name not in rows:
            table_of([name])  # raises, with the closest name, where there is none at all
            raise SettingsError(f"{role} names {name!r}, which is not among the primitives that may be used.")
    return tuple(rows[name] for name in names)


def _units(table: Table, given: Units) -> tuple[Table, dict[str, str], tuple[str, ...]]:
    """The table with the units, those that the search may use, and what is to be said of it."""
    if given is None or given is False:
        return table, {}, ()
    if given is not True and not isinstance(given, Mapping):
        raise SettingsError(
            f"units maps columns to units, like {{'v': 'm/s'}}, or is True for those of the table, got {given!r}."
        )
    if given is True and not table.units:
        raise UnitError(
            "units=True takes the units of the table, and it has none. Give them as units={'v': 'm/s', ...}, or write headers "
            "like v [m/s]."
        )
    if given is not True:
        table = replace(table, units={**table.units, **given})
    coded = {coded_name(column, level) for column, levels in table.levels.items() for level in levels}
    table = replace(table, units={**dict.fromkeys(coded & set(table.inputs), "1"), **table.units})
    columns = (*table.inputs, table.target)
    for name in columns:
        _dimension(name, table.units.get(name, ""))
    missing = [name for name in columns if name not in table.units]
    if missing:
        named = ", ".join(map(repr, missing))
        note = f"the units are not used: {named} has none. Give it one, or 1 where it is a plain number."
        return table, {}, (note,)
    carried = [
        name for name in table.inputs if np.ptp(table.columns[name]) == 0 and not dimension(table.units[name]).pure
    ]
    if carried:
        name = carried[0]
        note = (
            f"the units are not used: column {name!r} is constant ({table.columns[name][0]:g} {table.units[name]}), so numbers "
            "of the law may carry its unit. Leave the column out where they do not."
        )
        return table, {}, (note,)
    return table, {name: table.units[name] for name in columns}, ()


def _units_of_rest(units: dict[str, str], whole: Whole, target: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The units with that of the rest; none of them, and a note, where the known part does not agree with them."""
    if not units:
        return units, ()
    rest, name = whole.rest, whole.table.target
    told = Dimensions({rest.names[column]: dimension(units[column]) for column in rest.names}, dimension(units[name]))
    doubt = told.doubt(rest.beside) if rest.beside != 0 else ""
    try:
        left = told.target / told.of(rest.times)
    except UnitError as error:
        doubt = str(error)
    if doubt:
        return {}, (f"the units are not used, since the known part is against them: {doubt.removesuffix('.')}.",)
    return {**{column: unit for column, unit in units.items() if column != name}, target: str(left)}, ()


def _dimension(column: str, unit: str) -> Dimension:
    try:
        return dimension(unit)
    except UnitError as error:
        raise UnitError(f"column {column!r}: {error} Or leave the units out.") from None


@dataclass(frozen=True)
class Bound:
    """Knowledge of the columns under their identifiers: ``symbols`` maps identifiers to columns."""

    known: Knowledge
    symbols: Mapping[str, str]
    target: str

    @cached_property
    def permits(self) -> Callable[[sympy.Expr], bool]:
        """A test of expressions: whether they may be proposed at all."""
        tests = [permitted(self.known.named.values())] if self.known.restricted else []
        unwanted = [uses(row) for row in self.known.without]
        most = inf if self.known.max_complexity is None else self.known.max_complexity
        return lambda expression: (
            complexity(self._written_out(expression)) <= most
            and all(test(expression) for test in tests)
            and not any(test(expression) for test in unwanted)
        )

    def _written_out(self, expression: sympy.Expr) -> sympy.Expr:
        return expression if self.known.rest is None else self.known.rest.rest.whole(expression)

    def whole(self, found: "Discovery", prepared: Prepared) -> "Discovery":
        """What was found, as a law for the user's target."""
        return found if self.known.rest is None else self.known.rest(found, prepared)

    def uncertainty(self, accuracy: float, prepared: Prepared) -> float:
        """How well the search's target is known, where the user's is to ``accuracy``."""
        return accuracy if self.known.rest is None else accuracy / self.known.rest.scale(prepared.table)

    def refuses(self, expression: sympy.Expr) -> str:
        """Why a formula is not to be had: the shape that it breaks; empty where it breaks none."""
        if self.known.shapes is None:
            return ""
        rest = self.known.rest
        symbols = self.symbols if rest is None else {name: column for column, name in rest.rest.names.items()}
        return self.known.shapes.doubt(self._written_out(expression), symbols)

    @property
    def of_network(self) -> Shapes | None:
        """The shapes that the network has: none where it is of a part of the law."""
        return self.known.shapes if self.known.rest is None else None

    def check_network(self, prepared: Prepared) -> tuple[str, ...]:
        """What of the shapes the network does not know. Raises SettingsError for shapes that none can have together."""
        Sight.of(prepared, self.of_network)
        return left_out(prepared, self.of_network)

    def nats(self, expression: sympy.Expr) -> float:
        """What the rows must make good where it is above 0; less where what is preferred speaks for a formula."""
        against = self.dimensions.nats(expression) if self.dimensions else 0.0
        return against - PREFERRED * sum(test(expression) for test in self._preferred)

    @cached_property
    def _preferred(self) -> list[Callable[[sympy.Expr], bool]]:
        return [uses(row) for row in self.known.preferred]

    @cached_property
    def dimensions(self) -> Dimensions | None:
        """The dimensions of the columns, where they tell something: None without units, and where no formula of the inputs
        alone has the target's."""
        told = self._told
        return told if told is not None and within_reach(told) else None

    @cached_property
    def _told(self) -> Dimensions | None:
        units = self.known.units
        if not units:
            return None
        inputs = {name: dimension(units[column]) for name, column in self.symbols.items()}
        return Dimensions(inputs, dimension(units[self.target]))

    def contradicts(self, expression: sympy.Expr) -> bool:
        """Whether the units speak against a formula, where a law in plain numbers is possible."""
        return self.dimensions is not None and not self.dimensions.agree(expression)

    def notes(self, pick: sympy.Expr | None, refused: Sequence[tuple[Formula, str]] = ()) -> tuple[str, ...]:
        """What to know of the pick, of what could not be used, and of the formulas that were refused."""
        told, said = self._told, list(self.known.notes)
        if refused:
            nearest, reason = min(refused, key=lambda one: one[0].rmse)
            said.append(
                f"{len(refused)} formulas were refused for their shape; nearest to the rows came {nearest.equation} "
                f"(rmse {nearest.rmse:.2g}), but {reason}."
            )
        if told is not None and self.dimensions is None:
            said.append(
                f"no product of powers of the inputs is in {told.target}, the dimension of {self.target!r}: a number in the "
                "law carries a unit, and the units cannot shorten the search."
            )
        if told is not None and pick is not None and pick.free_symbols and (doubt := told.doubt(pick)):
            said.append(f"the formula against the units: {doubt}. {_ways_out(told, pick)}")
        return tuple(said)


def _ways_out(told: Dimensions, pick: sympy.Expr) -> str:
    try:
        return f"Its numbers would have to carry {told.target / told.of(pick)}."
    except UnitError:
        return "Its numbers would have to carry units, or it is not the law."
