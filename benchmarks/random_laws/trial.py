"""One table of one random law, in a process that may be any."""

from functools import cache

from benchmarks.common import Row, Truth, discovered, drawn

from .grammar import formulas

COUNT = 40


@cache
def truths(seed: int) -> dict[str, Truth]:
    """The laws of a seed by their names."""
    return {f"random-{number}": truth for number, truth in enumerate(formulas(seed, COUNT), 1)}


def run(law: str, seed: int, noise: float, points: int, budget: float) -> Row:
    """One discovery, scored."""
    truth = truths(seed)[law]
    return discovered(truth, drawn(truth, seed, points, noise), seed, noise, budget)
