"""The rate and the share of noise: what a graph that holds the function shows, and one that does not."""

import math

import pytest
import torch
from torch import Tensor

from edgewise.nn import KAN
from edgewise.train import Levenberg, TrainingData, levenberg, noise_share

COARSE = Levenberg(restarts=4, intervals=(3, 6, 12), bouts=4)


def square(count: int) -> Tensor:
    return torch.rand(count, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1


def noise(count: int) -> Tensor:
    return torch.randn(count, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_noise_is_all_noise_and_a_function_is_none() -> None:
    x = square(1000)
    smooth = torch.sin(2 * x[:, :1]) * x[:, 1:]
    assert noise_share(x, noise(1000)) == pytest.approx(1.0, abs=0.12)
    assert noise_share(x, smooth) < 0.02
    assert noise_share(x, torch.zeros_like(smooth)) == 1.0
    assert noise_share(x[:1], smooth[:1]) == 1.0


@pytest.mark.parametrize("level", [0.0, 0.02])
def test_the_right_graph_shows_its_rate_or_the_noise_and_the_wrong_one_neither(level: float) -> None:
    x = square(1000)
    y = torch.exp(torch.sin(math.pi * x[:, :1]) + x[:, 1:] ** 2) + level * noise(1000)
    right, wrong = (
        levenberg(KAN(shape), TrainingData.split(x, y), COARSE).certificate for shape in ([2, 1, 1], [2, 1])
    )
    assert right.theory == wrong.theory == 4
    assert right.holds if level == 0 else right.at_noise
    assert not wrong.holds
    assert not wrong.at_noise
