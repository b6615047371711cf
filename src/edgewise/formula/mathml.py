"""A formula as MathML: what browsers and word processors show as mathematics."""

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import sympy

from edgewise.errors import FormulaError

from .anatomy import Fraction, call, fraction, terms
from .evaluate import number
from .greek import letter_and_index, sign_of

if TYPE_CHECKING:
    from .formula import Formula

_NAMES = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atanh": "artanh", "maximum": "max", "minimum": "min"}
_NAMES |= {"sign": "sgn", "log": "ln"}
_TIMES, _APPLIED = "<mo>\u2062</mo>", "<mo>\u2061</mo>"  # a product and a call, without a sign of their own


def mathml(formula: "Formula") -> str:
    """``<math>`` with the equation, in presentation markup."""
    right = _Markup({identifier: name(column) for identifier, column in formula.symbols.items()}).of(formula.expression)
    return (
        '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">'
        f"{_row(name(formula.target), '<mo>=</mo>', right)}</math>\n"
    )


def name(column: str) -> str:
    """A letter, Greek or not, with its index; any other name upright."""
    if (short := letter_and_index(column)) is None:
        return f"<mi mathvariant='normal'>{escape(column)}</mi>".replace("'", '"')
    letter, index = f"<mi>{sign_of(short[0])}</mi>", short[1]
    kind = "mn" if index.isdigit() else "mi"
    return f"<msub>{letter}<{kind}>{escape(index)}</{kind}></msub>" if index else letter


def _row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def _within(markup: str) -> str:
    return _row("<mo>(</mo>", markup, "<mo>)</mo>")


class _Markup:
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def of(self, expression: sympy.Expr) -> str:
        if expression.is_Symbol:
            return self.names[expression.name]
        if expression.is_Add:
            return self._sum(expression)
        if called := call(expression):
            return self._call(*called)
        if expression is sympy.pi:
            return "<mi>π</mi>"
        parted = fraction(expression)
        if parted.above != (expression,):
            return self._fraction(parted)
        if expression.is_Pow:
            return f"<msup>{self._base(expression.base)}{_row(self.of(expression.exp))}</msup>"
        raise FormulaError(f"{expression} has no place in a formula.")

    def _base(self, base: sympy.Expr) -> str:
        simple = base.is_Symbol or (base.is_Integer and base.is_nonnegative) or base is sympy.pi
        return self.of(base) if simple else _within(self.of(base))

    def _sum(self, expression: sympy.Expr) -> str:
        first, *rest = terms(expression)
        written = [self.of(first)]
        for term in rest:
            negative = fraction(term).negative
            written += [f"<mo>{'−' if negative else '+'}</mo>", self.of(-term if negative else term)]
        return _row(*written)

    def _call(self, function: str, arguments: tuple[sympy.Expr, ...]) -> str:
        if function == "sqrt":
            return f"<msqrt>{self.of(arguments[0])}</msqrt>"
        if function == "abs":
            return _row("<mo>|</mo>", self.of(arguments[0]), "<mo>|</mo>")
        if function == "exp":
            return f"<msup><mi>e</mi>{_row(self.of(arguments[0]))}</msup>"
        inner = "<mo>,</mo>".join(map(self.of, arguments))
        return _row(f"<mi>{_NAMES.get(function, function)}</mi>", _APPLIED, _within(inner))

    def _fraction(self, parted: Fraction) -> str:
        above = [self._factor(part, len(parted.above) > 1 or parted.number != 1) for part in parted.above]
        below = [self._factor(part, len(parted.below) > 1) for part in parted.below]
        top, bottom = _digits(parted.number)
        above = [top, *above] if top != "<mn>1</mn>" or not above else above
        below = [bottom, *below] if bottom != "<mn>1</mn>" else below
        written = _row(_TIMES.join(above))
        if below:
            written = f"<mfrac>{written}{_row(_TIMES.join(below))}</mfrac>"
        return _row("<mo>−</mo>", written) if parted.negative else written

    def _factor(self, part: sympy.Expr, beside: bool) -> str:
        return _within(self.of(part)) if part.is_Add and beside else self.of(part)


def _digits(value: sympy.Number) -> tuple[str, str]:
    """Numerator and denominator; a float has all its digits, with its power of ten."""
    if value.is_Rational:
        return f"<mn>{value.p}</mn>", f"<mn>{value.q}</mn>"
    digits, _, exponent = repr(number(value)).partition("e")
    if digits in ("inf", "nan"):
        raise FormulaError(f"the number {value} does not fit in a float64.")
    if not exponent:
        return f"<mn>{digits}</mn>", "<mn>1</mn>"
    power = f"<msup><mn>10</mn><mn>{str(int(exponent)).replace('-', '−')}</mn></msup>"
    return f"<mn>{digits}</mn><mo>·</mo>{power}", "<mn>1</mn>"
