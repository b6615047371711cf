"""What every way to train must obey, whatever its name."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from edgewise.errors import ShapeError, ValuesError
from edgewise.nn import KAN
from edgewise.surgery import fix, remove
from edgewise.train import LOSSES, Gradient, Levenberg, Objective, TrainingData, gradient, levenberg
from edgewise.train.gradient import OPTIMISERS

Train = Callable[..., KAN]


def by_levenberg(network: KAN, data: TrainingData, seed: int = 0, stop: Callable[[], bool] | None = None) -> KAN:
    settings = Levenberg(restarts=2, intervals=(3,), bouts=2)
    return levenberg(network, data, settings, seed=seed, stop=stop).network


def going_on(network: KAN, data: TrainingData, seed: int = 0, stop: Callable[[], bool] | None = None) -> KAN:
    return levenberg(network, data, Levenberg(bouts=2), seed=seed, stop=stop, fresh=False).network


def by_gradient(name: str) -> Train:
    def train(network: KAN, data: TrainingData, seed: int = 0, stop: Callable[[], bool] | None = None) -> KAN:
        settings = Gradient(name, rounds=4, steps=6, batch=30, rate=5e-2)
        return gradient(network, data, settings=settings, seed=seed, stop=stop).network

    return train


TRAINERS: dict[str, Train] = {
    "levenberg": by_levenberg,
    "levenberg, going on": going_on,
    **{name: by_gradient(name) for name in OPTIMISERS},
}


@pytest.fixture(params=TRAINERS)
def train(request: pytest.FixtureRequest) -> Train:
    return TRAINERS[request.param]


@pytest.fixture
def network() -> KAN:
    """[2, 2, 1] with a fixed edge and an edge that is not there."""
    network = KAN([2, 2, 1], intervals=3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return remove(fix(network, (0, 0, 0), "sin", (3.0, 0.1, 1.0, 0.0)), (0, 1, 1))


@pytest.fixture
def data() -> TrainingData:
    x = torch.rand(120, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 - 1
    return TrainingData.split(x, torch.exp(torch.sin(math.pi * x[:, :1]) + x[:, 1:] ** 2))


def numbers(network: KAN) -> list[Tensor]:
    return [value for value in network.state_dict().values() if isinstance(value, Tensor)]


def same(a: KAN, b: KAN) -> bool:
    return all(torch.equal(x, y) for x, y in zip(numbers(a), numbers(b), strict=True))


def error(network: KAN, x: Tensor, y: Tensor) -> float:
    return float((network(x) - y).square().mean().sqrt().detach())


def test_the_held_out_error_falls(train: Train, network: KAN, data: TrainingData) -> None:
    trained = train(network, data)
    assert error(trained, data.x_held, data.y_held) < 0.7 * error(network, data.x_held, data.y_held)


def test_what_came_stays(train: Train, network: KAN, data: TrainingData) -> None:
    before, rows = [n.clone() for n in numbers(network)], [data.x.clone(), data.y.clone()]
    train(network, data)
    assert all(torch.equal(a, b) for a, b in zip(before, numbers(network), strict=True))
    assert torch.equal(data.x, rows[0])
    assert torch.equal(data.y, rows[1])
    assert all(parameter.grad is None for parameter in network.parameters())


def test_the_same_bytes_again(train: Train, network: KAN, data: TrainingData) -> None:
    state = torch.get_rng_state()
    first = train(network, data, seed=7)
    torch.rand(5)
    again = train(network, data, seed=7)
    torch.set_rng_state(state)
    assert same(first, again)


def test_the_graph_is_kept(train: Train, network: KAN, data: TrainingData) -> None:
    trained = train(network, data)
    assert trained.shape == network.shape
    for (a, before), (b, after) in zip(network.edges(), trained.edges(), strict=True):
        assert a == b
        assert before.kind == after.kind
        assert before.primitive == after.primitive
    assert [layer.residual for layer in trained] == [layer.residual for layer in network]
    assert [layer.basis.extrapolation for layer in trained] == [layer.basis.extrapolation for layer in network]


def test_one_stop_at_once_is_no_error(train: Train, network: KAN, data: TrainingData) -> None:
    trained = train(network, data, stop=lambda: True)
    assert all(bool(n.isfinite().all()) for n in numbers(trained))


def test_the_numbers_stay_finite_on_a_constant_target(train: Train, network: KAN, data: TrainingData) -> None:
    still = TrainingData(data.x, torch.ones_like(data.y), data.x_held, torch.ones_like(data.y_held))
    trained = train(network, still)
    assert all(bool(n.isfinite().all()) for n in numbers(trained))
    assert error(trained, still.x, still.y) < error(network, still.x, still.y)


def test_columns_must_fit(train: Train, network: KAN, data: TrainingData) -> None:
    wide = TrainingData(data.x.repeat(1, 2), data.y, data.x_held.repeat(1, 2), data.y_held)
    with pytest.raises(ShapeError, match="4 columns"):
        train(network, wide)


def test_rows_must_be_numbers(data: TrainingData) -> None:
    spoiled = data.x.clone()
    spoiled[3, 1] = math.nan
    with pytest.raises(ValuesError):
        TrainingData(spoiled, data.y, data.x_held, data.y_held)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_is_one_number_a_row_and_has_a_slope(loss: str) -> None:
    network = KAN([2, 2 if loss == "cross_entropy" else 1], generator=torch.Generator().manual_seed(0))
    x, y = torch.rand(9, 2), torch.randint(2, (9, 1)).float()
    rows = Objective(loss).rows(network, x, y)
    assert rows.shape == (9,)
    assert bool((rows >= 0).all())
    rows.mean().backward()
    assert float(network[0].weight.grad.abs().max()) > 0
