"""The one-dimensional shapes f(k z^s) that an exact curve is compared with.

A row holds f, its derivative, how it is written, and the largest argument for which it exists. T(g z^m) = c0 + c1 f(k
z^s) with T from :mod:`.transforms` makes far more laws than rows: 1/(exp(u) - 1) is T = 1/y with f = exp, u/sqrt(1 -
u^2) is T = 1/y^2 with m and a power, sin(u)^2 is cos with twice the argument.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np
import sympy

from .problem import Array


@dataclass(frozen=True)
class Shape:
    name: str
    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    expression: Callable[[sympy.Expr], sympy.Expr]
    largest: float = inf
    waves: bool = False
    symbols: int = 1


def _binomial(name: str, sign: int, p: float) -> Shape:
    return Shape(
        name,
        lambda u: (1 + sign * u) ** p,
        lambda u: sign * p * (1 + sign * u) ** (p - 1),
        lambda u: (1 + sign * u) ** sympy.Rational(p),
        largest=inf if sign > 0 else 1.0,
        symbols=4,
    )


SHAPES: tuple[Shape, ...] = (
    Shape("exp(-u)", lambda u: np.exp(-u), lambda u: -np.exp(-u), lambda u: sympy.exp(-u), symbols=2),
    Shape("exp(u)", np.exp, np.exp, sympy.exp, largest=40.0),
    Shape("sin", np.sin, np.cos, sympy.sin, waves=True),
    Shape("cos", np.cos, lambda u: -np.sin(u), sympy.cos, waves=True),
    Shape("tan", np.tan, lambda u: 1 / np.cos(u) ** 2, sympy.tan, largest=1.6, symbols=2),
    Shape("tanh", np.tanh, lambda u: 1 / np.cosh(u) ** 2, sympy.tanh, largest=40.0),
    Shape("sinh", np.sinh, np.cosh, sympy.sinh, largest=40.0, symbols=2),
    Shape("cosh", np.cosh, np.sinh, sympy.cosh, largest=40.0),
    Shape("log(1+u)", np.log1p, lambda u: 1 / (1 + u), lambda u: sympy.log(1 + u), symbols=3),
    Shape(
        "log(1-u)", lambda u: np.log1p(-u), lambda u: -1 / (1 - u), lambda u: sympy.log(1 - u), largest=1.0, symbols=3
    ),
    Shape("atan", np.arctan, lambda u: 1 / (1 + u**2), sympy.atan, symbols=2),
    Shape("asin", np.arcsin, lambda u: 1 / np.sqrt(1 - u**2), sympy.asin, largest=1.0, symbols=2),
    _binomial("(1+u)^(1/2)", 1, 0.5),
    _binomial("(1-u)^(1/2)", -1, 0.5),
    _binomial("(1+u)^(-1/2)", 1, -0.5),
    _binomial("(1-u)^(-1/2)", -1, -0.5),
    _binomial("(1+u)^(3/2)", 1, 1.5),
    _binomial("(1-u)^(3/2)", -1, 1.5),
    _binomial("1/(1+u)", 1, -1.0),
    _binomial("1/(1-u)", -1, -1.0),
)

INVERSE_SHAPES: tuple[Shape, ...] = (
    _binomial("(1+u)^-2", 1, -2.0),
    _binomial("(1-u)^-2", -1, -2.0),
    Shape(
        "1/(exp(u)-1)",
        lambda u: 1 / np.expm1(u),
        lambda u: -np.exp(u) / np.expm1(u) ** 2,
        lambda u: 1 / (sympy.exp(u) - 1),
        largest=40.0,
        symbols=5,
    ),
    Shape(
        "1/(exp(u)+1)",
        lambda u: 1 / (np.exp(u) + 1),
        lambda u: -np.exp(u) / (np.exp(u) + 1) ** 2,
        lambda u: 1 / (sympy.exp(u) + 1),
        largest=40.0,
        symbols=5,
    ),
)
"""Shapes that an exact curve shows by a transform T, and a noisy one has to be compared with as they are."""

POWERS = (1.0, 2.0, -1.0, -2.0, 0.5, 1.5, 3.0, -0.5, -1.5, 4.0, -3.0, -4.0, 1 / 3, 2 / 3)
"""Exponents p of the parameter-free shape c0 + c1 z^p."""

INNER = (1.0, 2.0, -1.0, 0.5, -2.0)
"""Exponents s inside f(k z^s)."""

GAUGE = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 1.5, -1.5, 4.0, -4.0)
"""Exponents m of T(g z^m): a reduction leaves y / x^a open up to a power of z."""

TARGETS = ("y", "1/y", "log", "y^2", "1/y^2", "sqrt", "exp", "cos", "sin", "tan", "acos", "asin", "atanh")
"""Transforms T."""


def real_power(z: Array, exponent: float) -> bool:
    """Whether all of z have that power."""
    if exponent < 0 and np.any(z == 0):
        return False
    return exponent == int(exponent) or bool(np.all(z > 0))
