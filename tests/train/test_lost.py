"""Where nothing finite is left the error says where; where something is, no number is NaN."""

import math

import pytest
import torch
from torch import Tensor

from edgewise.errors import TrainingError
from edgewise.nn import KAN
from edgewise.surgery import fix
from edgewise.train import Levenberg, Stack, TrainingData, levenberg
from edgewise.train.levenberg import _follow, _place_knots

SHORT = Levenberg(restarts=2, intervals=(3,), bouts=1, steps=4)


def rows(x: Tensor | None = None, factor: float = 1.0) -> TrainingData:
    x = torch.linspace(-1, 1, 40, dtype=torch.float64).repeat(2, 1).T if x is None else x
    y = (x[:, :1].clamp(-1, 1) ** 2) * factor
    return TrainingData(x, y, x[:0], y[:0])


def test_huge_targets() -> None:
    with pytest.raises(
        TrainingError, match=r"stage of 3 intervals: no restart of 2.*loss in bout 1.*1e\+300, in column 0 of y"
    ):
        levenberg(KAN([2, 2, 1]), rows(factor=1e300), SHORT)


def test_huge_targets_one_restart_at_a_time() -> None:
    from edgewise.train.budget import dense_bytes

    room = dense_bytes(1, 6 * 7, 40)
    with pytest.raises(TrainingError, match=r"no restart of 2 has a finite loss in bout 1"):
        levenberg(KAN([2, 2, 1]), rows(factor=1e300), Levenberg(2, intervals=(3,), memory=room))


def test_huge_inputs_through_a_product() -> None:
    x = rows().x * 1e200
    with pytest.raises(TrainingError, match=r"every node of layer 1 before the first step.*1e\+200, in column"):
        levenberg(KAN([2, (0, 1), 1]), rows(x), SHORT)


def test_huge_inputs_at_the_last_layer() -> None:
    x = rows().x * 1e200
    with pytest.raises(TrainingError, match=r"no restart of 2 has a finite loss in bout 1.*in column"):
        levenberg(KAN([2, 1]), rows(x), SHORT)


def test_a_named_edge_with_a_pole_in_its_range() -> None:
    network = fix(KAN([2, 1]), (0, 0, 0), "1/x", (1.0, 1.0, 1.0, 0.0))  # x = -1 is a row
    with pytest.raises(TrainingError, match=r"stage of 5 intervals.*a pole inside"):
        levenberg(network, rows(), SHORT, fresh=False)


def test_rows_held_out_far_from_all_others() -> None:
    near = rows()
    data = TrainingData(near.x, near.y, near.x[:2] * 1e300, near.y[:2])
    with pytest.raises(TrainingError, match=r"error on the rows that decide.*in column \d of x held out"):
        levenberg(KAN([2, 2, 1]), data, SHORT)


def test_huge_targets_held_out() -> None:
    near = rows()
    data = TrainingData(near.x, near.y, near.x[:2], near.y[:2] * 1e300)
    with pytest.raises(TrainingError, match=r"error on the rows that decide.*1e\+300, in column 0 of y held out"):
        levenberg(KAN([2, 2, 1]), data, SHORT)


def test_a_restart_that_is_lost_keeps_no_other_from_its_knots() -> None:
    def pair() -> Stack:
        networks = [KAN([2, 2, 1], dtype=torch.float64, generator=torch.Generator().manual_seed(k)) for k in (0, 1)]
        with torch.no_grad():
            networks[0][0].weight.mul_(30)
            networks[1][0].weight[0, 0, 0] = math.inf
        return Stack.of(networks)

    alone = pair().take([0])
    assert _follow(alone, rows().x)
    both = pair()
    old = both.layers[1].basis.knots[2:].clone()
    assert _follow(both, rows().x)
    assert torch.equal(both.layers[1].basis.knots[:2], alone.layers[1].basis.knots)
    assert torch.equal(both.layers[1].basis.knots[2:], old)
    placed = pair()
    _place_knots(placed, rows())
    assert float(placed.layers[1].basis.high[0]) == pytest.approx(float(alone.layers[1].basis.high[0]))
    assert torch.equal(placed.layers[1].basis.knots[2:], old)


def test_a_spread_like_a_poles_trains_without_nan() -> None:
    x = 1 / (torch.linspace(-1, 1, 60, dtype=torch.float64) + 1e-9)
    x = torch.stack([x, x.flip(0) ** 3], 1)
    fit = levenberg(KAN([2, 2, 1]), rows(x), SHORT)
    assert all(bool(parameter.isfinite().all()) for parameter in fit.network.parameters())
    assert all(torch.isfinite(torch.tensor([s.rmse, s.held_out_rmse])).all() for s in fit.history.stages)
    assert bool(fit.network(x).isfinite().all())
