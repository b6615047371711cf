"""One input beside the rest: y = c(rest) + a_1(rest) g_1(x_i) + a_2(rest) g_2(x_i), with one or two curves g.

The matrix of coefficients of a polynomial surrogate, powers of x_i against products of the rest, has rank one or two (without
its constant row) when y is such a sum, and its singular vectors span the curves, which then get names. With names in place of
polynomials the coefficients a and c are fitted anew, much more sharply. What follows depends on them:

a constant      y - a g is a law of the rest
c = s a         y / (g + s) is a law of the rest
else            a is a law of the rest by itself, known as well as the fit is: it is named *aside*, and with its name
                y - a g and y / a - g are laws of the rest

A name is believed when the remainder is a smooth function of the rest alone, to the error that the fit had.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice

import numpy as np
import sympy
from numpy.typing import NDArray

from edgewise.formula import evaluate, join_constants, split_constants

from .coefficients import fraction, rational
from .compositions import Compositions, Form, size_of, spread_rows, values_of_form, written
from .identify import identify
from .polish import descend
from .problem import TARGET, Array, Aside, Problem, Question, first_problem, reduced
from .surrogate import Decomposition, best_degrees

MOST_COLUMNS = 330
CLEARER = 0.2  # of the surrogate's error is what names leave
FLOOR, ROUGH = 1e-9, 2e-3  # of the spread: what is small anyway, and too much for names
TAIL = 1e-7  # of the spread, what the coefficients of high degrees may miss
AS_GOOD = 3.0  # times the error is no worse
BOTH = ("x", "log x")
NAMES, PAIRED = 6, 5
STEP, STEPS = 1e-6, 8  # of constants inside a form
MOVED = 40  # rows
SPARE = 10.0  # of what the rows tell a constant to
BLURRED = 5.0  # times its error, what a surrogate of a simple structure may miss of it
BY_CHANCE = 0.02  # the chance up to which a plain number near a constant is taken for it
EXACTLY = 3e-11  # relative: what is known as well may be taken as known to rounding
SHARED = 1e-4  # error relative to a coefficient from which on it is no law to look for


@dataclass(frozen=True, eq=False)
class _Curve:
    """g as an expression of x_i with its values (N,)."""

    expression: sympy.Expr
    values: Array


@dataclass(frozen=True, eq=False)
class _Fit:
    """Coefficients (N,) of 1 and of each curve as functions of the rest, and constants of others; ``error`` is that of
    leaving one out, over the target's spread. ``columns`` span the functions of the rest."""

    error: float
    columns: Array
    functions: list[Array]
    constants: list[float]


