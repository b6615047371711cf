"""What `fit` says of data before it trains: the fit stands, and there is something to know about it."""

import warnings

import torch
from torch import Tensor

from edgewise.errors import EdgewiseWarning
from edgewise.nn import KAN
from edgewise.train import TrainingData

OUTSIDE = 0.5  # share of a column's rows beyond the knots from which on it is said
ROUNDING = 1e-9  # change of outputs, over 1 + their size, up to which it is none


def caution(network: KAN, data: TrainingData, moves: bool) -> None:
    """Warn of constant columns, of more numbers to fit than labels, of columns that lie beyond knots that stay."""
    said = [*_constant(network, data), *_too_few(network, data), *([] if moves else _beyond(network, data))]
    for text in said:
        warnings.warn(text, EdgewiseWarning, stacklevel=3)


def caution_cut(network: KAN) -> None:
    """Warn of a network that has lost all of its edges."""
    if not any(True for _ in network.edges()):
        text = "no edge is left: the model gives one number, whatever comes in. Take lower thresholds."
        warnings.warn(text, EdgewiseWarning, stacklevel=3)


@torch.no_grad()
def caution_change(before: KAN, after: KAN, rows: Tensor | None) -> None:
    """Warn where outputs on the rows (points between the knots, if there are none) change by more than rounding."""
    x = _between_knots(before) if rows is None else rows
    old, new = before(x), after(x)
    change = float((new - old).abs().max())
    if change > ROUNDING * (1 + float(old.abs().max())):
        old_grid, new_grid = (network[0].basis.intervals for network in (before, after))
        warnings.warn(
            f"outputs change by up to {change:.2g}, because {new_grid} pieces do not divide the {old_grid} there were. Take a "
            f"multiple, such as {2 * old_grid}, to keep the function, or fit again.",
            EdgewiseWarning,
            stacklevel=3,
        )


def _between_knots(network: KAN) -> Tensor:
    basis = network[0].basis
    unit = torch.rand(200, len(basis.low), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.lerp(basis.low, basis.high, unit)


def _constant(network: KAN, data: TrainingData) -> list[str]:
    used = {edge.source for edge, _ in network.edges() if edge.layer == 0}
    spread = data.x.std(0, correction=0)
    constant = [f"x_{column + 1}" for column in sorted(used) if spread[column] == 0]
    if not constant:
        return []
    return [
        f"{', '.join(constant)}: one value in all rows of train_input. Nothing can be learned of it, and away from that "
        f"value the answer means nothing: leave the column out, or take prune_input."
    ]


def _too_few(network: KAN, data: TrainingData) -> list[str]:
    numbers, labels = network.parameters_used, data.y.numel()
    if numbers <= labels:
        return []
    return [
        f"{numbers} numbers are fitted to {labels} labels: noise will be memorised, and between the rows anything may "
        f"happen. Take a smaller grid (now {network[0].basis.intervals}), fewer nodes or more rows, and watch test_loss."
    ]


def _beyond(network: KAN, data: TrainingData) -> list[str]:
    basis, splines = network[0].basis, network[0].mask.any(0)
    share = ((data.x < basis.low) | (data.x > basis.high)).to(data.x).mean(0)
    away = [f"x_{column + 1}" for column in range(len(share)) if bool(splines[column]) and share[column] > OUTSIDE]
    if not away:
        return []
    return [
        f"{', '.join(away)}: most rows lie outside the knots, where a spline is one polynomial, and update_grid=False keeps "
        f"the knots there. Take update_grid=True, or scale the inputs to grid_range."
    ]
