"""Where the search for one primitive begins: pairs (scale, shift) on standardised samples.

With t in [-1, 1] the argument of a primitive is ``u = scale * t + shift``. What a primitive is decides which pairs are
worth a look: a homogeneous one (x^2, sqrt, abs) needs no scale, exp no shift; a pole or the border of a domain must lie
outside the samples, a break inside; a wave is looked for in the periodogram, up to the Nyquist frequency.
"""

from functools import lru_cache
from math import inf, log, log2, pi

import numpy as np
from numpy.typing import NDArray

from edgewise.primitives import Primitive

Array = NDArray[np.float64]

EXPONENTS = np.array([-4, -3, -2.5, -2, -1.5, -1, -2 / 3, -0.5, -1 / 3, 1 / 3, 0.5, 2 / 3, 1.5, 2, 2.5, 3, 4, 5, 6])


def value(primitive: Primitive, u: Array, exponent: Array | float = 1.0) -> Array:
    """f(u), not finite where it is undefined, and silent about it."""
    with np.errstate(all="ignore"):
        result = primitive("numpy", u, exponent) if primitive.exponent else primitive("numpy", u)
    return np.asarray(result, dtype=np.float64)


def evaluate(primitive: Primitive, theta: Array, x: Array) -> Array:
    """c f(a x + b) + d for theta = (a, b, c, d, exponent)."""
    a, b, c, d, p = theta
    with np.errstate(all="ignore"):
        return np.asarray(c * value(primitive, a * x + b, p) + d)


@lru_cache(maxsize=1024)
def gauge(primitive: Primitive, exponent: float = 1.37) -> tuple[str, float]:
    """Which of the four constants is idle, found by asking the function itself.

    ``("homogeneous", k)``: f(s u) = s^k f(u) for s > 0; ``("exponential", 1)``: f(u + s) = e^(k s) f(u);
    ``("logarithmic", k)``: f(s u) = f(u) + k log s; ``("none", 0)``: all four count.
    """
    one, two, three, four, six = value(primitive, np.array([1.0, 2.0, 3.0, 4.0, 6.0]), exponent)
    minus = value(primitive, np.array([-1.0, -2.0, -4.0]), exponent)
    with np.errstate(all="ignore"):
        if _same(two / one, four / two) and _same(two / one, six / three):
            whole = not np.all(np.isfinite(minus)) or bool(np.allclose(minus[1:] * one, minus[:2] * two, rtol=1e-12))
            return ("homogeneous", round(log2(two / one), 12)) if whole else ("none", 0.0)
        if _same(two / one, three / two) and _same((two / one) ** 2, four / two):
            return "exponential", log(two / one)
        if two != one and _same(four - two, two - one) and _same(six - three, two - one):
            return "logarithmic", float(two - one) / log(2.0)
    return "none", 0.0


def _same(one: float, other: float) -> bool:
    return bool(np.isfinite(one)) and abs(one - other) <= 1e-12 * abs(one)


def starts(primitive: Primitive, t: Array, z: Array, middle: float, half: float, waves: Array) -> Array:
    """Candidates (scale, shift, exponent), shape (K, 3); neighbours in the list are neighbours in shape.

    ``waves`` holds the likely angular frequencies (`frequencies`). ``middle`` and ``half`` tell where t = 0 and t = 1
    lie in the samples' own unit, because ``f(a x)`` and ``f(x + b)`` are likelier than the rest.
    """
    kind, _ = gauge(primitive)
    origin = middle / half
    if primitive.name in ("0", "x"):
        pairs = np.array([[1.0, 0.0]])
    elif not primitive.smooth:
        pairs = _breaks(t, z)
    elif primitive.waves:
        pairs = _damped(primitive, origin, half, waves)
    elif primitive.period and not primitive.pole:
        pairs = _waves(primitive.period, origin, half, waves)
    elif primitive.period:
        pairs = _inside(-primitive.period / 2, primitive.period / 2, False, origin, half)
    elif primitive.domain[0] > -inf and primitive.domain[1] < inf:
        pairs = _inside(*primitive.domain, primitive.inside, origin, half)
    elif primitive.domain != (-inf, inf) or primitive.pole:
        pairs = _beyond(primitive, kind, t, z, origin)
    elif kind == "homogeneous":
        pairs = np.stack([np.ones(len(s := _shifts(origin))), s], axis=1)
    elif kind == "exponential":
        scales = np.append(half, np.geomspace(0.01, 300, 60))
        pairs = np.concatenate([np.stack([sign * scales, -scales], axis=1) for sign in (1, -1)])
    else:
        pairs = _everywhere(primitive, origin, half)
    exponents = EXPONENTS if primitive.exponent else np.ones(1)
    grid = np.repeat(pairs, len(exponents), axis=0)
    return np.column_stack([grid, np.tile(exponents, len(pairs))])


