"""What to say when nothing finite is left."""

from torch import Tensor

from edgewise.errors import TrainingError

from .history import TrainingData
from .stack import Stack

HUGE = 1e100  # squares and products of such values leave what a float64 holds


def nothing_finite(stack: Stack, data: TrainingData, what: str) -> TrainingError:
    """The error: the stage, the restarts, and the column in which the trouble probably lies."""
    intervals = stack.layers[0].basis.intervals
    return TrainingError(
        f"stage of {intervals} intervals: no restart of {stack.starts} has a finite {what}. {_advice(data)}"
    )


def _advice(data: TrainingData) -> str:
    parts = {"x": data.x, "y": data.y, "x held out": data.x_held, "y held out": data.y_held}
    suspects = [suspect for name, columns in parts.items() for suspect in _largest(name, columns)]
    value, name = max(suspects)
    if value > HUGE:
        return f"The largest value is {value:.2g}, in {name}: scale the columns to about 1, or take their logarithm."
    return (
        f"No column is huge (the largest value is {value:.2g}, in {name}), so look for a fixed edge with a pole inside "
        "its inputs' range, rows far outside the others', or products of many sums."
    )


def _largest(name: str, columns: Tensor) -> list[tuple[float, str]]:
    return [(float(column.abs().max()), f"column {n} of {name}") for n, column in enumerate(columns.T) if len(column)]
