"""Tables in which there is nothing to explain: the answer is one number, and the result says why."""

from typing import Any

import numpy as np
import sympy

from edgewise.data import Table
from edgewise.discovery import Calibration, Discovery
from edgewise.discovery.calibration import LEFT_OUT, MOST_KEPT
from edgewise.discovery.knowledge import Bound, knowledge
from edgewise.discovery.rest import Rest
from edgewise.errors import SettingsError
from edgewise.formula import Formula, Front, identifiers


def why_constant(x: np.ndarray, y: np.ndarray, target: str) -> str:
    """Why rows ``x`` (rows, inputs), ``y`` (rows,) give one number only; ``""`` where there is something to learn."""
    if np.ptp(y) == 0:
        return f"the target {target!r} is {y[0]:g} in all {len(y)} rows: the formula is this number."
    if not np.ptp(x, axis=0).any():
        return f"no input column varies: the formula is the mean of {target!r}."
    return ""


def require_possible(
    x: np.ndarray, y: np.ndarray, names: tuple[str, ...], target: str, weights: np.ndarray | None, said: dict[str, Any]
) -> None:
    """Check what was ``said`` to the search (arguments of `discover`) where there is nothing to search for: SettingsError for
    what cannot be, and for shapes that one number does not have."""
    table = Table({**dict(zip(names, x.T, strict=True)), target: y}, target, names)
    if (known := said.get("known")) is not None:
        Rest.read(known, names)
    _, told = knowledge(table, **{**said, "known": None})
    symbols = {identifier: column for column, identifier in identifiers(names).items()}
    value = float(np.average(y, weights=weights))
    if doubt := Bound(told, symbols, target).refuses(sympy.Float(value)):
        raise SettingsError(
            f"shapes are against the rows: nothing varies, so that the formula is {target} = {value:g}, and {doubt}. Leave the "
            "shape out, or look at the rows."
        )


def constant_discovery(
    x: np.ndarray,
    y: np.ndarray,
    names: tuple[str, ...],
    target: str,
    seed: int,
    note: str,
    weights: np.ndarray | None = None,
) -> Discovery:
    """The discovery whose only formula is the mean of ``y``; verified if the target is that number in different rows."""
    order = np.argsort(y, kind="stable")  # sums depend on their order, and the order of rows says nothing
    y, x = y[order], x[order]
    weights = None if weights is None else weights[order]
    value = float(y[0]) if np.ptp(y) == 0 else float(np.average(y, weights=weights))
    rmse = float(np.sqrt(np.average((y - value) ** 2, weights=weights)))
    symbols = {identifier: column for column, identifier in identifiers(names).items()}
    formula = Formula(target, sympy.Float(value), symbols, rmse=rmse, r2=1.0 if rmse == 0 else 0.0)
    front = Front([formula])
    front.pick(formula)
    columns = {**dict(zip(names, x.T, strict=True)), target: y}
    table = Table(columns, target, names)
    return Discovery(
        target=target,
        inputs=names,
        formula=formula,
        front=front,
        verified=rmse == 0 and bool(np.ptp(x, axis=0).any()),  # one row proves nothing
        model=None,
        network_shape=(),
        network_rmse=float("nan"),
        network_r2=float("nan"),
        rate=0.0,
        rows=len(y),
        seconds=0.0,
        seed=seed,
        cut=(),
        warnings=(note,),
        steps=(),
        sample=table.x[:256],
        ranges={name: (float(column.min()), float(column.max())) for name, column in zip(names, x.T, strict=True)},
        calibration=_left_out(x, y, weights, value),
    )


def _left_out(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None, mean: float) -> Calibration | None:
    """What the mean of the others misses each row by; of very many rows some, all along the sorted ``y``."""
    counts = np.ones(len(y)) if weights is None else weights
    if len(y) < 2 or (counts.sum() - counts).min() <= 0:
        return None
    residuals = (y - mean) * counts.sum() / (counts.sum() - counts)
    kept = np.unique(np.linspace(0, len(y) - 1, min(len(y), MOST_KEPT)).round().astype(int))
    return Calibration(LEFT_OUT, x[kept], y[kept], residuals[kept], None if weights is None else weights[kept])
