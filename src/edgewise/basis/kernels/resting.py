"""Inputs at rest: sparse rows, such as images that are mostly black, hold one value again and again.

Where half of a batch or more lies exactly at the lower border of its inputs, the kernels pass those places over. What an
edge gives at its border is one number, so all of them together are two small matrix products: of the marks of what rests
with the edges' values there, and on the way back with the gradient.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from edgewise.basis.bspline import BSpline
from edgewise.basis.residuals import Residual

from .pieces import pieces_of

WORTH_IT = 0.5  # the share that rests, from which on the products cost less than they spare
LOOKED_AT = 8  # rows that are asked first


@dataclass(frozen=True)
class Resting:
    """``marks`` (rows, n_in), 1 where an input rests; ``features`` (n_in, n_basis + 1) there, the residual function last."""

    marks: Tensor
    features: Tensor

    @classmethod
    def of(cls, basis: BSpline, x: Tensor, residual: Residual) -> "Resting | None":
        """What rests in x (rows, n_in); None where that is too little."""
        low = basis.low
        if not _enough(x[:LOOKED_AT] == low):
            return None
        still = x == low
        if not _enough(still):
            return None
        values = torch.from_numpy(pieces_of(basis).at_low).view(basis.n_in, basis.n_basis)
        features = torch.cat([values, residual.value(low).unsqueeze(-1)], -1)
        return cls(still.to(x.dtype), features)

    def sums(self, weight: Tensor) -> Tensor:
        """(n_in, n_basis + 1, n_out) -> (rows, n_out): what the edges of inputs at rest add."""
        return self.marks @ torch.einsum("if,ifo->io", self.features, weight)

    def add_gradient(self, dw: Tensor, g: Tensor) -> None:
        """Add their part to the gradient by the weights, given that by the sums (rows, n_out)."""
        dw.addcmul_(self.features.unsqueeze(-1), (self.marks.T @ g).unsqueeze(1))


def _enough(still: Tensor) -> bool:
    return int(still.count_nonzero()) >= WORTH_IT * still.numel()
