"""Formulas as models, and back."""

import numpy as np
import pytest
import sympy
import torch

from edgewise.errors import FormulaError, ParseError, SettingsError
from edgewise.formula import evaluate, parse
from edgewise.pykan import expr2kan, kanpiler

ROWS = torch.rand(50, 2, generator=torch.Generator().manual_seed(6), dtype=torch.float64) + 0.2
FORMULAS = (
    "exp(sin(pi*a) + b**2)", "a*b + sin(a)", "a/b", "sqrt(a**2 + b**2)", "a*b/(1 + a*b)", "log(a)*b", "asin(0.5*a)*b",
    "a*(1 + b*cos(a))", "exp(-a**2/2)*b", "cosh(a) + b", "a**2.5 + b", "abs(a) + tanh(b)", "3*a + 0*b", "a**b", "max(a, 0) + b",
)  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_the_model_is_the_formula(text: str) -> None:
    model = kanpiler(["a", "b"], text)
    a, b = ROWS.T.numpy()
    true = evaluate(parse(text, ["a", "b"]), {"a": a, "b": b})
    np.testing.assert_allclose(model(ROWS).detach().numpy()[:, 0], true, rtol=1e-12)


def test_symbols_of_ones_own_and_back_again() -> None:
    a, b = sympy.symbols("a b")
    model = expr2kan([a, b], sympy.exp(sympy.sin(sympy.pi * a) + b**2))
    assert model.width_in == [2, 1, 1]
    (formula,), variables = model.symbolic_formula([a, b])
    assert variables == [a, b]
    assert float(formula.subs({a: 0.3, b: 0.7})) == pytest.approx(float(np.exp(np.sin(np.pi * 0.3) + 0.49)))
    assert expr2kan([a, b], "a + b").symbolic_formula([a, b])[0][0].free_symbols == {a, b}


def test_what_cannot_be_compiled_is_named() -> None:
    with pytest.raises(FormulaError, match="Max is no primitive"):
        kanpiler(["a", "b"], "max(a, b)")
    with pytest.raises(ParseError, match="c"):
        kanpiler(["a", "b"], "a + c")
    with pytest.raises(SettingsError, match="c stands in the formula"):
        kanpiler(["a", "b"], sympy.Symbol("c") + 1)
    with pytest.raises(ParseError):
        kanpiler(["a"], "__import__('os')")


def test_a_compiled_formula_can_be_trained() -> None:
    data = {"train_input": ROWS, "train_label": 2 * ROWS[:, :1] ** 2 + ROWS[:, 1:]}
    model = kanpiler(["a", "b"], "a**2 + b")
    assert model.fit(data, steps=10)["train_loss"][-1] < 1e-6
