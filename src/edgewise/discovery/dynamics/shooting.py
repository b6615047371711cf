"""Constants from the trajectories themselves, without slopes: multiple shooting.

The trajectories are cut into pieces. Constants and the states in which the pieces begin are fitted so that the law, followed
through time, comes nearest to the states that were measured (H. G. Bock, Recent advances in parameter identification
techniques for ODE, 1983). Then constants become the numbers that people write, where the trajectories single them out.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import sympy

from edgewise.formula import join_constants, split_constants
from edgewise.formula.anatomy import rebuild
from edgewise.symbolic.numbers import choices
from edgewise.symbolic.polish import descend

from .flow import Flow, Late, along
from .trajectories import Trajectory

CLEAN_POINTS, NOISY_POINTS = 10, 30  # of a piece, after its first
MOST_PIECES = 60
STEP = 1e-6  # relative, for differences
PARTS = 2  # steps from point to point where formulas are compared
NUDGE = 1e-4  # of the noise: the same, of the state in which a whole trajectory begins
STEPS = 12  # of Gauss-Newton
WITHIN = 2.5  # standard errors in which a plain number is looked for
MARGIN = 6.0  # bits by which the trajectories must tell a constant better than its name does
CHI2 = 4.0  # what a plain number may cost
LEAST_ERROR = 1e-8  # relative, of a constant, and ...
SYSTEMATIC = (
    10.0  # ... times its standard error where states are clean: errors of an integrator go along with each other
)
Array = np.ndarray


@dataclass(frozen=True)
class Shot:
    """Right-hand sides with constants from the trajectories; ``errors`` are their standard errors, for each state by the
    names of `edgewise.formula.constants`; ``rmse`` (states,) is what the pieces miss by, ``trend`` (states,) how much of it
    goes along from point to point, in standard deviations of what noise does by chance. ``cut`` says that the time was
    over: then no constant has an error, and none was tried as a plain number."""

    expressions: tuple[sympy.Expr, ...]
    errors: tuple[dict[str, float], ...]
    rmse: Array
    trend: Array
    cut: bool = False


@dataclass(frozen=True)
class Fit:
    """How near right-hand sides come to noisy trajectories: the sum of squares ``cost`` in units of the noise, after
    ``constants`` (states,) were fitted to ``numbers`` measured ones (less those that went into the starts)."""

    cost: float
    constants: tuple[int, ...]
    numbers: int

    @property
    def bits(self) -> float:
        """Twice the negative log likelihood of the fit alone."""
        return self.numbers * math.log(max(self.cost, 1e-300) / self.numbers)

    @property
    def bic(self) -> float:
        """The Bayesian information criterion: what a constant explains must be worth its price."""
        return self.bits + sum(self.constants) * math.log(self.numbers)


def shoot(
    names: Sequence[str],
    expressions: Sequence[sympy.Expr],
    trajectories: Sequence[Trajectory],
    noise: Array,
    deadline: float = math.inf,
) -> Shot | None:
    """The expressions (over ``names``, one for each state) with the constants that follow the trajectories best.

    ``noise`` (states,) is 0 where the states are clean. Constants that were snapped on slopes in noise are fitted again.
    None where the law cannot be followed along the pieces. Raises `Late` where the time is over before it was once.
    """
    problem = _Problem.of(names, expressions, trajectories, noise, deadline)
    first = problem.fit(problem.flow.theta)
    if first is None:
        return None
    try:
        theta, fixed = problem.plain(*first)
        if fixed:
            again = problem.fit(theta, tuple(fixed), first[1])
            if again is not None and problem.costs_nothing(first[2], again[2], len(fixed)):
                return problem.shot(*again, fixed)
        return problem.shot(*first, {})
    except Late:
        return replace(problem, flow=replace(problem.flow, deadline=math.inf)).hasty(*first)


def compared(
    names: Sequence[str],
    expressions: Sequence[sympy.Expr],
    trajectories: Sequence[Trajectory],
    noise: Array,
    deadline: float = math.inf,
) -> Fit | None:
    """How near the expressions come to noisy trajectories; None where they cannot be followed. Raises `Late`."""
    exact = _Problem.of(names, expressions, trajectories, noise, deadline)
    problem = replace(exact, flow=replace(exact.flow, parts=PARTS))
    found = problem.fit(problem.flow.theta)
    if found is None:
        return None
    constants = tuple(len(parameters) for _, parameters in problem.templates)
    return Fit(found[2], constants, problem.seen.size - problem.seen[0].size)


def begin(flow: Flow, one: Trajectory, noise: Array) -> Array:
    """The state (states,) from which the flow comes nearest to a noisy trajectory; the first one measured where the flow
    cannot be followed from there. Raises `Late`."""
    scale = np.where(noise > 0, noise, 1.0)
    nudges = NUDGE * scale

    def residual(start: Array) -> Array:
        return np.asarray((along(flow, start, one.times) - one.states) / scale).ravel()

    def jacobian(start: Array) -> Array:
        here = residual(start)
        moved = [
            (residual(start + nudge * unit) - here) / nudge
            for nudge, unit in zip(nudges, np.eye(len(start)), strict=True)
        ]
        return np.nan_to_num(np.column_stack(moved), nan=0.0, posinf=0.0, neginf=0.0)

    if not np.isfinite(residual(one.states[0])).all():
        return one.states[0]
    return descend(residual, jacobian, one.states[0], steps=STEPS)[0]


def released(expression: sympy.Expr) -> sympy.Expr:
    """The expression with its rational factors and terms as constants to be fitted; exponents and signs stay."""

    def free(part: sympy.Expr) -> sympy.Expr:
        if part.is_Pow:
            return sympy.Pow(rebuild(part.base, free) if not part.base.is_Number else part.base, part.exp)
        if part.is_Rational and abs(part) != 1:
            return sympy.Float(float(part))
        return rebuild(part, free)

    return expression if expression.is_Number else free(expression)


@dataclass(frozen=True, eq=False)
class _Problem:
    """Pieces of trajectories: ``times`` (pieces, points), ``seen`` (points, states, pieces), ``scale`` (states,);
    standard errors count ``trust`` times."""

    flow: Flow
    templates: tuple[tuple[sympy.Expr, tuple[sympy.Dummy, ...]], ...]
    times: Array
    seen: Array
    scale: Array
    trust: float = 1.0

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        expressions: Sequence[sympy.Expr],
        trajectories: Sequence[Trajectory],
        noise: Array,
        deadline: float,
    ) -> "_Problem":
        noisy = bool(np.any(noise > 0))
        if noisy:
            expressions = [released(expression) for expression in expressions]
        pieces = _pieces(trajectories, NOISY_POINTS if noisy else CLEAN_POINTS)
        seen = np.stack([piece.states for piece in pieces], axis=2)
        spread = np.std(np.concatenate([one.states for one in trajectories]), axis=0)
        spread[spread == 0] = 1.0
        split = [split_constants(expression) for expression in expressions]
        templates = tuple((template, tuple(values)) for template, values in split)
        flow = Flow.of(names, expressions, 1e-8 if noisy else 1e-12, deadline)
        scale = np.where(noise > 0, noise, spread)
        return cls(
            flow, templates, np.stack([piece.times for piece in pieces]), seen, scale, 1.0 if noisy else SYSTEMATIC
        )

    @property
    def freedom(self) -> int:
        """Measured numbers less fitted ones."""
        return max(1, self.seen.size - self.seen[0].size - len(self.flow.theta))

    def costs_nothing(self, before: float, after: float, fixed: int) -> bool:
        """Whether the sum of squares allows for so many constants as plain numbers."""
        return after <= before * (1 + CHI2 * self.trust**2 * fixed / self.freedom)

    def fit(
        self, theta: Array, fixed: tuple[int, ...] = (), starts: Array | None = None
    ) -> tuple[Array, Array, float] | None:
        """Constants, starts (states, pieces) and the sum of squares, from there; those ``fixed`` keep their values. Where the
        time is over, the best until then; `Late` where there is none yet."""
        free = [i for i in range(len(theta)) if i not in fixed]
        shape, whole = self.seen[0].shape, np.array(theta, dtype=np.float64)

        def parted(both: Array) -> tuple[Array, Array]:
            constants = whole.copy()
            constants[free] = both[: len(free)]
            return constants, both[len(free) :].reshape(shape)

        best: list[tuple[float, Array]] = []

        def residual(both: Array) -> Array:
            left = self._residual(*parted(both))
            with np.errstate(over="ignore"):
                cost = float(left @ left)
            if not best or cost < best[0][0]:
                best[:] = [(cost, both)]
            return left

        def jacobian(both: Array) -> Array:
            return self._jacobian(*parted(both), free)

        begin = np.concatenate([whole[free], (self.seen[0] if starts is None else starts).ravel()])
        if not np.isfinite(residual(begin)).all():
            return None
        with suppress(Late):
            descend(residual, jacobian, begin, steps=STEPS)
        cost, both = best[0]
        return *parted(both), cost

    def _residual(self, theta: Array, starts: Array) -> Array:
        path = self.flow.follow(starts[:, None, :], self.times, theta[None])[:, :, 0, :]
        return ((path - self.seen) / self.scale[:, None]).ravel()

    def _jacobian(self, theta: Array, starts: Array, free: list[int]) -> Array:
        """Slopes of the residuals by constants and by starts, all pieces moved at once."""
        states, pieces = starts.shape
        moves = STEP * np.where(theta == 0, 1.0, np.abs(theta))[free]
        nudges = STEP * self.scale
        copies = 1 + len(free) + states
        constants = np.repeat(theta[None], copies, axis=0)
        begins = np.repeat(starts[:, None, :], copies, axis=1)
        for row, i in enumerate(free, 1):
            constants[row, i] += moves[row - 1]
        for state in range(states):
            begins[state, 1 + len(free) + state] += nudges[state]
        path = self.flow.follow(begins, self.times, constants) / self.scale[:, None, None]
        apart = path[:, :, 1:] - path[:, :, :1]
        by_theta = np.moveaxis(apart[:, :, : len(free)], 2, -1).reshape(self.seen.size, len(free)) / moves
        by_start = np.zeros((*path[:, :, 0].shape, states, pieces))
        for state in range(states):
            for piece in range(pieces):
                by_start[:, :, piece, state, piece] = apart[:, :, len(free) + state, piece] / nudges[state]
        matrix = np.column_stack([by_theta, by_start.reshape(self.seen.size, -1)])
        return np.where(np.isfinite(matrix), matrix, 0.0)

    def covariance(self, theta: Array, starts: Array, cost: float, free: list[int]) -> Array:
        """Of the free constants."""
        if not free:
            return np.zeros((0, 0))
        matrix = self._jacobian(theta, starts, free)
        size = np.linalg.norm(matrix, axis=0)
        size[size == 0] = 1.0
        inverse = np.linalg.pinv(np.asarray((matrix / size).T @ (matrix / size)))
        scaled = inverse / np.outer(size, size) * cost / self.freedom
        return np.asarray(scaled[: len(free), : len(free)])

    def plain(self, theta: Array, starts: Array, cost: float) -> tuple[Array, dict[int, sympy.Expr]]:
        """Constants, and those of them that became plain numbers: one at a time, the surest first; the others follow
        along the valley of the sum of squares."""
        known = self.covariance(theta, starts, cost, list(range(len(theta))))
        theta = theta.copy()
        fixed: dict[int, sympy.Expr] = {}
        while True:
            best: tuple[float, int, sympy.Expr, float] | None = None
            for i in range(len(theta)):
                error = self.trust * float(np.sqrt(max(known[i, i], 0.0))) + LEAST_ERROR * abs(float(theta[i]))
                if i in fixed or not 0 < error < abs(theta[i]):
                    continue
                told = np.log2(abs(theta[i]) / error)
                for choice in choices(float(theta[i]), WITHIN * error, largest=1e3, count=1):
                    sure = told - choice.bits
                    if sure >= MARGIN - 4.0 * (choice.bits < 4.0) and (best is None or sure > best[0]):
                        best = (sure, i, choice.number, choice.value)
            if best is None:
                return theta, fixed
            _, i, number, value = best
            along = known[:, i] / known[i, i]
            theta = theta + along * (value - theta[i])
            theta[i] = value
            known = known - np.outer(along, known[i])
            fixed[i] = number

    def shot(self, theta: Array, starts: Array, cost: float, fixed: dict[int, sympy.Expr]) -> Shot:
        """The expressions with these constants."""
        free = [i for i in range(len(theta)) if i not in fixed]
        errors = dict(zip(free, np.sqrt(np.abs(np.diag(self.covariance(theta, starts, cost, free)))), strict=True))
        return self._written(theta, starts, fixed, errors)

    def hasty(self, theta: Array, starts: Array, cost: float) -> Shot:
        """The same without errors, for which there was no time."""
        return replace(self._written(theta, starts, {}, dict.fromkeys(range(len(theta)), np.nan)), cut=True)

    def _written(self, theta: Array, starts: Array, fixed: dict[int, sympy.Expr], errors: Mapping[int, float]) -> Shot:
        written, told, at = [], [], 0
        for template, parameters in self.templates:
            places = dict(zip(parameters, range(at, at + len(parameters)), strict=True))
            at += len(parameters)
            plain = template.xreplace({p: fixed[i] for p, i in places.items() if i in fixed})
            decimals = {p: float(theta[i]) for p, i in places.items() if i not in fixed}
            expression = join_constants(plain, decimals)
            written.append(expression)
            _, values = split_constants(expression)  # constants are named in reading order, which may have changed
            by_value = {value: float(errors[places[p]]) for p, value in decimals.items()}
            told.append({p.name: by_value.get(value, np.nan) for p, value in values.items()})
        left = self._residual(theta, starts).reshape(self.seen.shape) * self.scale[:, None]
        return Shot(tuple(written), tuple(told), np.sqrt(np.mean(left**2, axis=(0, 2))), _trend(left))


def _trend(left: Array) -> Array:
    """(states,) the correlation of successive residuals (points, states, pieces), over what chance makes it."""
    size = np.sum(left[1:] ** 2, axis=(0, 2)) + np.sum(left[:-1] ** 2, axis=(0, 2))
    along = 2 * np.sum(left[1:] * left[:-1], axis=(0, 2)) / np.where(size > 0, size, 1.0)
    return np.asarray(along * np.sqrt(left[1:, 0].size))


def _pieces(trajectories: Sequence[Trajectory], points: int) -> list[Trajectory]:
    """Pieces of equally many points that cover the trajectories, or are spread evenly over them."""
    length = min(points, *(len(one) - 1 for one in trajectories))
    found = []
    for one in trajectories:
        last = len(one) - 1 - length
        for first in sorted({min(start, last) for start in range(0, len(one) - 1, length)}):
            found.append(one.part(slice(first, first + length + 1)))
    if len(found) > MOST_PIECES:
        found = [found[i] for i in np.linspace(0, len(found) - 1, MOST_PIECES).astype(int)]
    return found