@dataclass(frozen=True, eq=False)
class _Rest:
    """All inputs but one, as products of polynomials in the order of their degrees."""

    columns: list[Array]
    degrees: list[Array]

    @classmethod
    def of(cls, problem: Problem, others: Sequence[int], blocks: int, coordinates: Sequence[str]) -> "_Rest":
        part = first_problem({f"x{i}": problem.x[:, i] for i in others}, problem.y)
        most = min(MOST_COLUMNS, problem.rows // 2) // blocks
        fits = [Decomposition(part, c, most) for c in coordinates]
        return cls([one.columns for one in fits], [one.degrees for one in fits])

    def fit(self, target: Array, curves: Sequence[Array], fixed: Sequence[Array] = ()) -> _Fit:
        """The best degree, and coordinates, for 1 and ``curves`` times functions of the rest, and ``fixed`` as they are."""
        pairs = zip(self.columns, self.degrees, strict=True)
        return min((self._fit(*pair, target, curves, fixed) for pair in pairs), key=lambda fit: fit.error)

    def _fit(
        self, columns: Array, degrees: Array, target: Array, curves: Sequence[Array], fixed: Sequence[Array]
    ) -> _Fit:
        blocks = [np.column_stack(fixed)] if fixed else []
        ranks = [np.zeros(len(fixed), dtype=int)]
        for values in (np.ones(len(target)), *curves):
            blocks.append(columns * (values / np.sqrt(np.mean(values**2)))[:, None])
            ranks.append(degrees)
        whole, rank = np.column_stack(blocks), np.concatenate(ranks)
        order = np.argsort(rank, kind="stable")
        scale = np.linalg.norm(whole, axis=0)
        q, r = np.linalg.qr(whole[:, order] / scale[order])
        ((degree, error),) = best_degrees(q, rank[order], {"y": target})
        stop = int(np.searchsorted(rank[order], degree, side="right"))
        found = np.zeros(whole.shape[1])
        found[order[:stop]] = np.linalg.lstsq(r[:stop, :stop], q[:, :stop].T @ target, rcond=1e-15)[0]
        found /= scale
        constants, parts = found[: len(fixed)], np.split(found[len(fixed) :], 1 + len(curves))
        functions = [
            columns @ part / np.sqrt(np.mean(values**2))
            for part, values in zip(parts, (np.ones(len(target)), *curves), strict=True)
        ]
        return _Fit(error, columns[:, degrees <= degree], functions, [float(c) for c in constants])


def beside(problem: Problem, error: float) -> Iterator[Problem]:
    """Laws of fewer inputs, or simpler ones, those whose structure is clearest first; ``error`` is the surrogate's."""
    surface = _Surface.of(problem)
    found = [split for i in range(problem.inputs) if (split := _split(problem, i, surface, error)) is not None]
    question = Question()
    for split in sorted(found, key=lambda split: (len(split.curves), split.fit.error)):
        yield from split.children(question)


@dataclass(frozen=True, eq=False)
class _Surface:
    """The polynomial that tells the target best, and its leave-one-out error over the target's spread."""

    fitted: Decomposition
    coefficients: Array
    error: float

    @property
    def coordinates(self) -> str:
        """Of the inputs."""
        return BOTH[bool(np.any(self.fitted.logs))]

    @classmethod
    def of(cls, problem: Problem) -> "_Surface":
        most = min(MOST_COLUMNS, problem.rows // 2)
        best: tuple[float, int, Decomposition] | None = None
        for coordinates in BOTH if any(problem.positive) else BOTH[:1]:
            fitted = Decomposition(problem, coordinates, most)
            ((degree, error),) = fitted.leave_one_out({"y": problem.y})
            if best is None or error < best[0]:
                best = error, degree, fitted
        error, degree, fitted = best or (np.inf, 0, fitted)
        return cls(fitted, fitted.coefficients(problem.y, degree), error)

    def spans(self, problem: Problem, i: int, rows: NDArray[np.intp]) -> Iterator[tuple[Array, float]]:
        """One, and two, curves of x_i that come nearest, on these rows (rows, rank), and the rms of what they miss.

        Each of some rows is moved along x_i; what all of them do is a sum of a few curves, or it is not.
        """
        some = np.linspace(0, problem.rows - 1, min(MOVED, problem.rows)).astype(int)
        moved = np.repeat(problem.x[some], len(rows), axis=0)
        moved[:, i] = np.tile(problem.x[rows, i], len(some))
        values = self.fitted.at(moved, self.coefficients).reshape(len(some), len(rows))
        values -= values.mean(axis=1, keepdims=True)
        _, singular, right = np.linalg.svd(values, full_matrices=False)
        for rank in (1, 2):
            yield right[:rank].T, float(np.linalg.norm(singular[rank:]) / np.sqrt(values.size))


def _split(problem: Problem, i: int, surface: _Surface, error: float) -> "_Split | None":
    """The named curves of input i that leave least, if that is clearly less than the surrogate does."""
    others = [j for j in range(problem.inputs) if j != i]
    limit = min(ROUGH, max(CLEARER * error, FLOOR, SPARE * problem.accuracy))
    enough = max(1e-3 * error, FLOOR, SPARE * problem.accuracy)
    rows = spread_rows(problem.x[:, i])
    for span, missed in surface.spans(problem, i, rows):
        if missed > (BLURRED * max(surface.error, problem.accuracy) + TAIL) * np.std(problem.y):
            continue
        rest = _Rest.of(problem, others, span.shape[1] + 1, BOTH if len(others) == 1 else (surface.coordinates,))
        best: _Split | None = None
        for curves in _names(problem, i, rows, span, max(surface.error, problem.accuracy)):
            fit = rest.fit(problem.y, [curve.values for curve in curves])
            if best is None or fit.error < 0.5 * best.fit.error:
                best = _Split(problem, i, curves, rest, fit)
            if best.fit.error < enough:
                break
        if best is not None and best.fit.error < limit:
            return best.sharper()
    return None


def _names(problem: Problem, i: int, rows: NDArray[np.intp], span: Array, error: float) -> Iterator[list[_Curve]]:
    """Curves that span nearly the same, the shortest first."""
    x, symbol = problem.x[:, i], problem.symbols[i]
    known = Compositions.of(x[rows])
    q = np.linalg.qr(np.column_stack([np.ones(len(rows)), span]))[0]
    outside = np.linalg.norm(known.unit - q @ (q.T @ known.unit), axis=0)
    if span.shape[1] == 1:
        for index in _likeliest(outside, known.forms, error):
            if np.all(np.isfinite((curve := _curve(known.forms[index], symbol, x)).values)):
                yield [curve]
        alone = Problem((symbol,), x[rows, None], span[:, 0], accuracy=max(error, 1e-9))
        for found in islice(identify(alone), 3):
            named = _varying(found, symbol)
            values = evaluate(named, {symbol.name: x})
            if np.all(np.isfinite(values)):
                yield [_Curve(named, values)]
        return
    likely = [_curve(known.forms[index], symbol, x) for index in _likeliest(outside, known.forms, error)[:PAIRED]]
    for pair in combinations([curve for curve in likely if np.all(np.isfinite(curve.values))], 2):
        yield list(pair)


def _likeliest(outside: Array, forms: list[Form], error: float) -> list[int]:
    """The forms nearest to the span; among those as near as the surrogate can tell, the shortest first."""
    near = np.flatnonzero(outside <= max(float(outside.min()) * AS_GOOD, 10 * error))

    def length(k: int) -> float:
        return size_of(forms[k]) + float(np.log10(max(float(outside[k]), 1e-9)))

    return sorted((int(k) for k in near), key=lambda k: (length(k), k))[:NAMES]


def _curve(form: Form, symbol: sympy.Symbol, x: Array) -> _Curve:
    return _Curve(written(form, symbol), values_of_form(form, x))


def _varying(found: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr:
    """An expression without its offset and its factor."""
    varying = found.as_independent(symbol, as_Add=True)[1]
    return varying.as_independent(symbol, as_Add=False)[1]


@dataclass(frozen=True, eq=False)
class _Split:
    problem: Problem
    i: int
    curves: list[_Curve]
    rest: _Rest
    fit: _Fit

    @property
    def left(self) -> float:
        """The error in units of y."""
        return self.fit.error * float(np.std(self.problem.y))

    def children(self, question: Question) -> Iterator[Problem]:
        """The problems that follow."""
        y, values = self.problem.y, [curve.values for curve in self.curves]
        floor = FLOOR * 1e-3
        fixed = [k for k in range(len(values)) if self._constant(k)]
        varying = [values[k] for k in range(len(values)) if k not in fixed]
        if fixed:
            fit = self.rest.fit(y, varying, [values[k] for k in fixed])
            if fit.error <= max(AS_GOOD * self.fit.error, floor, AS_GOOD * self.problem.accuracy):
                yield self._without(fixed, fit)
                if not varying:
                    return
        if len(self.curves) == 1 and (child := self._divided()) is not None:
            yield child
            return
        for k in range(len(values)):
            if k not in fixed and (child := self._aside(k, question)) is not None:
                yield child

    def _constant(self, k: int) -> bool:
        """Whether the coefficient of curve k may be a constant."""
        values = [curve.values for curve in self.curves]
        fit = self.rest.fit(self.problem.y, [v for j, v in enumerate(values) if j != k], [values[k]])
        return fit.error <= max(AS_GOOD * self.fit.error, FLOOR * 1e-3, AS_GOOD * self.problem.accuracy)

    def _without(self, fixed: list[int], fit: _Fit) -> Problem:
        """y without the terms of constant coefficients."""
        target, restore, sure = self.problem.y, TARGET, True
        for k, c in zip(fixed, fit.constants, strict=True):
            curve = self.curves[k]
            number, plain = _plain(c, self._told_constant(curve.values))
            sure = sure and plain
            target, restore = target - float(number) * curve.values, restore + number * curve.expression
        return self._child(target, restore, sure, len(fixed) == len(self.curves))

    def _divided(self) -> Problem | None:
        """y / (g + s), if that is a law of the rest."""
        c, a = self.fit.functions
        curve = self.curves[0]
        s = float(c @ a / (a @ a))
        near = float(np.sqrt(np.mean((c - s * a) ** 2)))
        if near > 100 * self.left + 1e-3 * float(np.sqrt(np.mean(c**2))):
            return None
        size = float(np.sqrt(np.mean(a**2)))
        number, plain = _plain(s, self.left / size) if abs(s) * size > SPARE * self.left else (sympy.Integer(0), True)
        divisor = curve.values + float(number)
        if np.any(np.abs(divisor) < 1e-6 * np.max(np.abs(divisor))):
            return None
        target = self.problem.y / divisor
        again = self.rest.fit(target, [])
        if again.error * np.std(target) * np.sqrt(np.mean(divisor**2)) > 10 * max(self.left, self._rounding()):
            return None
        return self._child(target, TARGET * (curve.expression + number), plain, True)

    def _aside(self, k: int, question: Question) -> Problem | None:
        """The coefficient of curve k as a law by itself, with what its name is good for."""
        a = self.fit.functions[1 + k]
        accuracy = AS_GOOD * self._told(self.curves[k].values) / float(np.sqrt(np.mean(a**2)))
        if accuracy > SHARED:
            return None
        others = [j for j in range(self.problem.inputs) if j != self.i]
        columns = {f"x{j}": self.problem.x[:, j] for j in others}
        accuracy = max(accuracy if accuracy > EXACTLY else 0.0, self.problem.accuracy)
        root = first_problem(columns, a, accuracy=accuracy)
        names = {new: self.problem.symbols[j] for new, j in zip(root.symbols, others, strict=True)}
        return replace(root, aside=Aside(question, lambda found: self._answered(k, found.xreplace(names))))

    def _answered(self, k: int, found: sympy.Expr) -> Iterator[Problem]:
        """With a name for the coefficient of curve k: y - a g, and y / a - g where there is one curve."""
        others = [curve.values for j, curve in enumerate(self.curves) if j != k]
        curve = self.curves[k]
        named, sure = self._sharpened(found, curve.values, others)
        a = self._values(named)
        if not np.all(np.isfinite(a)):
            return
        limit = AS_GOOD * max(self.left, self._rounding())
        target = self.problem.y - a * curve.values
        size = float(np.std(target))
        if size <= 10 * limit:  # nothing is left but a number
            yield self._child(target, TARGET + named * curve.expression, sure, not others)
            return
        if self.rest.fit(target, others).error * size > limit:
            return
        yield self._child(target, TARGET + named * curve.expression, sure, not others)
        if not others and np.all(np.abs(a) > 1e-6 * np.max(np.abs(a))):
            target = self.problem.y / a - curve.values
            yield self._child(target, named * (TARGET + curve.expression), sure, True)

    def sharper(self) -> "_Split":
        """The same with the constants inside the curves fitted, as constants and functions of the rest beside them are."""
        for k, curve in enumerate(self.curves):
            if not curve.expression.atoms(sympy.Float):
                continue
            fixed = self._constant(k)
            q = self._smooth([other.values for j, other in enumerate(self.curves) if j != k])
            y = self.problem.y - q @ (q.T @ self.problem.y)

            def rest(values: Array, fixed: bool = fixed, q: Array = q, y: Array = y) -> Array:
                block = values[:, None] if fixed else self._smooth([values])
                block = np.linalg.qr(block - q @ (q.T @ block))[0]
                return y - block @ (block.T @ y)

            named, _ = self._fitted(curve.expression, rest)
            if named != curve.expression:
                curves = [_Curve(named, self._values(named)) if j == k else one for j, one in enumerate(self.curves)]
                fit = self.rest.fit(self.problem.y, [one.values for one in curves])
                if fit.error < self.fit.error:
                    return replace(self, curves=curves, fit=fit).sharper()
        return self

    def _sharpened(self, found: sympy.Expr, values: Array, others: list[Array]) -> tuple[sympy.Expr, bool]:
        """The name with constants that leave least beside any smooth function of the rest, plain ones where they may be."""
        q = self._smooth(others)

        def rest(a: Array) -> Array:
            left = self.problem.y - a * values
            return left - q @ (q.T @ left)

        return self._fitted(found, rest)

    def _smooth(self, curves: Sequence[Array]) -> Array:
        """An orthonormal basis of the smooth functions of the rest, and of those times each curve."""
        part = self.fit.columns
        return np.linalg.qr(np.column_stack([part, *(part * v[:, None] for v in curves)]))[0]

    def _fitted(self, form: sympy.Expr, rest: Callable[[Array], Array]) -> tuple[sympy.Expr, bool]:
        """A form with the constants for which the ``rest`` of its values is least, plain ones where they may be; whether all
        are."""
        template, start = split_constants(form)
        if not start:
            return form, True
        names, theta = list(start), np.array(list(start.values()))
        size = float(np.std(self.problem.y))

        def residual(theta: Array) -> Array:
            values = self._values(join_constants(template, dict(zip(names, theta, strict=True))))
            return rest(values) / size if np.all(np.isfinite(values)) else np.full(len(values), np.inf)

        def slopes(theta: Array) -> Array:
            steps = STEP * np.where(theta == 0, 1.0, np.abs(theta))
            moved = [(residual(theta + d) - residual(theta - d)) for d in np.diag(steps)]
            found = np.column_stack(moved) / (2 * steps)
            return np.where(np.isfinite(found), found, 0.0)

        theta, left = descend(residual, slopes, theta, steps=STEPS)
        told = np.linalg.norm(np.linalg.pinv(slopes(theta)), axis=1) * max(float(np.sqrt(np.mean(left**2))), 1e-15)
        plain = [_plain(float(c), SPARE * float(t)) for c, t in zip(theta, told, strict=True)]
        named = template.xreplace({name: number for name, (number, _) in zip(names, plain, strict=True)})
        return named, all(sure for _, sure in plain)

    def _values(self, expression: sympy.Expr) -> Array:
        columns = {s.name: self.problem.x[:, j] for j, s in enumerate(self.problem.symbols)}
        return np.broadcast_to(evaluate(expression, columns), (self.problem.rows,))

    def _told(self, values: Array) -> float:
        """How well the rows tell the coefficient of a curve where it is a function of the rest."""
        return self.left / float(np.std(values))

    def _told_constant(self, values: Array) -> float:
        """How well they tell it where it is one number."""
        return self._told(values) / float(np.sqrt(self.problem.rows) / SPARE)

    def _rounding(self) -> float:
        return 3e-12 * float(np.max(np.abs(self.problem.y)))

    def _child(self, target: Array, restore: sympy.Expr, sure: bool, fewer: bool) -> Problem:
        """The problem without x_i (or with it where a curve is left); constants that are no plain numbers cost accuracy."""
        kept = [j for j in range(self.problem.inputs) if j != self.i or not fewer]
        columns = [(self.problem.symbols[j], self.problem.x[:, j]) for j in kept]
        child = reduced(self.problem, "beside", columns, target, restore, self.fit.error)
        size = float(np.sqrt(np.mean(target**2))) or 1.0
        lost = 0.0 if sure else self.left / size
        return replace(child, accuracy=max(self.problem.accuracy, lost if lost > EXACTLY else 0.0))


def _plain(value: float, error: float) -> tuple[sympy.Expr, bool]:
    """The fraction of smallest denominator within the error, if that is no chance; else the value as it is."""
    largest = int(min(1000.0, np.sqrt(BY_CHANCE / max(2 * error, 1e-15))))
    found = fraction(value, largest, max(error, 4e-15 * abs(value))) if largest else None
    if found is not None and found != 0:
        return rational(found), True
    return sympy.Float(value, 17), error <= 1e-13 * abs(value)
