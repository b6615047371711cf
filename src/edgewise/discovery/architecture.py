"""The smallest graph that can hold the function, found by its rate.

A graph that can represent the data's function gains a factor of about 2^(degree + 1) when its pieces double; one that
cannot gains next to nothing. So shapes are tried from small to large, each with a few coarse stages, and the first whose
error falls at a rate of 3 or more is refined. On noisy data every error ends at the noise: then the smallest shape that is
as good as the best one is taken.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch

from edgewise.errors import TrainingError
from edgewise.nn import KAN, Model, Shaping
from edgewise.train import Fit, Levenberg, TrainingData, levenberg

from .prepare import Prepared
from .shapes import Shapes
from .sight import Sight

Shape = Sequence[Any]
RATE = 3.0
GOOD = 0.02  # a certified graph must also explain the data to 2 % at its finest coarse stage
AS_GOOD = 1.05  # within 5 % of the best held-out error
FEW = 200  # training rows; below them HOPELESS_SHAPES with errors above NOTHING (the mean has 1) are enough
HOPELESS_SHAPES = 3
NOTHING = 0.95


COARSE = Levenberg(intervals=(3, 6, 12))
QUICK = Levenberg(restarts=3, intervals=(3, 6, 12))
# Quintic pieces reach an error of 1e-9 with half as many of them as cubic ones need for 1e-7.
FINE = Levenberg(intervals=(3, 6, 12, 24, 48), penalty=1e-10)
FINE_BESIDE_A_LAW = Levenberg(restarts=1, intervals=(3, 6, 12, 24), penalty=1e-10)
DEGREE, FINE_DEGREE = 3, 5


@dataclass(frozen=True)
class Trial:
    """One shape that was tried: its fit, held-out error over the target's spread, and rate."""

    shape: Shape
    fit: Fit

    @property
    def error(self) -> float:
        """Held-out rmse, in units of the target's standard deviation."""
        return self.fit.held_out_rmse

    @property
    def certified(self) -> bool:
        """Whether the error fell at the rate of a graph that can hold the function, or hit the float's floor."""
        return (self.fit.history.rate >= RATE and self.error < GOOD) or self.error < 1e-9


@dataclass(frozen=True)
class Architecture:
    """The network that was chosen, with every shape that was tried; ``interrupted`` when Ctrl+C ended the search.

    ``rate`` is the one that the chosen shape showed with cubic splines while it was tried: 4 in theory.
    """

    model: Model
    trial: Trial
    trials: tuple[Trial, ...]
    rate: float
    interrupted: bool = False

    @property
    def certified(self) -> bool:
        """Whether the rate says that this graph can hold the function."""
        return self.trial.certified


class Memory(Protocol):
    """Where finished trials are kept, by their shape and the degree of their splines."""

    def recall(self, shape: Shape, degree: int) -> Trial | None:
        """The trial as it ended, None where it must be made."""

    def keep(self, trial: Trial, degree: int) -> None:
        """Remember a trial that has ended."""


class _NoMemory:
    def recall(self, shape: Shape, degree: int) -> Trial | None:
        return None

    def keep(self, trial: Trial, degree: int) -> None:
        pass


def shapes(n_in: int, small: bool = False) -> list[Shape]:
    """Shapes to try, the smaller first; a pair (a, m) is a level of a nodes that add and m that multiply.

    ``small`` tables hold too few rows for more than one hidden node.
    """
    if small:
        return [[n_in, 1], [n_in, 1, 1]]
    if n_in == 1:
        return [[1, 1], [1, 1, 1], [1, 2, 1]]
    return [
        [n_in, 1],
        [n_in, 1, 1],
        [n_in, (0, 1), 1],
        [n_in, 2, 1],
        [n_in, (1, 1), 1],
        [n_in, 2, 1, 1],
        [n_in, (1, 1), 1, 1],
        [n_in, 3, 1],
        [n_in, (2, 1), 1],
        [n_in, 4, 1],
        [n_in, 2 * n_in + 1, 1],
    ]


def find_architecture(
    prepared: Prepared,
    *,
    seed: int,
    stop: Callable[[], bool],
    workers: int = 1,
    most: int | None = None,
    coarse: Levenberg = COARSE,
    fine: Levenberg = FINE,
    report: Callable[[Trial], None] = lambda trial: None,
    effort: float = 1.0,
    last: Callable[[], bool] | None = None,
    memory: Memory | None = None,
    asked: Shapes | None = None,
) -> Architecture | None:
    """Try shapes until one is certified, then refine it; the best so far when ``stop()`` says so or on Ctrl+C, None if
    there is none.

    The first shape is trained to its end whatever ``stop`` says, since without it there is no network: only ``last()``,
    the end of all time, ends it.

    ``fine`` is how a certified shape is refined. ``most`` limits the number of shapes; ``effort``
    multiplies how many shapes no better than the mean are put up with in tables of few rows. A trial that ``memory``
    knows is not made again. Of ``asked`` shapes every network has all, and only shapes of networks are tried that can.
    """
    memory = memory or _NoMemory()
    frame, data = as_network_sees(prepared, asked)
    shaping = Sight.of(prepared, asked).shaping
    trials: list[Trial] = []
    interrupted = False
    every = shapes(len(prepared.symbols), prepared.small)
    candidates = [shape for shape in every if shaping is None or shaping.levels(shape)][:most]
    try:
        for trial in _trials(candidates, data, coarse, seed, workers, stop, last, memory, shaping):
            trials.append(trial)
            report(trial)
            interrupted = trial.fit.history.interrupted
            if interrupted or trial.certified or _settled(trials) or _hopeless(trials, data, effort):
                break
    except KeyboardInterrupt:
        if not trials:
            raise
        interrupted = True
    if not trials:
        return None
    chosen = next((t for t in trials if t.certified), None) or _smallest_as_good(trials)
    rate = chosen.fit.history.rate
    if chosen.certified and not interrupted and not stop():
        refined = memory.recall(chosen.shape, FINE_DEGREE) or _refined(
            chosen.shape, data, fine, seed, stop, memory, shaping
        )
        interrupted = refined.fit.history.interrupted
        chosen = min((chosen, refined), key=lambda t: t.error)
    return Architecture(frame(chosen.fit.network), chosen, tuple(trials), rate, interrupted)


