"""Ten of AI Feynman's laws of two to four variables, drawn by a seed without looking, through the real command line.

    python -m benchmarks.ten_laws

Columns are called x0, x1, ... in an order drawn by the seed, the target is y; 1,000 rows; at most 60 s each. The formula and
its columns are read from what ``edgewise discover --json`` prints.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import Clock, Runs, disguise, drawn, median_of, score, table, write_report
from edgewise.data.laws import LAWS, law

HERE = Path(__file__).parent
VARIABLES = range(2, 5)
TARGET = 8


def draw(count: int, seed: int) -> list[str]:
    """Names of laws, drawn from the list in the file's order."""
    names = [row.name for row in LAWS.values() if row.family == "feynman" and len(row.variables) in VARIABLES]
    return [names[i] for i in np.random.default_rng(seed).choice(len(names), count, replace=False)]


def through_cli(name: str, seed: int, rows: int, noise: float, budget: float) -> dict[str, Any]:
    """Write a CSV file, run the command, score what it prints."""
    truth = disguise(law(name), seed)
    drawing = drawn(truth, seed, rows, noise)
    names = [*drawing.inputs, drawing.target]
    with tempfile.TemporaryDirectory() as folder, Clock() as clock:
        path = Path(folder) / "table.csv"
        np.savetxt(
            path,
            np.column_stack([drawing.columns[name] for name in names]),
            delimiter=",",
            header=",".join(names),
            comments="",
            fmt="%.17g",
        )
        command = ["discover", str(path), "--target", "y", "--seed", str(seed), "--time-budget", str(budget), "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "edgewise.cli", *command], capture_output=True, text=True, check=False
        )
    told = {"truth": truth.text, "wall": clock.wall, "cpu": clock.cpu}
    if done.returncode:
        return {
            **told,
            **vars(score(None, truth, seed)),
            "formula": "",
            "error": (done.stderr.splitlines() or ["nothing said"])[-1],
        }
    found = json.loads(done.stdout)
    assert not found["symbols"], "x0, x1, ... are identifiers already"
    network = found["network"] or {"shape": [], "rmse": float("nan"), "rate": 0.0}
    return {
        **told,
        **vars(score(found["formula"], truth, seed, noise, rows)),
        "formula": found["formula"] or "",
        "verified": found["verified"],
        "rmse": found["rmse"],
        "spread": float(drawing.y.std()),
        "network_rmse": network["rmse"],
        "cut": found["cut"],
        "seconds": found["seconds"],
        "said": [line for line in done.stderr.splitlines() if "warning" in line.lower() or "error" in line.lower()][:3],
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ten_laws", description="Ten laws through the command line"
    )
    parser.add_argument("--draw", type=int, default=0, help="seed of the draw of laws")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="seed of rows, order of columns, and discover")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--noise", type=float, default=0.0)
    parser.add_argument("--budget", type=float, default=60.0)
    parser.add_argument("--fresh", action="store_true", help="forget earlier runs")
    options = parser.parse_args()
    runs = Runs(HERE, options.fresh)
    found = {}
    for name in draw(options.count, options.draw):
        which = {
            "law": name,
            "seed": options.seed,
            "rows": options.rows,
            "noise": options.noise,
            "budget": options.budget,
        }
        work = partial(through_cli, name, options.seed, options.rows, options.noise, options.budget)
        found[name] = runs(work, **which)
    title = f"{options.count} laws drawn by seed {options.draw} from AI Feynman's of two to four variables"
    seeds = f"{options.draw} for the draw, {options.seed} for rows, order of columns and discover"
    settings = (
        f"{options.rows} rows, noise {options.noise:g}, at most {options.budget:g} s each, `edgewise discover --json`."
    )
    write_report(HERE, title, seeds, [settings, _summary(found), _each(found)])


def _summary(found: dict[str, dict]) -> str:
    rows = list(found.values())
    count = {rule: sum(row[rule] for row in rows) for rule in ("recovered", "by_value", "by_skeleton", "by_srbench")}
    verified = sum(row.get("verified", False) for row in rows)
    false = sum(row.get("verified", False) and not row["by_skeleton"] for row in rows)
    return (
        f"**{count['recovered']} of {len(rows)} recovered** (target: at least {TARGET} of 10). Value only {count['by_value']}, "
        f"skeleton only {count['by_skeleton']}, SRBench's rule {count['by_srbench']}. Called a law by the command: {verified}, "
        f"of those wrong: {false}. Median {median_of(rows, 'wall'):.1f} s wall, {median_of(rows, 'cpu'):.1f} s CPU, from the "
        f"start of the process to its end."
    )


def _each(found: dict[str, dict]) -> str:
    head = [
        "law",
        "recovered",
        "said to be a law",
        "inside",
        "outside",
        "skeleton",
        "size",
        "wall s",
        "CPU s",
        "cut",
        "truth",
        "formula put first",
    ]
    lines = [
        [
            name, row["recovered"], "yes" if row.get("verified") else "no", row["inside"], row["outside"], row["skeleton"],
            f"{row['size']} of {row['truth_size']}", row["wall"], row["cpu"], ", ".join(row.get("cut", [])),
            f"`{row['truth']}`", f"`{row['formula'] or row.get('error', '')}`",
        ]
        for name, row in found.items()
    ]  # fmt: skip
    return table(head, lines)


if __name__ == "__main__":
    main()
