"""ONNX files answer as the model does: inside the knots and far beyond, products, fixed and absent edges."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from edgewise.basis import BSpline
from edgewise.errors import SettingsError
from edgewise.nn import KAN, Model, Scaling
from edgewise.primitives import PRIMITIVES

runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed, so ONNX files were not run here")


def model_of(network: KAN) -> Model:
    n_in, n_out = network.shape[0], network.shape[-1]
    scaling = Scaling(tuple(np.linspace(-1, 2, n_in)), tuple(np.linspace(1, 3, n_in)))
    answers = Scaling(tuple(np.linspace(5, 6, n_out)), tuple(np.linspace(2, 4, n_out)))
    return Model(network, tuple(f"a{i}" for i in range(n_in)), tuple(f"b{i}" for i in range(n_out)), scaling, answers)


def random_network(shape: list, **settings: object) -> KAN:
    return KAN(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0), **settings)


def answers(model: Model, x: np.ndarray, path: Path) -> np.ndarray:
    model.to_onnx(path)
    found = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(["y"], {"x": x})[0]
    return found[:, 0] if len(model.targets) == 1 else found


def rows(columns: int, size: float = 1.0, number: int = 200) -> np.ndarray:
    return np.random.default_rng(0).normal(0, size, (number, columns))


@pytest.mark.parametrize("degree", [1, 2, 3, 5])
@pytest.mark.parametrize("extrapolation", ["continue", "linear", "constant"])
def test_splines_inside_and_outside_the_knots(degree: int, extrapolation: str, tmp_path: Path) -> None:
    model = model_of(random_network([2, 3, 2], degree=degree, extrapolation=extrapolation))
    for size in (0.5, 2.0, 100.0):
        x = rows(2, size)
        np.testing.assert_allclose(answers(model, x, tmp_path / "m.onnx"), model.predict(x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("residual", ["silu", "identity", "none"])
def test_product_nodes_and_absent_edges(residual: str, tmp_path: Path) -> None:
    network = random_network([3, [1, 2, 3], (1, 1)], residual=residual, spline_weight=True)
    network[0].set_edge(1, 2, None)
    network[1].set_edge(0, 0, "sin", (2.0, 0.1, 0.5, -0.2, 1.0))
    model, x = model_of(network), rows(3)
    np.testing.assert_allclose(answers(model, x, tmp_path / "m.onnx"), model.predict(x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", list(PRIMITIVES))
def test_every_primitive(name: str, tmp_path: Path) -> None:
    network = random_network([1, 1])
    network[0].set_edge(0, 0, name, (0.9, 0.02, 1.5, -0.5, 1.7))
    model = Model(network, ("a",), ("b",), Scaling((0.0,), (1.0,)), Scaling((0.0,), (1.0,)))
    low, high = PRIMITIVES[name].domain
    x = np.linspace(max(low, -4), min(high, 4), 400)[1:-1, None]
    expected = model.predict(x)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(answers(model, x, tmp_path / "m.onnx"), expected, rtol=1e-9, atol=1e-9)


def test_knots_that_meet(tmp_path: Path) -> None:
    network = random_network([1, 1], intervals=4)
    breaks = torch.tensor([[-1.0, -0.2, -0.2, 0.5, 1.0]], dtype=torch.float64)
    network[0].basis = BSpline.at(breaks, 3)
    model, x = model_of(network), np.linspace(-4, 3, 301)[:, None]
    np.testing.assert_allclose(answers(model, x, tmp_path / "m.onnx"), model.predict(x), rtol=1e-9, atol=1e-9)


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'chebyshev'"):
        model_of(random_network([1, 1], basis="chebyshev")).to_onnx(tmp_path / "m.onnx")
    with pytest.raises(SettingsError, match="extrapolation 'error'"):
        model_of(random_network([1, 1], extrapolation="error")).to_onnx(tmp_path / "m.onnx")


def test_without_the_extra_the_line_to_type_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(SettingsError, match=r"pip install 'edgewise\[onnx\]'"):
        model_of(random_network([1, 1])).to_onnx(tmp_path / "m.onnx")
