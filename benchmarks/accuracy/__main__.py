"""Networks on functions whose truth is known, without formulas; targets and misses side by side.

    python -m benchmarks.accuracy --seeds 20 --pykan-python PATH

1  pace         [2, 1, 1] on exp(sin(pi x) + y^2): CPU seconds to 1e-5, beside pykan's where there is one
2  floor        the same by Levenberg-Marquardt, cubic pieces to 96 intervals and quintic ones to 48 (as discover refines
                a certified graph): rmse on 1,000 fresh rows, in the target's units; and of those among them whose
                hidden sum lies in the range that the training rows reach
3  shapes       wider, deeper and longer networks, each with its target
4  exponent     alpha of rmse ~ intervals^-alpha over 10 to 200 intervals; theory degree + 1 = 4
5  knots        twenty pieces placed by residual, over twenty even ones
6  NaN          small random problems
7  certificate  which graph find_architecture chooses, for the toy and for x*y, without noise and with 1 %
"""

import argparse
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.accuracy import cases, tell
from benchmarks.common import Clock, Runs, Truth, median_of, shape_of, table, write_report
from edgewise.data import Table
from edgewise.discovery import find_architecture
from edgewise.discovery.architecture import FINE
from edgewise.discovery.prepare import prepare
from edgewise.nn import KAN, Scaling
from edgewise.train import Levenberg, TrainingData, levenberg

HERE = Path(__file__).parent
BOX = {"x": (-1.0, 1.0), "y": (-1.0, 1.0)}
TOY = Truth("exp(sin(pi*x) + y**2)", BOX)
PRODUCT = Truth("x*y", BOX)
FLOOR = 1e-7
SCHEDULES = {3: Levenberg(intervals=(3, 6, 12, 24, 48, 96)), 5: FINE}


class Fresh:
    """A truth's training rows as a network sees them, and its rmse on 1,000 fresh rows in the truth's units."""

    def __init__(self, truth: Truth, rows: int, seed: int) -> None:
        x, y = _rows(truth, rows, seed, 10)
        self._x, self._y = _rows(truth, 1000, seed, 12)
        self._into, self._target = Scaling.to_unit_range(x), Scaling.to_unit_spread(y[:, None])
        self.data = TrainingData.split(
            torch.as_tensor(self._into.into(x)), torch.as_tensor(self._target.into(y[:, None])), seed=seed
        )

    def rmse(self, network: KAN) -> float:
        return float(np.sqrt(np.mean(self._errors(network) ** 2)))

    def rmse_inside(self, network: KAN) -> tuple[float, int]:
        """The same over the rows whose hidden sum some training row reaches, and the number of the others."""
        inside = cases.reached(network, self.data.x, self._scaled)
        return float(np.sqrt(np.mean(self._errors(network)[inside] ** 2))), int((~inside).sum())

    @property
    def _scaled(self) -> torch.Tensor:
        return torch.as_tensor(self._into.into(self._x))

    def _errors(self, network: KAN) -> np.ndarray:
        with torch.no_grad():
            return self._target.back(network(self._scaled).numpy())[:, 0] - self._y


def floor(degree: int, seed: int) -> dict[str, Any]:
    """From random starts to the finest pieces of that degree."""
    fresh = Fresh(TOY, 1000, seed)
    with Clock() as clock:
        fit = levenberg(KAN([2, 1, 1], degree=degree, dtype=torch.float64), fresh.data, SCHEDULES[degree], seed=seed)
    best = fit.history.best
    inside, beyond = fresh.rmse_inside(fit.network)
    return {
        "rmse": fresh.rmse(fit.network),
        "inside": inside,
        "beyond": beyond,
        "held_out": best.held_out_rmse,
        "intervals": best.intervals,
        "parameters": best.parameters,
        "rate": fit.history.rate,
        "wall": clock.wall,
        "cpu": clock.cpu,
    }


def certificate(truth: Truth, noise: float, seed: int) -> dict[str, Any]:
    """The graph that discover's search over shapes settles on."""
    x, y = _rows(truth, 1000, seed, 10)
    y = y + noise * np.sqrt(np.mean(y**2)) * np.random.default_rng((seed, 13)).normal(size=len(y))
    prepared = prepare(Table.from_arrays(x, y, names=["x", "y"], target="f"), seed)
    with Clock() as clock:
        found = find_architecture(prepared, seed=seed, stop=lambda: False)
    assert found is not None
    return {
        "shape": shape_of(found.model.network),
        "certified": found.certified,
        "rate": found.rate,
        "noise_share": found.trial.fit.certificate.noise_share,
        "rmse": found.trial.error * prepared.spread,
        "tried": len(found.trials),
        "wall": clock.wall,
        "cpu": clock.cpu,
    }


