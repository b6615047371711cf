"""A part of the law that is known: the search explains what is left, and the law that comes out is the whole one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import sympy

from edgewise.data import Table, coded_name
from edgewise.errors import ParseError, SettingsError, ValuesError
from edgewise.formula import Formula, Front, constants, evaluate, identifiers, parse, symbol, to_text

from .weighing import Weights, rms, variance

if TYPE_CHECKING:
    from .calibration import Calibration
    from .explained import Reason
    from .prepare import Prepared
    from .result import Discovery

DOTS = "..."
NOTHING = 1e-12  # of the target's size: what rounding leaves


@dataclass(frozen=True)
class Rest:
    """target = beside + times * rest, in identifiers of the columns; ``names`` has the identifier of each.

    >>> rest = Rest.read("m*g*h + ...", ["m", "g", "h", "v"])
    >>> rest.whole(parse("m*v**2/2", "mv"))
    g*h*m + m*v**2/2
    >>> Rest.read("exp(-t) * (1 - ...)", ["t"])
    Rest('exp(-t) - ...*exp(-t)')
    """

    beside: sympy.Expr
    times: sympy.Expr
    names: Mapping[str, str]

    @classmethod
    def read(cls, text: str, inputs: Sequence[str]) -> "Rest":
        """The known formula, in which ``...`` is what is not known; without dots it is a summand. Raises SettingsError where
        the target does not follow from a rest (dots in a root, in a divisor, or twice in a product), ParseError for text that is
        no formula of the inputs."""
        if not isinstance(text, str):
            raise SettingsError(f"known is a formula as text, like 'm*g*h + ...', got {text!r}.")
        if not text.strip():
            raise SettingsError("known is empty. Give a part of the law, like 'm*g*h + ...', or leave it out.")
        names = identifiers(inputs)
        hole = _hole(names.values())
        given = text if DOTS in text else f"({text}) + {DOTS}"
        try:
            read = parse(given.replace(DOTS, hole), [*names.values(), hole])
        except ParseError as error:
            raise ParseError(f"known is no formula of the inputs: {str(error).replace(hole, DOTS)}") from None
        rest = symbol(hole)
        times = sympy.diff(read, rest)
        beside = read.xreplace({rest: sympy.Integer(0)})
        if rest in times.free_symbols or times == 0:
            raise SettingsError(
                f"known={text!r}: the dots stand for what is not known, and must be a summand or a factor of the target, like "
                "'m*g*h + ...' or 'exp(-t) * ...'."
            )
        return cls(beside, times, names)

    def __repr__(self) -> str:
        return f"Rest({str(self)!r})"

    def __str__(self) -> str:
        hole = _hole(self.names.values())
        return re.sub(rf"\b{hole}\b", DOTS, to_text(self.whole(symbol(hole))))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the known part needs."""
        used = {one.name for one in (self.beside + self.times * symbol(_hole(self.names.values()))).free_symbols}
        return tuple(column for column, name in self.names.items() if name in used)

    def whole(self, rest: sympy.Expr) -> sympy.Expr:
        """The law for the target from one for the rest, in the same identifiers."""
        return sympy.Add(self.beside, sympy.Mul(self.times, rest))

    def values(self, columns: Mapping[str, np.ndarray], rows: int) -> tuple[np.ndarray, np.ndarray]:
        """``beside`` and ``times`` on columns by name, (rows,) each."""
        named = {self.names[column]: columns[column] for column in self.columns}
        beside, times = (np.broadcast_to(evaluate(part, named), (rows,)) for part in (self.beside, self.times))
        return beside.astype(float), times.astype(float)

    def table(self, table: Table) -> Table:
        """The same rows with the rest as the target, each weighed by how much of it the target shows.

        Raises ValuesError where a row does not tell the rest, and where nothing is left to explain.
        """
        with np.errstate(all="ignore"):
            beside, times = self.values(table.columns, table.rows)
            left = (table.y - beside) / times
        if (bad := ~np.isfinite(left)).any():
            raise ValuesError(
                f"known={str(self)!r} leaves no finite number in {np.sum(bad)} of {table.rows} rows (the first is row "
                f"{np.flatnonzero(bad)[0] + 1}): its value there is none, or what multiplies the rest is 0. Leave them out."
            )
        if np.ptp(times * left) <= NOTHING * np.abs(table.y).max() or np.ptp(left) <= NOTHING * np.abs(left).max():
            law = f"{table.target} = {to_text(self.whole(sympy.Float(np.mean(left))))}"
            raise ValuesError(
                f"known={str(self)!r} leaves {np.mean(left):g} in all rows: {law} is the whole law. Leave known out to see it "
                "found, or change it."
            )
        name = f"rest of {table.target}"
        kept = {column: values for column, values in table.columns.items() if column != table.target}
        units = {column: unit for column, unit in table.units.items() if column != table.target}
        weights = table.weights
        if np.ptp(times) > 0:
            weights = times**2 * (1.0 if weights is None else weights)
        return replace(table, columns={**kept, name: left}, target=name, units=units, weights=weights)


def _hole(taken: Sequence[str] | Mapping[str, str] | object) -> str:
    """A name for what is not known that no column has, as wide as the dots that it stands for."""
    name = "r__"
    while name in tuple(taken):  # type: ignore[arg-type]
        name += "_"
    return name


