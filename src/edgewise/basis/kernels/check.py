"""A small layer, both ways: asked once before the compiled kernels are trusted on a machine."""

from typing import Any

import torch

from edgewise.basis.bspline import BSpline
from edgewise.basis.residuals import RESIDUALS

from .fused import gradients, sums


@torch.inference_mode(False)
def largest_error() -> float:
    """The largest difference between kernels and formula, of values and both gradients, in float32."""
    # whatever is in force where the question came up
    with torch.inference_mode(False), torch.device("cpu"), torch.autocast("cpu", enabled=False):
        return _largest_error({"dtype": torch.float32})


def _largest_error(plain: dict[str, Any]) -> float:
    generator = torch.Generator().manual_seed(0)
    basis = BSpline.over(-torch.ones(3, **plain), torch.ones(3, **plain), 5, 3)
    x = torch.empty(11, 3, **plain).uniform_(-1.2, 1.2, generator=generator).requires_grad_()
    weight = torch.empty(3, 9, 2, **plain).normal_(generator=generator).requires_grad_()
    residual = RESIDUALS["silu"]
    with torch.enable_grad():
        features = torch.cat([basis(x), residual.value(x).unsqueeze(-1)], -1)
        y = features.flatten(1) @ weight.flatten(0, 1)
        dx, dw = torch.autograd.grad(y.sum(), (x, weight))
    with torch.no_grad():
        ours = (
            sums(basis, x, weight, residual),
            *gradients(basis, x, weight, residual, torch.ones(11, 2, **plain), (True, True)),
        )
        pairs = zip((y, dx, dw), ours, strict=True)
        return max(float((theirs - mine).abs().max()) for theirs, mine in pairs if mine is not None)