def _rows(truth: Truth, rows: int, seed: int, part: int) -> tuple[np.ndarray, np.ndarray]:
    columns = truth.draw(rows, (seed, part))
    return np.column_stack(list(columns.values())), truth.value(columns)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description="Accuracy of networks")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--few", type=int, default=10, help="seeds of the shapes; a third of them for the longest runs")
    parser.add_argument("--problems", type=int, default=500, help="random problems looked at for NaN")
    parser.add_argument("--pykan-python", default=None, help="a Python that can import pykan")
    parser.add_argument("--fresh", action="store_true", help="forget earlier runs")
    options = parser.parse_args()
    runs = Runs(HERE, options.fresh)
    seeds, few, fewer = (range(n) for n in (options.seeds, options.few, max(1, options.few // 3)))
    for seed in (10_000, 10_001):
        cases.pace(seed)  # compiles, so that no run is charged for it
    paces = [runs(partial(cases.pace, seed), part="pace", seed=seed) for seed in few]
    theirs = _theirs(runs, options.pykan_python, few)
    floors = {
        degree: [runs(partial(floor, degree, seed), part="floor", degree=degree, seed=seed) for seed in seeds]
        for degree in SCHEDULES
    }
    shapes = [
        (case, [runs(partial(cases.floor, case, s), part="shape", case=case.name, seed=s) for s in _some(case, few)])
        for case in cases.CASES
    ]
    slopes = [
        runs(partial(cases.exponent, name, rows, s), part="exponent", name=name, rows=rows, seed=s)
        for name, rows in (("toy", 10_000), ("J0(20x)", 10_000), ("toy", 1000))
        for s in fewer
    ]
    witness = [
        runs(partial(cases.best_spline, "J0(20x)", 10_000, s), part="best spline", name="J0(20x)", rows=10_000, seed=s)
        for s in fewer
    ]
    bends = [
        runs(partial(cases.knots, name, s), part="knots", name=name, seed=s) for name in cases.BENDS for s in fewer
    ]
    finite = runs(partial(cases.nan_count, range(options.problems)), part="nan", problems=options.problems)
    graphs = {
        (truth.text, noise): [
            runs(partial(certificate, truth, noise, seed), part="graph", truth=truth.text, noise=noise, seed=seed)
            for seed in seeds
        ]
        for noise in (0.0, 0.01)
        for truth in (TOY, PRODUCT)
    }
    parts = [
        tell.pace(paces, theirs),
        *(_floor(degree, rows) for degree, rows in floors.items()),
        *(tell.shape(case, rows) for case, rows in shapes),
        tell.exponent(slopes, witness),
        tell.knots(bends),
        tell.finite(finite),
        *(_graphs(text, noise, rows) for (text, noise), rows in graphs.items()),
    ]
    write_report(HERE, "Accuracy of networks", f"0 to {options.seeds - 1}; shapes 0 to {options.few - 1}", parts)


def _theirs(runs: Runs, python: str | None, few: range) -> list[dict]:
    """pykan's seconds, of a third of the seeds: a start takes it minutes."""
    if not python:
        return []
    return [
        runs(partial(cases.pykan_pace, python, seed), source="pykan 0.2.8", part="pace", seed=seed)
        for seed in few[: max(1, len(few) // 3)]
    ]


def _some(case: cases.Case, few: range) -> range:
    return few[: max(1, len(few) // 3)] if case.rows > 1000 else few


def _floor(degree: int, rows: list[dict]) -> str:
    def told(name: str) -> str:
        errors = sorted(row[name] for row in rows)
        met = sum(error <= FLOOR for error in errors)
        return (
            f"at most {FLOOR:g} in {met} of {len(rows)}; median {median_of(rows, name):.3g}, least {errors[0]:.3g}, "
            f"largest {errors[-1]:.3g}"
        )

    text = (
        f"## Levenberg-Marquardt, [2, 1, 1], degree {degree}, 1,000 rows (800 trained on, 200 to choose by)\n\n"
        f"rmse on 1,000 fresh rows of the box (target: {FLOOR:g} in all): {told('rmse')}.\n\n"
        f"Of those the rows whose hidden sum some training row reaches: {told('inside')}. The few others lie in the corners "
        f"where sin(pi x) + y^2 is largest; no row tells the outer function there.\n\n"
        f"Median {median_of(rows, 'cpu'):.2f} s CPU, {median_of(rows, 'wall'):.2f} s wall.\n\n"
    )
    head = ["seed", "rmse", "met", "rmse, reached", "rows beyond", "intervals", "parameters", "rate", "wall s", "CPU s"]
    names = ("inside", "beyond", "intervals", "parameters", "rate", "wall", "cpu")
    lines = [[row["task"]["seed"], row["rmse"], row["rmse"] <= FLOOR, *(row[name] for name in names)] for row in rows]
    return text + table(head, lines)


def _graphs(text: str, noise: float, rows: list[dict]) -> str:
    counted = Counter(row["shape"] for row in rows)
    told = ", ".join(f"{shape} in {count}" for shape, count in counted.most_common())
    certified = sum(row["certified"] for row in rows)
    head = ["seed", "graph", "certified", "rate", "noise share", "held-out rmse", "graphs tried", "wall s", "CPU s"]
    names = ("shape", "certified", "rate", "noise_share", "rmse", "tried", "wall", "cpu")
    lines = [[row["task"]["seed"], *(row[name] for name in names)] for row in rows]
    summary = f"{told}; certified in {certified} of {len(rows)}; median {median_of(rows, 'cpu'):.2f} s CPU."
    return f"## Graph chosen for {text}, noise {100 * noise:g} %\n\n{summary}\n\n" + table(head, lines)


if __name__ == "__main__":
    main()
