"""A smooth stand-in for an unknown law, with its gradient and an honest error.

Total-degree products of Legendre polynomials, fitted by one QR decomposition. Leave-one-out residuals come from the
leverages, r_i / (1 - h_i), and since the columns are ordered by degree the leading columns of one Q hold every lower
degree: all degrees and all targets cost one decomposition. Never more than half as many columns as rows: beyond that
the leverages approach one and the leave-one-out error reads zero for nonsense.

Sources: Allen (1974), PRESS; Blatman & Sudret (2011), J. Comput. Phys. 230, on leave-one-out for polynomial chaos.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .problem import Array, Problem
from .transforms import TRANSFORMS

MOST_COLUMNS = 330
TARGETS = ("y", "log", "1/y", "y^2")
LEAST_NOISE = 1e-8
SURPLUS = 4.0  # standard errors of what a degree explains of noise


@dataclass(frozen=True, eq=False)
class Surrogate:
    """The best polynomial found: its coordinates and target, leave-one-out error over std(T(y)), values of dy/dx_i
    (N, d).
    """

    coordinates: str
    target: str
    degree: int
    error: float
    gradient: Array
    value: Array


@lru_cache(maxsize=64)
def exponents(inputs: int, most: int) -> Array:
    """Multi-indices (p, inputs) in ascending total degree, complete degrees only, at most ``most`` of them."""
    rows: list[tuple[int, ...]] = []
    for degree in range(60):
        layer = _of_degree(inputs, degree)
        if len(rows) + len(layer) > most and degree > 1:
            break
        rows += layer
    return np.array(rows)


def _of_degree(inputs: int, degree: int) -> list[tuple[int, ...]]:
    if inputs == 1:
        return [(degree,)]
    return [(first, *rest) for first in range(degree, -1, -1) for rest in _of_degree(inputs - 1, degree - first)]


def legendre(t: Array, degree: int) -> tuple[Array, Array]:
    """Orthonormal Legendre polynomials up to ``degree`` on [-1, 1] and their derivatives, each (N, degree + 1)."""
    values = np.polynomial.legendre.legvander(t, degree)
    slopes = np.zeros_like(values)
    for n in range(1, degree + 1):
        slopes[:, n] = (2 * n - 1) * values[:, n - 1] + (slopes[:, n - 2] if n > 1 else 0)
    norms = np.sqrt(2 * np.arange(degree + 1) + 1)
    return values * norms, slopes * norms


def fit(problem: Problem, most: int = MOST_COLUMNS) -> Surrogate | None:
    """The surrogate with the smallest leave-one-out error over coordinates {x, log x} and targets {y, log|y|, 1/y,
    y^2}.

    None when there are no inputs or no target can be fitted.
    """
    usable = np.all(np.isfinite(problem.x)) and np.all(np.isfinite(problem.y))
    if problem.inputs == 0 or problem.rows < 2 * (problem.inputs + 2) or not usable:
        return None
    if problem.weights is not None:
        return _weighted_fit(problem, min(most, problem.rows // 4))
    targets = _targets(problem.y)
    best: tuple[float, str, int, int] | None = None
    fits: dict[str, Decomposition] = {}
    for coordinates in ("x", "log x") if any(problem.positive) else ("x",):
        fits[coordinates] = Decomposition(problem, coordinates, min(most, problem.rows // 2))
        for index, (degree, error) in enumerate(fits[coordinates].leave_one_out(targets)):
            if best is None or error < best[0]:
                best = (error, coordinates, index, degree)
    if best is None or not targets:
        return None
    error, coordinates, index, degree = best
    name = list(targets)[index]
    with np.errstate(all="ignore"):
        slope = TRANSFORMS[name].derivative(problem.y)
        gradient = fits[coordinates].gradient(targets[name], degree) / slope[:, None]
    return Surrogate(coordinates, name, degree, error, gradient, problem.y)


def _weighted_fit(problem: Problem, most: int) -> Surrogate | None:
    """With noise: only the target itself, each row as it counts in the user's y."""
    best: tuple[float, str, int, Decomposition] | None = None
    for coordinates in ("x", "log x") if any(problem.positive) else ("x",):
        fitted = Decomposition(problem, coordinates, most)
        ((degree, error),) = fitted.leave_one_out({"y": problem.y * problem.weights})
        if best is None or error < best[0]:
            best = (error, coordinates, degree, fitted)
    if best is None:
        return None
    error, coordinates, degree, fitted = best
    weights = fitted.coefficients(problem.y * problem.weights, degree)
    value = fitted.columns @ weights
    return Surrogate(coordinates, "y", degree, error, fitted.slopes_of(weights), value)


def _targets(y: Array) -> dict[str, Array]:
    found = {}
    for name in TARGETS:
        transform = TRANSFORMS[name]
        # a square of a target with both signs still has the right gradient almost everywhere, but folds the zeros
        if not transform.allowed(y):
            continue
        with np.errstate(all="ignore"):
            target = transform.forward(y)
        if np.all(np.isfinite(target)) and np.std(target) > 0:
            found[name] = target
    return found


def best_degrees(q: Array, degrees: Array, targets: dict[str, Array]) -> list[tuple[int, float]]:
    """For each target the best degree and its leave-one-out rms over the target's standard deviation.

    ``q`` (N, p) are orthonormal columns whose ``degrees`` (p,) ascend.
    """
    if not targets:
        return []
    y = np.column_stack(list(targets.values()))
    projected = q.T @ y
    best = [(0, np.inf)] * y.shape[1]
    residual, leverage, start = y.copy(), np.zeros(len(y)), 0
    for degree in range(int(degrees[-1]) + 1):
        stop = int(np.searchsorted(degrees, degree, side="right"))
        block = q[:, start:stop]
        residual -= block @ projected[start:stop]
        leverage += np.sum(block**2, axis=1)
        left_out = residual / np.maximum(1 - leverage, 1e-3)[:, None]
        errors = np.sqrt(np.mean(left_out**2, axis=0)) / np.std(y, axis=0)
        best = [min(old, (degree, float(new)), key=lambda b: b[1]) for old, new in zip(best, errors, strict=True)]
        start = stop
    return best


