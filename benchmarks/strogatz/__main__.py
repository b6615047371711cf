"""The fourteen laws of motion of the ODE-Strogatz list: seven systems of two states.

    python -m benchmarks.strogatz --given slopes --noise 0.01
    python -m benchmarks.strogatz --given trajectories

``--given slopes`` is the published protocol (W. La Cava et al. 2021): the states along four trajectories of a hundred
points, the exact slope beside each, noise on the slope; `edgewise.discover`. ``--given trajectories`` gives times and
states alone (``--points`` for each of four trajectories, noise on the states) to `edgewise.discover_ode`, which keeps one
trajectory aside. ``--rows odd`` and ``even`` are the first and the second state of each system; nothing was tuned on the
second ones given slopes.
"""

from pathlib import Path

from benchmarks.common import Runs, options, write_report
from edgewise.data.laws import laws_of

from .tell import parts_of
from .trial import from_slopes, from_trajectories, warm_up

HERE = Path(__file__).parent


def main() -> None:
    parser = options(
        "strogatz",
        "Recovery of laws of motion",
        noise=(0.0, "share of the rms of slopes, or of states"),
        seeds=1,
        budget=(60.0, "seconds for each law"),
        points=(100, "of each of the four trajectories"),
        workers=1,
    )
    parser.add_argument("--given", default="slopes", choices=("slopes", "trajectories"))
    parser.add_argument("--rows", default="all", choices=("all", "odd", "even"), help="of the laws, given slopes")
    asked = parser.parse_args()
    runs = Runs(HERE, asked.fresh)
    step = {"all": slice(None), "odd": slice(0, None, 2), "even": slice(1, None, 2)}[asked.rows]
    names = [law.name.rpartition("/")[2] for law in laws_of("strogatz")]
    which = {name: getattr(asked, name) for name in ("given", "noise", "points", "budget")}
    if asked.given == "slopes":
        run, what = from_slopes, names[step]
    else:
        run, what = from_trajectories, sorted({name[:-1] for name in names})
    tasks = [{"law": law, "seed": seed, **which} for seed in range(asked.seeds) for law in what]
    runs.side_by_side(run, tasks, asked.workers, warm_up)
    seeds = f"0 to {asked.seeds - 1} in this call"
    write_report(HERE, "Strogatz's laws of motion", seeds, parts_of(runs.all()), processes=asked.workers)


if __name__ == "__main__":
    main()
