"""What was found of a motion."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgewise.discovery.parts import save_parts
from edgewise.discovery.result import Discovery
from edgewise.errors import FormulaError

from .flow import Flow, along
from .slopes import REST

CLOSE = 1e-6  # of the spread: what a law that follows clean states may miss by
TIMES = 2.0  # the noise: what it may miss by otherwise


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

    ``followed`` compares trajectories with the law; ``noise`` is what smoothing took off each
    state (0 where the states were clean), ``refined`` whether the constants are from the trajectories themselves (else
    they are from slopes). Of refined laws the errors are on all slopes, and ``verified`` is that of the motion. A state
    whose slope is constant is not searched for.
    """

    time: str
    states: tuple[str, ...]
    laws: Mapping[str, Discovery]
    followed: tuple[Followed, ...]
    noise: Mapping[str, float]
    refined: bool
    seconds: float

    @property
    def equations(self) -> tuple[str, ...]:
        """``dx/dt = ...``, one for each state."""
        return tuple(
            law.formula.equation if law.formula is not None else f"{law.target} = ?" for law in self.laws.values()
        )

    @property
    def verified(self) -> bool:
        """Whether the law follows every trajectory, those held out included, as near as the noise allows."""
        return bool(self.followed) and all((one.rmse <= self._limits).all() for one in self.followed)

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
        learned = [one for one in self.followed if one.kind == "learned"]
        points = sum(len(one.times) for one in learned)
        noun = "trajectory" if len(learned) == 1 else "trajectories"
        lines = [f"{len(learned)} {noun}, {points} points, states {', '.join(self.states)}"]
        lines += self.equations
        if any(self.noise.values()):
            told = ", ".join(f"{name} {noise:.2g}" for name, noise in self.noise.items())
            lines.append(f"noise    {told} (the states were smoothed)")
        for kind in ("learned", "held out"):
            if errors := [one.rmse for one in self.followed if one.kind == kind]:
                worst = np.max(errors, axis=0)
                told = ", ".join(f"{name} {error:.2e}" for name, error in zip(self.states, worst, strict=True))
                lines.append(f"follows  {kind}: rmse {told}")
        doubt = "approximation, not a law: it does not follow every trajectory"
        lines.append("law      it follows every trajectory" if self.verified else doubt)
        if len(learned) == len(self.followed):
            lines.append("note: nothing was held out, the points being few: it has learned from all that it follows")
        if not self.verified:  # what the slopes leave open, trajectories have settled
            lines += dict.fromkeys(f"note: {law.target}: {note}" for law in self.laws.values() for note in law.warnings)
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Plain values, the command line's ``--json``."""
        return {
            "time": self.time,
            "states": list(self.states),
            "equations": list(self.equations),
            "verified": self.verified,
            "refined": self.refined,
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