class Decomposition:
    """The QR decomposition of one set of coordinates."""

    def __init__(self, problem: Problem, coordinates: str, most: int, powers: Array | None = None) -> None:
        self.logs = logs = np.array([coordinates == "log x" and positive for positive in problem.positive])
        t = self._coordinates(problem.x)
        self.low, high = t.min(axis=0), t.max(axis=0)
        self.half = np.where(high > self.low, (high - self.low) / 2, 1.0)
        t = (t - self.low) / self.half - 1
        self.chain = np.where(logs, 1 / np.where(problem.x == 0, 1, problem.x), 1.0) / self.half
        self.powers = exponents(problem.inputs, most) if powers is None else powers
        self.degrees = self.powers.sum(axis=1)
        tables = [legendre(column, int(self.powers.max())) for column in t.T]
        self.values = [table[0] for table in tables]
        self.slopes = [table[1] for table in tables]
        self.columns = self._columns(self.values)
        weighted = self.columns if problem.weights is None else self.columns * problem.weights[:, None]
        self.q, self.r = np.linalg.qr(weighted)

    def _coordinates(self, x: Array) -> Array:
        t = x.copy()
        t[:, self.logs] = np.log(t[:, self.logs])
        return t

    def at(self, x: Array, weights: Array) -> Array:
        """The combination with these coefficients on other rows, (rows,)."""
        t = (self._coordinates(x) - self.low) / self.half - 1
        values = self._columns([legendre(column, int(self.powers.max()))[0] for column in t.T])
        return np.asarray(values @ weights)

    def _columns(self, tables: list[Array]) -> Array:
        columns = np.ones((len(tables[0]), len(self.powers)))
        for table, power in zip(tables, self.powers.T, strict=True):
            columns *= table[:, power]
        return columns

    def leave_one_out(self, targets: dict[str, Array]) -> list[tuple[int, float]]:
        """For each target the best degree and its leave-one-out rms over the target's standard deviation."""
        return best_degrees(self.q, self.degrees, targets)

    def surplus(self, target: Array, degree: int) -> tuple[float, int]:
        """What the products of the next total degree explain, each, in units of what is left; and how many they are.

        About 1 where only noise is left to explain; (inf, 0) where there is no next degree.
        """
        start, stop = np.searchsorted(self.degrees, (degree, degree + 1), side="right")
        if start == stop:
            return float("inf"), 0
        explained = (self.q[:, :stop].T @ target) ** 2
        left = float(target @ target - explained.sum()) / (len(target) - int(stop))
        return float(explained[start:].mean() / max(left, 1e-300)), int(stop - start)

    def coefficients(self, target: Array, degree: int) -> Array:
        """Of all products (p,), zero above the total ``degree``."""
        stop = int(np.searchsorted(self.degrees, degree, side="right"))
        weights = np.zeros(len(self.powers))
        weights[:stop] = np.linalg.solve(self.r[:stop, :stop], self.q[:, :stop].T @ target)
        return weights

    def misfit(self, target: Array, degree: int) -> float:
        """rms(residual) / rms(target) of the fit of that total degree."""
        stop = int(np.searchsorted(self.degrees, degree, side="right"))
        residual = target - self.q[:, :stop] @ (self.q[:, :stop].T @ target)
        return float(np.linalg.norm(residual) / np.linalg.norm(target))

    def gradient(self, target: Array, degree: int) -> Array:
        """d target / d x_i for every row."""
        return self.slopes_of(self.coefficients(target, degree))

    def slopes_of(self, weights: Array) -> Array:
        """The gradient of the combination with these coefficients, (N, d)."""
        parts = []
        for index in range(len(self.values)):
            tables = [*self.values]
            tables[index] = self.slopes[index]
            parts.append(self._columns(tables) @ weights)
        return np.column_stack(parts) * self.chain


@dataclass(frozen=True, eq=False)
class Polynomial:
    """The polynomial of the inputs, or of their logarithms, that foretells the target itself best.

    ``error`` is its leave-one-out error over std(y), rows weighted where the problem weighs them; ``noisy`` whether
    products of the next degree explain no more of the rest than they would of noise.
    """

    fitted: Decomposition
    weights: Array
    error: float
    noisy: bool

    def __call__(self, x: Array) -> Array:
        """Its values on other rows: x (rows, inputs) to (rows,)."""
        with np.errstate(all="ignore"):
            return self.fitted.at(x, self.weights)


def best_polynomial(problem: Problem, most: int = MOST_COLUMNS) -> Polynomial | None:
    """The one of least leave-one-out error; None for too few rows."""
    if problem.inputs == 0 or problem.rows < 2 * (problem.inputs + 2):
        return None
    target = problem.y if problem.weights is None else problem.y * problem.weights
    found: list[tuple[float, int, Decomposition]] = []
    for coordinates in ("x", "log x") if any(problem.positive) else ("x",):
        fitted = Decomposition(problem, coordinates, min(most, problem.rows // 2))
        ((degree, error),) = fitted.leave_one_out({"y": target})
        found.append((error, degree, fitted))
    error, degree, fitted = min(found, key=lambda one: one[0])
    surplus, count = fitted.surplus(target, degree)
    noisy = error > LEAST_NOISE and surplus < 1 + SURPLUS * np.sqrt(2 / max(count, 1))
    return Polynomial(fitted, fitted.coefficients(target, degree), error, noisy)
