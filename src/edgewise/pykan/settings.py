"""Numbers that a user gives, checked by name before anything is computed with them."""

from collections.abc import Iterable
from math import inf, isfinite
from numbers import Integral, Real
from typing import Any

from edgewise.errors import SettingsError

from .shape import level


def whole(name: str, value: Any, least: int = 0) -> int:
    """The value as a whole number of at least so much. Raises SettingsError."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise SettingsError(f"{name} is one whole number of {least} or more, got {value!r}.")
    return int(value)


def number(name: str, value: Any, least: float = -inf) -> float:
    """The value as a finite number of at least so much. Raises SettingsError."""
    if not isinstance(value, Real) or isinstance(value, bool) or not isfinite(value) or value < least:
        bound = "" if least == -inf else f" of {least:g} or more"
        raise SettingsError(f"{name} is one finite number{bound}, got {value!r}.")
    return float(value)


def pair(name: str, value: Any) -> tuple[float, float]:
    """(low, high), the second above the first. Raises SettingsError."""
    ends = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else []
    if len(ends) != 2:
        raise SettingsError(f"{name} is a pair (low, high), got {value!r}.")
    low, high = (number(name, end) for end in ends)
    if not low < high:
        raise SettingsError(f"{name} is a pair (low, high) with low below high, got {value!r}.")
    return low, high


def levels(width: Any, mult_arity: int) -> list[int | list[int]]:
    """pykan's width as a shape of ours. Raises SettingsError unless it is a sequence of levels."""
    if not isinstance(width, Iterable) or isinstance(width, str):
        raise SettingsError(f"width names each level, for example [2, 5, 1]; got {width!r}.")
    return [level(entry, whole("mult_arity", mult_arity, 1)) for entry in width]
