"""A small layer, both ways: asked once before the compiled kernels are trusted on a machine."""

from typing import Any

import torch

from edgewise.basis.bspline import BSpline
from edgewise.basis.residuals import RESIDUALS

from .rule import Evaluation


@torch.inference_mode(False)
def largest_error(way: Evaluation, device: str) -> float:
    """The largest difference between kernels on a device and the formula, of values and both gradients, in float32."""
    # whatever is in force where the question came up
    with torch.inference_mode(False), torch.device("cpu"), torch.autocast(device, enabled=False):
        return _largest_error(way, device)


def _largest_error(way: Evaluation, device: str) -> float:
    generator = torch.Generator().manual_seed(0)
    plain: dict[str, Any] = {"dtype": torch.float32}
    basis = BSpline.over(-torch.ones(3, **plain), torch.ones(3, **plain), 5, 3)
    x = torch.empty(11, 3, **plain).uniform_(-1.2, 1.2, generator=generator).requires_grad_()
    weight = torch.empty(3, 9, 2, **plain).normal_(generator=generator).requires_grad_()
    residual = RESIDUALS["silu"]
    with torch.enable_grad():
        features = torch.cat([basis(x), residual.value(x).unsqueeze(-1)], -1)
        y = features.flatten(1) @ weight.flatten(0, 1)
        dx, dw = torch.autograd.grad(y.sum(), (x, weight))
    there = basis.to(device), x.detach().to(device), weight.detach().to(device), residual
    with torch.no_grad():
        g = torch.ones(11, 2, **plain).to(device)
        ours = (way.sums(*there), *way.gradients(*there, g, (True, True)))
        pairs = zip((y, dx, dw), ours, strict=True)
        off = [(theirs - mine.cpu()).abs().max() for theirs, mine in pairs if mine is not None]
        return float(torch.stack(off).max())  # NaN is the largest
