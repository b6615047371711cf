"""Formulas for log-odds, grown term by term.

A term is a function of one column, or the product of two. The most useful one is added, for whichever class it helps,
and all constants are refitted together by maximum likelihood under a faint ridge (that of one tenth of a row, on terms
scaled to spread 1), which keeps them finite where the classes can be separated.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import sympy
from numpy import ndarray as Array
from scipy.special import log_softmax, softmax

from edgewise.formula import Formula, complexity, evaluate, symbol
from edgewise.formula.constants import round_to
from edgewise.train import SoftmaxProblem, fit_softmax

from .classification import LogOdds
from .labels import Labelled

MOST_TERMS = 12
TRIED = 4  # terms whose gain is computed in full, at each step; the effort multiplies them
MOST_TRIED = 10_000
PATIENCE = 3  # steps without a shorter message
MOST_PAIRED = 12  # columns up to which products are looked at
NATS_A_SYMBOL = 2.0
PRIOR = 0.1  # rows
SHAPES: tuple[tuple[Callable[[sympy.Symbol], sympy.Expr], float], ...] = (
    # the term, and the value above which the column must lie
    (lambda x: x**2, -np.inf),
    (lambda x: x**3, -np.inf),
    (sympy.log, 0.0),
    (sympy.sqrt, 0.0),
    (lambda x: 1 / x, 0.0),
)


@dataclass(frozen=True)
class Path:
    """What was tried: ``steps`` by growing complexity, which one was ``picked``, its losses on all rows."""

    steps: tuple[LogOdds, ...]
    picked: int
    pick_losses: Array

    @property
    def pick(self) -> LogOdds:
        """The one with the shortest message."""
        return self.steps[self.picked]


@dataclass(frozen=True)
class _Terms:
    expressions: list[sympy.Expr]
    values: Array  # (rows, terms), standardised on the training rows
    centre: Array
    spread: Array


Allowed = Callable[[sympy.Expr], bool]


def find_path(
    data: Labelled,
    symbols: Mapping[str, str],
    allowed: Allowed | None,
    over: Callable[[str], bool],
    effort: float = 1.0,
) -> Path:
    """Formulas by growing complexity; grown on four folds, measured on the fifth, then refitted on all rows."""
    train = data.fold != 0
    tried = max(1, round(min(TRIED * effort, MOST_TRIED)))
    terms = _terms(data, symbols, allowed, train)
    free = np.zeros((1 + len(terms.expressions), len(data.classes)), dtype=bool)
    free[0, 1:] = True
    theta = _fit(terms, data, free, train)
    found = [(free, theta)]
    lengths = [_message(terms, data, free, theta, train)]
    while free[1:].sum() < MOST_TERMS and not over("formulas"):
        grown = _grow(terms, data, free, theta, train, tried)
        if grown is None:
            break
        free, theta = grown
        found.append(grown)
        lengths.append(_message(terms, data, free, theta, train))
        if np.argmin(lengths) < len(lengths) - PATIENCE:
            break
    picked = int(np.argmin(lengths))
    held = data.fold == 0
    losses = [_losses(terms, data, theta, held) for _, theta in found]
    steps = tuple(
        _step(terms, data, free, symbols, float(np.average(loss, weights=data.weights[held])) if held.any() else np.nan)
        for (free, _), loss in zip(found, losses, strict=True)
    )
    return Path(steps, picked, _losses(terms, data, found[picked][1], np.ones(len(data.x), dtype=bool)))


def _terms(data: Labelled, symbols: Mapping[str, str], allowed: Allowed | None, train: Array) -> _Terms:
    columns = dict(zip(symbols, data.x.T, strict=True))
    kept, values = [], []
    for expression in _candidates(columns, allowed):
        value = evaluate(expression, columns)
        wide = float(np.std(value[train])) if (np.abs(value) < 1e100).all() else 0.0
        if wide > 1e-9 * float(np.abs(value).max()):
            kept.append(expression)
            values.append(value)
    matrix = np.stack(values, 1) if values else np.zeros((len(data.x), 0))
    centre = np.average(matrix[train], axis=0, weights=data.weights[train])
    spread = np.sqrt(np.average((matrix[train] - centre) ** 2, axis=0, weights=data.weights[train]))
    return _Terms(kept, (matrix - centre) / spread, centre, spread)


def _candidates(columns: Mapping[str, Array], allowed: Allowed | None) -> Iterator[sympy.Expr]:
    for name in columns:
        yield symbol(name)
    for name, values in columns.items():
        for term, low in SHAPES:
            if (allowed is None or allowed(term(symbol(name)))) and (values > low).all():
                yield term(symbol(name))
    if len(columns) <= MOST_PAIRED:
        for one, other in combinations(columns, 2):
            yield symbol(one) * symbol(other)


def _design(terms: _Terms, used: Array) -> Array:
    return np.column_stack([np.ones(len(terms.values)), terms.values[:, used]])


def _problem(terms: _Terms, data: Labelled, free: Array, where: Array) -> tuple[SoftmaxProblem, Array]:
    """The likelihood of the terms in use, and which rows of ``free`` these are."""
    used = np.flatnonzero(free[1:].any(1))
    weights = data.weights[where]
    penalty = np.diag([1e-9, *([PRIOR / weights.sum()] * len(used))])
    rows = np.concatenate([[0], used + 1])
    return SoftmaxProblem(_design(terms, used)[where], data.shares[where], weights, penalty, free[rows]), rows


def _fit(terms: _Terms, data: Labelled, free: Array, where: Array, start: Array | None = None) -> Array:
    problem, rows = _problem(terms, data, free, where)
    theta = np.zeros(free.shape)
    theta[rows] = fit_softmax(problem, None if start is None else start[rows])
    return theta


def _outputs(terms: _Terms, theta: Array, where: Array) -> Array:
    return theta[0] + terms.values[where] @ theta[1:]


def _losses(terms: _Terms, data: Labelled, theta: Array, where: Array) -> Array:
    return -log_softmax(_outputs(terms, theta, where), axis=1)[np.arange(where.sum()), data.number[where]]


def _grow(
    terms: _Terms, data: Labelled, free: Array, theta: Array, where: Array, tried: int
) -> tuple[Array, Array] | None:
    """One term more for one class: of those with the steepest slope, the one with the least loss when refitted."""
    weights = data.weights[where][:, None]
    p = softmax(_outputs(terms, theta, where), axis=1)
    values = terms.values[where]
    slope = values.T @ (weights * (data.shares[where] - p))
    gain = np.where(free[1:], -1.0, slope**2 / ((values**2).T @ (weights * p * (1 - p)) + PRIOR))
    gain[:, 0] = -1.0
    best: tuple[float, Array, Array] | None = None
    for flat in np.argsort(-gain, axis=None, kind="stable")[:tried]:
        term, number = np.unravel_index(flat, gain.shape)
        if gain[term, number] <= 0:
            continue
        grown = free.copy()
        grown[1 + term, number] = True
        fitted = _fit(terms, data, grown, where, theta)
        loss = float((data.weights[where] * _losses(terms, data, fitted, where)).sum())
        if best is None or loss < best[0]:
            best = loss, grown, fitted
    return None if best is None else best[1:]


def _message(terms: _Terms, data: Labelled, free: Array, theta: Array, where: Array) -> float:
    """Nats to tell somebody the labels: the likelihood, two a symbol, half a log of the rows for each constant."""
    rows = data.weights[where].sum()
    told = float((data.weights[where] * _losses(terms, data, theta, where)).sum())
    written = (_expression(terms, free, theta, number, None) for number in range(1, free.shape[1]))
    symbols = sum(map(complexity, written))
    return told + NATS_A_SYMBOL * symbols + 0.5 * float(np.log(max(rows, 2.0))) * int(free.sum())


def _step(terms: _Terms, data: Labelled, free: Array, symbols: Mapping[str, str], log_loss: float) -> LogOdds:
    """The formulas with their constants from all rows, to the digits that the rows support."""
    everywhere = np.ones(len(data.x), dtype=bool)
    problem, rows = _problem(terms, data, free, everywhere)
    theta = np.zeros(free.shape)
    theta[rows] = fit_softmax(problem)
    curvature = problem.curvature(theta[rows]) * data.total
    errors = np.zeros(free.shape)
    inside = np.zeros(problem.free.shape)
    inside.T[problem.free.T] = np.sqrt(np.maximum(np.diag(np.linalg.pinv(curvature)), 0.0))
    errors[rows] = inside
    formulas = tuple(
        Formula(f"log-odds of {label}", _expression(terms, free, theta, number, errors), dict(symbols))
        for number, label in enumerate(data.classes)
        if number
    )
    return LogOdds(formulas, log_loss)


def _expression(terms: _Terms, free: Array, theta: Array, number: int, errors: Array | None) -> sympy.Expr:
    """Back in the columns' own units; the intercept follows the slopes as they were rounded."""
    rounded = (lambda value, error: value) if errors is None else (lambda value, error: round_to(value, error, 3))
    noise = np.zeros(free.shape) if errors is None else errors
    constant, known = float(theta[0, number]), float(noise[0, number])
    expression = sympy.Integer(0)
    for at in np.flatnonzero(free[1:, number]):
        spread = float(terms.spread[at])
        slope = rounded(float(theta[1 + at, number]) / spread, float(noise[1 + at, number]) / spread)
        expression += sympy.Float(slope) * terms.expressions[at]
        constant -= slope * float(terms.centre[at])
    return expression + sympy.Float(rounded(constant, known))
