"""The order of the steps from trajectories to a law of motion.

1  slopes      of the states, and how well they are known
2  laws        each state's slope as a function of the states: `discover`
3  choosing    where states are noisy: the formulas that the trajectories themselves tell best
4  shooting    the constants of all laws together from the trajectories themselves
5  following   the laws through time, from the first state of each trajectory: also of one that no step has seen
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import Any

import numpy as np
import sympy

from edgewise.data import Table
from edgewise.discovery.parts import Progress, part_progress
from edgewise.discovery.pipeline import INTERRUPTED, discover
from edgewise.discovery.result import Discovery
from edgewise.discovery.settings import checked
from edgewise.errors import ValuesError
from edgewise.formula import Formula, identifiers, symbol
from edgewise.primitives import Primitive

from .choosing import choose, near, polynomials
from .flow import Flow, Late, along
from .found import FOLLOWING, Dynamics, Followed
from .laws import even_law, is_even, refined
from .shooting import Shot, begin, shoot
from .slopes import Slopes, slopes_of
from .trajectories import LEAST, Trajectory, trajectories_of
from .verdict import UNSETTLED, left_open, noise_of

SEARCHING, CHOOSING, SHOOTING, FOLLOWED = 0.7, 0.85, 0.95, 1.0  # of the budget: until when ...
LEAST_SHARE = 0.1  # ... or so long, after a search that took more
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
    began = monotonic()
    seed, time_budget, effort = checked(seed, time_budget, effort)
    every, none, first = (None if given is None else list(given) for given in (functions, without, preferred))
    names, trajectories = trajectories_of(table, time, states, by)
    learned, kept = _apart(trajectories)
    slopes = slopes_of(learned)
    tables = [_table_of(names, number, time, slopes) for number in range(len(names))]
    clock = _Clock(began, time_budget)
    search = partial(
        discover,
        seed=seed,
        primitives=primitives,
        functions=every,
        without=none,
        preferred=first,
        max_complexity=max_complexity,
        effort=effort,
        engine=engine,
    )
    cut: list[str] = []
    laws = _searched(tables, names, slopes, search, clock, progress, cut)
    motion = _Motion(names, laws, tables, trajectories, learned, slopes, cut, slopes.noise)
    try:
        refined, left_open = motion.shot(clock, primitives is None and none is None and max_complexity is None)
    except KeyboardInterrupt:
        cut.append(INTERRUPTED)
        refined, left_open = False, ()
    parts = [*((one, "learned") for one in learned), *((one, "held out") for one in kept)]
    whole = Dynamics(
        time=time,
        states=names,
        laws=motion.laws,
        followed=motion.followed(parts, clock.until(FOLLOWED)),
        noise=dict(zip(names, map(float, motion.noise), strict=True)),
        refined=refined,
        seconds=clock.elapsed,
        left_open=left_open,
        cut=tuple(dict.fromkeys(cut)),
        learned=tuple(map(len, learned)),
    )
    if not whole.refined:
        return whole
    return replace(whole, laws={name: replace(law, verified=whole.verified) for name, law in whole.laws.items()})


@dataclass(frozen=True)
class _Clock:
    """When each step is to end."""

    began: float
    budget: float

    @property
    def elapsed(self) -> float:
        return monotonic() - self.began

    def left(self, share: float) -> float:
        """Seconds until the share of the budget is over; at least 0.1."""
        return max(share * self.budget - self.elapsed, 0.1)

    def until(self, share: float) -> float:
        """The moment in which a step is to end."""
        return max(self.began + share * self.budget, monotonic() + LEAST_SHARE * self.budget)


def _searched(
    tables: Sequence[Table],
    names: Sequence[str],
    slopes: Slopes,
    search: partial[Discovery],
    clock: _Clock,
    progress: Progress | None,
    cut: list[str],
) -> dict[str, Discovery]:
    """The law of each state's slope; after Ctrl+C of those states alone that were searched for until then."""
    found: dict[str, Discovery] = {}
    for number, (name, table) in enumerate(zip(names, tables, strict=True)):
        if is_even(table.y):
            found[name] = even_law(table, search.keywords["seed"])
            continue
        try:
            found[name] = search(
                table,
                time_budget=max(clock.left(SEARCHING) / (len(names) - number), 0.1),
                accuracy=float(slopes.accuracy[number]),
                progress=part_progress(progress, name, number, len(names)),
            )
        except KeyboardInterrupt:
            if not found:
                raise  # there is nothing to keep yet
            cut.append(INTERRUPTED)
        if INTERRUPTED in cut or INTERRUPTED in found[name].cut:
            cut.append(INTERRUPTED)
            break
    return found


