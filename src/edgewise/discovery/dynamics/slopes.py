"""How fast the states change, from their values alone.

Clean states: the slope of the polynomial through the 2h + 1 points around each one. Two successive h tell how far it bends
away, neighbours how much noise shakes it, and each point takes the h with the least error. Noisy states: the slope of a
cubic smoothing spline whose smoothness is chosen by generalised cross-validation (G. Wahba, Spline models for
observational data, 1990; SciPy's make_smoothing_spline).
"""

from dataclasses import dataclass

import numpy as np

from .trajectories import Trajectory

NEIGHBOURS = (2, 3, 4, 5, 6)  # points on either side
NOISY = 3e-3  # error of a slope, over the spread of slopes, from which on states are smoothed
NEXT = 0.3  # of how far two successive h are apart, which is the error of the smaller h
SAFETY = 3.0  # times the scatter of the states: it is not the same everywhere
LEAST_ERROR = (
    1e-8  # over the spread of slopes: errors of an integrator go along with each other, which neighbours do not tell
)
KEPT = 0.8  # of the points: those at which the slope is known best
NORMAL_MEDIAN = 0.6745  # of the size of a standard normal
REST = 1e-12  # of the size of a state that does not move: what it may spread by
MARGIN = 0.03  # of a smoothed trajectory at either end, where a spline has neighbours on one side only


@dataclass(frozen=True, eq=False)
class Slopes:
    """States and slopes (rows, states) of all trajectories; ``accuracy`` (states,) is by how much slopes may be off, 0
    where that is noise; ``noise`` (states,) is what smoothing took off the states (0 where nothing was)."""

    states: np.ndarray
    values: np.ndarray
    accuracy: np.ndarray
    noise: np.ndarray
    smoothed: tuple[Trajectory, ...]

    @property
    def noisy(self) -> bool:
        """Whether the states were smoothed."""
        return bool(np.any(self.noise > 0))


def slopes_of(trajectories: tuple[Trajectory, ...]) -> Slopes:
    """Slopes at the points of all trajectories at which they are known well. A state that rests along a trajectory has the
    slope 0 there, and says nothing about noise."""
    parts = [_interpolated(one) for one in trajectories]
    values, errors = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    spread, size = np.std(values, axis=0), np.max(np.abs(values), axis=0)
    spread = np.where(spread <= LEAST_ERROR * size, size, spread)  # slopes that are one number have no spread
    spread[spread == 0] = 1.0
    if np.any(np.median(errors, axis=0) > NOISY * spread):
        return _smoothed(trajectories)
    states = np.concatenate([one.states for one in trajectories])
    worst = np.max(errors / spread, axis=1)
    kept = worst <= np.quantile(worst, KEPT)
    accuracy = np.maximum(np.sqrt(np.mean(errors[kept] ** 2, axis=0)), LEAST_ERROR * spread)
    return Slopes(states[kept], values[kept], accuracy, np.zeros(len(spread)), trajectories)


def resting(one: Trajectory) -> np.ndarray:
    """Which states (states,) do not move along the trajectory, but for rounding."""
    return np.asarray(np.ptp(one.states, axis=0) <= REST * np.max(np.abs(one.states), axis=0))


