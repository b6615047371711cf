"""The same formula in fewer words, every rewriting checked on the rows."""

from collections.abc import Callable, Mapping

import sympy

from edgewise.formula import complexity, evaluate

from .problem import EXACT, Array, relative

REWRITES: tuple[Callable[[sympy.Expr], sympy.Expr], ...] = (
    lambda e: sympy.powsimp(e, combine="base"),
    lambda e: sympy.powsimp(e, combine="all"),
    sympy.together,
    sympy.factor_terms,
    sympy.expand,
    lambda e: sympy.powsimp(sympy.together(e), combine="base"),
)


def shorten(expression: sympy.Expr, columns: Mapping[str, Array], y: Array) -> sympy.Expr:
    """The shortest of a few rewritings that is still exact on the rows.

    The variables of ``expression`` are symbols with the right signs, so that roots of squares open.
    """
    best = expression
    for rewrite in REWRITES:
        new = rewrite(expression)
        if complexity(new) < complexity(best) and relative(evaluate(new, columns) - y, y) <= EXACT:
            best = new
    return best
