"""From labelled rows to log-odds: a calibrated network, and formulas that say nearly the same.

1  rows        merged, sorted, five folds
2  network     functions of single columns, averaged over how stiff they are by the log loss of rows left out
3  formulas    terms one after the other, the constants of all classes by maximum likelihood after each
4  pick        the shortest message of those grown, or all columns where the rows left out find that better

The first class is the reference: its log-odds are zero, and a formula is written for each of the others. All the work
is counted, not timed: the same rows and seed give the same answer unless ``cut`` says that the time was over.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import torch
from numpy import ndarray as Array
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from edgewise.data import columns_of, has_names
from edgewise.errors import ShapeError
from edgewise.formula import identifiers
from edgewise.nn import KAN, Model, Scaling
from edgewise.primitives import Primitive
from edgewise.train import Smoothing, fit_additive

from .classification import Classification
from .labels import FOLDS, Labelled, labelled
from .logodds import Path, excess, find_path
from .permitted import permitted, table_of
from .prepare import require_moderate
from .settings import checked

RIDGES, FEW_RIDGES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1), (1e-3, 1e-2, 1e-1)
ROUGH, FEW_ROUGH = (1e-4, 1e-3, 1e-2, 1e-1, 10.0), (1e-3, 1.0)
MOST_STRENGTHS = 100  # between which nothing is left to find
SAMPLE = 256
SHARES = {"network": 0.6, "formulas": 1.0}  # of the time budget, from its beginning
LARGE = 400  # coefficients of a network, from which on fewer strengths are tried
MOST_TEMPERATURE = 3.0
TRUST = 0.5
LEAST_SHARE = 0.01  # of what is averaged
Progress = Callable[[str, float, str], None]


def classify(
    x: Array,
    labels: Array,
    *,
    names: Sequence[str] | None = None,
    weights: Array | None = None,
    seed: int = 0,
    time_budget: float = 60.0,
    effort: float = 1.0,
    primitives: Iterable[str | Primitive] | Mapping[str, Primitive] | None = None,
    progress: Progress | None = None,
) -> Classification:
    """Tell classes apart by their log-odds.

    ``x`` (rows, columns) are finite numbers, ``labels`` (rows,) of any kind that can be sorted, ``names`` those of the
    columns. A row of weight k counts as k equal rows. ``effort`` multiplies how many strengths of the penalties and how
    many terms are tried; ``primitives`` restricts the functions of the formulas' terms (x^2, x^3, log, sqrt and 1/x; ``x``
    itself is always allowed). Raises ShapeError, ValuesError or SettingsError.
    """
    seed, time_budget, effort = checked(seed, time_budget, effort)
    if has_names(x):
        names = names if names is not None else [str(name) for name in getattr(x, "columns", x)]
        columns = columns_of(x, names, names)
        x = np.column_stack([columns[name] for name in names])
    allowed = None if primitives is None else permitted(table_of(primitives).values())
    began = time.monotonic()
    data = labelled(x, labels, weights, seed)
    names = tuple(names) if names is not None else tuple(f"x{i}" for i in range(data.x.shape[1]))
    if len(names) != data.x.shape[1]:
        raise ShapeError(f"{len(names)} names came for {data.x.shape[1]} columns. Give one for each.")
    for name, column in zip(names, data.x.T, strict=True):
        require_moderate(name, column)
    tell = progress or (lambda *_: None)
    cut: list[str] = []

    def over(stage: str) -> bool:
        if time.monotonic() - began > SHARES[stage] * time_budget:
            cut.append(stage)
        return stage in cut

    with np.errstate(all="ignore"):
        tell("network", 0.0, "")
        model, losses = _network(data, names, effort, over)
        tell("formulas", 0.5, "")
        symbols = {identifier: column for column, identifier in identifiers(names).items()}
        path = find_path(data, symbols, allowed, over, effort)
    tell("done", 1.0, path.pick.text)
    return Classification(
        classes=data.classes,
        inputs=names,
        model=model,
        steps=path.steps,
        picked=path.picked,
        network_log_loss=float(np.average(losses, weights=data.weights)),
        as_good=_as_good(path, losses, data),
        rows=len(data.x),
        seed=seed,
        cut=tuple(dict.fromkeys(cut)),
        sample=data.x[np.sort(np.random.default_rng(seed).permutation(len(data.x))[:SAMPLE])],
        ranges=dict(zip(names, zip(data.x.min(0).tolist(), data.x.max(0).tolist(), strict=True), strict=True)),
    )


# -- the network -------------------------------------------------------------------------------------------------------


def _network(data: Labelled, names: tuple[str, ...], effort: float, over: Callable[[str], bool]) -> tuple[Model, Array]:
    """The network on all rows, and the loss of each row under networks that did not see it."""
    scaling = Scaling.to_unit_range(data.x)
    rows = scaling.into(data.x)
    known: dict[Smoothing, Array] = {}

    def loss(smoothing: Smoothing) -> float:
        if smoothing not in known:
            known[smoothing] = _left_out(rows, data, smoothing)
        return float(np.average(_losses(known[smoothing], data.number), weights=data.weights))

    best = Smoothing(intervals=_intervals(len(rows)))
    large = data.x.shape[1] * (best.intervals + 3) * len(data.classes) > LARGE
    ridges = _strengths(FEW_RIDGES if large else RIDGES, effort)
    rough = _strengths(FEW_ROUGH if large else ROUGH, effort)
    loss(best)
    for setting, values in (("ridge", ridges), ("roughness", rough), ("ridge", ridges)):
        tried = [best] + [Smoothing(**{**vars(best), setting: value}) for value in values]
        best = min((s for s in tried if s in known or not over("network")), key=loss)
    shares = _shares({smoothing: data.total * loss(smoothing) for smoothing in known})
    outputs = sum((share * known[smoothing] for smoothing, share in shares.items()), np.zeros(1))
    temperature = _temperature(outputs, data)
    network = _averaged(
        [fit_additive(rows, data.shares, data.weights, smoothing) for smoothing in shares],
        [share / temperature for share in shares.values()],
    )
    targets = _targets(data.classes, len(network[0].bias))
    unit = Scaling((0.0,) * len(targets), (1.0,) * len(targets))
    return Model(network, names, targets, scaling, unit), _losses(outputs / temperature, data.number)


def _strengths(table: Sequence[float], effort: float) -> tuple[float, ...]:
    """As many as the effort pays for, over the span of the table; at effort 1 these are its own."""
    count = max(2, round(min(effort * len(table), MOST_STRENGTHS)))
    places = np.linspace(0, len(table) - 1, count)
    between = np.exp(np.interp(places, np.arange(len(table)), np.log(table)))
    return tuple(table[int(at)] if at == int(at) else float(found) for at, found in zip(places, between, strict=True))


def _intervals(rows: int) -> int:
    return 2 if rows < 60 else 3 if rows < 300 else 5


def _targets(classes: Sequence[object], outputs: int) -> tuple[str, ...]:
    return tuple(f"log-odds of {label}" for label in classes[len(classes) - outputs :])


def _shares(losses: Mapping[Smoothing, float]) -> dict[Smoothing, float]:
    """How much each stiffness has to say, by the sum of the losses of the rows left out.

    In small tables these do not tell one stiffness from the next, and the average of their log-odds is better than the
    winner's. These are the weights of S. Geisser and W. F. Eddy ("A predictive approach to model selection", 1979) to the
    power `TRUST`, for the rows left out chose among themselves.
    """
    least = min(losses.values())
    found = {smoothing: float(np.exp(TRUST * (least - loss))) for smoothing, loss in losses.items()}
    total = sum(found.values())
    kept = {smoothing: share for smoothing, share in found.items() if share > LEAST_SHARE * total}
    return {smoothing: share / sum(kept.values()) for smoothing, share in kept.items()}


def _left_out(rows: Array, data: Labelled, smoothing: Smoothing) -> Array:
    """Log-odds (rows, classes) of each row by the network of the other folds."""
    outputs = np.zeros((len(rows), len(data.classes)))
    for number in range(FOLDS):
        held = data.fold == number
        if not held.any() or held.all():
            continue
        network = fit_additive(rows[~held], data.shares[~held], data.weights[~held], smoothing)
        with torch.no_grad():
            found = network(torch.as_tensor(rows[held])).numpy()
        outputs[held, outputs.shape[1] - found.shape[1] :] = found
    return outputs


def _losses(outputs: Array, number: Array) -> Array:
    return -log_softmax(outputs, axis=1)[np.arange(len(number)), number]


def _temperature(outputs: Array, data: Labelled) -> float:
    """The one divisor of all log-odds that the rows left out like best (C. Guo et al., "On calibration", 2017).

    It is never below one: where the rows left out happen to be told apart, any number of them would like log-odds without
    end, and a single row on the wrong side pays for it. A weaker ridge is what sharpens.
    """

    def loss(log_temperature: float) -> float:
        return float(np.average(_losses(outputs / np.exp(log_temperature), data.number), weights=data.weights))

    found = minimize_scalar(loss, bounds=(0.0, np.log(MOST_TEMPERATURE)), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x)) if loss(found.x) < loss(0.0) else 1.0


def _averaged(networks: Sequence[KAN], shares: Sequence[float]) -> KAN:
    """One network whose log-odds are the sum of these networks' log-odds, each times its share."""
    layers, parts = [network[0] for network in networks], torch.tensor(shares, dtype=torch.float64)
    with torch.no_grad():
        layers[0].weight.copy_(torch.tensordot(parts, torch.stack([layer.weight for layer in layers]), 1))
        layers[0].bias.copy_(torch.tensordot(parts, torch.stack([layer.bias for layer in layers]), 1))
    return networks[0]


# -- what the formulas are worth ---------------------------------------------------------------------------------------


def _as_good(path: Path, losses: Array, data: Labelled) -> bool:
    """Whether the pick is not worse than networks that did not see the row, by more than two standard errors.

    Both losses are those of rows left out.
    """
    return excess(path.pick_losses, losses, data.weights) <= 2
