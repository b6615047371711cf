"""AI Feynman's laws solved for another variable, as a user would give them to `edgewise.discover`.

    python -m benchmarks.turned --workers 2
    python -m benchmarks.turned --seed 100 --laws 4

Thirty laws are drawn by the seed, each for one of its inputs: where a published list has f(x, y), the table here has y as a
function of x and f. The original inputs are drawn in their published box and the output is computed from them, so that
the columns are those of the original law; which one is the target has changed. The laws are those of ``solved.csv``
(``benchmarks.turned.solve``), their columns renamed and shuffled.
"""

from pathlib import Path

from benchmarks.common import run_drawn_laws, table
from benchmarks.feynman.trial import warm_up

from .laws import chosen, left_out
from .trial import run

COUNT = 30
AIM = "Aimed at before anything was measured: 24 of 30 recovered without noise (seed 0)."


def main() -> None:
    skipped = "Not solved for:\n\n" + table(["law", "inputs"], left_out())
    run_drawn_laws(
        Path(__file__).parent,
        "AI Feynman's laws solved for another variable",
        COUNT,
        lambda seed, count: [one.name for one in chosen(seed, count)],
        run,
        warm_up,
        [AIM, skipped],
    )


if __name__ == "__main__":
    main()
