"""Random formulas, as a user would give them to `edgewise.discover`.

    python -m benchmarks.random_laws --workers 2
    python -m benchmarks.random_laws --seed 100 --laws 4

Forty formulas are drawn by the seed from the grammar of ``benchmarks.random_laws.grammar``, and a table of each.
"""

from pathlib import Path

from benchmarks.common import run_drawn_laws
from benchmarks.feynman.trial import warm_up

from .grammar import __doc__ as GRAMMAR
from .trial import COUNT, run, truths

AIM = "Aimed at before anything was measured: 30 of 40 recovered without noise (seed 0)."


def main() -> None:
    run_drawn_laws(
        Path(__file__).parent,
        "Random formulas",
        COUNT,
        lambda seed, count: list(truths(seed))[:count],
        run,
        warm_up,
        [AIM, f"```text\n{GRAMMAR.strip()}\n```"],
    )


if __name__ == "__main__":
    main()
