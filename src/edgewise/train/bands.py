"""How far the edges of a network might be others: the same graph trained again, on rows drawn again, from new weights."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import t as student
from torch import Tensor

from edgewise.errors import SettingsError, ShapeError, TrainingError
from edgewise.nn import KAN, EdgeId, Model, Trace, trace

from .aligned import LayerReading, align
from .history import TrainingData
from .levenberg import Levenberg, levenberg

Array = NDArray[np.float64]
POINTS = 65
FINEST = 24  # pieces: beyond that a run takes long, and what is left is rounding
STUCK = 2.0  # a run whose error is so many times the best one's has not found the way ...
SPARE = 0.01  # ... if it is also worse by this share of the target's spread
LEAST_RUNS = 5


@dataclass(frozen=True)
class EdgeBand:
    """One edge over ``x`` (points,): the mean of the runs, and the ends of the band, (points,) each.

    All in the units in which the network sees its columns and its nodes, as ``layer.edge(source, target)`` takes them.
    """

    id: EdgeId
    x: Array
    mean: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class EdgeBands:
    """The bands of a network's edges by ``runs`` trainings; ``stuck`` others did not find the way and are left aside."""

    bands: tuple[EdgeBand, ...]
    coverage: float
    runs: int
    stuck: int = 0

    def __iter__(self) -> Iterator[EdgeBand]:
        return iter(self.bands)

    def __len__(self) -> int:
        return len(self.bands)

    def of(self, edge: EdgeId) -> EdgeBand | None:
        """The band of one edge; None where there is none."""
        return next((band for band in self.bands if band.id == edge), None)

    def __str__(self) -> str:
        aside = f", {self.stuck} more were stuck" if self.stuck else ""
        return f"{100 * self.coverage:g} % bands of {len(self)} edges, {self.runs} trainings on rows drawn again{aside}"


def edge_bands(
    model: Model | KAN,
    x: np.ndarray | Tensor,
    y: np.ndarray | Tensor,
    *,
    coverage: float = 0.9,
    runs: int = 20,
    seed: int = 0,
    weights: np.ndarray | None = None,
    stop: Callable[[], bool] | None = None,
) -> EdgeBands:
    """Bands around the edges of a network that was trained on rows like ``x`` (rows, n_in) and ``y`` (rows,) or (rows, n_out).

    Each of ``runs`` trains the graph of ``model`` from new random parameters, on rows that count by random weights (those of
    the Bayesian bootstrap, drawn by ``seed``), times ``weights`` (rows,) where given. ``x`` and ``y`` are in original units
    for a Model, as the network sees them for a KAN. Hidden nodes of a run are matched and brought to the mean and spread
    that the model's have on the rows, each edge to its mean: so a band says how well the shape of a function is known, not
    its constant, and of functions into a hidden node not their common size. At each point the band is the mean of the runs
    and, on either side, Student's t for ``coverage`` times their standard deviation, which is made good for what so many
    parameters follow of the noise. The runs have up to twice as many pieces as the model, so that its stiffness is not taken
    for certainty.

    A function that the graph leaves open (a node with a single edge before it, nodes that may be mixed) has a wide band.
    What the graph cannot hold is not in the bands at all. ``stop()`` ends the runs early.

    Source: D. B. Rubin, The Bayesian bootstrap, Annals of Statistics 9 (1981), 130-134.

    Raises SettingsError for a coverage outside (0, 1) or too few runs, ShapeError for rows that do not fit, ValuesError
    for values that are not finite, TrainingError where fewer than 5 runs find the way.
    """
    if not 0 < coverage < 1:
        raise SettingsError(f"coverage is a share between 0 and 1, like 0.9; got {coverage}.")
    if runs < LEAST_RUNS:
        raise SettingsError(f"bands need {LEAST_RUNS} runs or more, got {runs}.")
    network, rows, targets = _as_network_sees(model, x, y)
    counted = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
    data = TrainingData(rows, targets, rows[:0], targets[:0], torch.as_tensor(counted))
    data.require(network)
    found, errors = _train_again(network, [_drawn(data, counted, seed, run) for run in range(runs)], seed, stop)
    most = STUCK * min(errors, default=0.0) + SPARE * float(targets.std(0, correction=0).mean())
    good = [network for network, error in zip(found, errors, strict=True) if error <= most]
    if len(good) < LEAST_RUNS:
        raise TrainingError(
            f"of {len(found)} trainings {len(good)} found the way, and {LEAST_RUNS} are needed. Give more runs or more rows."
        )
    return EdgeBands(_bands(network, good, rows, counted, coverage), coverage, len(good), len(found) - len(good))


