"""Edges that are held at 0 at one point each: the same function, the gradients of the difference, no constants left."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from edgewise.errors import SettingsError
from edgewise.nn import KAN
from edgewise.surgery import remove
from edgewise.train import Gradient, Objective, TrainingData, gradient
from edgewise.train.anchors import Anchors

ADAM = Gradient("adam", rounds=3, batch=20, rate=3e-2, clip=1e9, anchored=True)


def a_network(shape: list | None = None, **settings: object) -> KAN:
    return KAN(shape or [3, 4, 2], dtype=torch.float64, generator=torch.Generator().manual_seed(0), **settings)


@pytest.fixture
def data() -> TrainingData:
    x = torch.rand(100, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return TrainingData.split(x, torch.stack([x[:, 0] * x[:, 1], x[:, 2].exp()], 1))


def pruned() -> KAN:
    return remove(a_network(), (0, 1, 2))


@pytest.mark.parametrize(
    "made",
    [a_network, pruned, lambda: a_network([3, (1, 2), 2]), lambda: a_network(residual="none", degree=1, intervals=1)],
    ids=["cubic", "pruned", "products", "lines"],
)
def test_gathering_constants_changes_no_output(made: Callable[[], KAN], data: TrainingData) -> None:
    network, x = made(), data.x_held
    before = network(x).detach()
    anchors = Anchors.of(network, data.x)
    anchors.gather()
    torch.testing.assert_close(network(x).detach(), before, rtol=0, atol=1e-12)
    for layer, features in zip(network, anchors.features, strict=True):
        at_anchor = torch.einsum("if,ifs->is", features, layer.effective_weight().detach())
        torch.testing.assert_close(at_anchor, torch.zeros_like(at_anchor), rtol=0, atol=1e-12)


def test_the_anchors_are_medians_and_middles(data: TrainingData) -> None:
    network = a_network(low=-1.0, high=3.0)
    first, second = Anchors.of(network, data.x).features
    torch.testing.assert_close(first, network[0].features(data.x.median(0).values))
    torch.testing.assert_close(second, network[1].features(torch.ones(4, dtype=torch.float64)))


def by_differences(network: KAN, x: Tensor, anchors: list[Tensor], biases: list[Tensor]) -> Tensor:
    """phi(x) - phi(anchor) written out, as a witness."""
    for layer, anchor, bias in zip(network, anchors, biases, strict=True):
        x = layer(x) - layer(anchor) + bias
    return x


def test_steps_are_those_of_the_differences(data: TrainingData) -> None:
    """Adam on phi(x) - phi(anchor), by automatic differentiation, goes the same way."""
    network = a_network()
    anchors = [data.x.median(0).values, torch.zeros(4, dtype=torch.float64)]
    Anchors.of(network, data.x).gather()
    biases = [torch.nn.Parameter(layer.bias.detach().clone()) for layer in network]
    optimiser = torch.optim.Adam([*(layer.weight for layer in network), *biases], lr=ADAM.rate)
    for x, y, _ in data.batches(ADAM.batch, torch.Generator().manual_seed(0)):
        optimiser.zero_grad()
        (by_differences(network, x, anchors, biases) - y).square().sum(1).mean().backward()
        optimiser.step()
    expected = by_differences(network, data.x_held, anchors, biases).detach()
    found = gradient(a_network(), data, settings=replace(ADAM, rounds=1)).network(data.x_held).detach()
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


def test_no_edge_keeps_a_constant_and_the_loss_falls(data: TrainingData) -> None:
    descent = gradient(pruned(), data, Objective(), ADAM)
    anchors = Anchors.of(descent.network, data.x)
    for layer, features in zip(descent.network, anchors.features, strict=True):
        at_anchor = torch.einsum("if,ifs->is", features, layer.effective_weight().detach())
        assert float(at_anchor.abs().max()) < 1e-12
    assert descent.network[0].edge(1, 2).kind == "absent"
    assert descent.rounds[-1].held_out < descent.rounds[0].held_out


def test_wide_layers_keep_their_sums_where_they_were() -> None:
    """With 400 inputs that say nothing, a step moves the answer by 400 rates; anchored, by one."""
    x = torch.full((64, 400), 0.3)
    data = TrainingData(x, torch.ones(64, 1), x, torch.ones(64, 1))
    moved = []
    for anchored in (False, True):
        settings = Gradient("adam", rounds=1, rate=1e-3, clip=1e9, anchored=anchored)
        network = KAN([400, 1], init="zero")
        moved.append(float(gradient(network, data, settings=settings).network(x[:1]).detach()))
    assert moved[0] > 0.2
    assert moved[1] == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize("other", [{"basis": "chebyshev"}, {"basis": "rbf"}, {"spline_weight": True}], ids=str)
def test_where_no_constants_are_it_is_refused(other: dict, data: TrainingData) -> None:
    with pytest.raises(SettingsError, match="anchored=True is for B-splines"):
        gradient(a_network(**other), data, settings=ADAM)


def test_lbfgs_has_no_need_of_it() -> None:
    with pytest.raises(SettingsError, match="lbfgs has no need"):
        Gradient("lbfgs", anchored=True)
