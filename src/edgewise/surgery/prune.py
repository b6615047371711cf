"""Cut away what hardly matters, and keep the constants that it carried (the paper's section 6.3).

An edge or node whose output hardly varies still has a mean. Losing it took a reference implementation from an error of
0.05 to 1.28; here the mean moves into the bias of the sum that it fed.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from edgewise.errors import SettingsError
from edgewise.nn import KAN, KANLayer, Model, edge_scores, trace
from edgewise.nn.scores import ScoreKind


@dataclass(frozen=True)
class Pruned:
    """The network that is left and how many edges, nodes went; ``kept_nodes`` are the old numbers of hidden nodes."""

    network: KAN
    edges_cut: int
    nodes_cut: int
    kept_nodes: tuple[tuple[int, ...], ...]


def prune(
    network: KAN,
    x: Float[Tensor, "rows n_in"],
    *,
    node_threshold: float = 1e-2,
    edge_threshold: float = 3e-2,
    kind: ScoreKind = "share",
    error: Callable[[KAN], float] | None = None,
    allowed: float = 1.1,
) -> Pruned:
    """Remove edges that score at most ``edge_threshold`` and hidden nodes that score at most ``node_threshold``.

    A node counts when both its best incoming and its best outgoing edge score more than the threshold (equation 6).
    ``error(network)`` is a held-out error: where it rises above ``allowed`` times what it was, the cut is taken back and
    thresholds a hundred times lower are tried once, then none.
    """
    before = error(network) if error else 0.0
    for share in (1.0, 0.01):
        cut = _prune(network, x, share * node_threshold, share * edge_threshold, kind)
        if error is None or error(cut.network) <= allowed * before:
            return cut
    whole = tuple(tuple(range(layer.n_out)) for layer in network)[:-1]
    return Pruned(copy.deepcopy(network), 0, 0, whole)


def switch_off(network: KAN, x: Float[Tensor, "rows n_in"], level: int, node: int) -> KAN:
    """A network of the same shape in which no edge leads to or from one node of a hidden level (1 is the first).

    The means on ``x`` of what it gave go into the biases. The network that came stays as it is. Raises SettingsError
    where there is no such hidden node.
    """
    if not 0 < level < len(network) or not 0 <= node < network[level].n_in:
        raise SettingsError(
            f"there is no node {node} in a hidden level {level}; this network has "
            f"{[layer.n_in for layer in network][1:]} nodes in its hidden levels 1 to {len(network) - 1}."
        )
    without = copy.deepcopy(network)
    others = torch.arange(network[level].n_in) != node
    _cut_edges(without, level, others.expand(network[level].n_sums, -1), x)
    before = network[level - 1]
    _cut_edges(without, level - 1, _by_sum(others, before.arity)[:, None].expand(-1, before.n_in), x)
    return without


def nodes_on(network: KAN) -> tuple[tuple[int, ...], ...]:
    """Of each hidden level the nodes from which some edge leads on."""
    return tuple(tuple(_present(layer).any(0).nonzero()[:, 0].tolist()) for layer in list(network)[1:])


def _prune(network: KAN, x: Tensor, node_threshold: float, edge_threshold: float, kind: ScoreKind) -> Pruned:
    scores = edge_scores(trace(network, x), kind)
    keep = [score > edge_threshold for score in scores]
    alive = _alive_nodes(network, scores, node_threshold)
    for number, nodes in enumerate(alive[1:-1], start=1):
        keep[number] &= nodes
        keep[number - 1] &= _by_sum(nodes, network[number - 1].arity)[:, None]
    lean = copy.deepcopy(network)
    # the last layer first: the means that it folds in are those of nodes that are still whole
    for number in reversed(range(len(lean))):
        _cut_edges(lean, number, keep[number], x)
    for number in range(1, len(lean)):
        _cut_edges(lean, number, _reached(lean, number), x)
    kept = [torch.arange(len(nodes))[nodes] for nodes in _connected(lean)]
    layers = [take_nodes(layer, kept[n], kept[n + 1]) for n, layer in enumerate(lean)]
    edges_cut = sum(int(_present(layer).sum()) for layer in network) - sum(
        int(_present(layer).sum()) for layer in layers
    )
    nodes_cut = sum(layer.n_out for layer in network) - sum(layer.n_out for layer in layers)
    return Pruned(KAN.of(layers), edges_cut, nodes_cut, tuple(tuple(k.tolist()) for k in kept[1:-1]))


def _alive_nodes(network: KAN, scores: tuple[Tensor, ...], threshold: float) -> list[Tensor]:
    """Equation 6 for every level: inputs and outputs always live."""
    alive = [torch.ones(network.shape[0], dtype=torch.bool)]
    for number in range(1, len(network)):
        incoming = scores[number - 1].amax(1)
        by_node = torch.stack([part.amax() for part in torch.split(incoming, list(network[number - 1].arity))])
        alive.append((by_node > threshold) & (scores[number].amax(0) > threshold))
    return [*alive, torch.ones(network.shape[-1], dtype=torch.bool)]


def _by_sum(nodes: Tensor, arity: tuple[int, ...]) -> Tensor:
    return torch.repeat_interleave(nodes, torch.tensor(arity))


@torch.no_grad()
def _cut_edges(network: KAN, number: int, keep: Tensor, x: Tensor) -> None:
    """Remove edges of one layer, their means going into the biases."""
    layer = network[number]
    flow = trace(network, x).layers[number].postactivations.mean(0)
    for target, source in (~keep).nonzero().tolist():
        if layer.edge(source, target).kind != "absent":
            layer.bias[target] += flow[target, source]
            layer.set_edge(source, target, None)


def _reached(network: KAN, number: int) -> Tensor:
    """Which edges of a layer come from a node that any edge reaches; the others carry a constant."""
    before, layer = network[number - 1], network[number]
    sums = _present(before).any(1)
    nodes = torch.stack([part.any() for part in torch.split(sums, list(before.arity))])
    return nodes.expand(layer.n_sums, -1)


def _connected(network: KAN) -> list[Tensor]:
    """Nodes from which an edge leads on to an output; a level never dies out altogether."""
    there = [_present(layer) for layer in network]
    useful = [torch.ones(network.shape[-1], dtype=torch.bool)]
    for number in reversed(range(len(network))):
        sums = _by_sum(useful[0], network[number].arity)
        nodes = (there[number] & sums[:, None]).any(0)
        if number == 0:
            nodes = torch.ones_like(nodes)
        elif not bool(nodes.any()):
            nodes[0] = True
        useful.insert(0, nodes)
    return useful


def _present(layer: KANLayer) -> Tensor:
    there = layer.mask > 0
    for source, target, _ in layer.fixed:
        there[target, source] = True
    return there


@torch.no_grad()
def take_nodes(layer: KANLayer, sources: Tensor, targets: Tensor) -> KANLayer:
    """The layer between some of its inputs and some of its nodes."""
    sums = torch.arange(layer.n_sums).split(list(layer.arity))
    chosen = torch.cat([sums[t] for t in targets.tolist()])
    basis = layer.basis.with_knots(layer.basis.knots[sources])
    lean = KANLayer(
        len(sources),
        arity=[layer.arity[t] for t in targets.tolist()],
        residual=layer.residual,
        spline_weight=layer.spline_weight is not None,
        init="zero",
        dtype=layer.weight.dtype,
        device=layer.weight.device,
    )
    lean.basis = basis
    lean.weight = nn.Parameter(layer.weight[sources][:, :, chosen].clone())
    lean.bias.copy_(layer.bias[chosen])
    lean.mask.copy_(layer.mask[chosen][:, sources])
    if layer.spline_weight is not None and lean.spline_weight is not None:
        lean.spline_weight.copy_(layer.spline_weight[chosen][:, sources])
    new_source = {int(old): new for new, old in enumerate(sources)}
    new_target = {int(old): new for new, old in enumerate(chosen)}
    for (source, target, primitive), row in zip(layer.fixed, layer.constants.tolist(), strict=True):
        if source in new_source and target in new_target:
            lean.set_edge(new_source[source], new_target[target], primitive, row)
    return lean.frozen_like(layer)


def drop_inputs(model: Model) -> Model:
    """The model without the inputs that no edge leaves; at least one stays."""
    used = _present(model.network[0]).any(0)
    if not bool(used.any()):
        used[0] = True
    kept = torch.arange(len(used))[used]
    first, *others = copy.deepcopy(model.network)
    network = KAN.of([take_nodes(first, kept, torch.arange(first.n_out)), *others])
    scaling = model.input_scaling.take(kept.tolist())
    names = tuple(model.inputs[i] for i in kept.tolist())
    units = {name: unit for name, unit in model.units.items() if name in (*names, *model.targets)}
    return Model(network, names, model.targets, scaling, model.target_scaling, units)
