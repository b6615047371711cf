"""Special functions and dimensionless Feynman equations of the KAN paper: its best number beside ours.

    python -m benchmarks.kan_paper --workers 2
    python -m benchmarks.kan_paper --tables 2        the laws alone

A network of splines is trained at the paper's two shapes and at [n, 2n + 1, 1], each within the same CPU seconds; the one with
the least error on the rows held out is told, with its error on 1,000 fresh rows. The paper states no ranges: ours are those of
`edgewise laws --family dimensionless` and `--family special`.
"""

import argparse
import math
from pathlib import Path
from statistics import geometric_mean, median
from typing import Any

from benchmarks.common import Runs, table, write_report
from benchmarks.common.learners import warm_up
from edgewise.data.laws import law as law_of

from .trial import PAPER, learned

HERE = Path(__file__).parent
MODELS = ("human", "pruned", "unpruned", "mlp")
TITLES = {"1": "Special functions (table 1)", "2": "Dimensionless Feynman equations (table 2)"}
TARGETS = {"1": 14, "2": 24}


def shapes_of(law: str) -> list[str]:
    """The paper's shapes, and [n, 2n + 1, 1]."""
    inputs = len(law_of(law).ranges)
    given = [PAPER[law][name] for name in ("human_shape", "best_shape")]
    return list(dict.fromkeys([shape for shape in given if shape] + [f"{inputs}-{2 * inputs + 1}-1"]))


def papers_best(law: str) -> float:
    """The least of the paper's errors."""
    return min(float(PAPER[law][name]) for name in MODELS if PAPER[law][name])


def chosen(runs: list[dict[str, Any]], law: str, seed: int) -> dict[str, Any]:
    """Of one seed the shape that the rows held out like best."""
    return min(
        (run for run in runs if (run["task"]["law"], run["task"]["seed"]) == (law, seed)),
        key=lambda run: run["held out"],
    )


def told(number: str, runs: list[dict[str, Any]], seeds: int) -> str:
    """One of the paper's tables, with what was reached."""
    laws = [law for law in PAPER if PAPER[law]["table"] == number]
    lines, ratios = [], []
    for law in laws:
        picks = [chosen(runs, law, seed) for seed in range(seeds)]
        rmse, best = median(pick["rmse"] for pick in picks), papers_best(law)
        ratios.append(rmse / best)
        lines.append(
            [law, best, PAPER[law]["mlp"], rmse, rmse / best, rmse / picks[0]["spread"], str(picks[0]["shape"])]
        )
    head = ["law", "paper's best", "paper's MLP", "ours", "ours / best", "ours / std(y)", "our shape (first seed)"]
    below = sum(ratio < 1 for ratio in ratios)
    words = (
        f"Below the paper's best in {below} of {len(laws)} (target {TARGETS[number]}); geometric mean of ours / best "
        f"{geometric_mean([max(ratio, 1e-300) for ratio in ratios if math.isfinite(ratio)]):.3g} (target 0.05)."
    )
    return f"## {TITLES[number]}\n\n{words}\n\n{table(head, lines)}"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.kan_paper", description="Tables 1 and 2 of the KAN paper"
    )
    parser.add_argument("--tables", default="2,1", help="which of the paper's tables")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=15.0, help="CPU seconds for each network")
    parser.add_argument("--points", type=int, default=1000, help="rows to learn from")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--fresh", action="store_true", help="forget all earlier runs")
    options = parser.parse_args()
    numbers = options.tables.split(",")
    which = {"points": options.points, "seconds": options.seconds}
    tasks = [
        {"law": law, "shape": shape, "seed": seed, **which}
        for seed in range(options.seeds)
        for law in PAPER
        if PAPER[law]["table"] in numbers
        for shape in shapes_of(law)
    ]
    runs = Runs(HERE, options.fresh).side_by_side(learned, tasks, options.workers, warm_up)
    parts = [told(number, runs, options.seeds) for number in numbers]
    note = f"{options.points} rows to learn from, {options.seconds:g} CPU seconds a network; errors in the law's own units. "
    note += "How the networks are trained was chosen on three rows of `benchmarks.feynman_table`."
    write_report(
        HERE,
        "The KAN paper's tables, beside ours",
        f"0 to {options.seeds - 1}",
        [note, *parts],
        processes=options.workers,
    )


if __name__ == "__main__":
    main()
