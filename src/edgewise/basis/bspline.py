"""B-splines by local support: of all functions of an input only ``degree + 1`` are not zero at a point.

The knots of one input run over ``intervals`` pieces between ``low`` and ``high`` and go on for ``degree`` further pieces
on each side, so that the basis is complete up to both borders (C. de Boor, *A Practical Guide to Splines*, 2001, ch. IX).
The border knots are not repeated, so that uniform knots stay uniform to the end.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from edgewise.errors import SettingsError

from .base import Basis, Extrapolation, check_pieces, check_range


class BSpline(Basis):
    """B-splines of degree 0 to 5 on uniform or free knots.

    ``knots`` is (n_in, intervals + 2 * degree + 1), rising in each row. ``BSpline.over(low, high, ...)`` makes uniform ones.
    """

    name = "bspline"

    def __init__(self, knots: Tensor, intervals: int, degree: int, extrapolation: Extrapolation = "continue") -> None:
        check_pieces(intervals, degree, 0, 5)
        if knots.ndim != 2 or knots.shape[1] != intervals + 2 * degree + 1:
            raise SettingsError(
                f"{intervals} intervals of degree {degree} need knots of shape (n_in, {intervals + 2 * degree + 1}), "
                f"got {tuple(knots.shape)}."
            )
        super().__init__(knots, intervals, degree, extrapolation)
        check_range(self.low, self.high)
        if not bool((knots.diff(dim=1) >= 0).all()):
            raise SettingsError("knots must not fall along a row.")

    @classmethod
    def over(
        cls, low: Tensor, high: Tensor, intervals: int, degree: int, extrapolation: Extrapolation = "continue"
    ) -> "BSpline":
        """Uniform knots between ``low`` and ``high`` (n_in,)."""
        check_pieces(intervals, degree, 0, 5)
        steps = torch.arange(-degree, intervals + degree + 1, dtype=low.dtype, device=low.device) / intervals
        return cls(torch.lerp(low[:, None], high[:, None], steps), intervals, degree, extrapolation)

    @classmethod
    def at(cls, breaks: Tensor, degree: int, extrapolation: Extrapolation = "continue") -> "BSpline":
        """Free knots: pieces that meet at ``breaks`` (n_in, intervals + 1), rising.

        The ``degree`` knots beyond each border repeat the width of the border piece.
        """
        ahead = torch.arange(1, degree + 1, dtype=breaks.dtype, device=breaks.device)
        before = breaks[:, :1] - ahead.flip(0) * (breaks[:, 1:2] - breaks[:, :1])
        after = breaks[:, -1:] + ahead * (breaks[:, -1:] - breaks[:, -2:-1])
        return cls(torch.cat([before, breaks, after], 1), breaks.shape[1] - 1, degree, extrapolation)

    @property
    def low(self) -> Float[Tensor, " n_in"]:
        """The first inner knot of each input."""
        return self.knots[:, self.degree]

    @property
    def high(self) -> Float[Tensor, " n_in"]:
        """The last inner knot of each input."""
        return self.knots[:, self.degree + self.intervals]

    @property
    def breaks(self) -> Float[Tensor, "n_in breaks"]:
        """Where pieces meet, borders included: (n_in, intervals + 1)."""
        return self.knots[:, self.degree : self.degree + self.intervals + 1]

    def piece(self, x: Float[Tensor, "*batch n_in"]) -> Tensor:
        """The number of the piece, 0 to intervals - 1, in which each x lies; the border pieces reach to infinity.

        A piece without width (knots that meet) holds no x, at the borders neither.
        """
        columns = x.reshape(-1, self.n_in).T.contiguous()
        inner = self.breaks[:, 1:-1].contiguous()
        first = torch.searchsorted(inner, self.low.unsqueeze(1).contiguous(), right=True)
        last = torch.searchsorted(inner, self.high.unsqueeze(1).contiguous())
        found = torch.searchsorted(inner, columns, right=True).clamp(first, last)
        return found.T.reshape(x.shape)

    def points(self, per_interval: int) -> Float[Tensor, "points n_in"]:
        """Points over the range of each input, evenly spread inside each piece, borders included."""
        within = torch.arange(per_interval, dtype=self.knots.dtype, device=self.knots.device) / per_interval
        starts, widths = self.breaks[:, :-1], self.breaks.diff(dim=1)
        spread = (starts.unsqueeze(-1) + widths.unsqueeze(-1) * within).flatten(1)
        return torch.cat([spread, self.breaks[:, -1:]], 1).T

    def inside(self, x: Float[Tensor, "*batch n_in"]) -> tuple[Tensor, Tensor]:
        """Values and slopes, each scattered from the ``degree + 1`` that are not zero."""
        piece = self.piece(x.detach())
        near = piece.unsqueeze(-1) + torch.arange(1, 2 * self.degree + 1, device=x.device)
        knots = self.knots.expand(*x.shape, -1).gather(-1, near).unbind(-1)
        values, slopes = (torch.stack(row, -1) for row in self.triangle(x, knots))
        where = piece.unsqueeze(-1) + torch.arange(self.degree + 1, device=x.device)
        empty = x.new_zeros(*x.shape, self.n_basis)
        return empty.scatter(-1, where, values), empty.scatter(-1, where, slopes)

    def triangle(self, x: Tensor, knots: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Values and slopes of the ``degree + 1`` functions that are not zero at x, shaped like x.

        ``knots`` are the 2 degree ones around the piece of each x, t[i-degree+1] ... t[i+degree], shaped like x. By the triangle
        of de Boor: each row grows out of the one of a degree less.
        """
        ahead = [knots[self.degree + r] - x for r in range(self.degree)]
        behind = [x - knots[self.degree - 1 - r] for r in range(self.degree)]
        row = [torch.ones_like(x)]
        slopes = [torch.zeros_like(x)]
        for d in range(1, self.degree + 1):
            shares = [row[r] / (ahead[r] + behind[d - 1 - r]) for r in range(d)]
            if d == self.degree:
                rise = [d * share for share in shares]
                slopes = [-rise[0], *(a - b for a, b in pairwise(rise)), rise[-1]]
            falling = [ahead[r] * shares[r] for r in range(d)]
            rising = [behind[d - 1 - r] * shares[r] for r in range(d)]
            row = [falling[0], *(a + b for a, b in zip(rising, falling[1:], strict=False)), rising[-1]]
        return row, slopes
