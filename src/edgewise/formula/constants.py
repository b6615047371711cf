"""The fitted constants of an expression: taken out, put back, rounded.

A constant is a Float. Integers, fractions and pi belong to the form of a law and are never touched. Constants are
called c1, c2, ... in the order in which they are read.
"""

from collections.abc import Mapping
from math import floor, isfinite, log10

import sympy

from .anatomy import rebuild
from .evaluate import number


def split_constants(expression: sympy.Expr) -> tuple[sympy.Expr, dict[sympy.Dummy, float]]:
    """The expression with a fresh parameter in place of each constant, and the values of the parameters.

    >>> template, values = split_constants(parse("2.5*x**1.5 + 3*y"))
    >>> str(template), values
    ('_c1*x**_c2 + 3*y', {_c1: 2.5, _c2: 1.5})
    """
    values: dict[sympy.Dummy, float] = {}

    def take(part: sympy.Expr) -> sympy.Expr:
        if not part.is_Float:
            return rebuild(part, take)
        parameter = sympy.Dummy(f"c{len(values) + 1}", real=True)
        values[parameter] = number(part)
        return parameter

    return take(expression), values


def join_constants(template: sympy.Expr, values: Mapping[sympy.Dummy, float]) -> sympy.Expr:
    """The template with numbers in place of its parameters: the way back from ``split_constants``."""

    def put(part: sympy.Expr) -> sympy.Expr:
        return sympy.Float(float(values[part])) if part in values else rebuild(part, put)

    return put(template)


def constants(expression: sympy.Expr) -> dict[str, float]:
    """The constants by name, in the order in which they are read.

    >>> constants(parse("2.5*x**1.5 + 3*y"))
    {'c1': 2.5, 'c2': 1.5}
    """
    return {parameter.name: value for parameter, value in split_constants(expression)[1].items()}


def round_constants(expression: sympy.Expr, errors: Mapping[str, float], digits: int = 2) -> sympy.Expr:
    """Each constant with only the digits that its standard error supports.

    ``errors`` holds the standard errors by the names of ``constants``; a constant without one, or with one that is
    not finite and positive, stays as it is. The last digit kept is the one where the error has its ``digits``-th, so
    that rounding moves a constant by at most a twentieth of its error. No constant is rounded away to zero.

    >>> round_constants(parse("9.81234567*t**2"), {"c1": 0.0021})
    9.8123*t**2
    """
    template, values = split_constants(expression)
    return join_constants(template, {p: round_to(v, errors.get(p.name, 0.0), digits) for p, v in values.items()})


def round_to(value: float, error: float, digits: int = 2) -> float:
    """The value rounded where its error has its ``digits``-th digit, to at least one digit of its own.

    >>> round_to(1234.5678, 25.0)
    1235.0
    """
    if not (isfinite(error) and error > 0 and value):
        return value
    place = min(floor(log10(error)) - digits + 1, floor(log10(abs(value))))
    return round(value, -place)


def with_error(value: float, error: float) -> str:
    """The value and its standard error, to two digits of the error.

    >>> [with_error(1234.5678, 25.0), with_error(2.0, 0.0), with_error(0.123456789, float("nan"))]
    ['1235 +- 25', '2 +- 0', '0.123 +- ?']
    """
    if not isfinite(error):
        return f"{value:.3g} +- ?"  # no digit is known to be right, so few are shown
    return f"{round_to(value, error):.15g} +- {error:.2g}"
