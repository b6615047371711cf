"""From tensors to the compiled kernels and back: packing, threads, and the rule of the derivative."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from edgewise.basis.bspline import BSpline
from edgewise.basis.residuals import Residual

from .pieces import pieces_of
from .threads import in_ranges


@dataclass(frozen=True)
class Tiles:
    """``lanes`` outputs are one vector of ``sums`` and ``grad_x``, ``narrow`` of ``grad_weight``; ``n_out`` is padded to whole
    vectors of both."""

    lanes: int
    narrow: int
    n_out: int

    @classmethod
    def of(cls, n_out: int, dtype: torch.dtype) -> "Tiles":
        """The tiles that waste least on outputs that are not there, and on overheads of short vectors."""
        whole = 64 if dtype == torch.float32 else 32
        narrow = whole // 4
        lanes = min((whole, whole // 2, narrow), key=lambda width: -(-n_out // width) * (width + whole // 10))
        return cls(lanes, narrow, -(-n_out // lanes) * lanes)

    def columns(self, values: Tensor) -> Tensor:
        """(batch, n_out) with the padding, as one block of memory."""
        return padded(values, self.n_out).contiguous()

    def packed(self, weight: Tensor) -> Tensor:
        """(tiles, n_in, features, lanes)."""
        n_in, features, _ = weight.shape
        if self.n_out == self.lanes:
            return padded(weight, self.n_out).contiguous()
        tiles = padded(weight, self.n_out).view(n_in, features, -1, self.lanes)
        return tiles.permute(2, 0, 1, 3).contiguous()

    def packed_gradient(self, g: Tensor) -> Tensor:
        """(narrow tiles, batch, narrow)."""
        return padded(g, self.n_out).view(len(g), -1, self.narrow).transpose(0, 1).contiguous()


def padded(values: Tensor, columns: int) -> Tensor:
    """Zeros behind the last axis up to ``columns``."""
    missing = columns - values.shape[-1]
    return torch.nn.functional.pad(values, (0, missing)) if missing else values


def flat(values: Tensor) -> Any:
    """The memory of a tensor as one array of NumPy."""
    return values.detach().contiguous().view(-1).numpy()


@dataclass(frozen=True)
class Blocks:
    """How many rows and inputs are worked on at a time."""

    rows: int
    inputs: int

    @classmethod
    def of(cls, intervals: int, tile: int) -> "Blocks":
        """Few pieces: what fits the nearest cache. Many: rows enough for each piece, weights (``tile`` bytes for an input)
        that stay in the second cache."""
        return cls(64 if intervals <= 8 else 1024, 8 if tile <= 32_768 else 4)

    def scratch(self, dtype: Any, degree: int) -> tuple[Any, ...]:
        """Where a thread keeps the values of a block, where their weights begin, and what was located."""
        places = self.rows * self.inputs
        slot = 8 if degree + 2 <= 8 else 16
        return (np.empty(places * slot, dtype), np.empty(places, np.int64), np.empty(8, dtype), np.empty(8, np.int32))


def _kernels(basis: BSpline, tiles: Tiles) -> tuple[Callable[..., Any], ...]:
    from .splines import spline_kernels

    return spline_kernels(basis.degree, tiles.lanes, tiles.narrow, basis.extrapolation == "constant")


def sums(basis: BSpline, x: Tensor, weight: Tensor, residual: Residual) -> Tensor:
    """(batch, n_in) -> (batch, n_out): every edge's spline and residual function, added up."""
    tiles, pieces = Tiles.of(weight.shape[-1], x.dtype), pieces_of(basis)
    blocks = Blocks.of(basis.intervals, (basis.n_basis + 1) * tiles.lanes * x.element_size())
    kernel = _kernels(basis, tiles)[0]
    inputs, extra, packed = flat(x), flat(residual.value(x)), flat(tiles.packed(weight))
    y, nothing = x.new_empty(len(x), tiles.n_out), np.zeros(tiles.n_out, inputs.dtype)
    out = flat(y)

    def work(start: int, stop: int) -> None:
        kernel(
            inputs, extra, basis.n_in, tiles.n_out, *pieces.arrays, packed, nothing, out, start, stop,
            blocks.rows, blocks.inputs, *blocks.scratch(inputs.dtype, basis.degree),
        )  # fmt: skip

    in_ranges(work, len(x), x.numel() * weight.shape[-1])
    return y if tiles.n_out == weight.shape[-1] else y[:, : weight.shape[-1]].contiguous()


