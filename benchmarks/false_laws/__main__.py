"""How often a table without a law is said to have one.

    python -m benchmarks.false_laws --tables 60 --workers 2

Each of four kinds of tables is drawn ``--tables`` times. A law that is claimed (``verified``) is a false one, and printed.
"""

from pathlib import Path

from benchmarks.common import Runs, median_of, options, table, wilson, write_report

from .tables import KINDS
from .trial import run

HERE = Path(__file__).parent


def main() -> None:
    parser = options("false_laws", "Laws where there are none", budget=60.0, workers=2)
    parser.add_argument("--tables", type=int, default=60, help="of each kind")
    asked = parser.parse_args()
    runs = Runs(HERE, asked.fresh)
    tasks = [{"kind": kind, "seed": seed, "budget": asked.budget} for seed in range(asked.tables) for kind in KINDS]
    rows = runs.side_by_side(run, tasks, asked.workers)
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
    write_report(HERE, "Laws where there are none", f"0 to {asked.tables - 1}", parts, processes=asked.workers)


if __name__ == "__main__":
    main()
