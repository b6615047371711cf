"""Of equally long formulas the one that names its variables less often.

c/sqrt(c^2 - u^2) and 1/sqrt(1 - u^2/c^2) agree wherever c > 0 and have the same length; the second says that only the
ratio matters, and it is the one that stays right where c < 0. Squares of differences are closed on the way.
"""

from collections.abc import Mapping

import sympy

from edgewise.formula import complexity, evaluate

from .problem import EXACT, Array, relative


def settle_gauge(expression: sympy.Expr, columns: Mapping[str, Array], y: Array) -> sympy.Expr:
    """The expression or its better gauge, checked on the rows; its variables are symbols with the right signs."""
    best = expression
    for rewrite in (turn_roots, complete_squares, absorb, lambda e: absorb(complete_squares(turn_roots(e)))):
        new = rewrite(best)
        if new != best and _length(new) < _length(best) and relative(evaluate(new, columns) - y, y) <= EXACT:
            best = new
    return best


def _length(expression: sympy.Expr) -> tuple[int, int]:
    named = sum(isinstance(part, sympy.Symbol) for part in sympy.preorder_traversal(expression))
    return complexity(expression), named


def turn_roots(expression: sympy.Expr) -> sympy.Expr:
    """sqrt(-1/(u^2 - c^2)) as 1/sqrt(c^2 - u^2): a root of a number over a sum stands below the line."""

    def turned(root: sympy.Expr) -> sympy.Expr:
        above, below = sympy.fraction(sympy.together(root.base))
        if not above.is_Number or not below.is_Add:
            return root
        return sympy.Abs(above) ** root.exp * sympy.expand(sympy.sign(above) * below) ** -root.exp

    return expression.replace(lambda e: e.is_Pow and e.exp.is_Rational and e.exp.q == 2, turned)


def absorb(expression: sympy.Expr) -> sympy.Expr:
    """A power of a variable beside a root of a sum of that variable, moved under the root."""

    def absorbed(product: sympy.Expr) -> sympy.Expr:
        roots = [f for f in product.args if f.is_Pow and f.base.is_Add and f.exp.is_Rational and f.exp.q == 2]
        for root in roots:
            for factor in product.args:
                variable, power = factor.as_base_exp()
                if variable.is_Symbol and variable.is_positive and variable in root.free_symbols and power.is_Rational:
                    base = sympy.expand(root.base * variable ** (power / root.exp))
                    return product / root / factor * base**root.exp
        return product

    return expression.replace(lambda e: e.is_Mul, absorbed)


def complete_squares(expression: sympy.Expr) -> sympy.Expr:
    """a^2 + 2 a b + b^2 as (a + b)^2 wherever the three terms stand in one sum."""

    def completed(total: sympy.Expr) -> sympy.Expr:
        terms = list(total.args)
        for i, one in enumerate(terms):
            for other in terms[i + 1 :]:
                a, b = sympy.sqrt(one), sympy.sqrt(other)
                for middle, square in ((2 * a * b, (a + b) ** 2), (-2 * a * b, (a - b) ** 2)):
                    if middle in terms:
                        rest = sympy.Add(square, *(term for term in terms if term not in (one, other, middle)))
                        return completed(rest) if rest.is_Add else rest
        return total

    return expression.replace(lambda e: e.is_Add and len(e.args) >= 3, completed)
