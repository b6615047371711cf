"""Chebyshev polynomials over the range of each input (S. Sidharth et al., "Chebyshev polynomial-based KANs", 2024).

No tanh before the polynomials: the range is known and the extrapolation is the house's.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from .base import Basis, Extrapolation, check_pieces, check_range


class Chebyshev(Basis):
    """T_0 ... T_m with m = intervals + degree - 1, on u = x scaled to [-1, 1]; ``knots`` (n_in, 2) are the borders."""

    name = "chebyshev"

    @classmethod
    def over(
        cls, low: Tensor, high: Tensor, intervals: int, degree: int, extrapolation: Extrapolation = "continue"
    ) -> "Chebyshev":
        """Polynomials between ``low`` and ``high`` (n_in,)."""
        check_pieces(intervals, degree, 1, 5)
        check_range(low, high)
        return cls(torch.stack([low, high], 1), intervals, degree, extrapolation)

    @property
    def low(self) -> Float[Tensor, " n_in"]:
        """Where u = -1."""
        return self.knots[:, 0]

    @property
    def high(self) -> Float[Tensor, " n_in"]:
        """Where u = 1."""
        return self.knots[:, 1]

    def inside(self, x: Float[Tensor, "*batch n_in"]) -> tuple[Tensor, Tensor]:
        """T_{m+1} = 2 u T_m - T_{m-1}, and U_{m+1} = 2 u U_m - U_{m-1} with T_m' = m U_{m-1}."""
        scale = 2 / (self.high - self.low)
        u = (x - self.low) * scale - 1
        first, second = [torch.ones_like(u), u], [torch.ones_like(u), 2 * u]
        for _ in range(self.n_basis - 2):
            first.append(2 * u * first[-1] - first[-2])
            second.append(2 * u * second[-1] - second[-2])
        slopes = [torch.zeros_like(u), *(m * second[m - 1] for m in range(1, self.n_basis))]
        return torch.stack(first[: self.n_basis], -1), torch.stack(slopes[: self.n_basis], -1) * scale.unsqueeze(-1)
