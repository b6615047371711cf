"""The list of laws and their data. Columns are renamed and shuffled, so that nothing downstream can know a law by
its names.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sympy

from edgewise.formula import evaluate, parse, symbol


@dataclass(frozen=True)
class Law:
    """One row of the list: its name, formula and the box its variables are drawn from."""

    name: str
    number: int
    formula: str
    ranges: dict[str, tuple[float, float]]


def read_laws(path: Path, which: str, half: str) -> Iterator[Law]:
    """Laws of the set ``which`` ("feynman", "bonus"), of the "odd", the "even" or "both" halves."""
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            number = int(row["number"])
            if row["set"] != which or (half != "both" and number % 2 != (half == "odd")):
                continue
            ranges = {
                row[f"v{i}_name"]: (float(row[f"v{i}_low"]), float(row[f"v{i}_high"]))
                for i in range(1, int(row["n_vars"]) + 1)
            }
            yield Law(row["filename"], number, row["formula"], ranges)


@dataclass(frozen=True)
class Disguised:
    """A law over x0, x1, ... in an order drawn by the seed."""

    truth: sympy.Expr
    ranges: dict[str, tuple[float, float]]

    def draw(self, rows: int, generator: np.random.Generator, widen: float = 0.0) -> dict[str, np.ndarray]:
        """Rows uniform in the box, widened by a share of its sides on either side."""
        return {
            name: generator.uniform(low - widen * (high - low), high + widen * (high - low), rows)
            for name, (low, high) in self.ranges.items()
        }

    def value(self, columns: dict[str, np.ndarray]) -> np.ndarray:
        return evaluate(self.truth, columns)


def disguise(law: Law, seed: int) -> Disguised:
    """Rename and shuffle the columns."""
    names = list(law.ranges)
    order = np.random.default_rng([seed, 1]).permutation(len(names))
    new = {names[old]: f"x{place}" for place, old in enumerate(order)}
    truth = parse(law.formula, list(names))
    truth = truth.xreplace({symbol(old): symbol(name) for old, name in new.items()})
    ranges = {new[names[old]]: law.ranges[names[old]] for old in order}
    return Disguised(truth, ranges)
