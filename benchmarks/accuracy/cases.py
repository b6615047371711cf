"""What the networks are trained on: functions on the box [-1, 1]^n, rows drawn by seed, fresh rows to judge by."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from scipy.special import j0

from benchmarks.common import Clock
from edgewise.nn import KAN
from edgewise.surgery import refine
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
        with torch.no_grad():
            errors = network(torch.as_tensor(self.x)).numpy()[:, 0] - self.function(self.x)
        return float(np.sqrt(np.mean(errors**2)))


COMPILED = Levenberg(compiled=True)
WIDE = replace(COMPILED, intervals=(3, 6, 12, 24, 36), keep=(4, 2), bouts=3, penalty=3e-9, most_parameters=0.8)
CASES = (
    Case(
        "exp(sin(pi x) + y^2), 10 CPU seconds", toy, [2, 5, 1], 1000, WIDE, 1e-6, degree=5, residual="none", seconds=9.8
    ),
    Case(
        "x y", product, [2, 2, 1], 1000, replace(COMPILED, penalty=1e-11, tolerance=0.005, keep=(4, 2)), 1e-10, degree=5
    ),
    Case("exp((sin(pi(a^2+b^2)) + sin(pi(c^2+d^2)))/2)", deep, [4, 4, 2, 1], 3000, replace(COMPILED, restarts=4), 1e-5),
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
        "cpu": clock.cpu,
        "wall": clock.wall,
    }


def pace(seed: int, goal: float = 1e-5) -> dict[str, Any]:
    """CPU seconds of [2, 1, 1] from random starts to ``goal``: stages until the held-out error is there."""
    case = Case("", toy, [2, 1, 1], 1000, COMPILED, goal)
    data, judge = case.fresh(seed)
    for last in range(1, 5):
        settings = replace(COMPILED, intervals=COMPILED.intervals[:last])
        with Clock() as clock:
            fit = levenberg(KAN([2, 1, 1], dtype=torch.float64), data, settings, seed=seed)
        if fit.held_out_rmse <= goal:
            break
    return {"rmse": judge(fit.network), "intervals": fit.history.best.intervals, "cpu": clock.cpu, "wall": clock.wall}


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
REFINED = replace(COMPILED, restarts=1, penalty=1e-13, floor=1e-15)


def exponent(name: str, rows: int, seed: int) -> dict[str, Any]:
    """The slope of log rmse against log intervals, each refinement trained until it settles."""
    function, shape = {"toy": (toy, [2, 1, 1]), "J0(20x)": (bessel, [1, 1])}[name]
    data, judge = Case(name, function, shape, rows, COMPILED, 0.0, held_out=0.2).fresh(seed)
    first = replace(COMPILED, intervals=(3, 5)) if len(shape) > 2 else replace(REFINED, intervals=(5,))
    errors = []
    with Clock() as clock:
        network = levenberg(KAN(shape, dtype=torch.float64), data, first, seed=seed).network
        for intervals in LADDER:
            fit: Fit = levenberg(refine(network, intervals), data, REFINED, fresh=False)
            network = fit.network
            errors.append(judge(network))
    slopes = {
        start: float(-np.polyfit(np.log(LADDER[at:]), np.log(errors[at:]), 1)[0])
        for at, start in ((0, LADDER[0]), (5, LADDER[5]))
    }
    return {"alpha": slopes[LADDER[0]], "alpha_late": slopes[LADDER[5]], "errors": errors, "cpu": clock.cpu}


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


def pykan_there() -> bool:
    """Whether pykan can be imported; it is not part of this environment."""
    return importlib.util.find_spec("kan") is not None
