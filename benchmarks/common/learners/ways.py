"""Ways to learn one law from rows, each judged on 1,000 fresh rows of the same box."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from benchmarks.common import Clock
from edgewise import Table, discover
from edgewise.data.laws import Law
from edgewise.nn import KAN, Scaling
from edgewise.surgery import nodes_on
from edgewise.train import Levenberg, TrainingData, levenberg

from .mlp import fair_mlp

FRESH = 1000
PLAIN = Levenberg(
    compiled=True, restarts=16, halving=True, warm_up=1000, intervals=(3, 6, 12, 24), keep=(2, 1), penalty=1e-7
)
LEAN = replace(PLAIN, thin_after=2)
DEGREE = 3


@dataclass(frozen=True)
class Rows:
    """Rows of a law to learn from, and fresh ones, in the law's own units."""

    law: Law
    x: np.ndarray
    y: np.ndarray
    x_fresh: np.ndarray
    y_fresh: np.ndarray

    @classmethod
    def of(cls, law: Law, rows: int, seed: int) -> "Rows":
        """Evenly over the box, by the seed."""
        return cls(law, *_draw(law, rows, (seed, 1)), *_draw(law, FRESH, (seed, 2)))

    @property
    def spread(self) -> float:
        """std(y) of the fresh rows."""
        return float(self.y_fresh.std())

    def rmse(self, predict: Callable[[np.ndarray], np.ndarray]) -> float:
        """On the fresh rows, in the law's own units; infinite where an answer is no number."""
        with np.errstate(all="ignore"):
            error = float(np.sqrt(np.mean((predict(self.x_fresh) - self.y_fresh) ** 2)))
        return error if np.isfinite(error) else np.inf

    def scaled(self, seed: int) -> tuple[TrainingData, Callable[[Callable[[torch.Tensor], torch.Tensor]], float]]:
        """What a network sees, a tenth held out, and how one is judged."""
        into, target = Scaling.to_unit_range(self.x), Scaling.to_unit_spread(self.y[:, None])
        x, y = (torch.as_tensor(part) for part in (into.into(self.x), target.into(self.y[:, None])))

        def judge(network: Callable[[torch.Tensor], torch.Tensor]) -> float:
            with torch.no_grad():
                return self.rmse(lambda rows: target.back(network(torch.as_tensor(into.into(rows))).numpy())[:, 0])

        return TrainingData.split(x, y, held_out=0.1, seed=seed), judge


def network(rows: Rows, shape: list[int], seed: int, seconds: float, settings: Levenberg) -> dict[str, Any]:
    """A network of splines by Levenberg-Marquardt; with ``thin_after`` it gives up what it does not need."""
    data, judge = rows.scaled(seed)
    with Clock() as clock:
        begin = KAN(shape, degree=DEGREE, dtype=torch.float64)
        fit = levenberg(begin, data, settings, seed=seed, stop=clock.over(seconds))
    hidden = [len(nodes) for nodes in nodes_on(fit.network)]
    lean = [shape[0], *hidden, shape[-1]]
    features = fit.network[0].basis.n_basis + 1
    parameters = sum(a * b * features + b for a, b in itertools.pairwise(lean))
    return {
        "rmse": judge(fit.network),
        "held out": fit.held_out_rmse,
        "shape": lean,
        "parameters": parameters,
        "cpu": clock.cpu,
        "cut": fit.history.cut,
    }


def named(rows: Rows, seed: int, seconds: float) -> dict[str, Any]:
    """The formula that `discover` puts first."""
    names = list(rows.law.variables)
    table = Table.from_arrays(rows.x, rows.y, names=names)
    with Clock() as clock:
        found = discover(table, seed=seed, time_budget=seconds)
    if found.formula is None:
        return {"rmse": np.inf, "formula": "", "verified": False, "cpu": clock.cpu}
    return {
        "rmse": rows.rmse(found.formula.predict),
        "formula": found.formula.text,
        "verified": found.verified,
        "parameters": len(found.formula.constants),
        "cpu": clock.cpu,
    }


def mlp(rows: Rows, shape: list[int], seed: int, seconds: float) -> dict[str, Any]:
    """An MLP of these widths: the best, by rows held out, of tanh and SiLU, LBFGS and Levenberg-Marquardt."""
    data, judge = rows.scaled(seed)
    with Clock() as clock:
        best, how = fair_mlp(shape, data, seed, clock.over(seconds))
    return {
        "rmse": judge(best),
        "shape": shape,
        "parameters": sum(p.numel() for p in best.parameters()),
        "how": how,
        "cpu": clock.cpu,
    }


def warm_up() -> None:
    """Compile what the first candidate of a process would be charged for."""
    x = torch.rand(60, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    quick = replace(PLAIN, restarts=2, intervals=(3,), steps=2, bouts=1, warm_up=1)
    levenberg(KAN([2, 2, 1], degree=DEGREE, dtype=torch.float64), TrainingData.split(x, x[:, :1] * x[:, 1:]), quick)


def as_many(shape: list[int], parameters: int) -> list[int]:
    """The widths of an MLP with as many hidden layers and about as many parameters."""
    depth = len(shape) - 2

    def count(width: int) -> int:
        widths = [shape[0], *[width] * depth, shape[-1]]
        return sum((a + 1) * b for a, b in itertools.pairwise(widths))

    width = min(range(1, 200), key=lambda width: abs(count(width) - parameters))
    return [shape[0], *[width] * depth, shape[-1]]


def _draw(law: Law, rows: int, seed: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    columns = {name: generator.uniform(*ends, rows) for name, ends in law.ranges.items()}
    return np.column_stack(list(columns.values())), law.evaluate(columns)
