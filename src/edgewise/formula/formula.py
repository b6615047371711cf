"""A law with everything that is known of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from math import isnan, nan
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from edgewise.errors import FormulaError, ShapeError

from .anatomy import rebuild, symbol
from .complexity import complexity
from .constants import constants, round_constants, with_error
from .evaluate import evaluate
from .exporters import export
from .names import identifiers
from .parse import parse
from .text import to_text

if TYPE_CHECKING:
    import pandas

ROUNDING = 1e-15  # of 1 - r2


@dataclass(frozen=True)
class Formula:
    """``target = expression``, in the names of the columns, with its error on rows that were held out.

    >>> law = Formula.from_text("2*pi*sqrt(L/g)", target="T", inputs=["L", "g"], rmse=3.1e-6, r2=0.99999)
    >>> print(law)
    T = 2*pi*sqrt(L/g)
    >>> law.complexity
    8
    >>> law.predict({"L": [1.0, 4.0], "g": 9.81}).round(3)
    array([2.006, 4.012])

    ``expression`` is written in identifiers; ``symbols`` says which column each of them stands for, in the order of
    the columns of an array. ``units`` is by column. ``constant_errors`` are the standard errors of the fitted
    constants c1, c2, ... in the order in which they are read (see ``constants``).
    """

    target: str
    expression: sympy.Expr
    symbols: Mapping[str, str]
    units: Mapping[str, str] = field(default_factory=dict)
    rmse: float = nan
    r2: float = nan
    constant_errors: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        expression = sympy.sympify(self.expression, strict=True)  # a plain number becomes an expression
        object.__setattr__(self, "expression", _renamed(expression, {name: name for name in self.symbols}))
        for mapping in ("symbols", "units", "constant_errors"):
            object.__setattr__(self, mapping, dict(getattr(self, mapping)))

    @classmethod
    def from_text(cls, text: str, target: str, inputs: Sequence[str], **known: Any) -> "Formula":
        """The formula that the text writes, where each column of ``inputs`` stands under its ``identifiers`` name."""
        symbols = {identifier: column for column, identifier in identifiers(inputs).items()}
        return cls(target, parse(text, symbols), symbols, **known)

    # ---- what it says

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that may occur, in the order of the columns of an array."""
        return tuple(self.symbols.values())

    @cached_property
    def text(self) -> str:
        """The right-hand side; ``parse(text, symbols)`` gives the expression back."""
        return to_text(self.expression)

    @property
    def equation(self) -> str:
        """``T = 2*pi*sqrt(L/g)``."""
        return f"{self.target} = {self.text}"

    @cached_property
    def complexity(self) -> int:
        """Names, numbers, functions and operators of the right-hand side."""
        return complexity(self.expression)

    @cached_property
    def constants(self) -> dict[str, float]:
        """The fitted constants by name: c1, c2, ... in the order in which they are read."""
        return constants(self.expression)

    def constants_rows(self) -> list[dict[str, Any]]:
        """One dict a fitted constant: ``name``, ``value``, ``error`` (its standard error, nan where it is not known, inf
        where the rows do not tell the constant) and ``text``, the value with the digits that the error supports (three
        where it is not known, all where the formula leaves nothing to explain)."""
        known = {name: self.constant_errors.get(name, nan) for name in self.constants}
        exact = 1 - self.r2 <= ROUNDING
        return [
            {
                "name": name,
                "value": value,
                "error": known[name],
                "text": f"{value:.15g}" if exact and isnan(known[name]) else with_error(value, known[name]),
            }
            for name, value in self.constants.items()
        ]

    def constants_frame(self) -> "pandas.DataFrame":
        """``constants_rows`` as a pandas DataFrame, by name.

        >>> print(Formula.from_text("9.81234*t**2", "s", ["t"], constant_errors={"c1": 0.0021}).constants_frame())
              value   error              text
        c1  9.81234  0.0021  9.8123 +- 0.0021
        """
        import pandas

        frame = pandas.DataFrame(self.constants_rows(), columns=["name", "value", "error", "text"])
        return frame.set_index("name").rename_axis(None)

    def __str__(self) -> str:
        return self.equation

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    # ---- other forms

    def export(self, to: str) -> str:
        """The formula as source text; ``to`` is one of ``EXPORTERS``: ``"latex"``, ``"mathml"``, ``"torch"``, ``"c"`` ..."""
        return export(self, to)

    def latex(self) -> str:
        """The equation in LaTeX, in the columns' own names."""
        return export(self, "latex")

    def sympy(self) -> sympy.Expr:
        """The right-hand side with symbols named by the columns; all symbols are real."""
        return _renamed(self.expression, self.symbols)

    def numpy(self) -> Callable[..., np.ndarray]:
        """A function of an (N, d) array in the order of ``inputs``, or of columns by name: ``f(L=1.0, g=9.81)``."""
        return partial(_call, self)

    def rounded(self, digits: int = 2) -> "Formula":
        """The same formula with only the digits of its constants that their standard errors support."""
        return replace(self, expression=round_constants(self.expression, self.constant_errors, digits))

    def as_dict(self) -> dict[str, Any]:
        """All of it in plain numbers and texts, as JSON wants it; ``from_dict`` is the way back."""
        fields = ("target", "symbols", "units", "rmse", "r2", "constant_errors")
        return {"text": self.text, "complexity": self.complexity} | {name: getattr(self, name) for name in fields}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "Formula":
        """The formula that ``as_dict`` wrote down."""
        known = {name: value for name, value in saved.items() if name not in ("text", "complexity")}
        return cls(expression=parse(saved["text"], saved["symbols"]), **known)

    # ---- numbers

    def predict(self, table: Any) -> np.ndarray:
        """The target for each row, float64, (N,); nan where the formula has no real value.

        ``table`` is a Table or DataFrame, a mapping from columns to numbers or arrays, or an (N, d) array with the
        columns in the order of ``inputs``.

        Raises ColumnError for a column that is missing, ShapeError for an array of another width.
        """
        return evaluate(self.expression, self._columns(table))

    def _columns(self, table: Any) -> dict[str, Any]:
        if isinstance(columns := getattr(table, "columns", None), Mapping):  # a Table
            table, columns = columns, None
        if isinstance(table, Mapping):
            columns = table
        if columns is None:
            return dict(zip(self.symbols, self._array(table).T, strict=True))
        used = {variable.name for variable in self.expression.free_symbols}
        present = {name: table[column] for name, column in self.symbols.items() if column in columns}
        # of a column that is not used (it may hold words) only the length counts
        return {name: values if name in used else np.zeros(np.shape(values)) for name, values in present.items()}

    def _array(self, table: Any) -> np.ndarray:
        array = np.asarray(table, dtype=np.float64)
        if array.ndim != 2 or array.shape[1] != len(self.inputs):
            raise ShapeError(
                f"expected an array of shape (rows, {len(self.inputs)}) with the columns {', '.join(self.inputs)}, "
                f"got {array.shape}. Reshape it, or give the columns by name."
            )
        return array


def _call(formula: Formula, array: Any = None, /, **columns: Any) -> np.ndarray:
    named = {formula.symbols.get(name, name): values for name, values in columns.items()}
    return formula.predict(named if array is None else array)


def _renamed(expression: sympy.Expr, names: Mapping[str, str]) -> sympy.Expr:
    """The expression with its symbols renamed, and real."""
    if unknown := sorted(s.name for s in expression.free_symbols if s.name not in names):
        known = ", ".join(names) or "none"
        raise FormulaError(f"{', '.join(unknown)} in {expression} stands for no column. Known: {known}.")

    def rename(part: sympy.Expr) -> sympy.Expr:
        return symbol(names[part.name]) if part.is_Symbol else rebuild(part, rename)

    return rename(expression)
