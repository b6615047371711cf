"""Following a law of motion through time: many pieces of trajectories, and many sets of constants, at once."""

import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy

from edgewise.formula import split_constants, symbol

MOST_LOOKS = 6_000  # at the right-hand side between two points of a trajectory, of all pieces at once
LONGEST_LOOKS = 100_000  # the same of a single path, whose times may lie far apart
LARGEST = 1e100  # of a state that is followed
Array = np.ndarray


class _Endless(Exception):
    """The right-hand side was asked too often: the law runs away, or is too stiff to be followed."""


class Late(Exception):
    """The time for following is over."""


@dataclass(frozen=True)
class Flow:
    """dz/dt = f(z; theta): ``models`` are the right-hand sides over ``names``, their constants taken out.

    The constants of all states lie behind one another in ``theta``. Whoever follows it after ``deadline`` (of
    `time.monotonic`) gets `Late`. With ``parts`` each step from point to point is so many of Runge and Kutta's fourth order:
    quick, and near enough beside noise; without, as many as ``tolerance`` asks for.
    """

    names: tuple[str, ...]
    models: tuple[sympy.Expr, ...]
    theta: Array
    tolerance: float = 1e-11
    deadline: float = math.inf
    parts: int = 0

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        expressions: Sequence[sympy.Expr],
        tolerance: float = 1e-11,
        deadline: float = math.inf,
    ) -> "Flow":
        """The flow of expressions over ``names``, one for each name."""
        models: list[sympy.Expr] = []
        values: list[float] = []
        for expression in expressions:
            template, constants = split_constants(expression)
            free = {p: sympy.Dummy(f"constant {len(values) + i}", real=True) for i, p in enumerate(constants)}
            models.append(template.xreplace(free))
            values += list(constants.values())
        return cls(tuple(names), tuple(models), np.array(values), tolerance, deadline)

    @cached_property
    def _compiled(self) -> Callable[..., list[Array]]:
        """All right-hand sides as one function of arrays: states first, constants after them. A solver asks thousands of
        times."""
        constants = {s.name: s for model in self.models for s in model.free_symbols if s.is_Dummy}
        unused = sympy.Dummy()
        last = [constants.get(f"constant {i}", unused) for i in range(len(self.theta))]
        names = [symbol(name) for name in self.names]
        return sympy.lambdify([*names, *last], list(self.models), "numpy", cse=True, dummify=True)

    def velocity(self, states: Array, theta: Array) -> Array:
        """(states, copies, pieces) of states (states, copies, pieces) and constants (copies, constants)."""
        if time.monotonic() > self.deadline:
            raise Late
        values = self._compiled(*states, *theta.T[:, :, None])
        found = np.empty(states.shape)
        for state, value in enumerate(values):
            found[state] = value
        return found

    def follow(self, starts: Array, times: Array, theta: Array) -> Array:
        """The states (points, states, copies, pieces) at times (pieces, points), from starts (states, copies, pieces);
        nan from where the law cannot be followed."""
        path = np.full((times.shape[1], *starts.shape), np.nan)
        path[0] = starts
        for point, steps in enumerate(np.diff(times, axis=1).T, 1):
            across = self._quickly if self.parts else self._across
            end = across(path[point - 1], steps, theta)
            if end is None:
                break
            path[point] = end
        return path

    def _quickly(self, states: Array, steps: Array, theta: Array) -> Array | None:
        """The same as `_across`, in few steps of one length."""
        h = steps / self.parts
        with np.errstate(all="ignore"):
            for _ in range(self.parts):
                first = self.velocity(states, theta)
                second = self.velocity(states + h / 2 * first, theta)
                third = self.velocity(states + h / 2 * second, theta)
                last = self.velocity(states + h * third, theta)
                states = states + h / 6 * (first + 2 * second + 2 * third + last)
        return states if np.isfinite(states).all() else None

    def _across(self, starts: Array, steps: Array, theta: Array) -> Array | None:
        """The states (states, copies, pieces) one step later, each piece by its own length of time."""
        from scipy.integrate import solve_ivp

        looked = 0

        def change(_: float, flat: Array) -> Array:
            nonlocal looked
            looked += 1
            if looked > MOST_LOOKS:
                raise _Endless
            return (self.velocity(flat.reshape(starts.shape), theta) * steps).ravel()

        size = np.max(np.abs(starts), axis=(1, 2), keepdims=True) + 1e-300
        floor = np.broadcast_to(self.tolerance * size, starts.shape).ravel()
        with np.errstate(all="ignore"):
            try:
                found = solve_ivp(change, (0.0, 1.0), starts.ravel(), "DOP853", rtol=self.tolerance, atol=floor)
            except (_Endless, ValueError):
                return None
        end = found.y[:, -1].reshape(starts.shape)
        return end if found.success and np.isfinite(end).all() else None


def along(flow: Flow, start: Array, times: Array) -> Array:
    """The states (times, states) from ``start`` (states,) on, by a solver that minds stiffness; nan from where the law
    cannot be followed: where a state is not finite or beyond 1e100, where the solver no longer comes on, and where it
    looks too often between two times."""
    from scipy.integrate import LSODA

    looked = 0

    def change(_: float, state: Array) -> Array:
        nonlocal looked
        looked += 1
        if looked > LONGEST_LOOKS or not _in_bounds(state):
            raise _Endless
        return flow.velocity(state[:, None, None], flow.theta[None])[:, 0, 0]

    path = np.full((len(times), len(start)), np.nan)
    if not len(times) or not _in_bounds(start):
        return path
    path[0], done = start, 1
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of LSODA, where the law runs away: the path ends there
        try:
            solver = LSODA(change, times[0], start, times[-1], rtol=1e-10, atol=1e-12)
            while done < len(times) and solver.status == "running":
                before = solver.t
                solver.step()
                if solver.t <= before or not _in_bounds(solver.y):
                    break
                reached = int(np.searchsorted(times, solver.t, side="right"))
                if reached > done:
                    path[done:reached] = solver.dense_output()(times[done:reached]).T
                    done, looked = reached, 0
        except _Endless:
            pass
    return path


def _in_bounds(state: Array) -> bool:
    return bool((np.abs(state) <= LARGEST).all())  # no nan is
