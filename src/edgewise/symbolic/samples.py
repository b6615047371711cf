"""What is known of an edge: its samples, standardised, and how accurate they can be."""

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgewise.errors import SettingsError, ShapeError, ValuesError
from edgewise.primitives import Primitive

from .starts import Array, evaluate

EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Samples:
    """Samples in ascending x, standardised: x = middle + half t, y = mean + std z."""

    x: Array
    y: Array
    weights: Array
    seen: NDArray[np.bool_]
    middle: float
    half: float
    mean: float
    std: float
    floor: float  # how accurate y can be, in units of std

    @classmethod
    def of(
        cls, x: ArrayLike, y: ArrayLike, weights: ArrayLike | None, noise: float | None, held_out: float
    ) -> "Samples":
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        w = np.ones(x.shape) if weights is None else np.asarray(weights, dtype=np.float64)
        _check(x, y, w, noise, held_out)
        order = np.argsort(x, kind="stable")
        x, y, w = x[order], y[order], w[order] / w.sum()
        every = max(2, round(1 / held_out)) if held_out else len(x) + 1
        seen = np.arange(len(x)) % every != every // 2
        middle, half = x[0] / 2 + x[-1] / 2, x[-1] / 2 - x[0] / 2
        size = np.max(np.abs(y)) or 1.0  # squares of 1e-200 would vanish
        mean = float(w @ (y / size)) * size
        std = float(np.sqrt(w @ ((y - mean) / size) ** 2)) * size
        if std <= 4 * EPS * abs(mean):
            std = 0.0
        if std == 0.0 or half == 0.0:
            return cls(x, y, w, seen, middle, half, mean, std, 1.0)
        apart = np.diff(x) > 0
        slope = np.median(np.abs(np.diff(y)[apart] / std / (np.diff(x)[apart] / half)))
        rounding = np.max(np.abs(y)) / std + (1 + slope) * (1 + abs(middle) / half)
        return cls(x, y, w, seen, middle, half, mean, std, max(8 * EPS * rounding, (noise or 0.0) / std))

    @property
    def unit(self) -> float:
        """What errors are measured in: the spread of y, or 1 where it has none."""
        return self.std or 1.0

    @property
    def t(self) -> Array:
        return (self.x - self.middle) / self.half

    @property
    def z(self) -> Array:
        return (self.y - self.mean) / self.std

    def residual(self, primitive: Primitive, theta: Array) -> Array:
        """In units of the spread of y, (N,)."""
        with np.errstate(all="ignore"):
            return (evaluate(primitive, theta, self.x) - self.y) / self.unit

    def error(self, primitive: Primitive, theta: Array) -> float:
        """Root mean square over all samples, in units of the spread of y."""
        with np.errstate(all="ignore"):
            mean_square = self.weights @ self.residual(primitive, theta) ** 2
        return float(np.sqrt(mean_square)) if np.isfinite(mean_square) else inf

    def independent(self, primitive: Primitive, theta: Array) -> float:
        """How many of the residuals are news: a misfit, like the error of a spline, is alike at neighbours.

        From the correlation of neighbouring residuals, as for a first-order autoregression.
        """
        r = self.residual(primitive, theta)
        total = float(r @ r)
        alike = min(max(float(r[1:] @ r[:-1]) / total, 0.0), 0.99) if total > 0 else 0.0
        return max(len(r) * (1 - alike) / (1 + alike), 8.0)


def _check(x: Array, y: Array, weights: Array, noise: float | None, held_out: float) -> None:
    if x.ndim != 1 or x.shape != y.shape or x.shape != weights.shape:
        raise ShapeError(
            f"x, y and weights must be one column each, of equal length; got {x.shape}, {y.shape}, {weights.shape}."
        )
    if len(x) < 5:
        raise ValuesError(f"naming an edge needs at least 5 samples, got {len(x)}. Trace the network on more rows.")
    bad = int(np.sum(~(np.isfinite(x) & np.isfinite(y) & np.isfinite(weights) & (weights >= 0))))
    if bad or weights.sum() == 0:
        raise ValuesError(f"{bad} of {len(x)} samples are not finite or have no weight >= 0. Drop them first.")
    if not 0 <= held_out <= 0.5:
        raise SettingsError(f"held_out must be a fraction from 0 to 0.5, got {held_out}.")
    if noise is not None and not noise >= 0:
        raise SettingsError(f"noise must be the rmse of y, 0 or more, got {noise}.")
