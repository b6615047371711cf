"""One safetensors file a model: numbers as tensors, structure as a JSON header. Nothing in it is ever executed."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_of
from safetensors.torch import save as to_bytes
from torch import nn

from edgewise.basis import BASES
from edgewise.errors import EdgewiseError, StorageError
from edgewise.files import write_whole
from edgewise.primitives import Primitive, find

from .layer import KANLayer
from .model import Model, Scaling, describe
from .network import KAN

VERSION = 2  # 1: without periods of columns


def save(model: Model, path: str | Path) -> None:
    """Write the model; the file appears whole or not at all."""
    write_whole(path, dumps(model))


def dumps(model: Model) -> bytes:
    """The bytes of the file: the same model gives the same bytes."""
    tensors = {
        f"layers.{number}.{name}": value.detach().cpu().contiguous()
        for number, layer in enumerate(model.network)
        for name, value in _tensors(layer).items()
    }
    version = VERSION if model.input_scaling.period else 1
    header = {"version": version, "layers": [_describe_layer(layer) for layer in model.network], **describe(model)}
    return to_bytes(tensors, metadata={"edgewise": json.dumps(header, sort_keys=True)})


def load(path: str | Path, primitives: Sequence[Primitive] = ()) -> Model:
    """The model in the file. Raises StorageError for anything that `save` did not write."""
    path = Path(path)
    if not path.is_file():
        raise StorageError(f"there is no file {path}.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _no_model(str(path)) from error
    return loads(data, str(path), primitives)


def loads(data: bytes, name: str = "this", primitives: Sequence[Primitive] = ()) -> Model:
    """The model that `dumps` wrote; ``name`` is what an error calls the bytes. Raises StorageError for any others."""
    try:
        tensors = tensors_of(data)
        header = metadata(data).get("edgewise")
    except (SafetensorError, KeyError, AssertionError, RuntimeError, ValueError) as error:
        raise _no_model(name) from error
    if header is None:
        raise StorageError(f"{name} is a safetensors file, but not a model of edgewise.")
    try:
        return _build(json.loads(header), tensors, {p.name: p for p in primitives})
    except (KeyError, TypeError, IndexError, AttributeError, ArithmeticError, RuntimeError, ValueError) as error:
        if isinstance(error, EdgewiseError) and not isinstance(error, StorageError):
            raise StorageError(f"{name} does not describe a network: {error}") from error
        raise error if isinstance(error, StorageError) else _no_model(name) from error


def metadata(data: bytes) -> dict[str, str]:
    """The texts in the header of a safetensors file whose tensors were read, so that the header is known to be sound."""
    length = int.from_bytes(data[:8], "little")
    return dict(json.loads(data[8 : 8 + length]).get("__metadata__") or {})


def _no_model(name: str) -> StorageError:
    return StorageError(
        f"{name} is no model of edgewise, or a damaged one (a safetensors file was expected; pickles are never read)."
    )


def _tensors(layer: KANLayer) -> dict[str, torch.Tensor]:
    """The numbers of a layer; constants of fixed edges only where there are any."""
    named = {
        "weight": layer.weight,
        "bias": layer.bias,
        "mask": layer.mask,
        "knots": layer.basis.knots,
        "spline_weight": layer.spline_weight,
        "constants": layer.constants if layer.fixed else None,
    }
    return {name: value for name, value in named.items() if value is not None}


def _describe_layer(layer: KANLayer) -> dict[str, Any]:
    return {
        "arity": list(layer.arity),
        "basis": layer.basis.settings(),
        "residual": layer.residual,
        "fixed": layer.fixed_names(),
    }


def _build(header: dict[str, Any], tensors: dict[str, torch.Tensor], own: dict[str, Primitive]) -> Model:
    if header["version"] > VERSION:
        raise StorageError(f"the file has version {header['version']}, this edgewise reads up to {VERSION}: update it.")
    layers = [_build_layer(described, _tensors_of(n, tensors), own) for n, described in enumerate(header["layers"])]
    taken = sum(len(_tensors_of(n, tensors)) for n in range(len(layers)))
    _require(taken == len(tensors), f"{len(tensors)} tensors are in it, but {taken} belong to its {len(layers)} layers")
    inputs, targets = header["inputs"], header["targets"]
    _require(all(isinstance(name, str) for name in (*inputs, *targets)), "the names of its columns are no text")
    units = header["units"]
    _require(all(isinstance(text, str) for item in units.items() for text in item), "its units are no text")
    into = _scaling(header["input_scaling"], len(inputs))
    back = _scaling(header["target_scaling"], len(targets))
    return Model(KAN.of(layers), tuple(inputs), tuple(targets), into, back, units)


def _tensors_of(number: int, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    prefix = f"layers.{number}."
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _scaling(described: dict[str, Any], columns: int) -> Scaling:
    shift, scale = (tuple(map(float, described[key])) for key in ("shift", "scale"))
    sound = len(shift) == len(scale) == columns and all(map(math.isfinite, shift + scale)) and all(scale)
    _require(sound, f"its scaling is not one finite shift and scale for each of {columns} columns")
    period = tuple(map(float, described.get("period", ())))
    sound = not period or (len(period) == columns and all(0 <= one < math.inf for one in period))
    _require(sound, f"its periods are not one finite number for each of {columns} columns")
    return Scaling(shift, scale, period)


def _require(sound: bool, otherwise: str) -> None:
    if not sound:
        raise StorageError(f"the file is no model of edgewise, or a damaged one: {otherwise}.")


def _check_claims(described: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
    """Before anything is built, the sizes that the header claims must be those of the tensors that are there."""
    arity, settings = described["arity"], described["basis"]
    _require(all(type(a) is int for a in arity), f"arity {arity} is not made of whole numbers")
    claimed = (tensors["knots"].shape[0], settings["intervals"] + settings["degree"] + 1, sum(arity))
    shape = tuple(tensors["weight"].shape)
    _require(shape == claimed, f"its weights have shape {shape} where its header claims {claimed}")
    needed = {"weight", "bias", "mask", "knots", *(["constants"] if described["fixed"] else [])}
    _require(needed == tensors.keys() - {"spline_weight"}, f"a layer holds {sorted(tensors)}, not {sorted(needed)}")


def _build_layer(described: dict[str, Any], tensors: dict[str, torch.Tensor], own: dict[str, Primitive]) -> KANLayer:
    _check_claims(described, tensors)
    settings = described["basis"]
    knots = tensors["knots"]
    layer = KANLayer(
        knots.shape[0],
        arity=described["arity"],
        intervals=settings["intervals"],
        degree=settings["degree"],
        residual=described["residual"],
        spline_weight="spline_weight" in tensors,
        init="zero",
        dtype=knots.dtype,
    )
    layer.basis = BASES[settings["name"]](knots, settings["intervals"], settings["degree"], settings["extrapolation"])
    for source, target, name in described["fixed"]:
        layer.set_edge(source, target, find(name, own))
    with torch.no_grad():
        for name, value in tensors.items():
            if name == "knots":
                continue
            place = getattr(layer, name)
            if place.shape != value.shape:
                raise StorageError(f"{name} has shape {tuple(value.shape)} where {tuple(place.shape)} was expected.")
            place.copy_(value) if not isinstance(place, nn.Parameter) else place.data.copy_(value)
    return layer