def _shifts(origin: float) -> Array:
    """Centres of a power: dense inside the samples, geometric outside, and x = 0 itself."""
    far = np.geomspace(1.1, max(1e3, 4 * abs(origin)), 30)
    return np.unique(np.concatenate([-far, np.linspace(-1, 1, 21), far, [origin]]))


def _everywhere(primitive: Primitive, origin: float, half: float) -> Array:
    """Smooth on the whole line (tanh, gaussian, cosh): steepness times centre."""
    scales = np.append(np.geomspace(0.05, 60, 24), half)
    centres = np.concatenate([[-origin], np.linspace(-1.5, 1.5, 13), [-12, -6, -3, -2, 2, 3, 6, 12]])
    scale, centre = (grid.ravel() for grid in np.meshgrid(scales, centres, indexing="ij"))
    pairs = np.stack([scale, -scale * centre], axis=1)
    if primitive.parity == 0:
        pairs = np.concatenate([pairs, -pairs])
    return pairs[np.abs(pairs).sum(axis=1) < 300]  # cosh of more would overflow or be exp


def _inside(low: float, high: float, closed: bool, origin: float, half: float) -> Array:
    """The samples fill any part of a bounded domain: pairs of values at both ends."""
    unit = np.tanh(np.linspace(-4.5, 4.5, 19))
    ends = (low + high) / 2 + (high - low) / 2 * (np.concatenate([[-1], unit, [1]]) if closed else unit)
    first, last = (grid.ravel() for grid in np.meshgrid(ends, ends, indexing="ij"))
    pairs = np.stack([(last - first) / 2, (last + first) / 2], axis=1)[last > first]
    through_zero = np.array([[s * half, s * half * origin] for s in np.append(1, np.geomspace(0.01, 100, 25) / half)])
    return np.concatenate([pairs, through_zero])


def _beyond(primitive: Primitive, kind: str, t: Array, z: Array, origin: float) -> Array:
    """The singularity lies left or right of all samples, or, for a pole, in the gap where |z| is largest."""
    distance = np.concatenate([[0.0], np.geomspace(1e-7, max(1e4, 4 * abs(origin)), 23 if primitive.exponent else 45)])
    left = np.stack([np.ones_like(distance), 1 + distance], axis=1)
    right = np.stack([-np.ones_like(distance), 1 + distance], axis=1)
    pairs = np.concatenate([left, right, np.sign(origin) * np.array([[1.0, origin]]) if abs(origin) >= 1 else left[:0]])
    edge = primitive.domain[0] if primitive.domain[0] > -inf else (primitive.domain[1] if not primitive.pole else 0.0)
    if primitive.domain[0] == -inf and not primitive.pole:
        pairs = -pairs
    if kind not in ("homogeneous", "logarithmic"):
        pairs = np.concatenate([pairs * scale for scale in np.geomspace(0.03, 30, 13)])
    pairs[:, 1] += edge
    if primitive.pole:
        peak = int(np.argmax(np.abs(z - np.median(z))))
        gaps = [(t[i] + t[i + 1]) / 2 for i in (peak - 1, peak) if 0 <= i < len(t) - 1]
        pairs = np.concatenate([pairs, [[1.0, -gap] for gap in gaps], [[1.0, origin]]])
    return pairs


