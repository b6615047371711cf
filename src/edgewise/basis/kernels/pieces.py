"""B-splines as the polynomials that they are, piece by piece: the tables that the compiled kernels read.

A record holds one piece of one input: where it begins, one over its width, where the next begins, and the coefficients of
its ``degree + 1`` functions as polynomials of the local coordinate t, which runs from 0 to 1. Tables are computed in
float64 and kept with the basis until its knots change. In float32 a local coordinate loses no digits however many pieces
there are; the truncated powers of uniform knots lose three at 200.
"""

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from edgewise.basis.base import MARGIN
from edgewise.basis.bspline import BSpline

HEADER = 4
SLOT = 8  # numbers that a kernel keeps of one (row, input): degree + 1 values, then the residual's
COUNTED = 16  # up to so many uneven pieces, counting the breaks that lie below beats looking one up
UNIFORM, FEW, MANY = 0, 1, 2


class Pieces(NamedTuple):
    """What a kernel knows of a spline: flat arrays of one dtype, ``record`` the length of a record of ``table``.

    ``low`` and ``high`` (n_in,) are where a spline stops being a polynomial of its own (the margin included). How pieces are
    found is the ``kind``. ``UNIFORM``: ``per_unit`` of them to a unit of x from ``origin`` on; one that is off by a rounding
    matters not, neighbours agree where they meet. ``FEW``: by counting ``breaks`` (intervals - 1, n_in), with those on
    the borders moved to infinity, so that a piece without width holds nothing. ``MANY``: from ``cells``, so many equal
    ones an input, ``per_unit`` of them to a unit of x, each with the ``first`` piece that can hold its points.
    An input that equals its ``rest`` (n_in,) is passed over; NaN, so none, until `resting` says otherwise. ``at_low`` (n_in,
    n_basis) is what the functions are where the ranges begin.
    """

    kind: int
    intervals: int
    record: int
    origin: Any
    low: Any
    high: Any
    breaks: Any
    per_unit: Any
    first: Any
    cells: int
    table: Any
    rest: Any
    at_low: Any


_kept: "WeakKeyDictionary[BSpline, tuple[Tensor, str, Pieces]]" = WeakKeyDictionary()


def pieces_of(basis: BSpline) -> Pieces:
    """The tables of this basis, made anew only when its knots hold other numbers."""
    kept = _kept.get(basis)
    if kept is None or kept[1] != basis.extrapolation or not _same(kept[0], basis.knots):
        kept = _kept[basis] = (basis.knots.detach().clone(), basis.extrapolation, _pieces(basis))
    return kept[2]


def _same(one: Tensor, other: Tensor) -> bool:
    return one.dtype == other.dtype and torch.equal(one, other)


def _pieces(basis: BSpline) -> Pieces:
    knots, degree, intervals = basis.knots.detach().double(), basis.degree, basis.intervals
    breaks = knots[:, degree : degree + intervals + 1]
    low, high = breaks[:, :1], breaks[:, -1:]
    margin = MARGIN[basis.extrapolation] * (high - low)
    marks = torch.where(breaks <= low, -torch.inf, torch.where(breaks >= high, torch.inf, breaks))
    lanes = 1 << degree.bit_length() if degree > 1 else 2
    near_low, near_high = low - margin, high + margin
    kind = _kind(breaks, torch.finfo(basis.knots.dtype).eps)
    cells, origin, span = (
        (2 * intervals, near_low, near_high - near_low) if kind == MANY else (intervals, low, high - low)
    )
    edges = origin + span * torch.arange(cells, dtype=torch.float64, device=knots.device) / cells
    slack = 1e-5 * span  # cells are found by rounded numbers: begin a little before
    first = torch.searchsorted(marks[:, 1:-1].contiguous(), (edges - slack).contiguous(), right=True)
    table = _table(knots, marks, degree, intervals, lanes)

    def flat(values: Tensor) -> Any:
        return values.to(basis.knots.dtype).contiguous().flatten().numpy()

    return Pieces(
        kind,
        intervals,
        HEADER + (degree + 1) * lanes,
        flat(origin),
        flat(near_low),
        flat(near_high),
        flat(marks[:, 1:-1].T) if intervals > 1 else np.zeros(1, flat(low).dtype),
        flat(cells / span),
        first.to(torch.int32).contiguous().flatten().numpy(),
        cells,
        flat(table),
        flat(torch.full_like(low, torch.nan)),
        flat(basis.inside(basis.low)[0]),
    )


def _kind(breaks: Tensor, eps: float) -> int:
    widths = breaks.diff(dim=1)
    size = breaks.abs().amax(1, keepdim=True)
    even = (widths - widths.mean(1, keepdim=True)).abs() <= 4 * eps * size
    if bool((even & (widths > 16 * eps * size)).all()):
        return UNIFORM
    return FEW if breaks.shape[1] - 1 <= COUNTED else MANY


def _table(knots: Tensor, marks: Tensor, degree: int, intervals: int, lanes: int) -> Tensor:
    """(n_in, intervals, HEADER + (degree + 1) * lanes): header, then row k with the coefficients of t^k."""
    left = knots[:, degree : degree + intervals]
    width = knots[:, degree + 1 : degree + intervals + 1] - left
    there = width > 0
    inverse = torch.where(there, 1 / width, torch.zeros_like(width))
    header = torch.stack([left, inverse, marks[:, 1:], torch.zeros_like(left)], -1)
    padded = torch.nn.functional.pad(polynomials(knots, degree, intervals), (0, lanes - degree - 1))
    return torch.cat([header, padded.flatten(2)], -1)


def polynomials(
    knots: Float[Tensor, "n_in knots"], degree: int, intervals: int
) -> Float[Tensor, "n_in intervals powers functions"]:
    """The functions that are not zero on each piece as polynomials of t, lowest power first; 0 on a piece without width.

    The triangle of de Boor with polynomials in place of numbers: sums of terms of one sign, so nothing is lost.
    """

    def at(shift: int) -> Tensor:
        return knots[:, degree + shift : degree + shift + intervals]

    left, width = at(0), at(1) - at(0)
    one = torch.zeros(*left.shape, degree + 1, dtype=knots.dtype)
    one[..., 0] = 1
    row = [one]
    for d in range(1, degree + 1):
        grown = [torch.zeros_like(one) for _ in range(d + 1)]
        for r in range(d):
            after, before = at(1 + r), at(1 + r - d)
            share = row[r] / (after - before).unsqueeze(-1)
            grown[r] = grown[r] + _times(share, after - left, -width)
            grown[r + 1] = grown[r + 1] + _times(share, left - before, width)
        row = grown
    return torch.where((width > 0)[..., None, None], torch.stack(row, -1), 0.0)


def _times(polynomial: Tensor, constant: Tensor, slope: Tensor) -> Tensor:
    """polynomial * (constant + slope * t); the highest power of what comes in is 0."""
    product = constant.unsqueeze(-1) * polynomial
    product[..., 1:] += (slope.unsqueeze(-1) * polynomial)[..., :-1]
    return product
