"""Laws in pieces: a kink, a jump, a saturation, two regimes.

Rows in the order of one input are looked at through windows: where two polynomials beside each other leave decisively less
than one polynomial with as many constants, there is a break. Each piece between breaks is then named for itself, exactly
where there is no noise; a break is none where one piece tells its neighbour as well (a steep smooth curve). The pieces are
written with step, relu, abs, sign, maximum or minimum, whichever is shortest.

Least squares on the first n rows for every n come from cumulated normal equations, as in J. Bai and P. Perron, Journal of
Applied Econometrics 18, 2003.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
import sympy

from edgewise.formula import complexity, evaluate, join_constants, split_constants, symbol
from edgewise.primitives import backend

from .coefficients import constant, rational
from .ladder import ladder
from .polish import polish
from .problem import Array
from .sparse import likely_supports
from .surrogate import exponents
from .work import Work

MOST_BREAKS = 3
MOST_INPUTS = 3
DEGREES = {1: ((2, 4),), 2: ((1, 2), (2, 4)), 3: ((1, 2),)}
"""Of the polynomials beside a break, and of the one across it, by the number of inputs: what is tried."""

WINDOWS = {0.06: 5, 0.12: 5, 0.25: 7, 0.5: 9}
"""Shares of the rows, and degrees of the one polynomial in the input that parts them."""

CENTRES = 40
LEAST = 4  # rows on either side for each constant
PRICE = 10.0  # nats that a break must gain, and one more logarithm of the rows
FLOOR = 1e-9  # of the target's size: what is below is rounding
FOR_A_PIECE, FOR_BREAKS = 1500.0, 400.0  # units of work
MOST_LEAN = 12  # constants of which each is tried without
SAME = 1.02  # of the error of a part's own piece, at which its neighbour's does as well
NEAR = 2  # rows beside a break that are not used to name its pieces
MOST_TERMS = 3  # of a piece in noise
IDLE = 4.0  # nats that a constant must gain, and half a logarithm of the rows


@dataclass(frozen=True, eq=False)
class _Part:
    """Rows first..last-1 in the order of the input that parts them."""

    first: int
    last: int


def pieces(columns: Mapping[str, Array], y: Array, work: Work | None = None) -> Iterator[sympy.Expr]:
    """Expressions for y (N,) over ``columns`` (each (N,)) that are made of pieces, for at most three inputs; none where
    one smooth curve does as well. ``work`` limits what is spent."""
    work = work or Work()
    if not 1 <= len(columns) <= MOST_INPUTS or np.ptp(y) == 0:
        return
    for name, x in columns.items():
        order = np.argsort(x, kind="stable")
        sorted_columns = {other: values[order] for other, values in columns.items()}
        parts = _parted(sorted_columns, name, y[order], work)
        named = [_named(sorted_columns, y[order], part, parts, work) for part in parts] if len(parts) > 1 else []
        if work.late():
            return
        parts, named = _merged(sorted_columns, y[order], parts, named)
        if len(named) > 1:
            named = [_everywhere(piece, columns) for piece in named]
            yield _lean(_joined(name, sorted_columns, y[order], parts, named), sorted_columns, y[order], work)


def _design(columns: Mapping[str, Array], degree: int) -> Array:
    """Products of powers of the inputs, each scaled to -1..1: (N, terms)."""
    x = np.column_stack([_scaled(values) for values in columns.values()])
    return np.asarray(np.prod(x[:, None, :] ** _exponents(x.shape[1], degree), axis=2))


def _exponents(inputs: int, degree: int) -> Array:
    """All exponents (terms, inputs) up to the total degree."""
    table = exponents(inputs, 500)
    return table[table.sum(axis=1) <= degree]


def _scaled(values: Array) -> Array:
    middle, half = (values.max() + values.min()) / 2, np.ptp(values) / 2 or 1.0
    return np.asarray((values - middle) / half)


def _parted(columns: Mapping[str, Array], name: str, y: Array, work: Work) -> list[_Part]:
    """The parts between breaks, the whole alone where there is none."""
    parts = [_Part(0, len(y))]
    for _ in range(MOST_BREAKS):
        if not work.pays(FOR_BREAKS * len(y) / 1000):
            break
        tried = [(*_break(columns, name, y, part), number) for number, part in enumerate(parts)]
        gain, at, number = max(tried)
        if gain <= 0:
            break
        old = parts[number]
        parts[number : number + 1] = [_Part(old.first, at), _Part(at, old.last)]
    return parts


def _break(columns: Mapping[str, Array], name: str, y: Array, part: _Part) -> tuple[float, int]:
    """What the surest break of a part gains in nats, less its price; and the row before which it lies."""
    rows, best = part.last - part.first, (-np.inf, 0)
    for share, degree in WINDOWS.items():
        width = int(share * len(y))
        for first in (
            np.unique(np.linspace(part.first, part.last - width, CENTRES).astype(int)) if width <= rows else ()
        ):
            window = slice(int(first), int(first) + width)
            there = {other: v[window] for other, v in columns.items()}
            for pair in DEGREES[len(columns)]:
                gain, at = _break_within(there, name, y[window], y, degree, pair)
                best = max(best, (gain, int(first) + at))
    return best[0] - PRICE - float(np.log(len(y))), best[1]


def _break_within(
    columns: Mapping[str, Array], name: str, y: Array, every: Array, degree: int, degrees: tuple[int, int]
) -> tuple[float, int]:
    """The best break of a window in its inner half: nats gained over one polynomial, and the row before which it lies."""
    low, high = degrees
    a = _design(columns, low)
    terms, count = a.shape[1], len(y)
    least = max(LEAST * terms, count // 4)
    if count < 2 * least + 2 or np.ptp(columns[name]) == 0:
        return -np.inf, 0
    size = float(np.sqrt(np.mean(every**2)))
    b = y / size
    both = _remains(a, b)[least - 1 : count - least - 1] + _remains(a[::-1], b[::-1])[::-1][least : count - least]
    x = columns[name]
    both = np.where(x[least : count - least] > x[least - 1 : count - least - 1], both, np.inf)
    at = least + int(np.argmin(both))
    floor = count * FLOOR**2
    bend = _scaled(x)[:, None] ** np.arange(high + 1, degree + 1)
    smooth = np.column_stack([_design(columns, high), bend])
    apart = _left(a[:at], b[:at]) + _left(a[at:], b[at:]) + floor
    gain = count / 2 * np.log((_left(smooth, b) + floor) / apart)
    return float(gain) - float(np.log(count)), at


def _remains(a: Array, b: Array) -> Array:
    """The squares that least squares on the first n rows leave, for every n: (N,)."""
    grams = np.cumsum(a[:, :, None] * a[:, None, :], axis=0)
    sides = np.cumsum(a * b[:, None], axis=0)
    size = np.maximum(grams[:, np.arange(a.shape[1]), np.arange(a.shape[1])].max(axis=1), 1e-300)
    grams = grams + 1e-13 * size[:, None, None] * np.eye(a.shape[1])
    found = np.linalg.solve(grams, sides[:, :, None])[:, :, 0]
    return np.asarray(np.maximum(np.cumsum(b**2) - np.sum(found * sides, axis=1), 0.0))


def _left(a: Array, b: Array) -> float:
    found = np.linalg.lstsq(a, b, rcond=1e-12)[0]
    return float(np.sum((b - a @ found) ** 2))


def _merged(
    columns: Mapping[str, Array], y: Array, parts: Sequence[_Part], named: Sequence[sympy.Expr]
) -> tuple[list[_Part], list[sympy.Expr]]:
    """The parts without breaks of which the piece on one side tells the other side as well as its own piece does."""
    parts, named = list(parts), list(named)
    floor, at = FLOOR * float(np.sqrt(np.mean(y**2))), 0
    while at + 1 < len(named):
        errors = np.empty((2, 2))
        for i, part in enumerate(parts[at : at + 2]):
            rows = slice(part.first, part.last)
            inside = {name: values[rows] for name, values in columns.items()}
            errors[:, i] = [_error(named[at + j], inside, y[rows]) for j in range(2)]
        kept = next((j for j in range(2) if errors[j, 1 - j] <= SAME * errors[1 - j, 1 - j] + floor), None)
        if kept is None:
            at += 1
            continue
        parts[at : at + 2] = [_Part(parts[at].first, parts[at + 1].last)]
        named[at : at + 2] = [named[at + kept]]
        at = max(at - 1, 0)
    return parts, named


def _named(columns: Mapping[str, Array], y: Array, part: _Part, parts: Sequence[_Part], work: Work) -> sympy.Expr:
    """The piece as an expression: exact if it can be, else a short polynomial; rows beside a break may be the other's."""
    for margin in (NEAR, max(NEAR, (part.last - part.first) // 10)):
        rows = slice(
            part.first + (margin if part is not parts[0] else 0), part.last - (margin if part is not parts[-1] else 0)
        )
        inside, goal = {name: values[rows] for name, values in columns.items()}, y[rows]
        if np.std(goal) <= 1e-10 * float(np.std(y)):
            return constant(float(np.mean(goal)))
        varying = {name: values for name, values in inside.items() if np.ptp(values) > 0}
        own = Work(min(FOR_A_PIECE, work.left), work.deadline)
        for candidate in ladder(varying, goal, work=own):
            if candidate.exact:
                return candidate.expression
        work.done += own.done
        if work.late():
            break
    return _short(varying, goal)


def _everywhere(piece: sympy.Expr, columns: Mapping[str, Array]) -> sympy.Expr:
    """The same on its own rows and a number on all: what stands under a root or in a logarithm by its size."""
    if np.isfinite(evaluate(piece, columns)).all():
        return piece

    def partial(part: sympy.Expr) -> bool:
        return isinstance(part, sympy.log) or bool(part.is_Pow and part.exp.is_Rational and not part.exp.is_integer)

    return piece.replace(partial, lambda part: part.func(sympy.Abs(part.args[0]), *part.args[1:]))


def _short(columns: Mapping[str, Array], y: Array) -> sympy.Expr:
    """A sum of at most three power products, the shortest message."""
    table = _exponents(len(columns), 2)
    x = np.column_stack(list(columns.values()))
    terms = np.prod(x[:, None, :] ** table, axis=2)
    names = [sympy.Mul(*(symbol(name) ** int(p) for name, p in zip(columns, row, strict=True))) for row in table]
    rows = len(y)
    best, nats = sympy.Float(float(np.mean(y))), rows / 2 * np.log(np.sum((y - y.mean()) ** 2)) + np.log(rows) / 2
    for rest, support, c in likely_supports(terms, y, MOST_TERMS, 2):
        length = rows / 2 * np.log(rest) + len(support) * (np.log(rows) / 2 + 4)
        if length < nats:
            nats = length
            best = sympy.Add(*(sympy.Float(float(a)) * names[i] for i, a in zip(support, c, strict=True)))
    return best


def _joined(
    name: str, columns: Mapping[str, Array], y: Array, parts: Sequence[_Part], named: Sequence[sympy.Expr]
) -> sympy.Expr:
    """One expression for all pieces, put together from the left."""
    whole = named[0]
    for number, (before, after) in enumerate(pairwise(named), 1):
        place = _place(name, columns, y, parts[number - 1], parts[number], before, after)
        rows = slice(0, parts[number].last)
        upto = {other: values[rows] for other, values in columns.items()}
        written = list(_writings(whole, before, after, symbol(name) - place))
        errors = [_error(one, upto, y[rows]) for one in written]
        good = [i for i, error in enumerate(errors) if error <= 1.1 * min(errors) + 1e-12]
        whole = written[min(good, key=lambda i: (complexity(written[i]), i))]
    return whole


def _lean(expression: sympy.Expr, columns: Mapping[str, Array], y: Array, work: Work) -> sympy.Expr:
    """The expression refitted as a whole, without the decimals that it can do without."""
    best = polish(expression, columns, y)
    rows, least = len(y), FLOOR * float(np.std(y))
    while True:
        template, values = split_constants(best.expression)
        if len(values) > MOST_LEAN or not work.pays(len(values) * (20 + 15 * len(values))):
            return best.expression
        shorter = [join_constants(template.xreplace({p: sympy.S.Zero}), values) for p in values]
        tried = [polish(one, columns, y) for one in shorter if one.free_symbols]
        fewer = min(tried, key=lambda one: one.rmse, default=best)
        lost = rows * np.log(max(fewer.rmse, least) / max(best.rmse, least))
        if fewer is best or not lost < IDLE + np.log(rows) / 2:
            return best.expression
        best = fewer


def _error(expression: sympy.Expr, columns: Mapping[str, Array], y: Array) -> float:
    missed = y - evaluate(expression, columns)
    return float(np.sqrt(np.mean(missed**2))) if np.isfinite(missed).all() else np.inf


def _place(
    name: str,
    columns: Mapping[str, Array],
    y: Array,
    before: _Part,
    after: _Part,
    left: sympy.Expr,
    right: sympy.Expr,
) -> sympy.Expr:
    """Where the pieces meet: the plainest number between the last row of the one and the first of the other, or where
    two lines in noise cross near there."""
    x = columns[name]
    rows = slice(before.first, after.last)
    there = {other: values[rows] for other, values in columns.items()}
    one, two = (y[rows] - np.broadcast_to(evaluate(e, there), (len(y[rows]),)) for e in (left, right))
    # a piece that is no number on the other's rows (a root) explains them worse than any that is one
    worst = 1 + 10 * max(np.abs(missed[np.isfinite(missed)]).max(initial=0.0) for missed in (one, two))
    one, two = (np.where(np.isfinite(missed), missed, worst) for missed in (one, two))
    # the row before which everything is better explained by the left piece, after which by the right one
    cost = np.concatenate([[0.0], np.cumsum(one**2)]) + np.concatenate([np.cumsum((two**2)[::-1])[::-1], [0.0]])
    best = np.flatnonzero(cost <= cost.min() * (1 + 1e-9) + 1e-24)
    at = before.first + int(np.clip(best[len(best) // 2], 1, len(one) - 1))
    low, high = float(x[at - 1]), float(x[at])
    if len(columns) == 1 and (crossing := _crossing(name, left, right, x, at)) is not None:
        low, high = (crossing - 1e-9 * abs(crossing) - 1e-12, crossing + 1e-9 * abs(crossing) + 1e-12)
        plain = _plainest(low, high)
        return plain if plain is not None else sympy.Float(crossing)
    plain = _plainest(low, high)
    return plain if plain is not None else sympy.Float((low + high) / 2)


def _crossing(name: str, left: sympy.Expr, right: sympy.Expr, x: Array, at: int) -> float | None:
    """Where left = right within a few rows of the break; None where they do not meet there (a jump)."""
    first, last = x[max(at - 8, 0)], x[min(at + 7, len(x) - 1)]
    grid = np.linspace(first, last, 2001)
    apart = np.broadcast_to(evaluate(left - right, {name: grid}), grid.shape)
    change = np.flatnonzero(np.sign(apart[1:]) != np.sign(apart[:-1]))
    if not np.isfinite(apart).all() or not len(change):
        return None
    i = int(change[np.argmin(np.abs(change - 1000))])
    share = apart[i] / (apart[i] - apart[i + 1])
    return float(grid[i] + share * (grid[i + 1] - grid[i]))


def _plainest(low: float, high: float) -> sympy.Rational | None:
    """The fraction of the smallest denominator up to 100 within the two ends; None where there is none."""
    for denominator in range(1, 101):
        numerator = int(np.ceil(low * denominator))
        if numerator <= high * denominator:
            return rational(Fraction(numerator, denominator))
    return None


def _writings(whole: sympy.Expr, left: sympy.Expr, right: sympy.Expr, past: sympy.Expr) -> Iterator[sympy.Expr]:
    """Ways to write ``whole`` up to where ``past`` is 0 and ``right`` from there on; ``left`` is the last piece of
    ``whole``."""
    functions = backend("sympy")
    apart = sympy.expand(right - left)
    yield whole + apart * functions.step(past)
    slope = sympy.cancel(apart / past)
    if not slope.has(*past.free_symbols):
        yield whole + slope * functions.relu(past)
        if whole == left:
            yield sympy.expand((left + right) / 2) + slope / 2 * functions.abs(past)
    if whole == left:
        yield sympy.Max(left, right)
        yield sympy.Min(left, right)
        yield sympy.expand((left + right) / 2) + sympy.expand(apart / 2) * functions.sign(past)
