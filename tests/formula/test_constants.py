"""Constants: which they are, in what order, and how many digits they deserve."""

import math

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from edgewise.formula import (
    Formula,
    constants,
    evaluate,
    join_constants,
    parse,
    round_constants,
    split_constants,
    symbol,
    to_text,
)
from edgewise.formula.anatomy import rebuild
from edgewise.formula.constants import round_to


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("2*pi*sqrt(L/g)", []),
        ("2.5*x**1.5 + 3*y/7", [2.5, 1.5]),
        ("exp(-0.5*x)*1.25", [1.25, -0.5]),
        ("1.5*sin(0.7*x + 0.1) - 2.5", [1.5, 0.7, 0.1, -2.5]),
        ("sin(0.7*x) + cos(0.7*y)", [0.7, 0.7]),
        ("x/1.6", [0.625]),
    ],
)
def test_floats_are_constants_and_nothing_else(text: str, values: list[float]) -> None:
    found = constants(parse(text))
    assert sorted(found.values()) == sorted(values)
    assert list(found) == [f"c{i + 1}" for i in range(len(values))]


def test_constants_are_named_in_the_order_of_reading() -> None:
    expression = parse("x*1.5/(y + 0.25)**2.5 - 7.5*z")
    positions = [to_text(expression).index(str(abs(value))) for value in constants(expression).values()]
    assert positions == sorted(positions)


def test_other_values_can_be_joined() -> None:
    template, values = split_constants(parse("2*(x + 1.5)"))
    joined = join_constants(template, dict.fromkeys(values, 2.25))
    assert to_text(joined) == "2*(x + 2.25)"


def test_parameters_are_fresh() -> None:
    (one,), (two,) = (split_constants(parse("1.5*c1"))[1] for _ in range(2))
    assert one != two
    assert one not in parse("c1").free_symbols


def test_only_the_digits_that_the_errors_support() -> None:
    expression = parse("9.81234567*t**2 + 0.123456*t + 1234.5678")
    by_value = {value: name for name, value in constants(expression).items()}
    errors = {by_value[9.81234567]: 0.0021, by_value[0.123456]: 0.3, by_value[1234.5678]: 25.0}
    assert set(constants(round_constants(expression, errors)).values()) == {9.8123, 0.12, 1235.0}


@pytest.mark.parametrize("error", [0.0, math.nan, math.inf, -1.0])
def test_without_a_proper_error_nothing_is_rounded(error: float) -> None:
    expression = parse("9.81234567*t")
    assert round_constants(expression, {"c1": error}) == expression
    assert round_constants(expression, {}) == expression


@given(st.floats(-1e12, 1e12, allow_subnormal=False), st.floats(1e-12, 1e12))
@settings(derandomize=True, database=None)
def test_rounding_moves_a_constant_by_a_twentieth_of_its_error(value: float, error: float) -> None:
    rounded = round_to(value, error)
    assert abs(rounded - value) <= 0.0501 * error + 1e-15 * abs(value)
    assert (rounded == 0) == (value == 0)
    assert len(repr(rounded)) <= len(repr(value)) + 2


def test_the_constants_of_an_exact_law_have_all_their_digits() -> None:
    for r2, text in ((1.0, "0.123456789"), (0.99, "0.123 +- ?")):
        law = Formula.from_text("0.123456789*t", "s", ["t"], rmse=0.0, r2=r2)
        assert [row["text"] for row in law.constants_rows()] == [text]


def test_a_tangent_that_sympy_would_turn_into_a_cotangent_stays_one_of_ours() -> None:
    x, c = symbol("x"), sympy.Dummy("c1", real=True)
    joined = rebuild(sympy.tan(x + c), lambda part: x + sympy.pi / 2 if part.has(c) else part)
    assert joined == -1 / sympy.tan(x)
    np.testing.assert_allclose(evaluate(joined, {"x": [0.3, 1.0]}), np.tan(np.array([0.3, 1.0]) + np.pi / 2))
