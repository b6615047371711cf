"""Levels and splines as pykan writes them."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from edgewise.errors import SettingsError
from edgewise.nn import KAN

BASES = {"silu": "silu", "identity": "identity", "zero": "none"}


@dataclass(frozen=True)
class ActFun:
    """One layer's splines: ``mask`` (n_in, n_out) is 1 where an edge is a spline, 0 where it is named or gone."""

    mask: Tensor
    grid: Tensor
    coef: Tensor


def act_fun(network: KAN) -> list[ActFun]:
    """The splines of each layer, as copies."""
    return [
        ActFun(layer.mask.T.clone(), layer.basis.knots.clone(), layer.coefficients.detach().transpose(0, 1).clone())
        for layer in network
    ]


def level(entry: Any, mult_arity: int) -> int | list[int]:
    """One level of pykan's width as a level of our shape."""
    if isinstance(entry, int) and not isinstance(entry, bool):
        return entry
    if isinstance(entry, list | tuple) and len(entry) == 2 and all(type(n) is int and n >= 0 for n in entry):
        return [1] * entry[0] + [mult_arity] * entry[1]
    raise SettingsError(f"an entry of width is a number or a pair [adding, multiplying], got {entry!r}.")
