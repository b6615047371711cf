"""Which formulas a choice of primitives allows."""

from collections.abc import Callable, Iterable

import sympy

from edgewise.formula import symbol
from edgewise.primitives import Primitive

Application = sympy.core.function.Application


def permitted(primitives: Iterable[Primitive]) -> Callable[[sympy.Expr], bool]:
    """A test of expressions: whether sums, products and these primitives (one inside another, too) could write them.

    >>> from edgewise.formula import parse
    >>> from edgewise.primitives import PRIMITIVES
    >>> allowed = permitted([PRIMITIVES["sin"], PRIMITIVES["x^2"]])
    >>> allowed(parse("3*sin(x*y)**4")), allowed(parse("exp(x)")), allowed(parse("1/x"))
    (True, False, False)
    """
    x, p = symbol("x"), sympy.Dummy("p")
    forms = [sympy.sympify(row("sympy", x, *[p] * row.exponent), strict=True) for row in primitives]
    functions = {type(part) for form in forms for part in form.atoms(Application)}
    powers = {part.exp for form in forms for part in form.atoms(sympy.Pow)}
    exponents = powers | {a * b for a in powers for b in powers}
    any_power = p in powers or {sympy.exp, sympy.log} <= functions

    def allowed(expression: sympy.Expr) -> bool:
        raised = [part for part in expression.atoms(sympy.Pow) if part.free_symbols]
        return all(type(part) in functions for part in expression.atoms(Application)) and (
            any_power or all(part.exp in exponents for part in raised)
        )

    return allowed
