"""Layers whose edges are straight lines: one piece of degree 1 without a residual function is a matrix product of x itself."""

from torch import Tensor

from edgewise.basis.base import Basis
from edgewise.basis.bspline import BSpline
from edgewise.basis.residuals import RESIDUALS, Residual


def are(basis: Basis, residual: Residual) -> bool:
    """Whether each edge of the layer is one line, inside its range and beyond."""
    lines = isinstance(basis, BSpline) and basis.degree == 1 and basis.intervals == 1
    return lines and basis.extrapolation == "continue" and residual is RESIDUALS["none"]


def sums(basis: Basis, x: Tensor, weight: Tensor) -> Tensor:
    """x (*batch, n_in), weight (n_in, 3, n_out) -> (*batch, n_out): the values at both ends of the range say all."""
    at_low, at_high = weight[:, 0], weight[:, 1]
    return ((x - basis.low) / (basis.high - basis.low)) @ (at_high - at_low) + at_low.sum(0)
