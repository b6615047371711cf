"""``python -m benchmarks.listings --seeds 20``: one network, one initialisation a seed; no restarts."""

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from edgewise.errors import EdgewiseError
from edgewise.pykan import ex_round
from examples.paper_listings import recover

from .score import score

HEAD = """\
# The paper's listings, seed by seed

`python -m benchmarks.listings --seeds {count}{first}`: f = exp(sin(pi x_1) + x_2^2), [2, 5, 1], grid 5, k 3,
1000 + 1000 rows, float64, the calls of `examples/paper_listings.py` and no others. Recovered: the structure up to
constants, rmse < 1e-5 on [-1, 1]^2 and
relative error < 1e-4 on [-1.5, 1.5]^2. **{right} of {count} recovered.**

| seed | pruned to | recovered | rmse inside | relative error outside | CPU s | formula, constants to 3 decimals |
|---|---|---|---|---|---|---|
"""


def run(seed: int) -> tuple[bool, str]:
    """One seed as a row."""
    begin = time.process_time()
    try:
        model, _ = recover(seed)
        formulas, variables = model.symbolic_formula()
    except EdgewiseError as error:
        text = f"{type(error).__name__}: {error}"[:160].replace("|", "\\|")
        return False, f"| {seed} | - | no | - | - | {time.process_time() - begin:.0f} | {text} |"
    spent = time.process_time() - begin
    inside, outside, right = score(formulas[0], variables)
    text = str(ex_round(formulas[0], 3))[:160]
    said = "yes" if right else "no"
    return right, f"| {seed} | {model.width_in} | {said} | {inside:.1e} | {outside:.1e} | {spent:.0f} | `{text}` |"


def main() -> None:
    """Print the table; write it for the seeds that are reported (0 on)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    chosen = parser.parse_args()
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    rows = []
    with ProcessPoolExecutor(2) as pool:
        for row in pool.map(run, seeds):
            rows.append(row)
            print(row[1], flush=True)
    first = f" --first {chosen.first}" if chosen.first else ""
    head = HEAD.format(count=len(rows), right=sum(right for right, _ in rows), first=first)
    print(f"{sum(right for right, _ in rows)} of {len(rows)} recovered")
    if not chosen.first:
        text = head + "\n".join(row for _, row in rows) + "\n"
        Path(__file__).with_name("results.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
