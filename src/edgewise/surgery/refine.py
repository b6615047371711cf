"""More pieces, or other knots, with the function kept."""

import torch
from jaxtyping import Float
from torch import Tensor

from edgewise.basis import Basis, BSpline, transfer
from edgewise.errors import SettingsError
from edgewise.nn import KAN, KANLayer, trace


def refine(network: KAN, intervals: int) -> KAN:
    """A network with ``intervals`` pieces on every edge and the same function.

    Exact (to rounding) where the new pieces nest in the old ones, as when their number doubles; the best fit by least
    squares elsewhere. Uneven pieces stay as uneven. The network that came stays as it is.
    """
    if intervals < 1:
        raise SettingsError(f"intervals must be 1 or more, got {intervals}.")
    return KAN.of([onto(layer, _with_pieces(layer.basis, intervals)) for layer in network])


def move_knots(network: KAN, x: Float[Tensor, "rows n_in"], *, by_density: float = 0.0) -> KAN:
    """A network whose knots lie where the activations of ``x`` fall; the function is kept as well as these knots allow.

    ``by_density`` = 0 spaces knots evenly over the range of the activations, 1 puts as many rows into each piece, and
    what lies between is a mixture (the paper's adaptive grids). Only B-splines can have uneven knots.
    """
    if not 0 <= by_density <= 1:
        raise SettingsError(f"by_density must lie between 0 and 1, got {by_density}.")
    layers: list[KANLayer] = []
    for layer in network:
        flow = trace(KAN.of(layers), x).output if layers else x
        layers.append(onto(layer, _placed(layer.basis, flow, by_density)))
    return KAN.of(layers)


def onto(layer: KANLayer, basis: Basis) -> KANLayer:
    """The layer on another basis with its functions kept."""
    with torch.no_grad():
        coefficients = transfer(layer.basis, basis) @ layer.weight[:, :-1]
        return layer.on_basis(basis, torch.cat([coefficients, layer.weight[:, -1:]], 1))


def _with_pieces(basis: Basis, intervals: int) -> Basis:
    """The basis with another number of pieces, which divide the old ones as evenly as they can."""
    even = basis.with_range(basis.low, basis.high, intervals)
    if not isinstance(basis, BSpline):
        return even
    share = torch.linspace(0, basis.intervals, intervals + 1, dtype=basis.knots.dtype, device=basis.knots.device)
    piece = share.floor().long().clamp_max(basis.intervals - 1)
    breaks = torch.lerp(basis.breaks[:, piece], basis.breaks[:, piece + 1], share - piece)
    if torch.allclose(breaks, even.points(1).T, rtol=1e-6, atol=0):
        return even
    return BSpline.at(breaks, basis.degree, basis.extrapolation)


def _placed(basis: Basis, flow: Tensor, by_density: float) -> Basis:
    low, high = flow.amin(0), flow.amax(0)
    spare = 0.01 * (high - low) + 1e-6 * (1 + low.abs().maximum(high.abs()))
    even = basis.with_range(low - spare, high + spare)
    if by_density == 0:
        return even
    if not isinstance(basis, BSpline):
        raise SettingsError(f"a {basis.name} basis has no free knots; take by_density=0, or a bspline basis.")
    shares = torch.linspace(0, 1, basis.intervals + 1, dtype=flow.dtype, device=flow.device)
    crowded = torch.quantile(flow, shares, dim=0).T
    return BSpline.at(torch.lerp(even.points(1).T, crowded, by_density), basis.degree, basis.extrapolation)
