"""From random starts to machine precision: coarse splines first, the best start refined.

Eight starts with three pieces an edge cost little, and one of them nearly always finds the way; the rest of the accuracy
comes from more pieces, each time with the function kept. Hidden knots follow the activations between bouts of steps.
"""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from edgewise.basis import Basis
from edgewise.basis.base import MARGIN
from edgewise.errors import SettingsError, TrainingError
from edgewise.nn import KAN, Shaping
from edgewise.solve import Solution, levenberg_marquardt
from edgewise.surgery import place_knots
from edgewise.surgery.knots import reach, stretch

from .allowed import as_tuple, require_number, require_whole
from .budget import plan
from .certificate import Certificate, noise_share, residuals_of
from .compiled import CompiledLeastSquares, can_compile
from .dual import DualLeastSquares
from .history import Fit, History, Stage, TrainingData
from .jacobian import StackLeastSquares
from .lost import nothing_finite
from .shaped import ShapedLeastSquares, draw, hold
from .stack import Stack
from .thin import thin
from .warm_up import warm_up

Problem = StackLeastSquares | CompiledLeastSquares | DualLeastSquares | ShapedLeastSquares
BOUTS_OF_A_TRIAL = 3  # with one node less
PATIENCE = 4  # placements of knots in a row that lowered no held-out error


@dataclass(frozen=True)
class Levenberg:
    """How `levenberg` goes about it.

    ``restarts`` networks begin with ``intervals[0]`` pieces; after each stage the ``keep`` best by held-out error go on
    (a tuple says how many after the first stage, after the second and so on; its last number stays; where there are fewer, all
    go on). With ``halving`` the
    worse half of them is left behind after each bout already, down to as many as go on (Jamieson and Talwalkar, "Non-stochastic
    best arm identification", 2016): twice as many restarts for about the same time, where a stage takes all its six bouts.
    A stage takes at most ``bouts`` times ``steps`` steps, knots following between bouts, and ends when a bout lowers the
    error by less than the share ``tolerance``. ``penalty`` is the strength of the difference penalty (order degree + 1):
    small enough to cost nothing, it continues pieces that hold few rows as cubics. No stage begins
    with more parameters than ``most_parameters`` times the training rows. After so many stages as ``thin_after`` says (0:
    never) the best network switches off hidden nodes one by one, as long as the held-out error stays near what it was, and
    goes on alone; if its error then does not fall at the theory's rate, the network with all its nodes goes on as well, and
    the better of both is kept. Under each of ``penalties``, weak to strong, the finest network is trained on, and kept where
    the held-out error falls: for noisy rows. At last the best network's knots move up to
    ``placements`` times to where the residual is, with as many pieces, and stay there if the held-out error falls: for
    functions with kinks, jumps or narrow features (0 leaves all pieces of an edge equally wide). ``compiled`` takes the
    compiled rows for networks of splines: the same numbers to rounding, several times quicker, after some seconds of
    compiling the first time. ``warm_up`` is how many steps of Adam new restarts take before their first stage (see
    `warm_up`, which says for which networks). ``memory`` is how many bytes J'J of the restarts and a block of J may take
    (see docs/training.md): where they would take more, networks with more parameters than rows are solved by the rows,
    others fewer at once, with the same numbers to rounding.
    """

    restarts: int = 8
    keep: int | tuple[int, ...] = 1
    halving: bool = False
    intervals: tuple[int, ...] = (3, 6, 12, 24, 48)
    bouts: int = 6
    steps: int = 15
    tolerance: float = 0.02
    penalty: float = 1e-8
    penalties: tuple[float, ...] = ()
    most_parameters: float = 0.7
    floor: float = 1e-13
    placements: int = 0
    thin_after: int = 0
    compiled: bool = False
    warm_up: int = 0
    memory: float = 2.0**30

    def __post_init__(self) -> None:
        keep = as_tuple("keep", self.keep) if isinstance(self.keep, tuple | list) else (self.keep,)
        intervals = as_tuple("intervals", self.intervals)
        if not (intervals and keep):
            raise SettingsError(
                f"keep and intervals must name one stage or more, got keep={self.keep} and intervals={self.intervals}."
            )
        require_whole(1, restarts=self.restarts, bouts=self.bouts, steps=self.steps)
        for name, several in (("keep", keep), ("intervals", intervals)):
            for one in several:
                require_whole(1, **{name: one})
        require_whole(0, placements=self.placements, thin_after=self.thin_after, warm_up=self.warm_up)
        require_number("a share from 0 to below 1", lambda value: 0 <= value < 1, tolerance=self.tolerance)
        require_number("above 0", lambda value: value > 0, most_parameters=self.most_parameters, memory=self.memory)
        require_number("finite and 0 or more", _is_strength, penalty=self.penalty, floor=self.floor)
        for one in as_tuple("penalties", self.penalties):
            require_number("finite and 0 or more", _is_strength, penalties=one)

    def kept(self, stage: int) -> int:
        """How many restarts go on after a stage."""
        return self.keep[min(stage, len(self.keep) - 1)] if isinstance(self.keep, tuple | list) else self.keep


