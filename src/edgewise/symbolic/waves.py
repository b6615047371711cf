"""Waves whose height changes: an oscillation times a growth, a decay or a power of the same input.

A node that multiplies two edges of one input has no surrogate to take it apart, but for a given frequency and envelope
it is linear in the rest: y = e(x) (p cos(b x) + q sin(b x)) + d. Frequencies come from the periodogram, envelopes from
a short grid; the constants of the best few are then refitted together.
"""

from collections.abc import Iterator

import numpy as np
import sympy

from .starts import Array, frequencies

RATES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)  # e-foldings over half the range
POWERS = (1.0, -1.0, -0.5, 2.0)
BEST = 4


def waves(x: Array, y: Array, symbol: sympy.Symbol) -> Iterator[sympy.Expr]:
    """Expressions in the symbol with fitted constants, the nearest first; none for fewer than 12 rows."""
    if len(x) < 12 or np.ptp(x) == 0:
        return
    middle, half = (x.max() + x.min()) / 2, np.ptp(x) / 2
    t = (x - middle) / half
    ranked: list[tuple[float, int, sympy.Expr]] = []
    for b in frequencies(t, (y - y.mean()) / (y.std() or 1.0), count=6) / half:
        for envelope, form in _envelopes(x, symbol, half):
            if not np.isfinite(envelope).all():
                continue
            design = np.column_stack([envelope * np.cos(b * x), envelope * np.sin(b * x), np.ones_like(x)])
            (p, q, d), *_ = np.linalg.lstsq(design, y, rcond=None)
            error = float(np.mean((design @ (p, q, d) - y) ** 2))
            wave = sympy.cos(sympy.Float(b) * symbol + sympy.Float(-np.arctan2(q, p)))
            expression = sympy.Float(np.hypot(p, q)) * form * wave + sympy.Float(d)
            ranked.append((error, len(ranked), expression))
    for _, _, expression in sorted(ranked)[:BEST]:
        yield expression


def _envelopes(x: Array, symbol: sympy.Symbol, half: float) -> Iterator[tuple[Array, sympy.Expr]]:
    """Values (scaled to 1 in the middle of the range, where that is finite) and form of each envelope."""
    for rate in (*(-r for r in RATES), *RATES[1:]):
        yield np.exp(rate * x / half), sympy.exp(sympy.Float(rate / half) * symbol)
    if x.min() > 0:
        for power in POWERS:
            yield x**power, symbol ** sympy.Float(power)
