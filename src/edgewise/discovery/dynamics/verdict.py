"""What the trajectories leave open of a law of motion, beside following it."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import sympy

from edgewise.discovery.result import Discovery
from edgewise.formula import Formula, constants, to_text

from .choosing import Choice
from .shooting import Shot, released
from .slopes import resting
from .trajectories import Trajectory

TOLD = 1 / 3  # of a constant: the standard error with which trajectories tell it
TREND = 3.0  # standard deviations of chance, by which what is left of noisy states goes along from point to point
SMOOTHED = 3.0  # times the noise that smoothing took off: more is not taken for noise
MOST = 4  # fitted constants of a right-hand side: with more any smooth one is interpolated
MOST_ON_A_CURVE = 2  # the same where noisy states lie on one curve

UNSETTLED = "the time was over before its constants had settled"


def left_open(
    laws: Mapping[str, Discovery],
    trajectories: Sequence[Trajectory],
    shot: Shot,
    choice: Choice | None,
) -> tuple[str, ...]:
    """Why the right-hand sides need not be the law although they follow; empty where nothing speaks against it.

    ``trajectories`` are all, those held out too. ``choice`` is there where the states are noisy: then the trajectories,
    which tell more than slopes, must single out the form. Where they are clean, a form that the slopes verified may have
    many constants.
    """
    found: list[str] = []
    on_a_curve = choice is not None and len(trajectories) == 1 and len(moving(trajectories)) > 1
    for number, law in enumerate(laws.values()):
        if law.formula is not None:
            found += _of_one(law, law.formula, shot.errors[number], on_a_curve)
    if choice is not None:
        for name, white in zip(laws, is_white(shot), strict=True):
            if not white:
                found.append(f"what it leaves of {name} goes along from point to point, so it is not noise alone")
        for number, rival in choice.rivals.items():
            law = list(laws.values())[number]
            short = {number: sympy.Float(f"{float(number):.3g}") for number in rival.atoms(sympy.Float)}
            found.append(f"{law.target} = {to_text(rival.xreplace(short))} follows as well, with constants of its own")
        if choice.cut:
            found.append("the time was over before other formulas were compared")
    if shot.cut:
        found.append(UNSETTLED)
    return tuple(found)


def is_white(shot: Shot) -> np.ndarray:
    """Of which states (states,) what the pieces leave looks like noise alone."""
    return np.asarray(shot.trend <= TREND)


def noise_of(noise: np.ndarray, shot: Shot) -> np.ndarray:
    """The noise (states,) of states in the light of their law: smoothing follows some of it where a motion is quick, and
    what the pieces leave tells it better where that is noise alone."""
    better = is_white(shot) & (noise > 0) & (shot.rmse > noise) & (shot.rmse <= SMOOTHED * noise)
    return np.where(better, shot.rmse, noise)


def _of_one(law: Discovery, formula: Formula, errors: Mapping[str, float], on_a_curve: bool) -> Iterator[str]:
    values = formula.constants
    loose = [
        f"{values[name]:.3g}" for name, error in errors.items() if name in values and error > TOLD * abs(values[name])
    ]
    if loose:
        yield f"the trajectories do not tell the constant {', '.join(loose)} of {law.target}"
    fitted = len(constants(released(formula.expression))) if on_a_curve else len(values)
    if on_a_curve and fitted > MOST_ON_A_CURVE:
        yield (
            f"one trajectory is one curve, along which {fitted} fitted constants of {law.target} can take many forms "
            f"({MOST_ON_A_CURVE} at most would stand): give several trajectories"
        )
    elif len(values) > MOST and not law.verified:
        yield f"{len(values)} fitted constants of {law.target} may follow any smooth motion: a law would have fewer"


def moving(trajectories: Sequence[Trajectory]) -> list[int]:
    """The numbers of the states that move along a trajectory."""
    at_rest = np.all([resting(one) for one in trajectories], axis=0)
    return [int(i) for i in np.flatnonzero(~at_rest)]
