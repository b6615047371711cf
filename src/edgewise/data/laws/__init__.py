"""Known laws, to draw tables from and to measure how often they are found again.

>>> law("I.14.3").formula
'm*g*z'
>>> sample(law("I.14.3"), rows=5)
Table(5 rows, m [kg], g [m/s^2], z [m] -> U [kg*m^2/s^2])

The laws are rows of the CSV files here, each of a family. physics.csv holds the 100 of AI Feynman ("feynman"), its 20
bonus laws ("bonus"), and the 13 of the paper on Kolmogorov-Arnold networks' table of Feynman equations ("paper", named
paper/...). The paper states neither its ranges nor, for all rows, its exact form, so these are our readings; I.15.3x
stands there in two forms, because its five inputs fit neither. "dimensionless" and "special" are the paper's tables 2
and 1, over ranges that we chose: between -1 and 1, one turn for an angle, a factor of two or five around 1 for a ratio.
The classics (of Korns the first twelve) keep their published intervals, drawn evenly also where a grid was published;
points at which a formula is no finite number are drawn again. Nothing in the product may look at this room: only the
command line and the benchmarks do.

Units are given where the whole law agrees with them (in I.43.16 the published units do not). Sources: ``FAMILIES``.
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
from edgewise.errors import SettingsError, UnknownNameError, ValuesError, did_you_mean, unknown

from .special import SPECIAL
from .strogatz import along_trajectories, other_half

__all__ = ["FAMILIES", "LAWS", "Law", "law", "laws_of", "sample"]

FAMILIES = {
    "feynman": "AI Feynman (Udrescu and Tegmark 2020, Science Advances 6, eaay2631)",
    "bonus": "AI Feynman, bonus laws (Udrescu and Tegmark 2020, Science Advances 6, eaay2631)",
    "paper": "our reading of the rows of the KAN paper (Liu et al. 2024, arXiv:2404.19756)",
    "nguyen": "N. Q. Uy et al. (2011), Genetic Programming and Evolvable Machines 12, 91",
    "livermore": "T. N. Mundhenk et al. (2021), NeurIPS, arXiv:2111.00053",
    "keijzer": "M. Keijzer (2003), Improving symbolic regression with interval arithmetic and linear scaling, EuroGP",
    "korns": "M. F. Korns (2011), Accuracy in symbolic regression, Genetic Programming Theory and Practice IX",
    "vladislavleva": "E. J. Vladislavleva et al. (2009), IEEE Transactions on Evolutionary Computation 13, 333",
    "livermore2": "the second Livermore list of Deep Symbolic Optimization (B. K. Petersen et al. 2021, arXiv:1912.04871)",
    "strogatz": "S. H. Strogatz, Nonlinear Dynamics and Chaos, as chosen by W. La Cava et al. (2016), GECCO",
    "dimensionless": "the KAN paper's table 2, ranges ours (Liu et al. 2024, arXiv:2404.19756)",
    "special": "special functions, the KAN paper's table 1, ranges ours (Liu et al. 2024, arXiv:2404.19756)",
}
Columns = dict[str, NDArray[np.float64]]

_FILES = ("physics", "classics", "livermore2", "strogatz", "dimensionless", "special")
_LARGEST = 1e100
_ROUNDS = 1000


@dataclass(frozen=True)
class Law:
    """A formula in named variables: ``output = formula``, each variable drawn evenly between the two ``ranges``.

    For a law of motion (family "strogatz") the ranges are those of the states in which a trajectory begins.
    """

    name: str
    family: str
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
        return FAMILIES[self.family]

    @property
    def elementary(self) -> bool:
        """Whether the formula is one in elementary functions; if not, it names a function of scipy.special."""
        return self.name not in SPECIAL

    def evaluate(self, columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """The output for columns of the variables, (rows,) each."""
        if self.name in SPECIAL:
            return np.asarray(SPECIAL[self.name](*(columns[name] for name in self.variables)), dtype=np.float64)
        from edgewise.formula import evaluate

        return np.asarray(evaluate(_expression(self.formula, self.variables), columns), dtype=np.float64)


def law(name: str) -> Law:
    """The law of that name; UnknownNameError with the closest one where there is none."""
    if name not in LAWS:
        hint = did_you_mean(name, LAWS)
        raise UnknownNameError(f"there is no law {name!r}.{hint} The command edgewise laws lists all {len(LAWS)}.")
    return LAWS[name]


def sample(law: Law, rows: int = 1000, seed: int = 0, noise: float = 0.0) -> Table:
    """A table drawn from a law: ``rows`` points, evenly spread over the ranges, or along four trajectories.

    ``noise`` is a share of the output's root mean square: y + noise * rms(y) * N(0, 1), the convention of SRBench
    (W. La Cava et al. 2021). The same seed gives the same points at every noise.
    """
    if rows < 2:
        raise SettingsError(f"a table needs at least 2 rows, not {rows}.")
    if not noise >= 0:
        raise SettingsError(f"noise is a share of the output's rms, 0 or more, not {noise}.")
    generator = np.random.default_rng(seed)
    columns = _DRAWS.get(law.family, _evenly)(law, rows, generator)
    clean = law.evaluate(columns)
    noisy = clean + noise * np.sqrt(np.mean(clean**2)) * generator.standard_normal(rows)
    about = f"law {law.name}, rows {rows}, seed {seed}, noise {noise:g}"
    return Table({**columns, law.output: noisy}, law.output, law.variables, law.units, about)


def laws_of(family: str) -> tuple[Law, ...]:
    """All laws of a family; UnknownNameError with the closest one where there is none."""
    if family not in FAMILIES:
        raise unknown("family of laws", family, FAMILIES)
    return tuple(row for row in LAWS.values() if row.family == family)


def _evenly(law: Law, rows: int, generator: np.random.Generator) -> Columns:
    """Points (rows,) over the ranges; those at which the law is no finite number, or beyond 1e100, drawn again."""
    columns = {name: generator.uniform(low, high, rows) for name, (low, high) in law.ranges.items()}
    for _ in range(_ROUNDS):
        bad = np.flatnonzero(~(np.abs(law.evaluate(columns)) < _LARGEST))
        if not bad.size:
            return columns
        for name, (low, high) in law.ranges.items():
            columns[name][bad] = generator.uniform(low, high, bad.size)
    raise ValuesError(f"law {law.name} is finite almost nowhere in its ranges. Correct its ranges.")


def _moving(law: Law, rows: int, generator: np.random.Generator) -> Columns:
    return along_trajectories(law, LAWS[other_half(law.name)], rows, generator)


_DRAWS = {"strogatz": _moving}


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
    rows = [row for file in _FILES for row in _rows(file)]
    ranges = [{name: _range(text) for name, text in _pairs(row["ranges"]).items()} for row in rows]
    return {
        row["name"]: Law(row["name"], row["family"], row["output"], row["formula"], limits, _pairs(row["units"]))
        for row, limits in zip(rows, ranges, strict=True)
    }


def _rows(file: str) -> list[dict[str, str]]:
    return list(csv.DictReader((files(__name__) / f"{file}.csv").read_text(encoding="utf-8").splitlines()))


LAWS: dict[str, Law] = _read()
