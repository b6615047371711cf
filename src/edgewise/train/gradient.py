"""Training by gradients: LBFGS for thousands of parameters, Adam with mini-batches for more, or for any loss.

Both go in rounds. After each round the held-out loss is taken, the best network kept, the checkpoint written; so a
training that was killed goes on from its last round and ends with the same bytes.
"""

import copy
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from edgewise.errors import SettingsError, TrainingError, unknown
from edgewise.nn import KAN
from edgewise.surgery import move_knots

from .allowed import require_number, require_whole
from .anchors import Anchors
from .checkpoint import About, digest, read_checkpoint, write_checkpoint
from .chunks import Chunks
from .history import TrainingData
from .objective import Objective


@dataclass(frozen=True)
class Gradient:
    """How `gradient` goes about it.

    ``optimiser`` is "adam" or "lbfgs". A round is an epoch of Adam in batches of ``batch`` rows (all rows if None), or
    ``steps`` iterations of LBFGS. Training ends after ``rounds``, or when the held-out loss has not fallen for
    ``patience`` rounds. Adam's rate falls from ``rate`` to 0 along a cosine; gradients are clipped to norm ``clip``.
    Hidden knots follow the activations during the first ``follow`` rounds. ``anchored`` leaves the constants of Adam's edges
    to the biases (see `anchors`): for wide layers of B-splines, where they get in its way.
    """

    optimiser: str = "adam"
    rounds: int = 100
    steps: int = 20
    batch: int | None = None
    rate: float = 1e-2
    clip: float = 10.0
    patience: int = 20
    follow: int = 0
    anchored: bool = False

    def __post_init__(self) -> None:
        if self.optimiser not in OPTIMISERS:
            raise unknown("optimiser", self.optimiser, (*OPTIMISERS, "levenberg"))
        require_whole(1, rounds=self.rounds, steps=self.steps, patience=self.patience)
        if self.batch is not None:
            require_whole(1, batch=self.batch)
        require_whole(0, follow=self.follow)
        require_number("finite and above 0", lambda value: 0 < value < math.inf, rate=self.rate)
        require_number("above 0", lambda value: value > 0, clip=self.clip)
        if self.anchored and self.optimiser != "adam":
            raise SettingsError(f"anchored=True is for optimiser='adam'; {self.optimiser} has no need of it.")


@dataclass(frozen=True)
class Round:
    """One round: the training objective, the same on the rows held out."""

    objective: float
    held_out: float


@dataclass(frozen=True)
class Descent:
    """The best network by held-out loss, and every round; ``cut`` when ``stop()`` ended it."""

    network: KAN
    rounds: tuple[Round, ...]
    cut: bool = False

    @property
    def held_out(self) -> float:
        """The least held-out loss."""
        return min(r.held_out for r in self.rounds)


@dataclass
class _Run:
    """What a round changes, and a checkpoint holds."""

    network: KAN
    best: KAN
    rounds: list[Round] = field(default_factory=list)
    state: dict[str, Tensor] = field(default_factory=dict)


def gradient(
    network: KAN,
    data: TrainingData | Chunks,
    objective: Objective | None = None,
    settings: Gradient | None = None,
    *,
    seed: int = 0,
    stop: Callable[[], bool] | None = None,
    checkpoint: str | Path | None = None,
    progress: Callable[[Round], None] | None = None,
) -> Descent:
    """Train a copy of ``network`` from the weights that it has, on rows in memory or on `Chunks` that come and go.

    ``stop()`` and Ctrl+C end it with the best so far. With ``checkpoint`` each round is kept in that file, and a file
    that is there is gone on from: StorageError where it is of other rows (of chunks those held out are compared), another
    objective, settings or seed; more ``patience``, and more ``rounds`` of LBFGS, are allowed. Raises TrainingError when the
    loss of a round is not finite (the message says which), and SettingsError for LBFGS on chunks: it needs all rows at each
    step.
    """
    objective, settings = objective or Objective(), settings or Gradient()
    if isinstance(data, Chunks) and settings.optimiser != "adam":
        raise SettingsError(
            f"chunks of rows are for optimiser='adam'; {settings.optimiser} needs all rows at each step."
        )
    data = data.like(network[0].weight)
    run = _Run(copy.deepcopy(network), copy.deepcopy(network))
    about = {} if checkpoint is None else _about(data, objective, settings, seed)
    if checkpoint is not None and Path(checkpoint).exists():
        losses, run.state = read_checkpoint(checkpoint, run.network, run.best, about)
        run.rounds = [Round(*pair) for pair in losses]
    cut = False
    try:
        while len(run.rounds) < settings.rounds and not _stale(run.rounds, settings.patience):
            if stop is not None and stop():
                cut = True
                break
            _round(run, data, objective, settings, seed)
            if checkpoint is not None:
                losses = [(r.objective, r.held_out) for r in run.rounds]
                write_checkpoint(checkpoint, run.network, run.best, losses, run.state, about)
            if progress is not None:
                progress(run.rounds[-1])
    except KeyboardInterrupt:
        cut = True
    if not run.rounds:
        run.rounds.append(Round(math.inf, _held_out(run.best, data, objective)))
    return Descent(run.best, tuple(run.rounds), cut)


