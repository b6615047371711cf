"""How much a reader has to read.

Every name, number, function and operator counts one (PySR's rule), on the formula as it is written: x/y is three,
sqrt(x) two, x**2 three. A sign costs nothing, so a - b is three like a + b, and a fraction of integers is one number.
"""

import sympy

from .anatomy import call, fraction


def complexity(expression: sympy.Expr) -> int:
    """The number of names, numbers, functions and operators that are seen.

    >>> complexity(parse("2*pi*sqrt(L/g)"))
    8
    """
    if not expression.args and expression is not sympy.E:
        return 1
    if expression.is_Add:
        return sum(map(complexity, expression.args)) + len(expression.args) - 1
    if called := call(expression):
        return 1 + sum(map(complexity, called[1]))
    _, number, above, below = fraction(expression)
    if above == (expression,):  # a power above the line, or a function that is not ours and can still be read
        return 1 + sum(map(complexity, expression.args))
    counted = number != 1 or not above
    factors = above + below
    return sum(map(complexity, factors)) + counted + (len(factors) + counted - 1)
