"""The order of the steps from trajectories to a law of motion.

1  slopes      of the states, and how well they are known
2  laws        each state's slope as a function of the states: `discover`
3  shooting    the constants of all laws together from the trajectories themselves
4  following   the laws through time, from the first state of each trajectory: also of one that no step has seen
"""

import time as clock
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import sympy

from edgewise.data import Table
from edgewise.discovery.parts import Progress, part_progress
from edgewise.discovery.pipeline import discover
from edgewise.discovery.result import Discovery
from edgewise.discovery.settings import checked
from edgewise.errors import ValuesError
from edgewise.formula import identifiers, symbol
from edgewise.primitives import Primitive

from .flow import Flow, along
from .found import Dynamics, Followed
from .laws import even_law, is_even, refined
from .shooting import Shot, begin, shoot
from .slopes import Slopes, slopes_of
from .trajectories import LEAST, Trajectory, trajectories_of

SEARCHING = 0.7  # of the budget; the rest is for the constants
LATER = 0.2  # of a trajectory that stands alone: its end is not learned from


def discover_ode(
    table: Any,
    time: str = "t",
    states: Sequence[str] | None = None,
    *,
    by: str | None = None,
    seed: int = 0,
    time_budget: float = 60.0,
    primitives: Iterable[str | Primitive] | Mapping[str, Primitive] | None = None,
    functions: Iterable[str] | None = None,
    without: Iterable[str] | None = None,
    preferred: Iterable[str] | None = None,
    max_complexity: int | None = None,
    effort: float = 1.0,
    progress: Progress | None = None,
    engine: str | None = None,
) -> Dynamics:
    """Find dx/dt = f(x) in trajectories.

    ``table`` is a path, a data frame, a mapping of columns, or a list of them, one for each trajectory; ``by`` names the
    column that tells the trajectories of one table apart. ``time`` is the column of times, ascending in each trajectory
    and not necessarily evenly spaced; ``states`` are all other columns by default. The time itself is no input. The last of
    two or more trajectories is not learned from, but followed with the law that was found; of a single one this is its
    last fifth. ``time_budget`` is in seconds, for all states together; ``seed``, ``primitives``, ``functions``, ``without``,
    ``preferred``, ``max_complexity`` (symbols of each right-hand side), ``effort``, ``progress`` and ``engine`` are those of
    `discover`.

    Raises ColumnError for names, ValuesError for cells, times that do not ascend and for too few points.

    >>> t = np.linspace(0, 4, 81)
    >>> found = discover_ode({"t": t, "x": np.exp(-t) + 1}, time_budget=20)  # doctest: +SKIP
    >>> print(found.equations[0])  # doctest: +SKIP
    dx/dt = 1 - x
    """
    began = clock.monotonic()
    seed, time_budget, effort = checked(seed, time_budget, effort)
    every, none, first = (None if given is None else list(given) for given in (functions, without, preferred))
    names, trajectories = trajectories_of(table, time, states, by)
    learned, kept = _apart(trajectories)
    slopes = slopes_of(learned)
    tables = [_table_of(names, number, time, slopes) for number in range(len(names))]
    found: dict[str, Discovery] = {}
    for number, (name, slope) in enumerate(zip(names, tables, strict=True)):
        if is_even(slope.y):
            found[name] = even_law(slope, seed)
            continue
        left = SEARCHING * time_budget - (clock.monotonic() - began)
        found[name] = discover(
            slope,
            seed=seed,
            time_budget=max(left / (len(names) - number), 0.1),
            primitives=primitives,
            functions=every,
            without=none,
            preferred=first,
            max_complexity=max_complexity,
            effort=effort,
            engine=engine,
            accuracy=float(slopes.accuracy[number]),
            progress=part_progress(progress, name, number, len(names)),
        )
    shot = _shot(found, names, learned, slopes)
    if shot is not None:
        found = {name: _with(found[name], shot, number, tables[number]) for number, name in enumerate(names)}
    parts = [*((one, "learned") for one in learned), *((one, "held out") for one in kept)]
    followed = [_followed(found, names, one, kind, slopes.noise) for one, kind in parts]
    motion = Dynamics(
        time=time,
        states=names,
        laws=found,
        followed=tuple(followed),
        noise=dict(zip(names, map(float, slopes.noise), strict=True)),
        refined=shot is not None,
        seconds=clock.monotonic() - began,
    )
    if not motion.refined:
        return motion
    return replace(motion, laws={name: replace(law, verified=motion.verified) for name, law in found.items()})


def _apart(trajectories: tuple[Trajectory, ...]) -> tuple[tuple[Trajectory, ...], tuple[Trajectory, ...]]:
    """What is learned from and what is not: the last trajectory, or the end of the only one (begun at its last point that
    was learned from)."""
    if len(trajectories) > 1:
        return trajectories[:-1], trajectories[-1:]
    one = trajectories[0]
    later = round(LATER * len(one))
    if len(one) - later < LEAST or later < 2:
        return trajectories, ()
    return (one.part(slice(0, len(one) - later)),), (one.part(slice(len(one) - later - 1, None)),)


def _table_of(names: Sequence[str], number: int, time: str, slopes: Slopes) -> Table:
    target = f"d{names[number]}/d{time}"
    columns = dict(zip(names, slopes.states.T, strict=True))
    values = slopes.values[:, number]
    if target in columns:
        raise ValuesError(f"a state is called {target!r}, which is the name of a slope. Rename it.")
    return Table({**columns, target: values}, target, tuple(names), source="slopes of trajectories")


def _shot(
    found: Mapping[str, Discovery], names: Sequence[str], learned: Sequence[Trajectory], slopes: Slopes
) -> Shot | None:
    expressions = right_hand_sides(found, names)
    if expressions is None:
        return None
    return shoot(symbols_of(names), expressions, learned, slopes.noise)


def symbols_of(names: Sequence[str]) -> list[str]:
    """The states as identifiers that no formula shares with a column of another name."""
    return [identifiers(list(names))[name] for name in names]


def right_hand_sides(found: Mapping[str, Discovery], names: Sequence[str]) -> list[sympy.Expr] | None:
    """The formulas of all states over `symbols_of`; None where one is missing."""
    whole = dict(zip(names, symbols_of(names), strict=True))
    expressions = []
    for name in names:
        formula = found[name].formula
        if formula is None:
            return None
        renamed = {s: symbol(whole[formula.symbols[s.name]]) for s in formula.expression.free_symbols}
        expressions.append(formula.expression.xreplace(renamed))
    return expressions


def _with(law: Discovery, shot: Shot, number: int, table: Table) -> Discovery:
    """The law with the constants that follow the trajectories."""
    names = identifiers(list(law.inputs))
    back = {symbol(identifier): symbol(names[column]) for column, identifier in names.items()}
    return refined(law, shot.expressions[number].xreplace(back), shot.errors[number], table)


def _followed(
    found: Mapping[str, Discovery], names: Sequence[str], one: Trajectory, kind: str, noise: np.ndarray
) -> Followed:
    """The laws through time from the trajectory's first state, beside what was measured."""
    expressions = right_hand_sides(found, names)
    path = np.full_like(one.states, np.nan)
    if expressions is not None:
        flow = Flow.of(symbols_of(names), expressions)
        start = begin(flow, one, noise) if np.any(noise > 0) else one.states[0]
        path = along(flow, start, one.times)
    return Followed(one.name, kind, one.times, one.states, path)
