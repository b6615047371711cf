"""The shortest way to write a formula, every rewriting checked on numbers.

>>> x = {"x": np.linspace(1, 5, 99), "u": np.linspace(0, 0.5, 99)}
>>> shorten(parse("sqrt(x**2 - 2*u*x + u**2)"), x, x["x"])
-u + x

The rules of `rewrite` work with all positive columns declared positive. A rewriting counts only if it gives the same
numbers on the data and a quarter of the width beyond them; only the sign of a root may differ there. One that differs, there
or where a column has the other sign, must be clearly shorter, unless it opens a root that otherwise stays closed:
sqrt(1 - v^2/c^2) stays, though sqrt(c^2 - v^2)/c has a division less for c > 0.
"""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from edgewise.formula import complexity, evaluate

from .rewrite import everywhere, gather_roots, replaced, rules

Array = NDArray[np.float64]
LARGEST = 150  # complexity beyond which algebra takes longer than it is worth
LONG = 60  # complexity beyond which one round must do
ROUNDS, BEAM = 3, 3
MIRRORED = 50  # rows that are looked at with the sign of a column turned
ANOTHER_BRANCH = (
    1.5  # complexity that a rewriting with as many roots must save if it differs beyond the data, or mirrored
)


def shorten(expression: sympy.Expr, columns: Mapping[str, ArrayLike], y: ArrayLike) -> sympy.Expr:
    """The expression of least complexity among its verified rewritings, divisions by what varies counted twice: they bring
    poles, and one that can be cancelled is none of the law. Itself if none is shorter.

    columns: name -> (N,); y (N,) only tells what size of difference counts (1e-9 of its size).
    """
    if not expression.free_symbols or complexity(expression) > LARGEST:
        return expression
    witness = _Witness.of(expression, columns, y)
    known = {expression: _cost(expression)}
    branches = {expression: 0}
    beam = [expression]
    for _ in range(ROUNDS if complexity(expression) <= LONG else 1):
        fresh: dict[sympy.Expr, int] = {}
        for start in beam:
            for new in _rewritings(start, witness):
                if new not in known:
                    fresh[new] = _cost(new)
        shortest = sorted(fresh, key=lambda e: (fresh[e], str(e)))[: 4 * BEAM]
        beam = list(itertools.islice((e for e in shortest if _taken(e, witness, branches)), BEAM))
        known |= {new: fresh[new] for new in beam}
    needed = min(_roots(e) for e in known if not branches[e])
    ordered = sorted(known, key=lambda e: known[e] + ANOTHER_BRANCH * branches[e] * (_roots(e) >= needed))
    return next(e for e in ordered if e == expression or _same(e, expression, columns, witness))


def written_briefly(expression: sympy.Expr) -> sympy.Expr:
    """The shortest of the expression, the same over one denominator, and the same multiplied out, none with more decimals: a
    hundredth of the time of `shorten`, for the many formulas that are only compared. Roots stay closed, for sqrt(1 - v²/c²)
    and sqrt(c² - v²)/c differ for c < 0; long formulas stay as they are."""
    if complexity(expression) > LONG:
        return expression
    closed = {power: sympy.Dummy() for power in expression.atoms(sympy.Pow) if not power.exp.is_integer}
    outside, opened = expression.xreplace(closed), {dummy: power for power, dummy in closed.items()}
    with suppress(sympy.polys.polyerrors.BasePolynomialError, NotImplementedError, RecursionError):
        others = (sympy.factor_terms(sympy.together(outside)), sympy.expand_mul(outside))
        written = (expression, *(one.xreplace(opened) for one in others))
        return min(written, key=lambda one: (decimals(one), complexity(one)))
    return expression


def decimals(expression: sympy.Expr) -> int:
    """How many decimals stand in it, one that stands twice as two."""
    return sum(part.is_Float for part in sympy.preorder_traversal(expression))


def _same(new: sympy.Expr, old: sympy.Expr, columns: Mapping[str, ArrayLike], witness: "_Witness") -> bool:
    """Whether they give the same numbers on all rows, not only on those that the search looked at."""
    values = evaluate(old, columns)
    return bool(np.all(witness.near(values, evaluate(new, columns)) | ~np.isfinite(values)))


def _taken(new: sympy.Expr, witness: "_Witness", branches: dict[sympy.Expr, int]) -> bool:
    """Whether it is the same on the data; notes how it differs elsewhere."""
    differs = witness.differs(new)
    if differs is not None:
        branches[new] = differs
    return differs is not None


