"""Levenberg-Marquardt against scipy.optimize.least_squares, and many starts against one by one."""

import numpy as np
import pytest
import torch
from scipy.optimize import least_squares
from torch import Tensor

from edgewise.errors import TrainingError
from edgewise.solve import Residuals, levenberg_marquardt

T = torch.linspace(0, 2, 40, dtype=torch.float64)
NOISE = torch.randn(40, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def rosenbrock(theta: Tensor) -> Tensor:
    a, b = theta.unbind(-1)
    return torch.stack([10 * (b - a**2), 1 - a], -1)


def powell(theta: Tensor) -> Tensor:
    """Powell's singular function: the Jacobian loses rank at the solution."""
    a, b, c, d = theta.unbind(-1)
    return torch.stack([a + 10 * b, 5**0.5 * (c - d), (b - 2 * c) ** 2, 10**0.5 * (a - d) ** 2], -1)


def exponentials(theta: Tensor) -> Tensor:
    """Two decays in noise: a sum of squares that does not come down to zero."""
    a, b, c, d = theta.unsqueeze(-1).unbind(-2)
    return a * torch.exp(-b * T) + c * torch.exp(-d * T) - (2 * torch.exp(-3 * T) + torch.exp(-0.5 * T) + 0.01 * NOISE)


def sine(theta: Tensor) -> Tensor:
    a, b, c = theta.unsqueeze(-1).unbind(-2)
    return a * torch.sin(b * T + c) - 1.5 * torch.sin(3 * T + 0.4)


PROBLEMS = {
    "rosenbrock": (rosenbrock, [-1.2, 1.0]),
    "powell": (powell, [3.0, -1.0, 0.0, 1.0]),
    "exponentials": (exponentials, [1.0, 2.0, 1.0, 0.1]),
    "sine": (sine, [1.0, 2.5, 0.0]),
}
problem = pytest.mark.parametrize(("residuals", "start"), PROBLEMS.values(), ids=PROBLEMS)


def starts_near(start: list[float], count: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    centre = torch.tensor(start, dtype=torch.float64)
    return centre + 0.1 * torch.randn(count, len(start), generator=generator, dtype=torch.float64)


def of_scipy(residuals, start: np.ndarray):
    return least_squares(
        lambda theta: residuals(torch.tensor(theta)[None])[0].numpy(), start, method="lm", xtol=1e-15, ftol=1e-15
    )


@problem
def test_finds_the_minimum_that_scipy_finds(residuals, start: list[float]) -> None:
    found = levenberg_marquardt(
        Residuals(residuals), torch.tensor([start], dtype=torch.float64), steps=150, tolerance=1e-12
    )
    witness = of_scipy(residuals, np.array(start))
    rows = len(witness.fun)
    assert float(found.loss[0]) <= witness.cost / rows * (1 + 1e-6) + 1e-14
    if witness.cost > 1e-10 or residuals is rosenbrock:
        np.testing.assert_allclose(found.theta[0].numpy(), witness.x, rtol=1e-4, atol=1e-6)


@problem
def test_many_starts_go_as_one_by_one(residuals, start: list[float]) -> None:
    starts = starts_near(start)
    together = levenberg_marquardt(Residuals(residuals), starts, steps=25)
    for row, theta in enumerate(starts):
        alone = levenberg_marquardt(Residuals(residuals), theta[None], steps=25)
        torch.testing.assert_close(together.theta[row], alone.theta[0], rtol=1e-7, atol=1e-9)
        torch.testing.assert_close(together.loss[row], alone.loss[0], rtol=1e-7, atol=1e-15)
        assert bool(together.converged[row]) == bool(alone.converged[0])


@problem
def test_never_ends_worse_than_it_began(residuals, start: list[float]) -> None:
    starts = 3 * starts_near(start)
    task = Residuals(residuals)
    for steps in (1, 2, 5):
        found = levenberg_marquardt(task, starts, steps=steps)
        assert bool((found.loss <= task.loss(starts)).all())
        torch.testing.assert_close(found.loss, task.loss(found.theta))


@problem
def test_the_normal_equations_are_those_of_the_residuals(residuals, start: list[float]) -> None:
    starts = starts_near(start)
    task = Residuals(residuals)
    loss, gradient, curvature = task.normal_equations(starts)
    for row, theta in enumerate(starts):
        jacobian = torch.autograd.functional.jacobian(lambda t: residuals(t[None])[0], theta)
        rest = residuals(theta[None])[0]
        torch.testing.assert_close(loss[row], rest.square().mean() / 2)
        torch.testing.assert_close(gradient[row], jacobian.T @ rest / len(rest))
        torch.testing.assert_close(curvature[row], jacobian.T @ jacobian / len(rest))
    torch.testing.assert_close(task.loss(starts), loss)


def test_reruns_are_equal_to_the_bit() -> None:
    runs = [levenberg_marquardt(Residuals(exponentials), starts_near([1.0, 2.0, 1.0, 0.1]), steps=40) for _ in range(3)]
    assert all(torch.equal(run.theta, runs[0].theta) for run in runs)


def test_the_starts_are_left_alone() -> None:
    starts = starts_near([-1.2, 1.0])
    before = starts.clone()
    levenberg_marquardt(Residuals(rosenbrock), starts)
    assert torch.equal(starts, before)


def test_a_start_that_is_not_finite_spoils_no_other() -> None:
    starts = starts_near([-1.2, 1.0])
    starts[2] = torch.nan
    found = levenberg_marquardt(Residuals(rosenbrock), starts, steps=200)
    assert bool(found.loss[2].isinf())
    assert float(found.loss[[0, 1, 3, 4, 5]].max()) < 1e-12


def test_no_finite_start_at_all_is_an_error() -> None:
    with pytest.raises(TrainingError, match="none of the 2 starts"):
        levenberg_marquardt(Residuals(rosenbrock), torch.full((2, 2), torch.inf, dtype=torch.float64))


def test_steps_into_what_is_not_finite_are_refused() -> None:
    """log has no value where the first step would lead."""
    found = levenberg_marquardt(
        Residuals(lambda theta: torch.log(theta) - 1), torch.tensor([[20.0]], dtype=torch.float64), steps=100
    )
    torch.testing.assert_close(found.theta, torch.tensor([[np.e]], dtype=torch.float64))


def test_a_parameter_without_effect_stays() -> None:
    found = levenberg_marquardt(
        Residuals(lambda theta: theta[:, :1] - 3 + 0 * theta[:, 1:]), torch.tensor([[1.0, 7.0]], dtype=torch.float64)
    )
    torch.testing.assert_close(found.theta, torch.tensor([[3.0, 7.0]], dtype=torch.float64))


def test_stops_when_asked_and_when_converged() -> None:
    starts = starts_near([-1.2, 1.0])
    asked = levenberg_marquardt(Residuals(rosenbrock), starts, stop=lambda: True)
    assert torch.equal(asked.theta, starts)
    done = levenberg_marquardt(Residuals(rosenbrock), starts, steps=1000)
    assert done.steps < 100
    assert not bool(levenberg_marquardt(Residuals(rosenbrock), starts, steps=1).converged.any())


def test_what_converged_and_in_how_many_steps() -> None:
    """A start that is no number has not; one below the floor has, at once."""
    line = Residuals(lambda theta: torch.stack([theta[:, 0] - 1, 0 * theta[:, 0]], -1))
    starts = torch.tensor([[1.0], [torch.nan]], dtype=torch.float64)
    found = levenberg_marquardt(line, starts, floor=1e-20)
    assert found.converged.tolist() == [True, False]
    assert found.steps == 0
