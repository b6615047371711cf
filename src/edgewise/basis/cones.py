"""Coefficients of splines that have a shape: nonnegative combinations of a few rows of coefficients.

On evenly spaced knots a spline rises where its coefficients rise and bends up where their second differences are positive
(C. de Boor, *A Practical Guide to Splines*, 2001, ch. X: the derivative of a spline has their differences for coefficients).
So the coefficients of a shape form a cone, spanned by steps or by hinges; what is even, odd or periodic about the middle of the
range is the mean of such rows over the mirror or the period.
"""

from dataclasses import dataclass
from math import inf

import torch
from jaxtyping import Float
from torch import Tensor

CONES = ("increasing", "decreasing", "convex", "concave", "even", "odd", "periodic", "nonnegative")


@dataclass(frozen=True)
class Cone:
    """Coefficients ``generators @ parameters``: generators (n_basis, P), each parameter at least ``lower`` (P,)."""

    generators: Float[Tensor, "n_basis parameters"]
    lower: Float[Tensor, " parameters"]


def cone(words: frozenset[str], n_basis: int, degree: int) -> Cone:
    """The coefficients of a spline with evenly spaced knots that has all these shapes (of ``CONES``).

    ``even`` and ``odd`` are about the middle of the range, ``periodic`` is after the whole range.
    """
    free, bounded = _spanned(words, n_basis)
    free, bounded = (_averaged(part, words, degree) for part in (free, bounded))
    lower = torch.cat([torch.full_like(free[0], -inf), torch.zeros_like(bounded[0])])
    return Cone(torch.cat([free, bounded], 1), lower)


def _spanned(words: frozenset[str], n: int) -> tuple[Tensor, Tensor]:
    """Rows of coefficients, as columns: those of any sign, and those that may only be added."""
    eye, one = torch.eye(n, dtype=torch.float64), torch.ones(n, 1, dtype=torch.float64)
    falls, rises = "decreasing" in words, "increasing" in words
    if falls and rises:
        return _with_constant(one[:, :0], words)
    if falls:
        turned = {"increasing"} | words - {"decreasing"}
        free, bounded = _spanned(frozenset(turned), n)
        return free.flip(0), bounded.flip(0)
    up, down = "convex" in words, "concave" in words
    hinges = _hinges(n)
    line = torch.arange(n, dtype=torch.float64)[:, None]
    if rises and not (up or down):
        return _with_constant(eye.cumsum(0)[:, 1:], words)
    if rises:
        return _with_constant(line if up and down else hinges if up else -hinges.flip(0), words)
    if up and down:
        return _either(one, line, line.flip(0), words)
    if up:
        return _either(one, hinges, hinges.flip(0), words)
    if down and "nonnegative" in words:
        return one[:, :0], _tents(n)
    if down:
        free, bounded = _either(one, hinges, hinges.flip(0), words)
        return free, -bounded
    return (eye[:, :0], eye) if "nonnegative" in words else (eye, eye[:, :0])


def _hinges(n: int) -> Tensor:
    """max(j - k, 0) for k = 0 ... n - 2: what bends up and rises."""
    steps = torch.arange(n, dtype=torch.float64)
    return (steps[:, None] - steps[None, :-1]).clamp_min(0)


def _tents(n: int) -> Tensor:
    """From 0 at one end up to 1 at k and down to 0 at the other: what bends down and is nowhere negative."""
    steps = torch.arange(n, dtype=torch.float64)
    left = steps[:, None] / steps.clamp_min(1)
    right = steps.flip(0)[:, None] / steps.flip(0).clamp_min(1)
    left[:, 0], right[:, -1] = 1, 1
    return torch.minimum(left, right)


def _with_constant(bounded: Tensor, words: frozenset[str]) -> tuple[Tensor, Tensor]:
    """The rows with their least value at 0, and a constant: of any sign, unless nothing may be negative."""
    one = torch.ones(len(bounded), 1, dtype=bounded.dtype)
    bounded = bounded - bounded.amin(0)
    return (one[:, :0], torch.cat([one, bounded], 1)) if "nonnegative" in words else (one, bounded)


def _either(one: Tensor, rising: Tensor, falling: Tensor, words: frozenset[str]) -> tuple[Tensor, Tensor]:
    """What may rise and fall: a straight line of any slope and the rising rows, or both kinds where none may be negative."""
    if "nonnegative" in words:
        return one[:, :0], torch.cat([one, rising, falling], 1)
    return torch.cat([one, rising[:, :1]], 1), rising[:, 1:]


def _averaged(columns: Tensor, words: frozenset[str], degree: int) -> Tensor:
    """The columns, each the mean over the mirror and the period, without those that are alike or 0."""
    if words.isdisjoint(("even", "odd", "periodic")):
        return columns
    if "even" in words:
        columns = columns + columns.flip(0)
    if "odd" in words:
        columns = columns - columns.flip(0)
    if "periodic" in words:
        place = torch.arange(len(columns)) % (len(columns) - degree)
        sums = torch.zeros_like(columns).index_add_(0, place, columns)
        columns = sums[place]
    sizes = columns.abs().amax(0)
    kept = columns[:, sizes > 0] / sizes[sizes > 0]
    return _different(kept)


def _different(columns: Tensor) -> Tensor:
    """The columns without copies of earlier ones, in their order."""
    kept: list[Tensor] = []
    for column in columns.T:
        if not any(torch.allclose(column, other, rtol=0, atol=1e-12) for other in kept):
            kept.append(column)
    return torch.stack(kept, 1) if kept else columns[:, :0]
