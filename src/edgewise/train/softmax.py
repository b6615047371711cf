"""Class probabilities that are linear in their weights: maximum likelihood by Newton, or by LBFGS where it is large.

The loss is the mean negative log-likelihood of the rows plus half a quadratic penalty. It is convex, so where it ends
depends on nothing but the rows. Newton on this likelihood is iteratively reweighted least squares (P. McCullagh and
J. A. Nelder, "Generalized linear models", section 2.5); large problems take LBFGS in the metric of the fixed bound of
the curvature (D. Böhning, "Multinomial logistic regression algorithm", 1992).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray as Array
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize

from edgewise.errors import ShapeError, ValuesError

MOST_BY_NEWTON = 400  # free weights
STEPS = 60
RIDGE = 1e-9  # keeps the curvature invertible where columns repeat each other


@dataclass(frozen=True)
class SoftmaxProblem:
    """Rows to be told apart.

    ``design`` holds what the weights multiply, ``shares`` one at each row's class, ``weights`` how much a row counts
    (they are divided by their sum), ``penalty`` the quadratic penalty of the weights of one class, and ``free`` which
    weights may differ from zero: a class without free weights is the reference.

    Raises ShapeError for parts that do not fit together, ValuesError for numbers that are not finite and weights of rows
    that are below 0 or all 0.
    """

    design: Float[Array, "rows features"]
    shares: Float[Array, "rows classes"]
    weights: Float[Array, " rows"]
    penalty: Float[Array, "features features"]
    free: Bool[Array, "features classes"]

    def __post_init__(self) -> None:
        (rows, features), (shared, classes) = self.design.shape, self.shares.shape
        if not (shared == rows == len(self.weights) and self.penalty.shape == (features, features)):
            raise ShapeError(
                f"{rows} rows of {features} features need as many shares and weights and a square penalty, got "
                f"{self.shares.shape}, {self.weights.shape} and {self.penalty.shape}."
            )
        if self.free.shape != (features, classes):
            raise ShapeError(f"free must be {(features, classes)}, features and classes, got {self.free.shape}.")
        if not all(np.isfinite(part).all() for part in (self.design, self.shares, self.weights, self.penalty)):
            raise ValuesError("the rows, their weights or the penalty hold NaN or infinite values.")
        if not (self.weights >= 0).all() or not self.weights.any():
            raise ValuesError("weights of rows must be 0 or more, and one of them above 0.")

    def loss(self, theta: Float[Array, "features classes"]) -> tuple[float, Float[Array, "features classes"]]:
        """The penalised mean loss and its gradient."""
        outputs = self.design @ theta
        log_p = log_probabilities(outputs)
        weights = (self.weights / self.weights.sum())[:, None]
        pull = self.penalty @ theta
        value = -(weights * self.shares * log_p).sum() + 0.5 * (theta * pull).sum()
        slope = self.design.T @ (weights * (np.exp(log_p) - self.shares)) + pull
        return float(value), np.where(self.free, slope, 0.0)

    def curvature(self, theta: Float[Array, "features classes"]) -> Float[Array, "free free"]:
        """The second derivative in the free weights, read class by class."""
        outputs = self.design @ theta
        p = np.exp(log_probabilities(outputs))
        weights = self.weights / self.weights.sum()
        columns = [np.flatnonzero(self.free[:, k]) for k in range(p.shape[1])]
        ends = np.cumsum([0, *map(len, columns)])
        curvature = np.empty((ends[-1], ends[-1]))
        for k, mine in enumerate(columns):
            for m, other in enumerate(columns[: k + 1]):
                share = weights * p[:, k] * ((k == m) - p[:, m])
                block = (self.design[:, mine] * share[:, None]).T @ self.design[:, other]
                if k == m:
                    block = block + self.penalty[np.ix_(mine, mine)]
                curvature[ends[k] : ends[k + 1], ends[m] : ends[m + 1]] = block
                curvature[ends[m] : ends[m + 1], ends[k] : ends[k + 1]] = block.T
        return curvature


def log_probabilities(outputs: Float[Array, "rows classes"]) -> Float[Array, "rows classes"]:
    """The logarithm of the softmax of each row."""
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def fit_softmax(problem: SoftmaxProblem, start: Float[Array, "features classes"] | None = None) -> Array:
    """The weights (features, classes) of the least loss; those that are not free are zero."""
    theta = np.zeros(problem.free.shape) if start is None else np.where(problem.free, start, 0.0)
    return _newton(problem, theta) if problem.free.sum() <= MOST_BY_NEWTON else _lbfgs(problem, theta)


def _newton(problem: SoftmaxProblem, theta: Array) -> Array:
    free = problem.free.T  # weights are read class by class
    value, slope = problem.loss(theta)
    for _ in range(STEPS):
        gradient = slope.T[free]
        curvature = problem.curvature(theta)
        curvature[np.diag_indices_from(curvature)] += RIDGE * max(1e-12, float(np.diag(curvature).max(initial=0.0)))
        step = _solve(curvature, gradient)
        decrease = float(gradient @ step)
        if not decrease > 1e-18 * (1 + abs(value)):
            break
        length = 1.0
        while length > 1e-6:
            trial = theta.copy()
            trial.T[free] -= length * step
            new, new_slope = problem.loss(trial)
            if new <= value - 1e-4 * length * decrease:
                break
            length /= 2
        else:
            break
        theta, value, slope = trial, new, new_slope
    return theta


def _solve(matrix: Array, right: Array) -> Array:
    try:
        return np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(matrix, right, rcond=None)[0]


def _lbfgs(problem: SoftmaxProblem, theta: Array) -> Array:
    weights = problem.weights / problem.weights.sum()
    bound = (problem.design * (0.25 * weights)[:, None]).T @ problem.design + problem.penalty
    bound[np.diag_indices_from(bound)] += 1e-8 * np.diag(bound).max()
    factor = cholesky(bound, lower=True)

    def value(flat: Array) -> tuple[float, Array]:
        back = np.where(problem.free, solve_triangular(factor, flat.reshape(theta.shape), trans="T", lower=True), 0.0)
        loss, slope = problem.loss(back)
        return loss, solve_triangular(factor, slope, lower=True).ravel()

    found = minimize(
        value, (factor.T @ theta).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 200, "gtol": 1e-5}
    )
    return np.where(problem.free, solve_triangular(factor, found.x.reshape(theta.shape), trans="T", lower=True), 0.0)
