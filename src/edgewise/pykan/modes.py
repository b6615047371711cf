"""An edge is a spline or has a name, never both."""

import copy

from torch import Tensor

from edgewise.errors import SettingsError
from edgewise.nn import KAN
from edgewise.surgery import move_knots, release

from .reading import EdgePlace, require_layer

MODES = {"s": "it has a name", "n": "it is a spline"}


def in_mode(network: KAN, edge: EdgePlace, mode: str, x: Tensor | None) -> KAN:
    """The network with the edge in mode ``'s'`` or ``'n'``. Raises SettingsError where that cannot be."""
    layer, source, target = edge
    require_layer(network, layer)
    kind = network[layer].edge(source, target).kind
    if mode not in MODES:
        told = "; both at once ('sn') cannot be here: an edge is one function" if set(mode) == {"s", "n"} else ""
        raise SettingsError(f"mode is 's' (the edge has a name) or 'n' (it is a spline), got {mode!r}{told}.")
    if mode == "s" and kind != "fixed":
        raise SettingsError(f"edge ({layer}, {source}->{target}) is {kind} and has no name: fix_symbolic gives it one.")
    if mode == "s" or kind == "spline":
        return network
    return released(network, edge, x) if kind == "fixed" else _flat(network, edge)


def released(network: KAN, edge: EdgePlace, x: Tensor | None) -> KAN:
    """The named edge as a spline. In a layer without splines nobody has moved the knots: they go where rows fall first."""
    layer, _, _ = edge
    require_layer(network, layer)
    if x is not None and not bool(network[layer].mask.any()):
        moved = move_knots(network, x)
        network = KAN.of([moved[n] if n == layer else old for n, old in enumerate(copy.deepcopy(network))])
    return release(network, edge)


def all_released(network: KAN, x: Tensor | None) -> KAN:
    """Every named edge as a spline; the first of a layer moves its knots for all."""
    for edge_id, edge in list(network.edges()):
        if edge.kind == "fixed":
            network = released(network, edge_id, x)
    return network


def with_constants(network: KAN, *, trainable: bool) -> KAN:
    """A copy in which constants of named edges are trained, or not."""
    other = copy.deepcopy(network)
    for layer in other:
        layer.constants.requires_grad_(trainable)
    return other


def _flat(network: KAN, edge: EdgePlace) -> KAN:
    layer, source, target = edge
    other = copy.deepcopy(network)
    other[layer].set_edge(source, target, other[layer].weight.new_zeros(other[layer].weight.shape[1]))
    return other
