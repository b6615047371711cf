"""Numbers that people write in laws, and how many bits it takes to name one.

>>> [str(choice.number) for choice in choices(0.39894228, 1e-8)]
['sqrt(2)/(2*sqrt(pi))']
"""

from dataclasses import dataclass
from functools import cache
from math import isqrt, log2, sqrt

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
    found: list[tuple[float, float, int, int, int]] = []  # bits, distance, p, q, which unit (-1: a square root)
    for which, (_, size, denominators, bits) in enumerate(_units()):
        for p, q in _fractions(value / size, tolerance / size, denominators, largest):
            found.append((bits + log2(abs(p)) + log2(q), abs(p / q * size - value), p, q, which))
    for p, q in _fractions(value**2, 2 * abs(value) * tolerance, 32, largest):
        distance = abs(sqrt(p / q) - abs(value))
        if not (isqrt(p) ** 2 == p and isqrt(q) ** 2 == q) and distance <= tolerance:
            found.append((3.0 + log2(p) + log2(q), distance, p, q, -1))
    return _first(sorted(found), float(np.sign(value)), count)


def _first(found: list[tuple[float, float, int, int, int]], sign: float, count: int) -> list[Choice]:
    """The first ``count`` different numbers; SymPy is asked for no more of them."""
    chosen: dict[sympy.Expr, Choice] = {}
    for bits, _, p, q, which in found:
        if which < 0:
            number = int(sign) * sympy.sqrt(sympy.Rational(p, q))
            near = sign * sqrt(p / q)
        else:
            unit, size, _, _ = _units()[which]
            number, near = sympy.Rational(p, q) * unit, p / q * size
        chosen.setdefault(number, Choice(number, near, bits))
        if len(chosen) == count:
            break
    return list(chosen.values())


def _fractions(value: float, tolerance: float, denominators: int, largest: float) -> list[tuple[int, int]]:
    """All reduced p/q within the tolerance."""
    q = np.arange(1, denominators + 1)
    p = np.round(value * q)
    near = (np.abs(p / q - value) <= tolerance) & (p != 0) & (np.abs(p) <= largest)
    return [(int(a), int(b)) for a, b in zip(p[near], q[near], strict=True) if np.gcd(int(a), int(b)) == 1]