def _cost(expression: sympy.Expr) -> int:
    """The complexity, and one more for each division by what varies."""
    divisions = [
        p for p in expression.atoms(sympy.Pow) if p.base.free_symbols and p.exp.is_number and p.exp.is_negative
    ]
    return complexity(expression) + len(divisions)


def _roots(expression: sympy.Expr) -> int:
    """How often it takes a root or a modulus of what varies."""
    parts = [part for part in sympy.preorder_traversal(expression) if part.free_symbols]
    return sum(isinstance(part, sympy.Abs) or (part.is_Pow and not part.exp.is_integer) for part in parts)


def _rewritings(expression: sympy.Expr, witness: "_Witness") -> Iterator[sympy.Expr]:
    """What the rules make of it, with Floats as positive symbols too, so that algebra is exact and knows signs."""
    there, back = dict(witness.positive), {new: old for old, new in witness.positive.items()}
    for constant in sorted(expression.atoms(sympy.Float)):
        parameter = sympy.Dummy(f"c{len(there)}", positive=True)
        there[constant] = parameter if constant > 0 else -parameter
        back[parameter] = abs(constant)
    opened = replaced(expression, there)
    yield everywhere(gather_roots)(expression)
    for rule in rules(lambda part: witness.sign(replaced(part, back))):
        with suppress(sympy.polys.polyerrors.BasePolynomialError, NotImplementedError, RecursionError):
            yield replaced(rule(opened), back)  # suppressed: what polynomial algebra cannot treat


@dataclass(frozen=True)
class _Witness:
    """Rows on which a rewriting must give the same numbers: of the data, and beyond them."""

    columns: dict[str, Array]
    beyond: dict[str, Array]
    mirrored: dict[str, Array]  # some rows, once for each column with its sign turned
    values: Array
    values_beyond: Array
    values_mirrored: Array
    size: float
    positive: dict[sympy.Expr, sympy.Expr]  # real symbol -> the same, declared positive

    @classmethod
    def of(cls, expression: sympy.Expr, columns: Mapping[str, ArrayLike], y: ArrayLike) -> "_Witness":
        y = np.asarray(y, dtype=np.float64)
        used = sorted(symbol.name for symbol in expression.free_symbols)
        data = {name: np.asarray(columns[name], dtype=np.float64)[:: max(1, len(y) // 500)] for name in used}
        generator = np.random.default_rng(0)
        beyond = {name: x.min() + np.ptp(x) * generator.uniform(-0.25, 1.25, 300) for name, x in data.items()}
        positive = {
            symbol: sympy.Symbol(symbol.name, positive=True)
            for symbol in expression.free_symbols
            if data[symbol.name].min() > 0
        }
        size = float(np.sqrt(np.mean(y**2))) or 1.0
        few = {name: x[:: max(1, len(x) // MIRRORED)] for name, x in data.items()}
        mirrored = {name: np.concatenate([-x if name == turned else x for turned in few]) for name, x in few.items()}
        on_data, on_beyond, on_mirrored = (evaluate(expression, rows) for rows in (data, beyond, mirrored))
        return cls(data, beyond, mirrored, on_data, on_beyond, on_mirrored, size, positive)

    def sign(self, part: sympy.Expr) -> int:
        """1 where nowhere negative on the data, -1 where nowhere positive, else 0."""
        values = evaluate(part, self.columns)
        return int(bool(np.all(values >= 0))) - int(bool(np.all(values <= 0)))

    def differs(self, new: sympy.Expr) -> int | None:
        """None unless it gives the same numbers on the data, and beyond them finite ones that are the same on most rows;
        else on how many of two sides it takes another branch somewhere: beyond the data, where a column is mirrored."""
        near = self.near(self.values, evaluate(new, self.columns)) | ~np.isfinite(self.values)
        beyond = evaluate(new, self.beyond)
        asked = np.isfinite(self.values_beyond)
        if not np.all(near) or not np.all(np.isfinite(beyond[asked])):
            return None
        share = np.mean(self.near(self.values_beyond, beyond)[asked]) if np.any(asked) else 1.0
        mirrored = evaluate(new, self.mirrored)
        turned = np.isfinite(mirrored) & np.isfinite(self.values_mirrored)
        return (
            int(share < 1.0) + int(not np.all(self.near(self.values_mirrored, mirrored)[turned]))
            if share > 0.5
            else None
        )

    def near(self, old: Array, new: Array) -> NDArray[np.bool_]:
        """Where two answers differ by no more than rounding."""
        with np.errstate(all="ignore"):
            return np.asarray(np.abs(new - old) <= 1e-9 * np.maximum(np.abs(old), self.size))
