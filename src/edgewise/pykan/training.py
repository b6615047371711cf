"""``fit``: steps of LBFGS or Adam as pykan counts them, knots moving with the activations."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from edgewise.errors import SettingsError, TrainingError, unknown
from edgewise.nn import KAN
from edgewise.surgery import move_knots
from edgewise.train import Objective, TrainingData

from .settings import number, whole

ALL = -1  # the batch that is all rows

OPTIMISERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "LBFGS": lambda parameters, rate: torch.optim.LBFGS(
        parameters,
        lr=rate,
        max_iter=20,
        history_size=20,
        line_search_fn="strong_wolfe",
        tolerance_grad=1e-14,
        tolerance_change=1e-16,
    ),
    "Adam": lambda parameters, rate: torch.optim.Adam(parameters, lr=rate),
}


@dataclass(frozen=True)
class Steps:
    """How `descend` goes: knots move ``moves`` times during the first ``moving`` steps."""

    opt: str = "LBFGS"
    steps: int = 100
    rate: float = 1.0
    batch: int = ALL
    moves: int = 10
    moving: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        if self.opt not in OPTIMISERS:
            raise unknown("optimiser", self.opt, OPTIMISERS)
        whole("steps", self.steps, 1)
        whole("grid_update_num", self.moves)
        whole("stop_grid_update_step", self.moving)
        if number("lr", self.rate) <= 0:
            raise SettingsError(f"lr must be above 0, got {self.rate}.")
        if self.batch != ALL:
            whole("batch (-1 takes all rows)", self.batch, 1)

    def moves_at(self, step: int) -> bool:
        """Whether knots move before this step; fewer steps than moves is one move a step."""
        last = min(self.moving, self.steps)
        return step < last and self.moves > 0 and step % max(1, last // self.moves) == 0


def descend(
    network: KAN,
    data: TrainingData,
    objective: Objective,
    plan: Steps,
    metrics: Callable[[KAN], dict[str, float]] = lambda _: {},
) -> tuple[KAN, dict[str, list[float]]]:
    """The network after the steps, and the losses and metrics after each. Ctrl+C ends it after the last whole step."""
    run = _Descent(copy.deepcopy(network), data, objective, plan)
    losses: dict[str, list[float]] = {"train_loss": [], "test_loss": [], "reg": []}
    done = copy.deepcopy(network)
    try:
        for step in range(plan.steps):
            run.step(step)
            for name, value in (run.losses() | metrics(run.network)).items():
                losses.setdefault(name, []).append(value)
            done = copy.deepcopy(run.network)
    except KeyboardInterrupt:
        pass
    return done, losses


class _Descent:
    """A network on its way, with the optimiser that remembers the last steps."""

    def __init__(self, network: KAN, data: TrainingData, objective: Objective, plan: Steps) -> None:
        self.network, self.data, self.objective, self.plan = network, data, objective, plan
        self.generator = torch.Generator().manual_seed(plan.seed)
        self.optimiser = self._fresh()

    def _fresh(self) -> torch.optim.Optimizer:
        return OPTIMISERS[self.plan.opt](self.network.parameters(), self.plan.rate)

    def step(self, number: int) -> None:
        """One step; a step that ends in no finite number is taken back, once with a new memory."""
        if self.plan.moves_at(number) and any(bool(layer.mask.any()) for layer in self.network):
            self.network = move_knots(self.network, self.data.x)
            self.optimiser = self._fresh()
        for _ in range(2):
            before = copy.deepcopy(self.network.state_dict())
            self.optimiser.step(self._closure())
            if all(bool(p.isfinite().all()) for p in self.network.parameters()) and self._finite():
                return
            self.network.load_state_dict(before)
            self.optimiser = self._fresh()
        raise TrainingError(
            f"step {number + 1} of {self.plan.opt} met no finite loss. Lower lr (now {self.plan.rate}), scale the inputs "
            f"to about [-1, 1], or look for functions outside their domain."
        )

    def _finite(self) -> bool:
        with torch.no_grad():
            return bool(self.objective(self.network, self.data.x, self.data.y).isfinite())

    def _closure(self) -> Callable[[], Any]:
        x, y = self.data.x, self.data.y
        if self.plan.batch != ALL and self.plan.batch < len(x):
            rows = torch.randperm(len(x), generator=self.generator)[: self.plan.batch]
            x, y = x[rows], y[rows]

        def closure() -> Tensor:
            self.optimiser.zero_grad()
            value = self.objective(self.network, x, y)
            value.backward()
            return value

        return closure

    @torch.no_grad()
    def losses(self) -> dict[str, float]:
        """The loss on training and test rows (nan where there are none), and the penalty.

        The root of the mean square over all entries, in the labels' unit; an own loss as it is.
        """
        data = self.data
        return {
            "train_loss": self._loss(data.x, data.y),
            "test_loss": self._loss(data.x_held, data.y_held) if len(data.x_held) else math.nan,
            "reg": float(self.objective.penalty(self.network, data.x)),
        }

    def _loss(self, x: Tensor, y: Tensor) -> float:
        mean = float(self.objective.rows(self.network, x, y).mean())
        return math.sqrt(mean / y.shape[1]) if self.objective.loss == "squared" else mean  # a row is a sum


def own_loss(loss_fn: Callable[[Tensor, Tensor], Tensor], classes: bool) -> Callable[[Tensor, Tensor], Tensor]:
    """``loss_fn(outputs, labels)``, one number for a batch, as a loss that is alike for all of its rows.

    Labels are (rows, columns), or (rows,) whole numbers where they are ``classes``.
    """

    def loss(outputs: Tensor, labels: Tensor) -> Tensor:
        value = loss_fn(outputs, labels[:, 0].long() if classes else labels)
        if not isinstance(value, Tensor) or value.numel() != 1:
            got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
            raise SettingsError(f"loss_fn(outputs, labels) must give one number as a tensor, got {got}.")
        return value.reshape(()).expand(len(outputs))

    return loss
