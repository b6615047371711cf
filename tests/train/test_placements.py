"""Training with knots placed by residual, against SciPy's least squares on even knots; and its penalty."""

import numpy as np
import pytest
import torch
from scipy.interpolate import make_lsq_spline
from torch import Tensor

from edgewise.basis import BSpline
from edgewise.nn import KAN
from edgewise.solve import fit_linear
from edgewise.surgery.knots import is_even
from edgewise.train import Levenberg, TrainingData, levenberg
from edgewise.train.differences import differences

TWELVE = Levenberg(restarts=1, intervals=(6, 12))


def kink(x: Tensor) -> Tensor:
    return (x - 0.2).abs()


def line(count: int) -> Tensor:
    return torch.rand(count, 1, generator=torch.Generator().manual_seed(4), dtype=torch.float64) * 2 - 1


def test_a_kink_is_held_a_hundred_times_better_than_by_scipy_on_even_knots() -> None:
    x, fresh = line(1000).sort(0).values, torch.linspace(-0.99, 0.99, 5001, dtype=torch.float64)[:, None]
    even = make_lsq_spline(
        x[:, 0].numpy(), kink(x)[:, 0].numpy(), np.r_[[-1] * 4, np.linspace(-1, 1, 13)[1:-1], [1] * 4]
    )
    theirs = np.sqrt(np.mean((even(fresh[:, 0].numpy()) - kink(fresh)[:, 0].numpy()) ** 2))
    settings = Levenberg(restarts=1, intervals=(6, 12), placements=12)
    network = levenberg(KAN([1, 1]), TrainingData.split(x, kink(x)), settings).network
    ours = float((network(fresh) - kink(fresh)).square().mean().sqrt().detach())
    assert network[0].basis.intervals == 12
    assert ours < 0.01 * theirs


def test_knots_move_only_where_the_held_out_error_falls() -> None:
    noise = torch.randn(300, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x = line(300)
    data = TrainingData.split(x, torch.sin(3 * x) + 0.1 * noise)
    plain = levenberg(KAN([1, 1]), data, TWELVE)
    placed = levenberg(KAN([1, 1]), data, Levenberg(restarts=1, intervals=(6, 12), placements=5))
    assert placed.held_out_rmse <= plain.held_out_rmse
    tried = [stage for stage in placed.history.stages if stage.placed]
    assert tried
    best = placed.history.best
    assert is_even(placed.network[0].basis) != best.placed
    assert placed.history.rates == plain.history.rates


@pytest.mark.parametrize("degree", [1, 3, 5])
def test_divided_differences_vanish_on_polynomials_of_the_degree_and_on_no_others(degree: int) -> None:
    generator = torch.Generator().manual_seed(degree)
    basis = BSpline.at(torch.rand(2, 9, generator=generator, dtype=torch.float64).sort(1).values, degree)
    x = basis.points(2 * degree + 2)
    for power in range(degree + 2):
        coefficients = fit_linear(basis(x).transpose(0, 1), (x**power).T.unsqueeze(-1))
        size = float((differences(basis) @ coefficients).abs().max())
        assert (size < 1e-10) == (power <= degree), power


def test_even_knots_have_plain_differences_at_whatever_scale() -> None:
    for scale in (1e-3, 1.0, 1e3):
        border = torch.full((2,), scale, dtype=torch.float64)
        basis = BSpline.over(-border, border, 7, 3)
        nearly = BSpline.at(basis.breaks + 1e-4 * scale * torch.eye(2, 8, dtype=torch.float64).roll(1, 1), 3)
        plain = torch.diff(torch.eye(10, dtype=torch.float64), n=4, dim=0)
        torch.testing.assert_close(differences(basis), plain.expand(2, -1, -1))
        torch.testing.assert_close(differences(nearly), plain.expand(2, -1, -1), atol=2e-2, rtol=0)
