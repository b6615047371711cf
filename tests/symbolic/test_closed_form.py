"""A network of named edges and its formula are one function."""

import itertools

import numpy as np
import pytest
import sympy
import torch

from edgewise.errors import NotSymbolicError
from edgewise.formula import evaluate
from edgewise.nn import KAN, Model, Scaling
from edgewise.primitives import PRIMITIVES
from edgewise.surgery import fix, remove
from edgewise.symbolic import closed_form, compile_formula, network_form

X = np.random.default_rng(0).uniform(0.2, 0.9, (60, 3))


def model_of(network: KAN, names: tuple[str, ...]) -> Model:
    n, outputs = network.shape[0], network.shape[-1]
    into = Scaling(tuple(0.1 * i for i in range(n)), tuple(1.0 + 0.2 * i for i in range(n)))
    back = Scaling(tuple(3.0 + i for i in range(outputs)), tuple(2.0 + i for i in range(outputs)))
    return Model(network, names, tuple(f"y{i}" for i in range(outputs)), into, back)


def agree(model: Model, x: np.ndarray) -> None:
    names = [f"v{i}" for i in range(len(model.inputs))]
    model = Model(model.network, tuple(names), model.targets, model.input_scaling, model.target_scaling)
    columns = dict(zip(names, x.T, strict=True))
    formulas = [np.broadcast_to(evaluate(e, columns), (len(x),)) for e in closed_form(model)]
    answers = model.predict(x).reshape(len(x), -1)
    np.testing.assert_allclose(np.stack(formulas, 1), answers, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", sorted(PRIMITIVES))
def test_every_primitive_on_an_edge(name: str) -> None:
    network = fix(KAN([1, 1], dtype=torch.float64), (0, 0, 0), name, (0.7, 0.15, 1.3, -0.4, 1.7))
    agree(model_of(network, ("a",)), X[:, :1])


@pytest.mark.parametrize("shape", [[3, 2, 1], [3, (1, 1), 2], [3, [1, 3], 1], [3, 2, (0, 1)]], ids=str)
def test_sums_products_biases_and_absent_edges(shape: list) -> None:
    network = KAN(shape, dtype=torch.float64)
    names = itertools.cycle(["sin", "x^2", "x", "exp", "tanh"])
    for number, (edge, _) in enumerate(list(network.edges())):
        network = fix(network, edge, next(names), (0.5 + 0.1 * number, 0.2, 0.4, 0.1))
    network = remove(network, (0, 1, 0))
    with torch.no_grad():
        for layer in network:
            layer.bias.copy_(torch.linspace(-0.5, 0.7, layer.n_sums))
    agree(model_of(network, ("a", "b", "c")), X)


def test_names_are_the_columns_identifiers() -> None:
    network = fix(KAN([1, 1], dtype=torch.float64), (0, 0, 0), "x", (1, 0, 1, 0))
    model = Model(network, ("bed depth [cm]",), ("y",), Scaling((0.0,), (1.0,)), Scaling((0.0,), (1.0,)))
    assert {s.name for s in closed_form(model)[0].free_symbols} == {"bed_depth_cm"}


def test_plain_constants_vanish() -> None:
    network = fix(KAN([2, 1], dtype=torch.float64), (0, 0, 0), "sin", (1, 0, 1, 0))
    network = fix(network, (0, 1, 0), "x", (1, 0, -1, 0))
    a, b = sympy.symbols("a b", real=True)
    assert network_form(network, [a, b]) == [sympy.sin(a) - b]


def test_an_edge_that_is_a_spline_is_named() -> None:
    network = fix(KAN([2, 1], dtype=torch.float64), (0, 0, 0), "sin", (1, 0, 1, 0))
    with pytest.raises(NotSymbolicError, match=r"1 of 2 edges.*\(0, 1->0\)"):
        closed_form(model_of(network, ("a", "b")))


def test_a_bare_input_is_an_identity_edge() -> None:
    x = sympy.Symbol("x", real=True)
    network = compile_formula(x, [x])
    assert network.shape == [1, 1]
    assert network_form(network, [x]) == [x]
