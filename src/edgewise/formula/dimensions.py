"""Whether a formula may be true, by the dimensions of what it adds, compares and puts into functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy

from edgewise.errors import UnitError

from .anatomy import parts
from .text import to_text
from .units import PURE, Dimension

AGAINST = 20.0
"""Nats that a formula against the units must be better by: they are all but never wrong, but a number may carry a unit."""

_KEEPS = (sympy.Abs,)  # the dimension of the argument
_COMPARES = (sympy.Add, sympy.Max, sympy.Min)
_ANY = (sympy.sign, sympy.Heaviside)  # any argument, and a plain number comes out


@dataclass(frozen=True)
class Dimensions:
    """The dimension of each variable of a formula and of its target. All numbers in formulas are plain ones.

    >>> from .units import dimension
    >>> known = Dimensions({"m": dimension("kg"), "v": dimension("m/s")}, dimension("J"))
    >>> known.agree(parse("m*v**2/2")), known.doubt(parse("m*v"))
    (True, 'it is in kg m s^-1, the target in kg m^2 s^-2')
    """

    variables: Mapping[str, Dimension]
    target: Dimension

    def of(self, expression: sympy.Expr) -> Dimension:
        """The dimension of an expression in the variables. Raises UnitError where it adds or compares unequal dimensions,
        where a function's argument is no plain number, or where an exponent makes a dimension of each row."""
        if expression.is_Symbol:
            return self.variables[expression.name]
        if expression.is_number:
            return PURE
        if expression.is_Mul:
            found = PURE
            for factor in expression.args:
                found = found * self.of(factor)
            return found
        if expression.is_Pow and expression.base is not sympy.E:
            return self._power(*expression.args)
        if isinstance(expression, _COMPARES):
            return self._alike(expression)
        inner = [self.of(part) for part in expression.args]
        if isinstance(expression, _KEEPS):
            return inner[0]
        if not isinstance(expression, _ANY) and not all(one.pure for one in inner):
            raise UnitError(f"{to_text(expression)} is a function of something in {inner[-1]}.")
        return PURE

    def doubt(self, expression: sympy.Expr) -> str:
        """Why the formula cannot be one for the target with plain numbers alone; empty if it can."""
        try:
            found = self.of(expression)
        except UnitError as error:
            return str(error).removesuffix(".")
        return "" if found == self.target else f"it is in {found}, the target in {self.target}"

    def agree(self, expression: sympy.Expr) -> bool:
        """Whether the formula has the target's dimension, with plain numbers alone."""
        return not self.doubt(expression)

    def nats(self, expression: sympy.Expr) -> float:
        """What the formula must make good: nothing where the dimensions agree, else `AGAINST`."""
        return 0.0 if self.agree(expression) else AGAINST

    def _power(self, base: sympy.Expr, exponent: sympy.Expr) -> Dimension:
        of_base, of_exponent = self.of(base), self.of(exponent)
        if not of_exponent.pure:
            raise UnitError(f"{to_text(base**exponent)} has an exponent in {of_exponent}.")
        if of_base.pure:
            return PURE
        if not exponent.is_number:
            raise UnitError(f"{to_text(base**exponent)} raises something in {of_base} to a power that varies.")
        power = Fraction(int(exponent.p), int(exponent.q)) if exponent.is_Rational else Fraction(str(float(exponent)))
        return of_base**power

    def _alike(self, expression: sympy.Expr) -> Dimension:
        """The one dimension of the parts; 0 (as in max(x, 0)) has any."""
        told = [(part, self.of(part)) for part in parts(expression) if part != 0]
        first, found = told[0]
        for part, other in told[1:]:
            if other != found:
                raise UnitError(f"{to_text(first)} is in {found}, and {to_text(part)} beside it in {other}.")
        return found
