"""From trajectories to a law of motion: dx/dt = f(x), one right-hand side for each state."""

from .found import Dynamics, Followed
from .ode import discover_ode
from .trajectories import Trajectory, trajectories_of

__all__ = ["Dynamics", "Followed", "Trajectory", "discover_ode", "trajectories_of"]
