"""One table, in a process that may be any."""

from benchmarks.common import Clock, Row
from edgewise import discover

from .tables import drawn


def run(kind: str, seed: int, budget: float) -> Row:
    """What one search says of it."""
    table = drawn(kind, seed)
    with Clock() as clock:
        found = discover(table, seed=seed, time_budget=budget)
    return {
        "rows": table.rows,
        "inputs": len(table.inputs),
        "verified": found.verified,
        "cut": bool(found.cut),
        "formula": found.formula.text if found.formula else "",
        "r2": found.formula.r2 if found.formula else float("nan"),
        "cpu": clock.cpu,
        "wall": clock.wall,
    }
