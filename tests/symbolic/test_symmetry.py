"""Scale and sum symmetries: the reduced target is a function of the reduced columns alone."""

import numpy as np
import pytest

from edgewise.symbolic.arguments import argument_reductions
from edgewise.symbolic.peel import factor_peels, term_peels
from edgewise.symbolic.problem import first_problem, lift
from edgewise.symbolic.ridge import ridge_reductions
from edgewise.symbolic.surrogate import fit
from edgewise.symbolic.symmetry import merge_reductions, scale_reductions


@pytest.fixture
def columns():
    return dict(zip("abcd", np.random.default_rng(0).uniform(1, 3, (4, 800)), strict=True))


def problem_of(columns, y):
    problem = first_problem(columns, y)
    return problem, fit(problem)


def one_argument(child):
    """Neighbours along the one argument have the same target."""
    order = np.argsort(child.x[:, 0])
    return child.inputs == 1 and np.max(np.abs(np.diff(child.y[order]))) < 0.1 * np.ptp(child.y)


@pytest.mark.parametrize("reductions", [scale_reductions, ridge_reductions])
def test_power_products(columns, reductions):
    a, b, c, d = columns.values()
    children = reductions(*problem_of(columns, a**2 * np.sin(b * c / (4 * d))))
    assert any(one_argument(child) for child in children)


def test_a_child_leads_back(columns):
    a, b, c, d = columns.values()
    y = a * np.exp(-b / c) / d
    problem, surrogate = problem_of(columns, y)
    child = next(scale_reductions(problem, surrogate))
    back = lift(child, child.symbols[0] * 0 + 7)
    values = {s: column[3] for s, column in zip(problem.symbols, problem.x.T, strict=True)}
    np.testing.assert_allclose(float(back.subs(values)), 7 * y[3] / child.y[3])


@pytest.mark.parametrize(("kind", "p"), [("sum of x", lambda x: x), ("sum of x^2", lambda x: x**2)])
def test_sums(columns, kind, p):
    a, b, c, d = columns.values()
    children = merge_reductions(*problem_of(columns, c / (1 + np.abs(p(a) + p(b))) * d))
    assert any(child.hypothesis.kind == kind and child.inputs == 3 for child in children)


def test_a_term_is_taken_off(columns):
    a, b, c, d = columns.values()
    one, other = 3 * a * b**2, np.exp(c / d)
    rests = [child.y for child in term_peels(*problem_of(columns, one + other))]
    assert any(np.allclose(rest, other) or np.allclose(rest, one) for rest in rests)


def test_a_factor_is_taken_off(columns):
    a, b, c, d = columns.values()
    children = list(factor_peels(*problem_of(columns, np.exp(a) * (b + c * d))))
    assert any(np.allclose(child.y, b + c * d) for child in children)


def test_an_oscillating_argument_is_found(columns):
    a, b, c, d = columns.values()
    child = next(argument_reductions(first_problem(columns, d * np.sin(9 * a * b / c))))
    argument = a * b / c
    assert np.allclose(child.x[:, 0], argument) or np.allclose(child.x[:, 0], 1 / argument)
