"""One edge, seen from outside."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from edgewise.primitives import Primitive

if TYPE_CHECKING:
    from .layer import KANLayer


class EdgeId(NamedTuple):
    """The function from node ``source`` of a layer to its sum ``target``. Prints as ``(0, 1->0)``."""

    layer: int
    source: int
    target: int

    def __str__(self) -> str:
        return f"({self.layer}, {self.source}->{self.target})"


class Constants(NamedTuple):
    """The numbers of a fixed edge: ``outer_scale * f(inner_scale * x + inner_shift) + outer_shift``."""

    inner_scale: float = 1.0
    inner_shift: float = 0.0
    outer_scale: float = 1.0
    outer_shift: float = 0.0
    exponent: float = 1.0


IDENTITY = Constants()


@dataclass(frozen=True)
class Edge:
    """What one edge of a layer is now: a spline, a primitive with its constants, or nothing. Call it on points."""

    layer: "KANLayer"
    source: int
    target: int
    kind: Literal["spline", "fixed", "absent"]
    primitive: Primitive | None = None
    constants: Constants | None = None

    def __call__(self, x: Float[Tensor, " points"]) -> Float[Tensor, " points"]:
        """The edge's function at ``x``, without gradient."""
        if self.kind == "absent":
            return torch.zeros_like(x)
        with torch.no_grad():
            if self.primitive is not None and self.constants is not None:
                return apply_primitive(self.primitive, x, x.new_tensor(self.constants).unsqueeze(0).T.squeeze(-1))
            row = self.layer.basis.low.to(x).repeat(len(x), 1)  # the other inputs stay in their own ranges
            row[:, self.source] = x
            features = self.layer.features(row)[:, self.source]
            return features @ self.layer.effective_weight()[self.source, :, self.target]

    @property
    def range(self) -> tuple[float, float]:
        """Where the knots of this edge's input begin and end."""
        basis = self.layer.basis
        return float(basis.low[self.source]), float(basis.high[self.source])


def apply_primitive(primitive: Primitive, x: Tensor, constants: Tensor) -> Tensor:
    """``c f(a x + b) + d`` with the five constants along the first axis of ``constants``."""
    inner_scale, inner_shift, outer_scale, outer_shift, exponent = constants
    inner = inner_scale * x + inner_shift
    f = primitive("torch", inner, exponent) if primitive.exponent else primitive("torch", inner)
    return outer_scale * f + outer_shift
