"""`edgewise.discover` as a user gets it, on AI Feynman's laws.

    python -m benchmarks.feynman --rows odd --noise 0.01 --seeds 3 --workers 2

``--rows`` chooses laws by their number in the list (1-100, odd, even, bonus, 3-17, or 1,5,9); each is drawn ``--points``
times, its columns renamed and shuffled by the seed. ``--units`` tells the search the units of all columns, those of the
published list as `edgewise.data.laws` holds them. The page tells, for every level of noise, number of points and of dummy
inputs, with and without units, the runs of the newest source that was measured there. The pages are
written from the runs that are kept: ``results.md`` without noise, one for each level of noise, ``units.md`` with units.
"""

from pathlib import Path

from benchmarks.common import Runs, options, write_report
from edgewise.data.laws import Law, laws_of

from .tell import level, levels_of, page_of, published
from .trial import run, warm_up

HERE = Path(__file__).parent


def chosen(rows: str) -> list[Law]:
    """The laws of a choice by number; odd and even are halves of the first hundred."""
    if rows == "bonus":
        return list(laws_of("bonus"))
    laws = laws_of("feynman")
    numbers: set[int] = set()
    for part in rows.split(","):
        if part in ("odd", "even"):
            numbers |= set(range(1 if part == "odd" else 2, len(laws) + 1, 2))
        else:
            first, _, last = part.partition("-")
            numbers |= set(range(int(first), int(last or first) + 1))
    return [law for number, law in enumerate(laws, 1) if number in numbers]


def main() -> None:
    parser = options(
        "feynman", "Recovery of AI Feynman's laws", noise=0.0, seeds=1, budget=60.0, points=1000, workers=2
    )
    parser.add_argument("--rows", default="1-100", help="1-100, odd, even, bonus, or numbers like 3-17 or 1,5,9")
    parser.add_argument("--dummies", type=int, default=0, help="inputs that do not matter")
    parser.add_argument("--units", action="store_true", help="tell the search the units of all columns")
    asked = parser.parse_args()
    runs = Runs(HERE, asked.fresh)
    which = {name: getattr(asked, name) for name in ("noise", "points", "dummies", "budget")}
    which |= {"units": True} if asked.units else {}
    tasks = [{"law": law.name, "seed": seed, **which} for seed in range(asked.seeds) for law in chosen(asked.rows)]
    runs.side_by_side(run, tasks, asked.workers, warm_up)
    levels = levels_of(runs.all())
    seeds = f"0 to {asked.seeds - 1} in this call"
    for page in dict.fromkeys(map(page_of, levels)):
        told = [level(setting, rows) for setting, rows in levels.items() if page_of(setting) == page]
        write_report(HERE, "AI Feynman's laws", seeds, [published(), *told], page, processes=asked.workers)


if __name__ == "__main__":
    main()
