"""One file a model: the same bytes for the same model, and no way in for anything else."""

import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from edgewise.errors import StorageError
from edgewise.nn import KAN, Model, Scaling
from edgewise.nn.storage import dumps
from edgewise.primitives import Primitive


def network(**settings: Any) -> KAN:
    return KAN([2, (2, 1), 1], generator=torch.Generator().manual_seed(0), **settings)


def model_of(net: KAN) -> Model:
    return Model(net, ("L", "温度 [°C]"), ("T",), Scaling((1.0, 2.0), (0.5, 3.0)), Scaling((0.1,), (7.0,)), {"L": "m"})


def fixed_and_pruned() -> KAN:
    net = network(dtype=torch.float64)
    net[0].set_edge(0, 0, "sin", (2.0, 0.1, 3.0, 0.2))
    net[0].set_edge(1, 3, "power", (0.1, 1.5, 1.0, 0.0, 0.37))
    net[0].set_edge(1, 0, None)
    net[1].set_edge(2, 0, "exp")
    return net


MODELS: dict[str, Callable[[], KAN]] = {
    "plain": network,
    "float64": lambda: network(dtype=torch.float64),
    "fixed and pruned": fixed_and_pruned,
    "chebyshev": lambda: network(basis="chebyshev", extrapolation="constant"),
    "rbf": lambda: network(basis="rbf", degree=2, residual="none"),
    "spline weight": lambda: network(spline_weight=True, intervals=3),
}
X = np.random.default_rng(0).uniform(0, 4, (30, 2))


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_what_is_loaded_is_what_was_saved(make: Callable[[], KAN], tmp_path: Path) -> None:
    model = model_of(make())
    model.save(tmp_path / "model.safetensors")
    again = Model.load(tmp_path / "model.safetensors")
    assert np.array_equal(again.predict(X), model.predict(X))
    assert dumps(again) == dumps(model) == (tmp_path / "model.safetensors").read_bytes()
    assert (again.inputs, again.targets, dict(again.units)) == (model.inputs, model.targets, dict(model.units))
    assert [layer.fixed for layer in again.network] == [layer.fixed for layer in model.network]
    assert [layer.basis.settings() for layer in again.network] == [layer.basis.settings() for layer in model.network]


def test_saving_leaves_one_file_and_writes_over_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    model_of(network()).save(path)
    model_of(fixed_and_pruned()).save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]
    assert len(Model.load(path).network[0].fixed) == 2


def test_a_saved_model_can_be_read_by_others(tmp_path: Path) -> None:
    """As any file: what the umask allows, not the 0600 of a temporary one."""
    plain, path = tmp_path / "plain", tmp_path / "model.safetensors"
    plain.touch()
    model_of(network()).save(path)
    assert path.stat().st_mode == plain.stat().st_mode


def test_a_primitive_of_the_users_own(tmp_path: Path) -> None:
    own = Primitive("sinc", lambda m, x: m.sin(x) / x)
    net = network()
    net[0].set_edge(0, 0, own)
    path = tmp_path / "model.safetensors"
    model_of(net).save(path)
    with pytest.raises(StorageError, match="no primitive 'sinc'"):
        Model.load(path)
    assert np.array_equal(Model.load(path, [own]).predict(X), model_of(net).predict(X))


# -- files that are no model ---------------------------------------------------------------------------------------------


class Boom:
    def __reduce__(self) -> Any:
        return os.mkdir, ("pwned",)


def truncated(path: Path) -> None:
    path.write_bytes(dumps(model_of(network()))[:-100])


def other_tensors(path: Path) -> None:
    save_file({"weight": torch.zeros(3)}, path)


FILES: dict[str, Callable[[Path], object]] = {
    "garbage": lambda path: path.write_bytes(bytes(range(256)) * 20),
    "empty": lambda path: path.write_bytes(b""),
    "truncated": truncated,
    "pickle": lambda path: path.write_bytes(pickle.dumps(Boom())),
    "torch.save": lambda path: torch.save({"weight": torch.zeros(3)}, path),
    "other safetensors": other_tensors,
    "huge header length": lambda path: path.write_bytes(struct.pack("<Q", 2**62) + b"{}"),
    "text": lambda path: path.write_text("complexity,rmse\n1,2\n"),
}


