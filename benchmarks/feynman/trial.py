"""One table of one law, in a process that may be any."""

from benchmarks.common import Row, discovered, disguise, drawn, units_of
from edgewise import discover
from edgewise.data.laws import law as law_of


def run(law: str, seed: int, noise: float, points: int, dummies: int, budget: float, units: bool = False) -> Row:
    """One discovery, scored; with ``units`` it is told those of all columns."""
    truth = disguise(law_of(law), seed, dummies)
    known = units_of(law_of(law), seed, dummies) if units else None
    return discovered(truth, drawn(truth, seed, points, noise), seed, noise, budget, units=known)


def warm_up() -> None:
    """Compile and import what the first table would be charged for."""
    truth = disguise(law_of("I.12.1"), 0)
    for noise in (0.0, 0.1):
        discover(drawn(truth, 0, 100, noise), time_budget=10)
