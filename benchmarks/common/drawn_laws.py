"""Laws drawn by a seed: the same protocol and the same page for every list of them.

Seeds from 100 on are for development; of others only counts are told, so that nobody tunes on what they miss.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from .options import options
from .recovery import measured, missed, newest
from .report import write_report
from .runs import Row, Runs

DEVELOPMENT = 100
SETTING = ("seed", "noise", "points", "budget")


def run_drawn_laws(
    folder: Path,
    title: str,
    count: int,
    draw: Callable[[int, int], Sequence[str]],
    run: Callable[..., Row],
    begin: Callable[[], None],
    notes: Iterable[str],
) -> None:
    """The whole of a ``main``: ``draw(seed, how many)`` names laws, ``run(law=..., seed=..., noise=..., points=...,
    budget=...)`` is one discovery, and ``notes`` stand before what was measured."""
    parser = options(folder.name, title, noise=0.0, budget=60.0, points=1000, workers=1)
    parser.add_argument(
        "--seed", type=int, default=0, help="draws the laws and their tables; from 100 on to develop by"
    )
    parser.add_argument("--laws", type=int, default=count, help="how many of them, the first ones")
    asked = parser.parse_args()
    if not 1 <= asked.laws <= count:
        parser.error(f"--laws {asked.laws}: a seed draws {count} laws. Give 1 to {count}, or further seeds.")
    runs = Runs(folder, asked.fresh)
    which = {name: getattr(asked, name) for name in SETTING}
    tasks = [{"law": law, **which} for law in draw(asked.seed, count)[: asked.laws]]
    runs.side_by_side(run, tasks, asked.workers, begin)
    parts = [*notes, *_settings(runs.all(), count)]
    write_report(folder, title, f"{asked.seed} in this call", parts, processes=asked.workers)


def _settings(rows: Iterable[Row], count: int) -> Iterator[str]:
    """A part for each setting, the reported seeds first."""
    found: dict[tuple, list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row["task"][name] for name in SETTING), []).append(row)
    for (seed, noise, points, budget), some in sorted(found.items()):
        last = newest(some)
        kind = ", development" if seed >= DEVELOPMENT else ""
        yield f"## Seed {seed}{kind}, noise {noise:g}, {points} rows, at most {budget:g} s a table"
        if len(last) < count:
            yield f"The first {len(last)} of {count} laws."
        yield measured({"laws": last})
        if seed >= DEVELOPMENT and (told := missed(last)):
            yield told
