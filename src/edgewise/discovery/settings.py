"""What every search is told: checked once, and made plain numbers (NumPy's will do)."""

from numbers import Integral, Real
from typing import Any

from edgewise.errors import SettingsError


def checked(seed: Any, time_budget: Any, effort: Any) -> tuple[int, float, float]:
    """The seed, the seconds and the effort. Raises SettingsError for what they cannot be."""
    if not isinstance(seed, Integral) or isinstance(seed, bool) or seed < 0:
        raise SettingsError(f"seed is a whole number of 0 or more, got {seed!r}.")
    if not _is_number(time_budget) or not float(time_budget) > 0:
        raise SettingsError(f"time_budget is a number of seconds above 0, got {time_budget!r}.")
    if not _is_number(effort) or not 0 < float(effort) < float("inf"):
        raise SettingsError(
            f"effort multiplies the work of the search: a number above 0 (1 by default), got {effort!r}."
        )
    return int(seed), float(time_budget), float(effort)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def checked_accuracy(accuracy: Any) -> float:
    """How well the target is known. Raises SettingsError for what is no number of 0 or more."""
    if not _is_number(accuracy) or not 0 <= float(accuracy) < float("inf"):
        raise SettingsError(
            f"accuracy says by how much the target may be off, in its own unit: 0 or more, got {accuracy!r}."
        )
    return float(accuracy)
