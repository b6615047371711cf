"""From floating-point numbers to the numbers a formula is written with."""

from fractions import Fraction

import numpy as np
import sympy


def fraction(value: float, largest: int, tolerance: float) -> Fraction | None:
    """The fraction with the smallest denominator up to ``largest`` within ``tolerance`` of ``value``; None if there
    is none.

    >>> fraction(0.503, 3, 0.01)
    Fraction(1, 2)
    """
    if not np.isfinite(value):
        return None
    for denominator in range(1, largest + 1):
        numerator = round(value * denominator)
        if abs(value - numerator / denominator) <= tolerance:
            return Fraction(numerator, denominator)
    return None


def rational(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)


def constant(value: float, tolerance: float = 1e-11) -> sympy.Expr:
    """A fitted constant: an integer or half-integer when it is one to rounding, else the float itself."""
    found = fraction(float(value), 2, tolerance * max(1.0, abs(value)))
    if found is not None and abs(found) <= 100 and found != 0:
        return rational(found)
    return sympy.Float(float(value), 17)


def linear_combination(coefficients: np.ndarray, terms: list[sympy.Expr]) -> sympy.Expr:
    """Sum of coefficient times term, exact zeros left out."""
    return sympy.Add(*(constant(c) * term for c, term in zip(coefficients, terms, strict=True) if c != 0))
