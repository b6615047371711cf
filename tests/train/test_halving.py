"""Many restarts of which the worse half is left behind after each bout."""

import importlib
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from edgewise.nn import KAN
from edgewise.train import Levenberg, Stack, TrainingData, levenberg

MANY = Levenberg(restarts=16, keep=(2, 1), intervals=(3, 6), halving=True)


def waves(shape: list[int], seed: int) -> tuple[KAN, TrainingData]:
    """A law whose oscillation most restarts miss."""
    x = torch.rand(500, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    y = torch.sin(4 * (x[:, :1] + 1.2) * (x[:, 1:] + 1.2))
    return KAN(shape, degree=3, dtype=torch.float64), TrainingData.split(x, y, seed=seed)


def numbers(network: KAN) -> list[Tensor]:
    return [p.detach() for p in network.parameters()]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Each bout: how many restarts it had, and the most steps that one of them took."""
    module, found = importlib.import_module("edgewise.train.levenberg"), []
    bout = module._bout

    def counted(stack: Stack, *rest: Any) -> tuple[int, float]:
        taken, least = bout(stack, *rest)
        found.append((stack.starts, taken))
        return taken, least

    monkeypatch.setattr(module, "_bout", counted)
    return found


def test_sixteen_halved_take_no_more_steps_than_eight_and_do_better_than_two(steps: list[tuple[int, int]]) -> None:
    few = {count: replace(MANY, restarts=count, halving=False) for count in (8, 2)}
    work, errors = {}, {}
    for name, settings in {16: MANY, **few}.items():
        steps.clear()
        errors[name] = [levenberg(*waves([2, 3, 1], seed), settings, seed=seed).held_out_rmse for seed in range(3)]
        work[name] = sum(starts * taken for starts, taken in steps)
    assert 0.6 * work[8] < work[16] < work[8]
    assert sum(errors[16]) < sum(errors[2])


def test_the_steps_of_the_halves_count(steps: list[tuple[int, int]]) -> None:
    fit = levenberg(*waves([2, 2, 1], 0), MANY)
    assert [starts for starts, _ in steps[:4]] == [16, 8, 4, 2]
    assert sum(stage.steps for stage in fit.history.stages) == sum(taken for _, taken in steps)


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
