"""Formulas for log-odds: grown term by term, and one of all columns.

Grown: the most useful term is added, for whichever class it helps, and all constants are refitted together by maximum
likelihood under a faint ridge (that of one tenth of a row, on terms scaled to spread 1), which keeps them finite where
the classes can be separated. Of all columns: logistic regression, its ridge chosen by the rows left out.

Every formula is measured on rows left out: the whole growth, choice of terms included, is repeated on four folds and
measured on the fifth, five times; so is the ridge of the constants in the end. Of those grown, the one with the
shortest message is taken, for many terms were looked at: the likelihood, two nats a symbol, half a logarithm of the rows
for each constant. The formula of all columns, in which nothing was looked for, takes its place where the rows left out
find it better by half a standard error.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array
from scipy.special import log_softmax, softmax

from edgewise.formula import Formula, complexity
from edgewise.train import SoftmaxProblem, fit_softmax

from .classification import LogOdds
from .labels import FOLDS, Labelled
from .terms import Allowed, Terms, terms_of

MOST_TERMS = 12
TRIED = 4  # terms whose gain is computed in full, at each step; the effort multiplies them
MOST_TRIED = 10_000
PATIENCE = 3  # steps without a shorter message
NATS_A_SYMBOL = 2.0
FAINT = 0.1  # rows
FEW_RIDGES = (FAINT, 1.0, 10.0)  # rows, of what was grown
RIDGES = (100.0, 30.0, 10.0, 3.0, 1.0, 0.3, FAINT)  # rows, of the formula of all columns
BETTER = 0.5  # standard errors by which the formula of all columns must be better than a shorter one
Over = Callable[[str], bool]
Shape = tuple[Array, Array]  # which constants (1 + terms, classes) are free, and what they are


@dataclass(frozen=True)
class Path:
    """What was tried: ``steps`` by growing complexity, which one was ``picked``, its losses on rows left out."""

    steps: tuple[LogOdds, ...]
    picked: int
    pick_losses: Array

    @property
    def pick(self) -> LogOdds:
        """The one that was picked."""
        return self.steps[self.picked]


@dataclass(frozen=True)
class _Candidate:
    """Which constants are free, under a ridge of how many rows, and the loss of each row by formulas that did not see it."""

    free: Array
    ridge: float
    losses: Array


def find_path(
    data: Labelled, symbols: Mapping[str, str], allowed: Allowed | None, over: Over, effort: float = 1.0
) -> Path:
    """Formulas by growing complexity, measured on rows left out, their constants from all rows."""
    terms = terms_of(data, symbols, allowed)
    tried = max(1, round(min(TRIED * effort, MOST_TRIED)))
    whole = _of_all_columns(terms, data, over)  # first: where the time is short it is the better one
    grown, chosen = _grown(terms, data, tried, over)
    found = [*grown, *whole]
    if whole and excess(chosen.losses, whole[0].losses, data.weights) > BETTER:
        chosen = whole[0]
    steps = [_step(terms, data, candidate, symbols) for candidate in found]
    order = sorted(range(len(found)), key=lambda at: steps[at].complexity)
    picked = next(place for place, at in enumerate(order) if found[at] is chosen)
    return Path(tuple(steps[at] for at in order), picked, chosen.losses)


def excess(losses: Array, others: Array, weights: Array) -> float:
    """By how many standard errors the mean of ``losses`` (rows,) lies above that of ``others`` on the same rows."""
    worse = losses - others
    mean = float(np.average(worse, weights=weights))
    error = float(np.average((worse - mean) ** 2, weights=weights) / weights.sum()) ** 0.5
    return 0.0 if mean <= 0 else mean / error if error > 0 else np.inf


def _folds(data: Labelled) -> Iterator[tuple[Array, Array]]:
    """Rows to learn from, and those left out."""
    for number in range(FOLDS):
        held = data.fold == number
        if held.any() and not held.all():
            yield ~held, held


# -- grown -------------------------------------------------------------------------------------------------------------


def _grown(terms: Terms, data: Labelled, tried: int, over: Over) -> tuple[list[_Candidate], _Candidate]:
    """The growth on all rows, as far as the growth on each four folds went too; and which of it has the shortest message."""
    everywhere = np.ones(len(data.x), dtype=bool)
    path = list(_growth(terms, data, everywhere, tried, over))
    lengths = [_message(terms, data, *shape, everywhere) for shape in path]
    losses = np.full((len(path), len(FEW_RIDGES), len(data.x)), np.log(len(data.classes)))
    for train, held in _folds(data):
        growth = _growth(terms, data, train, tried, over, patience=MOST_TERMS)
        shapes = [shape for _, shape in zip(path, growth, strict=False)]
        path = path[: len(shapes)]
        for at, (free, theta) in enumerate(shapes):
            losses[at][:, held] = _under(FEW_RIDGES, terms, data, free, train, held, theta)
    found = [_best_ridge(FEW_RIDGES, free, loss, data) for (free, _), loss in zip(path, losses, strict=False)]
    return found, found[int(np.argmin(lengths[: len(found)]))]


def _under(
    ridges: Sequence[float], terms: Terms, data: Labelled, free: Array, train: Array, held: Array, theta: Array | None
) -> list[Array]:
    """The losses of the rows left out, under one ridge after the other."""
    found = []
    for ridge in ridges:
        theta = _fit(terms, data, free, train, ridge, theta)
        found.append(_losses(terms, data, theta, held))
    return found


def _best_ridge(ridges: Sequence[float], free: Array, losses: Array, data: Labelled) -> _Candidate:
    best = int(np.argmin(np.average(losses, axis=1, weights=data.weights)))
    return _Candidate(free, ridges[best], losses[best])


def _growth(
    terms: Terms, data: Labelled, where: Array, tried: int, over: Over, patience: int = PATIENCE
) -> Iterator[Shape]:
    """Term after term, until ``patience`` of them did not shorten the message."""
    free = np.zeros((1 + len(terms.expressions), len(data.classes)), dtype=bool)
    free[0, 1:] = True
    grown: Shape | None = (free, _fit(terms, data, free, where))
    lengths: list[float] = []
    while grown is not None:
        yield grown
        if patience < MOST_TERMS:
            lengths.append(_message(terms, data, *grown, where))
            if np.argmin(lengths) < len(lengths) - patience:
                return
        if grown[0][1:].sum() >= MOST_TERMS or over("formulas"):
            return
        grown = _longer(terms, data, *grown, where, tried)


def _longer(terms: Terms, data: Labelled, free: Array, theta: Array, where: Array, tried: int) -> Shape | None:
    """One term more for one class: of those with the steepest slope, the one with the least loss when refitted."""
    weights = data.weights[where][:, None]
    p = softmax(terms.outputs(theta, where), axis=1)
    values = terms.values[where]
    slope = values.T @ (weights * (data.shares[where] - p))
    gain = np.where(free[1:], -1.0, slope**2 / ((values**2).T @ (weights * p * (1 - p)) + FAINT))
    gain[:, 0] = -1.0
    best: tuple[float, Array, Array] | None = None
    for flat in np.argsort(-gain, axis=None, kind="stable")[:tried]:
        term, number = np.unravel_index(flat, gain.shape)
        if gain[term, number] <= 0:
            continue
        grown = free.copy()
        grown[1 + term, number] = True
        fitted = _fit(terms, data, grown, where, start=theta)
        loss = float((data.weights[where] * _losses(terms, data, fitted, where)).sum())
        if best is None or loss < best[0]:
            best = loss, grown, fitted
    return None if best is None else best[1:]


def _message(terms: Terms, data: Labelled, free: Array, theta: Array, where: Array) -> float:
    """Nats to tell somebody the labels: the likelihood, two a symbol, half a log of the rows for each constant."""
    rows = data.weights[where].sum()
    told = float((data.weights[where] * _losses(terms, data, theta, where)).sum())
    symbols = sum(complexity(terms.expression(mine)) for mine in theta.T[1:])
    return told + NATS_A_SYMBOL * symbols + 0.5 * float(np.log(max(rows, 2.0))) * int(free.sum())


# -- of all columns ----------------------------------------------------------------------------------------------------


def _of_all_columns(terms: Terms, data: Labelled, over: Over) -> list[_Candidate]:
    """Logistic regression, its ridge by the rows left out; nothing where no column varies or the time is over."""
    columns = terms.of_columns()
    if not columns.any() or over("formulas"):
        return []
    free = np.zeros((1 + len(columns), len(data.classes)), dtype=bool)
    free[0], free[1:] = True, columns[:, None]
    free[:, 0] &= len(data.classes) > 2  # of more classes none is the reference, so that the ridge treats them alike
    losses = np.full((len(RIDGES), len(data.x)), np.log(len(data.classes)))
    for train, held in _folds(data):
        losses[:, held] = _under(RIDGES, terms, data, free, train, held, None)
    return [_best_ridge(RIDGES, free, losses, data)]


# -- constants ---------------------------------------------------------------------------------------------------------


def _problem(terms: Terms, data: Labelled, free: Array, where: Array, ridge: float) -> tuple[SoftmaxProblem, Array]:
    """The likelihood of the terms in use, under a ridge of so many rows, and which rows of ``free`` these are."""
    used = np.flatnonzero(free[1:].any(1))
    weights = data.weights[where]
    design = np.column_stack([np.ones(len(weights)), terms.values[where][:, used]])
    penalty = np.diag([1e-9, *([ridge / weights.sum()] * len(used))])
    rows = np.concatenate([[0], used + 1])
    return SoftmaxProblem(design, data.shares[where], weights, penalty, free[rows]), rows


def _fit(
    terms: Terms, data: Labelled, free: Array, where: Array, ridge: float = FAINT, start: Array | None = None
) -> Array:
    problem, rows = _problem(terms, data, free, where, ridge)
    theta = np.zeros(free.shape)
    theta[rows] = fit_softmax(problem, None if start is None else start[rows])
    return theta


def _losses(terms: Terms, data: Labelled, theta: Array, where: Array) -> Array:
    return -log_softmax(terms.outputs(theta, where), axis=1)[np.arange(where.sum()), data.number[where]]


def _step(terms: Terms, data: Labelled, candidate: _Candidate, symbols: Mapping[str, str]) -> LogOdds:
    """The formulas with their constants from all rows, to the digits that the rows support."""
    problem, rows = _problem(terms, data, candidate.free, np.ones(len(data.x), dtype=bool), candidate.ridge)
    fitted = fit_softmax(problem)
    theta, errors = np.zeros(candidate.free.shape), np.zeros(candidate.free.shape)
    theta[rows], errors[rows] = fitted - fitted[:, :1], _errors(problem, fitted, data.total)
    formulas = tuple(
        Formula(f"log-odds of {label}", terms.expression(theta[:, number], errors[:, number]), dict(symbols))
        for number, label in enumerate(data.classes)
        if number
    )
    return LogOdds(formulas, float(np.average(candidate.losses, weights=data.weights)))


def _errors(problem: SoftmaxProblem, theta: Array, total: float) -> Array:
    """Standard errors (features, classes) of the constants' differences from those of the first class."""
    features, classes = problem.free.shape
    free = problem.free.T.ravel()  # read class by class
    covariance = np.zeros((len(free), len(free)))
    covariance[np.ix_(free, free)] = np.linalg.pinv(problem.curvature(theta) * total, hermitian=True)
    own = np.diag(covariance).reshape(classes, features)
    crossed = covariance[:, :features].reshape(classes, features, features).diagonal(axis1=1, axis2=2)
    return np.sqrt(np.maximum(own + own[0] - 2 * crossed, 0.0)).T
