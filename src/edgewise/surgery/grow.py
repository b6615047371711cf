"""More nodes, with the function kept."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from edgewise.errors import SettingsError
from edgewise.nn import KAN, KANLayer


@torch.no_grad()
def grow(network: KAN, level: int, nodes: int = 1, *, arity: int = 1, generator: torch.Generator | None = None) -> KAN:
    """A network with more nodes on a hidden level, each adding (``arity=1``) or multiplying.

    Their incoming edges are drawn anew, their outgoing edges are zero: the function is the same until they are trained.
    """
    if not 1 <= level < len(network.shape) - 1:
        raise SettingsError(f"hidden levels run from 1 to {len(network.shape) - 2}, got level {level}.")
    grown = copy.deepcopy(network)
    before, after = grown[level - 1], grown[level]
    wider = _layer_like(before, before.n_in, [*before.arity, *[arity] * nodes])
    wider.basis = before.basis
    wider.weight = nn.Parameter(before.weight.new_zeros(before.n_in, before.basis.n_basis + 1, wider.n_sums))
    wider.reset_parameters("variance", generator)
    wider.weight[:, :, : before.n_sums] = before.weight
    _copy_parts(before, wider)
    low = torch.cat([after.basis.low, -torch.ones(nodes).to(after.basis.low)])
    high = torch.cat([after.basis.high, torch.ones(nodes).to(after.basis.high)])
    taller = _layer_like(after, after.n_in + nodes, after.arity)
    fresh = after.basis.with_range(low, high)
    taller.basis = after.basis.with_knots(torch.cat([after.basis.knots, fresh.knots[after.n_in :]]))
    taller.weight = nn.Parameter(torch.cat([after.weight, after.weight.new_zeros(nodes, *after.weight.shape[1:])]))
    _copy_parts(after, taller)
    return KAN.of([wider if n == level - 1 else taller if n == level else layer for n, layer in enumerate(grown)])


def _layer_like(layer: KANLayer, n_in: int, arity: Sequence[int]) -> KANLayer:
    """An empty layer of another size with the same options."""
    kind: dict[str, Any] = {"residual": layer.residual, "spline_weight": layer.spline_weight is not None}
    return KANLayer(n_in, arity=arity, init="zero", dtype=layer.weight.dtype, device=layer.weight.device, **kind)


def _copy_parts(old: KANLayer, new: KANLayer) -> None:
    """What both layers have: biases, masks, w_s, named edges, and which parameters are frozen."""
    sums, sources = slice(old.n_sums), slice(old.n_in)
    new.bias[sums] = old.bias
    new.mask[sums, sources] = old.mask
    if old.spline_weight is not None and new.spline_weight is not None:
        new.spline_weight[sums, sources] = old.spline_weight
    for (source, target, primitive), row in zip(old.fixed, old.constants.tolist(), strict=True):
        new.set_edge(source, target, primitive, row)
    new.frozen_like(old)
