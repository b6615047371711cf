"""The same formula in fewer words, every rewriting checked on the rows.

Roots of squares are opened (with the sign that the rows tell), since sqrt((x - u t)^2) is |x - u t|: right inside the
box where x > u t and wrong outside. Squares are completed. Of all rewritings the shortest that still gives y is kept.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import sympy

from edgewise.formula import complexity, evaluate

from .problem import EXACT, Array, relative

Rewrite = Callable[[sympy.Expr], sympy.Expr]

REWRITES: tuple[Rewrite, ...] = (
    lambda e: e,
    sympy.together,
    sympy.factor_terms,
    sympy.expand,
    sympy.cancel,
    lambda e: sympy.cancel(sympy.together(e)),
    lambda e: sympy.expand_power_base(e, force=True),
)
LARGEST = 120
"""Formulas with more words than this are left alone: SymPy's rewritings grow faster than the formula."""


def shorten(expression: sympy.Expr, columns: Mapping[str, Array], y: Array) -> sympy.Expr:
    """The shortest of a few rewritings that is still exact on the rows.

    The variables of ``expression`` are symbols with the right signs, so that roots of squares open.
    """
    best = expression
    if complexity(best) > LARGEST:
        return best
    for _ in range(2):
        before = best
        for new in _variants(best, columns):
            if _better(new, best) and relative(evaluate(new, columns) - y, y) <= EXACT:
                best = new
        if best == before:
            break
    return best


def _better(new: sympy.Expr, old: sympy.Expr) -> bool:
    return _length(new) < _length(old)


def _length(expression: sympy.Expr) -> tuple[int, int, int]:
    """At equal complexity the formula that names its variables less often: 1/sqrt(1 - u^2/c^2), not c/sqrt(c^2 - u^2)."""
    named = sum(isinstance(part, sympy.Symbol) for part in sympy.preorder_traversal(expression))
    return _closed(expression), complexity(expression), named


def _closed(expression: sympy.Expr) -> int:
    """Absolute values and roots of squares: what may change its sign outside of the rows."""
    roots = [e for e in expression.atoms(sympy.Pow) if e.exp.is_Rational and e.exp.q == 2]
    return len(expression.atoms(sympy.Abs)) + sum(_has_square(root.base) for root in roots)


def _has_square(base: sympy.Expr) -> bool:
    return any(m % 2 == 0 and factor.is_Add for factor, m in _factors(base))


def _variants(expression: sympy.Expr, columns: Mapping[str, Array]) -> Iterator[sympy.Expr]:
    for rewrite in REWRITES:
        new = rewrite(expression)
        opened = open_roots(new, columns)
        for form in (new, opened, complete_squares(new), complete_squares(opened), absorb(opened)):
            yield form
            yield sympy.powsimp(form, combine="base")
            yield sympy.powsimp(form, combine="exp")


def open_roots(expression: sympy.Expr, columns: Mapping[str, Array]) -> sympy.Expr:
    """Even powers taken out of square roots, and absolute values opened, by the sign they have on the rows."""

    def signed(w: sympy.Expr) -> sympy.Expr:
        return w if np.median(evaluate(w, columns)) >= 0 else -w

    def opened(root: sympy.Expr) -> sympy.Expr:
        outside, inside = sympy.Integer(1), sympy.Integer(1)
        for factor, m in _factors(root.base):
            even = m - m % 2
            outside *= signed(factor) ** (even * root.exp) if even else 1
            inside *= factor ** (m - even)
        return outside * inside**root.exp

    expression = expression.replace(lambda e: e.is_Pow and e.exp.is_Rational and e.exp.q == 2, opened)
    return expression.replace(lambda e: isinstance(e, sympy.Abs), lambda e: signed(e.args[0]))


def _factors(base: sympy.Expr) -> list[tuple[sympy.Expr, int]]:
    """Square-free factors of a ratio with their multiplicities, negative below the line."""
    found: list[tuple[sympy.Expr, int]] = []
    for part, side in zip(sympy.fraction(sympy.together(base)), (1, -1), strict=True):
        if not part.free_symbols:
            found.append((part, side))
            continue
        try:
            number, factors = sympy.sqf_list(part)
        except sympy.PolynomialError:
            return [(base, 1)]
        found += [(number, side), *((factor, side * m) for factor, m in factors)]
    return [(factor, m) for factor, m in found if factor != 1]


def absorb(expression: sympy.Expr) -> sympy.Expr:
    """Factors beside a root of a sum moved under the root: c/sqrt(c^2 - u^2) as 1/sqrt(1 - u^2/c^2)."""

    def absorbed(product: sympy.Expr) -> sympy.Expr:
        roots = [f for f in product.args if f.is_Pow and f.base.is_Add and f.exp.is_Rational and f.exp.q == 2]
        for root in roots:
            for factor in product.args:
                symbol, power = factor.as_base_exp()
                if symbol.is_Symbol and symbol in root.free_symbols and power.is_Rational:
                    base = sympy.expand(root.base * symbol ** (power / root.exp))
                    if symbol.is_positive:
                        return product / root / factor * base**root.exp
        return product

    return expression.replace(lambda e: e.is_Mul, absorbed)


def complete_squares(expression: sympy.Expr) -> sympy.Expr:
    """a^2 + 2 a b + b^2 as (a + b)^2 wherever the three terms stand in one sum."""

    def completed(total: sympy.Expr) -> sympy.Expr:
        terms = list(total.args)
        for i, one in enumerate(terms):
            for other in terms[i + 1 :]:
                for sign in (1, -1):
                    a, b = sympy.sqrt(one), sympy.sqrt(other)
                    middle = sign * 2 * a * b
                    if middle in terms:
                        rest = [term for term in terms if term not in (one, other, middle)]
                        return completed(sympy.Add((a + sign * b) ** 2, *rest)) if rest else (a + sign * b) ** 2
        return total

    return expression.replace(lambda e: e.is_Add and len(e.args) >= 3, completed)
