"""Numbers that people write in laws, and how many bits it takes to name one.

>>> [str(choice.number) for choice in choices(0.39894228, 1e-8)]
['sqrt(2)/(2*sqrt(pi))']
"""

from dataclasses import dataclass
from functools import cache
from math import log2

import numpy as np
import sympy


@dataclass(frozen=True)
class Choice:
    """An exact number near a fitted one."""

    number: sympy.Expr
    value: float
    bits: float


@cache
def _units() -> tuple[tuple[sympy.Expr, float, int, float], ...]:
    """(unit, its value, largest denominator beside it, bits to name it)."""
    pi = sympy.pi
    rows = (
        (sympy.Integer(1), 128, 0.0),
        (pi, 64, 1.5),
        (1 / pi, 64, 2.5),
        (sympy.sqrt(2), 64, 3.0),
        (sympy.sqrt(3), 64, 3.5),
        (sympy.sqrt(pi), 64, 3.5),
        (1 / sympy.sqrt(pi), 64, 4.0),
        (sympy.sqrt(2 * pi), 64, 4.0),
        (1 / sympy.sqrt(2 * pi), 64, 4.0),
        (pi**2, 64, 4.0),
        (pi**-2, 64, 4.5),
        (sympy.E, 16, 4.5),
        (sympy.exp(-1), 16, 4.5),
    )
    return tuple((unit, float(unit), largest, bits) for unit, largest, bits in rows)


def choices(value: float, tolerance: float, largest: float = 1e6, count: int = 6) -> list[Choice]:
    """The ``count`` numbers within ``tolerance`` of a value that take the fewest bits, the shortest first.

    Fractions p/q, alone or times a unit (pi, sqrt(2), sqrt(2 pi) ...), and square roots of fractions; p up to
    ``largest``. Zero is not among them: it is another formula.
    """
    if not (np.isfinite(value) and value):
        return []
    tolerance = min(tolerance, 0.5 * abs(value))
    found: dict[sympy.Expr, Choice] = {}
    for unit, size, denominators, bits in _units():
        for p, q in _fractions(value / size, tolerance / size, denominators, largest):
            number = sympy.Rational(p, q) * unit
            found.setdefault(number, Choice(number, p / q * size, bits + log2(abs(p)) + log2(q)))
    for p, q in _fractions(value**2, 2 * abs(value) * tolerance, 32, largest):
        number = sympy.sign(value) * sympy.sqrt(sympy.Rational(p, q))
        choice = Choice(number, float(number), 3.0 + log2(p) + log2(q))
        if not number.is_Rational and abs(choice.value - value) <= tolerance:
            found.setdefault(number, choice)
    nearest = sorted(found.values(), key=lambda choice: (choice.bits, abs(choice.value - value)))
    return nearest[:count]


def _fractions(value: float, tolerance: float, denominators: int, largest: float) -> list[tuple[int, int]]:
    """All reduced p/q within the tolerance."""
    q = np.arange(1, denominators + 1)
    p = np.round(value * q)
    near = (np.abs(p / q - value) <= tolerance) & (p != 0) & (np.abs(p) <= largest)
    return [(int(a), int(b)) for a, b in zip(p[near], q[near], strict=True) if np.gcd(int(a), int(b)) == 1]
