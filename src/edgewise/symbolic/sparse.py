"""The few columns of a dictionary whose combination is the target, exactly.

All pairs are scored at once from the Gram matrix; a beam then adds one column at a time. Exactness is what
makes it safe: a combination of at most four terms that meets a thousand rows to 1e-9 is not found by chance.
In noise (`likely_supports`) products of columns are all that is used: they lose half of the digits, which only an exact
target would miss, and save nearly all of the time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from .problem import Array

ROWS = 256
EXCHANGES, EXCHANGED = 20, 6
CLEAR, RIDGE = 1e-10, 1e-12
SPANNED = 220
"""Up to so many columns it pays to ask first whether the target lies in the span of all of them."""

Support = tuple[int, ...]


def sparse_combination(
    columns: Array, target: Array, *, most: int = 4, beam: int = 24, tolerance: float = 1e-9
) -> tuple[Support, Array] | None:
    """Indices and coefficients of at most ``most`` of the columns (N, p) that give the target to ``tolerance``."""
    return Dictionary(columns).combination(target, most=most, beam=beam, tolerance=tolerance)


class Dictionary:
    """Columns (N, p) in which several targets are looked for."""

    def __init__(self, columns: Array) -> None:
        self.columns = columns
        self.usable = np.flatnonzero(np.all(np.isfinite(columns), axis=0) & np.any(columns != 0, axis=0))
        few = max(ROWS, 2 * len(self.usable)) if len(self.usable) <= SPANNED else ROWS
        self.rows = np.linspace(0, len(columns) - 1, min(few, len(columns))).astype(int)
        part = columns[np.ix_(self.rows, self.usable)]
        self.part = part / np.maximum(np.linalg.norm(part, axis=0), 1e-300)

    @cached_property
    def gram(self) -> Array:
        return self.part.T @ self.part

    @cached_property
    def span(self) -> Array | None:
        return np.linalg.qr(self.part)[0] if 2 * self.part.shape[1] <= len(self.rows) else None

    def combination(
        self, target: Array, *, most: int = 4, beam: int = 24, tolerance: float = 1e-9
    ) -> tuple[Support, Array] | None:
        """Indices and coefficients of at most ``most`` columns that give ``target`` to ``tolerance`` (relative rms)."""
        if len(self.usable) == 0:
            return None
        goal = target[self.rows] / max(float(np.linalg.norm(target[self.rows])), 1e-300)
        if not np.all(np.isfinite(goal)):
            return None
        if self.span is not None and np.linalg.norm(goal - self.span @ (self.span.T @ goal)) > tolerance:
            return None
        for support in _supports(self.part, self.gram, goal, most, beam, tolerance):
            chosen = tuple(int(self.usable[i]) for i in support)
            found = _solved(self.columns[:, chosen], target, tolerance)
            if found is not None:
                return _without_idle(chosen, found, self.columns, target, tolerance)
        return None


def likely_supports(
    columns: Array, target: Array, most: int, best: int, beam: int = 12, paired: int = 0
) -> Iterator[tuple[float, Support, Array]]:
    """The ``best`` combinations of one, two .. ``most`` of the columns (N, p): the squared error, which, and by how much.

    For noisy targets: nothing has to be exact, so all is compared through the products of the columns alone. Of the best
    ``paired`` combinations of three also two columns at a time are exchanged, which takes the square of p.
    """
    usable = np.flatnonzero(np.all(np.isfinite(columns), axis=0) & np.any(columns != 0, axis=0))
    if not len(usable):
        return
    sizes = np.linalg.norm(columns[:, usable], axis=0)
    part = columns[:, usable] / sizes
    products = _Products.of(part, target)
    states: list[Support] = [(int(i),) for i in np.argsort(-np.abs(products.inner), kind="stable")[:beam]]
    for size in range(1, most + 1):
        if not states:  # all other columns lie in the span of these
            return
        scored = sorted(zip(products.misfits(states), states, strict=True))
        if size > 2:
            better = [products.exchanged(state) for _, state in scored[:EXCHANGED]]
            scored = sorted({*zip(products.misfits(better), better, strict=True), *scored})
            if size == 3 and paired:
                better = [products.repaired(state) for _, state in scored[:paired]]
                scored = sorted({*zip(products.misfits(better), better, strict=True), *scored})
        for _, state in scored[:best]:
            found = np.linalg.lstsq(part[:, state], target, rcond=None)[0]
            left = target - part[:, state] @ found
            yield float(left @ left), tuple(int(usable[i]) for i in state), found / sizes[list(state)]
        if size == 1:
            states = _best_pairs(products.gram, products.inner, beam, parallel=1e-6)
        elif size < most:
            states = products.grown([state for _, state in scored[:beam]], beam)


@dataclass(frozen=True, eq=False)
class _Products:
    """What least squares in columns of unit norm (N, p) needs of them: ``gram`` (p, p), ``inner`` (p,) with the target, and
    the target's square. Misfits are squared; good to about 1e-7 of the target, which noise is far above."""

    gram: Array
    inner: Array
    square: float

    @classmethod
    def of(cls, part: Array, target: Array) -> "_Products":
        return cls(part.T @ part, part.T @ target, float(target @ target))

    def misfits(self, states: Sequence[Support]) -> list[float]:
        """What each state, all of one length, leaves of the target."""
        chosen = np.array(states)
        found = self._solved(chosen, self.inner[chosen][:, :, None])[:, :, 0]
        return [float(left) for left in self.square - np.sum(self.inner[chosen] * found, axis=1)]

    def explained(self, states: Sequence[Support]) -> Array:
        """How much of what a state leaves each column explains, once projected clear of it (states, p); -1 for what it
        holds already."""
        chosen = np.array(states)
        beside = self.gram[chosen]
        found = self._solved(chosen, np.concatenate([beside, self.inner[chosen][:, :, None]], axis=2))
        rest = self.inner - np.einsum("sk,skp->sp", found[:, :, -1], beside)
        clear = 1 - np.einsum("skp,skp->sp", found[:, :, :-1], beside)
        return np.where(clear > CLEAR, rest**2 / np.maximum(clear, CLEAR), -1.0)

    def exchanged(self, state: Support) -> Support:
        """The state with one column after the other exchanged for the best there is beside the rest, until none is better.

        Source: sequential replacement, A. Miller, Subset Selection in Regression (2002), chapter 3.
        """
        (error,) = self.misfits([state])
        for _ in range(EXCHANGES):
            others = [tuple(i for i in state if i != index) for index in state]
            scores = self.explained(others)
            misfits = np.array(self.misfits(others)) - scores.max(axis=1)
            better = np.flatnonzero(misfits < error * (1 - 1e-12))
            if not len(better):
                break
            first = int(better[0])
            state, error = tuple(sorted((*others[first], int(np.argmax(scores[first]))))), float(misfits[first])
        return state

    def repaired(self, state: Support) -> Support:
        """Three columns, any two of which are exchanged for the best pair beside the third, until no pair is better:
        look-alikes of two terms of a law hold each other in place."""
        (error,) = self.misfits([state])
        for _ in range(EXCHANGES):
            found = [tuple(sorted((i, *self._beside(i)))) for i in state]
            misfits = self.misfits(found)
            best = int(np.argmin(misfits))
            if not misfits[best] < error * (1 - 1e-12):
                break
            state, error = found[best], misfits[best]
        return state

    def _beside(self, kept: int) -> Support:
        """The best pair of columns beside one."""
        own = self.gram[kept]
        gram, inner = self.gram - np.outer(own, own), self.inner - self.inner[kept] * own
        sizes = np.sqrt(np.maximum(np.diag(gram), 0.0))
        scale = np.where(sizes**2 > CLEAR, 1 / np.maximum(sizes, CLEAR), 0.0)
        return _best_pairs(gram * np.outer(scale, scale), inner * scale, 1, parallel=1e-6)[0]

    def grown(self, states: list[Support], beam: int) -> list[Support]:
        """Each state with the columns that explain most of what it leaves over."""
        grown: dict[Support, float] = {}
        for state, left, scores in zip(states, self.misfits(states), self.explained(states), strict=True):
            for index in np.argsort(-scores, kind="stable")[:beam]:
                if scores[index] >= 0:
                    grown[tuple(sorted((*state, int(index))))] = left - float(scores[index])
        return sorted(grown, key=lambda state: (grown[state], state))[: 2 * beam]

    def _solved(self, chosen: NDArray[np.intp], right: Array) -> Array:
        inside = self.gram[chosen[:, :, None], chosen[:, None, :]]
        return np.linalg.solve(inside + RIDGE * np.eye(chosen.shape[1]), right)


