"""More pieces, more nodes or one more layer, with the function kept."""

import copy

import torch

from edgewise.errors import SettingsError
from edgewise.nn import KAN, KANLayer
from edgewise.surgery import grow, refine


def finer(network: KAN, pieces: int) -> KAN:
    """More pieces on every edge. Raises SettingsError for fewer than there are."""
    most = max(layer.basis.intervals for layer in network)
    if pieces < most:
        raise SettingsError(
            f"new_grid must be {most} or more, the pieces that there are, got {pieces}: fewer lose the shape."
        )
    return refine(network, pieces)


def wider(network: KAN, level: int, nodes: int, arity: int, seed: int) -> KAN:
    """More nodes on a hidden level; their incoming edges are drawn by the seed, their outgoing ones are zero."""
    return grow(network, level, nodes, arity=arity, generator=torch.Generator().manual_seed(seed))


def deeper(network: KAN) -> KAN:
    """A layer behind the outputs, each carried by an identity edge; the others are absent."""
    last = network[len(network) - 1]
    width = last.n_out
    layer = KANLayer(
        width, width, intervals=last.basis.intervals, degree=last.basis.degree, residual=last.residual, init="zero",
        dtype=last.weight.dtype,
    )  # fmt: skip
    layer.mask.zero_()
    for node in range(width):
        layer.set_edge(node, node, "x")
    return KAN.of([*copy.deepcopy(network), layer])
