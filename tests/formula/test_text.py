"""How a formula looks."""

from collections.abc import Callable

import pytest
import sympy

from edgewise.errors import FormulaError
from edgewise.formula import parse, symbol, to_text

x, y = symbol("x"), symbol("y")


@pytest.mark.parametrize(
    "text",
    [
        "2*pi*sqrt(L/g)",
        "1/x",
        "1/(x*y)",
        "x/(2*y)",
        "3*x/(2*y**2)",
        "-x/2",
        "a - b",
        "1 - x",
        "1/sqrt(x)",
        "1/x**(3/2)",
        "1/x**1.5",
        "x**(-y)",
        "x**(y**z)",
        "(x**y)**z",
        "(x + y)**2",
        "exp(-x**2/2)",
        "exp(1)*x",
        "1/(1 + exp(-x))",
        "G*m1*m2/r**2",
        "relu(x - 1)",
        "step(x)",
        "abs(x)*sign(y)",
        "maximum(x, y)",
        "minimum(x, maximum(y, z))",
        "relu(maximum(x, y))",
        "asin(x) + atanh(y)",
        "1e-20*x",
        "1e+30*x",
        "2.84e+06*x",
        "1e+04*x",
        "1200.0*x",
        "-0.5",
        "2/3",
        "sqrt(2*g*h)",
        "sqrt(x/2)",
        "sqrt(2*(x + y)/3)",
        "3*sqrt(x/2)/2",
        "x/sqrt(2)",
        "sqrt(2/3)*x",
        "sqrt(2)*x",
        "sqrt(2)",
        "2*sqrt(2)",
        "exp(-x**2/2)/sqrt(2*pi)",
        "exp(-(x - mu)**2/(2*sigma**2))/(sqrt(2*pi)*sigma)",
        "1.5*sqrt(2*x)",
    ],
)
def test_looks_as_a_person_would_write_it(text: str) -> None:
    assert to_text(parse(text)) == text


def test_pi_steps_aside_for_a_column_called_pi() -> None:
    text = to_text(sympy.pi * symbol("pi"))
    assert text == "acos(-1)*pi"
    assert parse(text, ["pi"]) == sympy.pi * symbol("pi")


@pytest.mark.parametrize(
    "expression",
    [
        sympy.sqrt(-1) * x,
        sympy.oo,
        sympy.zoo,
        sympy.nan,
        sympy.Si(x),
        sympy.Heaviside(x),
        sympy.Piecewise((x, x > 0), (y, True)),
        sympy.Float("1e400"),
        symbol("bed depth"),
    ],
)
def test_what_has_no_place_in_a_formula_is_named(expression: sympy.Expr) -> None:
    with pytest.raises(FormulaError, match=r"no place|float64|identifiers"):
        to_text(expression)


@pytest.mark.parametrize("make", [sympy.factor, sympy.factor_terms, sympy.expand, sympy.together, sympy.simplify])
def test_sympys_own_forms_come_back(make: Callable[[sympy.Expr], sympy.Expr]) -> None:
    for text in ("2*x + 2*y + 4", "x**2 - y**2", "x/2 + y/2", "1/(2*x + 2*y)", "3*x*y + 6*x", "z - 2*x/3 - 2*y/3"):
        expression = make(parse(text))
        assert parse(to_text(expression)) == expression
