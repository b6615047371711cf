"""Curves too steep for the rows become jumps; those that the rows tell stay."""

import numpy as np
import pytest
import sympy

from edgewise.formula import complexity, evaluate, parse, to_text
from edgewise.symbolic.shorten import shorten
from edgewise.symbolic.snap import snap
from edgewise.symbolic.steep import jumps


@pytest.fixture
def columns():
    rng = np.random.default_rng(42)
    return {"v": rng.uniform(-5, 5, 200), "c": rng.uniform(0.5, 2, 200)}


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("3*v**2*tanh(4635.9*v)", "3*v**2*sign(v)"),
        ("erf(-9.0*v)", "-sign(v)"),
        ("c*atan(2.8e20*v/c)", "1.5707963267948966*c*sign(v/c)"),
        ("2*tanh(300.0*v - 450.0)", "2*sign(v - 1.5)"),
        ("sigmoid(c - 20.0*v)", "step(0.05*c - v)"),
        ("1/(exp(30.0*v - 6.0) + 1)", "step(0.2 - v)"),
        ("8/(exp(30.0*v) + 2)**2", "2*step(0.023104906018664842 - v)"),
    ],
)
def test_the_limit_has_the_numbers_of_a_steeper_curve(text, limit, columns):
    (found,) = jumps(parse(text))
    assert complexity(found) <= complexity(parse(text))
    np.testing.assert_allclose(evaluate(found, columns), evaluate(parse(limit), columns), rtol=1e-12)


@pytest.mark.parametrize(
    "text", ["tanh(v)", "tanh(pi*v)", "1/(1 + exp(-v))", "1/(2.5*v + 1)", "tanh(2.5)*v", "atan(v/c)"]
)
def test_a_steepness_that_is_no_fitted_constant_stays(text):
    assert list(jumps(parse(text))) == []


@pytest.mark.parametrize(
    "start",
    [
        "-0.4957*c*v**2*tanh(4635.92*v)",
        "-0.5*c*v**2*tanh(20.0*v)",
        "-0.31554*c*v**2*atan(2.789e+20*v/c)",
        "-0.5*c*v**2*erf(700.0*v)",
    ],
)
def test_drag_is_written_with_a_modulus(start, columns):
    v, c = columns.values()
    y = -0.5 * c * np.abs(v) * v * (1 + 0.02 * np.random.default_rng(1).normal(size=200))
    found = snap(parse(start), columns, y)
    assert found.xreplace({constant: sympy.Float(0.5) for constant in found.atoms(sympy.Float)}) in (
        parse("-0.5*c*v*abs(v)"),
        parse("-c*v*abs(v)/2"),
    )


def test_a_steepness_that_the_rows_tell_stays(columns):
    y = np.tanh(3 * columns["v"]) + 0.01 * np.random.default_rng(1).normal(size=200)
    assert snap(parse("tanh(2.9*v)"), columns, y) == parse("tanh(3*v)")


def test_a_jump_that_is_not_permitted_is_not_made(columns):
    y = columns["v"] ** 2 * np.sign(columns["v"])
    found = snap(parse("v**2*tanh(4000.0*v)"), columns, y, permitted=lambda e: not e.has(sympy.sign, sympy.Abs))
    assert found.has(sympy.tanh)


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("v*sign(v)", "abs(v)"),
        ("c*v**2*sign(v)", "c*v*abs(v)"),
        ("abs(v)*sign(v)", "v"),
        ("v**2*sign(v/c)", "v*abs(v)"),
        ("c*sign(c)", "c"),
        ("sign(v*(c + 1))", "sign(v)"),
        ("v**2*(step(-v) - 1/2)", "-v*abs(v)/2"),
        ("2*c*step(v) - c", "c*sign(v)"),
        ("c*step(v) - 3", "c*step(v) - 3"),
    ],
)
def test_signs_beside_their_argument(long, short, columns):
    assert shorten(parse(long), columns, evaluate(parse(long), columns)) == parse(short)


def test_the_terms_of_an_interpolant_go_where_rounding_is_all_that_is_left() -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        a, b = rng.uniform(1, 4, (2, 150))
        rows = [np.array([float(f"{cell:.10g}") for cell in cells]) for cells in (a, b, np.hypot(a, b))]
        dust = "1e-07*sqrt(a) - 1e-07*a - 1e-07*sqrt(b) + 1e-08*b + 1e-08*log(a) + 1e-08"
        found = snap(parse(f"sqrt(1.00000001*a**2 + 0.99999999*b**2 + {dust})"), {"a": rows[0], "b": rows[1]}, rows[2])
        assert to_text(found) == "sqrt(a**2 + b**2)"


def test_a_number_within_its_error_is_taken_where_rows_are_rounded() -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        a, b = np.round(rng.uniform(1, 5, (2, 100)), 9)
        assert to_text(snap(parse("3.00000000034*a/b**2"), {"a": a, "b": b}, np.round(3 * a / b**2, 9))) == "3*a/b**2"
