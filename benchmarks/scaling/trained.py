"""Networks trained from random starts, judged on fresh rows as their pieces, parameters and rows grow."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from scipy.special import j0
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

from benchmarks.common import Clock
from benchmarks.common.learners.mlp import fair_mlp
from edgewise import Table, discover
from edgewise.nn import KAN
from edgewise.surgery import refine
from edgewise.train import Levenberg, TrainingData, levenberg

Function = Callable[[np.ndarray], np.ndarray]
FRESH = 2000
MOST_OF_A_PROCESS = 1000  # rows that a Gaussian process chooses its lengths by; its cost grows with their cube
LARGEST_MATRIX = 3000  # rows that it answers from
START = Levenberg(compiled=True, intervals=(3, 6), restarts=8, keep=(4, 1))
ON = Levenberg(compiled=True, restarts=1, penalty=1e-13, floor=1e-15, most_parameters=0.9)


def _toy(x: np.ndarray) -> np.ndarray:
    return np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2)


def _deep(x: np.ndarray) -> np.ndarray:
    pairs = np.sin(np.pi * (x[:, 0] ** 2 + x[:, 1] ** 2)) + np.sin(np.pi * (x[:, 2] ** 2 + x[:, 3] ** 2))
    return np.exp(pairs / 2)


def _hundred(x: np.ndarray) -> np.ndarray:
    return np.exp(np.mean(np.sin(np.pi * x / 2) ** 2, axis=1))


def _paper(x: np.ndarray) -> np.ndarray:
    return np.exp(np.sin(x[:, 0] ** 2 + x[:, 1] ** 2)) + np.sin(x[:, 2] ** 2 + x[:, 3] ** 2)


def _inside(x: np.ndarray) -> np.ndarray:
    return np.exp(np.sin(x[:, 0] ** 2 + x[:, 1] ** 2) + np.sin(x[:, 2] ** 2 + x[:, 3] ** 2))


PRINTED = "exp(sin(a^2+b^2)) + sin(c^2+d^2), as printed"
MEANT = "exp(sin(a^2+b^2) + sin(c^2+d^2)), as the KAN paper has it"
FUNCTIONS: dict[str, tuple[Function, int]] = {
    "J0(20x)": (lambda x: j0(20 * x[:, 0]), 1),
    "exp(sin(pi x) + y^2)": (_toy, 2),
    "x y": (lambda x: x[:, 0] * x[:, 1], 2),
    "exp((sin(pi(a^2+b^2)) + sin(pi(c^2+d^2)))/2)": (_deep, 4),
    "exp(mean of sin^2(pi x_i/2)), 100 inputs": (_hundred, 100),
    PRINTED: (_paper, 4),
    MEANT: (_inside, 4),
}


@dataclass(frozen=True)
class Drawn:
    """Rows of a function over [-1, 1]^n by a seed, a fifth of them held out, and fresh ones to judge by."""

    function: Function
    x: np.ndarray
    fresh: np.ndarray

    @classmethod
    def of(cls, name: str, rows: int, seed: int) -> "Drawn":
        function, inputs = FUNCTIONS[name]
        x, fresh = (
            np.random.default_rng((seed, part)).uniform(-1, 1, (n, inputs)) for part, n in ((1, rows), (2, FRESH))
        )
        return cls(function, x, fresh)

    def data(self, seed: int) -> TrainingData:
        y = torch.as_tensor(self.function(self.x)[:, None])
        return TrainingData.split(torch.as_tensor(self.x), y, held_out=0.2, seed=seed)

    def rmse(self, answers: np.ndarray) -> float:
        return float(np.sqrt(np.mean((answers - self.function(self.fresh)) ** 2)))

    def of_network(self, network: Callable[[torch.Tensor], torch.Tensor]) -> float:
        with torch.no_grad():
            return self.rmse(network(torch.as_tensor(self.fresh)).numpy()[:, 0])


def climb(
    name: str,
    shape: list[int],
    degree: int,
    ladder: list[int],
    rows: int,
    seed: int,
    seconds: float,
    restarts: int = START.restarts,
) -> dict[str, Any]:
    """Refine one network through the ladder: its parameters and error on fresh rows at each rung the time allows."""
    drawn = Drawn.of(name, rows, seed)
    data, rungs = drawn.data(seed), []
    with Clock() as clock:
        over = clock.over(seconds)
        begin = KAN(shape, degree=degree, residual="none", dtype=torch.float64)
        network = levenberg(begin, data, replace(START, restarts=restarts), seed=seed).network
        for intervals in ladder:
            if over():
                break
            network = levenberg(refine(network, intervals), data, ON, fresh=False, stop=over).network
            rungs.append([intervals, network.parameters_used, drawn.of_network(network)])
    return {"rungs": rungs, "cpu": clock.cpu}


def stages(name: str, shape: list[int], degree: int, rows: int, seed: int, seconds: float) -> dict[str, Any]:
    """One training from random starts: its stages by the rows held out, and the best network's error on fresh rows."""
    drawn = Drawn.of(name, rows, seed)
    settings = replace(START, intervals=(3, 6, 12, 24, 48), restarts=4, keep=(2, 1))
    with Clock() as clock:
        begin = KAN(shape, degree=degree, residual="none", dtype=torch.float64)
        fit = levenberg(begin, drawn.data(seed), settings, seed=seed, stop=clock.over(seconds))
    rungs = [[stage.intervals, stage.parameters, stage.held_out_rmse] for stage in fit.history.stages]
    return {"rungs": rungs, "rmse": drawn.of_network(fit.network), "rate": fit.history.rate, "cpu": clock.cpu}


