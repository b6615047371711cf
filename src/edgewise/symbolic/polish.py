"""Constants to the last digit: least squares by Gauss-Newton with a damping that only wakes up when a step fails.

>>> x = np.linspace(0, 3, 50)
>>> polish(parse("2.9*sin(1.1*x)"), {"x": x}, 3 * np.sin(x)).expression
3.0*sin(1.0*x)
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from edgewise.formula import evaluate, join_constants, split_constants

Array = NDArray[np.float64]
STEP = 6e-6  # relative, for central differences
ROWS_AT_ONCE = 8192  # so that a long table stays in the memory, and its parts in the cache of a processor
MOST_LEVERAGE = 0.99  # a row that is followed wherever it goes says nothing of its own scatter
SLOPES = 1e-9  # how well they then tell slopes; a direction flatter than that is one the data do not know


@dataclass(frozen=True)
class Polished:
    """An expression with its best constants.

    ``rmse`` is weighted, in y's unit, inf where the expression is not finite on all rows. ``errors`` are the standard
    errors of the constants by their names of `edgewise.formula.constants`; inf for one that the data do not determine.
    """

    expression: sympy.Expr
    rmse: float
    errors: dict[str, float]


def polish(
    expression: sympy.Expr,
    columns: Mapping[str, ArrayLike],
    y: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    steps: int = 30,
) -> Polished:
    """Refit all Floats of the expression on all rows; the result is never worse than the start.

    columns: name -> (N,), y (N,), weights (N,): how much each row counts.
    """
    problem = _Problem.of(expression, columns, y, weights)
    theta, _ = descend(problem.residual, problem.jacobian, problem.start, steps=steps, resolution=SLOPES)
    if not np.array_equal(theta, problem.start):
        expression = join_constants(problem.template, dict(zip(problem.parameters, theta, strict=True)))
        problem = _Problem.of(expression, columns, y, weights)  # constants are named in reading order, which may change
    return Polished(expression, problem.rmse(), problem.errors())


@dataclass(frozen=True)
class _Problem:
    """Residuals in units of the size of y, and their slopes, as functions of the constants."""

    template: sympy.Expr
    model: sympy.Expr  # the same with parameters that share their names with no column
    parameters: tuple[sympy.Dummy, ...]
    start: Array
    columns: dict[str, Array]
    y: Array
    root: Array  # square roots of the weights
    size: float

    @classmethod
    def of(
        cls, expression: sympy.Expr, columns: Mapping[str, ArrayLike], y: ArrayLike, weights: ArrayLike | None
    ) -> "_Problem":
        template, values = split_constants(expression)
        y = np.asarray(y, dtype=np.float64)
        w = np.ones_like(y) if weights is None else np.asarray(weights, dtype=np.float64)
        used = {symbol.name for symbol in template.free_symbols - set(values)}
        model = template.xreplace({p: sympy.Dummy(f"constant {i}", real=True) for i, p in enumerate(values)})
        arrays = {name: np.asarray(values, dtype=np.float64) for name, values in columns.items() if name in used}
        start = np.array(list(values.values()), dtype=np.float64)
        size = float(np.max(np.abs(y))) or 1.0
        return cls(template, model, tuple(values), start, arrays, y, np.sqrt(w / w.mean()), size)

    def _model(self, thetas: Array, rows: slice) -> Array:
        """The model of each row of thetas (K, P) on some of the rows of the table: (K, rows) in one walk of the tree."""
        parameters = {f"constant {i}": thetas[:, i : i + 1] for i in range(len(self.parameters))}
        columns = {name: values[rows] for name, values in self.columns.items()}
        values = evaluate(self.model, {**columns, **parameters})
        return np.broadcast_to(values, (len(thetas), len(self.y[rows])))

    def residual(self, theta: Array) -> Array:
        """(N,), in units of ``size``."""
        with np.errstate(all="ignore"):
            parts = [
                np.asarray(self.root[rows] * (self._model(theta[None], rows)[0] - self.y[rows]) / self.size)
                for rows in _blocks(len(self.y))
            ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def jacobian(self, theta: Array) -> Array:
        """Central differences, (N, P); 0 where they are not finite."""
        parts = [self._slopes(theta, rows) for rows in _blocks(len(self.y))]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _slopes(self, theta: Array, rows: slice) -> Array:
        moves = np.diag(STEP * np.where(theta == 0, 1.0, np.abs(theta)))
        with np.errstate(all="ignore"):
            above, below = np.split(self._model(np.concatenate([theta + moves, theta - moves]), rows), 2)
            slopes = (above - below) / (2 * np.diag(moves)[:, None]) / self.size * self.root[rows]
        return np.where(np.isfinite(slopes), slopes, 0.0).T

    def rmse(self) -> float:
        r = self.residual(self.start)
        if not np.all(np.isfinite(r)):
            return np.inf
        largest = np.max(np.abs(r)) or 1.0  # its square may be too large for a float
        return float(largest * np.sqrt(np.mean((r / largest) ** 2))) * self.size

    def errors(self) -> dict[str, float]:
        """Standard errors from the curvature of the sum of squares at the constants.

        Where the scatter is uneven (proportional noise, rounded columns) the rows that pull a constant may scatter more
        than the mean row: the larger of the usual error and White's is given (H. White, Econometrica 48, 1980). White's
        takes each row's residual as it would be if the row were left out, else it is far too small for few rows (J. G.
        MacKinnon and H. White, J. Econometrics 29, 1985: HC3).
        """
        r, free = self.residual(self.start), len(self.y) - len(self.start)
        if not len(self.start) or free <= 0 or _cost(r) == np.inf:
            return {p.name: np.inf for p in self.parameters}
        matrix = self.jacobian(self.start)
        scale = np.max(np.abs(matrix), axis=0)
        known = scale > 0
        matrix = matrix[:, known] / scale[known]
        rows, singular, directions = np.linalg.svd(_reduced(matrix), full_matrices=False)
        told = singular > SLOPES * singular.max(initial=0.0)
        turn = directions[told] / singular[told, None]
        even, uneven = np.zeros(known.sum()), np.zeros(known.sum())
        for some in _blocks(len(r)):
            # the left singular vectors; of a long matrix they are found again from the others
            left = rows[:, told] if len(rows) == len(r) else matrix[some] @ turn.T
            pull = turn.T @ left.T  # of each row on each constant
            leverage = np.minimum(np.sum(left**2, axis=1), MOST_LEVERAGE)
            even += r @ r / free * np.sum(pull**2, axis=1)
            uneven += pull**2 @ (r[some] / (1 - leverage)) ** 2
        errors = np.full(len(self.start), np.inf)
        errors[known] = np.sqrt(np.maximum(even, uneven)) / scale[known]
        errors[np.flatnonzero(known)[np.any(np.abs(directions[~told]) > 1e-6, axis=0)]] = np.inf
        return {p.name: float(error) for p, error in zip(self.parameters, errors, strict=True)}


def descend(
    residual: Callable[[Array], Array],
    jacobian: Callable[[Array], Array],
    theta: Array,
    *,
    steps: int = 30,
    resolution: float = 1e-14,
) -> tuple[Array, Array]:
    """The best ``theta`` found and its residuals; never worse than the start.

    ``residual(theta)`` (N,) may hold what is not finite: such a step is refused. Directions that move the residuals
    ``resolution`` times less than others are left alone. Ends when the sum of squares falls by less than a thousandth
    twice in a row: undamped steps converge quadratically, so that is the last digit.
    """
    r = residual(theta)
    cost = _cost(r)
    damping, stalled = 0.0, 0
    matrix = jacobian(theta)
    for _ in range(steps):
        if not np.isfinite(cost) or cost == 0.0:
            break
        trial = theta - _step(matrix, r, damping, resolution)
        new = residual(trial)
        new_cost = _cost(new)
        if new_cost < cost:
            stalled = stalled + 1 if new_cost > 0.999 * cost else 0
            theta, r, cost, damping = trial, new, new_cost, damping / 10 if damping > 1e-9 else 0.0
            matrix = jacobian(theta)
        else:
            damping = max(10 * damping, 1e-6)
            stalled += damping > 1.0 or _negligible(theta, trial)
        if stalled >= 2 or damping > 1e6:
            break
    return theta, r


def _cost(r: Array) -> float:
    with np.errstate(all="ignore"):
        cost = float(r @ r)
    return cost if np.isfinite(cost) else np.inf


def _negligible(theta: Array, trial: Array) -> bool:
    return bool(np.all(np.abs(trial - theta) <= 1e-15 * np.abs(theta)))


def _step(matrix: Array, r: Array, damping: float, resolution: float) -> Array:
    """The damped Gauss-Newton step; columns are scaled first, so that units and magnitudes do not matter."""
    scale = np.max(np.abs(matrix), axis=0, initial=0.0)
    scale[scale == 0.0] = 1.0
    scaled, count = matrix / scale, len(r)
    if count > ROWS_AT_ONCE:
        scaled, r = np.split(_reduced(np.column_stack([scaled, r])), [len(scale)], axis=1)
        r = r[:, 0]
    if damping:
        scaled = np.concatenate([scaled, np.sqrt(damping * count) * np.eye(len(scale))])
        r = np.concatenate([r, np.zeros(len(scale))])
    solution: Array = np.linalg.lstsq(scaled, r, rcond=resolution)[0] / scale
    return solution


def _blocks(rows: int) -> Iterator[slice]:
    return (slice(start, start + ROWS_AT_ONCE) for start in range(0, max(rows, 1), ROWS_AT_ONCE))


def _reduced(matrix: Array) -> Array:
    """A matrix of few rows with the same products of columns: R of Q R, taken block by block; a short one as it is."""
    if len(matrix) <= ROWS_AT_ONCE:
        return matrix
    upper = np.empty((0, matrix.shape[1]))
    for rows in _blocks(len(matrix)):
        upper = np.asarray(np.linalg.qr(np.concatenate([upper, matrix[rows]]), mode="r"))
    return upper
