"""The law of one state: of one whose slope is constant without a search, and with constants from the trajectories."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import sympy

from edgewise.data import Table
from edgewise.discovery.calibration import TEST, Calibration
from edgewise.discovery.result import Discovery
from edgewise.discovery.weighing import r2, rms
from edgewise.formula import Formula, Front, identifiers

from .slopes import LEAST_ERROR

SAMPLE = 200  # rows, for pictures


def is_even(slopes: np.ndarray) -> bool:
    """Whether a state's slopes (rows,) are one number, as near as a slope is ever known."""
    return bool(np.ptp(slopes) <= LEAST_ERROR * np.max(np.abs(slopes)))


def even_law(table: Table, seed: int) -> Discovery:
    """The law of a state whose slopes `is_even`: there is nothing to search for."""
    value = sympy.Float(float(np.mean(table.y))) if np.any(table.y) else sympy.Integer(0)
    symbols = {identifier: column for column, identifier in identifiers(list(table.inputs)).items()}
    formula = _scored(Formula(table.target, value, symbols), table)
    return Discovery(
        target=table.target,
        inputs=table.inputs,
        formula=formula,
        front=Front([formula]),
        verified=True,
        model=None,
        network_shape=(),
        network_rmse=np.nan,
        network_r2=np.nan,
        rate=0.0,
        rows=table.rows,
        seconds=0.0,
        seed=seed,
        cut=(),
        warnings=(f"{table.target} is {float(value):.6g} in all rows, so nothing was searched for.",),
        steps=(),
        sample=table.x[:SAMPLE],
        ranges={name: (float(low), float(high)) for name, low, high in zip(table.inputs, *_ends(table), strict=True)},
    )


def refined(
    law: Discovery,
    expression: sympy.Expr,
    constant_errors: Mapping[str, float],
    table: Table,
    another: bool = False,
) -> Discovery:
    """The law with the pick's ``expression`` in place of the one that slopes had given, its constants in the digits that
    their errors support. All that was said of the pick is said anew: errors, those of the other formulas too, are on all
    slopes of ``table``. ``another`` says that it is of another form: then nothing that the slopes said of the pick holds.
    """
    pick = law.formula
    if pick is None:
        return law
    if another:
        law = replace(law, verified=False, reason=None)
    new = _scored(replace(pick, expression=expression, constant_errors=constant_errors).rounded(), table)
    front = Front([new], floor=law.front.floor, tolerance=law.front.tolerance)
    for other in law.front:
        if (another or other is not pick) and not front.beaten_by(scored := _scored(other, table)):
            front.add(scored)
    if not len(front):
        return law
    front.pick(new)
    known = law.calibration
    if known is None:
        return replace(law, formula=new, front=front)
    residuals = known.y - _answers(new, dict(zip(law.inputs, known.x.T, strict=True)), len(known.y))
    calibration: Calibration = replace(known, residuals=residuals)
    of_test = (rms(residuals), r2(residuals, known.y)) if known.kind == TEST else (law.test_rmse, law.test_r2)
    return replace(law, formula=new, front=front, calibration=calibration, test_rmse=of_test[0], test_r2=of_test[1])


def _scored(formula: Formula, table: Table) -> Formula:
    columns = {name: table.x[:, number] for number, name in enumerate(table.inputs)}
    residuals = table.y - _answers(formula, columns, table.rows)
    return replace(formula, rmse=rms(residuals), r2=np.nan if is_even(table.y) else r2(residuals, table.y))


def _answers(formula: Formula, columns: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.broadcast_to(formula.predict(columns), (rows,))


def _ends(table: Table) -> tuple[np.ndarray, np.ndarray]:
    return table.x.min(axis=0), table.x.max(axis=0)
