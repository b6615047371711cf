"""One candidate on one law, in a process that may be any."""

import csv
import itertools
from pathlib import Path
from typing import Any

from benchmarks.common.learners import LEAN, PLAIN, Rows, as_many, mlp, named, network
from edgewise.data.laws import law as law_of

PAPER = {row["row"]: row for row in csv.DictReader(Path(__file__).with_name("paper.csv").open(encoding="utf-8"))}
PAPERS_MODELS = ("original", "unpruned", "pruned", "mlp")
OURS = ("unpruned", "pruned", "named edges", "MLP, same widths", "MLP, as many parameters")
WITH_5000 = ("unpruned", "pruned", "MLP, as many parameters")


def learned(row: str, candidate: str, points: int, seed: int, seconds: float) -> dict[str, Any]:
    """One candidate on one law."""
    law = law_of(PAPER[row]["law"])
    rows = Rows.of(law, points, seed)
    shape = [len(law.ranges), *map(int, PAPER[row]["shape"].split("-")[1:])]
    # those of the network at twelve pieces
    parameters = sum(a * b * 16 + b for a, b in itertools.pairwise(shape))
    found = {
        "unpruned": lambda: network(rows, shape, seed, seconds, PLAIN),
        "pruned": lambda: network(rows, shape, seed, seconds, LEAN),
        "named edges": lambda: named(rows, seed, 60.0),
        "MLP, same widths": lambda: mlp(rows, shape, seed, seconds),
        "MLP, as many parameters": lambda: mlp(rows, as_many(shape, parameters), seed, seconds),
    }[candidate]()
    return {**found, "spread": rows.spread}
