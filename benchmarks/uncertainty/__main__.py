"""Whether error bars hold: standard errors of constants, bands on edges, intervals of predictions.

    python -m benchmarks.uncertainty constants --seeds 500
    python -m benchmarks.uncertainty found --seeds 40

constants   laws whose form is known, fitted by `edgewise.symbolic.polish`: how often two standard errors hold the truth
found       the same of what `edgewise.discover` finds, where it finds the form

Each part writes its own page, PART.md.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from benchmarks.common import Runs, write_report

from . import constants, found

PARTS: dict[str, Callable[[Runs, int], tuple[str, str, list[str]]]] = {
    "constants": constants.report,
    "found": found.report,
}
"""part -> (runs, seeds) -> title, seeds used, paragraphs"""


def main() -> None:
    """Run one part and write its page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--fresh", action="store_true", help="forget earlier runs")
    options = parser.parse_args()
    here = Path(__file__).parent
    title, seeds, paragraphs = PARTS[options.part](Runs(here, options.fresh), options.seeds)
    write_report(here, title, seeds, paragraphs, page=options.part)


if __name__ == "__main__":
    main()
