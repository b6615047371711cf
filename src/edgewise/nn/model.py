"""A network together with what its columns are called and how they are scaled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from edgewise.errors import ShapeError
from edgewise.primitives import Primitive

from .network import KAN


@dataclass(frozen=True)
class Scaling:
    """A column's affine way into the network: ``(value - shift) / scale``.

    A column with a ``period`` above 0 is first taken to its place between shift - period / 2 and shift + period / 2.
    """

    shift: tuple[float, ...]
    scale: tuple[float, ...]
    period: tuple[float, ...] = ()

    @classmethod
    def to_unit_range(cls, values: np.ndarray) -> "Scaling":
        """Each column of ``values`` (rows, columns) into [-1, 1]; a constant column onto 0."""
        low, high = values.min(0), values.max(0)
        half = (high - low) / 2
        return cls(tuple((low + half).tolist()), tuple(np.where(half > 0, half, 1.0).tolist()))

    @classmethod
    def to_unit_spread(cls, values: np.ndarray, weights: np.ndarray | None = None) -> "Scaling":
        """Each column of ``values`` (rows, columns) to mean 0 and standard deviation 1; ``weights`` (rows,) weigh rows."""
        if weights is None:
            mean, spread = values.mean(0), values.std(0)
        else:
            mean = np.average(values, axis=0, weights=weights)
            spread = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
        return cls(tuple(mean.tolist()), tuple(np.where(spread > 0, spread, 1.0).tolist()))

    def into(self, values: np.ndarray) -> np.ndarray:
        """Original units -> the network's."""
        moved = values - np.array(self.shift)
        if self.period:
            period = np.array(self.period)
            moved = moved - period * np.floor(moved / np.where(period > 0, period, 1.0) + 0.5)
        return np.asarray(moved / np.array(self.scale))

    def take(self, columns: Sequence[int]) -> "Scaling":
        """That of some of the columns."""
        shift, scale, period = (tuple(part[i] for i in columns) if part else () for part in self._parts())
        return Scaling(shift, scale, period)

    def _parts(self) -> tuple[tuple[float, ...], ...]:
        return self.shift, self.scale, self.period

    def back(self, values: np.ndarray) -> np.ndarray:
        """The network's units -> original."""
        return values * np.array(self.scale) + np.array(self.shift)


@dataclass(frozen=True)
class Model:
    """A network that takes columns in their own units and answers in the target's.

    ``network`` sees scaled columns; ``inputs`` and ``targets`` are the columns' names; ``units`` maps a column to its unit.
    """

    network: KAN
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    input_scaling: Scaling
    target_scaling: Scaling
    units: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what, names, nodes in (
            ("inputs", self.inputs, self.network.shape[0]),
            ("outputs", self.targets, self.network.shape[-1]),
        ):
            if len(names) != nodes:
                raise ShapeError(f"the network has {nodes} {what} but {len(names)} names came: {', '.join(names)}.")

    def with_network(self, network: KAN) -> "Model":
        """The same columns around another network."""
        return replace(self, network=network)

    def scaled(self, x: np.ndarray) -> Tensor:
        """Rows in original units -> what the network takes, in its dtype and on its device."""
        x = np.asarray(x, dtype=np.float64)
        if x.ndim != 2 or x.shape[1] != len(self.inputs):
            raise ShapeError(
                f"the model takes {len(self.inputs)} columns ({', '.join(self.inputs)}) but x has shape {x.shape}."
            )
        return torch.as_tensor(self.input_scaling.into(x)).to(self.network[0].weight)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Answers for rows ``x`` (rows, inputs) in original units: (rows,), or (rows, targets) for several targets."""
        with torch.no_grad():
            answers = self.network(self.scaled(x)).to(torch.float64).cpu().numpy()
        answers = self.target_scaling.back(answers)
        return answers[:, 0] if len(self.targets) == 1 else answers

    def save(self, path: str | Path) -> None:
        """Write one safetensors file; `Model.load` gives back a model with the same bytes."""
        from .storage import save

        save(self, path)

    def to_onnx(self, path: str | Path) -> None:
        """Write an ONNX file: ``x`` (rows, inputs) to ``y`` (rows, targets), float64, both in original units.

        Needs the extra ``edgewise[onnx]``. Raises SettingsError without it, and for a basis other than B-splines.
        """
        from .onnx_graph import save_onnx

        save_onnx(self, path)

    @classmethod
    def load(cls, path: str | Path, primitives: Sequence[Primitive] = ()) -> "Model":
        """Read what `save` wrote. ``primitives`` are the user's own, if edges are fixed to any.

        Raises StorageError for anything else, a pickle among it.
        """
        from .storage import load

        return load(path, primitives)


def describe(model: Model) -> dict[str, Any]:
    """Names, units and scaling as plain values."""
    return {
        "inputs": list(model.inputs),
        "targets": list(model.targets),
        "units": dict(model.units),
        "input_scaling": _described(model.input_scaling),
        "target_scaling": _described(model.target_scaling),
    }


def _described(scaling: Scaling) -> dict[str, list[float]]:
    said = {"shift": list(scaling.shift), "scale": list(scaling.scale)}
    return {**said, "period": list(scaling.period)} if scaling.period else said
