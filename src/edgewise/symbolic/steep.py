"""Steep curves as the jumps that they become.

>>> from edgewise.formula import parse
>>> print(*jumps(parse("3*v**2*tanh(4635.9*v)")))
3*v**2*sign(v)
"""

from collections.abc import Iterator

import sympy

from edgewise.primitives import backend

from .rewrite import replaced


def jumps(expression: sympy.Expr) -> Iterator[sympy.Expr]:
    """The expression with one of its curves infinitely steep: tanh(k u) and erf(k u) as sign(u), atan(k u) as pi/2 sign(u),
    1/(1 + exp(-k u)) as step(u). Only curves whose steepness is a fitted constant."""
    for part in sorted(expression.atoms(sympy.tanh, sympy.erf, sympy.atan, sympy.Pow), key=sympy.default_sort_key):
        limit = _limit(part)
        if limit is not None:
            yield replaced(expression, {part: limit})


def _limit(part: sympy.Expr) -> sympy.Expr | None:
    if part.is_Pow:
        return _limit_of_sigmoid(part)
    inside = _turned(part.args[0])
    height = sympy.Float(float(sympy.pi / 2)) if isinstance(part, sympy.atan) else sympy.S.One
    return None if inside is None else height * sympy.sign(inside)


def _limit_of_sigmoid(power: sympy.Expr) -> sympy.Expr | None:
    """(c + k exp(u))^-n is c^-n where u is far below log(c/k), and 0 where it is far above."""
    if not (power.exp.is_number and power.exp.is_negative and power.base.is_Add and len(power.base.args) == 2):
        return None
    rest, wave = power.base.as_independent(*power.free_symbols, as_Add=True)
    factor, exponential = wave.as_independent(*power.free_symbols, as_Add=False)
    if not (isinstance(exponential, sympy.exp) and rest.is_positive and factor.is_positive):
        return None
    shift = sympy.log(rest / factor)
    inside = _turned((sympy.Float(float(shift)) if shift else shift) - exponential.exp)
    return None if inside is None else rest**power.exp * backend("sympy").step(inside)


def _turned(argument: sympy.Expr) -> sympy.Expr | None:
    """The argument without its scale, which no jump knows; None where the scale is no fitted constant."""
    first = next(
        (term for term in sympy.Add.make_args(argument) if term.free_symbols and term.atoms(sympy.Float)), None
    )
    if first is None:
        return None
    scale = abs(first.as_independent(*first.free_symbols)[0])
    if not (scale.is_Float and scale):
        return None
    return sympy.Add(*(_plain(term / scale) for term in sympy.Add.make_args(argument)))


def _plain(term: sympy.Expr) -> sympy.Expr:
    """The term with a factor of 1.0 or -1.0 left out."""
    number, rest = term.as_coeff_Mul()
    return rest * round(number) if abs(float(number)) == 1 else term
