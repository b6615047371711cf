"""Knots where the residual is: their order, their range, and what stays even."""

import pytest
import torch
from torch import Tensor

from edgewise.basis import BSpline
from edgewise.errors import SettingsError, ShapeError
from edgewise.nn import KAN, trace
from edgewise.surgery import place_knots
from edgewise.surgery.knots import is_even, reach, stretch


def rows(count: int = 4000, n_in: int = 1) -> Tensor:
    return torch.rand(count, n_in, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1


def breaks(network: KAN, layer: int = 0) -> Tensor:
    basis = network[layer].basis
    assert isinstance(basis, BSpline)
    return basis.breaks


def test_pieces_gather_where_the_residual_is() -> None:
    x = rows()
    network = KAN([1, 1], intervals=10, dtype=torch.float64)
    spike = torch.exp(-(((x - 0.35) / 0.05) ** 2))
    for _ in range(12):
        network = place_knots(network, x, spike)
    near = (breaks(network) - 0.35).abs() < 0.2
    assert int(near.sum()) >= 6
    assert breaks(network)[0, [0, -1]].tolist() == pytest.approx([-1, 1])


def test_equal_shares_of_the_error_stay_where_they_are() -> None:
    x = torch.linspace(-1, 1, 2001, dtype=torch.float64)[:, None]
    network = KAN([1, 1], intervals=8, dtype=torch.float64)
    torch.testing.assert_close(breaks(place_knots(network, x, torch.ones_like(x))), breaks(network), atol=1e-3, rtol=0)


def test_a_piece_with_a_larger_share_is_cut_as_the_theory_says() -> None:
    """With errors as h^(2d+3), a piece with 2^(2d+3) times the squared error of the other is twice too wide."""
    x = torch.tensor([[-0.5], [0.5]], dtype=torch.float64)
    network = KAN([1, 1], intervals=2, dtype=torch.float64)
    residuals = torch.tensor([[1.0], [2.0**4.5]], dtype=torch.float64)
    torch.testing.assert_close(
        breaks(place_knots(network, x, residuals, intervals=3)),
        torch.tensor([[-1.0, 0.0, 0.5, 1.0]], dtype=torch.float64),
        atol=2e-2,
        rtol=0,
    )


def test_hidden_pieces_cover_what_is_reached() -> None:
    x = rows(n_in=2)
    network = KAN([2, 2, 1], intervals=6, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        network[0].weight.mul_(5)
    placed = place_knots(network, x, x[:, :1] ** 2, intervals=9)
    low, high = reach(trace(network, x).layers[1].preactivations)
    torch.testing.assert_close(breaks(placed, 1)[:, 0], low)
    torch.testing.assert_close(breaks(placed, 1)[:, -1], high)
    assert [layer.basis.intervals for layer in placed] == [9, 9]


def test_knots_never_meet_however_often_they_are_placed() -> None:
    x = rows(50)
    network = KAN([1, 1], intervals=12, dtype=torch.float64)
    for _ in range(60):
        network = place_knots(network, x, (x > 0.1).double())
    assert float(breaks(network).diff().min()) > 1e-8
    assert bool(network(x).isfinite().all())


def test_stretching_keeps_even_pieces_even_and_uneven_ones_in_place() -> None:
    even = BSpline.over(torch.zeros(1), torch.ones(1), 5, 3)
    assert torch.equal(
        stretch(even, torch.tensor([-1.0]), torch.tensor([3.0])).knots,
        BSpline.over(torch.tensor([-1.0]), torch.tensor([3.0]), 5, 3).knots,
    )
    uneven = BSpline.at(torch.tensor([[0.0, 0.4, 0.5, 0.6, 1.0]]), 3)
    assert not is_even(uneven)
    wider = stretch(uneven, torch.tensor([0.0]), torch.tensor([9.0]))
    assert isinstance(wider, BSpline)
    assert float(wider.breaks[0, 3]) < 1.0
    assert wider.breaks[0, [0, -1]].tolist() == [0, 9]


@pytest.mark.against_annotations
def test_what_cannot_be_placed_is_said() -> None:
    x = rows(10)
    with pytest.raises(ShapeError, match="10 rows, residuals 3"):
        place_knots(KAN([1, 1]), x.float(), x[:3].float())
    with pytest.raises(SettingsError, match="rbf"):
        place_knots(KAN([1, 1], basis="rbf"), x.float(), x.float())
