"""Memory is known in advance; by rows and by columns, all at once and one by one, the steps are the same."""

import pytest
import torch
from torch import Tensor

from edgewise.errors import TrainingError
from edgewise.nn import KAN
from edgewise.solve.curvature import Dense
from edgewise.surgery import fix, place_knots, remove
from edgewise.train import Levenberg, TrainingData, levenberg
from edgewise.train.budget import Plan, dense_bytes, plan, rows_bytes
from edgewise.train.dual import DualLeastSquares
from edgewise.train.jacobian import StackLeastSquares
from edgewise.train.stack import Stack


def rows(count: int = 30, outputs: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    x = torch.rand(count, 2, generator=generator, dtype=torch.float64) * 2 - 1
    y = torch.randn(count, outputs, generator=generator, dtype=torch.float64)
    return x, y, torch.rand(count, generator=generator, dtype=torch.float64) + 0.1


def networks(shape: list, **settings) -> list[KAN]:
    seeds = (torch.Generator().manual_seed(seed) for seed in (0, 1))
    made = [KAN(shape, intervals=6, dtype=torch.float64, generator=seed, **settings) for seed in seeds]
    return [remove(network, (0, 1, 0)) for network in made]


def named(network: KAN) -> KAN:
    return fix(network, (0, 0, 1), "sin", (1.0, 0.1, 0.8, 0.0))


@pytest.mark.parametrize("penalty", [0.0, 1e-3])
@pytest.mark.parametrize(
    ("shape", "settings", "change"),
    [
        ([2, 4, 1], {}, "uneven"),
        ([2, 4, 2], {"residual": "none"}, "fixed"),
        ([2, (1, 3), 1], {"degree": 2}, "even"),
        ([2, 4, 1], {"basis": "rbf"}, "even"),
    ],
)
def test_by_rows_the_damped_step_is_that_of_the_matrix(
    shape: list, settings: dict, change: str, penalty: float
) -> None:
    x, y, weights = rows(outputs=shape[-1])
    made = networks(shape, **settings)
    if change == "uneven":
        made = [place_knots(one, x, y) for one in made]
    stack = Stack.of([named(one) for one in made] if change == "fixed" else made)
    dense, dual = (kind(stack, x, y, penalty, weights) for kind in (StackLeastSquares, DualLeastSquares))
    theta = dense.theta() * 1.2
    (loss, gradient, matrix), (loss2, gradient2, by_rows) = dense.normal_equations(theta), dual.normal_equations(theta)
    torch.testing.assert_close(loss2, loss, rtol=1e-12, atol=0)
    torch.testing.assert_close(dual.loss(theta), loss, rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient2, gradient, rtol=1e-10, atol=1e-13)
    diagonal = Dense(matrix).diagonal()
    torch.testing.assert_close(by_rows.diagonal(), diagonal, rtol=1e-10, atol=1e-13)
    damping = 1e-2 * (diagonal + 1e-3)
    step = Dense(matrix).solve(damping, gradient)
    torch.testing.assert_close(by_rows.solve(damping, gradient), step, rtol=1e-8, atol=1e-9 * float(step.abs().max()))


@pytest.mark.parametrize("memory", ["one by one", "by rows"])
def test_with_less_memory_training_ends_in_the_same_place(memory: str) -> None:
    x, y, _ = rows(40 if memory == "by rows" else 120)
    data = TrainingData(x, torch.sin(3 * x[:, :1]) * x[:, 1:] + 0 * y, x[:0], y[:0])
    network, count = KAN([2, 4, 1]), 12 * 7
    least = {"by rows": rows_bytes(count, 40), "one by one": dense_bytes(1, count, 120)}[memory]
    wide, narrow = (
        levenberg(network, data, Levenberg(restarts=3, intervals=(3,), bouts=1, steps=8, keep=1, memory=room))
        for room in (2.0**30, 1.01 * least)
    )
    assert narrow.held_out_rmse == pytest.approx(wide.held_out_rmse, rel=1e-5)
    torch.testing.assert_close(narrow.network(x), wide.network(x), rtol=0, atol=1e-4)


def test_the_plan_follows_rows_parameters_and_memory() -> None:
    stack = Stack.of(networks([2, 4, 1]))
    assert plan(stack, 100, 1000, 1e9) == Plan(2)
    assert plan(stack, 5000, 1000, 1e9) == Plan(2, by_rows=True)
    assert plan(stack, 2000, 10_000, dense_bytes(1, 2000, 10_000)) == Plan(1)
    with pytest.raises(TrainingError, match=r"2,000 parameters and 10,000 rows needs 288,000,000 bytes.*lbfgs"):
        plan(stack, 2000, 10_000, 1e8)


def test_a_network_with_far_more_parameters_than_rows_trains_by_rows() -> None:
    x, _, _ = rows(50)
    wide = x.repeat(1, 20)
    data = TrainingData(wide, torch.sin(3 * x[:, :1]), wide[:0], wide[:0, :1])
    fit = levenberg(KAN([40, 20, 1]), data, Levenberg(restarts=1, intervals=(3,), bouts=1, memory=2e8))
    assert fit.history.stages[0].parameters > 5000
    assert fit.held_out_rmse < 1e-2 < float(data.y.std())
