"""Rows that do not fit the memory: loaded part by part when their turn comes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from edgewise.errors import SettingsError, ValuesError

from .history import Batch, check_rows, in_batches

Part = Callable[[], tuple[Any, Any]]


@dataclass(frozen=True)
class Chunks:
    """What `gradient` trains on with Adam where TrainingData would be too large.

    ``parts`` give x (rows, n_in) and y (rows, n_out), as arrays or tensors, each time they are called: one part is in memory
    at a time, in an order and with rows in an order drawn anew for each round. ``x_held`` and ``y_held`` stay in memory.

    >>> def part(number: int) -> tuple[np.ndarray, np.ndarray]:
    ...     x = np.random.default_rng(number).uniform(-1, 1, (1000, 2))
    ...     return x, x[:, :1] * x[:, 1:]
    >>> chunks = Chunks([partial(part, number) for number in range(1, 50)], *map(torch.as_tensor, part(0)))
    """

    parts: Sequence[Part]
    x_held: Float[Tensor, "held n_in"]
    y_held: Float[Tensor, "held n_out"]

    def __post_init__(self) -> None:
        if not len(self.parts):
            raise ValuesError("there are no parts to train on.")
        if not len(self.x_held):
            raise ValuesError("rows held out are needed: of parts that come and go the loss of all cannot be taken.")
        check_rows(self.x_held, self.y_held, "held-out")

    @classmethod
    def of_arrays(cls, x: Any, y: Any, *, rows: int = 100_000, held_out: int = 10_000, seed: int = 0) -> "Chunks":
        """Parts of ``rows`` rows of arrays x (rows, n_in) and y (rows, n_out) that may lie on disk, and some held out at random.

        For instance ``numpy.load("x.npy", mmap_mode="r")``; only what is asked for is read.
        """
        if hasattr(x, "columns") or hasattr(y, "columns"):
            raise SettingsError("x and y are arrays here; of data frames give x.to_numpy() and y.to_numpy().")
        if not (isinstance(rows, int) and isinstance(held_out, int)):
            raise SettingsError(f"rows and held_out are numbers of rows, got {rows!r} and {held_out!r}.")
        if rows < 1 or not 0 < held_out < len(x) or len(x) != len(y):
            raise SettingsError(
                f"rows must be 1 or more, held_out between 1 and the {len(x)} rows of x, and y as long as x; got rows={rows}, "
                f"held_out={held_out}, {len(y)} rows of y."
            )
        held = np.sort(np.random.default_rng(seed).choice(len(x), held_out, replace=False))
        parts = [partial(_without, x, y, held, start, start + rows) for start in range(0, len(x), rows)]
        return cls(parts, torch.as_tensor(np.array(x[held])), torch.as_tensor(np.array(y[held])))

    def like(self, number: Tensor) -> "Chunks":
        """The same rows in the dtype and on the device of ``number``."""
        parts = [partial(_loaded, part, i, number) for i, part in enumerate(self.parts)]
        return replace(self, parts=parts, x_held=self.x_held.to(number), y_held=self.y_held.to(number))

    @property
    def judged(self) -> tuple[Tensor, Tensor, None]:
        """x and y of the rows that networks are compared on, and no weights."""
        return self.x_held, self.y_held, None

    @property
    def sample(self) -> Tensor:
        """Rows to find the ranges of hidden nodes on."""
        return self.x_held

    def batches(self, size: int | None, generator: torch.Generator) -> Iterator[Batch]:
        """All rows once, in batches of ``size`` (a part at a time if None)."""
        for number in torch.randperm(len(self.parts), generator=generator).tolist():
            x, y = self.parts[number]()
            if len(x):
                yield from in_batches(x, y, None, size, generator)


def _without(x: Any, y: Any, held: np.ndarray, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows from ``start`` to ``stop`` that are not held out."""
    left = np.setdiff1d(np.arange(start, min(stop, len(x))), held, assume_unique=True) - start
    return np.array(x[start:stop])[left], np.array(y[start:stop])[left]


def _loaded(part: Part, number: int, like: Tensor) -> tuple[Tensor, Tensor]:
    x, y = (torch.as_tensor(given).to(like) for given in part())
    check_rows(x, y, f"part {number}'s")
    return x, y
