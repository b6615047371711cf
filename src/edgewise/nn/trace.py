"""Everything that flows through a network for one batch, as a value."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from .layer import KANLayer
from .network import KAN


@dataclass(frozen=True)
class LayerTrace:
    """One layer's share: what enters (rows, n_in), what each edge gives (rows, n_sums, n_in), sums and nodes."""

    preactivations: Float[Tensor, "rows n_in"]
    postactivations: Float[Tensor, "rows n_sums n_in"]
    sums: Float[Tensor, "rows n_sums"]
    nodes: Float[Tensor, "rows n_out"]
    arity: tuple[int, ...]


@dataclass(frozen=True)
class Trace:
    """One LayerTrace a layer, inputs first."""

    layers: tuple[LayerTrace, ...]

    @property
    def output(self) -> Float[Tensor, "rows n_out"]:
        """What the network answers."""
        return self.layers[-1].nodes


@torch.no_grad()
def trace(network: KAN, x: Float[Tensor, "rows n_in"]) -> Trace:
    """Send a batch through and keep all that is on the way; nothing stays on the network."""
    layers = []
    for layer in network:
        layers.append(_trace_layer(layer, x))
        x = layers[-1].nodes
    return Trace(tuple(layers))


def _trace_layer(layer: KANLayer, x: Tensor) -> LayerTrace:
    post = torch.einsum("nif,ifs->nsi", layer.features(x), layer.effective_weight())
    if layer.fixed:
        sources = functional.one_hot(torch.tensor([source for source, _, _ in layer.fixed]), layer.n_in)
        post = post + torch.einsum(
            "nf,fs,fi->nsi", layer.fixed_outputs(x), *(layer.fixed_targets().to(x), sources.to(x))
        )
    sums = layer.sums(x)
    return LayerTrace(x, post, sums, layer.combine(sums), layer.arity)
