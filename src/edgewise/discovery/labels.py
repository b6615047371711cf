"""Rows with labels, in the one form that the order of the rows and the way of counting them cannot change."""

from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from edgewise.errors import SettingsError, ShapeError, ValuesError

FOLDS = 5


@dataclass(frozen=True)
class Labelled:
    """Distinct rows ``x`` (rows, columns) of classes ``number`` (rows,), each as often as its ``weights`` (rows,) say.

    ``fold`` (rows,) puts every row into one of five parts, by content and seed, each class spread over all of them.
    """

    x: Array
    number: Array
    weights: Array
    fold: Array
    classes: tuple[str | int | float | bool, ...]

    @property
    def shares(self) -> Array:
        """One at the class of each row: (rows, classes)."""
        return np.eye(len(self.classes))[self.number]

    @property
    def total(self) -> float:
        """How many rows there are, equal ones counted."""
        return float(self.weights.sum())


def labelled(x: Array, labels: Array, weights: Array | None, seed: int) -> Labelled:
    """Merge equal rows, sort them, and share them out over folds.

    Raises ShapeError where the lengths differ, ValuesError for cells that are no finite numbers and where fewer than two
    classes have weight, SettingsError for weights that are negative or not finite.
    """
    x, labels = np.asarray(x, dtype=float), np.asarray(labels)
    weights = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    if x.ndim != 2 or labels.shape != (len(x),) or weights.shape != (len(x),):
        raise ShapeError(
            f"expected inputs (rows, columns), and labels and weights (rows,); got {x.shape}, {labels.shape} and {weights.shape}."
        )
    if not np.isfinite(x).all():
        raise ValuesError("the inputs hold cells that are no finite numbers. Fill them or leave their rows out.")
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise SettingsError("weights are finite numbers of 0 or more. Leave rows out by a weight of 0.")
    kept = weights > 0
    classes, number = np.unique(labels[kept], return_inverse=True)
    if len(classes) < 2:
        raise ValuesError(
            f"the labels hold {len(classes)} class with weight; at least two are needed. Give rows of another."
        )
    rows, place = np.unique(np.column_stack([x[kept] + 0.0, number]), axis=0, return_inverse=True)
    summed = np.bincount(place.ravel(), weights=np.ones(kept.sum()) * weights[kept], minlength=len(rows))
    number = rows[:, -1].astype(int)
    return Labelled(np.ascontiguousarray(rows[:, :-1]), number, summed, _folds(number, seed), tuple(classes.tolist()))


def _folds(number: Array, seed: int) -> Array:
    """Each class shuffled and dealt out, by a generator of its own: what the classes are called moves no row."""
    fold = np.empty(len(number), dtype=int)
    for k in range(number.max() + 1):
        mine = np.flatnonzero(number == k)
        fold[np.random.default_rng(seed).permutation(mine)] = FOLDS - 1 - np.arange(len(mine)) % FOLDS
    return fold