def perceptron(name: str, width: int, rows: int, seed: int, seconds: float) -> dict[str, Any]:
    """The best MLP with two hidden layers of that width that the seconds allow."""
    drawn = Drawn.of(name, rows, seed)
    shape = [drawn.x.shape[1], width, width, 1]
    with Clock() as clock:
        best, how = fair_mlp(shape, drawn.data(seed), seed, clock.over(seconds))
    parameters = sum((a + 1) * b for a, b in itertools.pairwise(shape))
    return {"parameters": parameters, "rmse": drawn.of_network(best), "how": how, "cpu": clock.cpu}


def by_rows(name: str, learner: str, rows: int, seed: int, seconds: float) -> dict[str, Any]:
    """One learner's error on fresh rows from so many rows; nan where it is not tried."""
    drawn = Drawn.of(name, rows, seed)
    with Clock() as clock:
        errors = LEARNERS[learner](drawn, seed, seconds)
    return {"rmse": errors, "cpu": clock.cpu}


def _by_network(drawn: Drawn, seed: int, seconds: float) -> dict[str, float]:
    """What a user gets: the network of `discover`, and the formula that it puts first."""
    names = [f"x{number}" for number in range(drawn.x.shape[1])]
    table = Table.from_arrays(drawn.x, drawn.function(drawn.x), names=names)
    found = discover(table, seed=seed, time_budget=seconds)
    told = {}
    if found.model is not None:
        told["network of discover"] = drawn.rmse(found.predict(drawn.fresh, use="network"))
    if found.formula is not None:
        told["formula of discover"] = drawn.rmse(found.formula.predict(drawn.fresh))
    return told


def _by_mlp(drawn: Drawn, seed: int, seconds: float) -> dict[str, float]:
    """Of two widths the better by the rows held out."""
    begun = Clock()
    data, tried = drawn.data(seed), []
    for width in (8, 32):
        with begun:
            best, _ = fair_mlp([drawn.x.shape[1], width, width, 1], data, seed, begun.over(seconds / 2))
        with torch.no_grad():
            tried.append((float((best(data.x_held) - data.y_held).square().mean()), drawn.of_network(best)))
    return {"MLP": min(tried)[1]}


def _by_boosting(drawn: Drawn, seed: int, seconds: float) -> dict[str, float]:
    model = GradientBoostingRegressor(
        n_estimators=600, learning_rate=0.05, max_depth=4, subsample=0.8, n_iter_no_change=50, random_state=seed
    )
    return {"gradient boosting": drawn.rmse(model.fit(drawn.x, drawn.function(drawn.x)).predict(drawn.fresh))}


def _by_process(drawn: Drawn, seed: int, seconds: float) -> dict[str, float]:
    """An RBF of one length a column; lengths by likelihood on some rows, answers from as many as fit."""
    x, y = drawn.x[:LARGEST_MATRIX], drawn.function(drawn.x[:LARGEST_MATRIX])
    kernel = ConstantKernel(1.0, (1e-3, 1e5)) * RBF([1.0] * x.shape[1], (1e-2, 1e3)) + WhiteKernel(1e-8, (1e-14, 1e-1))
    few = slice(0, MOST_OF_A_PROCESS)
    tuned = GaussianProcessRegressor(kernel, normalize_y=True, alpha=1e-12, random_state=seed).fit(x[few], y[few])
    whole = GaussianProcessRegressor(tuned.kernel_, optimizer=None, normalize_y=True, alpha=1e-12).fit(x, y)
    return {"Gaussian process": drawn.rmse(whole.predict(drawn.fresh))}


LEARNERS = {
    "edgewise": _by_network,
    "MLP": _by_mlp,
    "gradient boosting": _by_boosting,
    "Gaussian process": _by_process,
}
