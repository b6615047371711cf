"""From tensors to the Triton kernels of `programs` and back: sizes of blocks, and what is tried on large layers.

float32 is multiplied as such, or as TF32 where ``torch.backends.cuda.matmul`` allows that to torch's own products.
``TRITON_INTERPRET=1`` before the import of Triton runs the kernels on the CPU, slowly.
"""

from contextlib import nullcontext
from typing import Any, NamedTuple

import torch
import triton
from torch import Tensor
from triton.runtime.jit import JITFunction

from edgewise.basis.base import MARGIN
from edgewise.basis.bspline import BSpline
from edgewise.basis.residuals import RESIDUALS, Residual

from . import programs

TUNED_FROM = 10_000_000  # (row, input, output) triples from which on it is worth trying several sizes of blocks


class Blocks(NamedTuple):
    """How many rows, inputs and outputs a program takes at a time, and by how many warps."""

    rows: int
    inputs: int
    outputs: int
    warps: int

    @property
    def sizes(self) -> dict[str, int]:
        """As the kernels call them."""
        return {"ROWS": self.rows, "INPUTS": self.inputs, "OUTPUTS": self.outputs}


class Kernel:
    """A kernel with the sizes of its blocks: the first for small layers, the fastest of all, tried once, for large ones."""

    def __init__(self, plain: Any, *blocks: Blocks) -> None:
        self.plain, self.small = plain, blocks[0]
        tried = [triton.Config(each.sizes, num_warps=each.warps, num_stages=3) for each in blocks]
        tunable = isinstance(plain, JITFunction)  # the interpreter has nothing to tune
        self.tuned = triton.autotune(tried, ["n_in", "n_out", "intervals", "bucket"])(plain) if tunable else None

    def __call__(self, grid: Any, *args: Any, large: bool, **settings: Any) -> None:
        """Run it; ``grid(sizes)`` says how many programs."""
        if large and self.tuned is not None:
            self.tuned[grid](*args, **settings)
        else:
            self.plain[grid](*args, **settings, **self.small.sizes, num_warps=self.small.warps)


# The axis that is summed goes by 16: products of float32 are unrolled along it, and by 32 registers run out.
SUMS = Kernel(programs.sums, Blocks(32, 16, 32, 4), Blocks(64, 16, 64, 4), Blocks(64, 16, 128, 4),
              Blocks(128, 16, 64, 8), Blocks(128, 16, 128, 8))  # fmt: skip
GRAD_X = Kernel(programs.grad_x, Blocks(32, 32, 16, 4), Blocks(64, 32, 16, 4), Blocks(64, 64, 16, 8),
                Blocks(128, 32, 16, 8))  # fmt: skip
GRAD_WEIGHT = Kernel(programs.grad_weight, Blocks(16, 16, 32, 4), Blocks(16, 16, 64, 4), Blocks(16, 32, 64, 8),
                     Blocks(16, 32, 128, 8))  # fmt: skip


def sums(basis: BSpline, x: Tensor, weight: Tensor, residual: Residual) -> Tensor:
    """(rows, n_in) -> (rows, n_out)."""
    y = x.new_empty(len(x), weight.shape[-1])
    _run(SUMS, "ROWS", "OUTPUTS", basis, residual, y.shape[1], x, weight.contiguous(), y)
    return y


def gradients(
    basis: BSpline, x: Tensor, weight: Tensor, residual: Residual, g: Tensor, needed: tuple[bool, ...]
) -> tuple[Tensor | None, Tensor | None]:
    """The gradients by x and by the weights, given that by the sums; None for one that is not ``needed``."""
    g, n_out = g.contiguous(), weight.shape[-1]
    dx = torch.empty_like(x) if needed[0] else None
    dw = torch.empty_like(weight, memory_format=torch.contiguous_format) if needed[1] else None
    if dx is not None:
        _run(GRAD_X, "ROWS", "INPUTS", basis, residual, n_out, x, weight.contiguous(), g, dx)
    if dw is not None:
        _run(GRAD_WEIGHT, "INPUTS", "OUTPUTS", basis, residual, n_out, x, g, dw, features=_together(weight.shape[1]))
    return dx, dw


def tf32_allowed() -> bool:
    """Whether products of float32 may be rounded to TF32: off unless the caller has told torch so."""
    matmul = torch.backends.cuda.matmul
    named = getattr(matmul, "fp32_precision", None)  # since torch 2.9, and then the older flag may not be asked
    return bool(matmul.allow_tf32) if named is None else named == "tf32"


def _together(features: int) -> int:
    """How many features a program of ``_grad_weight`` takes: with least left over, then the most."""
    return min((5, 4, 3, 2), key=lambda many: -(-features // many) * many)


def _run(
    kernel: Kernel, high: str, low: str, basis: BSpline, residual: Residual, n_out: int, x: Tensor, *tensors: Tensor,
    features: int | None = None,
) -> None:  # fmt: skip
    """One kernel, a program for each block of the two axes of its answer."""
    lengths = {"ROWS": len(x), "INPUTS": basis.n_in, "OUTPUTS": n_out}
    groups = 1 if features is None else -(-(basis.n_basis + 1) // features)

    def grid(sizes: Any) -> tuple[int, int]:
        return triton.cdiv(lengths[high], sizes[high]) * triton.cdiv(lengths[low], sizes[low]), groups

    settings = {} if features is None else {"FEATURES": features}
    with torch.cuda.device(x.device) if x.is_cuda else nullcontext():
        kernel(
            grid, x, basis.knots.contiguous(), *tensors, *lengths.values(), basis.intervals, len(x).bit_length(),
            large=x.numel() * n_out >= TUNED_FROM,
            DEGREE=basis.degree,
            REACH=MARGIN[basis.extrapolation],
            CONSTANT=basis.extrapolation == "constant",
            RESIDUAL=next(name for name, known in RESIDUALS.items() if known == residual),
            PRECISION="tf32" if tf32_allowed() else "ieee",
            enable_fp_fusion=True,
            **settings,
        )  # fmt: skip
