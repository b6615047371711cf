"""Where nodes stand: crossing wires cost, and nodes of a hidden level may change places without changing the function."""

from itertools import combinations

import torch
from torch import Tensor

from edgewise.errors import ShapeError
from edgewise.nn import KAN, edge_scores, trace
from edgewise.surgery import reorder

Orders = list[list[int]]


def swapped(network: KAN, level: int, first: int, second: int) -> KAN:
    """Two nodes of a hidden level in each other's place."""
    if not 1 <= level < len(network.shape) - 1:
        raise ShapeError(
            f"hidden levels run from 1 to {len(network.shape) - 2}, got {level}: inputs and outputs keep their places."
        )
    order = list(range(network.shape[level]))
    if not (first in order and second in order):
        raise ShapeError(f"nodes of level {level} run from 0 to {len(order) - 1}, got {first} and {second}.")
    order[first], order[second] = second, first
    return reorder(network, level, order)


def connection_cost(network: KAN, x: Tensor) -> float:
    """Score times length, summed over edges; each level is drawn with length 1."""
    return _cost(_by_node(network, x), [list(range(count)) for count in network.shape])


def untangled(network: KAN, x: Tensor) -> KAN:
    """The network after all swaps of two nodes that lower the connection cost, one after the other."""
    scores, orders = _by_node(network, x), [list(range(count)) for count in network.shape]
    better = True
    while better:
        better = False
        for level in range(1, len(orders) - 1):
            better |= _improve(scores, orders, level)
    for level in range(1, len(orders) - 1):
        network = reorder(network, level, orders[level])
    return network


def _improve(scores: list[Tensor], orders: Orders, level: int) -> bool:
    least = before = _cost(scores, orders)
    for i, k in combinations(range(len(orders[level])), 2):
        _exchange(orders[level], i, k)
        cost = _cost(scores, orders)
        if cost < least - 1e-12:  # rounding must not make two orders take turns for ever
            least = cost
        else:
            _exchange(orders[level], i, k)
    return least < before


def _exchange(order: list[int], i: int, k: int) -> None:
    order[i], order[k] = order[k], order[i]


def _by_node(network: KAN, x: Tensor) -> list[Tensor]:
    """(n_out, n_in) a layer: scores of edges, those into factors of one node added."""
    return [
        torch.stack([part.sum(0) for part in torch.split(scores, list(layer.arity))])
        for layer, scores in zip(network, edge_scores(trace(network, x)), strict=True)
    ]


def _cost(scores: list[Tensor], orders: Orders) -> float:
    total = 0.0
    for score, sources, targets in zip(scores, orders[:-1], orders[1:], strict=True):
        length = (_places(len(targets))[:, None] - _places(len(sources))).abs()
        total += float((score[targets][:, sources] * length).sum())
    return total


def _places(count: int) -> Tensor:
    return (torch.arange(count, dtype=torch.float64) + 0.5) / count
