"""What can be read off a network for rows: shares that reach one node, one edge's samples, errors."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from edgewise.errors import ShapeError
from edgewise.nn import KAN, LayerTrace, Trace, node_scores, trace
from edgewise.train import TrainingData

from .cutting import sums_of

EdgePlace = tuple[int, int, int]


def scores_towards(network: KAN, x: Tensor, level: int, node: int) -> Tensor:
    """How much of the spread of one node flows in from each input: (n_in,)."""
    if not (0 <= level < len(network.shape) and 0 <= node < network.shape[level]):
        raise ShapeError(f"there is no node {node} on level {level}: the levels hold {network.shape} nodes.")
    if level == 0:
        return torch.eye(network.shape[0], dtype=x.dtype)[node]
    layers = trace(network, x).layers[:level]
    last, sums = layers[-1], list(sums_of(network[level - 1], node))
    alone = LayerTrace(
        last.preactivations, last.postactivations[:, sums], last.sums[:, sums], last.nodes[:, [node]], (len(sums),)
    )
    return node_scores(Trace((*layers[:-1], alone)))[0]


def samples(network: KAN, x: Tensor, edge: EdgePlace) -> tuple[Tensor, Tensor]:
    """(what enters the edge, what it gives) for the rows, in the order of what enters."""
    layer, source, target = edge
    require_layer(network, layer)
    network[layer].edge(source, target)  # an edge that is not there is a ShapeError
    flow = trace(network, x).layers[layer]
    entering, given = flow.preactivations[:, source], flow.postactivations[:, target, source]
    order = entering.argsort(stable=True)
    return entering[order], given[order]


def require_layer(network: KAN, layer: int) -> None:
    """Raise ShapeError unless there is that layer of edges."""
    if not 0 <= layer < len(network):
        raise ShapeError(f"layers of edges run from 0 to {len(network) - 1}, got {layer}.")


@torch.no_grad()
def evaluation(network: KAN, data: TrainingData) -> Mapping[str, Any]:
    """Root mean squares over all entries of both parts (nan where one has no rows), edges that are there, pieces."""
    return {
        "train_loss": float((network(data.x) - data.y).square().mean().sqrt()),
        "test_loss": float((network(data.x_held) - data.y_held).square().mean().sqrt()),
        "n_edge": sum(1 for _ in network.edges()),
        "n_grid": network[0].basis.intervals,
    }
