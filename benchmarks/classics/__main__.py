"""`edgewise.discover` as a user gets it, on the classic lists.

    python -m benchmarks.classics --rows odd --families nguyen,livermore,keijzer

``--rows`` chooses laws by their place in the list of their family (all, odd, even). Tables, disguise and score are those
of ``benchmarks.feynman``. The page is written from the runs that are kept, so that an interrupted call is gone on with.
"""

from pathlib import Path

from benchmarks.common import Runs, options, write_report
from benchmarks.feynman.trial import run, warm_up
from edgewise.data.laws import Law, laws_of

from .tell import families_of, targets

HERE = Path(__file__).parent
FAMILIES = "nguyen,livermore,keijzer"


def chosen(families: str, rows: str) -> list[Law]:
    """The laws of some families; odd and even are halves of each list."""
    step = {"all": slice(None), "odd": slice(0, None, 2), "even": slice(1, None, 2)}[rows]
    return [law for family in families.split(",") for law in laws_of(family)[step]]


def main() -> None:
    parser = options("classics", "Recovery of classic laws", noise=0.0, seeds=1, budget=60.0, points=1000, workers=1)
    parser.add_argument("--rows", default="all", choices=("all", "odd", "even"))
    parser.add_argument("--families", default=FAMILIES, help=f"families of laws, like {FAMILIES}")
    asked = parser.parse_args()
    runs = Runs(HERE, asked.fresh)
    which = {name: getattr(asked, name) for name in ("noise", "points", "budget")} | {"dummies": 0}
    laws = chosen(asked.families, asked.rows)
    tasks = [{"law": law.name, "seed": seed, **which} for seed in range(asked.seeds) for law in laws]
    runs.side_by_side(run, tasks, asked.workers, warm_up)
    parts = [targets(), *families_of(runs.all())]
    write_report(HERE, "Classic laws", f"0 to {asked.seeds - 1} in this call", parts, processes=asked.workers)


if __name__ == "__main__":
    main()
