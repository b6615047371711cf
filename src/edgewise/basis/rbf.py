"""Gaussian bumps at evenly spaced centres (Z. Li, "Kolmogorov-Arnold networks are radial basis function networks", 2024)."""

import torch
from jaxtyping import Float
from torch import Tensor

from .base import Basis, Extrapolation, check_pieces, check_range


class GaussianRBF(Basis):
    """exp(-((x - c) / h)^2) at ``intervals + degree`` centres c that lie h apart, borders included.

    ``knots`` (n_in, n_basis) are the centres. They stand for no constant exactly: no partition of unity.
    """

    name = "rbf"

    @classmethod
    def over(
        cls, low: Tensor, high: Tensor, intervals: int, degree: int, extrapolation: Extrapolation = "continue"
    ) -> "GaussianRBF":
        """Centres from ``low`` to ``high`` (n_in,)."""
        check_pieces(intervals, degree, 1, 5)
        check_range(low, high)
        steps = torch.linspace(0, 1, intervals + degree, dtype=low.dtype, device=low.device)
        return cls(torch.lerp(low[:, None], high[:, None], steps), intervals, degree, extrapolation)

    @property
    def low(self) -> Float[Tensor, " n_in"]:
        """The first centre of each input."""
        return self.knots[:, 0]

    @property
    def high(self) -> Float[Tensor, " n_in"]:
        """The last centre of each input."""
        return self.knots[:, -1]

    def inside(self, x: Float[Tensor, "*batch n_in"]) -> tuple[Tensor, Tensor]:
        """Values and slopes of every bump."""
        width = ((self.high - self.low) / (self.n_basis - 1)).unsqueeze(-1)
        u = (x.unsqueeze(-1) - self.knots) / width
        values = torch.exp(-(u**2))
        return values, -2 * u / width * values
