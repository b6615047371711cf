"""Knots where the error is.

A spline of degree d on a piece of width h errs by about h^(d+1) times a derivative of the function, so a piece's share of
the squared error goes as h^(2d+3). The error is least when every piece has the same share (C. de Boor, *A Practical Guide
to Splines*, 2001, ch. XII, there with the derivative in place of the error). The derivative says little about jumps and
kinks; the residual says where they are. So pieces trade width until their shares of the residual are equal: one round moves
knots as the power 1/(2d+3) of the shares tells, and a training follows before the next.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from edgewise.basis import Basis, BSpline
from edgewise.errors import SettingsError, ShapeError
from edgewise.nn import KAN, KANLayer

from .refine import onto

QUIET = 1e-3  # what a piece without error counts, in mean shares: it widens, but is not emptied at once
NARROWEST = 1e-7  # of the range
SAME = 0.03  # of the range: a border no further off than that is the same border


@torch.no_grad()
def place_knots(
    network: KAN, x: Float[Tensor, "rows n_in"], residuals: Float[Tensor, "rows n_out"], intervals: int | None = None
) -> KAN:
    """A network with as many pieces (or with ``intervals``), narrower where ``residuals`` on ``x`` are large.

    Each input of each layer places its own knots by the squared residuals along its activations; hidden ones cover what
    the activations reach. The function is kept as well as the new knots allow; train it, and place again, since the
    residual then says more. The network that came stays as it is. Raises ShapeError unless there is a residual for each
    row, SettingsError for a basis without free knots (only B-splines have them).
    """
    if len(residuals) != len(x):
        raise ShapeError(f"one residual a row is needed: x has {len(x)} rows, residuals {len(residuals)}.")
    squares = residuals.square().sum(1).to(torch.float64)
    layers: list[KANLayer] = []
    flow = x
    for number, layer in enumerate(network):
        reached = reach(flow) if number else (layer.basis.low, layer.basis.high)
        layers.append(onto(layer, _by_residual(layer.basis, flow, squares, reached, intervals)))
        flow = layer(flow)
    return KAN.of(layers)


def stretch(basis: Basis, low: Float[Tensor, " n_in"], high: Float[Tensor, " n_in"]) -> Basis:
    """As many pieces over another range: even ones stay even, uneven ones stay where they are as far as they can.

    Where the range grows, one piece more than there was covers what is new on that side, and the others give way.
    """
    if not isinstance(basis, BSpline) or is_even(basis):
        return basis.with_range(low, high)
    old = [_between(*parts) for parts in zip(basis.breaks.double(), low.double(), high.double(), strict=True)]
    breaks = torch.stack([_divide(b, torch.ones_like(b[1:]), basis.intervals) for b in old])
    return BSpline.at(breaks.to(basis.knots), basis.degree, basis.extrapolation)


def reach(activations: Float[Tensor, "rows nodes"]) -> tuple[Float[Tensor, " nodes"], Float[Tensor, " nodes"]]:
    """The range of each node's activations with 1 % to spare."""
    low, high = activations.amin(0), activations.amax(0)
    spare = 0.01 * (high - low) + 1e-9 * (1 + high.abs().maximum(low.abs()))
    return low - spare, high + spare


def is_even(basis: BSpline) -> bool:
    """Whether all pieces of each input are equally wide (to rounding)."""
    widths = basis.breaks.diff(dim=1)
    return torch.allclose(widths, widths.mean(1, keepdim=True).expand_as(widths), rtol=1e-6, atol=0)


def _by_residual(
    basis: Basis, flow: Tensor, squares: Tensor, reached: tuple[Tensor, Tensor], intervals: int | None
) -> BSpline:
    if not isinstance(basis, BSpline):
        raise SettingsError(f"a {basis.name} basis has no free knots; knots are placed for a bspline basis only.")
    placed = []
    columns = (basis.breaks.double(), *(border.double() for border in reached), flow.double().T)
    for breaks, low, high, column in zip(*columns, strict=True):
        old = _between(breaks, low, high)
        piece = torch.searchsorted(old[1:-1].contiguous(), column.contiguous(), right=True)
        shares = torch.zeros_like(old[1:]).scatter_add_(0, piece, squares)
        shares = shares + QUIET * shares.mean() + torch.finfo(shares.dtype).tiny
        placed.append(_divide(old, shares ** (1 / (2 * basis.degree + 3)), intervals or basis.intervals))
    return BSpline.at(torch.stack(placed).to(basis.knots), basis.degree, basis.extrapolation)


def _between(breaks: Float[Tensor, " old"], low: Tensor, high: Tensor) -> Float[Tensor, " between"]:
    """The breaks that lie well between ``low`` and ``high``, and these two; a border that is all but there moves."""
    spare = SAME * (high - low)
    inner = breaks[(breaks > low + spare) & (breaks < high - spare)]
    return torch.cat([low.reshape(1), inner, high.reshape(1)])


def _divide(breaks: Float[Tensor, " old"], wanted: Float[Tensor, " pieces"], intervals: int) -> Float[Tensor, " new"]:
    """New breaks that cut the sum of ``wanted``, spread evenly inside each old piece, into equal parts."""
    total = torch.cat([wanted.new_zeros(1), wanted.cumsum(0)])
    parts = torch.linspace(0, 1, intervals + 1, dtype=total.dtype, device=total.device) * total[-1]
    at = torch.searchsorted(total, parts[1:-1], right=True).clamp(1, len(wanted)) - 1
    inner = torch.lerp(breaks[at], breaks[at + 1], (parts[1:-1] - total[at]) / wanted[at])
    span = breaks[-1] - breaks[0]
    widths = torch.cat([breaks[:1], inner, breaks[-1:]]).diff().clamp_min(NARROWEST * span)
    inner = breaks[0] + (widths.cumsum(0) * (span / widths.sum()))[:-1]
    return torch.cat([breaks[:1], inner, breaks[-1:]])
