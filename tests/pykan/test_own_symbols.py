"""A function of one's own: it names edges, stands in formulas, travels in files by its name, and is known to nobody else."""

from pathlib import Path

import numpy as np
import pytest
import sympy
import torch

from edgewise.errors import SettingsError, StorageError, UnknownNameError
from edgewise.primitives import PRIMITIVES, Primitive
from edgewise.pykan import KAN, create_dataset

OWN = {"J0": torch.special.bessel_j0, "x^7": lambda x: x**7}


@pytest.fixture
def bessel() -> tuple[KAN, dict[str, torch.Tensor]]:
    """J0(5 x_1) + x_2^7 on named edges that were splines; torch knows no derivative of the first."""
    data = create_dataset(lambda x: OWN["J0"](5 * x[:, [0]]) + x[:, [1]] ** 7, train_num=300, test_num=100, seed=100)
    model = KAN(width=[2, 1], grid=20, seed=100)
    model.fit(data, steps=10)
    for name, fun in OWN.items():
        model.add_symbolic(name, fun, c=2)
    assert list(model.auto_symbolic().values()) == ["J0", "x^7"]
    return model, data


def test_named_trained_written_and_evaluated(bessel: tuple[KAN, dict[str, torch.Tensor]]) -> None:
    model, data = bessel
    assert model.fit(data, steps=10)["test_loss"][-1] < 1e-6
    (formula,), variables = model.symbolic_formula()
    assert "J0(" in str(formula)
    assert formula.has(sympy.Pow)  # what SymPy can follow is written out
    x = data["test_input"]
    f = sympy.lambdify(variables, formula, "numpy")
    np.testing.assert_allclose(f(*x.numpy().T), model(x).detach().numpy()[:, 0], atol=1e-12)


def test_a_file_holds_the_name_and_asks_for_the_function(
    bessel: tuple[KAN, dict[str, torch.Tensor]], tmp_path: Path
) -> None:
    model, data = bessel
    model.saveckpt(tmp_path / "m")
    with pytest.raises(StorageError, match=r"'J0'.*symbols=\{name: function\}"):
        KAN.loadckpt(tmp_path / "m")
    loaded = KAN.loadckpt(tmp_path / "m", symbols=OWN)
    assert torch.equal(loaded(data["test_input"]), model(data["test_input"]))
    loaded.fix_symbolic(0, 0, 0, "J0", fit_params_bool=False)


def test_known_to_this_model_and_its_children_only(model: KAN) -> None:
    model.add_symbolic("x^7", OWN["x^7"])
    for child in (model.copy(), model.prune(), model.refine(6), model.rewind("0.0"), model.checkout("0.0")):
        child.fix_symbolic(0, 0, 0, "x^7", fit_params_bool=False)
    assert "x^7" not in PRIMITIVES
    with pytest.raises(UnknownNameError, match=r"x\^7"):
        KAN(width=[2, 1]).fix_symbolic(0, 0, 0, "x^7", fit_params_bool=False)


def test_a_primitive_keeps_its_marks(model: KAN) -> None:
    model.add_symbolic("sinc", Primitive("any", lambda m, x: m.sin(x) / x, complexity=3, parity=1))
    model.fix_symbolic(0, 0, 0, "sinc", fit_params_bool=False)
    assert model.network[0].fixed[0][2].parity == 1


@pytest.mark.parametrize(
    ("name", "fun", "said"),
    [
        ("sin", torch.sin, "a primitive already"),
        ("sgn", torch.sign, "a primitive already"),
        ("mean", torch.mean, "as long as"),
        ("number", lambda x: 1.0, "float"),
        ("broken", lambda x: x @ x @ x, "calling it failed"),
    ],
)
def test_what_is_no_function_of_each_number_is_refused(model: KAN, name: str, fun: object, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        model.add_symbolic(name, fun)  # type: ignore[arg-type]


def test_pykans_spellings_are_understood(model: KAN) -> None:
    assert model.suggest_symbolic(0, 0, 0, lib=["x^0.5", "sgn", "x^2"])[0] in ("sqrt", "sign", "x^2")
