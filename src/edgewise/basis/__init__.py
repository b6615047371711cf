"""Families of one-dimensional functions. A new one is a file and a row of ``BASES``; tests/laws/ holds what it must obey.

>>> import torch
>>> basis = make_basis("bspline", low=torch.tensor([-1.0]), high=torch.tensor([1.0]), intervals=5, degree=3)
>>> basis(torch.tensor([[0.3]])).sum()  # a partition of unity
tensor(1.)
"""

from torch import Tensor

from edgewise.errors import unknown

from .base import Basis, Extrapolation
from .bspline import BSpline
from .chebyshev import Chebyshev
from .cones import CONES, Cone, cone
from .rbf import GaussianRBF
from .residuals import RESIDUALS, Residual, ResidualName
from .transfer import transfer

__all__ = [
    "BASES",
    "CONES",
    "RESIDUALS",
    "BSpline",
    "Basis",
    "Chebyshev",
    "Cone",
    "Extrapolation",
    "GaussianRBF",
    "Residual",
    "ResidualName",
    "cone",
    "make_basis",
    "transfer",
]

BASES: dict[str, type[Basis]] = {family.name: family for family in (BSpline, GaussianRBF, Chebyshev)}


def make_basis(
    name: str, *, low: Tensor, high: Tensor, intervals: int, degree: int, extrapolation: Extrapolation = "continue"
) -> Basis:
    """The basis of that family with evenly spaced pieces between ``low`` and ``high`` (n_in,).

    Raises UnknownNameError for a name that is not in ``BASES``, SettingsError for pieces or ranges that cannot be.
    """
    if name not in BASES:
        raise unknown("basis", name, BASES)
    return BASES[name].over(low, high, intervals, degree, extrapolation)
