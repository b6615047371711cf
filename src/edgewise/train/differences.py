"""The difference penalty: what keeps a spline from bending where no row asks for it.

The difference of order degree + 1 is the jump of the highest derivative where two pieces meet; its null space are the
polynomials of the spline's own degree, so a smooth function costs next to nothing (second differences, the usual penalty,
would bend cubics straight). On uneven knots the differences are divided by what the knots leave between them (C. de Boor,
*A Practical Guide to Splines*, 2001, ch. X, the derivative of a spline) and multiplied by the narrower of the two pieces,
which gives the plain differences on even knots and keeps the null space on all.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from edgewise.basis import Basis, BSpline
from edgewise.surgery.knots import is_even

from .stack import LayerStack, Stack


def differences(basis: Basis) -> Float[Tensor, "n_in rows n_basis"]:
    """The matrix of each input that takes coefficients to their differences of order degree + 1 (no row if too few)."""
    order = basis.degree + 1
    eye = torch.eye(basis.n_basis, dtype=basis.knots.dtype, device=basis.knots.device)
    if order >= basis.n_basis:
        return eye[:0].expand(basis.n_in, 0, -1)
    if not isinstance(basis, BSpline) or is_even(basis):
        return torch.diff(eye, n=order, dim=0).expand(basis.n_in, -1, -1)
    return _divided(basis, eye)


def _divided(basis: BSpline, eye: Tensor) -> Tensor:
    widths = basis.breaks.diff(dim=1)
    rows = eye.expand(basis.n_in, -1, -1)
    for level in range(1, basis.degree + 1):
        between = basis.knots[:, basis.degree + 1 : -level] - basis.knots[:, level : -basis.degree - 1]
        between = torch.where(between > 0, between, torch.inf)  # where knots meet there is no function to weigh
        rows = (basis.degree + 1 - level) * rows.diff(dim=1) / between.unsqueeze(-1)  # of the level-th derivative
    narrower = torch.minimum(widths[:, 1:], widths[:, :-1]).unsqueeze(-1)
    return rows.diff(dim=1) * narrower**basis.degree


def penalty_matrix(stack: Stack, used: list[Tensor], strength: float) -> Float[Tensor, "some parameters parameters"]:
    """strength * D'D over all parameters of a restart, D the differences of every edge; one for all where knots allow."""
    blocks = [_layer_block(layer, kept, strength) for layer, kept in zip(stack.layers, used, strict=True)]
    several = max(len(block) for block in blocks)
    return torch.stack(
        [torch.block_diag(*(block[number if len(block) > 1 else 0] for block in blocks)) for number in range(several)]
    )


def _layer_block(layer: LayerStack, kept: Tensor, strength: float) -> Tensor:
    """(R or 1, parameters of the layer, the same): zero for residual weights and constants."""
    n_in, features, n_sums = layer.weight.shape[1:]
    rows = differences(layer.basis)
    if not isinstance(layer.basis, BSpline) or is_even(layer.basis):
        rows = rows[:n_in]
    square = rows.new_zeros(len(rows) // n_in, n_in, features, features)
    square[..., :-1, :-1] = (rows.mT @ rows).unflatten(0, (-1, n_in))
    constants = layer.constants[0].numel()
    whole = rows.new_zeros(len(square), len(kept) + constants, len(kept) + constants)
    inputs, sums = (torch.eye(n, dtype=rows.dtype) for n in (n_in, n_sums))
    full = torch.einsum("ij,rifg,st->rifsjgt", inputs, square, sums).reshape(len(square), n_in * features * n_sums, -1)
    whole[:, : len(kept), : len(kept)] = strength * full[:, kept][:, :, kept]
    return whole
