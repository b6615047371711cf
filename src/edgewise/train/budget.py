"""How much memory a stage of Levenberg-Marquardt takes, known before it begins, and how to stay below a limit."""

from dataclasses import dataclass

from edgewise.errors import TrainingError

from .jacobian import MEMORY
from .stack import Stack

COPIES = 4  # of J'J: kept, fresh, damped, its factor
COPIES_OF_ROWS = 6  # of J in the form by rows: kept, fresh, solved, and what blocks are taken from and put into
FAR = 4  # parameters over rows, from where the form by rows is taken wherever it is worth a thought
WORTH = 1000  # parameters; below, J'J is small anyway


@dataclass(frozen=True)
class Plan:
    """So many restarts at once; ``by_rows``: by the form of `DualLeastSquares`."""

    at_once: int
    by_rows: bool = False


def plan(stack: Stack, parameters: int, rows: int, memory: float) -> Plan:
    """The way of a stage with at most ``memory`` bytes; ``rows`` counts each output of a row. A stack with a shape has the way
    by J'J alone.

    All restarts by J'J if they fit, unless parameters exceed rows by far; else by rows if there are fewer rows than
    parameters; else as many restarts as fit. Raises TrainingError if not one does.
    """
    dense, by_rows = dense_bytes(stack.starts, parameters, rows), rows_bytes(parameters, rows)
    if stack.shaping is not None:
        parameters, by_rows = parameters * stack.copies, float("inf")
        dense = dense_bytes(stack.starts, parameters, rows)
    far = stack.shaping is None and parameters > max(FAR * rows, WORTH)
    if dense <= memory and not far:
        return Plan(stack.starts)
    if rows < parameters and by_rows <= memory:
        return Plan(min(stack.starts, int(memory / by_rows)), by_rows=True)
    for starts in range(stack.starts, 0, -1):
        if dense_bytes(starts, parameters, rows) <= memory:
            return Plan(starts)
    least = min(dense_bytes(1, parameters, rows), by_rows if rows < parameters else float("inf"))
    raise TrainingError(
        f"a stage with {parameters:,} parameters and {rows:,} rows needs {least:,.0f} bytes for one restart, and "
        f"Levenberg(memory={memory:,.0f}) allows fewer. Give more, fewer intervals or fewer nodes, or train with "
        f"gradient(..., settings=Gradient('lbfgs')), whose memory grows with the parameters alone."
    )


def dense_bytes(starts: int, parameters: int, rows: int) -> float:
    """J'J of some restarts in its copies, and one block of J."""
    square = 8.0 * starts * parameters**2
    return COPIES * square + min(8.0 * starts * parameters * rows, max(MEMORY, 8.0 * starts * parameters * 16))


def rows_bytes(parameters: int, rows: int) -> float:
    """J of one restart in its copies, and what its rows give with each other."""
    return 8.0 * (COPIES_OF_ROWS * parameters * rows + 3 * rows**2)