def best_supports(columns: Array, target: Array, most: int, best: int) -> Iterator[tuple[float, Support, Array]]:
    """As `likely_supports`, but of all combinations: for some thirty columns."""
    usable = np.flatnonzero(np.all(np.isfinite(columns), axis=0) & np.any(columns != 0, axis=0))
    sizes = np.linalg.norm(columns[:, usable], axis=0)
    part = columns[:, usable] / sizes
    gram, inner = part.T @ part + 1e-12 * np.eye(len(usable)), part.T @ target
    for size in range(1, min(most, len(usable)) + 1):
        supports = np.array(list(combinations(range(len(usable)), size)))
        found = np.linalg.solve(gram[supports[:, :, None], supports[:, None, :]], inner[supports][:, :, None])[:, :, 0]
        explained = np.sum(found * inner[supports], axis=1)
        for index in np.argsort(-explained, kind="stable")[:best]:
            chosen = usable[supports[index]]
            rest = float(np.sum((target - columns[:, chosen] @ (found[index] / sizes[supports[index]])) ** 2))
            yield rest, tuple(map(int, chosen)), found[index] / sizes[supports[index]]


def _explained(part: Array, goal: Array, state: Support) -> Array:
    """How much of what a state leaves each column explains, once projected clear of it; -1 for what it holds already."""
    q, _ = np.linalg.qr(part[:, state])
    rest = goal - q @ (q.T @ goal)
    clear = part - q @ (q.T @ part)
    norms = np.linalg.norm(clear, axis=0)
    scores = np.abs(clear.T @ rest) / np.maximum(norms, 1e-8)
    scores[norms < 1e-7] = -1
    return scores


