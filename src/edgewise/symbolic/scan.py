"""All primitives at once on a few samples: from hundreds of starts each to a handful worth polishing.

``z ~ c f(scale * t + shift) + d``: c and d are a regression for every start (variable projection: Golub & Pereyra,
SIAM J. Numer. Anal. 10 (1973) 413, with Kaufman's simpler Jacobian), so only scale, shift and an exponent are searched.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgewise.primitives import SPECIAL, Primitive

from .starts import Array, frequencies, gauge, starts, value

KEPT, AHEAD = 4, 2  # starts of a primitive that go down, and those that go on
AHEAD_OF_SPECIAL = 6
ROWS = 150  # samples are enough to rank starts; the survivors see them all


def scan(
    primitives: Sequence[Primitive], t: Array, z: Array, weights: Array, middle: float, half: float
) -> list[tuple[Primitive, Array, float]]:
    """(primitive, (scale, shift, exponent), mean squared residual) of the best starts after a short descent.

    t (N,) ascending in [-1, 1], z (N,) of unit spread, weights (N,) that sum to 1.
    """
    few = _scattered(len(t))
    waves = frequencies(t, z) if any(primitive.period or primitive.waves for primitive in primitives) else t[:0]
    found = [starts(primitive, t, z, middle, half, waves) for primitive in primitives]
    chosen = [_best(*one, t, z, weights, few[::2]) for one in zip(primitives, found, strict=True)]
    owner = np.repeat(np.arange(len(primitives)), [len(rows) for rows in chosen])
    few_weights = weights[few] / weights[few].sum()
    theta, cost = _descend(primitives, owner, np.concatenate(chosen), t[few], z[few], few_weights, steps=4)
    ahead = np.concatenate(
        [rows[np.argsort(cost[rows], kind="stable")[: starts_of(primitives[owner[rows[0]]])]] for rows in _owned(owner)]
    )
    owner = owner[ahead]
    theta, cost = _descend(primitives, owner, theta[ahead], t[few], z[few], few_weights, steps=9)
    order = np.argsort(cost, kind="stable")
    return [(primitives[owner[i]], theta[i], float(cost[i])) for i in order if np.isfinite(cost[i])]


def starts_of(primitive: Primitive) -> int:
    """How many starts go on: special functions, named one by one, have look-alikes of their own."""
    return AHEAD_OF_SPECIAL if primitive.name in SPECIAL else AHEAD


def _owned(owner: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [np.flatnonzero(owner == k) for k in np.unique(owner)]


def _scattered(rows: int) -> NDArray[np.int64]:
    """Indices spread over all samples, at uneven steps so that no wave hides between them."""
    if rows <= ROWS:
        return np.arange(rows)
    steps = np.arange(ROWS)
    picked = (steps + np.mod(steps * 0.6180339887, 1.0)) * (rows / ROWS)
    return np.unique(np.concatenate([[0], np.minimum(picked.astype(np.int64), rows - 1), [rows - 1]]))


def _best(primitive: Primitive, found: Array, t: Array, z: Array, weights: Array, few: NDArray[np.int64]) -> Array:
    """The best of each part of the list of starts, (<= KEPT, 3)."""
    rows = few if primitive.smooth else np.arange(len(t))  # a jump is seen by the samples beside it only
    share = weights[rows] / weights[rows].sum()
    cost = _regress(value(primitive, found[:, :1] * t[rows] + found[:, 1:2], found[:, 2:]), z[rows], share)[0]
    blocks = np.array_split(
        np.arange(len(found)), min(AHEAD_OF_SPECIAL * KEPT if primitive.name in SPECIAL else KEPT, len(found))
    )
    return found[[block[np.argmin(cost[block])] for block in blocks]]


def _regress(f: Array, z: Array, weights: Array) -> tuple[Array, Array, Array, Array]:
    """For each row of f (K, n): mean squared residual of z ~ c f + d (inf where undefined), c, centred f, residual."""
    with np.errstate(all="ignore"):
        mean = f @ weights
        centred = f - mean[:, None]
        spread = centred**2 @ weights
        z = z - weights @ z
        c = (centred * z) @ weights / spread
        residual = z - c[:, None] * centred
        cost = residual**2 @ weights
        cost[~(np.isfinite(cost) & (spread > 1e-24 * mean**2))] = np.inf
    return cost, c, centred, residual


def _descend(
    primitives: Sequence[Primitive],
    owner: NDArray[np.int64],
    theta: Array,
    t: Array,
    z: Array,
    weights: Array,
    *,
    steps: int,
) -> tuple[Array, Array]:
    """Levenberg-Marquardt steps for every start of every primitive in one batch."""
    groups = [(primitive, owner == k) for k, primitive in enumerate(primitives)]
    moving = np.array([_moving(primitives[k]) for k in owner])

    def values(theta: Array, du: float = 0.0) -> Array:
        u = theta[:, :1] * t + theta[:, 1:2]
        if du:
            u = u + du * differences(u)
        f = np.empty_like(u)
        for primitive, rows in groups:
            f[rows] = value(primitive, u[rows], theta[rows, 2:])
        return f

    damping = np.full(len(theta), 1e-2)
    cost, c, centred, residual = _regress(values(theta), z, weights)
    for _ in range(steps):
        u = theta[:, :1] * t + theta[:, 1:2]
        with np.errstate(all="ignore"):
            slope = (values(theta, 1.0) - values(theta, -1.0)) / (2 * differences(u))
            columns = np.stack([slope * t, slope, np.zeros_like(slope)], axis=1)
            for primitive, rows in groups:
                if primitive.exponent:
                    columns[rows, 2] = exponent_slope(primitive, u[rows], theta[rows, 2:])
            jacobian = columns * c[:, None, None] * moving[:, :, None]
            jacobian[~np.isfinite(jacobian)] = 0.0
            jacobian -= (jacobian @ weights)[..., None]
            along = (jacobian * centred[:, None]) @ weights / (centred**2 @ weights)[:, None]
            jacobian -= along[..., None] * centred[:, None]
            jacobian[~np.isfinite(jacobian)] = 0.0
        weighted = jacobian * weights
        normal = weighted @ jacobian.transpose(0, 2, 1)
        diagonal = np.einsum("kii->ki", normal)
        diagonal *= 1 + damping[:, None]
        diagonal += 1e-300 + (diagonal == 0)
        gradient = np.where(np.isfinite(residual), residual, 0.0)[:, None] * weighted
        step = np.linalg.solve(normal, gradient.sum(axis=2)[..., None])[..., 0]
        trial = theta + step
        tried = _regress(values(trial), z, weights)
        better = tried[0] < cost
        damping = np.where(better, damping * 0.1, np.minimum(damping * 8, 1e6))
        theta = np.where(better[:, None], trial, theta)
        cost, c = np.where(better, tried[0], cost), np.where(better, tried[1], c)
        centred = np.where(better[:, None], tried[2], centred)
        residual = np.where(better[:, None], tried[3], residual)
    return theta, cost


def _moving(primitive: Primitive) -> tuple[bool, bool, bool]:
    kind, _ = gauge(primitive)
    return kind not in ("homogeneous", "logarithmic"), kind != "exponential", primitive.exponent


def differences(u: Array) -> Array:
    """Steps for central differences: small beside u, beside its spread, and never zero."""
    size = np.abs(u)
    largest = size.max(axis=-1, keepdims=True)
    spread = np.ptp(u, axis=-1, keepdims=True)
    step: Array = 5e-6 * np.minimum(size + 1e-3 * largest, np.where(spread > 0, spread, 1.0)) + 1e-300
    return step


def exponent_slope(primitive: Primitive, u: Array, exponent: Array | float) -> Array:
    """How f changes with its exponent."""
    return np.asarray((value(primitive, u, exponent + 1e-5) - value(primitive, u, exponent - 1e-5)) / 2e-5)
