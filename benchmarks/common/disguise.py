"""A known law as a table whose names and order of columns say nothing."""

from collections.abc import Mapping

import numpy as np

from edgewise.data import Table
from edgewise.data.laws import Law
from edgewise.formula import parse, symbol, to_text

from .score import Truth

DUMMY = (1.0, 5.0)  # the box of a column that the target does not know


def disguise(law: Law, seed: int, dummies: int = 0) -> Truth:
    """The law over x0, x1, ... in an order drawn by the seed, among so many columns that do not matter."""
    boxes: Mapping[str, tuple[float, float]] = {**law.ranges, **{f"dummy {i}": DUMMY for i in range(dummies)}}
    order = _order(list(boxes), seed)
    renamed = {symbol(name): symbol(f"x{number}") for number, name in enumerate(order) if name in law.ranges}
    text = to_text(parse(law.formula, law.variables).xreplace(renamed))
    return Truth(text, {f"x{number}": boxes[name] for number, name in enumerate(order)})


def units_of(law: Law, seed: int, dummies: int = 0) -> dict[str, str]:
    """The units of the disguised columns and of y; a column that does not matter is a plain number."""
    order = _order([*law.ranges, *(f"dummy {i}" for i in range(dummies))], seed)
    return {f"x{number}": law.units.get(name, "1") for number, name in enumerate(order)} | {
        "y": law.units.get(law.output, "1")
    }


def _order(names: list[str], seed: int) -> list[str]:
    return [names[place] for place in np.random.default_rng([seed, 1]).permutation(len(names))]


def drawn(truth: Truth, seed: int, rows: int, noise: float = 0.0) -> Table:
    """``rows`` points of the box, with noise as a share of the target's rms (SRBench's convention)."""
    columns = truth.draw(rows, (seed, 2))
    y = truth.value(columns)
    y = y + noise * np.sqrt(np.mean(y**2)) * np.random.default_rng([seed, 4]).standard_normal(rows)
    return Table({**columns, "y": y}, "y", tuple(columns))
