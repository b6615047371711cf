"""The tests that name a law on a problem as it stands."""

import numpy as np
import pytest
import sympy

from edgewise.formula import evaluate
from edgewise.symbolic.additive import additive, posynomial, transformed_monomial
from edgewise.symbolic.dictionary import argument_dictionary
from edgewise.symbolic.factors import factor_products
from edgewise.symbolic.gauge import absorb, complete_squares, turn_roots
from edgewise.symbolic.identify import identify, powers_and_exponentials
from edgewise.symbolic.monomial import monomial
from edgewise.symbolic.problem import first_problem
from edgewise.symbolic.rational import rational_function
from edgewise.symbolic.separable import separable
from edgewise.symbolic.sparse import sparse_combination

A, B = np.random.default_rng(0).uniform(0.5, 3, (2, 700))


def gives(problem, expression, tolerance=1e-9):
    values = dict(zip((s.name for s in problem.symbols), problem.x.T, strict=True))
    limit = tolerance * np.max(np.abs(problem.y))
    np.testing.assert_allclose(evaluate(expression, values), problem.y, rtol=0, atol=limit)


@pytest.mark.parametrize(
    ("test", "y"),
    [
        (transformed_monomial, np.arctan(A / B)),
        (additive, np.sqrt(1 + A**2 + 3 / B)),
        (posynomial, A * B + 2 / A - B**2 / A),
        (separable, np.sqrt(1 + A**2 - 2 * A * np.cos(B))),
        (factor_products, np.exp(-A * B) * np.cos(A / B) / B),
        (argument_dictionary, A * np.cos(A * B) + B),
    ],
)
def test_of_two_inputs(test, y):
    problem = first_problem({"a": A, "b": B}, y)
    gives(problem, next(test(problem)))


@pytest.mark.parametrize(
    "g",
    [
        lambda z: 1 / (np.exp(1.3 * z) - 1),
        lambda z: z / np.sqrt(1 + z**2),
        lambda z: 2 + 3 * np.cos(4.7 * z),
        lambda z: np.tanh(0.8 * z) / z,
        lambda z: np.log(1 + 0.3 * z),
        lambda z: (1 + z**2) ** 1.5,
    ],
)
def test_shapes(g):
    problem = first_problem({"z": A}, g(A))
    gives(problem, next(identify(problem)))


def test_large_powers():
    problem = first_problem({"z": A}, 4 * (A**-12 - A**-6))
    gives(problem, next(powers_and_exponentials(problem)))


def test_monomial_with_signs():
    signed = np.where(np.arange(len(A)) % 2 == 0, A, -A)
    found = monomial(first_problem({"a": signed, "b": B}, -2 * signed**3 / B**2))
    assert found == -2 * sympy.Symbol("v0_0", real=True) ** 3 / sympy.Symbol("v0_1", positive=True) ** 2


def test_noise_is_no_monomial():
    assert monomial(first_problem({"a": A}, B)) is None


def test_smallest_ratio():
    problem = first_problem({"a": A, "b": B}, (A + 2 * B) / (1 + A * B))
    found = rational_function(problem)
    gives(problem, found)
    assert sympy.degree(sympy.fraction(sympy.together(found))[1], problem.symbols[0]) == 1


def test_an_exponential_is_no_ratio():
    assert rational_function(first_problem({"a": A}, np.exp(2 * A))) is None


def test_sparse_combination_finds_its_columns():
    columns = np.random.default_rng(1).normal(size=(500, 90))
    support, coefficients = sparse_combination(columns, columns[:, [7, 30, 61]] @ np.array([1.0, -2.0, 0.5]))
    assert sorted(support) == [7, 30, 61]
    np.testing.assert_allclose(sorted(coefficients), [-2.0, 0.5, 1.0])
    assert sparse_combination(columns, np.random.default_rng(2).normal(size=500)) is None


def test_gauges():
    a, c, u = sympy.symbols("a c u", positive=True)
    assert absorb(a * c / sympy.sqrt(c**2 - u**2)) == a / sympy.sqrt(1 - u**2 / c**2)
    assert complete_squares(a + c**2 - 2 * c * u + u**2) == a + (c - u) ** 2


def test_a_root_of_a_fraction_is_turned():
    c, u = sympy.symbols("c u", positive=True)
    assert turn_roots(c * sympy.sqrt(-1 / (u**2 - c**2))) == c / sympy.sqrt(c**2 - u**2)
