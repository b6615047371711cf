"""More nodes, with the function kept."""

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
    before, after = network[level - 1], network[level]
    wider = KANLayer(
        before.n_in, arity=[*before.arity, *[arity] * nodes], residual=before.residual, dtype=before.weight.dtype
    )
    wider.basis = before.basis
    wider.weight = nn.Parameter(before.weight.new_zeros(before.n_in, before.basis.n_basis + 1, wider.n_sums))
    wider.reset_parameters("variance", generator)
    wider.weight[:, :, : before.n_sums] = before.weight
    wider.bias[: before.n_sums] = before.bias
    wider.mask[: before.n_sums] = before.mask
    _copy_fixed(before, wider)
    low = torch.cat([after.basis.low, -torch.ones(nodes).to(after.basis.low)])
    high = torch.cat([after.basis.high, torch.ones(nodes).to(after.basis.high)])
    taller = KANLayer(
        after.n_in + nodes, arity=after.arity, residual=after.residual, init="zero", dtype=after.weight.dtype
    )
    fresh = after.basis.with_range(low, high)
    taller.basis = after.basis.with_knots(torch.cat([after.basis.knots, fresh.knots[after.n_in :]]))
    taller.weight = nn.Parameter(torch.cat([after.weight, after.weight.new_zeros(nodes, *after.weight.shape[1:])]))
    taller.bias.copy_(after.bias)
    taller.mask[:, : after.n_in] = after.mask
    _copy_fixed(after, taller)
    return KAN.of([wider if n == level - 1 else taller if n == level else layer for n, layer in enumerate(network)])


def _copy_fixed(old: KANLayer, new: KANLayer) -> None:
    for (source, target, primitive), row in zip(old.fixed, old.constants.tolist(), strict=True):
        new.set_edge(source, target, primitive, row)
