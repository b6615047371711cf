"""Least squares whose parameters have least values, against SciPy's."""

import numpy as np
import pytest
import torch
from scipy.optimize import lsq_linear
from torch import Tensor

from edgewise.solve import Residuals, levenberg_marquardt


@pytest.mark.parametrize("seed", range(2))
def test_agrees_with_scipy_where_the_residuals_are_linear(seed: int) -> None:
    draw = np.random.default_rng(seed)
    hinges = np.maximum(np.arange(20)[:, None] - np.arange(0, 19, 2)[None, :], 0.0)  # far from orthogonal
    design, target = draw.standard_normal((60, 20)) @ hinges, draw.standard_normal(60)
    lower = np.where(np.arange(10) < 3, -np.inf, 0.0)
    expected = lsq_linear(design, target, (lower, np.inf), tol=1e-14)
    matrix, wanted = torch.as_tensor(design), torch.as_tensor(target)

    def residuals(theta: Tensor) -> Tensor:
        return theta @ matrix.T - wanted

    start = torch.ones(1, 10, dtype=torch.float64)
    found = levenberg_marquardt(Residuals(residuals), start, steps=60, tolerance=1e-14, lower=torch.as_tensor(lower))
    assert bool((found.theta >= torch.as_tensor(lower)).all())
    assert float(found.loss[0]) == pytest.approx(expected.cost / 60, rel=1e-7)


def test_a_start_below_begins_at_the_least_value() -> None:
    problem = Residuals(lambda theta: theta + 3.0)
    found = levenberg_marquardt(problem, torch.full((1, 1), -9.0).double(), lower=torch.zeros(1).double())
    assert found.theta.tolist() == [[0.0]]


def test_a_bound_that_is_not_reached_changes_nothing() -> None:
    problem = Residuals(lambda theta: torch.stack([theta[:, 0] - 2, theta[:, 0] ** 2 - 4.2], 1))
    start = torch.ones(1, 1, dtype=torch.float64)
    free = levenberg_marquardt(problem, start, tolerance=1e-14)
    bound = levenberg_marquardt(problem, start, tolerance=1e-14, lower=torch.zeros(1, dtype=torch.float64))
    torch.testing.assert_close(free.theta, bound.theta, atol=1e-10, rtol=0)
