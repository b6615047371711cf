"""Networks on the toy exp(sin(pi x) + y^2) and on x*y, without formulas.

    python -m benchmarks.accuracy --seeds 20

1  floor        Levenberg-Marquardt on [2, 1, 1], cubic pieces to 96 intervals and quintic ones to 48 (as discover refines
                a certified graph): rmse on 1,000 fresh rows, in the target's units; and of those among them whose
                hidden sum lies in the range that the training rows reach
2  exponent     alpha of rmse ~ intervals^-alpha over 10 to 50 intervals, with 1,000 and 10,000 rows; theory degree + 1 = 4
3  certificate  which graph find_architecture chooses, for the toy and for x*y
"""

import argparse
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.common import Clock, Runs, Truth, median_of, shape_of, table, write_report
from edgewise.data import Table
from edgewise.discovery import find_architecture
from edgewise.discovery.architecture import FINE
from edgewise.discovery.prepare import prepare
from edgewise.nn import KAN, Scaling, trace
from edgewise.surgery import refine
from edgewise.train import Levenberg, TrainingData, levenberg

HERE = Path(__file__).parent
BOX = {"x": (-1.0, 1.0), "y": (-1.0, 1.0)}
TOY = Truth("exp(sin(pi*x) + y**2)", BOX)
PRODUCT = Truth("x*y", BOX)
FLOOR = 1e-7
SCHEDULES = {3: Levenberg(intervals=(3, 6, 12, 24, 48, 96)), 5: FINE}
COARSE = (3, 5)  # before the intervals that the exponent is fitted to
INTERVALS = (10, 14, 20, 28, 40, 50)


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
        with torch.no_grad():
            reached, met = (trace(network, x).layers[1].preactivations for x in (self.data.x, self._scaled))
        inside = ((met >= reached.amin(0)) & (met <= reached.amax(0))).all(1).numpy()
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


def exponent(rows: int, seed: int) -> dict[str, Any]:
    """The slope of log rmse against log intervals, each refinement trained until it settles."""
    fresh = Fresh(TOY, rows, seed)
    with Clock() as clock:
        network = levenberg(
            KAN([2, 1, 1], dtype=torch.float64), fresh.data, Levenberg(intervals=COARSE), seed=seed
        ).network
        errors = []
        for intervals in INTERVALS:
            network = levenberg(refine(network, intervals), fresh.data, Levenberg(restarts=1), fresh=False).network
            errors.append(fresh.rmse(network))
    alpha = -np.polyfit(np.log(INTERVALS), np.log(errors), 1)[0]
    return {"alpha": float(alpha), "errors": errors, "wall": clock.wall, "cpu": clock.cpu}


def certificate(truth: Truth, seed: int) -> dict[str, Any]:
    """The graph that discover's search over shapes settles on."""
    x, y = _rows(truth, 1000, seed, 10)
    prepared = prepare(Table.from_arrays(x, y, names=["x", "y"], target="f"), seed)
    with Clock() as clock:
        found = find_architecture(prepared, seed=seed, stop=lambda: False)
    assert found is not None
    return {
        "shape": shape_of(found.model.network),
        "certified": found.certified,
        "rate": found.rate,
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
    parser.add_argument("--exponent-seeds", type=int, default=5)
    parser.add_argument("--fresh", action="store_true", help="forget earlier runs")
    options = parser.parse_args()
    runs = Runs(HERE, options.fresh)
    seeds, few = range(options.seeds), range(min(options.seeds, options.exponent_seeds))
    floors = {
        degree: [runs(partial(floor, degree, seed), part="floor", degree=degree, seed=seed) for seed in seeds]
        for degree in SCHEDULES
    }
    slopes = {
        rows: [runs(partial(exponent, rows, seed), part="exponent", rows=rows, seed=seed) for seed in few]
        for rows in (1000, 10_000)
    }
    graphs = {
        truth.text: [
            runs(partial(certificate, truth, seed), part="graph", truth=truth.text, seed=seed) for seed in seeds
        ]
        for truth in (TOY, PRODUCT)
    }
    parts = [
        *(_floor(degree, rows) for degree, rows in floors.items()),
        _exponent(slopes),
        *(_graphs(text, rows) for text, rows in graphs.items()),
    ]
    write_report(HERE, "Accuracy of networks, first part", f"0 to {options.seeds - 1}", parts)


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


def _exponent(slopes: dict[int, list[dict]]) -> str:
    head = ["rows", "seed", "alpha", *(f"rmse at {intervals}" for intervals in INTERVALS), "CPU s"]
    lines = [
        [rows, row["task"]["seed"], row["alpha"], *row["errors"], row["cpu"]]
        for rows, found in slopes.items()
        for row in found
    ]
    told = "; ".join(
        f"{rows} rows: median {median_of(found, 'alpha'):.2f}, "
        f"{sum(abs(row['alpha'] - 4) <= 0.3 for row in found)} of {len(found)} within 0.3"
        for rows, found in slopes.items()
    )
    return (
        f"## Exponent of the error, {INTERVALS[0]} to {INTERVALS[-1]} intervals (target 4.0 +- 0.3)\n\n{told}.\n\n"
        + table(head, lines)
    )


def _graphs(text: str, rows: list[dict]) -> str:
    counted = Counter(row["shape"] for row in rows)
    told = ", ".join(f"{shape} in {count}" for shape, count in counted.most_common())
    certified = sum(row["certified"] for row in rows)
    head = ["seed", "graph", "certified", "rate", "held-out rmse", "graphs tried", "wall s", "CPU s"]
    names = ("shape", "certified", "rate", "rmse", "tried", "wall", "cpu")
    lines = [[row["task"]["seed"], *(row[name] for name in names)] for row in rows]
    summary = f"{told}; certified in {certified} of {len(rows)}; median {median_of(rows, 'cpu'):.2f} s CPU."
    return f"## Graph chosen for {text}\n\n{summary}\n\n" + table(head, lines)


if __name__ == "__main__":
    main()
