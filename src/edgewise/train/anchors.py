"""Constants belong to nodes: each edge is held at 0 at one point, its anchor, while Adam trains.

The splines of the edges that meet in a node can trade constants without changing its sum. Adam sees each of them: a gradient that
is the same for all moves the sum by the rate times the number of edges, which is 784 steps at once where images come in. So
edges are trained as phi(x) - phi(anchor), and the constant of a node is its bias alone. An input's anchor is its median over the
rows (black, for most pixels), that of a hidden node the middle of its range.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from edgewise.basis import BSpline
from edgewise.errors import SettingsError
from edgewise.nn import KAN, KANLayer

SAMPLE = 500  # rows that a median is taken of, at least where there are as many


@dataclass(frozen=True)
class Anchors:
    """The layers and what their functions are at the anchors: (n_in, n_basis + 1) each, the residual function last."""

    layers: tuple[KANLayer, ...]
    features: tuple[Tensor, ...]

    @classmethod
    @torch.no_grad()
    def of(cls, network: KAN, rows: Tensor) -> "Anchors":
        """At the medians of the rows (rows, n_in). Raises SettingsError for layers whose splines hold no constants."""
        layers = tuple(network)
        if not all(isinstance(layer.basis, BSpline) and layer.spline_weight is None for layer in layers):
            raise SettingsError(
                "anchored=True is for B-splines without spline_weight; leave it out, or take another basis."
            )
        some = rows[:: max(1, len(rows) // SAMPLE)]
        points = [some.median(0).values, *((layer.basis.low + layer.basis.high) / 2 for layer in layers[1:])]
        return cls(layers, tuple(layer.features(point) for layer, point in zip(layers, points, strict=True)))

    @torch.no_grad()
    def gather(self) -> None:
        """Move what edges are at their anchors into the biases: the network stays the function that it is."""
        for layer, values in self._values():
            layer.bias.add_(values.sum(0))
        self.hold()

    @torch.no_grad()
    def hold(self) -> None:
        """Take from every edge what it is at its anchor; the constant function is the sum of all B-splines."""
        for layer, values in self._values():
            layer.weight[:, :-1].sub_(values.unsqueeze(1) * layer.mask.T.unsqueeze(1))

    @torch.no_grad()
    def turn(self) -> None:
        """Make the gradients those of phi(x) - phi(anchor): a node's constant moves as its bias does."""
        for layer, features in zip(self.layers, self.features, strict=True):
            by_weight, by_bias = layer.weight.grad, layer.bias.grad
            if by_weight is not None and by_bias is not None:
                by_weight.addcmul_(features.unsqueeze(-1), (layer.mask.T * by_bias).unsqueeze(1), value=-1)

    def _values(self) -> Iterator[tuple[KANLayer, Tensor]]:
        """Every layer with what its edges are at the anchors (n_in, n_sums)."""
        for layer, features in zip(self.layers, self.features, strict=True):
            yield layer, torch.einsum("if,ifs->is", features, layer.effective_weight())
