"""Strengths of the difference penalty, chosen by the rows held out."""

import torch

from edgewise.nn import KAN
from edgewise.train import Levenberg, TrainingData, levenberg

STRENGTHS = (1e-5, 1e-3, 1e-1)


def noisy(seed: int) -> TrainingData:
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(60, 1, generator=generator, dtype=torch.float64) * 2 - 1
    return TrainingData.split(
        x, torch.sin(4 * x) + 0.3 * torch.randn(60, 1, generator=generator, dtype=torch.float64), 0.3
    )


def test_the_finest_network_is_smoothed_and_the_best_by_held_out_error_is_kept() -> None:
    settings = Levenberg(restarts=1, intervals=(24,), most_parameters=1.0)
    better = 0
    for seed in range(5):
        plain = levenberg(KAN([1, 1]), noisy(seed), settings)
        chosen = levenberg(KAN([1, 1]), noisy(seed), Levenberg(**{**vars(settings), "penalties": STRENGTHS}))
        assert [stage.penalty for stage in chosen.history.stages] == [None, *STRENGTHS]
        assert chosen.held_out_rmse <= plain.held_out_rmse
        grid = torch.linspace(-0.95, 0.95, 200, dtype=torch.float64).unsqueeze(1)
        with torch.no_grad():
            errors = [float((fit.network(grid) - torch.sin(4 * grid)).square().mean()) for fit in (plain, chosen)]
        better += errors[1] < 0.5 * errors[0]
    assert better >= 3  # the truth, which no row shows, comes nearer as well
