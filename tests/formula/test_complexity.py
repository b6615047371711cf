"""What a reader has to read, counted by hand."""

import pytest
import sympy

from edgewise.formula import complexity, parse, symbol


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x", 1),
        ("2.5", 1),
        ("-2.5", 1),
        ("2/3", 1),
        ("pi", 1),
        ("x + y", 3),
        ("x - y", 3),
        ("-x", 1),
        ("x - 2.5", 3),
        ("x + y + z", 5),
        ("x*y", 3),
        ("x*y*z", 5),
        ("-3*x", 3),
        ("x/y", 3),
        ("1/x", 3),
        ("1/(x*y)", 5),
        ("x/(y*z)", 5),
        ("x/2", 3),
        ("3*x/2", 3),
        ("x**2", 3),
        ("1/x**2", 5),
        ("x**(3/2)", 3),
        ("x**(-y)", 3),
        ("sqrt(x)", 2),
        ("1/sqrt(x)", 4),
        ("sin(x)", 2),
        ("exp(-x)", 2),
        ("abs(x - y)", 4),
        ("relu(x)", 2),
        ("step(x)", 2),
        ("maximum(x, y)", 3),
        ("6.28*sqrt(L/g)", 6),
        ("2*pi*sqrt(L/g)", 8),
        ("2*(x + y)", 5),
        ("sqrt(2*g*h)", 6),
        ("exp(-x**2/2)/sqrt(2*pi)", 11),
        ("2*x + 2*y", 7),
        ("G*m1*m2/r**2", 9),
    ],
)
def test_by_hand(text: str, count: int) -> None:
    assert complexity(parse(text)) == count


def test_a_float_and_a_fraction_cost_the_same() -> None:
    assert complexity(parse("0.5*x**1.5")) == complexity(parse("x**(3/2)/2"))


def test_a_foreign_function_can_still_be_counted() -> None:
    assert complexity(sympy.gamma(symbol("x")) + 1) == 4
