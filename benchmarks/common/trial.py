"""One discovery, timed and scored."""

from typing import Any

from edgewise import discover
from edgewise.data import Table

from .clock import Clock
from .runs import Row
from .score import Truth, score


def discovered(truth: Truth, table: Table, seed: int, noise: float, budget: float, **settings: Any) -> Row:
    """What `edgewise.discover` says of a table of the truth; ``settings`` are its own."""
    with Clock() as clock:
        found = discover(table, seed=seed, time_budget=budget, **settings)
    text = found.formula.text if found.formula else None
    return {
        **vars(score(text, truth, seed, noise, table.rows)),
        "verified": found.verified,
        "wall": clock.wall,
        "cpu": clock.cpu,
        "cut": list(found.cut),
        "steps": {step.name: step.seconds for step in found.steps},
        "formula": text or "",
        "truth": truth.text,
    }
