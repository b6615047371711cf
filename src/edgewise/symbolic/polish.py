"""Constants to the last digit: least squares by Gauss-Newton with a damping that only wakes up when a step fails."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def descend(
    residual: Callable[[Array], Array],
    jacobian: Callable[[Array], Array],
    theta: Array,
    *,
    steps: int = 30,
    decrease: float = 1e-3,
) -> tuple[Array, Array]:
    """The best ``theta`` found and its residuals; never worse than the start.

    ``residual(theta)`` (N,) may hold what is not finite: such a step is refused. Ends when the sum of squares falls by
    less than ``decrease`` (relative) twice in a row: undamped steps converge quadratically, so that is the last digit.
    """
    r = residual(theta)
    cost = _cost(r)
    damping, stalled = 0.0, 0
    matrix = jacobian(theta)
    for _ in range(steps):
        if not np.isfinite(cost) or cost == 0.0:
            break
        trial = theta - _step(matrix, r, damping)
        new = residual(trial)
        new_cost = _cost(new)
        if new_cost < cost:
            stalled = stalled + 1 if new_cost > (1 - decrease) * cost else 0
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


def _step(matrix: Array, r: Array, damping: float) -> Array:
    """The damped Gauss-Newton step; columns are scaled first, so that units and magnitudes do not matter."""
    scale = np.max(np.abs(matrix), axis=0, initial=0.0)
    scale[scale == 0.0] = 1.0
    scaled = matrix / scale
    if damping:
        scaled = np.concatenate([scaled, np.sqrt(damping * len(r)) * np.eye(len(scale))])
        r = np.concatenate([r, np.zeros(len(scale))])
    solution: Array = np.linalg.lstsq(scaled, r, rcond=1e-14)[0] / scale
    return solution
