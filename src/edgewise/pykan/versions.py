"""What a model was after each change, kept in memory: nothing is written.

A version is called ``round.state``. Each change is the next state; going back begins a new round.
"""

import copy
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from edgewise.errors import unknown
from edgewise.nn import KAN
from edgewise.train import TrainingData


@dataclass(frozen=True)
class Seen:
    """Rows that scores look at, rows of the last fit, and its error over the labels' spread. Shared, never changed."""

    rows: Tensor | None = None
    data: TrainingData | None = None
    error: float = 0.0

    def __deepcopy__(self, memo: dict[int, Any]) -> "Seen":
        return self

    @torch.no_grad()
    def measured(self, network: KAN) -> "Seen":
        """The same rows with the error of this network on them."""
        if self.data is None:
            return self
        x, y = self.data.x, self.data.y
        error = float((network(x) - y).square().mean().sqrt()) / (float(y.std(correction=0)) or 1.0)
        return replace(self, error=error)


@dataclass(frozen=True)
class Version:
    """One state: its place, what led to it, the network, what it had seen."""

    round: int
    state: int
    what: str
    network: KAN
    seen: Seen

    @property
    def name(self) -> str:
        """``round.state``."""
        return f"{self.round}.{self.state}"


@dataclass(frozen=True)
class Versions:
    """All versions so far, the present one last."""

    kept: tuple[Version, ...] = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> "Versions":
        return self

    def then(self, what: str, network: KAN, seen: Seen) -> "Versions":
        """One state more; the network is copied."""
        round_, state = (self.kept[-1].round, self.kept[-1].state + 1) if self.kept else (0, 0)
        return Versions((*self.kept, Version(round_, state, what, copy.deepcopy(network), seen)))

    def until(self, name: str) -> "Versions":
        """Up to that version. Raises UnknownNameError with the names that there are."""
        names = [version.name for version in self.kept]
        if name not in names:
            raise unknown("version", name, names)
        return Versions(self.kept[: names.index(name) + 1])

    def rewound(self, name: str) -> "Versions":
        """All versions, and once more the one of that name, in a new round."""
        old = self.until(name).kept[-1]
        again = Version(self.kept[-1].round + 1, old.state, f"rewind to {name}", old.network, old.seen)
        return Versions((*self.kept, again))
