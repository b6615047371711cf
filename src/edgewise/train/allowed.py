"""Numbers that a setting may be: what is no number fails as well as what is out of its range."""

import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

from edgewise.errors import SettingsError


def require_whole(least: int, **given: Any) -> None:
    """Raise SettingsError, with its name, for what is no whole number of ``least`` or more."""
    for name, value in given.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            raise SettingsError(f"{name} must be a whole number of {least} or more, got {name}={value!r}.")


def require_number(words: str, fits: Callable[[float], bool], **given: Any) -> None:
    """Raise SettingsError, with its name and ``words`` for what it must be, for what does not fit or is NaN."""
    for name, value in given.items():
        if not isinstance(value, Real) or isinstance(value, bool) or math.isnan(value) or not fits(float(value)):
            raise SettingsError(f"{name} must be {words}, got {name}={value!r}.")


def as_tuple(name: str, value: Any) -> tuple[Any, ...]:
    """What was given as several numbers. Raises SettingsError for one number, for text and for none at all."""
    if not isinstance(value, tuple | list):
        raise SettingsError(f"{name} must be several numbers, like {name}=(3, 6), got {name}={value!r}.")
    return tuple(value)
