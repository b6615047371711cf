"""What a family of one-dimensional functions must offer.

A basis gives every input its own ``n_basis`` functions. A family writes only what happens inside its range
(``inside``); what happens beyond is decided once, here, for all of them.
"""

from abc import ABC, abstractmethod
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from edgewise.errors import SettingsError, ShapeError, unknown

Extrapolation = Literal["continue", "linear", "constant", "error"]
MARGIN: dict[str, float] = {"continue": 0.05, "linear": 0.0, "constant": 0.0, "error": 0.0}


class Basis(nn.Module, ABC):
    """``n_basis`` functions of each of ``n_in`` inputs.

    ``knots`` (n_in, n_knots) is the only buffer: where the functions of each input sit. Beyond the range
    [``low``, ``high``] of an input, ``extrapolation`` decides: ``"continue"`` (default) goes on with the same formula for
    5 % of the range and then linearly, ``"linear"`` starts to be linear at once, ``"constant"`` keeps the value of the
    border, ``"error"`` raises ShapeError.
    """

    name: str
    knots: Tensor

    def __init__(self, knots: Tensor, intervals: int, degree: int, extrapolation: Extrapolation = "continue") -> None:
        super().__init__()
        if extrapolation not in MARGIN:
            raise unknown("extrapolation", extrapolation, MARGIN)
        self.register_buffer("knots", knots)
        self.intervals = intervals
        self.degree = degree
        self.extrapolation: Extrapolation = extrapolation

    @classmethod
    @abstractmethod
    def over(
        cls, low: Tensor, high: Tensor, intervals: int, degree: int, extrapolation: Extrapolation = "continue"
    ) -> "Basis":
        """The basis with evenly spaced pieces between ``low`` and ``high`` (n_in,)."""

    @property
    @abstractmethod
    def low(self) -> Float[Tensor, " n_in"]:
        """Where the range of each input begins."""

    @property
    @abstractmethod
    def high(self) -> Float[Tensor, " n_in"]:
        """Where the range of each input ends."""

    @abstractmethod
    def inside(self, x: Float[Tensor, "*batch n_in"]) -> tuple[Tensor, Tensor]:
        """Values and slopes (*batch, n_in, n_basis) by the family's own formula."""

    @property
    def n_in(self) -> int:
        """The number of inputs."""
        return self.knots.shape[0]

    @property
    def n_basis(self) -> int:
        """The number of functions of each input."""
        return self.intervals + self.degree

    def values_and_slopes(
        self, x: Float[Tensor, "*batch n_in"]
    ) -> tuple[Float[Tensor, "*batch n_in n_basis"], Float[Tensor, "*batch n_in n_basis"]]:
        """Every function of every input at ``x``, and its derivative."""
        if x.shape[-1] != self.n_in:
            raise ShapeError(f"the basis holds {self.n_in} inputs but x has {x.shape[-1]} columns.")
        self.require_inside(x)
        near, beyond = self.near(x)
        return self.extended(*self.inside(near), beyond.unsqueeze(-1))

    def near(self, x: Float[Tensor, "*batch n_in"]) -> tuple[Tensor, Tensor]:
        """The nearest points at which the family's own formula holds, and how far beyond them x lies."""
        margin = MARGIN[self.extrapolation] * (self.high - self.low)
        near = torch.minimum(torch.maximum(x, self.low - margin), self.high + margin)
        return near, x - near

    def extended(self, values: Tensor, slopes: Tensor, beyond: Tensor) -> tuple[Tensor, Tensor]:
        """Values and slopes at x, from those at the points `near` it and the way ``beyond``."""
        if self.extrapolation == "constant":
            nothing = torch.where(beyond.isnan(), beyond, torch.zeros_like(beyond))  # 0 * beyond is no number at inf
            return values + nothing, torch.where(beyond == 0, slopes, nothing)
        return values + slopes * beyond, slopes

    def require_inside(self, x: Float[Tensor, "*batch n_in"]) -> None:
        """Raise ShapeError where x leaves the range and ``extrapolation`` is "error"."""
        if self.extrapolation == "error" and not bool(((x >= self.low) & (x <= self.high)).all()):
            raise ShapeError(
                "x leaves the range of the knots, and extrapolation='error' forbids that. "
                "Move the knots, or take extrapolation='continue'."
            )

    def forward(self, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch n_in n_basis"]:
        """Every function of every input at ``x``."""
        return self.values_and_slopes(x)[0]

    def points(self, per_interval: int) -> Float[Tensor, "points n_in"]:
        """Points over the range of each input, evenly spread inside each piece, borders included."""
        steps = torch.linspace(
            0, 1, self.intervals * per_interval + 1, dtype=self.knots.dtype, device=self.knots.device
        )
        return self.low + (self.high - self.low) * steps.unsqueeze(-1)

    def with_knots(self, knots: Tensor) -> "Basis":
        """The same family and pieces on other knots of the same shape (more or fewer inputs are allowed)."""
        return type(self)(knots, self.intervals, self.degree, self.extrapolation)

    def with_range(self, low: Tensor, high: Tensor, intervals: int | None = None) -> "Basis":
        """The same family, evenly spaced over another range, with as many pieces or with ``intervals``."""
        return self.over(low, high, intervals or self.intervals, self.degree, self.extrapolation)

    def settings(self) -> dict[str, Any]:
        """What, beside the knots, makes this basis: for storage and for building one like it."""
        return {
            "name": self.name,
            "intervals": self.intervals,
            "degree": self.degree,
            "extrapolation": self.extrapolation,
        }

    def extra_repr(self) -> str:
        """For ``print(network)``."""
        return f"n_in={self.n_in}, intervals={self.intervals}, degree={self.degree}"


def check_pieces(intervals: int, degree: int, lowest_degree: int, highest_degree: int) -> None:
    """Raise SettingsError unless there is a piece at least and the degree is one that the family has."""
    if intervals < 1:
        raise SettingsError(f"intervals must be 1 or more, got {intervals}.")
    if not lowest_degree <= degree <= highest_degree:
        raise SettingsError(f"degree must lie between {lowest_degree} and {highest_degree}, got {degree}.")


def check_range(low: Tensor, high: Tensor) -> None:
    """Raise SettingsError unless ``low < high`` for every input."""
    if not bool((low < high).all()):
        bad = int((~(low < high)).nonzero()[0, 0])
        raise SettingsError(
            f"a basis needs low < high for every input, but input {bad} runs from {low[bad]:g} to {high[bad]:g}."
        )
