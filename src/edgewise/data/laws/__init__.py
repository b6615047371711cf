"""Known laws, to draw tables from and to measure how often they are found again.

>>> law("I.14.3").formula
'm*g*z'
>>> sample(law("I.14.3"), rows=5)
Table(5 rows, m [kg], g [m/s^2], z [m] -> U [kg*m^2/s^2])

The laws are rows of laws.csv: the 100 of AI Feynman (set "feynman"), its 20 bonus laws ("bonus"), and the 13 of the
paper on Kolmogorov-Arnold networks' table of Feynman equations ("paper", named paper/...). The paper states neither
its ranges nor, for all rows, its exact form, so these are our readings; I.15.3x stands there in two forms, because its
five inputs fit neither. Nothing in the product may look at this room: only the command line and the benchmarks do.

Sources: S.-M. Udrescu and M. Tegmark (2020), AI Feynman, Science Advances 6, eaay2631, with its tables of ranges and
units; Z. Liu et al. (2024), KAN: Kolmogorov-Arnold Networks, arXiv:2404.19756. Units are given where the whole law
agrees with them (in I.43.16 the published units do not).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgewise.data.table import Table
from edgewise.errors import SettingsError, UnknownNameError, did_you_mean

__all__ = ["LAWS", "SETS", "Law", "law", "sample"]

SETS = {
    "feynman": "AI Feynman (Udrescu and Tegmark 2020)",
    "bonus": "AI Feynman, bonus laws (Udrescu and Tegmark 2020)",
    "paper": "our reading of the rows of the KAN paper (Liu et al. 2024)",
}


@dataclass(frozen=True)
class Law:
    """A formula in named variables: ``output = formula``, each variable drawn evenly between the two ``ranges``."""

    name: str
    set: str
    output: str
    formula: str
    ranges: Mapping[str, tuple[float, float]]
    units: Mapping[str, str]

    @property
    def variables(self) -> tuple[str, ...]:
        """The inputs, in the order of the table that is drawn."""
        return tuple(self.ranges)

    @property
    def source(self) -> str:
        """Where the law was published."""
        return SETS[self.set]

    def evaluate(self, columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """The output for columns of the variables, (rows,) each."""
        from edgewise.formula import evaluate

        return np.asarray(evaluate(_expression(self.formula, self.variables), columns), dtype=np.float64)


def law(name: str) -> Law:
    """The law of that name; UnknownNameError with the closest one where there is none."""
    if name not in LAWS:
        hint = did_you_mean(name, LAWS)
        raise UnknownNameError(f"there is no law {name!r}.{hint} The command edgewise laws lists all {len(LAWS)}.")
    return LAWS[name]


def sample(law: Law, rows: int = 1000, seed: int = 0, noise: float = 0.0) -> Table:
    """A table drawn from a law: ``rows`` points, evenly spread over the ranges.

    ``noise`` is a share of the output's root mean square: y + noise * rms(y) * N(0, 1), the convention of SRBench
    (W. La Cava et al. 2021). The same seed gives the same points at every noise.
    """
    if rows < 2:
        raise SettingsError(f"a table needs at least 2 rows, not {rows}.")
    if not noise >= 0:
        raise SettingsError(f"noise is a share of the output's rms, 0 or more, not {noise}.")
    generator = np.random.default_rng(seed)
    columns = {name: generator.uniform(low, high, rows) for name, (low, high) in law.ranges.items()}
    clean = law.evaluate(columns)
    noisy = clean + noise * np.sqrt(np.mean(clean**2)) * generator.standard_normal(rows)
    about = f"law {law.name}, rows {rows}, seed {seed}, noise {noise:g}"
    return Table({**columns, law.output: noisy}, law.output, law.variables, law.units, about)


@cache
def _expression(formula: str, variables: tuple[str, ...]) -> Any:
    from edgewise.formula import parse

    return parse(formula, symbols=variables)


def _pairs(text: str) -> dict[str, str]:
    """``"m=kg g=m/s^2"`` as a dictionary."""
    return dict(pair.split("=") for pair in text.split())


def _range(text: str) -> tuple[float, float]:
    low, high = text.split(":")
    return float(low), float(high)


def _read() -> dict[str, Law]:
    text = (files(__name__) / "laws.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    ranges = [{name: _range(text) for name, text in _pairs(row["ranges"]).items()} for row in rows]
    return {
        row["name"]: Law(row["name"], row["set"], row["output"], row["formula"], limits, _pairs(row["units"]))
        for row, limits in zip(rows, ranges, strict=True)
    }


LAWS: dict[str, Law] = _read()
