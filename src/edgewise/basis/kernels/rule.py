"""The rule of the derivative, for every way to evaluate: keep x alone, find the rest again on the way back."""

from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from edgewise.basis.bspline import BSpline
from edgewise.basis.residuals import Residual

from .plain import not_traced


@runtime_checkable
class Evaluation(Protocol):
    """How plain tensors are evaluated: rows (rows, n_in) and weights (n_in, n_basis + 1, n_out) to sums and gradients."""

    def sums(self, basis: BSpline, x: Tensor, weight: Tensor, residual: Residual) -> Tensor:
        """(rows, n_out)."""
        ...

    def gradients(
        self, basis: BSpline, x: Tensor, weight: Tensor, residual: Residual, g: Tensor, needed: tuple[bool, ...]
    ) -> tuple[Tensor | None, Tensor | None]:
        """Those by x and by the weights, given that by the sums; None for one that is not ``needed``."""
        ...


class WeightedSums(torch.autograd.Function):
    """A way to evaluate as one differentiable function of x and the weights.

    Where gradients of gradients are asked for, the way back is that of the formula, which can be differentiated again.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        basis: BSpline,
        residual: Residual,
        way: Evaluation,
    ) -> Tensor:
        """The sums of a batch."""
        ctx.save_for_backward(x, weight, basis.knots)  # the knots so that torch notices when they have moved
        ctx.basis, ctx.residual, ctx.way = basis, residual, way
        return way.sums(basis, x, weight, residual)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients that are asked for."""
        x, weight, _ = ctx.saved_tensors
        needed, g = ctx.needs_input_grad[:2], upstream[0]
        if torch.is_grad_enabled():
            found = _differentiable(ctx, x, weight, needed, g)
        elif not not_traced(g):
            found = _by_tensors(ctx, x, weight, g)
        else:
            found = ctx.way.gradients(ctx.basis, x, weight, ctx.residual, g, needed)
        return (*found, None, None, None)


def _differentiable(
    ctx: Any, x: Tensor, weight: Tensor, needed: tuple[bool, ...], g: Tensor
) -> tuple[Tensor | None, ...]:
    """Gradients that can be differentiated again; by the basis of the way forward, whatever the layer has by now."""
    with torch.enable_grad():
        features = torch.cat([ctx.basis(x), ctx.residual.value(x).unsqueeze(-1)], -1)
        y = features.flatten(1) @ weight.flatten(0, 1)
        asked = [value for value, need in zip((x, weight), needed, strict=True) if need]
        found = iter(torch.autograd.grad(y, asked, g, create_graph=True))
    return tuple(next(found) if need else None for need in needed)


def _by_tensors(ctx: Any, x: Tensor, weight: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    """The same two gradients by whole features, which torch can batch over many ``g`` at once."""
    values, slopes = ctx.basis.values_and_slopes(x)
    values = torch.cat([values, ctx.residual.value(x).unsqueeze(-1)], -1)
    slopes = torch.cat([slopes, ctx.residual.slope(x).unsqueeze(-1)], -1)
    by_feature = (g @ weight.flatten(0, 1).T).view(slopes.shape)
    return (by_feature * slopes).sum(-1), (values.flatten(1).T @ g).view(weight.shape)
