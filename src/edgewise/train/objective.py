"""What training makes small: a loss by name, and the penalty."""

from collections.abc import Callable
from dataclasses import dataclass, field

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from edgewise.errors import ShapeError, ValuesError, unknown
from edgewise.nn import KAN

from .penalties import Penalty

Loss = Callable[[Tensor, Tensor], Tensor]


def squared(outputs: Tensor, targets: Tensor) -> Tensor:
    """Squared error, summed over outputs: (rows,)."""
    return (outputs - targets).square().sum(-1)


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Negative log-likelihood of class numbers (rows, 1) under softmax of the outputs (rows, classes): (rows,).

    Raises ValuesError for targets that are no numbers of classes, 0 to classes - 1, and for a single output.
    """
    classes = outputs.shape[-1]
    if classes < 2:
        raise ValuesError("cross_entropy tells 2 outputs or more apart; for one output take loss='logistic'.")
    if targets.shape[1:] != (1,) or not bool(
        ((targets >= 0) & (targets < classes) & (targets == targets.floor())).all()
    ):
        raise ValuesError(
            f"cross_entropy takes one column of class numbers from 0 to {classes - 1}, but the targets are "
            f"{_told(targets)}."
        )
    return functional.cross_entropy(outputs, targets[:, 0].long(), reduction="none")


def logistic(outputs: Tensor, targets: Tensor) -> Tensor:
    """Negative log-likelihood of targets from 0 to 1 (rows, n_out) under the sigmoid of each output: (rows,).

    Raises ValuesError for targets beyond, ShapeError unless there is one for each output.
    """
    if outputs.shape != targets.shape:
        raise ShapeError(f"the network answers with shape {tuple(outputs.shape)} but y has {tuple(targets.shape)}.")
    if not bool(((targets >= 0) & (targets <= 1)).all()):
        raise ValuesError(f"logistic takes targets from 0 to 1, but the targets are {_told(targets)}.")
    return functional.binary_cross_entropy_with_logits(outputs, targets, reduction="none").sum(-1)


def _told(targets: Tensor) -> str:
    columns = targets.shape[-1]
    return f"{columns} column{'s'[: columns != 1]} of numbers from {float(targets.min()):g} to {float(targets.max()):g}"


LOSSES: dict[str, Loss] = {"squared": squared, "cross_entropy": cross_entropy, "logistic": logistic}


@dataclass(frozen=True)
class Objective:
    """The mean loss of a batch, rows weighed by ``weights``, plus the penalty (equation 5)."""

    loss: str | Loss = "squared"
    penalty: Penalty = field(default_factory=Penalty)

    def __post_init__(self) -> None:
        if isinstance(self.loss, str) and self.loss not in LOSSES:
            raise unknown("loss", self.loss, LOSSES)

    def rows(
        self, network: KAN, x: Float[Tensor, "rows n_in"], y: Float[Tensor, "rows n_out"]
    ) -> Float[Tensor, " rows"]:
        """The loss of each row."""
        loss = LOSSES[self.loss] if isinstance(self.loss, str) else self.loss
        outputs = network(x)
        if loss is squared and outputs.shape != y.shape:
            raise ShapeError(f"the network answers with shape {tuple(outputs.shape)} but y has {tuple(y.shape)}.")
        return loss(outputs, y)

    def __call__(self, network: KAN, x: Tensor, y: Tensor, weights: Tensor | None = None) -> Float[Tensor, ""]:
        """The mean loss plus the penalty."""
        rows = self.rows(network, x, y)
        mean = rows.mean() if weights is None else (rows * weights).sum() / weights.sum()
        return mean + self.penalty(network, x)
