"""Power products found by fitting them: y = x^a P(x^b1, .., x^bm) with a polynomial P of the logarithms.

Where no surrogate of all inputs is good enough for its gradient to be rounded (steep laws of many inputs), the
reduced form itself can still be fitted: P is linear and is eliminated, Gauss-Newton moves the exponents. One or two
arguments only; started from what the gradients suggest.

Source: variable projection, Golub & Pereyra (1973), SIAM J. Numer. Anal. 10.
"""

from collections.abc import Iterator

import numpy as np
import scipy.linalg

from .problem import Array, Problem
from .surrogate import Surrogate, exponents, legendre
from .symmetry import invariant_problems, scale_null_space
from .transforms import one_sign

STEPS = 25
DEGREE = {1: 9, 2: 6}
LARGEST_MISFIT = 0.05


def ridge_reductions(problem: Problem, surrogate: Surrogate) -> Iterator[Problem]:
    """The problems of one or two power products whose exponents converge to small fractions."""
    if not all(problem.positive):
        return
    _, vectors = scale_null_space(problem, surrogate)
    for arguments in (1, 2):
        if problem.inputs <= arguments:
            return
        start = scipy.linalg.null_space(vectors[arguments + 1 :, :-1]).T
        if len(start) != arguments:
            continue
        free = vectors[arguments + 1 :]
        fitted = _fit(problem, start, np.linalg.lstsq(free[:, :-1], free[:, -1], rcond=None)[0])
        if fitted is not None:
            degree, powers, misfit = fitted
            free = scipy.linalg.null_space(powers).T
            yield from invariant_problems(problem, np.column_stack([free, free @ degree]), misfit, "power products")


def _fit(problem: Problem, start: Array, first: Array) -> tuple[Array, Array, float] | None:
    """Exponents a (n,), b (m, n) and the relative misfit after Gauss-Newton; None where it stays large."""
    logs = np.log(problem.x)
    smooth = problem.weights is None and one_sign(problem.y)
    model = _LogModel(logs, problem.y, len(start)) if smooth else _Model(logs, problem.y, len(start))
    powers, degree = start, first
    misfit, change = model.evaluate(degree, powers)
    for _ in range(STEPS):
        step, better = 1.0, None
        while step > 1e-3 and better is None:
            trial = (degree + step * change[0], _unit(powers + step * change[1]))
            new = model.evaluate(*trial)
            better = new if new[0] < misfit else None
            step /= 4
        if better is None:
            break
        converged = better[0] > (1 - 1e-4) * misfit
        (degree, powers), (misfit, change) = trial, better
        if converged:
            break
    return (model.final(degree, powers), powers, misfit) if misfit < LARGEST_MISFIT else None


def _unit(powers: Array) -> Array:
    return np.linalg.qr(powers.T)[0].T


class _Model:
    """y = exp(a.l) P(b.l) in the units of y: the misfit and the Gauss-Newton change of (a, b)."""

    def __init__(self, logs: Array, y: Array, arguments: int) -> None:
        self.logs, self.y = logs, y
        self.table = exponents(arguments, 400)
        self.table = self.table[self.table.sum(axis=1) <= DEGREE[arguments]]

    def _polynomial(self, powers: Array) -> tuple[Array, list[Array]]:
        """Columns of P and their derivatives by each argument."""
        s = self.logs @ powers.T
        half = np.maximum(np.ptp(s, axis=0) / 2, 1e-9)
        t = (s - s.min(axis=0)) / half - 1
        tables = [legendre(column, int(self.table.max())) for column in t.T]
        columns = np.prod([v[:, p] for (v, _), p in zip(tables, self.table.T, strict=True)], axis=0)
        slopes = []
        for k in range(len(powers)):
            parts = [(d / half[k] if i == k else v)[:, self.table[:, i]] for i, (v, d) in enumerate(tables)]
            slopes.append(np.prod(parts, axis=0))
        return columns, slopes

    def evaluate(self, degree: Array, powers: Array) -> tuple[float, tuple[Array, Array]]:
        factor = np.exp(np.clip(self.logs @ degree, -200, 200))[:, None]
        columns, slopes = self._polynomial(powers)
        linear = factor * columns
        weights = np.linalg.lstsq(linear, self.y, rcond=None)[0]
        rest = self.y - linear @ weights
        moves = [
            (linear @ weights)[:, None] * self.logs,
            *((factor * d @ weights)[:, None] * self.logs for d in slopes),
        ]
        found = _eliminated(linear, np.column_stack(moves), rest)
        n = self.logs.shape[1]
        return float(np.linalg.norm(rest) / np.linalg.norm(self.y)), (found[:n], found[n:].reshape(powers.shape))

    def final(self, degree: Array, powers: Array) -> Array:
        return degree


class _LogModel(_Model):
    """log|y| = a.l + P(b.l): a is linear too."""

    def __init__(self, logs: Array, y: Array, arguments: int) -> None:
        super().__init__(logs, np.log(np.abs(y)), arguments)
        self.spread = float(np.linalg.norm(self.y - self.y.mean()))

    def evaluate(self, degree: Array, powers: Array) -> tuple[float, tuple[Array, Array]]:
        columns, slopes = self._polynomial(powers)
        linear = np.column_stack([columns, self.logs])
        weights = np.linalg.lstsq(linear, self.y, rcond=1e-10)[0]
        rest = self.y - linear @ weights
        moves = [(d @ weights[: columns.shape[1]])[:, None] * self.logs for d in slopes]
        found = _eliminated(linear, np.column_stack(moves), rest)
        return float(np.linalg.norm(rest)) / self.spread, (np.zeros_like(degree), found.reshape(powers.shape))

    def final(self, degree: Array, powers: Array) -> Array:
        columns, _ = self._polynomial(powers)
        weights = np.linalg.lstsq(np.column_stack([columns, self.logs]), self.y, rcond=1e-10)[0]
        return weights[columns.shape[1] :]


def _eliminated(linear: Array, moves: Array, rest: Array) -> Array:
    """The change of the non-linear parameters with the linear ones free to follow."""
    q, _ = np.linalg.qr(linear)
    clear = moves - q @ (q.T @ moves)
    return np.linalg.lstsq(clear, rest, rcond=1e-8)[0]
