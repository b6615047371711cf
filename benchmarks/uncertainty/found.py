"""Standard errors of what a whole search finds: the search may pick another form, or name a number."""

from functools import partial
from typing import Any

import numpy as np
import sympy

from benchmarks.common import Runs, table
from edgewise import Formula, Table, discover
from edgewise.formula import parse
from edgewise.symbolic import polish

from .drawn import LAWS, draw

CASES = (
    ("fall", "even, normal", 40),
    ("fall", "a tenth of the value", 200),
    ("line", "growing with x", 40),
    ("line", "even, normal", 200),
    ("surface", "growing with x", 200),
)


def report(runs: Runs, seeds: int) -> tuple[str, str, list[str]]:
    """How often the form came out, and then each constant's fate."""
    lines = []
    for law, noise, rows in CASES:
        found = [
            runs(partial(trial, law, noise, rows, seed), part="found", law=law, noise=noise, rows=rows, seed=seed)
            for seed in range(seeds)
        ]
        fates = [fate for run in found for fate in run["fates"]]
        fitted = [inside for kind, inside in fates if kind == "fitted"]
        named = [inside for kind, inside in fates if kind == "named"]
        lines.append(
            [f"`{LAWS[law].text}`", noise, rows, f"{sum(run['form'] for run in found)} of {seeds}",
             f"{sum(fitted)} of {len(fitted)}", f"{sum(named)} of {len(named)}"]
        )  # fmt: skip
    head = ["law", "noise", "rows", "true form found", "fitted constants covered", "named numbers near the truth"]
    said = (
        "A whole search with its defaults and 60 s a table. Where it found the true form: of the constants that it left "
        "fitted, those whose two standard errors hold the truth; and of those that it took for plain numbers (which carry no "
        "error), those within two standard errors of the truth, with the error of a fit to all rows. "
        "No true constant here is a plain number: a named one is a number that two to three standard errors did not tell from "
        "the fitted one, and where one is named the constants beside it move with it."
    )
    return "Standard errors after a whole search", f"0 to {seeds - 1}", [said, table(head, lines)]


def trial(law: str, noise: str, rows: int, seed: int) -> dict[str, Any]:
    """One search: whether its form is the true one, and of each constant whether it is fitted, and covered."""
    columns, y = draw(LAWS[law], noise, rows, seed)
    inputs = LAWS[law].inputs
    data = Table.from_arrays(np.column_stack([columns[name] for name in inputs]), y, inputs, "v")
    pick = discover(data, seed=0, time_budget=60).formula
    assert pick is not None
    true = _coefficients(parse(LAWS[law].text))
    found = _coefficients(pick.expression)
    form = found.keys() == true.keys()
    fates = [_fate(pick, found[term], float(true[term]), law, columns, y) for term in true] if form else []
    return {"form": form, "fates": fates, "formula": pick.text}


def _coefficients(expression: sympy.Expr) -> dict[tuple[int, ...], sympy.Expr]:
    """The coefficients of a polynomial by powers; nothing for what is none."""
    names = sorted(expression.free_symbols, key=str)
    if not names or not expression.is_polynomial(*names):
        return {}
    return dict(sympy.Poly(expression, *names).terms())


def _fate(
    pick: Formula, found: sympy.Expr, true: float, law: str, columns: dict[str, np.ndarray], y: np.ndarray
) -> tuple[str, bool]:
    off = abs(float(found) - true)
    for name, value in pick.constants.items():
        if abs(abs(value) - abs(float(found))) < 1e-12 * abs(value):
            return "fitted", bool(off <= 2 * pick.constant_errors[name])
    fitted = polish(parse(LAWS[law].text), columns, y)
    near = dict(zip(LAWS[law].constants.values(), fitted.errors.values(), strict=True))
    return "named", bool(off <= 2 * near[true])
