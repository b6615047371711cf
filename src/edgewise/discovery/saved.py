"""What a saved run must look like before anything in it is believed: files come from anywhere."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise.formula import Front
from edgewise.nn import Model

from .calibration import KINDS, Calibration
from .weighing import effective

if TYPE_CHECKING:
    from .classification import Classification


def check(saved: Any) -> dict[str, Any]:
    """The entries of ``formula.json``, all there and each of its kind. Raises ValueError that names the first that is not."""
    saved = _checked({"known": "", "reason": None, **saved} if isinstance(saved, dict) else saved, ENTRIES)
    if saved["network"] is not None and not _is_text(saved.get("network_sha256")):
        raise ValueError("'network_sha256' is not the checksum of its network")
    if saved["calibration"] is not None and any(len(row) != len(saved["inputs"]) for row in saved["calibration"]["x"]):
        raise ValueError(f"'calibration' is not of {len(saved['inputs'])} inputs")
    return saved


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


def check_calibration(calibration: Calibration | None, model: Model | None, inputs: Sequence[str]) -> None:
    """That the network, whose errors on these rows of ``inputs`` intervals are read from, has an answer for each."""
    if calibration is None or model is None:
        return
    x = calibration.x[:, [list(inputs).index(name) for name in model.inputs]]
    with np.errstate(all="ignore"):
        if not np.isfinite(calibration.y - model.predict(x)).all():
            raise ValueError("its network has no finite answers on the rows of 'calibration'")


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and isfinite(value)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_list_of(is_sound: Callable[[Any], bool], value: Any) -> bool:
    return isinstance(value, list) and all(map(is_sound, value))


def _is_dict_of(is_sound: Callable[[Any], bool], value: Any) -> bool:
    return isinstance(value, dict) and all(map(is_sound, value.values()))


def _has(entries: "Entries", value: Any) -> bool:
    return isinstance(value, dict) and all(name in value and sound(value[name]) for name, (sound, _) in entries.items())


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_names(value: Any) -> bool:
    return _is_list_of(_is_text, value) and 0 < len(value) == len(set(value))


def _are_ranges(value: Any) -> bool:
    return _is_dict_of(lambda ends: _is_list_of(_is_number, ends) and len(ends) == 2 and ends[0] <= ends[1], value)


def _are_classes(value: Any) -> bool:
    """Two at least, in their order, and all of a kind that can be sorted."""
    if not (_is_list_of(_is_text, value) or _is_list_of(lambda v: isinstance(v, bool) or _is_number(v), value)):
        return False
    return len(value) > 1 and all(low < high for low, high in pairwise(value))


def _is_step(value: Any) -> bool:
    return isinstance(value, dict) and {"log_loss", "formulas"} <= set(value) and _is_loss(value["log_loss"])


def _is_loss(value: Any) -> bool:
    return value is None or _is_number(value)


def _is_error(value: Any) -> bool:
    """Not negative; null where it is not known."""
    return value is None or (_is_number(value) and value >= 0)


def _is_shape(value: Any) -> bool:
    """Nodes of two levels or more; a pair is of nodes that add and nodes that multiply."""

    def is_level(level: Any) -> bool:
        return _is_count(level) or (_is_list_of(_is_count, level) and len(level) == 2)

    return _is_list_of(is_level, value) and len(value) > 1


def _is_calibration(value: Any) -> bool:
    """Rows of equal number, one at least, with weights that an interval can count by."""
    if not _has(OF_A_CALIBRATION, value):
        return False
    rows, weights = len(value["y"]), value["weights"]
    if not rows or len(value["x"]) != rows or len(value["residuals"]) != rows:
        return False
    return weights is None or (len(weights) == rows and _can_be_counted_by(weights))


def _can_be_counted_by(weights: list[float]) -> bool:
    with np.errstate(all="ignore"):
        return min(weights) >= 0 and isfinite(effective(np.array(weights, dtype=float), len(weights)))


Entries = Mapping[str, tuple[Callable[[Any], bool], str]]
ERRORS: Entries = {"rmse": (_is_error, "an error, or null"), "r2": (_is_loss, "a number, or null")}
OF_A_NETWORK: Entries = {"shape": (_is_shape, "a list of levels"), "rate": (_is_loss, "a number, or null"), **ERRORS}
OF_A_FORMULA: Entries = {
    "target": (_is_text, "a column's name"),
    "text": (_is_text, "a text"),
    "symbols": (lambda value: _is_dict_of(_is_text, value), "columns by name"),
    "units": (lambda value: _is_dict_of(_is_text, value), "units by column"),
    "rmse": (_is_error, "an error, or null"),
    "r2": (_is_loss, "a number, or null"),
    "constant_errors": (lambda value: _is_dict_of(_is_error, value), "errors by constant"),
}
OF_A_STEP: Entries = {
    "name": (_is_text, "a text"),
    "found": (_is_text, "a text"),
    "error": (_is_error, "an error, or null"),
    "seconds": (_is_number, "a number"),
}
OF_A_CALIBRATION: Entries = {
    "kind": (lambda value: value in KINDS, "one of the kinds"),
    "x": (lambda value: _is_list_of(lambda row: _is_list_of(_is_number, row), value), "rows of numbers"),
    "y": (lambda value: _is_list_of(_is_number, value), "numbers"),
    "residuals": (lambda value: _is_list_of(_is_number, value), "numbers"),
    "weights": (lambda value: value is None or _is_list_of(_is_number, value), "numbers, or null"),
}
OF_A_REASON: Entries = {
    "next_best": (_is_text, "a text"),
    "nats": (_is_loss, "a number, or null"),
    "candidates": (_is_count, "a whole number"),
    "inner_rmse": (_is_error, "an error, or null"),
    "outer_rmse": (_is_error, "an error, or null"),
}
ENTRIES: Entries = {
    "target": (_is_text, "a column's name"),
    "inputs": (_are_names, "a list of columns' names, each once"),
    "formulas": (lambda value: _is_list_of(lambda row: _has(OF_A_FORMULA, row), value), "a list of formulas"),
    "pick": (lambda value: value is None or _is_count(value), "the number of a formula, or null"),
    "floor": (lambda value: _is_number(value) and value >= 0, "a number of 0 or more"),
    "verified": (lambda value: isinstance(value, bool), "true or false"),
    "network": (lambda value: value is None or _has(OF_A_NETWORK, value), "shape and errors of a network, or null"),
    "rows": (_is_count, "a whole number"),
    "seconds": (_is_number, "a number"),
    "seed": (_is_count, "a whole number"),
    "cut": (lambda value: _is_list_of(_is_text, value), "a list of texts"),
    "warnings": (lambda value: _is_list_of(_is_text, value), "a list of texts"),
    "steps": (lambda value: _is_list_of(lambda step: _has(OF_A_STEP, step), value), "a list of steps"),
    "sample": (lambda value: isinstance(value, list) and bool(value), "rows of numbers, one at least"),
    "ranges": (_are_ranges, "two numbers for each column, the lower one first"),
    "test": (lambda value: _has(ERRORS, value), "errors on test rows"),
    "calibration": (lambda value: value is None or _is_calibration(value), "rows to read intervals from, or null"),
    "reason": (lambda value: value is None or _has(OF_A_REASON, value), "what spoke for the pick, or null"),
    "levels": (lambda value: _is_dict_of(_are_names, value), "words by column, each once"),
    "known": (_is_text, "a text"),
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