@pytest.mark.parametrize("write", FILES.values(), ids=FILES)
def test_other_files_are_refused(write: Callable[[Path], object], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "file")
    with pytest.raises(StorageError, match="model of edgewise"):
        Model.load(tmp_path / "file")
    assert not (tmp_path / "pwned").exists()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no file"):
        Model.load(tmp_path / "nothing")
    with pytest.raises(StorageError, match="there is no file"):
        Model.load(tmp_path)


def forge(path: Path, change: Callable[[dict[str, Any], dict[str, torch.Tensor]], object]) -> None:
    """A model's file with something else in its header or among its tensors."""
    model_of(fixed_and_pruned()).save(path)
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["edgewise"])
    tensors = load_file(path)
    change(header, tensors)
    save_file(tensors, path, {"edgewise": json.dumps(header)})


def layer_claim(key: str, value: Any) -> Callable[[dict, dict], None]:
    def change(header: dict, tensors: dict) -> None:
        where = header["layers"][0]
        *parts, last = key.split(".")
        for part in parts:
            where = where[part]
        where[last] = value

    return change


def claim(key: str, value: Any) -> Callable[[dict, dict], None]:
    return lambda header, tensors: header.update({key: value})


FORGERIES: dict[str, Callable[[dict, dict], object]] = {
    "a billion intervals": layer_claim("basis.intervals", 10**9),
    "negative intervals": layer_claim("basis.intervals", -3),
    "intervals in words": layer_claim("basis.intervals", "five"),
    "a billion sums": layer_claim("arity", [10**9]),
    "a million nodes": layer_claim("arity", [1] * 10**6),
    "fractions of sums": layer_claim("arity", [1.5, 1, 2]),
    "an unknown basis": layer_claim("basis.name", "fourier"),
    "an unknown residual": layer_claim("residual", "__class__"),
    "an unknown extrapolation": layer_claim("basis.extrapolation", "wild"),
    "an unknown primitive": layer_claim("fixed", [[0, 0, "os.system"], [1, 3, "power"]]),
    "an edge that is not there": layer_claim("fixed", [[7, 0, "sin"], [1, 3, "power"]]),
    "an edge twice": layer_claim("fixed", [[1, 3, "power"], [1, 3, "power"]]),
    "fewer fixed edges than constants": layer_claim("fixed", [[0, 0, "sin"]]),
    "fixed edges that are no list": layer_claim("fixed", "sin"),
    "no layers": claim("layers", []),
    "layers of another kind": claim("layers", {"0": 1}),
    "a version to come": claim("version", 99),
    "a version in words": claim("version", "one"),
    "names of too many inputs": claim("inputs", ["a", "b", "c"]),
    "names that are numbers": claim("inputs", [1, 2]),
    "units that are no table": claim("units", [1, 2]),
    "scaling of too many inputs": claim("input_scaling", {"shift": [0.0] * 5, "scale": [1.0] * 5}),
    "scaling in words": claim("target_scaling", {"shift": ["zero"], "scale": ["one"]}),
    "scaling by zero": claim("input_scaling", {"shift": [0.0, 0.0], "scale": [1.0, 0.0]}),
    "a missing header": lambda header, tensors: header.clear(),
    "a missing tensor": lambda header, tensors: tensors.pop("layers.0.weight"),
    "a missing mask": lambda header, tensors: tensors.pop("layers.1.mask"),
    "a tensor too many": lambda header, tensors: tensors.update({"layers.0.arity": torch.zeros(3)}),
    "a layer too many": lambda header, tensors: tensors.update({"layers.7.weight": torch.zeros(3)}),
    "a tensor of another shape": lambda header, tensors: tensors.update({"layers.0.bias": torch.zeros(9)}),
    "whole numbers": lambda header, tensors: tensors.update({"layers.0.knots": torch.zeros(2, 12, dtype=torch.int64)}),
    "knots that are no numbers": lambda header, tensors: tensors["layers.0.knots"].fill_(torch.nan),
    "knots that fall": lambda header, tensors: tensors.update({"layers.0.knots": -tensors["layers.0.knots"]}),
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES)
def test_forged_files_are_refused(change: Callable[[dict, dict], object], tmp_path: Path) -> None:
    forge(tmp_path / "file", change)
    with pytest.raises(StorageError):
        Model.load(tmp_path / "file")


def test_an_unforged_file_goes_through_the_forge(tmp_path: Path) -> None:
    forge(tmp_path / "file", lambda header, tensors: None)
    assert np.array_equal(Model.load(tmp_path / "file").predict(X), model_of(fixed_and_pruned()).predict(X))
