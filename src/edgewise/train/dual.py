"""Least squares of a stack by its rows: for networks with more parameters than rows, J instead of J'J."""

import torch
from jaxtyping import Float
from torch import Tensor

from edgewise.basis import BSpline
from edgewise.solve import Blocks, Rows
from edgewise.surgery.knots import is_even

from .differences import differences
from .jacobian import StackLeastSquares
from .stack import LayerStack, Stack


class DualLeastSquares:
    """What `StackLeastSquares` is, with a curvature that is never written out."""

    def __init__(self, stack: Stack, x: Tensor, y: Tensor, penalty: float = 0.0, weights: Tensor | None = None) -> None:
        self.plain = StackLeastSquares(stack, x, y, 0.0, weights)
        self.penalty = penalty_blocks(stack, self.plain.used, penalty) if penalty > 0 else []

    @property
    def accepted(self) -> Tensor:
        """The parameters of the last normal equations."""
        return self.plain.accepted

    def theta(self) -> Tensor:
        """The parameters as they are in the stack."""
        return self.plain.theta()

    def write(self, theta: Tensor) -> None:
        """Put parameters into the stack."""
        self.plain.write(theta)

    def loss(self, theta: Float[Tensor, "starts parameters"]) -> Float[Tensor, " starts"]:
        """Half the mean squared residual, plus the penalty."""
        return self.plain.loss(theta) + (self._pull(theta) * theta).sum(1) / 2

    def normal_equations(self, theta: Float[Tensor, "starts parameters"]) -> tuple[Tensor, Tensor, Rows]:
        """Loss, gradient, and the curvature as the rows of J / sqrt(N)."""
        self.write(theta)
        self.plain.accepted = theta
        parts = self.plain.blocks(torch.arange(len(self.plain.x)))
        residuals, jacobian = (torch.cat(part, 1) / len(self.plain.x) ** 0.5 for part in zip(*parts, strict=True))
        pull = self._pull(theta)
        loss = (residuals.square().sum(1) + (pull * theta).sum(1)) / 2
        gradient = (jacobian.mT @ residuals.unsqueeze(-1)).squeeze(-1) + pull
        return loss, gradient, Rows(jacobian, self.penalty)

    def _pull(self, theta: Tensor) -> Tensor:
        return sum((blocks.times(theta) for blocks in self.penalty), torch.zeros_like(theta))


def penalty_blocks(stack: Stack, used: list[Tensor], strength: float) -> list[Blocks]:
    """The difference penalty of `differences`, a block an edge and a layer after the other."""
    sizes = [len(kept) + layer.constants[0].numel() for layer, kept in zip(stack.layers, used, strict=True)]
    begins = [sum(sizes[:number]) for number in range(len(sizes))]
    parts = zip(stack.layers, used, begins, strict=True)
    return [_layer_blocks(layer, kept, begin, sum(sizes), strength) for layer, kept, begin in parts]


def _layer_blocks(layer: LayerStack, kept: Tensor, begin: int, parameters: int, strength: float) -> Blocks:
    n_in, features, n_sums = layer.weight.shape[1:]
    places = torch.full((n_in * features * n_sums,), parameters, dtype=torch.long)
    places[kept] = begin + torch.arange(len(kept))
    rows = differences(layer.basis)
    if not isinstance(layer.basis, BSpline) or is_even(layer.basis):
        rows = rows[:n_in]
    square = rows.new_zeros(len(rows) // n_in, n_in, features, features)
    square[..., :-1, :-1] = strength * (rows.mT @ rows).unflatten(0, (-1, n_in))
    every = square.repeat_interleave(n_sums, 1)
    by_edge = places.view(n_in, features, n_sums).transpose(1, 2).reshape(-1, features)
    there = (by_edge < parameters).to(square)
    return Blocks(by_edge, every * there.unsqueeze(-1) * there.unsqueeze(-2))
