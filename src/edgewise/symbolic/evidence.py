"""What is simple: the length of a message that tells the samples by a named edge (Rissanen 1978).

Residuals count as far as they are news and above the accuracy of the samples; symbols, cancelling digits and odd
exponents count as well. So look-alikes are told apart by their error where the samples can, else by what reads easier.
"""

from math import copysign, inf, log, log10

import numpy as np

from edgewise.primitives import Primitive

from .edge import A, B, C, D, P, refit
from .samples import EPS, Samples
from .starts import Array, evaluate, gauge, value

NATS_PER_SYMBOL = 2.0


def message(primitive: Primitive, theta: Array, samples: Samples, independent: float) -> float:
    """Length in nats of residuals, symbols and cancelling digits (minimum description length, Rissanen 1978)."""
    error = samples.error(primitive, theta)
    if error == inf:
        return inf
    reach = np.max(np.abs(theta[C] * value(primitive, theta[A] * samples.x + theta[B], theta[P]))) / samples.unit
    cancelled = reach * samples.unit / (np.max(np.abs(samples.y)) or 1.0)
    floor = max(samples.floor, 8 * EPS * reach)
    length = independent * log(max(error, floor)) + NATS_PER_SYMBOL * complexity(primitive, theta)
    shifts = log(1 + abs(theta[B])) + log(1 + abs(theta[D]) / samples.unit)
    scales = sum(abs(log10(abs(constant))) for constant in (theta[A], theta[C]) if constant)
    odd = NATS_PER_SYMBOL if primitive.exponent and round(theta[P] * 6) != theta[P] * 6 else 0.0
    return (
        length + max(0.0, log(cancelled or 1.0)) + 0.05 * (shifts + scales) + odd + wildness(primitive, theta, samples)
    )


def wildness(primitive: Primitive, theta: Array, samples: Samples) -> float:
    """A small handicap for what is undefined or explodes a quarter of the width beyond the samples."""
    beyond = samples.half * np.linspace(0.05, 0.5, 6)
    y = evaluate(primitive, theta, np.concatenate([samples.x[0] - beyond, samples.x[-1] + beyond]))
    with np.errstate(all="ignore"):
        tame = np.abs(y - samples.mean) < 10 * np.ptp(samples.y)
    return 0.0 if np.all(tame) else 1.0


def complexity(primitive: Primitive, theta: Array) -> int:
    a, b, c, d, _ = theta
    if primitive.name == "0":
        return 1
    shown = [abs(a) != 1, b != 0, abs(c) != 1, d != 0]
    return 1 + primitive.complexity + 2 * sum(map(int, shown))


def simplify(primitive: Primitive, theta: Array, samples: Samples, independent: float) -> tuple[Array, Array]:
    """Set constants to 0, 1 or a small fraction, refit the rest, keep what makes the message shorter.

    Returns the constants as told by the samples that the fit sees, and as told by all of them.
    """
    kind, _ = gauge(primitive, float(theta[P]) if primitive.exponent else 1.37)
    free = np.array([kind not in ("homogeneous", "logarithmic"), kind != "exponential", True, True, primitive.exponent])
    if primitive.name in ("0", "x") or (kind == "homogeneous" and value(primitive, np.array(3.0)) == 1):
        free[:2] = False
    if primitive.name == "0":
        free[C] = False
    free &= [abs(theta[A]) != 1, theta[B] != 0, abs(theta[C]) != 1, theta[D] != 0, True]
    length = message(primitive, theta, samples, independent)
    for index, goal in _goals(primitive, theta, free, samples):
        trial, still = theta.copy(), free.copy()
        trial[index], still[index] = goal, False
        trial = refit(primitive, trial, still, samples)
        new = message(primitive, trial, samples, independent)
        if new <= length + 1e-6:
            theta, free, length = trial, still, new
    return theta, refit(primitive, theta, free, samples, everything=True)


def _goals(primitive: Primitive, theta: Array, free: Array, samples: Samples) -> list[tuple[int, float]]:
    """(which, value): simple values near enough that a refit may reach them."""
    fraction = round(theta[P] * 6) / 6
    goals = [(P, fraction), (B, 0.0), (D, 0.0), (A, copysign(1.0, theta[A])), (C, copysign(1.0, theta[C]))]
    near = {P: 0.1, B: 1.0 + abs(theta[A]) * samples.half, D: 3 * samples.unit + abs(samples.mean), A: 0.2, C: 0.2}
    return [(i, goal) for i, goal in goals if free[i] and abs(theta[i] - goal) <= near[i]]
