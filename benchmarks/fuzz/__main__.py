"""Random and hostile tables through `edgewise discover`, every fifth also through predict, show and plot.

    python -m benchmarks.fuzz --tables 10000

Counted: exceptions that reach the user, formulas that hold no number, files left behind, commands that hang, and laws
claimed on pure noise. Tables are drawn by their number, so a fault is seen again with --first NUMBER --tables 1. Chunks of
50 are kept, so that a run goes on where it was interrupted.
"""

import argparse
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.common import Runs, table, write_report

from .tables import draw
from .trial import BUDGET, SLOW, trial

HERE = Path(__file__).parent
CHUNK = 50
DEEP = 5


def chunk(first: int, end: int) -> dict[str, Any]:
    """The tables from ``first`` to before ``end``, counted."""
    trials = {number: trial(draw(number), deep=number % DEEP == 0) for number in range(first, end)}
    return {
        "outcomes": dict(Counter(f"{t['kind']}|{t['outcome']}" for t in trials.values())),
        "faults": {str(number): told for number, t in trials.items() if (told := _told(t))},
        "noise": sum(t["noise"] for t in trials.values()),
        "false_laws": [number for number, t in trials.items() if t["noise"] and t["outcome"] == "law"],
        "seconds": sum(t["seconds"] for t in trials.values()),
        "longest": max(t["seconds"] for t in trials.values()),
    }


def report(chunks: list[dict[str, Any]], tables: int) -> None:
    """Counts of what must not happen, then what did."""
    faults = {number: told for part in chunks for number, told in part["faults"].items()}
    false_laws = [number for part in chunks for number in part["false_laws"]]
    counted = Counter(_kind(fault) for told in faults.values() for fault in told)
    never = ("traceback", "formula", "left behind", "hang", "other")
    first = table(
        ["what must not happen", "tables"],
        [
            *([kind, counted.get(kind, 0)] for kind in never),
            [f"a law claimed on pure noise ({sum(part['noise'] for part in chunks)} tables)", len(false_laws)],
        ],
    )
    outcomes: Counter[str] = Counter()
    for part in chunks:
        outcomes.update(part["outcomes"])
    ends = ("refused", "no formula", "approximation", "law")
    kinds = sorted({key.partition("|")[0] for key in outcomes})
    second = table(["tables", *ends], [[kind, *(outcomes[f"{kind}|{end}"] for end in ends)] for kind in kinds])
    listed = "\n".join(f"- table {number}: {'; '.join(told)[:300]}" for number, told in faults.items())
    seconds = f"{sum(part['seconds'] for part in chunks):.0f} s in all, the longest {max(p['longest'] for p in chunks):.1f} s; "
    seconds += f"time budget {BUDGET} s a table, hanging is more than {SLOW:.0f} s."
    false = f"False laws: tables {false_laws}." if false_laws else ""
    write_report(
        HERE,
        f"{tables} random and hostile tables",
        "tables are drawn by number",
        filter(None, [first, second, seconds, false, listed]),
    )


def _told(trial: dict[str, Any]) -> list[str]:
    """What went wrong; a command that hangs is among it here, but not in the tests, which run beside others."""
    return [*trial["faults"], *([f"{trial['seconds']:.0f} s"] if trial["slow"] else [])]


def _kind(fault: str) -> str:
    head = fault.split(":")[0].split(" '")[0]
    return head if head in ("traceback", "left behind", "formula") else "hang" if fault.endswith(" s") else "other"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--fresh", action="store_true", help="forget chunks that were kept")
    options = parser.parse_args()
    runs = Runs(HERE, options.fresh)
    end = options.first + options.tables
    parts = []
    for first in range(options.first, end, CHUNK):
        last = min(first + CHUNK, end)
        parts.append(runs(partial(chunk, first, last), first=first, last=last))
    report(parts, options.tables)


if __name__ == "__main__":
    main()
