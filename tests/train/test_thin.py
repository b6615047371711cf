"""Hidden nodes that a function does not need go before the pieces get fine; those it needs stay."""

import math

import pytest
import torch
from torch import Tensor

from edgewise.nn import KAN
from edgewise.surgery import nodes_on
from edgewise.train import Levenberg, TrainingData, levenberg
from edgewise.train.thin import thin

SETTINGS = Levenberg(restarts=2, intervals=(3, 6, 12), bouts=3)


def sample(function: object, count: int = 300) -> TrainingData:
    x = torch.rand(count, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1
    return TrainingData.split(x, function(x)[:, None])


def smooth(x: Tensor) -> Tensor:
    return torch.exp(torch.sin(2 * x[:, 0]) + x[:, 1] ** 2)


def test_a_wide_network_keeps_the_node_that_the_function_has_and_its_shape() -> None:
    data = sample(smooth)
    wide = KAN([2, 3, 1], degree=5, residual="none", dtype=torch.float64)
    whole = levenberg(wide, data, SETTINGS)
    lean = levenberg(wide, data, Levenberg(restarts=2, intervals=(3, 6, 12), bouts=3, thin_after=2))
    assert lean.network.shape == wide.shape
    assert nodes_on(whole.network) == ((0, 1, 2),)
    assert len(nodes_on(lean.network)[0]) == 1
    assert lean.held_out_rmse < whole.held_out_rmse


def test_nodes_that_are_needed_stay() -> None:
    fit = levenberg(
        KAN([2, 2, 1], dtype=torch.float64),
        sample(lambda x: x[:, 0] * x[:, 1]),
        Levenberg(restarts=2, intervals=(3, 6), bouts=3, thin_after=1),
    )
    assert nodes_on(fit.network) == ((0, 1),)
    assert fit.held_out_rmse < 1e-3


def test_where_cut_nodes_stop_the_rate_the_whole_network_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgewise.train.thin.WORSE", math.inf)  # any cut is taken: x y in one node cannot be held
    settings = Levenberg(restarts=2, intervals=(3, 6), bouts=3, thin_after=1)
    data = sample(lambda x: x[:, 0] * x[:, 1])
    fit = levenberg(KAN([2, 2, 1], dtype=torch.float64), data, settings)
    assert [stage.intervals for stage in fit.history.stages] == [3, 6, 6]
    assert nodes_on(fit.network) == ((0, 1),)
    assert fit.held_out_rmse < 1e-3


def test_the_search_ends_where_training_does() -> None:
    network = KAN([2, 3, 1], dtype=torch.float64)
    tried: list[KAN] = []

    def out_of_time(lean: KAN) -> tuple[KAN, float]:
        tried.append(lean)
        return lean, math.inf

    assert thin(network, 1.0, sample(smooth).x, out_of_time) is None
    assert len(tried) == 1
