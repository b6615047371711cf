"""Least squares of networks that keep a shape: the weights lie in cones, and what is moved are the parameters of the cones."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from edgewise.basis.cones import Cone, cone
from edgewise.nn.shaping import Shaping, Tied

from .jacobian import StackLeastSquares
from .stack import LayerStack, Stack

SPREAD = 0.5  # of new parameters, for rows of coefficients with 1 for their largest


@dataclass(frozen=True)
class Reparametrised:
    """Weights of a stack as ``matrix`` (P, p) @ parameters, each parameter at least ``lower`` (p,).

    ``inverse`` (p, P) takes weights to the nearest parameters, edges that share theirs on average.
    """

    matrix: Float[Tensor, "weights parameters"]
    inverse: Float[Tensor, "parameters weights"]
    lower: Float[Tensor, " parameters"]

    @classmethod
    def of(cls, stack: Stack, shaping: Shaping) -> "Reparametrised":
        """Those of a stack of networks that `Shaping.build` made."""
        ties = dict(shaping.ties(stack.unstack(0)))
        rows, blocks = 0, _Blocks()
        for number, layer in enumerate(stack.layers):
            features = layer.template.mask.T.unsqueeze(1).expand(layer.template.n_in, layer.basis.n_basis, -1)
            places = _places(features) + rows
            for tied in ties.get(number, ()):
                blocks.add(tied, places[tied.source, :, tied.target], layer)
            rows += int(features.sum()) + layer.constants[0].numel()
        return cls(*blocks.joined(rows))

    def parameters(self, weights: Float[Tensor, "starts weights"]) -> Float[Tensor, "starts parameters"]:
        """The nearest parameters that the cones allow."""
        return torch.maximum(weights @ self.inverse.T, self.lower)


class _Blocks:
    """The matrix, edge by edge."""

    def __init__(self) -> None:
        self.entries: list[tuple[tuple[int, int, int], Tensor, Cone]] = []
        self.at: dict[tuple[int, int, int], int] = {}
        self.lower: list[Tensor] = []
        self.shared: dict[tuple[int, int, int], int] = {}
        self.width = 0

    def add(self, tied: Tied, rows: Tensor, layer: LayerStack) -> None:
        """An edge whose weights stand in these rows."""
        spanned = _cone(tied.words, layer.basis.n_basis, layer.basis.degree)
        if tied.key not in self.at:
            self.at[tied.key] = self.width
            self.width += len(spanned.lower)
            self.lower.append(spanned.lower)
        self.shared[tied.key] = self.shared.get(tied.key, 0) + 1
        turned = tied.sign * (spanned.generators.flip(0) if tied.flipped else spanned.generators)
        self.entries.append((tied.key, rows, Cone(turned, spanned.lower)))

    def joined(self, rows: int) -> tuple[Tensor, Tensor, Tensor]:
        """The matrix, the way back, and the least parameters."""
        matrix = torch.zeros(rows, self.width, dtype=torch.float64)
        inverse = torch.zeros(self.width, rows, dtype=torch.float64)
        for key, places, spanned in self.entries:
            columns = self.at[key] + torch.arange(len(spanned.lower))
            matrix[places[:, None], columns] = spanned.generators
            inverse[columns[:, None], places] = torch.linalg.pinv(spanned.generators) / self.shared[key]
        return matrix, inverse, torch.cat(self.lower)


_cone = cache(cone)


def _places(kept: Tensor) -> Tensor:
    """The number of each entry among those that are kept, in their flattened order."""
    flat = kept.flatten()
    return (flat.cumsum(0).long() - 1).view_as(kept)


class ShapedLeastSquares:
    """What ``free`` is, moved by the parameters of the cones; ``stack`` always holds a network of the shape."""

    def __init__(self, free: StackLeastSquares, shaping: Shaping) -> None:
        self.free, self.ways = free, Reparametrised.of(free.stack, shaping)
        weights = free.theta()
        fixed = self.ways.matrix.abs().sum(1) == 0  # constants of fixed edges, which stay
        self.kept = torch.where(fixed, weights, torch.zeros_like(weights))
        self.accepted = self.theta()

    @property
    def lower(self) -> Tensor:
        """The least value of each parameter."""
        return self.ways.lower

    def theta(self) -> Float[Tensor, "starts parameters"]:
        """The parameters nearest to the weights in the stack."""
        return self.ways.parameters(self.free.theta())

    def write(self, theta: Float[Tensor, "starts parameters"]) -> None:
        """Put parameters into the stack."""
        self.free.write(self._weights(theta))

    def loss(self, theta: Float[Tensor, "starts parameters"]) -> Float[Tensor, " starts"]:
        """Half the mean squared residual, plus the penalty."""
        return self.free.loss(self._weights(theta))

    def normal_equations(self, theta: Float[Tensor, "starts parameters"]) -> tuple[Tensor, Tensor, Tensor]:
        """Loss, gradient and curvature in the parameters."""
        self.accepted = theta
        loss, gradient, curvature = self.free.normal_equations(self._weights(theta))
        return loss, gradient @ self.ways.matrix, self.ways.matrix.T @ curvature @ self.ways.matrix

    def _weights(self, theta: Tensor) -> Tensor:
        return self.kept + theta @ self.ways.matrix.T


def hold(stack: Stack) -> None:
    """Move the weights of a stack with a shape to the nearest ones that have it; those of another stay."""
    if stack.shaping is not None:
        problem = _without_rows(stack, stack.shaping)
        problem.write(problem.theta())


def draw(stack: Stack, generators: Sequence[torch.Generator]) -> None:
    """New weights for a stack with a shape, by a generator for each restart: each row of a cone as likely as any other."""
    assert stack.shaping is not None
    problem = _without_rows(stack, stack.shaping)
    sizes = problem.ways.matrix.abs().amax(0)
    drawn = torch.stack([torch.randn(len(sizes), generator=one, dtype=sizes.dtype) for one in generators]) / sizes
    problem.write(SPREAD * torch.where(problem.lower.isfinite(), problem.lower + drawn.abs(), drawn))


def _without_rows(stack: Stack, shaping: Shaping) -> ShapedLeastSquares:
    x = stack.layers[0].weight.new_zeros(1, stack.layers[0].template.n_in)
    y = x.new_zeros(1, stack.layers[-1].template.n_out)
    return ShapedLeastSquares(StackLeastSquares(stack, x, y), shaping)
