"""One shape on one law, in a process that may be any."""

import csv
from pathlib import Path
from typing import Any

from benchmarks.common.learners import LEAN, Rows, network
from edgewise.data.laws import law as law_of

PAPER = {row["law"]: row for row in csv.DictReader(Path(__file__).with_name("paper.csv").open(encoding="utf-8"))}


def learned(law: str, shape: str, seed: int, points: int, seconds: float) -> dict[str, Any]:
    """One shape on one law."""
    rows = Rows.of(law_of(law), points, seed)
    widths = [len(law_of(law).ranges), *map(int, shape.split("-")[1:])]
    return {**network(rows, widths, seed, seconds, LEAN), "spread": rows.spread}
