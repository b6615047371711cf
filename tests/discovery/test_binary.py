"""Functions of columns of 0 and 1 are straight lines."""

import numpy as np
import pytest
import sympy

from edgewise.data import Table
from edgewise.discovery.binary import apart, binary, straightened
from edgewise.discovery.judge import Judge
from edgewise.discovery.prepare import prepare
from edgewise.formula import evaluate, parse, to_text

NAMES = ["a", "b", "c"]


@pytest.mark.parametrize(
    "text",
    [
        "a + sqrt(b) - 3*c**2",
        "10.6*(b - 0.397)**3 + 8.39*(c - 0.12)**2 - a",
        "exp(0.5*sqrt(a) + 0.042*sqrt(b))/(1 + c**2)",
        "a**b",
        "sin(2.5*b + 1)*c**3 + abs(b - c)",
        "log(b + 2)*log(a)",
    ],
)
def test_nothing_changes_on_rows_of_0_and_1(text: str) -> None:
    rng = np.random.default_rng(0)
    columns = {"a": rng.uniform(1, 2, 60), **{name: rng.integers(0, 2, 60).astype(float) for name in "bc"}}
    expression = parse(text, NAMES)
    found = straightened(expression, binary(columns))
    np.testing.assert_allclose(evaluate(found, columns), evaluate(expression, columns), rtol=1e-13)


def test_what_becomes_of_powers_and_what_stays() -> None:
    assert straightened(parse("a**2 + b**2 + sqrt(c)", NAMES), {"b", "c"}) == parse("a**2 + b + c", NAMES)
    for text in ("log(b)", "a/b", "7.0", "2.5*a", "b"):
        assert straightened(parse(text, NAMES), {"b"}) == parse(text, NAMES)
    assert binary({"a": np.array([0.0, 1, 1]), "b": np.array([0.0, 2]), "c": np.array([0.0, 0.5])}) == {"a"}


@pytest.mark.parametrize(
    "text",
    [
        "50*a*exp(2.0794415452*b - 5.4296196*c*tanh(1))/a**2",
        "a + exp(c**2 + 0.897*c + b)",
        "sin(b + 2*c)/(1 + b)*(3 - c)**2",
        "2**b*3**c*a",
        "sqrt(1.5 + b + 2.5*c)*log(a)",
    ],
)
def test_columns_that_exclude_each_other_make_one_line(text: str) -> None:
    rng = np.random.default_rng(0)
    level = rng.integers(0, 3, 60)
    columns = {"a": rng.uniform(1, 2, 60), "b": (level == 1).astype(float), "c": (level == 2).astype(float)}
    expression = parse(text, NAMES)
    found = straightened(expression, binary(columns), apart(columns))
    np.testing.assert_allclose(evaluate(found, columns), evaluate(expression, columns), rtol=1e-13)
    for name in "bc":
        slope = found.diff(parse(name))
        assert not {str(symbol) for symbol in slope.free_symbols} & {"b", "c"}
    assert all(part.free_symbols for part in found.atoms(sympy.Function, sympy.Pow))
    assert straightened(found, binary(columns), apart(columns)) == found


def test_columns_that_are_1_together_are_no_pair() -> None:
    columns = {"a": np.array([0.0, 1, 1]), "b": np.array([1.0, 0, 0]), "c": np.array([0.0, 0, 1]), "d": np.arange(3.0)}
    assert apart(columns) == {frozenset("ab"), frozenset("bc")}


def test_a_law_of_words_is_written_with_one_number_a_word() -> None:
    """An exact law that was found as a power comes out as a line, with the numbers of the words."""
    rng = np.random.default_rng(0)
    level = rng.integers(0, 3, 200)
    area, copper, glass = rng.uniform(1, 2, 200), (level == 1).astype(float), (level == 2).astype(float)
    x = {"area": area, "copper": copper, "glass": glass}
    judge = Judge(prepare(Table({**x, "q": np.array([50, 400, 0.8])[level] * area}, "q", tuple(x)), 0))
    found = judge(parse("50*area*exp(2.0794415416798357*copper - 5.42949*glass*tanh(1))"), "test", refit=False)
    assert found is not None
    assert to_text(judge.snapped(found).formula.expression) == "50*area*(7*copper - 123*glass/125 + 1)"