def _about(data: TrainingData | Chunks, objective: Objective, settings: Gradient, seed: int) -> About:
    """What decides how a training goes on, in plain values under what each is called."""
    ends = (
        {"patience"} if settings.optimiser == "adam" else {"patience", "rounds"}
    )  # Adam's rate falls along all rounds
    loss = objective.loss if isinstance(objective.loss, str) else getattr(objective.loss, "__qualname__", "a function")
    rows = (
        (data.x_held, data.y_held)
        if isinstance(data, Chunks)
        else (data.x, data.y, data.x_held, data.y_held, data.weights, data.weights_held)
    )
    return {
        "rows": digest(rows),
        "parts": len(data.parts) if isinstance(data, Chunks) else None,
        "loss": loss,
        "penalty": str(objective.penalty),
        "seed": seed,
        **{name: value for name, value in asdict(settings).items() if name not in ends},
    }


def _round(run: _Run, data: TrainingData | Chunks, objective: Objective, settings: Gradient, seed: int) -> None:
    number = len(run.rounds)
    if number < settings.follow:
        run.network = move_knots(run.network, data.sample)
        run.state = {}
    generator = torch.Generator().manual_seed(seed * 100_003 + number)
    value = OPTIMISERS[settings.optimiser](run, data, objective, settings, generator)
    held = _held_out(run.network, data, objective)
    if not (math.isfinite(value) and math.isfinite(held)):
        raise TrainingError(
            f"round {number + 1} of {settings.optimiser} ended with the loss {value} on the training rows and {held} on those "
            f"held out. Lower the rate (now {settings.rate}), scale the inputs to about [-1, 1], or look for huge targets."
        )
    if held < min((r.held_out for r in run.rounds), default=math.inf):
        run.best = copy.deepcopy(run.network)
    run.rounds.append(Round(value, held))


def _lbfgs(
    run: _Run, data: TrainingData | Chunks, objective: Objective, settings: Gradient, generator: torch.Generator
) -> float:
    optimiser = torch.optim.LBFGS(
        run.network.parameters(), max_iter=settings.steps, history_size=20, line_search_fn="strong_wolfe"
    )

    assert isinstance(data, TrainingData)
    x, y, weights = data.x, data.y, data.weights

    def closure() -> float:
        optimiser.zero_grad()
        value = objective(run.network, x, y, weights)
        value.backward()
        return float(value.detach())

    before = {name: value.clone() for name, value in run.network.state_dict().items() if isinstance(value, Tensor)}
    first = closure()
    optimiser.step(closure)
    last = closure()
    if math.isfinite(last) and last <= first:
        return last
    run.network.load_state_dict(before, strict=False)
    return first


def _adam(
    run: _Run, data: TrainingData | Chunks, objective: Objective, settings: Gradient, generator: torch.Generator
) -> float:
    rate = settings.rate * 0.5 * (1 + math.cos(math.pi * len(run.rounds) / settings.rounds))
    named = dict(run.network.named_parameters())
    optimiser = torch.optim.Adam(named.values(), lr=rate, fused=True)
    _restore(optimiser, named, run.state)
    anchors = Anchors.of(run.network, data.sample) if settings.anchored else None
    if anchors is not None:
        anchors.gather()
    total, counted = 0.0, 0.0
    for x, y, weights in data.batches(settings.batch, generator):
        share = float(len(x) if weights is None else weights.sum())
        if share == 0:  # a mean over nothing is no number
            continue
        optimiser.zero_grad()
        value = objective(run.network, x, y, weights)
        value.backward()
        if anchors is not None:
            anchors.turn()
        torch.nn.utils.clip_grad_norm_(run.network.parameters(), settings.clip)
        optimiser.step()
        if anchors is not None:
            anchors.hold()
        total += float(value.detach()) * share
        counted += share
    run.state = {
        f"{name}|{key}": part for name, value in named.items() for key, part in optimiser.state.get(value, {}).items()
    }
    return total / counted if counted else 0.0


OPTIMISERS: dict[str, Callable[[_Run, TrainingData | Chunks, Objective, Gradient, torch.Generator], float]] = {
    "adam": _adam,
    "lbfgs": _lbfgs,
}


def _restore(optimiser: torch.optim.Optimizer, named: dict[str, torch.nn.Parameter], state: dict[str, Tensor]) -> None:
    for joined, value in state.items():
        name, key = joined.split("|")
        optimiser.state[named[name]][key] = value


@torch.no_grad()
def _held_out(network: KAN, data: TrainingData | Chunks, objective: Objective) -> float:
    """The held-out loss; the training loss where nothing is held out."""
    return float(objective(network, *data.judged))


def _stale(rounds: list[Round], patience: int) -> bool:
    held = [r.held_out for r in rounds]
    return len(held) > patience and min(held[-patience:]) >= min(held[:-patience])
