"""python -m benchmarks.feynman --laws FILE --half odd --rows 1000 --seeds 1 --budget 60 [--only I.6.2a,I.9.18]

One JSON line a run; a summary on stderr. The file lists set, filename, number, formula, n_vars and v1_name, v1_low, ...
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from edgewise.formula import complexity, to_text
from edgewise.symbolic import Candidate, ladder

from .laws import Law, disguise, read_laws
from .score import score

Engine = Callable[[dict[str, np.ndarray], np.ndarray, float, float], tuple[str, str, str]]


def by_ladder(columns: dict[str, np.ndarray], y: np.ndarray, noise: float, budget: float) -> tuple[str, str, str]:
    """The best formula as text, the stage that found it, and its hypotheses."""
    deadline = time.monotonic() + budget
    best = None
    for candidate in ladder(columns, y, noise=noise, deadline=deadline):
        if best is None or candidate.exact or _length(candidate, len(y)) < _length(best, len(y)):
            best = candidate
    if best is None:
        return "0", "none", ""
    return to_text(best.expression), best.stage, " | ".join(map(str, best.trail))


def _length(candidate: Candidate, rows: int) -> float:
    """Description length in nats: what the residual costs and what the formula costs."""
    return rows * np.log(candidate.rmse + 1e-12) + 1.5 * complexity(candidate.expression)


def run(law: Law, seed: int, rows: int, noise: float, budget: float, engine: Engine) -> dict:
    disguised = disguise(law, seed)
    columns = disguised.draw(rows, np.random.default_rng([seed, 2]))
    y = disguised.value(columns)
    y = y + noise * np.sqrt(np.mean(y**2)) * np.random.default_rng([seed, 4]).standard_normal(rows)
    start, cpu = time.perf_counter(), time.process_time()
    text, stage, trail = engine(columns, y, noise, budget)
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    judged = score(text, disguised, seed, noise, rows)
    return {
        "law": law.name,
        "number": law.number,
        "seed": seed,
        "recovered": judged.recovered,
        "inside": judged.inside,
        "outside": judged.outside,
        "size": judged.size,
        "truth_size": judged.truth_size,
        "stage": stage,
        "wall": round(wall, 3),
        "cpu": round(cpu, 3),
        "formula": text,
        "truth": to_text(disguised.truth),
        "trail": trail,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--laws", type=Path, required=True)
    parser.add_argument("--set", default="feynman")
    parser.add_argument("--half", choices=("odd", "even", "both"), default="odd")
    parser.add_argument("--only", default="")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--noise", type=float, default=0.0)
    parser.add_argument("--budget", type=float, default=60.0)
    arguments = parser.parse_args()
    results = []
    for law in read_laws(arguments.laws, arguments.set, arguments.half):
        if arguments.only and law.name not in arguments.only.split(","):
            continue
        for seed in range(arguments.seeds):
            results.append(run(law, seed, arguments.rows, arguments.noise, arguments.budget, by_ladder))
            print(json.dumps(results[-1]), flush=True)
    recovered = sum(result["recovered"] for result in results)
    walls = [result["wall"] for result in results]
    print(
        f"{recovered} of {len(results)} recovered; wall median {median(walls):.2f} s, largest {max(walls):.1f} s, "
        f"together {sum(walls):.0f} s",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
