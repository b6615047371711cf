"""How a reader takes an expression apart.

SymPy stores x/y as ``Mul(x, Pow(y, -1))`` and sqrt(x) as ``Pow(x, 1/2)``. What is written, counted and evaluated
follows the page instead: a product is a sign, a number, what stands above the line and what stands below; a call has
a name.

>>> x, y = symbol("x"), symbol("y")
>>> fraction(-3 * x / (2 * y**2))
Fraction(negative=True, number=3/2, above=(x,), below=(y**2,))
>>> call(sympy.sqrt(x))
('sqrt', (x,))
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import sympy

from edgewise.primitives import FUNCTIONS, SPECIAL_FUNCTIONS, backend

HALF = sympy.Rational(1, 2)


def symbol(name: str) -> sympy.Symbol:
    """The variable of that name. All of edgewise's variables are real, so that sqrt(x**2) is abs(x)."""
    return sympy.Symbol(name, real=True)


def product(factors: Sequence[sympy.Expr]) -> sympy.Expr:
    """The product, with 2*(x + y) left as it was written (SymPy would spread a rational number over the sum)."""
    if len(factors) == 1:
        return factors[0]
    numbers, rests = zip(*(f.as_coeff_Mul(rational=True) for f in factors), strict=True)
    number, rest = sympy.Mul(*rests).as_coeff_Mul(rational=True)
    number = sympy.Mul(number, *numbers)
    if rest.is_Add and number not in (0, 1):
        return sympy.Mul(number, rest, evaluate=False)
    return sympy.Mul(number, rest)


def rebuild(expression: sympy.Expr, change: Callable[[sympy.Expr], sympy.Expr]) -> sympy.Expr:
    """The expression with ``change`` made to each part in reading order; its products stay as they are written."""
    if not expression.args:
        return expression
    changed = {part: change(part) for part in parts(expression)}
    arguments = [changed[part] for part in expression.args]
    if all(new is old for new, old in zip(arguments, expression.args, strict=True)):
        return expression
    if isinstance(expression, sympy.tan):
        return in_our_functions(sympy.tan(*arguments))
    return product(arguments) if expression.is_Mul else expression.func(*arguments)


def in_our_functions(expression: sympy.Expr) -> sympy.Expr:
    """The same without the cotangent, that SymPy writes by itself for a tangent shifted by pi/2."""
    return expression.replace(sympy.cot, lambda u: 1 / sympy.tan(u)) if expression.has(sympy.cot) else expression


def parts(expression: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """The arguments of an expression, in the order in which they are read."""
    if expression.is_Add:
        return terms(expression)
    if expression.is_Mul:
        return tuple(sorted(expression.args, key=lambda factor: (_is_below(factor), factor.sort_key())))
    return expression.args


def terms(total: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """The terms of a sum, one without a minus first: 1 - x, not -x + 1."""
    ordered = total.as_ordered_terms()
    first = next((i for i, term in enumerate(ordered) if not fraction(term).negative), 0)
    return (ordered[first], *ordered[:first], *ordered[first + 1 :])


class Fraction(NamedTuple):
    """A product as it stands on the page: -(number * above) / below; the number is positive."""

    negative: bool
    number: sympy.Number
    above: tuple[sympy.Expr, ...]
    below: tuple[sympy.Expr, ...]


def fraction(expression: sympy.Expr) -> Fraction:
    """Sign, number, numerator and denominator of any expression."""
    number, above, below = sympy.S.One, [], []
    for part in parts(expression) if expression.is_Mul else (expression,):
        if part.is_Number:
            number = part if number is sympy.S.One else number * part
        elif _is_below(part):
            below.append(sympy.Pow(part.base, -part.exp))
        else:
            above.append(part)
    negative = bool(number.is_extended_negative)
    number = _gather_root(-number if negative else number, above, below)
    return Fraction(negative, number, tuple(above), tuple(below))


def _gather_root(number: sympy.Number, above: list[sympy.Expr], below: list[sympy.Expr]) -> sympy.Number:
    """Put the square root of an integer under the root where it belongs, and return the number that is left.

    SymPy takes integers out of roots and roots out of denominators: sqrt(2*g*h) is stored as sqrt(2)*sqrt(g*h), and
    1/sqrt(2*pi) as sqrt(2)/(2*sqrt(pi)). This is the way back.
    """
    root = next((part for part in above if _is_root(part) and part.base.is_Integer), None)
    if root is None or len(above) + len(below) + (number != 1) == 1:
        return number
    above.remove(root)
    common = sympy.gcd(root.base, number.q) if number.is_Rational else sympy.S.One
    inside = root.base / common**2  # number * root = (number * common) * sqrt(inside)
    for side, factor in ((above, inside), (below, 1 / inside)):
        for i, part in enumerate(side):
            if _is_root(part):
                side[i] = sympy.Pow(product((factor, part.base)), HALF, evaluate=False)
                return number * common
    side, base = (below, common) if inside.p == 1 else (above, inside)
    side.insert(0, sympy.Pow(base, HALF, evaluate=False))
    return number * common


def _is_root(part: sympy.Expr) -> bool:
    return part.is_Pow and part.exp == HALF


def _is_below(factor: sympy.Expr) -> bool:
    return factor.is_Pow and factor.exp.is_Number and bool(factor.exp.is_extended_negative)


def call(expression: sympy.Expr) -> tuple[str, tuple[sympy.Expr, ...]] | None:
    """Name and arguments of what is written as a call (``maximum`` and ``minimum`` take two), else None."""
    if _is_root(expression):
        return "sqrt", (expression.base,)
    if expression is sympy.E:
        return "exp", (sympy.S.One,)
    if isinstance(expression, sympy.Max | sympy.Min):
        return _extreme(expression)
    if isinstance(expression, sympy.Heaviside) and expression.args[1] == 1:
        return "step", (expression.args[0],)
    name = _NAMES.get((expression.func, expression.args[:-1])) if expression.args else None
    return (name, expression.args[-1:]) if name else None


def _extreme(expression: sympy.Expr) -> tuple[str, tuple[sympy.Expr, ...]]:
    kind, arguments = expression.func, sorted(expression.args, key=sympy.default_sort_key)
    if kind is sympy.Max and sympy.S.Zero in arguments:
        return "relu", (kind(*(a for a in arguments if a != 0)),)
    return ("maximum" if kind is sympy.Max else "minimum"), (arguments[0], kind(*arguments[1:]))


def _named() -> Iterator[tuple[tuple[type, tuple[sympy.Expr, ...]], str]]:
    """SymPy's class, with its arguments before the last (the order of a Bessel function), and our name. What SymPy builds
    from other functions (sqrt, relu, sigmoid ...) has no class of its own."""
    variable = sympy.Dummy(real=True)
    for name in (*FUNCTIONS, *SPECIAL_FUNCTIONS):
        written = getattr(backend("sympy"), name)(variable)
        if isinstance(written, sympy.Function) and written.args[-1] is variable:
            yield (written.func, written.args[:-1]), name


_NAMES = dict(_named())
