"""A law of motion from noisy trajectories: hunters and prey (A. J. Lotka 1925, V. Volterra 1926).

Run it with ``python -m examples.hunters_and_prey``; ``--svg FILE`` draws the trajectory that was not learned from.
"""

import sys

import numpy as np
from scipy.integrate import solve_ivp

from edgewise import Dynamics, discover_ode

STARTS = ((2.0, 1.0), (4.0, 1.5), (1.0, 2.0), (3.0, 2.5))
NOISE = 0.02


def measured(points: int = 200, noise: float = NOISE, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """Four tables of times, prey and hunters, each with noise."""
    generator = np.random.default_rng(seed)
    times = np.linspace(0, 6, points)
    tables = []
    for start in STARTS:
        path = solve_ivp(
            lambda _, z: [1.5 * z[0] - z[0] * z[1], z[0] * z[1] - 3 * z[1]], (0, 6), start, "DOP853", times, rtol=1e-10
        ).y
        prey, hunters = path + noise * generator.standard_normal(path.shape)
        tables.append({"t": times, "prey": prey, "hunters": hunters})
    return tables


def main(points: int = 200, time_budget: float = 60.0) -> Dynamics:
    found = discover_ode(measured(points), time_budget=time_budget)
    print(found)
    if "--svg" in sys.argv:
        draw(found, sys.argv[sys.argv.index("--svg") + 1])
    return found


def draw(found: Dynamics, path: str) -> None:
    """Dots: the states of the trajectory held out. Lines: the law from its first state."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 2.8), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.subplots()
    one = next(one for one in found.followed if one.kind == "held out")
    for number, name in enumerate(found.states):
        axes.plot(one.times, one.states[:, number], ".", color=f"C{number}", markersize=3, alpha=0.5)
        axes.plot(one.times, one.path[:, number], color=f"C{number}", label=name)
    axes.set_xlabel(found.time)
    axes.legend(frameon=False, ncols=len(found.states))
    figure.savefig(path)


if __name__ == "__main__":
    main()
