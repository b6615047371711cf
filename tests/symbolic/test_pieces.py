"""Breaks where there are any, a name for each piece, and none in what is smooth."""

import numpy as np
import pytest
import sympy

from edgewise.formula import evaluate, parse, to_text
from edgewise.symbolic import Work, pieces
from edgewise.symbolic.pieces import _merged, _Part

ROWS = 300


def found(text: str, noise: float = 0.0, inputs: str = "x") -> list[str]:
    generator = np.random.default_rng(0)
    columns = {name: generator.uniform(-1, 1, ROWS) for name in inputs}
    y = evaluate(parse(text), columns)
    y = y + noise * y.std() * generator.standard_normal(ROWS)
    return [to_text(expression) for expression in pieces(columns, y)]


@pytest.mark.parametrize(
    ("text", "inputs", "expected"),
    [
        ("abs(x - 0.3)", "x", "abs(x - 3/10)"),
        ("x**2 + 1.5*step(x - 0.4)", "x", "x**2 + 3*step(x - 2/5)/2"),
        ("x/2 + 2*sign(x)", "x", "x/2 + 2*sign(x)"),
        ("maximum(-0.5, minimum(x, 0.5))", "x", "maximum(-1/2, x) - relu(x - 1/2)"),
        ("sign(x)*sqrt(abs(x))", "x", "sqrt(abs(x))*sign(x)"),
        ("relu(x)**0.5", "x", "sqrt(abs(x))*step(x)"),
        ("sign(x)*abs(x)**(1/3)", "x", "abs(x)**(1/3)*sign(x)"),
        pytest.param("x*z + step(x - 0.2)*(z**2 - x)", "xz", "x*z + (z**2 - x)*step(x - 1/5)", marks=pytest.mark.slow),
    ],
)
def test_pieces_are_named_exactly(text: str, inputs: str, expected: str) -> None:
    assert found(text, inputs=inputs) == [expected]


def test_a_kink_in_noise_is_placed_within_half_a_per_cent() -> None:
    (text,) = found("maximum(0.8 - x, 2*x)", noise=0.01)
    x = np.linspace(-1, 1, 201)
    np.testing.assert_allclose(evaluate(parse(text), {"x": x}), np.maximum(0.8 - x, 2 * x), atol=0.02)


@pytest.mark.parametrize("noise", [0.0, 0.05])
@pytest.mark.parametrize(("text", "inputs"), [("sin(5*x)", "x"), ("exp(x)/(1 + x**2)", "x"), ("exp(x*z)", "xz")])
def test_what_is_smooth_has_no_pieces(text: str, inputs: str, noise: float) -> None:
    assert found(text, noise, inputs) == []


def test_noise_has_no_pieces() -> None:
    generator = np.random.default_rng(1)
    assert not list(pieces({"x": generator.uniform(size=ROWS)}, generator.standard_normal(ROWS)))


def test_a_piece_that_tells_its_neighbour_too_leaves_no_break() -> None:
    x = np.linspace(0, 1, 90)
    columns, y = {"x": x}, np.where(x < 2 / 3, x**2, 3.0)
    parts = [_Part(0, 30), _Part(30, 60), _Part(60, 90)]
    square, line = parse("x**2"), parse("0.9*x - 0.2")
    left, named = _merged(columns, y, parts, [square, line, sympy.Integer(3)])
    assert [(part.first, part.last) for part in left] == [(0, 60), (60, 90)]
    assert named == [square, 3]


def test_pieces_end_where_the_time_does() -> None:
    x = np.linspace(0, 1, 300)
    work = Work(deadline=0.0)
    assert not list(pieces({"x": x}, np.where(x < 0.4, x, 2 - x), work))
    assert work.cut
