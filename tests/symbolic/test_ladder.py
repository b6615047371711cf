"""The ladder on laws with known answers: it must find them exactly, under any names and order of the columns."""

import time

import numpy as np
import pytest
import sympy

from edgewise.formula import complexity, evaluate, parse
from edgewise.symbolic import ladder
from edgewise.symbolic.judge import ExactJudge
from edgewise.symbolic.problem import first_problem
from edgewise.symbolic.rational import rational_function
from edgewise.symbolic.sparse import Dictionary

LAWS = {
    "monomial": ("2*pi*sqrt(a/b)", {}),
    "negative inputs": ("3*a**2*b/c", {"b": (-2.0, 2.0)}),
    "affine in an inverse": ("1/(1/a + 2/b)", {}),
    "one argument": ("a*tanh(b*c/d)", {}),
    "difference": ("exp(-(a - b)**2/2)*c", {}),
    "rational": ("(a*b + c*d)/(b + d)", {}),
    "separable": ("sqrt(a**2 + b**2 - 2*a*b*cos(c))", {}),
    "two waves": ("a*exp(-b*c)*cos(d*c)", {"b": (0.1, 1.0)}),
    "root of a square": ("(a - b*c)/sqrt(1 - b**2/d**2)", {"a": (6.0, 9.0), "b": (1.0, 2.0), "d": (4.0, 9.0)}),
    "a wave over another": ("a*sin(b*c/2)**2/sin(c/2)**2", {"b": (1.0, 5.0), "c": (1.0, 5.0)}),
    "many inputs, steep": ("a*exp(-b*c*d/(e*f))", {}),
}


def draw(formula, ranges, rows=600, seed=0):
    generator = np.random.default_rng(seed)
    tree = parse(formula, list("abcdef"))
    names = sorted(str(s) for s in tree.free_symbols)
    columns = {name: generator.uniform(*ranges.get(name, (1.0, 4.0)), rows) for name in names}
    return columns, evaluate(tree, columns)


@pytest.mark.parametrize("name", LAWS)
def test_finds_the_law(name):
    formula, ranges = LAWS[name]
    columns, y = draw(formula, ranges)
    best = list(ladder(columns, y, deadline=time.monotonic() + 30))[-1]
    fresh, truth = draw(formula, ranges, seed=1)
    assert best.exact
    np.testing.assert_allclose(evaluate(best.expression, fresh), truth, rtol=0, atol=1e-8 * np.sqrt(np.mean(truth**2)))
    assert complexity(best.expression) <= 1.5 * complexity(parse(formula, list("abcdef")))


def test_what_has_left_the_floats_is_no_candidate():
    columns, y = draw("a*b", {})
    problem = first_problem(columns, y)
    judge = ExactJudge(columns, y)
    for nothing in (sympy.zoo, sympy.nan, sympy.oo, sympy.AccumBounds(0, 1)):
        assert judge(problem, problem.symbols[0] + nothing, "trial") is None
    assert judge(problem, sympy.Mul(*problem.symbols), "trial").exact


def test_numbers_without_end_reach_no_linear_algebra(capfd):
    x = np.linspace(1, 2, 300)
    huge = np.where(x > 1.5, np.inf, -1e300) * x
    with np.errstate(all="ignore"):  # as within the ladder
        assert Dictionary(np.stack([x, x**2], 1)).combination(huge) is None
        assert rational_function(first_problem({"x": x}, huge)) is None
    assert capfd.readouterr().err == ""


def test_is_deterministic():
    columns, y = draw(*LAWS["one argument"])
    first, second = (list(map(str, ladder(columns, y))) for _ in range(2))
    assert first == second


def test_the_order_of_the_columns_does_not_matter():
    columns, y = draw(*LAWS["difference"])
    turned = dict(reversed(columns.items()))
    assert list(ladder(columns, y))[-1].expression.equals(list(ladder(turned, y))[-1].expression)


def test_keeps_the_deadline():
    generator = np.random.default_rng(0)
    columns = {name: generator.uniform(1, 4, 600) for name in "abcd"}
    noise = generator.normal(size=600)
    patient = list(ladder(columns, noise, deadline=time.monotonic() + 4.0))
    late = list(ladder(columns, noise, deadline=time.monotonic() - 1.0))  # one test at most, then the end
    assert len(late) <= len(patient)
    assert len({candidate.stage for candidate in late}) <= 1


def test_tells_the_way_it_went():
    columns, y = draw(*LAWS["one argument"])
    best = list(ladder(columns, y))[-1]
    assert [step.kind for step in best.trail] == ["scale"]
    assert best.trail[0].statistic < 0.1


@pytest.mark.parametrize("formula", ["a*b/c**2", "a*tanh(b/c)", "a*(1 + b)"])
def test_finds_simple_laws_in_noise(formula):
    columns, y = draw(formula, {}, rows=1000)
    noise = 0.01 * np.sqrt(np.mean(y**2))
    noisy = y + noise * np.random.default_rng(5).standard_normal(len(y))
    found = list(ladder(columns, noisy, noise=0.01, deadline=time.monotonic() + 20))
    best = min(found, key=lambda c: len(y) * np.log(c.rmse) + 1.5 * complexity(c.expression))
    np.testing.assert_allclose(evaluate(best.expression, columns), y, rtol=0, atol=noise)