def _breaks(t: Array, z: Array) -> Array:
    """Breaks at quantiles of the samples and around the largest jumps, on them and between them."""
    jumps = np.argsort(-np.abs(np.diff(z)), kind="stable")[:3]
    around = np.concatenate([(t[jumps] + t[jumps + 1]) / 2, t[jumps], t[jumps + 1]])
    places = np.concatenate([np.quantile(t, np.linspace(0.02, 0.98, 48)), around])
    return np.concatenate([np.stack([np.full_like(places, s), -s * places], axis=1) for s in (1.0, -1.0)])


def _waves(period: float, origin: float, half: float, waves: Array) -> Array:
    """The strongest frequencies, each at eight phases and at phase 0 of x = 0."""
    scales = np.append(2 * pi / period * np.concatenate([waves, np.geomspace(0.05, 1.0, 7)]), half)
    phases = np.arange(8) / 8 * period
    scale, shift = (grid.ravel() for grid in np.meshgrid(scales, phases, indexing="ij"))
    pairs = np.stack([scale, shift], axis=1)
    if abs(origin) < 1e8:
        pairs = np.concatenate([pairs, np.stack([scales, np.mod(scales * origin, period)], axis=1)])
    return pairs[np.argsort(pairs[:, 0], kind="stable")]


def _damped(primitive: Primitive, origin: float, half: float, waves: Array) -> Array:
    """What oscillates with a height or a pace of its own: where its 0 lies counts, to half a radian."""
    low, high = primitive.domain
    scales = np.concatenate([waves, np.geomspace(0.05, 30, 24), [half]])
    sides = []
    for scale in scales:
        shifts = np.append(np.arange(-scale - 10, scale + 10, 0.5), scale * origin)
        if low > -inf:  # beside the singularity
            shifts = np.concatenate([shifts, low + scale + np.geomspace(1e-3, 0.5, 8)])
        sides.append(np.stack([np.full_like(shifts, scale), shifts], axis=1))
    pairs = np.concatenate(sides)
    if not primitive.parity:
        pairs = np.concatenate([pairs, pairs * [-1.0, 1.0]])
    ends = pairs[:, 1:] + np.array([-1.0, 1.0]) * pairs[:, :1]
    kept: Array = pairs[np.all((ends > low) & (ends < high), axis=1)]
    return kept


def frequencies(t: Array, z: Array, count: int = 4, step: float = 0.5) -> Array:
    """Angular frequencies of the highest peaks of the generalised Lomb-Scargle periodogram.

    Zechmeister & Kuerster, Astronomy & Astrophysics 496 (2009) 577: least squares by a sine, a cosine and a constant
    for samples at any places. All sums over the samples are two matrix products (`_sums`).
    """
    size = int(np.clip(np.ceil(pi * (len(np.unique(t)) - 1) / (2 * step)), 8, 8192))
    ones, data = _sums(np.stack([np.ones(len(t)), z - z.mean()]) / len(t), t, step, 2 * size + 1)
    data = data[1 : size + 1]
    first, second = ones[1 : size + 1], ones[2::2][:size]
    cc = (1 + second.real) / 2 - first.real**2
    ss = (1 - second.real) / 2 - first.imag**2
    cs = second.imag / 2 - first.real * first.imag
    determinant = np.maximum(cc * ss - cs**2, 1e-9)
    power = (ss * data.real**2 + cc * data.imag**2 - 2 * cs * data.real * data.imag) / determinant
    padded = np.concatenate([[0.0], power, [0.0]])
    peaks = np.flatnonzero((power >= padded[:-2]) & (power >= padded[2:]))
    best = peaks[np.argsort(-power[peaks], kind="stable")[:count]]
    return np.asarray(step * (best + 1.0), dtype=np.float64)


def _sums(weights: Array, t: Array, step: float, count: int, block: int = 64) -> NDArray[np.complex128]:
    """sum_n weights[r, n] exp(i k step t_n) for k = 0 .. count - 1, (R, count), as (giant steps) @ (baby steps)."""
    baby = np.exp(1j * step * np.arange(block)[:, None] * t)
    giant = np.exp(1j * step * block * np.arange(-(-count // block))[:, None] * t)
    result: NDArray[np.complex128] = ((giant * weights[:, None]) @ baby.T).reshape(len(weights), -1)[:, :count]
    return result
