"""The laws that the formula language has no name for: functions of scipy.special, of two columns each."""

from collections.abc import Callable
from functools import partial
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]


def _scipy(function: str, *first: int) -> Callable[[Column, Column], Column]:
    """``function`` of scipy.special with these arguments in front; scipy is loaded when it is first called."""

    def call(x: Column, y: Column) -> Column:
        found: Callable[..., Column] = getattr(import_module("scipy.special"), function)
        return found(*first, x, y)

    return call


def _sn(x: Column, y: Column) -> Column:
    """Jacobi's sn(x | m = y), the first of the four that scipy gives."""
    found: Column = import_module("scipy.special").ellipj(x, y)[0]
    return found


_legendre = partial(_scipy, "lpmv")

SPECIAL: dict[str, Callable[[Column, Column], Column]] = {
    "special/sn": _sn,
    "special/ellipkinc": _scipy("ellipkinc"),
    "special/ellipeinc": _scipy("ellipeinc"),
    "special/jv": _scipy("jv"),
    "special/yv": _scipy("yv"),
    "special/kv": _scipy("kv"),
    "special/iv": _scipy("iv"),
    "special/lpmv0": _legendre(0),
    "special/lpmv1": _legendre(1),
    "special/lpmv2": _legendre(2),
}