def _is_strength(value: float) -> bool:
    return 0 <= value < math.inf


def levenberg(
    network: KAN,
    data: TrainingData,
    settings: Levenberg = Levenberg(),
    *,
    seed: int = 0,
    fresh: bool = True,
    stop: Callable[[], bool] | None = None,
    shaping: Shaping | None = None,
) -> Fit:
    """Train networks of the same graph as ``network`` by Levenberg-Marquardt; return the best, in float64.

    ``fresh=True`` draws new weights for every restart by ``seed``; ``fresh=False`` goes on from the weights that are
    there. ``network`` itself stays as it is. With ``shaping`` the network that comes back has that shape everywhere, by its
    weights (see `Shaping`, also for what it has beside the nodes of ``network``); errors of a positive output are those before
    it is cut off at 0. ``stop()`` and Ctrl+C end training early and keep the best so far (if there is
    none yet, Ctrl+C is raised). Raises
    ShapeError if the columns do not fit the network, TrainingError if no start is finite (it names the stage and the largest
    values) or if not even one fits into ``settings.memory``, SettingsError for a shape with settings or a network that
    cannot have it.
    """
    data.require(network)
    if shaping is not None:
        _require_even(settings, fresh)
        network = shaping.build(network)
    stack = Stack.of(_starts(network, settings, seed) if fresh else [copy.deepcopy(network).double()], shaping)
    if shaping is not None:
        draw(stack, [_generator(seed, restart) for restart in range(stack.starts)])
    data = data.like(stack.layers[0].weight)
    if fresh:
        _place_knots(stack, data)
        if settings.warm_up:
            warm_up(stack, data, settings.warm_up)
    run = _Run(stack)
    ladder = list(enumerate(settings.intervals if fresh else (stack.layers[0].basis.intervals,)))
    try:
        _climb(run, ladder, data, settings, stop)
        _smooth(run, data, settings, stop)
        _place(run, data, settings, stop)
    except KeyboardInterrupt:
        run.interrupted = True
        hold(run.stack)
        try:
            run.finish(data, run.stack.layers[0].basis.intervals, 1, 0, cut=True)
        except TrainingError:
            if run.best is None:  # no start is finite yet: there is nothing to keep
                raise KeyboardInterrupt from None
    return run.fit(data)


def _require_even(settings: Levenberg, fresh: bool) -> None:
    """SettingsError for what a training to a shape cannot do."""
    if not fresh or settings.placements or settings.thin_after or settings.warm_up:
        raise SettingsError(
            "a shape needs evenly spaced pieces and new weights: fresh=True, and no placements, thin_after or warm_up."
        )


