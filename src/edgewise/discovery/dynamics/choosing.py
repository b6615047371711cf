"""Which formulas the trajectories choose, where states are noisy.

Slopes of smoothed states are off by errors that go along with each other: a wrong term may take them up, and another
formula may seem as good as the law. The trajectories themselves tell more. Each formula of a state's front, each of these
without one of its terms, and a few polynomials stand in the law of motion by turns, the constants of all states are
fitted by shooting, and the least Bayesian information criterion wins, in which symbols have a price, too.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, combinations_with_replacement

import numpy as np
import sympy

from edgewise.formula import complexity, constants, symbol

from .flow import Late
from .shooting import Fit, compared, released
from .slopes import Slopes
from .trajectories import Trajectory

NEAR = 3.0  # times the least error on slopes: formulas further away are not tried
MOST = 6  # formulas of a front that are tried
ROUNDS = 4  # over all states
MOST_PRODUCTS, MOST_TERMS = 20, 4  # of the polynomials that are tried
EACH = 2  # of a length
RIDGE = 1e-10  # where products are the same along the trajectories
SYMBOL = 2.0  # the same criterion's price of a symbol: of forms that tell as much the shorter one is likelier
WORTH = 1.0  # of the criterion, for one formula to take another's place
CLEAR = 10.0  # twice the log likelihood: what another form must be worse by for one to be sure of the form
Array = np.ndarray


@dataclass(frozen=True)
class Choice:
    """The right-hand sides that the trajectories chose. ``rivals`` holds, by the number of the state, another form that
    follows them as well, is no longer and has no more constants; ``cut`` says that the time was over before all were compared."""

    expressions: tuple[sympy.Expr, ...]
    rivals: dict[int, sympy.Expr] = field(default_factory=dict)
    cut: bool = False


def choose(
    names: Sequence[str],
    options: Sequence[Sequence[sympy.Expr]],
    trajectories: Sequence[Trajectory],
    noise: Array,
    deadline: float,
) -> Choice:
    """The best of the ``options`` (for each of the states ``names``, over these names; the first of each is begun with)
    and of what is left of them without a term."""
    search = _Search(names, trajectories, noise, deadline)
    chosen = tuple(each[0] for each in options)
    try:
        best = search.fit(chosen)
        for _ in range(ROUNDS):
            before = chosen
            for state, given in enumerate(options):
                for other in _apart([chosen[state], *given, *without_a_term(chosen[state])])[1:]:
                    trial = (*chosen[:state], other, *chosen[state + 1 :])
                    found = search.fit(trial)
                    if found is not None and (best is None or _cost(trial, found) < _cost(chosen, best) - WORTH):
                        chosen, best = trial, found
            if chosen == before:
                break
    except Late:
        return Choice(chosen, cut=True)
    return Choice(chosen, {} if best is None else search.rivals(chosen, best))


@dataclass(frozen=True)
class _Search:
    """Fits by shooting, each done once."""

    names: Sequence[str]
    trajectories: Sequence[Trajectory]
    noise: Array
    deadline: float
    done: dict[tuple[sympy.Expr, ...], Fit | None] = field(default_factory=dict)

    def fit(self, expressions: tuple[sympy.Expr, ...]) -> Fit | None:
        if expressions not in self.done:
            self.done[expressions] = compared(self.names, expressions, self.trajectories, self.noise, self.deadline)
        return self.done[expressions]

    def rivals(self, chosen: tuple[sympy.Expr, ...], best: Fit) -> dict[int, sympy.Expr]:
        """By state, the nearest other form that stands beside the same right-hand sides and is as good."""
        found: dict[int, tuple[float, sympy.Expr]] = {}
        for tried, fit in self.done.items():
            differs = [i for i, (one, other) in enumerate(zip(tried, chosen, strict=True)) if one != other]
            if len(differs) != 1 or fit is None:
                continue
            state, worse = differs[0], fit.bits - best.bits
            more = fit.constants[state] > best.constants[state] or _length(tried[state]) > _length(chosen[state])
            if more or worse >= CLEAR or form(tried[state]) == form(chosen[state]):
                continue
            if state not in found or worse < found[state][0]:
                found[state] = (worse, tried[state])
        return {state: expression for state, (_, expression) in found.items()}


def _cost(expressions: Sequence[sympy.Expr], fit: Fit) -> float:
    return fit.bic + SYMBOL * sum(map(_length, expressions))


def _length(expression: sympy.Expr) -> int:
    return complexity(released(expression))


def near(errors: Sequence[float]) -> list[int]:
    """Which formulas of a front, by their errors on slopes, are near enough to be tried; the nearest first."""
    finite = [i for i, error in enumerate(errors) if math.isfinite(error)]
    ranked = sorted(finite, key=lambda i: errors[i])
    return [i for i in ranked if errors[i] <= NEAR * errors[ranked[0]]][:MOST]


def without_a_term(expression: sympy.Expr) -> Iterator[sympy.Expr]:
    """The expression without one term of one of its sums, each once; something that varies is left of it."""
    for found in _each(_shorter(expression)):
        if found.free_symbols and found.is_finite is not False:
            yield found


def _shorter(part: sympy.Expr) -> Iterator[sympy.Expr]:
    for i, own in enumerate(part.args):
        others = (*part.args[:i], *part.args[i + 1 :])
        if part.is_Add:
            yield part.func(*others)
        for new in _shorter(own):
            yield part.func(*part.args[:i], new, *part.args[i + 1 :])


def polynomials(names: Sequence[str], slopes: Slopes, state: int) -> list[sympy.Expr]:
    """The sums of up to four products of the states that tell a state's slopes best, two of each length; the nearest
    first. Products are of up to three factors, less where the states are many."""
    degree = max((d for d in (1, 2, 3) if math.comb(len(names) + d, d) <= MOST_PRODUCTS), default=0)
    if not degree:
        return []
    powers = [c for d in range(degree + 1) for c in combinations_with_replacement(range(len(names)), d)]
    columns = np.column_stack([np.prod(slopes.states[:, list(power)], axis=1) for power in powers])
    size = np.linalg.norm(columns, axis=0)
    size[size == 0] = 1.0
    symbols = [symbol(name) for name in names]
    products = [sympy.Mul(*(symbols[i] for i in power)) for power in powers]
    ranked: list[tuple[float, sympy.Expr]] = []
    for length in range(1, min(MOST_TERMS, len(powers)) + 1):
        for error, chosen, weights in _sums(columns / size, slopes.values[:, state], length)[:EACH]:
            terms = [float(w / size[i]) * products[i] for i, w in zip(chosen, weights, strict=True)]
            if (whole := sympy.Add(*terms)).free_symbols:
                ranked.append((error, whole))
    return [ranked[i][1] for i in near([error for error, _ in ranked])]


def _sums(columns: Array, y: Array, length: int) -> list[tuple[float, Array, Array]]:
    """Error, columns and weights of the sums of so many columns, the nearest first."""
    which = np.array(list(combinations(range(columns.shape[1]), length)))
    gram = (columns.T @ columns)[which[:, :, None], which[:, None, :]] + RIDGE * np.eye(length)
    beside = (columns.T @ y)[which]
    weights = np.linalg.solve(gram, beside[:, :, None])[:, :, 0]
    left = np.sqrt(np.maximum(y @ y - np.sum(weights * beside, axis=1), 0.0) / len(y))
    return [(float(left[i]), which[i], weights[i]) for i in np.argsort(left, kind="stable")]


def form(expression: sympy.Expr) -> tuple[frozenset[sympy.Expr], int]:
    """What is left of an expression without the factors of its terms: equal for two ways to write one law."""
    terms = sympy.Add.make_args(sympy.expand(expression))
    return frozenset(term.as_coeff_Mul()[1] for term in terms), len(terms)


def _apart(expressions: Sequence[sympy.Expr]) -> list[sympy.Expr]:
    """The expressions without those that are another way to write an earlier one."""
    found: dict[object, sympy.Expr] = {}
    for one in expressions:
        found.setdefault((form(one), len(constants(released(one)))), one)
    return list(found.values())


def _each(expressions: Iterable[sympy.Expr]) -> list[sympy.Expr]:
    return list(dict.fromkeys(expressions))
