"""The five constants of one named edge: fitted, and written in the plainest way.

``theta = (a, b, c, d, p)`` stands for ``c f(a x + b; p) + d`` throughout, in the samples' own units unless said.
"""

from math import copysign, exp, inf, log, log10

import numpy as np
from numpy.typing import NDArray

from edgewise.primitives import Primitive

from .polish import descend
from .samples import Samples
from .scan import differences, exponent_slope
from .starts import Array, evaluate, gauge, value

A, B, C, D, P = range(5)


def fit(primitive: Primitive, start: Array, samples: Samples) -> tuple[Primitive, Array]:
    """All constants from a start of the scan, then written in the plainest way."""
    scale, shift, exponent = start
    f = value(primitive, scale * samples.t + shift, exponent)
    w = samples.weights * samples.seen
    centred = f - (w @ f) / w.sum()
    spread = w @ centred**2
    slope = w @ (centred * samples.z) / spread if spread > 0 else 0.0
    offset = (w @ samples.z - slope * (w @ f)) / w.sum()
    theta = np.array([scale, shift, slope, offset, exponent])
    free = np.eye(5)[:, [True, True, primitive.name != "0", True, primitive.exponent]]
    theta = _descend(primitive, theta, free, samples)
    return primitive, plain(primitive, _unscaled(theta, samples), samples)


def _descend(primitive: Primitive, theta: Array, free: Array, samples: Samples, everything: bool = False) -> Array:
    """Least squares in standardised units; ``theta`` moves along the columns of ``free`` (5, k)."""
    rows = slice(None) if everything else samples.seen
    t, z, root = samples.t[rows], samples.z[rows], np.sqrt(samples.weights[rows])

    def residual(phi: Array) -> Array:
        return root * (evaluate(primitive, theta + free @ phi, t) - z)

    def jacobian(phi: Array) -> Array:
        a, b, c, _, p = theta + free @ phi
        u = a * t + b
        du = differences(u)
        with np.errstate(all="ignore"):
            slope = c * (value(primitive, u + du, p) - value(primitive, u - du, p)) / (2 * du)
            power = c * exponent_slope(primitive, u, p) if primitive.exponent else 0 * t
            columns = [slope * t, slope, value(primitive, u, p), np.ones_like(t), power]
        matrix = root[:, None] * (np.stack(columns, axis=1) @ free)
        return np.where(np.isfinite(matrix), matrix, 0.0)

    phi, _ = descend(residual, jacobian, np.zeros(free.shape[1]))
    return np.asarray(theta + free @ phi)


def _unscaled(theta: Array, samples: Samples) -> Array:
    a, b, c, d, p = theta
    inner = a / samples.half
    return np.array([inner, b - inner * samples.middle, c * samples.std, samples.mean + d * samples.std, p])


def _scaled(theta: Array, samples: Samples) -> Array:
    a, b, c, d, p = theta
    return np.array([a * samples.half, b + a * samples.middle, c / samples.std, (d - samples.mean) / samples.std, p])


def plain(primitive: Primitive, theta: Array, samples: Samples) -> Array:
    """The same function with as few constants as its symmetries allow: a = 1 for powers, b = 0 for exp, b near 0."""
    a, b, c, d, p = theta
    kind, k = gauge(primitive, float(p) if primitive.exponent else 1.37)
    if primitive.name == "0":
        return np.array([1.0, 0.0, 0.0, d, 1.0])
    if primitive.name == "x":
        return np.array([1.0, 0.0, c * a, c * b + d, 1.0])
    if kind in ("homogeneous", "logarithmic") and _moderate(k * log10(abs(a))):
        size = abs(a)
        c, d = (c * size**k, d) if kind == "homogeneous" else (c, d + c * k * log(size))
        a, b = copysign(1.0, a), b / size
    if kind == "exponential" and _moderate(k * b / 2.3 + log10(abs(c) or 1.0)):
        b, c = 0.0, c * exp(k * b)
    if primitive.parity and a < 0:
        a, b, c = -a, -b, c * primitive.parity
    if primitive.period:
        turns = round(b / primitive.period)
        b -= turns * primitive.period
        half_turn = primitive.period / 2
        flips = np.allclose(value(primitive, np.array([0.3, 1.1]) + half_turn), -value(primitive, np.array([0.3, 1.1])))
        if flips and abs(b) > half_turn / 2:
            b, c = b - copysign(half_turn, b), -c
    plain = np.array([a, b, c, d, p])
    if not primitive.smooth and kind == "homogeneous":
        plain[B] = _round_break(primitive, plain, samples)
    return plain if samples.error(primitive, plain) < inf else theta


def _moderate(decades: float) -> bool:
    return bool(abs(decades) < 200)


def _round_break(primitive: Primitive, theta: Array, samples: Samples) -> float:
    """The roundest place for a break between two samples, where none is better than another (sign, step)."""
    place = -theta[B] / theta[A]
    i = int(np.clip(np.searchsorted(samples.x, place), 1, len(samples.x) - 1))
    low, high = samples.x[i - 1], samples.x[i]
    limit = samples.error(primitive, theta) * (1 + 1e-9)
    choices = [0.0] if low <= 0 <= high else []
    for digits in range(-int(np.ceil(log10(high - low))) - 1, 18) if high > low else ():
        rounded = round(place, digits)
        if low < rounded < high:
            choices.append(rounded)
            break
    for choice in choices:
        trial = theta.copy()
        trial[B] = -theta[A] * choice + 0.0
        if samples.error(primitive, trial) <= limit:
            return float(trial[B])
    return float(theta[B])


def refit(
    primitive: Primitive, theta: Array, free: NDArray[np.bool_], samples: Samples, everything: bool = False
) -> Array:
    """Least squares over the free constants; never longer than it was; the fixed ones keep their digits."""
    directions = np.eye(5)
    directions[B, A] = 0.0 if free[B] else samples.middle / samples.half  # b stays: scale and shift of t move together
    moved = _descend(primitive, _scaled(theta, samples), directions[:, free], samples, everything)
    fitted = np.where(free, _unscaled(moved, samples), theta)
    return fitted if samples.error(primitive, fitted) <= samples.error(primitive, theta) else theta
