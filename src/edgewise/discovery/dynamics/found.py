"""What was found of a motion."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgewise.discovery.parts import save_parts
from edgewise.discovery.result import Discovery
from edgewise.discovery.shown import constants_line
from edgewise.errors import FormulaError
from edgewise.formula import Formula, join_constants, split_constants

from .flow import Flow, along
from .slopes import REST

CLOSE = 1e-6  # of the spread: what a law that follows clean states may miss by
TIMES = 2.0  # the noise: what it may miss by otherwise
NOISE = 0.2  # of what a state moves by along a trajectory: above that noise may hide any law
UNKNOWN = 6  # digits of a constant whose error is not known
FOLLOWING = "following"  # among what was cut
TELLS = 0.5  # of the same: a path that misses by more tells too little more than a constant does


@dataclass(frozen=True, eq=False)
class Followed:
    """A trajectory beside the law that was followed from its first state (of noisy states from the one that suits them all
    best): ``states`` as measured and ``path``, both (points, states) at ``times`` (points,). ``kind`` is "learned" or
    "held out"."""

    name: str
    kind: str
    times: np.ndarray
    states: np.ndarray
    path: np.ndarray

    @property
    def rmse(self) -> np.ndarray:
        """(states,) what the path misses by, in the unit of each state; inf where it could not be followed to the end."""
        errors = np.sqrt(np.mean((self.path - self.states) ** 2, axis=0))
        return np.where(np.isfinite(errors), errors, np.inf)


@dataclass(frozen=True, eq=False)
class Dynamics:
    """A law of motion: ``laws`` holds a `Discovery` for each of the ``states``, whose target is that state's slope.

    ``followed`` compares trajectories with the law; ``noise`` is what smoothing took off each state, or what the law leaves
    where that is noise alone and more (0 where the states were clean); ``refined`` says whether the constants are from the
    trajectories themselves (else they are from slopes). Of refined laws the errors are on all slopes, and ``verified`` is
    that of the motion. A state whose slope is constant is not searched for. ``left_open`` says why a law that follows may
    still be another one, ``cut`` names the steps that the budget or Ctrl+C ended early: a state not searched for then is not
    among the ``laws``, a trajectory that there was no time for not among the ``followed``. ``learned`` counts the points of
    each trajectory that was learned from.
    """

    time: str
    states: tuple[str, ...]
    laws: Mapping[str, Discovery]
    followed: tuple[Followed, ...]
    noise: Mapping[str, float]
    refined: bool
    seconds: float
    left_open: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    learned: tuple[int, ...] = ()

    @property
    def equations(self) -> tuple[str, ...]:
        """``dx/dt = ...``, one for each state."""
        formulas = {name: law.formula for name, law in self.laws.items()}
        found = {name: formula.equation for name, formula in formulas.items() if formula is not None}
        return tuple(found.get(name, f"d{name}/d{self.time} = ?") for name in self.states)

    @property
    def verified(self) -> bool:
        """Whether the law follows every trajectory, those held out included, as near as the noise allows, and nothing
        speaks against it: see `doubts`."""
        return not self.doubts

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why it is not called a law; empty where it is. A law follows every trajectory, far nearer than a constant would,
        and the trajectories leave no other form open."""
        if any(equation.endswith("= ?") for equation in self.equations):
            return ("there is a state without a formula",)
        if not self._follows():
            return ("it does not follow every trajectory",)
        if not self.followed or FOLLOWING in self.cut:
            return ("there was no time to follow it along every trajectory", *self.left_open)
        return (*self._noisy(), *self.left_open)

    def _follows(self) -> bool:
        return all((one.rmse <= self._limits).all() for one in self.followed)

    def _noisy(self) -> Iterator[str]:
        """Of which states noise is too much of what is seen to move."""
        apart = [one.states - np.mean(one.states, axis=0) for one in self.followed]
        moves = np.sqrt(np.mean(np.concatenate(apart) ** 2, axis=0))
        missed = np.concatenate([one.path - one.states for one in self.followed])
        shares = np.array([self.noise[name] for name in self.states]), np.sqrt(np.mean(missed**2, axis=0))
        size = np.max([np.max(np.abs(one.states), axis=0) for one in self.followed], axis=0)
        for number, name in enumerate(self.states):
            if moves[number] <= REST * size[number]:
                continue
            noise, left = (float(share[number] / moves[number]) for share in shares)
            if noise > NOISE or left > TELLS:
                yield f"noise is {max(noise, left):.2g} of what {name} moves by, and may hide any law"

    @property
    def _limits(self) -> np.ndarray:
        """(states,) what a law may miss by; of a state that rests the rounding."""
        every = np.concatenate([one.states for one in self.followed])
        noise = TIMES * np.array([self.noise[name] for name in self.states])
        return np.max([CLOSE * np.std(every, axis=0), REST * np.max(np.abs(every), axis=0), noise], axis=0)

    def integrate(self, start: Mapping[str, float], times: Any) -> dict[str, np.ndarray]:
        """The states (times,) along the law, from ``start`` at the first of ``times`` (ascending); nan from where it
        cannot be followed."""
        from .ode import right_hand_sides, symbols_of

        expressions = right_hand_sides(self.laws, self.states)
        if expressions is None:
            raise FormulaError("no law was found for one of the states, so the motion cannot be followed.")
        begin = np.array([float(start[name]) for name in self.states])
        flow = Flow.of(symbols_of(self.states), expressions)
        path = along(flow, begin, np.asarray(times, dtype=np.float64))
        return dict(zip(self.states, path.T, strict=True))

    def __str__(self) -> str:
        return "\n".join([self._counts(), *self._printed(), *self._constants(), *self._errors(), *self._verdict()])

    def _counts(self) -> str:
        number, kept = len(self.learned), [one for one in self.followed if one.kind == "held out"]
        noun = "trajectory" if number == 1 else "trajectories"
        told = f"; {'its end' if not kept[0].name else f'{len(kept)} more'} held out" if kept else ""
        return f"{number} {noun}, {sum(self.learned)} points, states {', '.join(self.states)}{told}"

    def _printed(self) -> Iterator[str]:
        """The equations; of constants whose errors are not known six digits."""
        for name, equation in zip(self.states, self.equations, strict=True):
            formula = self.laws[name].formula if name in self.laws else None
            yield equation if formula is None else _short(formula).equation

    def _constants(self) -> Iterator[str]:
        for law in self.laws.values():
            for line in constants_line(law.formula):
                yield f"{line}   ({law.target})"

    def _errors(self) -> Iterator[str]:
        if any(self.noise.values()):
            told = ", ".join(f"{name} {noise:.2g}" for name, noise in self.noise.items())
            yield f"noise    {told} (the states were smoothed)"
        for kind in ("learned", "held out"):
            if errors := [one.rmse for one in self.followed if one.kind == kind]:
                worst = np.max(errors, axis=0)
                told = ", ".join(f"{name} {error:.2e}" for name, error in zip(self.states, worst, strict=True))
                yield f"follows  {kind}: rmse {told}"

    def _verdict(self) -> Iterator[str]:
        doubts = self.doubts
        yield "law      it follows every trajectory" if not doubts else f"approximation, not a law: {doubts[0]}"
        yield from (f"note: {doubt}" for doubt in doubts[1:])
        if self.followed and all(one.kind == "learned" for one in self.followed) and FOLLOWING not in self.cut:
            yield "note: nothing was held out, the points being few: it has learned from all that it follows"
        by = "by its slopes alone, " if self.refined else ""  # the trajectories may tell more
        yield from dict.fromkeys(
            f"note: {law.target}: {by}{note}" for law in self.laws.values() for note in law.warnings
        )
        if self.cut:
            yield f"note: the budget or an interruption ended early: {', '.join(self.cut)}."

    def to_json(self) -> dict[str, Any]:
        """Plain values, the command line's ``--json``."""
        return {
            "time": self.time,
            "states": list(self.states),
            "equations": list(self.equations),
            "verified": self.verified,
            "refined": self.refined,
            "doubts": list(self.doubts),
            "cut": list(self.cut),
            "noise": dict(self.noise),
            "followed": [
                {
                    "name": one.name,
                    "kind": one.kind,
                    "points": len(one.times),
                    "rmse": dict(zip(self.states, map(float, one.rmse), strict=True)),
                }
                for one in self.followed
            ],
            "seconds": round(self.seconds, 3),
            "laws": {name: law.to_json() for name, law in self.laws.items()},
        }

    def save(self, folder: str | Path, *, pictures: bool = False) -> None:
        """Each state's discovery in a folder of its own below ``folder``, named by the state's number and name. Those of
        an earlier law of motion there are taken away."""
        save_parts(self.laws, folder, pictures=pictures)


def _short(formula: Formula) -> Formula:
    template, values = split_constants(formula.expression)
    known = {p: np.isfinite(formula.constant_errors.get(p.name, np.nan)) for p in values}
    shown = {p: value if known[p] else float(f"{value:.{UNKNOWN}g}") for p, value in values.items()}
    return replace(formula, expression=join_constants(template, shown))