def _as_network_sees(model: Model | KAN, x: np.ndarray | Tensor, y: np.ndarray | Tensor) -> tuple[KAN, Tensor, Tensor]:
    """A copy of the network, rows and targets (rows, n_out), in float64."""
    network = copy.deepcopy(model.network if isinstance(model, Model) else model).double().cpu()
    x, y = (v.detach().cpu().numpy() if isinstance(v, Tensor) else np.asarray(v, dtype=np.float64) for v in (x, y))
    if x.ndim != 2 or len(x) != len(y) or x.shape[1] != network.shape[0]:
        raise ShapeError(
            f"rows of {network.shape[0]} columns and as many targets were expected, got x {x.shape} and y {y.shape}."
        )
    y = y[:, None] if y.ndim == 1 else y
    if isinstance(model, Model):
        x, y = model.input_scaling.into(x), model.target_scaling.into(y)
    return network, torch.as_tensor(x, dtype=torch.float64), torch.as_tensor(y, dtype=torch.float64)


def _train_again(
    network: KAN, draws: list[TrainingData], seed: int, stop: Callable[[], bool] | None
) -> tuple[list[KAN], list[float]]:
    """Networks of the same graph, and the error of each on its rows."""
    settings = Levenberg(intervals=_ladder(network[0].basis.intervals))
    found, errors = [], []
    for run, data in enumerate(draws):
        try:
            fit = levenberg(network, data, settings, seed=seed * len(draws) + run, stop=stop)
        except TrainingError:  # no start was finite
            continue
        if fit.history.interrupted:
            raise KeyboardInterrupt
        if fit.history.cut:
            break
        found.append(fit.network)
        errors.append(fit.held_out_rmse)
    return found, errors


def _drawn(data: TrainingData, weights: Array, seed: int, run: int) -> TrainingData:
    """The rows with random weights: unlike rows drawn with replacement these leave no piece of a spline without rows."""
    drawn = np.random.default_rng([seed, run]).exponential(size=len(weights))
    return replace(data, weights=torch.as_tensor(drawn * weights))


def _ladder(intervals: int) -> tuple[int, ...]:
    """Pieces from few to twice as many.

    >>> _ladder(12), _ladder(5), _ladder(48)
    ((3, 6, 12, 24), (5, 10), (3, 6, 12, 24))
    """
    first = intervals
    while first > 3 and first % 2 == 0:
        first //= 2
    pieces = [first]
    while 2 * pieces[-1] <= min(2 * intervals, FINEST):
        pieces.append(2 * pieces[-1])
    return tuple(pieces)


def _bands(network: KAN, found: list[KAN], rows: Tensor, weights: Array, coverage: float) -> tuple[EdgeBand, ...]:
    ours = trace(network, rows)
    points = [_points(layer.preactivations.numpy()) for layer in ours.layers]
    read = [_curves(one, trace(one, rows), ours, points, weights / weights.sum()) for one in found]
    reach = float(student.ppf((1 + coverage) / 2, len(found) - 1)) * _followed(found[0], weights)
    bands = []
    for edge, _ in network.edges():
        values = np.array([curves[edge.layer][:, edge.target, edge.source] for curves in read])
        mean, half = values.mean(0), reach * values.std(0, ddof=1)
        bands.append(EdgeBand(edge, points[edge.layer][:, edge.source], mean, mean - half, mean + half))
    return tuple(bands)


def _followed(network: KAN, weights: Array) -> float:
    """How much wider the noise is than what a network with so many parameters leaves of it."""
    rows = weights.sum() ** 2 / (weights @ weights)
    return float(np.sqrt(rows / max(rows - network.parameters_used, rows / 2)))


def _points(entering: Array) -> Array:
    """(POINTS, n_in) points over what each input takes; a constant input gets some room around it."""
    low, high = entering.min(0), entering.max(0)
    room = np.where(high > low, 0.0, 0.5 * np.maximum(np.abs(low), 1.0))
    return np.linspace(low - room, high + room, POINTS)


def _curves(network: KAN, theirs: Trace, ours: Trace, points: list[Array], share: Array) -> list[Array]:
    """The edges of each layer at the points, (POINTS, n_sums, n_in), read in our words."""
    read = []
    for number, reading in enumerate(align(theirs, ours, share)):
        sources = reading.sources
        entering = np.empty_like(points[number])
        entering[:, sources.places] = (points[number] - sources.shift) / sources.scale
        flow = trace(KAN.of([network[number]]), torch.as_tensor(entering)).layers[0]
        curves, on_rows = (
            _in_our_words(layer.postactivations.numpy(), reading) for layer in (flow, theirs.layers[number])
        )
        zero = np.tensordot(share, ours.layers[number].postactivations.numpy() - on_rows, 1)
        read.append(curves + zero)
    return read


def _in_our_words(postactivations: Array, reading: LayerReading) -> Array:
    places = postactivations[:, reading.sums.places][:, :, reading.sources.places]
    return places * reading.sums.scale[:, None]
