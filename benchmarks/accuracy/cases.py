"""What the networks are trained on: functions on the box [-1, 1]^n, rows drawn by seed, fresh rows to judge by."""

import json
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.interpolate import make_lsq_spline
from scipy.special import j0

from benchmarks.common import Clock
from edgewise.nn import KAN, trace
from edgewise.surgery import nodes_on, refine
from edgewise.train import Fit, Levenberg, TrainingData, levenberg

Function = Callable[[np.ndarray], np.ndarray]
FRESH = 1000


def toy(x: np.ndarray) -> np.ndarray:
    return np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2)


def product(x: np.ndarray) -> np.ndarray:
    return x[:, 0] * x[:, 1]


def deep(x: np.ndarray) -> np.ndarray:
    pairs = np.sin(np.pi * (x[:, 0] ** 2 + x[:, 1] ** 2)) + np.sin(np.pi * (x[:, 2] ** 2 + x[:, 3] ** 2))
    return np.exp(pairs / 2)


def additive(x: np.ndarray) -> np.ndarray:
    return np.exp(np.mean(np.sin(np.pi * x / 2) ** 2, axis=1))


def bessel(x: np.ndarray) -> np.ndarray:
    return j0(20 * x[:, 0])


@dataclass(frozen=True)
class Case:
    """A function, the network it is given, and how that is trained."""

    name: str
    function: Function
    shape: list
    rows: int
    settings: Levenberg
    target: float
    degree: int = 3
    residual: str = "silu"
    held_out: float = 0.1
    seconds: float = 60.0  # of process time

    def fresh(self, seed: int) -> tuple[TrainingData, "Judge"]:
        generator = np.random.default_rng((seed, 20))
        n_in = self.shape[0]
        x = generator.uniform(-1, 1, (self.rows, n_in))
        data = TrainingData.split(
            torch.as_tensor(x), torch.as_tensor(self.function(x)[:, None]), held_out=self.held_out, seed=seed
        )
        return data, Judge(self.function, np.random.default_rng((seed, 21)).uniform(-1, 1, (FRESH, n_in)))


@dataclass(frozen=True)
class Judge:
    """The rmse of a network on fresh rows."""

    function: Function
    x: np.ndarray

    def __call__(self, network: KAN) -> float:
        return float(np.sqrt(np.mean(self._errors(network) ** 2)))

    def where(self, network: KAN, told: np.ndarray) -> float:
        """The same over a mask's rows."""
        return float(np.sqrt(np.mean(self._errors(network)[told] ** 2)))

    def _errors(self, network: KAN) -> np.ndarray:
        with torch.no_grad():
            return network(torch.as_tensor(self.x)).numpy()[:, 0] - self.function(self.x)


def reached(network: KAN, seen: torch.Tensor, met: torch.Tensor) -> np.ndarray:
    """Which rows of ``met`` have each hidden sum where a row of ``seen`` has one; nothing is known of the others.

    A network without hidden nodes reaches what it is given.
    """
    if len(network) == 1:
        return np.ones(len(met), dtype=bool)
    with torch.no_grad():
        known, asked = (trace(network, x).layers[1].preactivations for x in (seen, met))
    return ((asked >= known.amin(0)) & (asked <= known.amax(0))).all(1).numpy()


COMPILED = Levenberg(compiled=True)
WIDE = replace(
    COMPILED, intervals=(3, 6, 12, 24, 36), keep=(4, 2), bouts=3, penalty=3e-9, most_parameters=0.8, thin_after=2
)
FLAT = replace(COMPILED, intervals=(1, 2, 4, 8, 16, 32), steps=40, penalty=1e-11, tolerance=0.005, keep=(4, 2))
CASES = (
    Case(
        "exp(sin(pi x) + y^2), 10 CPU seconds", toy, [2, 5, 1], 1000, WIDE, 1e-6, degree=5, residual="none", seconds=9.8
    ),
    Case("x y", product, [2, 2, 1], 1000, FLAT, 1e-10, degree=5, residual="none"),
    Case(
        "exp((sin(pi(a^2+b^2)) + sin(pi(c^2+d^2)))/2)",
        deep,
        [4, 4, 2, 1],
        3000,
        replace(COMPILED, keep=(3, 1), thin_after=2),
        1e-5,
    ),
    Case("exp(mean of sin^2(pi x_i/2)), 100 inputs", additive, [100, 1, 1], 3000, replace(COMPILED, restarts=2), 1e-5),
)


