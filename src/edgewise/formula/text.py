"""An expression as a line of text.

``to_text`` writes what ``parse`` reads: the same expression comes back, to the last bit of its constants.
The line is also Python, with the functions under the names of ``edgewise.primitives.FUNCTIONS``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import sympy

from edgewise.errors import FormulaError
from edgewise.primitives import FUNCTIONS, SPECIAL_FUNCTIONS

from .anatomy import Fraction, call, fraction, terms
from .evaluate import evaluate, number

# how tightly the outermost operator of a text binds
SUM, PRODUCT, POWER, ATOM = range(4)
FEW_ZEROS = 4  # as many at the end of a whole number are written as a power of ten


class Piece(NamedTuple):
    """Some text and how tightly it binds."""

    text: str
    binding: int

    def within(self, binding: int) -> str:
        """The text, in parentheses where its surroundings bind more tightly."""
        return self.text if self.binding >= binding else f"({self.text})"


@dataclass(frozen=True)
class Dialect:
    """What differs between languages: calls, pi, digits, names, powers (text and exponent: ``power(base, n, text)``).

    ``folds`` writes a call of numbers alone as the number that it is, for languages whose functions take no numbers.
    """

    function: Callable[[str, str], str] = lambda name, arguments: f"{name}({arguments})"
    pi: str = "pi"
    digits: Callable[[str], str] = str
    name: Callable[[str], str] = str
    power: Callable[[Piece, sympy.Expr, Piece], Piece] = lambda base, _, exponent: Piece(
        f"{base.within(ATOM)}**{exponent.within(ATOM)}", POWER
    )
    folds: bool = False


PLAIN = Dialect()


def to_text(expression: sympy.Expr, dialect: Dialect = PLAIN) -> str:
    """The expression as text that ``parse`` turns back into the very same expression.

    >>> to_text(parse("(y*x)**-0.5 * 3/2"))
    '3/(2*(x*y)**0.5)'

    Raises FormulaError for what has no place in a formula: complex or infinite numbers, foreign functions.
    """
    if dialect.pi == "pi" and any(s.name == "pi" for s in expression.free_symbols):
        dialect = Dialect(dialect.function, "acos(-1)")  # a column has taken the name
    return _Writer(dialect).write(expression).text


class _Writer:
    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def write(self, expression: sympy.Expr) -> Piece:
        if expression.is_Symbol:
            return _name(expression, self.dialect.name)
        if self.dialect.folds and (expression.args or expression is sympy.E) and not expression.free_symbols:
            return _folded(expression, self.dialect)
        if expression.is_Add:
            return self._sum(expression)
        if called := call(expression):
            name, arguments = called
            return Piece(self.dialect.function(name, ", ".join(self.write(a).text for a in arguments)), ATOM)
        if expression is sympy.pi:
            return Piece(self.dialect.pi, ATOM)
        parted = fraction(expression)
        if parted.above != (expression,):
            return self._fraction(parted)
        if expression.is_Pow:
            return self.dialect.power(self.write(expression.base), expression.exp, self.write(expression.exp))
        raise FormulaError(
            f"{expression} has no place in a formula. Known are numbers, pi, names, + - * / ** and the functions "
            f"{', '.join(sorted((*FUNCTIONS, *SPECIAL_FUNCTIONS)))}."
        )

    def _sum(self, expression: sympy.Expr) -> Piece:
        first, *rest = (self.write(term).text for term in terms(expression))
        signed = (f" - {text[1:]}" if text.startswith("-") else f" + {text}" for text in rest)
        return Piece(first + "".join(signed), SUM)

    def _fraction(self, parted: Fraction) -> Piece:
        above = [self.write(factor).within(PRODUCT) for factor in parted.above]
        below = [self.write(factor) for factor in parted.below]
        for part, is_above in _digits(parted.number):
            if is_above and (part != "1" or not above):
                above.insert(0, self.dialect.digits(part))
            elif not is_above and part != "1":
                below.insert(0, Piece(self.dialect.digits(part), ATOM))
        text, binding = "*".join(above), (PRODUCT if len(above) > 1 else ATOM)
        if len(below) == 1:
            text, binding = f"{text}/{below[0].within(POWER)}", PRODUCT
        elif below:
            text, binding = f"{text}/({'*'.join(piece.within(PRODUCT) for piece in below)})", PRODUCT
        return Piece(f"-{text}", SUM) if parted.negative else Piece(text, binding)


def _folded(constant: sympy.Expr, dialect: Dialect) -> Piece:
    value = float(evaluate(constant, {}))
    if not isfinite(value):
        raise FormulaError(f"{constant} has no finite value, so no code can hold it.")
    digits = dialect.digits(repr(abs(value)))
    return Piece(f"-{digits}", SUM) if value < 0 else Piece(digits, ATOM)


def _name(variable: sympy.Symbol, name: Callable[[str], str]) -> Piece:
    if not variable.name.isidentifier():
        raise FormulaError(f"{variable.name!r} cannot stand in a formula as it is; give it a name with identifiers().")
    return Piece(name(variable.name), ATOM)


def _digits(value: sympy.Number) -> list[tuple[str, bool]]:
    """Numerator and denominator of a positive number, as (digits, above the line)."""
    if value.is_Rational:
        return [(str(value.p), True), (str(value.q), False)]
    digits = repr(number(value))
    if digits in ("inf", "nan"):
        raise FormulaError(f"the number {value} does not fit in a float64.")
    return [(_in_powers_of_ten(digits), True)]


def _in_powers_of_ten(digits: str) -> str:
    """``2840000.0`` as ``2.84e+06``: a row of zeros before the point says nothing. The same float in any case."""
    whole = digits.removesuffix(".0")
    kept = whole.rstrip("0")
    if whole == digits or len(whole) - len(kept) < FEW_ZEROS:
        return digits
    return f"{kept[0]}{'.' if kept[1:] else ''}{kept[1:]}e+{len(whole) - 1:02}"
