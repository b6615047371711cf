"""Columns of 0 and 1: every function of such a column is a straight line, and no row could tell it from one. The same holds
of a function of several of them where at most one is 1 in any row, as in those that a column of words became.

>>> from edgewise.formula import parse
>>> straightened(parse("2*b**3 + a*(b + 1)**2", ["a", "b"]), {"b"})
a*(3*b + 1) + 2*b
>>> straightened(parse("a*(c + 1)**2*2**b", ["a", "b", "c"]), {"b", "c"}, {frozenset("bc")})
a*(b + 3*c + 1)
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations

import numpy as np
import sympy

Pairs = Collection[frozenset[str]]


def binary(columns: Mapping[str, np.ndarray]) -> frozenset[str]:
    """The names of the columns (rows,) that hold 0 and 1 only."""
    return frozenset(name for name, values in columns.items() if np.all((values == 0) | (values == 1)))


def apart(columns: Mapping[str, np.ndarray]) -> frozenset[frozenset[str]]:
    """The pairs of columns of 0 and 1 that are 1 together in no row."""
    pairs = combinations(sorted(binary(columns)), 2)
    return frozenset(frozenset(pair) for pair in pairs if not np.any(columns[pair[0]] * columns[pair[1]]))


def straightened(expression: sympy.Expr, names: Collection[str], exclusive: Pairs = ()) -> sympy.Expr:
    """The expression with f(0) + (f(1) - f(0)) x in place of each part f(x) of one variable among ``names``, and the like
    for each part of several of which any two are among the pairs ``exclusive``.

    A part that is not finite at 0 or at 1 stays.
    """
    free = expression.free_symbols
    if expression.is_Symbol or not any(symbol.name in names for symbol in free):
        return expression
    if _is_one_line(free, names, exclusive):
        return _line(expression)
    if not (expression.is_Add or expression.is_Mul):
        return expression.func(*(straightened(part, names, exclusive) for part in expression.args))
    groups = _groups(expression.args, names, exclusive)
    return expression.func(*(straightened(expression.func(*group), names, exclusive) for group in groups))


def _is_one_line(free: Collection[sympy.Symbol], names: Collection[str], exclusive: Pairs) -> bool:
    used = sorted(symbol.name for symbol in free)
    return all(name in names for name in used) and all(frozenset(pair) in exclusive for pair in combinations(used, 2))


def _groups(
    parts: Collection[sympy.Expr], names: Collection[str], exclusive: Pairs
) -> Iterator[tuple[sympy.Expr, ...]]:
    """The parts, those together that make one line; others alone."""
    gathered: list[list[sympy.Expr]] = []
    for part in parts:
        if not part.free_symbols or not _is_one_line(part.free_symbols, names, exclusive):
            yield (part,)
            continue
        for group in gathered:
            if _is_one_line(part.free_symbols.union(*(one.free_symbols for one in group)), names, exclusive):
                group.append(part)
                break
        else:
            gathered.append([part])
    yield from map(tuple, gathered)


def _line(expression: sympy.Expr) -> sympy.Expr:
    """f(0) + sum of (f(1) - f(0)) x over the variables, of which at most one is 1; the expression itself where it is that."""
    variables = sorted(expression.free_symbols, key=str)
    if all(expression.is_polynomial(x) and not expression.diff(x).free_symbols for x in variables):
        return expression
    zero = dict.fromkeys(variables, sympy.S.Zero)
    ends = [expression.xreplace(zero), *(expression.xreplace({**zero, x: sympy.S.One}) for x in variables)]
    if not all(end.is_finite and end.is_real for end in ends):
        return expression
    low, *highs = map(_plain, ends)
    return low + sum((high - low) * x for x, high in zip(variables, highs, strict=True))


def _plain(number: sympy.Expr) -> sympy.Expr:
    """A fraction as it is; tanh(1) and the like as decimals, which can be fitted again."""
    return number if number.is_Rational else sympy.Float(float(number))