def _interpolated(one: Trajectory) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and their errors (points, states) from polynomials through neighbours."""
    usable = [half for half in NEIGHBOURS if 2 * half + 1 <= len(one)]
    tried, sizes = zip(*(_slopes_through(one, half) for half in usable), strict=True)
    apart = np.abs(np.diff(np.stack(tried), axis=0))
    # one lucky agreement says little: the neighbours must agree as well
    padded = np.pad(apart, ((0, 0), (2, 2), (0, 0)), mode="edge")
    bent = np.max([padded[:, i : i + len(one)] for i in range(5)], axis=0)
    shaken = np.stack(sizes[1:])[:, :, None] * _scatter(one, usable)
    errors = np.hypot(NEXT * bent, SAFETY * shaken)
    best = np.argmin(errors, axis=0)[None]
    rests = resting(one)
    values, off = (np.take_along_axis(each, best, 0)[0] for each in (np.stack(tried[1:]), errors))
    return np.where(rests, 0.0, values), np.where(rests, 0.0, off)


def _slopes_through(one: Trajectory, half: int) -> tuple[np.ndarray, np.ndarray]:
    """The slopes (points, states) of the polynomials through 2 half + 1 points each, and how much each slope is shaken
    (points,) by a unit of noise in the states."""
    which = _neighbours(one, half)
    weights = _weights(one, which, 1)
    return np.einsum("pn,pns->ps", weights, one.states[which]), np.linalg.norm(weights, axis=1)


def _scatter(one: Trajectory, usable: list[int]) -> np.ndarray:
    """Noise (states,) of the states, be it rounding: what polynomials through its neighbours miss a point by."""
    found = []
    inner = np.arange(len(one))
    for half in usable:
        which = _neighbours(one, half)[half : len(one) - half]
        others = np.delete(which, half, axis=1)
        weights = _weights(one, others, 0, inner[half : len(one) - half])
        missed = one.states[which[:, half]] - np.einsum("pn,pns->ps", weights, one.states[others])
        size = np.sqrt(1 + np.sum(weights**2, axis=1))[:, None]
        found.append(np.median(np.abs(missed / size), axis=0) / NORMAL_MEDIAN)
    return np.asarray(np.min(found, axis=0))


def _neighbours(one: Trajectory, half: int) -> np.ndarray:
    count = 2 * half + 1
    first = np.clip(np.arange(len(one)) - half, 0, len(one) - count)
    return np.asarray(first[:, None] + np.arange(count))


def _weights(one: Trajectory, which: np.ndarray, derivative: int, at: np.ndarray | None = None) -> np.ndarray:
    """(points, neighbours) by which states are summed up to the value (0) of their polynomial at a point that is none of
    the neighbours, or to the slope (1) at one that is. By barycentric weights, which mind no gap in the times (J.-P. Berrut
    and L. N. Trefethen, Barycentric Lagrange interpolation, 2004, sections 4 and 9)."""
    places = one.times if at is None else one.times[at]
    apart = one.times[which] - places[:, None]
    width = np.max(np.abs(apart), axis=1, keepdims=True)
    between = (apart[:, :, None] - apart[:, None, :]) / width[:, :, None]
    own = np.eye(which.shape[1], dtype=bool)
    weights = 1 / np.prod(np.where(own, 1.0, between), axis=2)
    if derivative == 0:
        shares = weights * width / apart
        return np.asarray(shares / np.sum(shares, axis=1, keepdims=True))
    here = apart == 0
    slopes = -weights / weights[here][:, None] / np.where(here, 1.0, apart)
    slopes[here] = 0.0
    slopes[here] = -np.sum(slopes, axis=1)
    return np.asarray(slopes)


def _smoothed(trajectories: tuple[Trajectory, ...]) -> Slopes:
    from scipy.interpolate import make_smoothing_spline

    smooth, slopes, inner = [], [], []
    for one in trajectories:
        rests = resting(one)
        splines = [make_smoothing_spline(one.times, state) for state in one.states.T]
        smooth.append(np.where(rests, one.states, np.column_stack([spline(one.times) for spline in splines])))
        slopes.append(np.where(rests, 0.0, np.column_stack([spline.derivative()(one.times) for spline in splines])))
        edge = max(1, round(MARGIN * len(one)))
        inner.append((np.arange(len(one)) >= edge) & (np.arange(len(one)) < len(one) - edge))
    residuals = np.concatenate([one.states - values for one, values in zip(trajectories, smooth, strict=True)])
    kept = np.concatenate(inner)
    noise = np.sqrt(np.mean(residuals**2, axis=0))
    paths = tuple(Trajectory(one.times, values, one.name) for one, values in zip(trajectories, smooth, strict=True))
    return Slopes(np.concatenate(smooth)[kept], np.concatenate(slopes)[kept], np.zeros(len(noise)), noise, paths)
