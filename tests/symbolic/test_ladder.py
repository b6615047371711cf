"""The ladder on laws with known answers: it must find them exactly, under any names and order of the columns."""

import time

import numpy as np
import pytest

from edgewise.formula import complexity, evaluate, parse
from edgewise.symbolic import ladder

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
