"""The network of a discovery has the shapes that were asked, in the columns' own units."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgewise import Model, Table
from edgewise.discovery.architecture import find_architecture
from edgewise.discovery.prepare import prepare
from edgewise.discovery.shapes import Shapes
from edgewise.discovery.sight import Sight, left_out
from edgewise.errors import SettingsError
from edgewise.train import Levenberg

ROUGH = Levenberg(restarts=1, intervals=(3, 6), bouts=2, steps=5)
POINTS = 100_000


def table(f: Callable[[np.ndarray], np.ndarray], rows: int = 200) -> Table:
    draw = np.random.default_rng(0)
    x = draw.uniform((-2, 0.5), (3, 4), (rows, 2))
    y = f(x)
    return Table.from_arrays(x, y + 0.1 * y.std() * draw.standard_normal(rows), names=["a", "b"], target="y")


def network(rows: Table, shapes: dict[str, str]) -> Model:
    asked = Shapes.read(shapes, rows)
    found = find_architecture(prepare(rows, 0), seed=0, stop=lambda: False, most=1, coarse=ROUGH, asked=asked)
    assert found is not None
    return found.model


def moved(x: np.ndarray, column: int, values: np.ndarray) -> np.ndarray:
    x = x.copy()
    x[:, column] = values
    return x


CASES: list[tuple[dict[str, str], Callable[[np.ndarray], np.ndarray]]] = [
    ({"a": "increasing", "b": "concave"}, lambda x: np.tanh(x[:, 0]) + np.sqrt(x[:, 1])),
    ({"a": "even", "y": "positive"}, lambda x: np.cosh(x[:, 0]) * x[:, 1]),
    ({"a": "odd"}, lambda x: np.sin(x[:, 0])),
    ({"a": "periodic pi", "b": "increasing"}, lambda x: np.sin(2 * x[:, 0]) + x[:, 1]),
    ({"a": "symmetric with b"}, lambda x: x[:, 0] + x[:, 1]),
    ({"b": "increasing and concave", "y": "negative"}, lambda x: -np.exp(-x[:, 1]) - np.exp(x[:, 0] / 3)),
    ({"b": "convex", "y": "negative"}, lambda x: -np.sqrt(x[:, 1]) - x[:, 0] ** 2),
]


@pytest.mark.parametrize(("shapes", "f"), CASES)
def test_no_point_of_the_box_breaks_the_shapes(shapes: dict[str, str], f: Callable[[np.ndarray], np.ndarray]) -> None:
    predict = network(table(f), shapes).predict
    draw = np.random.default_rng(1)
    x = draw.uniform((-2, 0.5), (3, 4), (POINTS, 2))
    step, here = draw.uniform(0.01, 0.5, POINTS), predict(x)
    broken = {}
    for column, text in shapes.items():
        i = ("a", "b").index(column) if column != "y" else 0
        ahead, back = predict(moved(x, i, x[:, i] + step)), predict(moved(x, i, x[:, i] - step))
        there = predict(moved(x, i, -x[:, i]))
        tests = {
            "increasing": here - ahead,
            "convex": 2 * here - ahead - back,
            "concave": ahead + back - 2 * here,
            "even": abs(here - there),
            "odd": abs(here + there),
            "periodic pi": abs(here - predict(moved(x, i, x[:, i] + np.pi))),
            "symmetric with b": abs(here - predict(x[:, ::-1])),
            "positive": np.where(here > 0, -1.0, 1.0),
            "negative": np.where(here < 0, -1.0, 1.0),
        }
        broken |= {word: int(np.sum(tests[word] > 1e-12 * np.abs(here).max())) for word in text.split(" and ")}
    assert broken == dict.fromkeys(broken, 0)
    assert np.corrcoef(here, f(x))[0, 1] > 0.95


def test_a_network_that_repeats_is_stored_with_its_period(tmp_path: Path) -> None:
    model = network(table(lambda x: np.sin(2 * x[:, 0]) + x[:, 1]), {"a": "periodic pi"})
    assert model.input_scaling.period == (np.pi, 0.0)
    model.save(tmp_path / "m.safetensors")
    again = Model.load(tmp_path / "m.safetensors")
    x = np.random.default_rng(2).uniform(-9, 9, (50, 2))
    assert np.array_equal(again.predict(x), model.predict(x))
    reference = pytest.importorskip("onnx.reference")
    model.to_onnx(tmp_path / "m.onnx")
    (onnx,) = reference.ReferenceEvaluator(str(tmp_path / "m.onnx")).run(None, {"x": x})
    np.testing.assert_allclose(onnx[:, 0], model.predict(x), atol=1e-12)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"a": "even and increasing"}, "even and increasing in 'a': only a constant"),
        ({"a": "odd", "y": "positive"}, "odd in 'a' and of one sign"),
        ({"a": "odd", "b": "convex"}, "convex becomes concave"),
        ({"y": "positive and negative"}, "no number is both"),
        ({"a": "periodic 2 and periodic 3"}, "which also repeats after 2"),
        ({"a": "increasing and symmetric with b", "b": "decreasing"}, "only a constant"),
    ],
)
def test_shapes_that_cannot_be_together_are_said_before_the_search(shapes: dict[str, str], message: str) -> None:
    from edgewise import discover

    with pytest.raises(SettingsError, match=message):
        discover(table(lambda x: x[:, 0]), shapes=shapes, time_budget=1)


def test_columns_that_no_network_sees_are_named() -> None:
    rows = table(lambda x: x[:, 0])
    constant = Table.from_arrays(np.c_[rows.x, np.ones(200), rows.x[:, 0]], rows.y, names=["a", "b", "c", "copy"])
    shapes = Shapes.read({"c": "odd", "copy": "increasing"}, constant)
    prepared = prepare(constant, 0)
    assert left_out(prepared, shapes) == ("the network does not know of c: odd: the column was left aside.",)
    shaping = Sight.of(prepared, shapes).shaping
    assert shaping is not None
    assert shaping.words == (frozenset({"increasing"}), frozenset())