def floor(case: Case, seed: int) -> dict[str, Any]:
    """One case: error on fresh rows, and what it took."""
    data, judge = case.fresh(seed)
    network = KAN(case.shape, degree=case.degree, residual=case.residual, dtype=torch.float64)
    with Clock() as clock:
        fit = levenberg(network, data, case.settings, seed=seed, stop=clock.over(case.seconds))
    best = fit.history.best
    return {
        "rmse": judge(fit.network),
        "rmse_train": best.rmse,
        "held_out": best.held_out_rmse,
        "intervals": best.intervals,
        "parameters": best.parameters,
        "on": [len(nodes) for nodes in nodes_on(fit.network)],
        "cpu": clock.cpu,
        "wall": clock.wall,
    }


PACE = Case("", toy, [2, 1, 1], 1000, replace(COMPILED, tolerance=0.2), 1e-5)


def pace(seed: int) -> dict[str, Any]:
    """CPU seconds of [2, 1, 1] from random starts to the target: stages until the held-out error is there."""
    data, judge = PACE.fresh(seed)
    for last in range(1, 5):
        settings = replace(PACE.settings, intervals=PACE.settings.intervals[:last])
        with Clock() as clock:
            fit = levenberg(KAN([2, 1, 1], dtype=torch.float64), data, settings, seed=seed)
        if fit.held_out_rmse <= PACE.target:
            break
    return {"rmse": judge(fit.network), "intervals": fit.history.best.intervals, "cpu": clock.cpu, "wall": clock.wall}


def pykan_pace(python: str, seed: int) -> dict[str, Any]:
    """The same by pykan on all the rows, one start, in a process of its own; the seconds are without imports."""
    data, judge = PACE.fresh(seed)
    arrays = {
        "train_input": torch.cat([data.x, data.x_held]),
        "train_label": torch.cat([data.y, data.y_held]),
        "test_input": judge.x,
        "test_label": toy(judge.x)[:, None],
    }
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "data.npz", **{name: np.asarray(values) for name, values in arrays.items()})
        words = [python, str(Path(__file__).with_name("pykan_pace.py")), str(seed), str(PACE.target)]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    return told


BENDS: dict[str, tuple[Function, float]] = {
    "tanh(50x)": (lambda x: np.tanh(50 * x[:, 0]), 10),
    "abs(x - 0.2)": (lambda x: np.abs(x[:, 0] - 0.2), 10),
    "exp(-((x - 0.3)/0.02)^2)": (lambda x: np.exp(-(((x[:, 0] - 0.3) / 0.02) ** 2)), 10),
    "cbrt(x)": (lambda x: np.cbrt(x[:, 0]), 8),
    "step(x - 0.3)": (lambda x: 1.0 * (x[:, 0] > 0.3), 3),
    "sin(pi x)": (lambda x: np.sin(np.pi * x[:, 0]), 1 / 3),
    "tanh(20(x + y)), [2, 1, 1]": (lambda x: np.tanh(20 * (x[:, 0] + x[:, 1])), 10),
}


def knots(name: str, seed: int) -> dict[str, Any]:
    """Twenty pieces, evenly spaced and placed by residual: rmse on fresh rows of the same rows' fits."""
    function, target = BENDS[name]
    several = "[2" in name
    settings = replace(COMPILED, restarts=8 if several else 1, intervals=(20,) if several else (5, 10, 20))
    shape = [2, 1, 1] if several else [1, 1]
    data, judge = Case(name, function, shape, 1000 if several else 3000, settings, target, held_out=0.2).fresh(seed)
    judge = replace(judge, x=np.random.default_rng((seed, 22)).uniform(-1, 1, (10 * FRESH, shape[0])))
    row: dict[str, Any] = {"target": target}
    for what, placements in (("even", 0), ("placed", 20)):
        with Clock() as clock:
            fit = levenberg(KAN(shape, dtype=torch.float64), data, replace(settings, placements=placements), seed=seed)
        row |= {what: judge(fit.network), f"cpu_{what}": clock.cpu}
    return row | {"ratio": row["even"] / row["placed"]}


