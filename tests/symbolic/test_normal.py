"""The normal form is the same function, with no constant that another could take over."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from edgewise.formula import evaluate, parse, split_constants
from edgewise.symbolic.normal import normal_form, split_scale

X = np.linspace(0.3, 2.5, 40)
COLUMNS = {"x": X, "y": X[::-1] ** 2 + 0.1}

CASES = [
    ("3.0*(2.0*x + 1.0)**2", "12.0*(x + 0.5)**2"),
    ("log(3.0*x)", "log(x) + 1.09861228866811"),
    ("exp(x + 0.5)", "1.64872127070013*exp(x)"),
    ("abs(-2.0*x)", "2.0*abs(x)"),
    ("2.0*(3.0*x + 4.0*y)", "6.0*x + 8.0*y"),
    ("sqrt(4.0*x)", "2.0*sqrt(x)"),
    ("sin(x + 7.0)", "sin(x + 0.716814692820414)"),
    ("tan(x + 4.0)", "tan(x + 0.858407346410207)"),
    ("(2.0*x + 1.0)*(3.0*y + 1.0)", "6.0*(x + 0.5)*(y + 0.333333333333333)"),
    ("x + 1", "x + 1"),
    ("2*x", "2*x"),
    ("5.0", "5.0"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_by_example(text: str, expected: str) -> None:
    found, wanted = normal_form(parse(text)), parse(expected)
    assert len(split_constants(found)[1]) == len(split_constants(wanted)[1]), str(found)
    np.testing.assert_allclose(evaluate(found, COLUMNS), evaluate(wanted, COLUMNS), rtol=1e-12)


NUMBERS = st.one_of(st.floats(-9, -0.1), st.floats(0.1, 9)).map(lambda v: sympy.Float(round(v, 3)))


def expressions() -> st.SearchStrategy[sympy.Expr]:
    """Sums, products, powers and functions of x and y with constants everywhere."""
    x, y = (sympy.Symbol(name, real=True) for name in "xy")
    exponents = st.sampled_from([2, 3, -1, sympy.Rational(1, 2)])

    def deeper(inner: st.SearchStrategy[sympy.Expr]) -> st.SearchStrategy[sympy.Expr]:
        affine = st.builds(lambda a, e, b: a * e + b, NUMBERS, inner, NUMBERS)
        return st.one_of(
            affine,
            st.builds(lambda a, b: a + b, inner, inner),
            st.builds(lambda a, b: a * b, affine, affine),
            st.builds(lambda e, n: sympy.Pow(e, n), affine, exponents),
            *(affine.map(f) for f in (sympy.sin, sympy.cos, sympy.tan, sympy.Abs, sympy.tanh)),
            affine.map(lambda e: sympy.log(sympy.Abs(e) + 1)),
            affine.map(lambda e: sympy.exp(sympy.tanh(e) + sympy.Float(0.7))),
        )

    return st.recursive(st.sampled_from([x, y]), deeper, max_leaves=5)


@given(expressions())
@settings(max_examples=80, deadline=None, derandomize=True)
def test_the_same_function_with_no_more_constants(expression: sympy.Expr) -> None:
    found = normal_form(expression)
    before, after = (np.broadcast_to(evaluate(e, COLUMNS), X.shape) for e in (expression, found))
    steady = np.abs(before) < 1e6  # near a pole rounding decides
    np.testing.assert_allclose(after[steady], before[steady], rtol=1e-6, atol=1e-7)
    assert len(split_constants(found)[1]) <= len(split_constants(expression)[1]) + 1


@given(expressions())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_scale_and_the_rest_multiply_to_what_they_were(expression: sympy.Expr) -> None:
    scale, rest = split_scale(expression)
    before = np.broadcast_to(evaluate(expression, COLUMNS), X.shape)
    after = np.broadcast_to(evaluate(scale * rest, COLUMNS), X.shape)
    np.testing.assert_allclose(after, before, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("scale", [1e-320, 1e-400, 1e308, 1e400])
@pytest.mark.parametrize(
    "text", ["log({}*x + 1.0)", "({}*x + 1.0)**2", "exp({}*x + 1.0)", "sin(2.0*x + {})", "abs({}*x)"]
)
def test_constants_beyond_floats_are_no_errors(text: str, scale: float) -> None:
    x = sympy.Symbol("x", real=True)
    k = sympy.Float("1e-400") if scale == 0 else sympy.Float("1e400") if scale == float("inf") else sympy.Float(scale)
    template = parse(text.format("k")).subs(sympy.Symbol("k", real=True), k)
    assert normal_form(template).free_symbols <= {x}
