"""Laws of motion in the plane: dx/dt and dy/dt as two laws, and tables of states along trajectories that we integrate.

The published tables have four trajectories of a hundred points each; ours have four, too, over ten units of time.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgewise.errors import ValuesError

if TYPE_CHECKING:
    from . import Law

_TRAJECTORIES = 4
_SPAN = 10.0
_STARTS = 100
_TOLERANCE = 1e-10
_HALVES = {"1": "2", "2": "1"}


def other_half(name: str) -> str:
    """The law of the other state: strogatz/lv2 for strogatz/lv1."""
    return name[:-1] + _HALVES[name[-1]]


def along_trajectories(
    law: "Law", other: "Law", rows: int, generator: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """States (rows,) of x and y at equal steps of time; the trajectories begin at points drawn over the ranges."""
    first, second = (law, other) if law.name < other.name else (other, law)
    points = -(-rows // _TRAJECTORIES)
    states = [_trajectory(first, second, points, generator) for _ in range(_TRAJECTORIES)]
    x, y = np.concatenate(states, axis=1)[:, :rows]
    return {"x": x, "y": y}


def _trajectory(first: "Law", second: "Law", points: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """The states (2, points) from a start drawn by ``generator``; a start that runs into a pole is drawn again."""
    from scipy.integrate import solve_ivp

    def velocity(_: float, state: NDArray[np.float64]) -> list[float]:
        columns = {"x": state[:1], "y": state[1:]}
        return [float(half.evaluate(columns)[0]) for half in (first, second)]

    times = np.linspace(0.0, _SPAN, points)
    for _ in range(_STARTS):
        start = [generator.uniform(*first.ranges[name]) for name in ("x", "y")]
        path = solve_ivp(velocity, (0.0, _SPAN), start, "LSODA", times, rtol=_TOLERANCE, atol=_TOLERANCE)
        if path.success and path.y.shape[1] == points and np.isfinite(path.y).all():
            return np.asarray(path.y, dtype=np.float64)
    raise ValuesError(
        f"law {first.name} and its half have no trajectory of {_SPAN:g} units of time. Correct the ranges."
    )