def grad_x(basis: BSpline, x: Tensor, weight: Tensor, residual: Residual, g: Tensor) -> Tensor:
    """The gradient by x, given that by the sums."""
    tiles, pieces = Tiles.of(weight.shape[-1], x.dtype), pieces_of(basis)
    blocks = Blocks.of(basis.intervals, (basis.n_basis + 1) * tiles.lanes * x.element_size())
    kernel = _kernels(basis, tiles)[1]
    inputs, extra, packed = flat(x), flat(residual.slope(x)), flat(tiles.packed(weight))
    upstream, result = flat(tiles.columns(g)), torch.empty_like(x)
    out = flat(result)

    def work(start: int, stop: int) -> None:
        kernel(
            inputs, extra, basis.n_in, tiles.n_out, *pieces.arrays, packed, upstream, out, start, stop,
            blocks.rows, blocks.inputs, *blocks.scratch(inputs.dtype, basis.degree),
        )  # fmt: skip

    in_ranges(work, len(x), x.numel() * weight.shape[-1])
    return result


def grad_weight(basis: BSpline, x: Tensor, n_out: int, residual: Residual, g: Tensor) -> Tensor:
    """The gradient by the weights (n_in, n_basis + 1, n_out), given that by the sums."""
    tiles, pieces = Tiles.of(n_out, x.dtype), pieces_of(basis)
    blocks = Blocks.of(basis.intervals, (basis.n_basis + 1) * tiles.lanes * x.element_size())
    kernel = _kernels(basis, tiles)[2]
    inputs, extra, upstream = flat(x), flat(residual.value(x)), flat(tiles.packed_gradient(g))
    result = x.new_zeros(basis.n_in, basis.n_basis + 1, tiles.n_out)
    out = flat(result)

    def work(start: int, stop: int) -> None:
        values, order, near, piece = blocks.scratch(inputs.dtype, basis.degree)
        found, ends = np.empty_like(order), np.empty(blocks.inputs * (basis.intervals + 1), np.int64)
        kernel(
            inputs, extra, basis.n_in, tiles.n_out, *pieces.arrays, upstream, out, len(x), start, stop,
            blocks.rows, blocks.inputs, values, order, found, ends, near, piece,
        )  # fmt: skip

    in_ranges(work, basis.n_in, x.numel() * n_out, blocks.inputs)
    return result if tiles.n_out == n_out else result[..., :n_out].contiguous()


class Fused(torch.autograd.Function):
    """The kernels as one differentiable function of x and the weights.

    Only x is kept for the way back. Where gradients of gradients are asked for, the way back is that of ``formula``, the
    eager one, which can be differentiated again.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        basis: BSpline,
        residual: Residual,
        formula: Callable[[Tensor, Tensor], Tensor],
    ) -> Tensor:
        """The sums of a batch."""
        ctx.save_for_backward(x, weight)
        ctx.basis, ctx.residual, ctx.formula = basis, residual, formula
        return sums(basis, x, weight, residual)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients that are asked for."""
        x, weight = ctx.saved_tensors
        by_x, by_weight = ctx.needs_input_grad[:2]
        if torch.is_grad_enabled():
            return (*_eager_backward(ctx, x, weight, upstream[0]), None, None, None)
        dx = grad_x(ctx.basis, x, weight, ctx.residual, upstream[0]) if by_x else None
        dw = grad_weight(ctx.basis, x, weight.shape[-1], ctx.residual, upstream[0]) if by_weight else None
        return dx, dw, None, None, None


def _eager_backward(ctx: Any, x: Tensor, weight: Tensor, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
    with torch.enable_grad():
        needed = [value for value, need in zip((x, weight), ctx.needs_input_grad, strict=False) if need]
        found = list(torch.autograd.grad(ctx.formula(x, weight), needed, g, create_graph=True))
    return (
        found.pop(0) if ctx.needs_input_grad[0] else None,
        found.pop(0) if ctx.needs_input_grad[1] else None,
    )
