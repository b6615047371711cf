"""Values, shapes, and silence where there is no value."""

import numpy as np
import pytest
import sympy
from scipy import special

from edgewise.errors import ColumnError, FormulaError
from edgewise.formula import evaluate, parse, symbol

X = np.array([-2.0, -0.5, 0.0, 0.5, 2.0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x**2", X**2),
        ("sigmoid(x)", special.expit(X)),
        ("softplus(x)", np.log1p(np.exp(X))),
        ("step(x)", [0, 0, 1, 1, 1]),
        ("relu(x)", [0, 0, 0, 0.5, 2]),
        ("sign(x)", [-1, -1, 0, 1, 1]),
        ("sqrt(x)", [np.nan, np.nan, 0, np.sqrt(0.5), np.sqrt(2)]),
        ("x**1.5", [np.nan, np.nan, 0, 0.5**1.5, 2**1.5]),
        ("x**(1/3)", [np.nan, np.nan, 0, 0.5 ** (1 / 3), 2 ** (1 / 3)]),
        ("asin(x)", [np.nan, *np.arcsin([-0.5, 0, 0.5]), np.nan]),
        ("1/x", [-0.5, -2, np.inf, 2, 0.5]),
        ("max(x, 1, 0)", [1, 1, 1, 1, 2]),
        ("min(x, 1, 0.25)", [-2, -0.5, 0, 0.25, 0.25]),
        ("exp(1000*x)", [0, np.exp(-500), 1, np.exp(500), np.inf]),
    ],
)
def test_values(text: str, expected: object) -> None:
    np.testing.assert_allclose(evaluate(parse(text), {"x": X}), expected, rtol=1e-14)


def test_the_result_has_the_shape_of_all_columns() -> None:
    assert evaluate(parse("2*pi"), {"x": X}).shape == (5,)
    assert evaluate(parse("x + y"), {"x": X, "y": 1}).shape == (5,)
    assert evaluate(parse("x + y"), {"x": X[:, None], "y": X}).shape == (5, 5)
    assert evaluate(parse("2*pi"), {}).shape == ()
    assert evaluate(parse("x"), {"x": [1, 2]}).dtype == np.float64


def test_the_columns_stay_as_they_were() -> None:
    column = X.copy()
    evaluate(parse("x"), {"x": column})[:] = 0
    np.testing.assert_array_equal(column, X)


def test_numbers_that_are_not_finite() -> None:
    for expression, value in ((sympy.oo, np.inf), (-sympy.oo, -np.inf), (sympy.zoo, np.nan), (sympy.I, np.nan)):
        np.testing.assert_equal(evaluate(expression, {}), value)
    assert evaluate(sympy.Integer(10) ** 400, {}) == np.inf
    assert evaluate(-(sympy.Integer(10) ** 400), {}) == -np.inf


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ColumnError, match=r"needs 'lenght'.*given: length.*Did you mean 'length'"):
        evaluate(parse("lenght"), {"length": 1.0})


def test_a_foreign_function_is_named() -> None:
    with pytest.raises(FormulaError, match="Si"):
        evaluate(sympy.Si(symbol("x")), {"x": X})
