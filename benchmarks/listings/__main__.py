"""``python -m benchmarks.listings --seeds 20``: one network, one initialisation a seed; no restarts."""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.common import table, write_report
from edgewise.errors import EdgewiseError
from edgewise.pykan import ex_round
from examples.paper_listings import recover

from .score import score

HERE = Path(__file__).parent
PROCESSES = 2
SUMMARY = """\
f = exp(sin(pi x_1) + x_2^2), [2, 5, 1], grid 5, k 3, 1000 + 1000 rows, float64, the calls of `examples/paper_listings.py`
and no others. Recovered: the structure up to constants, rmse < 1e-5 on [-1, 1]^2 and relative error < 1e-4 on
[-1.5, 1.5]^2. **{right} of {count} recovered** (target: 18 of 20)."""
COLUMNS = ("seed", "pruned to", "recovered", "rmse inside", "relative error outside", "CPU s", "formula, 3 decimals")


def run(seed: int) -> tuple[Any, ...]:
    """One seed as a row of the table."""
    begin = time.process_time()
    try:
        model, _ = recover(seed)
        formulas, variables = model.symbolic_formula()
    except EdgewiseError as error:
        spent = time.process_time() - begin
        return seed, "-", False, "-", "-", f"{spent:.0f}", f"{type(error).__name__}: {error}"[:160]
    spent = time.process_time() - begin
    inside, outside, right = score(formulas[0], variables)
    text = f"`{str(ex_round(formulas[0], 3))[:160]}`"
    return seed, str(model.width_in), right, f"{inside:.1e}", f"{outside:.1e}", f"{spent:.0f}", text


def main() -> None:
    """Print the table; write it for the seeds that are reported (0 on)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    chosen = parser.parse_args()
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    rows = []
    with ProcessPoolExecutor(PROCESSES) as pool:
        for row in pool.map(run, seeds):
            rows.append(row)
            print(*row, file=sys.stderr, flush=True)
    summary = SUMMARY.format(count=len(rows), right=sum(row[2] for row in rows))
    if chosen.first:
        print(summary)
        return
    title, told = "The paper's listings, seed by seed", f"0 to {len(rows) - 1}"
    write_report(HERE, title, told, [summary, table(COLUMNS, rows)], processes=PROCESSES)


if __name__ == "__main__":
    main()
