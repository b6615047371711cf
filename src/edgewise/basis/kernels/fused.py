"""From tensors to the compiled kernels and back: packing and threads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from edgewise.basis.bspline import BSpline
from edgewise.basis.residuals import Residual

from .pieces import SLOT, Pieces, pieces_of
from .resting import Resting
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
    def of(cls, basis: BSpline, tiles: Tiles, itemsize: int) -> "Blocks":
        """Few pieces: what fits the nearest cache. Many: rows enough for each piece, and weights that stay in the second."""
        weights = (basis.n_basis + 1) * tiles.lanes * itemsize
        return cls(64 if basis.intervals <= 8 else 1024, 8 if weights <= 32_768 else 4)

    def scratch(self, dtype: Any) -> tuple[Any, ...]:
        """Where a thread keeps the values of a block, where their weights begin, and what was located."""
        places = self.rows * self.inputs
        return (np.empty(places * SLOT, dtype), np.empty(places, np.int64), np.empty(8, dtype), np.empty(8, np.int32))


def _kernels(basis: BSpline, tiles: Tiles) -> tuple[Callable[..., Any], ...]:
    from .splines import spline_kernels

    return spline_kernels(basis.degree, tiles.lanes, tiles.narrow, basis.extrapolation == "constant")


def sums(basis: BSpline, x: Tensor, weight: Tensor, residual: Residual) -> Tensor:
    """(batch, n_in) -> (batch, n_out): every edge's spline and residual function, added up."""
    spline, resting = pieces_of(basis), Resting.of(basis, x, residual)
    if resting is not None:
        spline = spline._replace(rest=flat(basis.low))
    tiles = Tiles.of(weight.shape[-1], x.dtype)
    y = x.new_empty(len(x), tiles.n_out)
    inner = (flat(tiles.packed(weight)), np.zeros(tiles.n_out, flat(y).dtype), flat(y))
    _by_rows(basis, spline, tiles, 0, x, residual.value(x), inner)
    y = y if tiles.n_out == weight.shape[-1] else y[:, : weight.shape[-1]].contiguous()
    return y if resting is None else y.add_(resting.sums(weight))


def gradients(
    basis: BSpline, x: Tensor, weight: Tensor, residual: Residual, g: Tensor, needed: tuple[bool, ...]
) -> tuple[Tensor | None, Tensor | None]:
    """The gradients by x and by the weights, given that by the sums; None for one that is not ``needed``."""
    spline = pieces_of(basis)
    dx = grad_x(basis, spline, x, weight, residual, g) if needed[0] else None
    resting = Resting.of(basis, x, residual) if needed[1] else None
    if resting is not None:
        spline = spline._replace(rest=flat(basis.low))
    dw = grad_weight(basis, spline, x, weight.shape[-1], residual, g) if needed[1] else None
    if dw is not None and resting is not None:
        resting.add_gradient(dw, g)
    return dx, dw


def grad_x(basis: BSpline, spline: Pieces, x: Tensor, weight: Tensor, residual: Residual, g: Tensor) -> Tensor:
    """The gradient by x, given that by the sums."""
    tiles, result = Tiles.of(weight.shape[-1], x.dtype), torch.empty_like(x)
    inner = (flat(tiles.packed(weight)), flat(tiles.columns(g)), flat(result))
    _by_rows(basis, spline, tiles, 1, x, residual.slope(x), inner)
    return result


def _by_rows(
    basis: BSpline, spline: Pieces, tiles: Tiles, which: int, x: Tensor, extra: Tensor, inner: tuple[Any, ...]
) -> None:
    """One of the two kernels that go by rows; ``inner``: packed weights, what comes in, what goes out."""
    kernel, blocks = _kernels(basis, tiles)[which], Blocks.of(basis, tiles, x.element_size())
    outer = (spline, flat(x), flat(extra), basis.n_in, tiles.n_out)

    def work(start: int, stop: int) -> None:
        scratch = blocks.scratch(outer[1].dtype)
        kernel(*outer, *inner, start, stop, blocks.rows, blocks.inputs, *scratch)

    in_ranges(work, len(x), x.numel() * tiles.n_out)


def grad_weight(basis: BSpline, spline: Pieces, x: Tensor, n_out: int, residual: Residual, g: Tensor) -> Tensor:
    """The gradient by the weights (n_in, n_basis + 1, n_out), given that by the sums."""
    tiles = Tiles.of(n_out, x.dtype)
    kernel, blocks = _kernels(basis, tiles)[2], Blocks.of(basis, tiles, x.element_size())
    result = x.new_zeros(basis.n_in, basis.n_basis + 1, tiles.n_out)
    outer = (spline, flat(x), flat(residual.value(x)), basis.n_in, tiles.n_out)
    inner = (flat(tiles.packed_gradient(g)), flat(result), len(x))

    def work(start: int, stop: int) -> None:
        values, order, near, piece = blocks.scratch(outer[1].dtype)
        found, ends = np.empty_like(order), np.empty(blocks.inputs * (basis.intervals + 1), np.int64)
        kernel(*outer, *inner, start, stop, blocks.rows, blocks.inputs, values, order, found, ends, near, piece)

    in_ranges(work, basis.n_in, x.numel() * tiles.n_out, blocks.inputs)
    return result if tiles.n_out == n_out else result[..., :n_out].contiguous()
