"""What training saw, and what it went through."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from edgewise.errors import SettingsError, ShapeError, ValuesError
from edgewise.nn import KAN

from .certificate import Certificate

SAMPLE = 4096
Batch = tuple[Tensor, Tensor, Tensor | None]  # x, y, weights


@dataclass(frozen=True)
class TrainingData:
    """Rows to train on and rows held out, as the network sees them (scaled): x (rows, n_in), y (rows, n_out).

    ``weights`` (rows,) and ``weights_held`` say how much each row counts; None counts all alike.
    """

    x: Float[Tensor, "rows n_in"]
    y: Float[Tensor, "rows n_out"]
    x_held: Float[Tensor, "held n_in"]
    y_held: Float[Tensor, "held n_out"]
    weights: Float[Tensor, " rows"] | None = None
    weights_held: Float[Tensor, " held"] | None = None

    def __post_init__(self) -> None:
        check_rows(self.x, self.y, "training")
        check_rows(self.x_held, self.y_held, "held-out")
        if len(self.x) == 0:
            raise ValuesError("there are no rows to train on.")
        if self.weights is not None:
            _check_weights(self.weights, len(self.x))
        if self.weights_held is not None and len(self.x_held):
            _check_weights(self.weights_held, len(self.x_held))

    def require(self, network: KAN) -> None:
        """Raise ShapeError unless the columns are as many as the network's inputs and outputs."""
        self.require_columns(network.shape[0], network.shape[-1])

    def require_columns(self, n_in: int, n_out: int) -> None:
        """Raise ShapeError unless x has ``n_in`` columns and y ``n_out``."""
        for x, y in ((self.x, self.y), (self.x_held, self.y_held)):
            if x.shape[1] != n_in or y.shape[1] != n_out:
                raise ShapeError(
                    f"the network takes {n_in} inputs and gives {n_out} outputs, "
                    f"but x has {x.shape[1]} columns and y {y.shape[1]}."
                )

    def like(self, number: Tensor) -> "TrainingData":
        """The same rows in the dtype and on the device of ``number``."""
        x, y, x_held, y_held = (part.to(number) for part in (self.x, self.y, self.x_held, self.y_held))
        weights, weights_held = (None if w is None else w.to(number) for w in (self.weights, self.weights_held))
        return TrainingData(x, y, x_held, y_held, weights, weights_held)

    @property
    def judged(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """x, y and weights of the rows that networks are compared on: those held out, or all where there are none."""
        if len(self.x_held):
            return self.x_held, self.y_held, self.weights_held
        return self.x, self.y, self.weights

    @property
    def sample(self) -> Tensor:
        """Rows to find the ranges of hidden nodes on: some thousands, evenly out of all."""
        return self.x[:: max(1, len(self.x) // SAMPLE)]

    def batches(self, size: int | None, generator: torch.Generator) -> Iterator[Batch]:
        """All rows once, in an order drawn by ``generator``, in batches of ``size`` (all at once if None)."""
        return in_batches(self.x, self.y, self.weights, size, generator)

    @classmethod
    def split(cls, x: Tensor, y: Tensor, held_out: float = 0.2, seed: int = 0) -> "TrainingData":
        """Hold a share of the rows out, drawn by ``seed``. Raises SettingsError unless that leaves rows to train on."""
        if not 0 <= held_out < 1:
            raise SettingsError(f"held_out is a share from 0 to below 1, like 0.2; got {held_out}.")
        check_rows(x, y, "given")
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
        n_held = round(held_out * len(x))
        held, kept = order[:n_held], order[n_held:]
        return cls(x[kept], y[kept], x[held], y[held])


def in_batches(
    x: Tensor, y: Tensor, weights: Tensor | None, size: int | None, generator: torch.Generator
) -> Iterator[Batch]:
    """Rows in an order drawn by ``generator``, in batches of ``size`` (all at once if None)."""
    for batch in torch.randperm(len(x), generator=generator).to(x.device).split(size or len(x)):
        yield x[batch], y[batch], None if weights is None else weights[batch]


def check_rows(x: Tensor, y: Tensor, what: str) -> None:
    """Raise ShapeError or ValuesError unless these are rows that can be learned from."""
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y):
        raise ShapeError(
            f"{what} rows: x must be (rows, inputs) and y (rows, outputs) with as many rows; "
            f"got {tuple(x.shape)} and {tuple(y.shape)}."
        )
    if not bool(x.isfinite().all() and y.isfinite().all()):
        raise ValuesError(f"the {what} rows hold NaN or infinite values; drop or mend those rows first.")


def _check_weights(weights: Tensor, rows: int) -> None:
    if weights.shape != (rows,):
        raise ShapeError(f"weights must be one number for each of the {rows} rows, got {tuple(weights.shape)}.")
    if not bool(weights.isfinite().all() and (weights >= 0).all() and (weights > 0).any()):
        raise ValuesError("weights must be finite and 0 or more, and one of them above 0.")


@dataclass(frozen=True)
class Stage:
    """One stage of a schedule: pieces, parameters, errors (rmse, as the network sees the target) and steps taken.

    ``cut`` says that time ended it, ``placed`` that its knots lie where the residual was (else they are even), ``penalty`` the
    strength of the difference penalty where it was not that of the settings.
    """

    intervals: int
    parameters: int
    rmse: float
    held_out_rmse: float
    steps: int
    cut: bool = False
    placed: bool = False
    penalty: float | None = None


@dataclass(frozen=True)
class History:
    """The stages of a training, coarse to fine; ``interrupted`` when Ctrl+C ended it."""

    stages: tuple[Stage, ...]
    degree: int
    interrupted: bool = False

    @property
    def rates(self) -> tuple[float, ...]:
        """log(error before / error after) / log(pieces after / pieces before), between stages of the held-out error.

        A graph that can hold the function comes near degree + 1 (de Boor), one that cannot stays near 0.
        """
        return tuple(
            math.log(max(a.held_out_rmse, 1e-300) / max(b.held_out_rmse, 1e-300)) / math.log(b.intervals / a.intervals)
            for a, b in zip(self.stages, self.stages[1:], strict=False)
            if b.intervals > a.intervals
        )

    @property
    def rate(self) -> float:
        """The best rate that two successive stages showed; 0 where there was but one."""
        return max(self.rates, default=0.0)

    @property
    def best(self) -> Stage:
        """The stage with the least held-out error."""
        return min(self.stages, key=lambda stage: stage.held_out_rmse)

    @property
    def cut(self) -> bool:
        """Whether the time budget ended a stage early."""
        return any(stage.cut for stage in self.stages)


@dataclass(frozen=True)
class Fit:
    """A trained network, how it came about, and what that says about its graph."""

    network: KAN
    history: History
    certificate: Certificate

    @property
    def held_out_rmse(self) -> float:
        """The held-out error of the network."""
        return self.history.best.held_out_rmse