@dataclass
class _Run:
    """Where a training stands: the restarts that are left, the stages behind, the best network with its error."""

    stack: Stack
    stages: list[Stage] = field(default_factory=list)
    least: float = math.inf
    best: KAN | None = None
    interrupted: bool = False

    def finish(
        self,
        data: TrainingData,
        intervals: int,
        keep: int,
        steps: int,
        *,
        cut: bool,
        placed: bool = False,
        penalty: float | None = None,
    ) -> float:
        """End a stage: the best restarts stay. Gives back the least held-out error."""
        error, order = _rank(self.stack, data)
        self.stack = self.stack.take(order[:keep])
        stage = _record(self.stack, data, intervals, steps, cut=cut, placed=placed)
        self.stages.append(stage if penalty is None else replace(stage, penalty=penalty))
        if self.best is None or error < self.least:
            self.least, self.best = error, self.stack.unstack(0)
        return error

    def fit(self, data: TrainingData) -> Fit:
        """The best network, the stages, and what they say about the graph."""
        assert self.best is not None
        if self.stack.shaping is not None:
            self.best = self.stack.shaping.finish(self.best)
        history = History(tuple(self.stages), self.best[0].basis.degree, self.interrupted)
        x, y, _ = data.judged
        share = noise_share(x, residuals_of(self.best, x, y))
        return Fit(self.best, history, Certificate(history.rate, history.degree + 1, share))


def _climb(
    run: _Run,
    ladder: Sequence[tuple[int, int]],
    data: TrainingData,
    settings: Levenberg,
    stop: Callable[[], bool] | None,
) -> None:
    """Stages (number, intervals), until one is cut, brings nothing, or has reached the float's floor."""
    for at, (number, intervals) in enumerate(ladder):
        if run.stages and _parameters(run.stack, intervals) > settings.most_parameters * data.y.numel():
            return
        if run.stages:
            _refine(run.stack, intervals)
        keep = settings.kept(number) if len(ladder) > 1 else 1
        halved = _halve(run, keep, data, settings, stop) if settings.halving else 0
        steps, cut = _settle(run.stack, data, settings, stop)
        error = run.finish(data, intervals, keep, halved + steps, cut=cut)
        if cut or error > 1.5 * run.least or run.least < settings.floor:
            return
        if number + 1 == settings.thin_after and ladder[at + 1 :]:
            _climb_thin(run, ladder[at + 1 :], data, settings, stop)
            return


