"""How often a table without a law is said to have one.

    python -m benchmarks.false_laws --tables 60 --workers 2

Each of four kinds of tables is drawn ``--tables`` times. A law that is claimed (``verified``) is a false one, and printed.
"""

import argparse
from pathlib import Path

from benchmarks.common import Runs, median_of, table, wilson, write_report

from .tables import KINDS
from .trial import run

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.false_laws", description="Laws where there are none")
    parser.add_argument("--tables", type=int, default=60, help="of each kind")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds for each table")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--fresh", action="store_true", help="forget all earlier runs")
    options = parser.parse_args()
    runs = Runs(HERE, options.fresh)
    tasks = [{"kind": kind, "seed": seed, "budget": options.budget} for seed in range(options.tables) for kind in KINDS]
    rows = runs.side_by_side(run, tasks, options.workers)
    lines, claimed = [], []
    for kind, about in KINDS.items():
        of_kind = [row for row in rows if row["task"]["kind"] == kind]
        false = [row for row in of_kind if row["verified"]]
        low, high = wilson(len(false), len(of_kind))
        seconds = f"{median_of(of_kind, 'cpu'):.1f}, {max(row['cpu'] for row in of_kind):.1f}"
        cut = sum(row["cut"] for row in of_kind)
        lines.append([kind, about, len(of_kind), len(false), f"{100 * low:.0f} to {100 * high:.0f} %", seconds, cut])
        claimed += false
    head = ["kind", "", "tables", "false laws", "95 % interval", "CPU s: median, largest", "cut by the budget"]
    parts = [table(head, lines)]
    if claimed:
        told = [
            [row["task"]["kind"], row["task"]["seed"], row["rows"], row["inputs"], f"`{row['formula']}`"]
            for row in claimed
        ]
        parts.append("Claimed:\n\n" + table(["kind", "seed", "rows", "inputs", "formula"], told))
    write_report(HERE, "Laws where there are none", f"0 to {options.tables - 1}", parts, processes=options.workers)


if __name__ == "__main__":
    main()
