"""One table of one turned law, in a process that may be any."""

from benchmarks.common import Row, discovered, drawn

from .laws import disguised, named


def run(law: str, seed: int, noise: float, points: int, budget: float) -> Row:
    """One discovery, scored."""
    truth = disguised(named(law), seed)
    return discovered(truth, drawn(truth, seed, points, noise), seed, noise, budget)
