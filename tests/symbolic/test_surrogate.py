"""The polynomial stand-in: its gradient, its error, and the bound on its columns."""

import numpy as np
import pytest

from edgewise.symbolic.problem import first_problem
from edgewise.symbolic.surrogate import exponents, fit, legendre


def test_exponents_are_complete_and_ascending():
    table = exponents(3, 330)
    degrees = table.sum(axis=1)
    assert np.all(np.diff(degrees) >= 0)
    assert len(np.unique(table, axis=0)) == len(table) <= 330


def test_legendre_slopes_agree_with_differences():
    t, step = np.linspace(-0.9, 0.9, 7), 1e-6
    difference = (legendre(t + step, 8)[0] - legendre(t - step, 8)[0]) / (2 * step)
    np.testing.assert_allclose(legendre(t, 8)[1], difference, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("noisy", [False, True])
def test_gradient(noisy):
    generator = np.random.default_rng(0)
    x, z = generator.uniform(1, 2, (2, 500))
    found = fit(first_problem({"x": x, "z": z}, x**2 / z, noisy))
    assert found.error < 1e-5
    np.testing.assert_allclose(found.gradient, np.column_stack([2 * x / z, -(x**2) / z**2]), atol=2e-3)


def test_error_of_noise_is_not_small():
    generator = np.random.default_rng(0)
    columns = dict(zip("abcd", generator.uniform(1, 2, (4, 300)), strict=True))
    assert fit(first_problem(columns, generator.normal(size=300))).error > 0.9
