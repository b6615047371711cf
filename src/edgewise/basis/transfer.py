"""From one basis to another with the functions kept."""

import torch
from jaxtyping import Float
from torch import Tensor

from edgewise.solve import fit_linear

from .base import Basis


def transfer(old: Basis, new: Basis) -> Float[Tensor, "n_in n_new n_old"]:
    """The matrix that takes coefficients of ``old`` to coefficients of ``new``.

    Least squares on points spread over the range of ``new``: exact (to rounding) where the new pieces nest in the old
    ones, the best fit elsewhere. Beyond its own range ``old`` speaks by its extrapolation.
    """
    points = new.points(per_interval=2 * (new.degree + 1)).to(torch.float64)
    with torch.no_grad():
        target = in_double(old)(points).transpose(0, 1)
        design = in_double(new)(points).transpose(0, 1)
    return fit_linear(design, target).to(new.knots.dtype)


def in_double(basis: Basis) -> Basis:
    """The same basis in float64."""
    if basis.knots.dtype == torch.float64:
        return basis
    return basis.with_knots(basis.knots.double())
