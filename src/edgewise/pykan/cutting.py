"""Pruning by score or by name; what an edge gave on the mean stays, in the bias of the sum that it fed."""

import copy
from collections.abc import Iterable, Sequence
from itertools import product

import torch
from torch import Tensor

from edgewise.errors import SettingsError, ShapeError
from edgewise.nn import KAN, EdgeId, KANLayer, node_scores, trace
from edgewise.surgery import prune
from edgewise.train import TrainingData, levenberg

NONE = -1.0  # a threshold that no score reaches
MODES = {"all": (True, True), "down": (True, False), "up": (False, True)}


def pruned(network: KAN, x: Tensor, data: TrainingData | None, node_threshold: float, edge_threshold: float) -> KAN:
    """Cut by score; with ``data`` fitted again without penalty and cut again, until nothing more goes."""
    cut = prune(network, x, node_threshold=node_threshold, edge_threshold=edge_threshold)
    network = cut.network
    while data is not None:
        network = levenberg(network, data, fresh=False).network
        cut = prune(network, x, node_threshold=node_threshold, edge_threshold=edge_threshold)
        if not cut.edges_cut:
            break
        network = cut.network
    return network


def only_nodes(network: KAN, x: Tensor, active: Sequence[Sequence[int]]) -> KAN:
    """The network with only these nodes on its hidden levels."""
    levels = network.shape[1:-1]
    if len(active) != len(levels):
        raise ShapeError(f"there are {len(levels)} hidden levels {levels}, but active_neurons_id names {len(active)}.")
    gone: list[EdgeId] = []
    for level, (count, kept) in enumerate(zip(levels, active, strict=True), start=1):
        _require_nodes(kept, count, f"level {level}")
        lost = sorted(set(range(count)) - set(kept))
        gone += [EdgeId(level, source, target) for source, target in product(lost, range(network[level].n_sums))]
    return prune(without(network, x, gone), x, node_threshold=NONE, edge_threshold=NONE).network


def only_inputs(network: KAN, x: Tensor, active: Sequence[int] | None, threshold: float) -> KAN:
    """The network without the edges of all other inputs; columns keep their places."""
    if active is None:
        active = torch.nonzero(node_scores(trace(network, x))[0] > threshold)[:, 0].tolist()
    _require_nodes(active, network.shape[0], "the inputs")
    lost = sorted(set(range(network.shape[0])) - set(active))
    gone = [EdgeId(0, source, target) for source, target in product(lost, range(network[0].n_sums))]
    return without(network, x, gone)


@torch.no_grad()
def without(network: KAN, x: Tensor, edges: Iterable[EdgeId]) -> KAN:
    """The network without these edges, their means over the rows going into the biases."""
    flow, lean = trace(network, x), copy.deepcopy(network)
    for layer, source, target in edges:
        if lean[layer].edge(source, target).kind != "absent":
            lean[layer].bias[target] += flow.layers[layer].postactivations[:, target, source].mean()
            lean[layer].set_edge(source, target, None)
    return lean


def without_node(network: KAN, level: int, node: int, mode: str) -> KAN:
    """The network without the edges into ("down"), out of ("up"), or around ("all") a node of a hidden level."""
    if mode not in MODES:
        raise SettingsError(f"mode is one of {', '.join(MODES)}, got {mode!r}.")
    if not 1 <= level < len(network.shape) - 1:
        raise ShapeError(f"hidden levels run from 1 to {len(network.shape) - 2}, got {level}.")
    _require_nodes([node], network.shape[level], f"level {level}")
    lean = copy.deepcopy(network)
    into, out_of = MODES[mode]
    for source, target in product(range(lean[level - 1].n_in), sums_of(lean[level - 1], node) if into else ()):
        lean[level - 1].set_edge(source, target, None)
    for target in range(lean[level].n_sums) if out_of else ():
        lean[level].set_edge(node, target, None)
    return lean


def sums_of(layer: KANLayer, node: int) -> range:
    """The sums that a node adds or multiplies."""
    first = sum(layer.arity[:node])
    return range(first, first + layer.arity[node])


def _require_nodes(nodes: Iterable[int], count: int, where: str) -> None:
    wrong = [node for node in nodes if not 0 <= node < count]
    if wrong:
        raise ShapeError(f"{where} run from 0 to {count - 1}, got {wrong}.")