@dataclass
class _Motion:
    """The laws of all states, and what the trajectories make of them; ``cut`` grows where the time is over."""

    names: Sequence[str]
    laws: dict[str, Discovery]
    tables: Sequence[Table]
    every: Sequence[Trajectory]
    learned: Sequence[Trajectory]
    slopes: Slopes
    cut: list[str]
    noise: np.ndarray

    def shot(self, clock: _Clock, free: bool) -> tuple[bool, tuple[str, ...]]:
        """Give the laws the formulas and the constants that the trajectories choose: whether they did, and what they leave
        open. ``free`` says that a formula may be any."""
        expressions = right_hand_sides(self.laws, self.names)
        if expressions is None or INTERRUPTED in self.cut:
            return False, ()
        symbols, choice = symbols_of(self.names), None
        if self.slopes.noisy:
            options = [self._options(number, expressions[number], free) for number in range(len(self.names))]
            choice = choose(symbols, options, self.learned, self.slopes.noise, clock.until(CHOOSING))
        chosen = expressions if choice is None else choice.expressions
        if choice is not None and choice.cut:
            self.cut.append("choosing")
        try:
            found = shoot(symbols, chosen, self.learned, self.slopes.noise, clock.until(SHOOTING))
        except Late:
            self.cut.append("constants")
            return False, (UNSETTLED,)
        if found is None:
            return False, ()
        if found.cut:
            self.cut.append("constants")
        before = self.laws
        self.laws = {
            name: _with(before[name], found, number, self.tables[number], chosen[number] != expressions[number])
            for number, name in enumerate(self.names)
        }
        self.noise = noise_of(self.slopes.noise, found)
        return True, left_open(self.laws, self.every, found, choice)

    def _options(self, number: int, pick: sympy.Expr, free: bool) -> list[sympy.Expr]:
        """What the right-hand side of a state may be: the pick first, then others of its front, then polynomials."""
        law = self.laws[self.names[number]]
        if law.formula is None or not law.formula.expression.free_symbols:
            return [pick]
        front = list(law.front)
        others = [_over_states(front[i], self.names) for i in near([formula.rmse for formula in front])]
        more = polynomials(symbols_of(self.names), self.slopes, number) if free else []
        return [pick, *(other for other in others if other.free_symbols), *more]

    def followed(self, parts: Sequence[tuple[Trajectory, str]], deadline: float) -> tuple[Followed, ...]:
        """The laws through time beside what was measured; first along the trajectories that nothing was learned from."""
        found: dict[int, Followed] = {}
        order = sorted(range(len(parts)), key=lambda i: parts[i][1] == "learned")
        expressions = right_hand_sides(self.laws, self.names)
        try:
            for i in [] if INTERRUPTED in self.cut else order:
                found[i] = _followed(expressions, self.names, *parts[i], self.noise, deadline)
        except Late:
            pass  # those that are missing are counted below
        except KeyboardInterrupt:
            self.cut.append(INTERRUPTED)
        if len(found) < len(parts):
            self.cut.append(FOLLOWING)
        return tuple(found[i] for i in sorted(found))


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


def symbols_of(names: Sequence[str]) -> list[str]:
    """The states as identifiers that no formula shares with a column of another name."""
    return [identifiers(list(names))[name] for name in names]


def right_hand_sides(found: Mapping[str, Discovery], names: Sequence[str]) -> list[sympy.Expr] | None:
    """The formulas of all states over `symbols_of`; None where one is missing."""
    formulas = [found[name].formula if name in found else None for name in names]
    known = [formula for formula in formulas if formula is not None]
    return [_over_states(formula, names) for formula in known] if len(known) == len(names) else None


def _over_states(formula: Formula, names: Sequence[str]) -> sympy.Expr:
    whole = dict(zip(names, symbols_of(names), strict=True))
    renamed = {s: symbol(whole[formula.symbols[s.name]]) for s in formula.expression.free_symbols}
    return formula.expression.xreplace(renamed)


def _with(law: Discovery, shot: Shot, number: int, table: Table, another: bool) -> Discovery:
    """The law with the constants that follow the trajectories."""
    names = identifiers(list(law.inputs))
    back = {symbol(identifier): symbol(names[column]) for column, identifier in names.items()}
    return refined(law, shot.expressions[number].xreplace(back), shot.errors[number], table, another)


def _followed(
    expressions: Sequence[sympy.Expr] | None,
    names: Sequence[str],
    one: Trajectory,
    kind: str,
    noise: np.ndarray,
    deadline: float,
) -> Followed:
    """The laws through time from the trajectory's first state, beside what was measured. Raises `Late`."""
    path = np.full_like(one.states, np.nan)
    if expressions is not None:
        flow = Flow.of(symbols_of(names), expressions, deadline=deadline)
        start = begin(flow, one, noise) if np.any(noise > 0) else one.states[0]
        path = along(flow, start, one.times)
    return Followed(one.name, kind, one.times, one.states, path)
