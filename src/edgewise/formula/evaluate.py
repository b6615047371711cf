"""An expression on columns of numbers.

>>> evaluate(parse("2*pi*sqrt(L/g)"), {"L": np.array([1.0, 4.0]), "g": 9.81}).round(3)
array([2.006, 4.012])
"""

from collections.abc import Callable, Mapping
from functools import reduce
from operator import mul, truediv
from typing import TypeAlias

import numpy as np
import sympy
from numpy.typing import ArrayLike

from edgewise.errors import ColumnError, FormulaError, did_you_mean
from edgewise.primitives import FUNCTIONS, SPECIAL_FUNCTIONS, backend

from .anatomy import call, fraction

_CONSTANTS = {
    sympy.pi: np.pi,
    sympy.oo: np.inf,
    -sympy.oo: -np.inf,
    sympy.zoo: np.nan,
    sympy.nan: np.nan,
    sympy.I: np.nan,
}
Value: TypeAlias = np.ndarray | np.float64
_EXTREMES: dict[str, Callable[..., Value]] = {"maximum": np.maximum, "minimum": np.minimum}


def evaluate(expression: sympy.Expr, columns: Mapping[str, ArrayLike]) -> np.ndarray:
    """The values of the expression in float64, of the common shape of all columns.

    ``columns`` holds a number or an array for each variable, by its name. Where the expression has no real value
    (log(-1), (-8)**(1/3)) stands nan, without a warning.

    Raises ColumnError for a variable that has no column, FormulaError for a function that is not ours.
    """
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()}
    with np.errstate(all="ignore"):
        values = _Walk(arrays).value(expression)
    return np.broadcast_to(values, np.broadcast_shapes(np.shape(values), *(a.shape for a in arrays.values()))).copy()


def number(constant: sympy.Number) -> float:
    """The nearest float64; inf where the number is larger than any."""
    try:
        return constant.p / constant.q if constant.is_Rational else float(constant)
    except OverflowError:
        return np.inf if constant > 0 else -np.inf


class _Walk:
    """One evaluation; equal parts are computed once."""

    def __init__(self, columns: Mapping[str, np.ndarray]) -> None:
        self.columns = columns
        self.known: dict[sympy.Expr, Value] = {}

    def value(self, expression: sympy.Expr) -> Value:
        if expression not in self.known:
            self.known[expression] = self._compute(expression)
        return self.known[expression]

    def _compute(self, expression: sympy.Expr) -> Value:
        if expression.is_Symbol:
            return self._column(expression.name)
        if expression in _CONSTANTS:
            return np.float64(_CONSTANTS[expression])
        if expression.is_Number:
            return np.float64(number(expression))
        if expression.is_Add:
            return sum(map(self.value, expression.args[1:]), start=self.value(expression.args[0]))
        if called := call(expression):
            return self._call(*called)
        if expression.is_Mul or (expression.is_Pow and expression.exp.is_Number and expression.exp < 0):
            return self._fraction(expression)
        if expression.is_Pow:
            return self.value(expression.base) ** self.value(expression.exp)
        raise FormulaError(
            f"{expression.func.__name__} in {expression} is none of our functions. "
            f"Rewrite the formula with: {', '.join(sorted((*FUNCTIONS, *SPECIAL_FUNCTIONS)))}."
        )

    def _column(self, name: str) -> np.ndarray:
        if name not in self.columns:
            known = ", ".join(self.columns) or "none of its own"
            raise ColumnError(f"the formula needs {name!r}; columns given: {known}.{did_you_mean(name, self.columns)}")
        return self.columns[name]

    def _call(self, name: str, arguments: tuple[sympy.Expr, ...]) -> Value:
        function = _EXTREMES[name] if name in _EXTREMES else getattr(backend("numpy"), name)
        return function(*map(self.value, arguments))

    def _fraction(self, expression: sympy.Expr) -> Value:
        negative, coefficient, above, below = fraction(expression)
        value: Value = np.float64(number(-coefficient if negative else coefficient))
        value = reduce(mul, map(self.value, above), value)
        return reduce(truediv, map(self.value, below), value)
