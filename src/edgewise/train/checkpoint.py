"""A training on disk: two networks, the losses so far, the optimiser's memory. A safetensors file, never a pickle."""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from edgewise.errors import StorageError
from edgewise.files import write_whole
from edgewise.nn import KAN

VERSION = 3
Losses = list[tuple[float, float]]
About = dict[str, Any]  # plain values: what decides how a training goes on
_SUM = re.compile("[0-9a-f]{64}")  # a checksum


def write_checkpoint(
    path: str | Path, network: KAN, best: KAN, losses: Losses, state: dict[str, Tensor], about: About
) -> None:
    """Write it; the old file stands until the new one is whole."""
    tensors = {
        **{f"network.{name}": value for name, value in _numbers(network).items()},
        **{f"best.{name}": value for name, value in _numbers(best).items()},
        **{f"state.{name}": value.detach().cpu().contiguous() for name, value in state.items()},
    }
    told = {"version": VERSION, "losses": losses, "fixed": _names(network), "about": about}
    header = {"checkpoint": json.dumps(told, default=lambda number: number.item())}  # NumPy's
    write_whole(path, to_bytes(tensors, metadata=header))


def read_checkpoint(path: str | Path, network: KAN, best: KAN, about: About) -> tuple[Losses, dict[str, Tensor]]:
    """Fill the two networks, and give back the losses and the optimiser's memory.

    Raises StorageError for a file that is no checkpoint, or of another network, or of a training about something else (it
    says of what).
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            header = json.loads((file.metadata() or {})["checkpoint"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        if header["version"] != VERSION:
            raise StorageError(
                f"{path} has version {header['version']}, but this edgewise goes on from {VERSION}: remove it."
            )
        if header["fixed"] != _names(network):
            raise StorageError(f"{path} belongs to a network whose edges are fixed to other functions.")
        for target, prefix in ((network, "network."), (best, "best.")):
            own = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
            target.load_state_dict(own, strict=False)
            if set(own) != set(_numbers(target)):
                raise StorageError(f"{path} belongs to another network: its parts are named otherwise.")
        _require_same(path, dict(header["about"]), about)
        losses: Losses = [(float(a), float(b)) for a, b in header["losses"]]
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError, OSError) as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(
            f"{path} is no checkpoint of this network: {error}. Name another file, or remove it."
        ) from error
    return losses, {name.removeprefix("state."): v for name, v in tensors.items() if name.startswith("state.")}


def digest(rows: Iterable[Tensor | None]) -> str:
    """A checksum of tensors, their shapes and kinds of number."""
    found = hashlib.sha256()
    for part in rows:
        found.update(repr(None if part is None else (part.dtype, tuple(part.shape))).encode())
        if part is not None:
            found.update(part.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def _require_same(path: str | Path, earlier: About, now: About) -> None:
    others = [
        f"another {name} ({_brief(earlier.get(name))}, now {_brief(now.get(name))})"
        for name in dict.fromkeys([*now, *earlier])
        if earlier.get(name) != now.get(name)
    ]
    if others:
        raise StorageError(
            f"the training in {path} is of {', '.join(others)}. Give what it began with, name another file, or remove it."
        )


def _brief(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 100 and not _SUM.fullmatch(text) else f"{text[:12]}..."


def _names(network: KAN) -> list[list[list[int | str]]]:
    """Which edges are fixed to what, layer by layer."""
    return [[list(edge) for edge in layer.fixed_names()] for layer in network]


def _numbers(network: KAN) -> dict[str, Tensor]:
    """Parameters and buffers (names of fixed edges do not change in training)."""
    state = network.state_dict()
    return {name: value.detach().cpu().contiguous() for name, value in state.items() if isinstance(value, Tensor)}
