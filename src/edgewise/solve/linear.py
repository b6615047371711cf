"""Linear least squares that give the same bytes every time.

``torch.linalg.lstsq`` on a CPU takes LAPACK's gelsy by default, which gave 14 different answers to 200 identical calls.
A QR decomposition of the design gives one, and is backward stable.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def fit_linear(
    design: Float[Tensor, "*batch rows columns"], target: Float[Tensor, "*batch rows outputs"], ridge: float = 1e-12
) -> Float[Tensor, "*batch columns outputs"]:
    """The coefficients c that minimise |design c - target|^2 + (ridge * size)^2 |c|^2, column by column.

    ``ridge`` is relative to the largest column of the design; it decides what the rows leave open (a column of zeros
    gets zero) and is below rounding elsewhere.
    """
    columns = design.shape[-1]
    size = torch.linalg.vector_norm(design, dim=-2).amax(-1)
    size = torch.where(size > 0, size, torch.ones_like(size))
    floor = ridge * size[..., None, None] * torch.eye(columns, dtype=design.dtype, device=design.device)
    padding = target.new_zeros(*target.shape[:-2], columns, target.shape[-1])
    q, r = torch.linalg.qr(torch.cat([design, floor], -2))
    return torch.linalg.solve_triangular(r, q.mT @ torch.cat([target, padding], -2), upper=True)
