"""The rows that tell how far off the pick is: what its errors and its intervals are read from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgewise.data import Table
from edgewise.formula import Formula

from .judge import Judged
from .prepare import Prepared
from .weighing import Weights, r2, rms

MOST_KEPT = 2000  # rows kept with the result

TEST, HELD_OUT, LEFT_OUT = "test", "held out", "left out once"
"""Rows that no step looked at; rows that chose among candidates; all rows, each left out once by the linearised fit."""
KINDS = (TEST, HELD_OUT, LEFT_OUT)


@dataclass(frozen=True)
class Calibration:
    """Rows with the residuals of the pick: ``x`` (rows, inputs) in the order of the inputs, ``y``, ``residuals`` (rows,),
    and ``weights`` (rows,) or None.

    ``kind`` says what the residuals are worth: "test" (no step saw these rows), "held out" (they chose among the
    candidates, so they flatter a little), or "left out once" (small tables: residuals as if that row had been left out).
    """

    kind: str
    x: np.ndarray
    y: np.ndarray
    residuals: np.ndarray
    weights: np.ndarray | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a file."""
        weights = None if self.weights is None else self.weights.tolist()
        columns = {"x": self.x.tolist(), "y": self.y.tolist(), "residuals": self.residuals.tolist()}
        return {"kind": self.kind, **columns, "weights": weights}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "Calibration":
        """What `as_dict` wrote."""
        weights = None if saved["weights"] is None else np.array(saved["weights"], dtype=float)
        y = np.array(saved["y"], dtype=float)
        x = np.array(saved["x"], dtype=float).reshape(len(y), -1)
        return cls(str(saved["kind"]), x, y, np.array(saved["residuals"], dtype=float), weights)


@dataclass(frozen=True)
class Tested:
    """The pick on rows that no step saw: nan where there are none; and the rows for intervals, None without a pick."""

    rmse: float = np.nan
    r2: float = np.nan
    calibration: Calibration | None = None
    warnings: tuple[str, ...] = ()


def tested(pick: Judged | None, prepared: Prepared) -> Tested:
    """Errors of the pick on the test rows, and what to calibrate intervals on."""
    if pick is None:
        return Tested()
    if not prepared.test.rows:
        kind = LEFT_OUT if prepared.small else HELD_OUT
        return Tested(calibration=_kept(kind, prepared.held, pick.residuals, prepared.held.weights))
    test = prepared.test
    residuals = test.y - _answers(pick.formula, test)
    defined = np.abs(residuals) < 1e150
    if not defined.all():
        note = f"the formula has no finite value in {np.sum(~defined)} of {test.rows} test rows, which no step saw."
        calibration = _kept(HELD_OUT, prepared.held, pick.residuals, prepared.held.weights)
        return Tested(calibration=calibration, warnings=(note,))
    calibration = _kept(TEST, test, residuals, test.weights)
    return Tested(rms(residuals, test.weights), r2(residuals, test.y, test.weights), calibration)


def _kept(kind: str, table: Table, residuals: np.ndarray, weights: Weights) -> Calibration:
    weights = None if weights is None else weights[:MOST_KEPT]
    return Calibration(kind, table.x[:MOST_KEPT], table.y[:MOST_KEPT], residuals[:MOST_KEPT], weights)


def _answers(formula: Formula, table: Table) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.broadcast_to(formula.predict(table), table.y.shape)
