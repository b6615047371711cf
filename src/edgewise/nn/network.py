"""Layers one after the other."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from edgewise.errors import NotSymbolicError, SettingsError, ShapeError

from .edge import Edge, EdgeId
from .layer import KANLayer


class KAN(nn.Module):
    """A Kolmogorov-Arnold network: ``KAN([2, 5, 1])`` has 2 inputs, 5 hidden nodes and 1 output.

    An entry of ``shape`` is a number of nodes that add, or a pair (nodes that add, nodes that multiply two sums), or a
    list with the arity of each node: ``KAN([4, (2, 1), 1])`` and ``KAN([4, [1, 1, 2], 1])`` are the same shape.
    Further arguments go to each KANLayer. ``generator`` makes the weights reproducible.

    >>> KAN([2, 5, 1])(torch.zeros(8, 2)).shape
    torch.Size([8, 1])
    """

    layers: nn.ModuleList

    def __init__(
        self,
        shape: Sequence[int | tuple[int, int] | list[int]],
        *,
        generator: torch.Generator | None = None,
        **settings: Any,
    ) -> None:
        super().__init__()
        if len(shape) < 2:
            raise SettingsError(f"a shape needs inputs and outputs, for example [2, 5, 1]; got {list(shape)}.")
        arities = [arity_of(entry) for entry in shape]
        if max(arities[0]) > 1:
            raise SettingsError(f"the inputs of a network cannot multiply, got {shape[0]} as the first entry.")
        widths = [len(arity) for arity in arities]
        self.layers = nn.ModuleList(
            KANLayer(width, arity=arity, generator=generator, **settings)
            for width, arity in zip(widths[:-1], arities[1:], strict=True)
        )

    @classmethod
    def of(cls, layers: Sequence[KANLayer]) -> "KAN":
        """The network of these layers, which must fit together."""
        for number, (first, second) in enumerate(pairwise(layers)):
            if first.n_out != second.n_in:
                raise ShapeError(
                    f"layer {number} gives {first.n_out} nodes but layer {number + 1} takes {second.n_in}."
                )
        network = cls.__new__(cls)
        nn.Module.__init__(network)
        network.layers = nn.ModuleList(layers)
        return network

    @property
    def shape(self) -> list[int]:
        """Nodes of each level, inputs first."""
        return [self[0].n_in, *(layer.n_out for layer in self)]

    def __getitem__(self, index: int) -> KANLayer:
        layer = self.layers[index]
        assert isinstance(layer, KANLayer)
        return layer

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[KANLayer]:
        return (self[index] for index in range(len(self)))

    def forward(self, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch n_out"]:
        """The outputs. Raises ShapeError when the last axis of x is not the number of inputs."""
        for layer in self.layers:
            x = layer(x)
        return x

    def edges(self) -> Iterator[tuple[EdgeId, Edge]]:
        """Every edge that is there, as (id, value), layer by layer."""
        for number, layer in enumerate(self):
            for target in range(layer.n_sums):
                for source in range(layer.n_in):
                    edge = layer.edge(source, target)
                    if edge.kind != "absent":
                        yield EdgeId(number, source, target), edge

    @property
    def parameters_used(self) -> int:
        """Numbers that the network's function depends on: masked weights do not count."""
        return sum(count_used(layer) for layer in self)

    def require_symbolic(self) -> None:
        """Raise NotSymbolicError, naming the edges, if any edge is still a spline."""
        all_edges = list(self.edges())
        open_edges = [str(edge_id) for edge_id, edge in all_edges if edge.kind == "spline"]
        if open_edges:
            shown = ", ".join(open_edges[:5]) + (", ..." if len(open_edges) > 5 else "")
            raise NotSymbolicError(
                f"{len(open_edges)} of {len(all_edges)} edges are still splines: {shown}. Name them first: "
                "edgewise.surgery.fix, or fix_symbolic of a model of edgewise.pykan."
            )


def arity_of(entry: int | tuple[int, int] | Sequence[int]) -> list[int]:
    """The arity of each node of one entry of a shape."""
    if isinstance(entry, bool) or (not isinstance(entry, int | tuple | list)):
        raise SettingsError(
            f"an entry of a shape is a number, a pair (adding, multiplying) or a list of arities; got {entry!r}."
        )
    if isinstance(entry, int):
        arity = [1] * entry
    elif isinstance(entry, tuple):
        if len(entry) != 2:
            raise SettingsError(f"a pair (adding, multiplying) was expected in the shape, got {entry}.")
        arity = [1] * entry[0] + [2] * entry[1]
    else:
        arity = [int(a) for a in entry]
    if not arity or min(arity) < 1:
        raise SettingsError(f"each level of a shape needs a node at least, got {entry!r}.")
    return arity


def count_used(layer: KANLayer) -> int:
    """Parameters of one layer that its function depends on."""
    per_edge = layer.basis.n_basis + (layer.residual != "none") + (layer.spline_weight is not None)
    constants = sum(5 if primitive.exponent else 4 for _, _, primitive in layer.fixed)
    return math.prod((int(layer.mask.sum()), per_edge)) + constants + layer.n_sums