def _trials(
    candidates: Sequence[Shape],
    data: TrainingData,
    settings: Levenberg,
    seed: int,
    workers: int,
    stop: Callable[[], bool],
    last: Callable[[], bool] | None,
    memory: Memory,
    shaping: Shaping | None,
) -> Iterator[Trial]:
    """Fits of the shapes in their order, ``workers`` at a time; whoever reads them may stop early.

    The first one is made here: often it is enough, and other processes take seconds to begin.
    """
    from joblib import Parallel, delayed

    for at in [0, *range(1, len(candidates), workers)]:
        if at and stop():
            return
        batch = candidates[at : at + workers] if at else candidates[:1]
        known = [memory.recall(shape, DEGREE) for shape in batch]
        jobs = [
            delayed(_try)(shape, data, settings, seed, stop if at + number else last, shaping)
            for number, (shape, trial) in enumerate(zip(batch, known, strict=True))
            if trial is None
        ]
        made = iter(Parallel(n_jobs=workers)(jobs) if len(jobs) > 1 else (_called(job) for job in jobs))
        for trial in known:
            if trial is not None:
                yield trial
                continue
            for found in next(made):
                memory.keep(found, DEGREE)
                yield found


def _called(job: tuple[Callable[..., list[Trial]], tuple[Any, ...], dict[str, Any]]) -> list[Trial]:
    function, arguments, named = job
    return function(*arguments, **named)


def _refined(
    shape: Shape,
    data: TrainingData,
    settings: Levenberg,
    seed: int,
    stop: Callable[[], bool],
    memory: Memory,
    shaping: Shaping | None,
) -> Trial:
    """The fit of a certified shape with finer and smoother pieces."""
    fit = levenberg(_empty(shape, FINE_DEGREE), data, settings, seed=seed, stop=stop, shaping=shaping)
    trial = Trial(shape, fit)
    memory.keep(trial, FINE_DEGREE)
    return trial


def _try(
    shape: Shape,
    data: TrainingData,
    settings: Levenberg,
    seed: int,
    stop: Callable[[], bool] | None,
    shaping: Shaping | None,
) -> list[Trial]:
    """The fit of one shape; nothing where no start was finite."""
    affordable = _affordable(settings, shape, len(data.x))
    try:
        return [Trial(shape, levenberg(_empty(shape), data, affordable, seed=seed, stop=stop, shaping=shaping))]
    except TrainingError:
        return []


def _empty(shape: Shape, degree: int = DEGREE) -> KAN:
    """A network whose weights are still to be drawn (by a generator of the training's own, never the caller's)."""
    return KAN(shape, init="zero", degree=degree, dtype=torch.float64)


def as_network_sees(prepared: Prepared, asked: Shapes | None = None) -> tuple[Callable[[KAN], Model], TrainingData]:
    """The rows as a network sees them (`Sight`); and how to put names and units around a network."""
    train, held = prepared.network_train, prepared.network_held
    sight = Sight.of(prepared, asked)
    into, target = sight.into, sight.target
    x, x_held = (torch.as_tensor(into.into(t.x)) for t in (train, held))
    y, y_held = (torch.as_tensor(target.into(t.y[:, None])) for t in (train, held))
    names = train.inputs

    def frame(network: KAN) -> Model:
        return Model(network, names, (train.target,), into, target, train.units)

    w, w_held = (None if t.weights is None else torch.tensor(t.weights) for t in (train, held))
    return frame, TrainingData(x, y, x_held, y_held, w, w_held)


def _affordable(settings: Levenberg, shape: Shape, rows: int) -> Levenberg:
    """Fewer restarts for large shapes, fewer pieces for few rows."""
    edges = sum(layer.mask.numel() for layer in _empty(shape))
    restarts = max(2, min(settings.restarts, round(60 / math.sqrt(edges * max(rows, 1) / 100))))
    first = settings.intervals[0] if edges * 7 < 0.7 * rows else 1
    ladder = tuple(g for g in settings.intervals if g >= settings.intervals[0])
    return replace(settings, restarts=restarts, intervals=ladder if first > 1 else (1, 2, 4))


def _settled(trials: Sequence[Trial]) -> bool:
    """Whether three shapes in a row brought nothing: the error has reached the noise."""
    if len(trials) < 5:
        return False
    best = min(trial.error for trial in trials[:-3])
    return all(trial.error > best / AS_GOOD for trial in trials[-3:])


def _hopeless(trials: Sequence[Trial], data: TrainingData, effort: float) -> bool:
    """Whether few rows told nothing to the shapes so far: none is clearly better than the mean."""
    enough = len(trials) >= max(1, round(HOPELESS_SHAPES * effort))
    return enough and len(data.x) < FEW and all(trial.error > NOTHING for trial in trials)


def _smallest_as_good(trials: Sequence[Trial]) -> Trial:
    best = min(trial.error for trial in trials)
    return next(trial for trial in trials if trial.error <= AS_GOOD * best)
