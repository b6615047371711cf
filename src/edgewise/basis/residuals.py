"""What an edge adds to its spline: the paper's silu, the input itself, or nothing (section 2.2 of Liu et al., 2024)."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

ResidualName = Literal["silu", "identity", "none"]


class Residual(NamedTuple):
    """A function and its derivative."""

    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]


def _silu_slope(x: Tensor) -> Tensor:
    """In one pass: written out, its temporaries cost ten times as much."""
    return torch.ops.aten.silu_backward(x.new_ones(()).expand_as(x), x)


RESIDUALS: dict[str, Residual] = {
    "silu": Residual(functional.silu, _silu_slope),
    "identity": Residual(lambda x: x, torch.ones_like),
    "none": Residual(torch.zeros_like, torch.zeros_like),
}
