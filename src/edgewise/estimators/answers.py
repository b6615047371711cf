"""Answers of a discovery for rows of an estimator: never NaN without a word, and a word where the known range ends."""

import warnings
from collections.abc import Mapping

import numpy as np

from edgewise.discovery import Discovery
from edgewise.errors import EdgewiseWarning, FormulaError, SettingsError, ValuesError
from edgewise.formula import Formula

OUTSIDE = ("warn", "ignore", "raise")
SPARE = 0.1  # of the range: rows held out of a sample leave its range by a little, which says nothing
SHOWN = 5  # columns in one message


def answer(discovery: Discovery, columns: Mapping[str, np.ndarray], use: str, index: int | None) -> np.ndarray:
    """Answers (rows,) of ``use``, or of formula ``index`` of the front; of what is trusted where neither is given.

    What is trusted answers with numbers only: rows where the formula has no real value go to the network, or to the
    nearest simpler formula that has one (EdgewiseWarning). A formula that was asked for by name keeps its NaN, and warns.
    """
    require_use(use)
    if index is not None:
        return _spoken(_of_formula(discovery.front.at(index), columns), "")
    if (use or discovery.trusted) == "network":
        return _of_network(discovery, columns)
    if discovery.formula is None:
        raise FormulaError("no formula was found; ask the network with use='network'.")
    answers = _of_formula(discovery.formula, columns)
    return _spoken(answers, "") if use else _filled(discovery, columns, answers)


def require_use(use: str) -> None:
    """SettingsError where ``use`` is none of the ways to answer; ``""`` is what is trusted."""
    if use not in ("", "formula", "network"):
        raise SettingsError(f"use is 'formula' or 'network', got {use!r}.")


def speak_of_outside(
    ranges: Mapping[str, tuple[float, float]], columns: Mapping[str, np.ndarray], outside: str
) -> None:
    """Warn (EdgewiseWarning) or raise (ValuesError) of rows that lie far outside the ranges that were learned from."""
    if outside not in OUTSIDE:
        raise SettingsError(f"outside is one of {', '.join(map(repr, OUTSIDE))}, got {outside!r}.")
    if outside == "ignore":
        return
    spare = SPARE if outside == "warn" else 1e-9
    found = [note for name, ends in ranges.items() if (note := _beyond(name, columns[name], ends, spare))]
    if not found:
        return
    text = f"{', '.join(found[:SHOWN])}{', ...' if len(found) > SHOWN else ''}: outside what was learned from."
    if outside == "raise":
        raise ValuesError(f"{text} Leave these rows out, or set outside='warn' or 'ignore'.")
    warnings.warn(f"{text} Set outside='ignore' if that is meant.", EdgewiseWarning, stacklevel=4)


def _beyond(name: str, column: np.ndarray, ends: tuple[float, float], spare: float) -> str:
    low, high = ends
    room = spare * (high - low)
    rows = int(np.sum((column < low - room) | (column > high + room)))
    return f"{name!r} leaves {low:g} to {high:g} in {rows} of {len(column)} rows" if rows else ""


def _of_formula(formula: Formula, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    rows = len(next(iter(columns.values())))
    return np.broadcast_to(formula.predict(columns), (rows,)).astype(np.float64)


def _of_network(discovery: Discovery, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    if discovery.model is None:
        raise FormulaError("there is no network (`discovery_` notes why); ask the formula with use='formula'.")
    return discovery.by_network(columns)


def _filled(discovery: Discovery, columns: Mapping[str, np.ndarray], answers: np.ndarray) -> np.ndarray:
    missing = ~np.isfinite(answers)
    if not missing.any():
        return answers
    _spoken(answers, " These rows are answered by the network, or by a simpler formula of equations_.")
    rows = {name: column[missing] for name, column in columns.items()}
    found = np.full(missing.sum(), np.nan)
    if discovery.model is not None:
        found = _of_network(discovery, rows)
    for formula in reversed(list(discovery.front)):
        found = np.where(np.isfinite(found), found, _of_formula(formula, rows))
    if not np.isfinite(found).all():
        raise FormulaError("neither formula nor network has a real value for some rows. Leave these rows out.")
    answers[missing] = found
    return answers


def _spoken(answers: np.ndarray, then: str) -> np.ndarray:
    if missing := int(np.sum(~np.isfinite(answers))):
        text = f"the formula has no real value in {missing} of {len(answers)} rows.{then}"
        warnings.warn(text, EdgewiseWarning, stacklevel=5)
    return answers
