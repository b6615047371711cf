"""How often two standard errors around a fitted constant hold the true one."""

from functools import partial
from typing import Any

import numpy as np

from benchmarks.common import Runs, table
from edgewise.formula import constants, parse
from edgewise.symbolic import polish

from .drawn import LAWS, NOISES, SHARE, Law, draw

ROWS = (8, 20, 40, 80, 200)


def covered(law: Law, noise: str, rows: int, seeds: range) -> np.ndarray:
    """Whether each constant's two standard errors hold the truth, (seeds, constants); the form is the true one."""
    true = parse(law.text)
    inside = []
    for seed in seeds:
        columns, y = draw(law, noise, rows, seed)
        fitted = polish(true, columns, y)
        off = np.array(list(constants(fitted.expression).values())) - np.array(list(law.constants.values()))
        inside.append(np.abs(off) <= 2 * np.array(list(fitted.errors.values())))
    return np.array(inside)


def report(runs: Runs, seeds: int) -> tuple[str, str, list[str]]:
    """A table a number of rows would be long: one of means, and one of the worst constants."""
    shares = {
        (law, noise, rows): runs(
            partial(_shares, law, noise, rows, seeds), part="constants", law=law, noise=noise, rows=rows, seed=seeds
        )["shares"]
        for rows in ROWS
        for noise in NOISES
        for law in LAWS
    }

    def line(noise: str) -> list[Any]:
        of = [[share for law in LAWS for share in shares[law, noise, rows]] for rows in ROWS]
        return [noise, *(f"{100 * np.mean(found):.1f} ({100 * min(found):.1f})" for found in of)]

    def every(law: str) -> list[Any]:
        of = [[share for noise in NOISES for share in shares[law, noise, rows]] for rows in ROWS]
        return [f"`{LAWS[law].text}`", *(f"{100 * np.mean(found):.1f} ({100 * min(found):.1f})" for found in of)]

    head = [f"{rows} rows" for rows in ROWS]
    said = (
        f"Percent of tables in which the fitted constant plus and minus two standard errors holds the true one: the mean "
        f"over constants and laws, and (the least of them). A normal with known spread would have 95.4. The form is the "
        f"true one, all inputs are uniform, the noise is {SHARE:g} of the law's spread (or of the value). One share of "
        f"{seeds} tables is itself known to {100 * (0.05 * 0.95 / seeds) ** 0.5:.1f} (one standard error)."
    )
    parts = [said, table(["noise", *head], map(line, NOISES)), table(["law", *head], map(every, LAWS))]
    return "Standard errors of constants", f"0 to {seeds - 1}", parts


def _shares(law: str, noise: str, rows: int, seeds: int) -> dict[str, Any]:
    return {"shares": covered(LAWS[law], noise, rows, range(seeds)).mean(0).tolist()}
