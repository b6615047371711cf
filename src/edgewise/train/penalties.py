"""What keeps a network sparse and its functions smooth (the paper's section 6.1).

The magnitude of an edge is its mean absolute output over a batch (equation 2). It is computed one input after the other,
so the tensor of all edges' outputs (rows, out, in) never exists.
"""

from dataclasses import dataclass
from math import inf

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from edgewise.errors import SettingsError
from edgewise.nn import KAN, KANLayer

from .differences import differences


@dataclass(frozen=True)
class Penalty:
    """strength * (l1 * sum of |Phi|_1 + entropy * sum of S(Phi)) + difference * squared differences (equation 5).

    ``difference`` weighs the differences of order degree + 1 of the coefficients; polynomials of the spline's own degree
    cost nothing (second differences would bend them).
    """

    strength: float = 0.0
    l1: float = 1.0
    entropy: float = 1.0
    difference: float = 0.0

    def __post_init__(self) -> None:
        if not all(0 <= weight < inf for weight in (self.strength, self.l1, self.entropy, self.difference)):
            raise SettingsError(f"the weights of a penalty must be finite and 0 or more, got {self}.")

    def __call__(self, network: KAN, x: Float[Tensor, "rows n_in"]) -> Float[Tensor, ""]:
        """The penalty of the network on a batch."""
        total = x.new_zeros(())
        if self.strength > 0:
            for magnitude in edge_magnitudes(network, x):
                total = total + self.strength * (self.l1 * magnitude.sum() + self.entropy * entropy(magnitude))
        if self.difference > 0:
            total = total + self.difference * sum((roughness(layer) for layer in network), x.new_zeros(()))
        return total


def edge_magnitudes(network: KAN, x: Float[Tensor, "rows n_in"]) -> list[Float[Tensor, "_ _"]]:
    """Equation 2 for every edge, one matrix (n_sums, n_in) a layer, with gradient."""
    magnitudes = []
    for layer in network:
        magnitudes.append(_layer_magnitudes(layer, x))
        x = layer(x)
    return magnitudes


def entropy(magnitudes: Float[Tensor, "n_sums n_in"]) -> Float[Tensor, ""]:
    """Equation 4: the entropy of a layer's magnitudes as shares of their sum; 0 when all flows through one edge."""
    tiny = torch.finfo(magnitudes.dtype).tiny
    shares = magnitudes / magnitudes.sum().clamp_min(tiny)
    return -(shares * shares.clamp_min(tiny).log()).sum()  # the slope of xlogy is no number where an edge is absent


def roughness(layer: KANLayer) -> Float[Tensor, ""]:
    """The mean squared difference of order degree + 1 of the coefficients; 0 where one piece leaves none of that order.

    On uneven knots the differences are those of `differences`, so that polynomials of the degree stay free there too.
    """
    rows = differences(layer.basis)
    if not rows.shape[1]:
        return layer.weight.new_zeros(())
    return torch.einsum("idf,sif->sid", rows, layer.coefficients).square().mean()


def _layer_magnitudes(layer: KANLayer, x: Tensor) -> Tensor:
    features, weight = layer.features(x), layer.effective_weight()
    columns = [
        checkpoint(_one_input, features[:, source], weight[source], use_reentrant=False) for source in range(layer.n_in)
    ]
    magnitudes = torch.stack([column for column in columns if isinstance(column, Tensor)], 1)
    if layer.fixed:
        outputs = layer.fixed_outputs(x).abs().mean(0)
        at = torch.tensor([[target, source] for source, target, _ in layer.fixed], device=x.device).T
        magnitudes = magnitudes.index_put((at[0], at[1]), outputs, accumulate=True)
    return magnitudes


def _one_input(features: Tensor, weight: Tensor) -> Tensor:
    """Mean absolute output of the edges of one input: (rows, features) x (features, n_sums) -> (n_sums,)."""
    return (features @ weight).abs().mean(0)