def _solved(columns: Array, target: Array, tolerance: float) -> Array | None:
    scale = np.linalg.norm(columns, axis=0)
    found, *_ = np.linalg.lstsq(columns / scale, target, rcond=None)
    residual = target - columns / scale @ found
    if np.linalg.norm(residual) > tolerance * np.linalg.norm(target):
        return None
    return found / scale


def _without_idle(
    chosen: tuple[int, ...], found: Array, dictionary: Array, target: Array, tolerance: float
) -> tuple[tuple[int, ...], Array]:
    """The same combination without terms that do not matter."""
    shares = np.abs(found) * np.linalg.norm(dictionary[:, chosen], axis=0) / np.linalg.norm(target)
    kept = tuple(index for index, share in zip(chosen, shares, strict=True) if share > 10 * tolerance)
    if len(kept) == len(chosen) or not kept:
        return chosen, found
    again = _solved(dictionary[:, kept], target, tolerance)
    return (chosen, found) if again is None else (kept, again)


def _supports(
    part: Array, gram: Array, goal: Array, most: int, beam: int, tolerance: float
) -> Iterator[tuple[int, ...]]:
    """Supports that fit ``goal`` to ``tolerance``, the smallest first."""
    inner = part.T @ goal
    single = int(np.argmax(np.abs(inner)))
    if _misfit(part, goal, (single,)) <= tolerance:
        yield (single,)
    states = _best_pairs(gram, inner, beam)
    for size in range(2, most + 1):
        scored = sorted((_misfit(part, goal, state), state) for state in states)
        for misfit, state in scored:
            if misfit <= tolerance:
                yield state
        if size < most:
            states = _grown(part, goal, [state for _, state in scored[:beam]], beam)


def _misfit(part: Array, goal: Array, state: tuple[int, ...]) -> float:
    columns = part[:, state]
    found, *_ = np.linalg.lstsq(columns, goal, rcond=None)
    return float(np.linalg.norm(goal - columns @ found))


@lru_cache(maxsize=2)
def _all_pairs(columns: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    i, j = np.triu_indices(columns, 1)
    return i, j


def _best_pairs(gram: Array, inner: Array, beam: int, parallel: float = 1e-10) -> list[tuple[int, ...]]:
    """The pairs (i < j) that explain most, by |projection|^2 = (ai^2 - 2 g ai aj + aj^2) / (1 - g^2)."""
    if len(inner) < 2:
        return [(0,)]
    i, j = _all_pairs(len(inner))
    g = gram[i, j]
    explained = (inner[i] ** 2 - 2 * g * inner[i] * inner[j] + inner[j] ** 2) / np.maximum(1 - g**2, 1e-12)
    explained[1 - g**2 < parallel] = -np.inf
    count = min(4 * beam, len(explained))
    top = np.argpartition(-explained, count - 1)[:count]
    top = top[np.lexsort((top, -explained[top]))]
    return [(int(i[k]), int(j[k])) for k in top]


def _grown(part: Array, goal: Array, states: list[tuple[int, ...]], beam: int) -> list[tuple[int, ...]]:
    """Each state with the columns that correlate best with what it leaves over, once projected clear of it."""
    grown: dict[tuple[int, ...], float] = {}
    for state in states:
        left = _misfit(part, goal, state) ** 2
        scores = _explained(part, goal, state)
        for index in np.argsort(-scores, kind="stable")[:beam]:
            if int(index) not in state:
                new = tuple(sorted((*state, int(index))))
                grown[new] = left - float(scores[index]) ** 2
    return sorted(grown, key=lambda state: (grown[state], state))[: 2 * beam]