@dataclass(frozen=True)
class Whole:
    """The way back from a discovery of the rest to one of ``table``, whose target is partly known."""

    rest: Rest
    table: Table

    def __call__(self, found: "Discovery", prepared: "Prepared") -> "Discovery":
        """The discovery with whole formulas, and errors of the target."""
        inputs = tuple(name for name in self.table.inputs if name in (*found.inputs, *self.rest.columns))
        lifted = {id(formula): self._formula(formula, inputs, prepared.held) for formula in found.front}
        scale = self.scale(prepared.held)
        front = Front(lifted.values(), floor=found.front.floor * scale)
        pick = None if found.formula is None else lifted[id(found.formula)]
        if pick is not None and not any(one is pick for one in front):
            pick = front.beating(pick)[0]  # as short and as good, once written out
        if pick is not None:
            front.pick(pick)
        network_rmse, network_r2 = self._errors(found.network_rmse, prepared.network_held)
        test_rmse, test_r2 = self._errors(found.test_rmse, prepared.test)
        return replace(
            found,
            target=self.table.target,
            inputs=inputs,
            formula=pick,
            front=front,
            network_rmse=network_rmse,
            network_r2=network_r2,
            test_rmse=test_rmse,
            test_r2=test_r2,
            sample=self._widened(found.sample, found.inputs, inputs),
            calibration=self._calibration(found, inputs),
            known=str(Rest.read(str(self.rest), inputs)),
            reason=self._reason(found, prepared.held),
            warnings=(*found.warnings, *self._note(found)),
        )

    def _note(self, found: "Discovery") -> tuple[str, ...]:
        if found.model is None:
            return ()
        return (f"the network is one of the dots in {self.table.target} = {self.rest}; its errors are of the whole.",)

    def _reason(self, found: "Discovery", rows: Table) -> "Reason | None":
        """The same in the target's unit: the rival's whole law, and errors where a constant multiplies the rest (nan where
        what multiplies it varies)."""
        reason = found.reason
        if reason is None:
            return None
        rival = {formula.equation: formula for formula in found.front}.get(reason.next_best)
        whole = "" if rival is None else self._formula(rival, self.table.inputs, rows).equation
        _, times, _ = self._rows(rows)
        factor = float(np.abs(times[0])) if len(times) and np.ptp(times) == 0 else np.nan
        return replace(
            reason, next_best=whole, inner_rmse=factor * reason.inner_rmse, outer_rmse=factor * reason.outer_rmse
        )

    def _formula(self, formula: Formula, inputs: Sequence[str], held: Table) -> Formula:
        """The whole law, with the errors of its constants where these are still there (0 of those that are known)."""
        own = {symbol(name): symbol(self.rest.names[column]) for name, column in formula.symbols.items()}
        expression = self.rest.whole(formula.expression.xreplace(own))
        rmse, r2 = self._errors(formula.rmse, held)
        told = {value: 0.0 for part in (self.rest.beside, self.rest.times) for value in constants(part).values()}
        told |= {formula.constants[name]: error for name, error in formula.constant_errors.items()}
        errors = {name: told[value] for name, value in constants(expression).items() if value in told}
        symbols = {self.rest.names[column]: column for column in inputs}
        units = {name: unit for name, unit in self.table.units.items() if name in (*inputs, self.table.target)}
        return Formula(self.table.target, expression, symbols, units, rmse, r2, errors)

    def _rows(self, rows: Table) -> tuple[np.ndarray, np.ndarray, Weights]:
        """beside, times and the user's weights of rows of the rest."""
        beside, times = self.rest.values(self._all_columns(rows.columns, rows.rows), rows.rows)
        if rows.weights is None:
            return beside, times, None
        return beside, times, rows.weights / times**2 if np.ptp(times) > 0 else rows.weights

    def scale(self, rows: Table) -> float:
        """What an error of the rest on rows (by their weights) is in the target's unit."""
        _, times, weights = self._rows(rows)
        return rms(times, weights)

    def _errors(self, rmse: float, rows: Table) -> tuple[float, float]:
        if not rows.rows:
            return np.nan, np.nan
        beside, times, weights = self._rows(rows)
        rmse = rmse * rms(times, weights)
        spread = variance(beside + times * rows.y, weights)
        return rmse, 1 - rmse**2 / max(spread, float(np.finfo(float).tiny))

    def _all_columns(self, columns: Mapping[str, np.ndarray], rows: int) -> dict[str, np.ndarray]:
        """The columns with those that were left aside: constant ones, copies of others, and usual levels."""
        return {**columns, **{name: self._column(name, columns, rows) for name in self.rest.columns}}

    def _column(self, name: str, found: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
        """A column (rows,) of the table, from those that were ``found`` in its rows."""
        if name in found:
            return found[name]
        values = self.table.columns[name]
        for own in found:
            if own in self.table.inputs and np.array_equal(self.table.columns[own], values):
                return found[own]
        if np.ptp(values) == 0:
            return np.full(rows, values[0])
        others = [self._column(other, found, rows) for other in self._other_levels(name)]
        return np.asarray(1.0 - np.sum(others, axis=0))

    def _other_levels(self, name: str) -> list[str]:
        """The columns of 0 and 1 beside this one, which is where none of them is."""
        every = [[coded_name(column, level) for level in levels] for column, levels in self.table.levels.items()]
        return [other for coded in every if name in coded for other in coded if other != name]

    def _widened(self, x: np.ndarray, own: Sequence[str], inputs: Sequence[str]) -> np.ndarray:
        every = self._all_columns(dict(zip(own, x.T, strict=True)), len(x))
        return np.column_stack([every[name] for name in inputs])

    def _calibration(self, found: "Discovery", inputs: Sequence[str]) -> "Calibration | None":
        if found.calibration is None:
            return None
        known = found.calibration
        x = self._widened(known.x, found.inputs, inputs)
        beside, times = self.rest.values(dict(zip(inputs, x.T, strict=True)), len(x))
        weights = known.weights if known.weights is None or np.ptp(times) == 0 else known.weights / times**2
        return replace(known, x=x, y=beside + times * known.y, residuals=times * known.residuals, weights=weights)
