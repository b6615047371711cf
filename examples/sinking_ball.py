"""A ball sinks in a liquid: Stokes' law from 400 noisy measurements, with a picture of each stage.

Run it with ``python -m examples.sinking_ball``; ``--pictures FOLDER`` writes what `docs/discovery.md` shows. The law is v = 2/9 g
r^2 (ball - liquid) / viscosity (G. G. Stokes, 1851); the search is told the columns alone.
"""

import sys
from pathlib import Path

import numpy as np

from edgewise import Discovery, discover
from edgewise.view import plot_front

NOISE = 0.02
SHOWN = 150  # rows in the pictures
TARGET = "v [m/s]"
G = 9.81


def measured(rows: int = 400, seed: int = 1) -> dict[str, np.ndarray]:
    """Densities, radius, viscosity and speed, by column."""
    generator = np.random.default_rng(seed)
    ball = generator.uniform(2000, 8000, rows)
    liquid = generator.uniform(800, 1300, rows)
    radius = generator.uniform(2e-4, 1e-3, rows)
    viscosity = generator.uniform(0.2, 1.5, rows)
    speed = 2 / 9 * G * radius**2 * (ball - liquid) / viscosity
    return {
        "ball [kg/m^3]": ball,
        "liquid [kg/m^3]": liquid,
        "radius [m]": radius,
        "viscosity [Pa s]": viscosity,
        TARGET: speed * (1 + NOISE * generator.standard_normal(rows)),
    }


def main(rows: int = 400, time_budget: float = 60.0) -> Discovery:
    found = discover(measured(rows), TARGET, time_budget=time_budget)
    print(found)
    print(found.explain())
    if "--pictures" in sys.argv:
        draw(found, measured(rows), Path(sys.argv[sys.argv.index("--pictures") + 1]))
    return found


def draw(found: Discovery, columns: dict[str, np.ndarray], folder: Path) -> None:
    """The table, the network, the front, the law as a network, and what the law leaves, a file each."""
    for use in ("network", "formula"):
        (folder / f"ball-{use}.svg").write_text(found.svg(use) or "", encoding="utf-8")
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    inputs = [name for name in columns if name != TARGET]
    speed = columns[TARGET]
    left = speed / found.predict(columns) - 1
    for name, values, label in (("table", 100 * speed, "v, cm/s"), ("rest", 100 * left, "v / law - 1, %")):
        figure = Figure(figsize=(8, 2.2), layout="constrained")
        FigureCanvasSVG(figure)
        for axes, column in zip(figure.subplots(1, len(inputs), sharey=True), inputs, strict=True):
            axes.plot(columns[column][:SHOWN], values[:SHOWN], ".", markersize=3)
            axes.set_xlabel(column.replace("^3", "³"))
            axes.locator_params(axis="x", nbins=3)
        figure.axes[0].set_ylabel(label)
        with rc_context({"svg.hashsalt": name}):
            figure.savefig(folder / f"ball-{name}.svg", metadata={"Date": None})
    figure = Figure(figsize=(6, 3), layout="constrained")
    FigureCanvasSVG(figure)
    plot_front(found.front, figure.subplots())
    with rc_context({"svg.hashsalt": "front"}):
        figure.savefig(folder / "ball-front.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