LADDER = (10, 14, 20, 28, 40, 56, 80, 113, 160, 200)
LATE = 5  # from 56 intervals on
REFINED = replace(COMPILED, restarts=1, penalty=1e-13, floor=1e-15)


def exponent(name: str, rows: int, seed: int) -> dict[str, Any]:
    """The slope of log rmse against log intervals, each refinement trained until it settles."""
    function, shape = {"toy": (toy, [2, 1, 1]), "J0(20x)": (bessel, [1, 1])}[name]
    data, judge = Case(name, function, shape, rows, COMPILED, 0.0, held_out=0.2).fresh(seed)
    first = replace(COMPILED, intervals=(3, 5)) if len(shape) > 2 else replace(REFINED, intervals=(5,))
    errors, inside, beyond = [], [], 0
    with Clock() as clock:
        network = levenberg(KAN(shape, dtype=torch.float64), data, first, seed=seed).network
        for intervals in LADDER:
            fit: Fit = levenberg(refine(network, intervals), data, REFINED, fresh=False)
            network = fit.network
            told = reached(network, data.x, torch.as_tensor(judge.x))
            errors.append(judge(network))
            inside.append(judge.where(network, told))
            beyond = max(beyond, int((~told).sum()))
    return _slopes(errors) | {"alpha_inside": _slope(inside, 0), "beyond": beyond, "cpu": clock.cpu}


def best_spline(name: str, rows: int, seed: int) -> dict[str, Any]:
    """The slope of the best least-squares spline on the same rows and even knots, by scipy: what no training can beat."""
    function = {"J0(20x)": bessel}[name]
    data, judge = Case(name, function, [1, 1], rows, COMPILED, 0.0, held_out=0.2).fresh(seed)
    order = data.x[:, 0].argsort()
    x, y = data.x[order, 0].numpy(), data.y[order, 0].numpy()
    errors = []
    for intervals in LADDER:
        knots = np.concatenate([[-1.0] * 3, np.linspace(-1, 1, intervals + 1), [1.0] * 3])
        spline = make_lsq_spline(x, y, knots, k=3)
        errors.append(float(np.sqrt(np.mean((spline(judge.x[:, 0]) - function(judge.x)) ** 2))))
    return _slopes(errors)


def _slopes(errors: list[float]) -> dict[str, Any]:
    return {"alpha": _slope(errors, 0), "alpha_late": _slope(errors, LATE), "errors": errors}


def _slope(errors: list[float], first: int) -> float:
    return float(-np.polyfit(np.log(LADDER[first:]), np.log(errors[first:]), 1)[0])


def nan_count(seeds: range) -> dict[str, Any]:
    """Small random problems, ranges 1e-6 to 1e6, few rows or many, constant columns: how many end in a NaN or an error."""
    with Clock() as clock:
        bad = [seed for seed in seeds if not _finite(seed)]
    return {"problems": len(seeds), "bad": bad, "cpu": clock.cpu}


def _finite(seed: int) -> bool:
    draw = np.random.default_rng((seed, 23))
    shape: list = [[2, 1], [2, 1, 1], [2, (0, 1), 1], [1, 2, 1], [2, 2, 2], [3, 2, 1, 1]][int(draw.integers(6))]
    count, n_in, n_out = int(draw.integers(5, 80)), shape[0], shape[-1]
    size = 10 ** draw.uniform(-6, 6, n_in)
    x = draw.uniform(-1, 1, (count, n_in)) * size
    y = draw.normal(size=(count, n_out)) * 10 ** draw.uniform(-6, 6)
    if draw.random() < 0.3:
        x[:, 0] = x[0, 0]
    if draw.random() < 0.3:
        y = np.exp((x / size).sum(1, keepdims=True)).repeat(n_out, 1) * y.std()
    settings = Levenberg(restarts=2, intervals=(2, 4), bouts=2, placements=int(draw.integers(3)), compiled=True)
    network = KAN(shape, degree=int(draw.integers(1, 6)))
    data = TrainingData.split(torch.as_tensor(x), torch.as_tensor(y), seed=seed)
    fit = levenberg(network, data, settings, seed=seed)
    weights = all(bool(p.isfinite().all()) for p in fit.network.parameters())
    return weights and bool(np.isfinite(fit.held_out_rmse)) and bool(fit.network(data.x).isfinite().all())
