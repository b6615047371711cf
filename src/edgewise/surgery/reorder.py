"""The nodes of a level in another order, with the function kept."""

import copy
from collections.abc import Sequence

import torch

from edgewise.errors import SettingsError
from edgewise.nn import KAN

from .prune import take_nodes


def reorder(network: KAN, level: int, order: Sequence[int]) -> KAN:
    """A network whose hidden level holds its nodes in this order, all that belongs to them moving along."""
    if not 1 <= level < len(network.shape) - 1:
        raise SettingsError(f"hidden levels run from 1 to {len(network.shape) - 2}, got level {level}.")
    if sorted(order) != list(range(network.shape[level])):
        raise SettingsError(
            f"an order of level {level} names each of 0 to {network.shape[level] - 1} once, got {order}."
        )
    moved, nodes = list(copy.deepcopy(network)), torch.tensor(order)
    before, after = moved[level - 1], moved[level]
    moved[level - 1] = take_nodes(before, torch.arange(before.n_in), nodes)
    moved[level] = take_nodes(after, nodes, torch.arange(after.n_out))
    return KAN.of(moved)
