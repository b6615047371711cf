"""What must hold for any expression: written and read back, taken apart and joined, evaluated as by SymPy."""

import ast
import re
from typing import Any

import numpy as np
import sympy
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from edgewise.formula import complexity, evaluate, join_constants, parse, split_constants, symbol, to_text
from edgewise.primitives import FUNCTIONS, backend

NAMES = ("x", "y", "theta0", "温度")
EXPONENTS = [*map(sympy.Integer, (-3, -2, -1, 2, 3)), *map(sympy.Float, (-2.5, -0.5, 0.5, 1.7))]
EXPONENTS += [sympy.Rational(p, q) for p in (-3, -1, 1, 2) for q in (2, 3)]

NUMBERS = st.one_of(
    st.integers(-20, 20).map(sympy.Integer),
    st.builds(sympy.Rational, st.integers(-9, 9), st.integers(1, 9)),
    st.floats(-1e6, 1e6, allow_subnormal=False).map(sympy.Float),
    st.just(sympy.pi),
)
LEAVES = st.one_of(st.sampled_from(NAMES).map(symbol), NUMBERS)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 4) -> sympy.Expr:
    """A random expression with real, finite constants, in a form that SymPy leaves alone."""
    expression = draw_expression(draw, depth)
    assume(is_real(expression) and is_settled(expression))
    return expression


def draw_expression(draw: st.DrawFn, depth: int) -> sympy.Expr:
    kind = draw(st.sampled_from(["leaf", "sum", "product", "quotient", "power", "call", "call"])) if depth else "leaf"
    if kind == "leaf":
        return draw(LEAVES)
    if kind == "power":
        exponent = draw(st.one_of(st.sampled_from(EXPONENTS), LEAVES))
        return built(sympy.Pow, draw_expression(draw, depth - 1), exponent)
    if kind == "call":
        function = getattr(backend("sympy"), draw(st.sampled_from(sorted(FUNCTIONS))))
        return built(function, draw_expression(draw, depth - 1))
    one, two = draw_expression(draw, depth - 1), draw_expression(draw, depth - 1)
    if kind == "quotient":
        return built(sympy.Mul, one, built(sympy.Pow, two, sympy.S.NegativeOne))
    return built(sympy.Add if kind == "sum" else sympy.Mul, one, two)


def built(make: Any, *arguments: sympy.Expr) -> sympy.Expr:
    """What SymPy makes of it, if that is real."""
    assume(all(map(is_real, arguments)))
    try:
        return make(*arguments)
    except (ArithmeticError, ValueError, TypeError):  # SymPy compared what is not finite or not real
        return sympy.nan


def is_real(expression: sympy.Expr) -> bool:
    """No imaginary or infinite number came out of SymPy's own simplifications, and none beyond float64."""
    if expression.has(sympy.I, sympy.oo, -sympy.oo, sympy.zoo, sympy.nan):
        return False
    try:
        parts = [part for part in sympy.preorder_traversal(expression) if part.is_number]
        values = [1 if part == 0 else complex(part) for part in parts]  # what is not 0 must not round to 0
    except (ArithmeticError, TypeError):  # a number beyond what SymPy itself can evaluate
        return False
    return all(value.imag == 0 and 1e-250 < abs(value) < 1e250 for value in values) and all(
        float(part) != 0 for part in expression.atoms(sympy.Float) if part != 0
    )


def is_settled(expression: sympy.Expr) -> bool:
    """SymPy would build it again as it is (2*sqrt(2)*2**(3/4), once reached, becomes 4*2**(1/4))."""
    return expression == again(expression)


def again(expression: sympy.Expr) -> sympy.Expr:
    return expression.func(*map(again, expression.args)) if expression.args else expression


def columns(rows: int = 50) -> dict[str, np.ndarray]:
    """A positive or a mixed column for each of ``NAMES``."""
    generator = np.random.default_rng(0)
    return {name: generator.uniform(-2 * (i % 2), 3, rows) for i, name in enumerate(NAMES)}


ours = settings(
    derandomize=True, database=None, deadline=None, max_examples=200, suppress_health_check=list(HealthCheck)
)


@ours
@given(expressions())
def test_what_is_written_is_read_back_to_the_last_bit(expression: sympy.Expr) -> None:
    assert parse(to_text(expression)) == expression
    assert parse(to_text(expression), NAMES) == expression


@ours
@given(expressions())
def test_constants_come_out_and_go_back(expression: sympy.Expr) -> None:
    template, values = split_constants(expression)
    assert not template.atoms(sympy.Float)
    assert len(values) >= len(expression.atoms(sympy.Float))
    assert join_constants(template, values) == expression


@ours
@given(expressions())
def test_values_agree_with_sympys_own_code_generator(expression: sympy.Expr) -> None:
    table = columns()
    witness = sympy.lambdify([symbol(name) for name in NAMES], expression, "numpy", cse=False)
    with np.errstate(all="ignore"):
        expected = np.broadcast_to(witness(*table.values()), (50,))
    finite = np.isfinite(expected) & (np.abs(expected) < 1e100)
    for step in expression.atoms(sympy.Heaviside):  # SymPy's code answers 1 where the argument is no number
        finite &= np.isfinite(evaluate(step.args[0], table))
    np.testing.assert_allclose(evaluate(expression, table)[finite], expected[finite], rtol=1e-6, atol=1e-9)


@ours
@given(expressions())
def test_complexity_counts_the_nodes_that_python_reads(expression: sympy.Expr) -> None:
    text = to_text(expression)
    assume(not re.search(r"/\(?\d", text))  # 3*x/2 has one number for us and two for Python
    nodes = list(ast.walk(ast.parse(text)))
    assert complexity(expression) == sum(isinstance(node, ast.Name | ast.Constant | ast.BinOp) for node in nodes)
