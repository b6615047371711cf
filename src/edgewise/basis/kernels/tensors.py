"""The eager way: the ``degree + 1`` functions that are not zero, scattered, and one matrix product.

Tensor operations alone, so that it runs on every device. On the way back everything is found again from x: nothing else is
kept, and no graph of the small operations is built. On a CPU rows are taken in blocks whose temporaries stay in the cache:
those of a whole batch would cost more in new pages of memory than in arithmetic.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from edgewise.basis.bspline import BSpline
from edgewise.basis.residuals import Residual

BLOCK = 65_536  # numbers of x at a time, on a CPU


class Local(NamedTuple):
    """What is not zero at each x (rows, n_in): the place among an input's functions, values and slopes, each
    (rows, n_in, degree + 1)."""

    place: Tensor
    values: Tensor
    slopes: Tensor


def sums(basis: BSpline, x: Tensor, weight: Tensor, residual: Residual) -> Tensor:
    """(rows, n_in) -> (rows, n_out)."""
    matrix = weight.flatten(0, 1)
    y = x.new_empty(len(x), matrix.shape[1])
    for rows, made in _blocks(basis, x):
        torch.mm(_features(x[rows], _local(basis, x[rows], False), residual, made), matrix, out=y[rows])
    return y


def gradients(
    basis: BSpline, x: Tensor, weight: Tensor, residual: Residual, g: Tensor, needed: tuple[bool, ...]
) -> tuple[Tensor | None, Tensor | None]:
    """The gradients by x and by the weights, given that by the sums; None for one that is not ``needed``."""
    matrix = weight.flatten(0, 1)
    dx = torch.empty_like(x) if needed[0] else None
    dw = torch.zeros_like(matrix) if needed[1] else None
    for rows, made in _blocks(basis, x):
        part, found = x[rows], _local(basis, x[rows], needed[0])
        if dx is not None:
            by_feature = (g[rows] @ matrix.T).view(made[: len(part)].shape)
            dx[rows] = (by_feature.gather(-1, found.place) * found.slopes).sum(-1)
            dx[rows] += by_feature[..., -1] * residual.slope(part)
        if dw is not None:
            dw.addmm_(_features(part, found, residual, made).T, g[rows])
    return dx, None if dw is None else dw.view(weight.shape)


def _blocks(basis: BSpline, x: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Rows, and memory (rows, n_in, n_basis + 1) for their features that is used again and again."""
    step = max(1, BLOCK // basis.n_in) if x.device.type == "cpu" else len(x)
    made = x.new_empty(min(step, len(x)), basis.n_in, basis.n_basis + 1)
    for start in range(0, len(x), step):
        yield slice(start, start + step), made


def _features(x: Tensor, found: Local, residual: Residual, made: Tensor) -> Tensor:
    """(rows, n_in * (n_basis + 1)): every function of every input and, behind those of each, the residual function."""
    made = made[: len(x)].zero_()
    made.scatter_(-1, found.place, found.values)
    made[..., -1] = residual.value(x)
    return made.flatten(1)


def _local(basis: BSpline, x: Tensor, slopes: bool) -> Local:
    near, beyond = basis.near(x)
    flat = x.device.type == "cpu" and not bool(beyond.any())  # NaN counts as beyond
    even = x.device.type == "cpu" and _are_even(basis.knots)
    place, values, slope = (_even if even else _uneven)(basis, near, slopes or not flat)
    return Local(place, values, slope) if flat else Local(place, *basis.extended(values, slope, beyond.unsqueeze(-1)))


def _uneven(basis: BSpline, x: Tensor, slopes: bool) -> Local:
    """By the triangle of de Boor, on knots that are looked up."""
    piece = basis.piece(x)
    first = piece + torch.arange(basis.n_in, device=x.device) * basis.knots.shape[1]
    values, slope = basis.triangle(x, [basis.knots.take(first + j) for j in range(1, 2 * basis.degree + 1)])
    return Local(_places(basis, piece), torch.stack(values, -1), torch.stack(slope, -1))


def _even(basis: BSpline, x: Tensor, slopes: bool) -> Local:
    """By powers of the local coordinate, which runs from 0 to 1 in every piece."""
    per_unit = basis.intervals / (basis.high - basis.low)
    piece = ((x - basis.low) * per_unit).nan_to_num_(0.0).floor_().clamp_(0, basis.intervals - 1).long()
    first = piece + (torch.arange(basis.n_in) * basis.knots.shape[1] + basis.degree)
    t = (x - basis.knots.take(first)) * per_unit
    powers = [torch.ones_like(t), t]
    for _ in range(basis.degree - 1):
        powers.append(powers[-1] * t)
    stacked = torch.stack(powers[: basis.degree + 1], -1)
    coefficients = _cardinal(basis.degree, x.dtype)
    values, slope = stacked @ coefficients, stacked[..., :0]
    if slopes:
        rises = coefficients[1:] * torch.arange(1, basis.degree + 1, dtype=x.dtype).unsqueeze(1)
        slope = (stacked[..., :-1] @ rises) * per_unit.unsqueeze(-1)
    return Local(_places(basis, piece), values, slope)


@cache
def _cardinal(degree: int, dtype: torch.dtype) -> Tensor:
    """Row p, column r: the coefficient of t^p in the r-th of the functions that are not zero on a piece of even knots."""
    points = torch.linspace(0, 1, degree + 1, dtype=torch.float64).unsqueeze(1)
    basis = BSpline.over(torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64), 1, degree)
    powers = points ** torch.arange(degree + 1)
    return torch.linalg.solve(powers, basis.inside(points)[0][:, 0]).to(dtype)


def _places(basis: BSpline, piece: Tensor) -> Tensor:
    return piece.unsqueeze(-1) + torch.arange(basis.degree + 1, device=piece.device)


def _are_even(knots: Tensor) -> bool:
    """Whether neighbours lie equally far apart, to rounding."""
    widths = knots.diff(dim=1)
    spare = 4 * torch.finfo(knots.dtype).eps * knots.abs().amax(1)
    return bool((widths.amax(1) - widths.amin(1) <= spare).all())
