"""What a saved run must look like before anything in it is believed: files come from anywhere."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any

from edgewise.formula import Front

if TYPE_CHECKING:
    from .classification import Classification


def check(saved: Any) -> dict[str, Any]:
    """The entries of ``formula.json``, all there and each of its kind. Raises ValueError that names the first that is not."""
    return _checked(saved, ENTRIES)


def check_classification(saved: Any) -> dict[str, Any]:
    """The same of ``classification.json``."""
    return _checked(saved, OF_CLASSES)


def check_log_odds(found: "Classification") -> None:
    """That formulas and network are of these classes and columns, and that the pick is one of the formulas."""
    others = len(found.classes) - 1  # the first class is the reference
    if not found.picked < len(found.steps):
        raise ValueError(f"its pick is number {found.picked} of {len(found.steps)} steps")
    if any(len(step.formulas) != others for step in found.steps):
        raise ValueError(f"a step is not made of {others} formulas for {len(found.classes)} classes")
    if found.model.inputs != found.inputs or not others <= len(found.model.targets) <= len(found.classes):
        raise ValueError("its network is of other columns or classes")
    if {column for step in found.steps for formula in step.formulas for column in formula.inputs} - set(found.inputs):
        raise ValueError("its formulas are of other columns")


def _checked(saved: Any, entries: "Entries") -> dict[str, Any]:
    if not isinstance(saved, dict):
        raise ValueError(f"it holds a {type(saved).__name__} where named entries were expected")
    for name, (is_sound, expected) in entries.items():
        if name not in saved or not is_sound(saved[name]):
            raise ValueError(f"{name!r} is not {expected}")
    columns = len(saved["inputs"])
    if not all(_is_list_of(_is_number, row) and len(row) == columns for row in saved["sample"]):
        raise ValueError(f"'sample' is not rows of {columns} numbers")
    if not set(saved["ranges"]) <= set(saved["inputs"]):
        raise ValueError("'ranges' names columns that are no inputs")
    return saved


def check_front(saved: Mapping[str, Any], front: Front) -> None:
    """That the formulas are a front as they stand, so that the pick is the one that was picked, in known columns."""
    if len(front) != len(saved["formulas"]):
        raise ValueError(f"of its {len(saved['formulas'])} formulas only {len(front)} can be on one front")
    if saved["pick"] is not None and not 0 <= saved["pick"] < len(front):
        raise ValueError(f"its pick is number {saved['pick']} of {len(front)} formulas")
    strange = {column for formula in front for column in formula.inputs} - set(saved["inputs"])
    if strange or any(formula.target != saved["target"] for formula in front):
        raise ValueError("its formulas are of other columns")


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and isfinite(value)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_list_of(is_sound: Callable[[Any], bool], value: Any) -> bool:
    return isinstance(value, list) and all(map(is_sound, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_names(value: Any) -> bool:
    return _is_list_of(_is_text, value) and 0 < len(value) == len(set(value))


def _are_ranges(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_list_of(_is_number, ends) and len(ends) == 2 for ends in value.values())


def _are_classes(value: Any) -> bool:
    """Two at least, in their order, and all of a kind that can be sorted."""
    if not (_is_list_of(_is_text, value) or _is_list_of(lambda v: isinstance(v, bool) or _is_number(v), value)):
        return False
    return len(value) > 1 and all(low < high for low, high in pairwise(value))


def _is_step(value: Any) -> bool:
    return isinstance(value, dict) and {"log_loss", "formulas"} <= set(value) and _is_loss(value["log_loss"])


def _is_loss(value: Any) -> bool:
    return value is None or _is_number(value)


Entries = Mapping[str, tuple[Callable[[Any], bool], str]]
ENTRIES: Entries = {
    "target": (_is_text, "a column's name"),
    "inputs": (_are_names, "a list of columns' names, each once"),
    "formulas": (lambda value: _is_list_of(lambda row: isinstance(row, dict), value), "a list of formulas"),
    "pick": (lambda value: value is None or _is_count(value), "the number of a formula, or null"),
    "floor": (_is_number, "a number"),
    "verified": (lambda value: isinstance(value, bool), "true or false"),
    "network": (lambda value: value is None or isinstance(value, dict), "errors of a network, or null"),
    "rows": (_is_count, "a whole number"),
    "seconds": (_is_number, "a number"),
    "seed": (_is_count, "a whole number"),
    "cut": (lambda value: _is_list_of(_is_text, value), "a list of texts"),
    "warnings": (lambda value: _is_list_of(_is_text, value), "a list of texts"),
    "sample": (lambda value: isinstance(value, list) and bool(value), "rows of numbers, one at least"),
    "ranges": (_are_ranges, "two numbers for each column"),
}
OF_CLASSES: Entries = {
    "classes": (_are_classes, "two labels or more, sorted"),
    "picked": (_is_count, "the number of a step"),
    "as_good": (lambda value: isinstance(value, bool), "true or false"),
    "network_log_loss": (_is_loss, "a number, or null"),
    "network_sha256": (_is_text, "the checksum of its network"),
    "steps": (lambda value: _is_list_of(_is_step, value) and bool(value), "formulas with their losses"),
    **{name: ENTRIES[name] for name in ("inputs", "rows", "seed", "cut", "sample", "ranges")},
}
