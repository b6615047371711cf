"""Columns of 0 and 1: every function of such a column is a straight line, and no row could tell it from one.

>>> from edgewise.formula import parse
>>> straightened(parse("2*b**3 + a*(b + 1)**2", ["a", "b"]), {"b"})
a*(3*b + 1) + 2*b
"""

from collections.abc import Collection, Mapping

import numpy as np
import sympy


def binary(columns: Mapping[str, np.ndarray]) -> frozenset[str]:
    """The names of the columns (rows,) that hold 0 and 1 only."""
    return frozenset(name for name, values in columns.items() if np.all((values == 0) | (values == 1)))


def straightened(expression: sympy.Expr, names: Collection[str]) -> sympy.Expr:
    """The expression with f(0) + (f(1) - f(0)) x in place of each part f(x) of one variable among ``names``.

    A part that is not finite at 0 or at 1 stays.
    """
    free = expression.free_symbols
    if expression.is_Symbol or not any(symbol.name in names for symbol in free):
        return expression
    if len(free) > 1:
        return expression.func(*(straightened(part, names) for part in expression.args))
    (x,) = free
    low, high = (expression.xreplace({x: sympy.Integer(value)}) for value in (0, 1))
    known = all(end.is_finite and end.is_real for end in (low, high))
    return low + (high - low) * x if known else expression
