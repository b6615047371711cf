"""Many restarts of which the worse half is left behind after each bout."""

from dataclasses import replace

import torch
from torch import Tensor

from edgewise.nn import KAN
from edgewise.train import Levenberg, TrainingData, levenberg

MANY = Levenberg(restarts=16, keep=(2, 1), intervals=(3, 6), halving=True, bouts=3)


def waves(shape: list[int], seed: int) -> tuple[KAN, TrainingData]:
    """A law whose oscillation most restarts miss."""
    x = torch.rand(500, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    y = torch.sin(4 * (x[:, :1] + 1.2) * (x[:, 1:] + 1.2))
    return KAN(shape, degree=3, dtype=torch.float64), TrainingData.split(x, y, seed=seed)


def numbers(network: KAN) -> list[Tensor]:
    return [p.detach() for p in network.parameters()]


def test_many_restarts_halved_are_better_than_the_few_that_cost_as_much() -> None:
    few = replace(MANY, restarts=4, halving=False)
    errors = {"many": [], "few": []}
    for seed in range(4):
        network, data = waves([2, 3, 1], seed)
        errors["many"].append(levenberg(network, data, MANY, seed=seed).held_out_rmse)
        errors["few"].append(levenberg(network, data, few, seed=seed).held_out_rmse)
    assert sorted(errors["many"])[1] <= sorted(errors["few"])[1]
    assert sum(errors["many"]) < sum(errors["few"])


def test_as_many_restarts_as_go_on_are_not_halved() -> None:
    network, data = waves([2, 2, 1], 0)
    whole = levenberg(network, data, replace(MANY, restarts=2, keep=2, halving=False))
    halved = levenberg(network, data, replace(MANY, restarts=2, keep=2))
    assert all(torch.equal(a, b) for a, b in zip(numbers(whole.network), numbers(halved.network), strict=True))


def test_stop_while_halving_keeps_the_best_so_far() -> None:
    network, data = waves([2, 2, 1], 0)
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 20

    fit = levenberg(network, data, MANY, stop=stop)
    assert fit.history.cut
    assert fit.held_out_rmse < float(data.y_held.square().mean().sqrt())
