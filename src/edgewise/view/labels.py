"""The formula that a fixed edge carries, in one short line."""

from edgewise.nn import Constants
from edgewise.primitives import Primitive

DIGITS = 3


def edge_label(primitive: Primitive, constants: Constants, size: float = 1.0) -> str:
    """``c f(a x + b) + d`` with constants of three digits; the bare name where the constants do nothing.

    A shift below a thousandth of what it is added to is not written; ``size`` is how large x gets.

    >>> from edgewise.primitives import find
    >>> edge_label(find("sin"), Constants(inner_scale=3.14159))
    'sin(3.14 x)'
    >>> edge_label(find("log"), Constants())
    'log'
    >>> edge_label(find("x^2"), Constants(2.0, -1.0, 0.5, 3.0))
    '0.5 (2 x - 1)^2 + 3'
    """
    a, b, c, d, exponent = constants
    if tuple(map(number, (a, b, c, d))) == ("1", "0", "1", "0") and not primitive.exponent:
        return primitive.name
    if primitive.name == "0":
        return number(d)
    if primitive.name == "x":
        return _line(a * c, "x", c * b + d, size)
    return _line(c, _call(primitive, _line(a, "x", b, size), exponent), d)


def edge_shift(shift: float, size: float = 1.0) -> str:
    """``+ 16`` beside a sum; nothing where it is below a thousandth of ``size``, how large the sum gets.

    >>> edge_shift(16.0, 20.0), edge_shift(-0.5), edge_shift(1e-9)
    ('+ 16', '- 0.5', '')
    """
    if abs(shift) < 10**-DIGITS * size or not shift:
        return ""
    return f"{'-' if shift < 0 else '+'} {number(abs(shift))}"


def number(value: float) -> str:
    """Three digits, no more than needed: ``3.14``, ``2``, ``1e+06``."""
    text = f"{value:.{DIGITS}g}"
    return "0" if text == "-0" else text


def _call(primitive: Primitive, inner: str, exponent: float) -> str:
    bracketed = inner if inner == "x" else f"({inner})"
    if primitive.exponent:
        return f"{bracketed}^{number(exponent)}"
    if primitive.name.startswith(("x^", "1/x")):
        return primitive.name.replace("x", bracketed)
    return f"{primitive.name}({inner})"


def _line(slope: float, what: str, shift: float, size: float = 1.0) -> str:
    """``slope what + shift`` without ones and zeros."""
    factor = number(slope)
    if factor == "0":
        return number(shift)
    times = f"{factor}{what[1:]}" if what.startswith("1/") else f"{factor} {what}"
    text = {"1": what, "-1": f"-{what}"}.get(factor, times)
    if abs(shift) < 10**-DIGITS * abs(slope) * size or not shift:
        return text
    return f"{text} {edge_shift(shift, 0.0)}"