def _halve(run: _Run, keep: int, data: TrainingData, settings: Levenberg, stop: Callable[[], bool] | None) -> int:
    """Bouts that each leave the worse half of the restarts behind, down to ``keep``; the number of steps."""
    taken = 0
    while run.stack.starts > keep and not (stop is not None and stop()):
        _follow(run.stack, data.x)
        taken += _bout(run.stack, data, settings, stop, 1)[0]
        run.stack = run.stack.take(_rank(run.stack, data)[1][: max(keep, run.stack.starts // 2)])
    return taken


def _climb_thin(
    run: _Run,
    ladder: Sequence[tuple[int, int]],
    data: TrainingData,
    settings: Levenberg,
    stop: Callable[[], bool] | None,
) -> None:
    """The rest of the ladder with the nodes that are needed; with all of them where the error then does not fall."""
    whole, stages = run.stack, len(run.stages)
    lean = _thinned(run, data, settings, stop)
    if lean is not None:
        run.stack = Stack.of([lean])
        _climb(run, ladder, data, settings, stop)
        degree = lean[0].basis.degree
        if run.stages[-1].cut or History(tuple(run.stages[stages - 1 :]), degree).rate >= degree:
            return
        run.stack = whole
    _climb(run, ladder, data, settings, stop)


def _thinned(run: _Run, data: TrainingData, settings: Levenberg, stop: Callable[[], bool] | None) -> KAN | None:
    """The best network of the last stage without the hidden nodes that it can do without; None where it needs them all."""
    short = replace(settings, bouts=min(settings.bouts, BOUTS_OF_A_TRIAL))

    def trained(network: KAN) -> tuple[KAN, float]:
        stack = Stack.of([network])
        try:
            cut = _settle(stack, data, short, stop)[1]
            error = _rank(stack, data)[0]
        except TrainingError:
            return network, math.inf
        return stack.unstack(0), math.inf if cut else error

    return thin(run.stack.unstack(0), run.stages[-1].held_out_rmse, data.x, trained)


def _smooth(run: _Run, data: TrainingData, settings: Levenberg, stop: Callable[[], bool] | None) -> None:
    """The finest network under one strength of the penalty after the other."""
    for strength in settings.penalties:
        if run.stages[-1].cut:
            return
        steps, cut = _settle(run.stack, data, replace(settings, penalty=strength), stop)
        run.finish(data, run.stack.layers[0].basis.intervals, 1, steps, cut=cut, penalty=strength)


def _place(run: _Run, data: TrainingData, settings: Levenberg, stop: Callable[[], bool] | None) -> None:
    """Knots to where the residual is, again and again, until several rounds in a row lowered no held-out error."""
    idle = 0
    network = run.best if settings.placements and not run.stages[-1].cut else None
    for _ in range(settings.placements):
        if network is None or idle == PATIENCE or run.least < settings.floor:
            return
        before = run.least
        roots = 1.0 if data.weights is None else data.weights.sqrt()[:, None]
        residuals = residuals_of(network, data.x, data.y) * roots
        run.stack = Stack.of([place_knots(network, data.x, residuals)])
        steps, cut = _settle(run.stack, data, settings, stop)
        run.finish(data, network[0].basis.intervals, 1, steps, cut=cut, placed=True)
        idle = 0 if run.least < before else idle + 1
        network = None if cut else run.stack.unstack(0)


def _starts(network: KAN, settings: Levenberg, seed: int) -> list[KAN]:
    """Networks with new weights; each restart draws from a generator of its own."""
    starts = []
    for restart in range(settings.restarts):
        generator = _generator(seed, restart)
        start = copy.deepcopy(network).double()
        for layer in start:
            old = layer.basis
            layer.basis = old.with_range(old.low, old.high, settings.intervals[0])
            layer.weight = torch.nn.Parameter(layer.weight.new_zeros(layer.n_in, layer.basis.n_basis + 1, layer.n_sums))
            layer.reset_parameters("variance", generator)
        starts.append(start)
    return starts


def _generator(seed: int, restart: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed * 100_003 + restart)


def _place_knots(stack: Stack, data: TrainingData) -> None:
    """Put the hidden knots where the activations of the new weights fall (coefficients stay as drawn)."""
    for number in range(1, len(stack.layers)):
        basis = stack.layers[number].basis
        finite, low, high = _ranges(basis, stack.activations(data.x)[number], stack)
        if not bool(finite.any()):
            raise nothing_finite(stack, data, f"value at every node of layer {number} before the first step")
        stack.layers[number].basis = basis.with_range(low, high)


def _ranges(basis: Basis, activations: Tensor, stack: Stack) -> tuple[Tensor, Tensor, Tensor]:
    """Which restarts have finite activations (R,), and the range of each node's, restarts and nodes in one row.

    A restart that has not keeps the ranges of ``basis``. With a shape the range is wider: beyond their knots such edges are
    straight, while others go on with the same formula. The copies of a node have one range.
    """
    finite = activations.isfinite().flatten(1).all(1)
    low, high = reach(activations.transpose(0, 1).flatten(1))
    if stack.shaping is not None:
        low, high = (end.view(stack.starts, stack.copies, -1) for end in (low, high))
        low, high = low.amin(1, keepdim=True).expand_as(low), high.amax(1, keepdim=True).expand_as(high)
        spare = MARGIN["continue"] * (high - low)
        low, high = (low - spare).flatten(), (high + spare).flatten()
    known = finite.repeat_interleave(activations.shape[2])
    return finite, torch.where(known, low, basis.low), torch.where(known, high, basis.high)


def _follow(stack: Stack, x: Tensor) -> bool:
    """Move hidden knots to the activations where these left them or fill less than two thirds; True if any moved."""
    moved = False
    for number in range(1, len(stack.layers)):
        layer = stack.layers[number]
        basis = layer.basis
        finite, low, high = _ranges(basis, stack.activations(x)[number], stack)
        width = basis.high - basis.low
        off = (low < basis.low - 0.03 * width) | (high > basis.high + 0.03 * width) | (high - low < 0.67 * width)
        chosen = off.view(stack.starts, -1).any(1) & finite
        if bool(chosen.any()):
            layer.move(stretch(basis, low, high), chosen)
            moved = True
    return moved


def _refine(stack: Stack, intervals: int) -> None:
    for layer in stack.layers:
        layer.move(layer.basis.with_range(layer.basis.low, layer.basis.high, intervals))
    hold(stack)


def _settle(stack: Stack, data: TrainingData, settings: Levenberg, stop: Callable[[], bool] | None) -> tuple[int, bool]:
    """Bouts of steps until the best restart's error no longer falls; the number of steps, and whether time cut them."""
    taken, last = 0, float("inf")
    for number in range(1, settings.bouts + 1):
        moved = _follow(stack, data.x)
        steps, loss = _bout(stack, data, settings, stop, number)
        taken += steps
        if stop is not None and stop():
            return taken, True
        if loss < settings.floor**2 or (loss > (1 - settings.tolerance) * last and not moved):
            break
        last = min(last, loss)
    return taken, False


def _bout(
    stack: Stack, data: TrainingData, settings: Levenberg, stop: Callable[[], bool] | None, number: int
) -> tuple[int, float]:
    """Steps of all restarts, as many at once as memory has room for; the most that one took, and the least loss."""
    way = plan(stack, _parameters(stack, stack.layers[0].basis.intervals), data.y.numel(), settings.memory)
    taken, least = 0, math.inf
    for first in range(0, stack.starts, way.at_once):
        starts = list(range(first, min(first + way.at_once, stack.starts)))
        part = stack if len(starts) == stack.starts else stack.take(starts)
        try:
            found = _walk(_problem(part, data, settings, way.by_rows), settings, stop)
        except TrainingError:  # of these none is finite; perhaps one of the next is
            continue
        finally:
            if part is not stack:
                stack.put(starts, part)
        taken, least = (
            max(taken, found.steps),
            min(least, float(torch.nan_to_num(found.loss, nan=math.inf, posinf=math.inf).min())),
        )
    if least == math.inf:
        raise nothing_finite(stack, data, f"loss in bout {number}")
    return taken, least


def _problem(stack: Stack, data: TrainingData, settings: Levenberg, by_rows: bool) -> Problem:
    if stack.shaping is not None:
        return ShapedLeastSquares(
            StackLeastSquares(stack, data.x, data.y, settings.penalty, data.weights), stack.shaping
        )
    plain = CompiledLeastSquares if settings.compiled and can_compile(stack) else StackLeastSquares
    kind = DualLeastSquares if by_rows else plain
    return kind(stack, data.x, data.y, settings.penalty, data.weights)


def _walk(problem: Problem, settings: Levenberg, stop: Callable[[], bool] | None) -> Solution:
    """One bout; Ctrl+C leaves the stack at the last step that was accepted."""
    try:
        found = levenberg_marquardt(
            problem,
            problem.theta(),
            steps=settings.steps,
            tolerance=settings.tolerance / 4,
            floor=settings.floor**2,
            stop=stop,
            lower=problem.lower if isinstance(problem, ShapedLeastSquares) else None,
        )
    except KeyboardInterrupt:
        problem.write(problem.accepted)
        raise
    problem.write(found.theta)
    return found


def _rank(stack: Stack, data: TrainingData) -> tuple[float, list[int]]:
    """The least held-out error (training error where nothing is held out) and the restarts in its order."""
    errors = torch.nan_to_num(stack.errors(*data.judged), nan=torch.inf, posinf=torch.inf)
    order = torch.argsort(errors, stable=True).tolist()
    least = float(errors[order[0]])
    if least == math.inf:
        raise nothing_finite(stack, data, "error on the rows that decide" if len(data.x_held) else "error")
    return least, order


def _record(stack: Stack, data: TrainingData, intervals: int, steps: int, *, cut: bool, placed: bool) -> Stage:
    rmse, held = float(stack.errors(data.x, data.y, data.weights)[0]), float(stack.errors(*data.judged)[0])
    return Stage(intervals, stack.unstack(0).parameters_used, rmse, held, steps, cut, placed)


def _parameters(stack: Stack, intervals: int) -> int:
    """Parameters of one network of the stack if it had that many pieces; what lies side by side counts once."""
    every = sum(
        int(layer.template.mask.sum()) * (intervals + layer.basis.degree + 1) + layer.constants[0].numel()
        for layer in stack.layers
    )
    return every // stack.copies
