"""Losses and penalties against the paper's equations, computed the slow way."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from edgewise.basis import BSpline
from edgewise.errors import SettingsError, ShapeError, UnknownNameError, ValuesError
from edgewise.nn import KAN
from edgewise.surgery import fix, remove
from edgewise.train import Objective, Penalty, edge_magnitudes, entropy
from edgewise.train.penalties import roughness


@pytest.fixture
def network() -> KAN:
    """A fixed edge, an edge that is not there, a product node."""
    network = KAN([3, (2, 1), 2], generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return remove(fix(network, (0, 1, 2), "sin", (2.0, 0.3, 0.5, 0.1)), (1, 0, 1))


@pytest.fixture
def x() -> Tensor:
    return torch.rand(50, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 - 1


def naive_magnitudes(network: KAN, x: Tensor) -> list[Tensor]:
    """Equation 2, one edge at a time: (1/N) sum over rows of |phi(x)|."""
    answer = []
    for layer in network:
        edges = [
            [float(layer.edge(source, target)(x[:, source]).abs().sum() / len(x)) for source in range(layer.n_in)]
            for target in range(layer.n_sums)
        ]
        answer.append(torch.tensor(edges, dtype=torch.float64))
        x = layer(x).detach()
    return answer


def naive_entropy(magnitudes: Tensor) -> float:
    """Equation 4, term by term."""
    total = float(magnitudes.sum())
    return -sum(v / total * math.log(v / total) for v in magnitudes.flatten().tolist() if v > 0)


def test_edge_magnitudes_are_equation_2(network: KAN, x: Tensor) -> None:
    for ours, naive in zip(edge_magnitudes(network, x), naive_magnitudes(network, x), strict=True):
        torch.testing.assert_close(ours.detach(), naive, rtol=1e-12, atol=1e-14)


def test_the_penalty_is_equations_3_to_5(network: KAN, x: Tensor) -> None:
    naive = 0.0
    for magnitudes in naive_magnitudes(network, x):
        naive += 0.1 * (0.7 * float(magnitudes.sum()) + 2.0 * naive_entropy(magnitudes))
    for layer in network:
        coefficients = layer.coefficients.detach().numpy()
        naive += 0.3 * float((np.diff(coefficients, n=4, axis=-1) ** 2).mean())
    penalty = Penalty(strength=0.1, l1=0.7, entropy=2.0, difference=0.3)
    assert float(penalty(network, x).detach()) == pytest.approx(naive, rel=1e-12)
    assert float(Penalty()(network, x)) == 0


def test_the_penalty_has_the_gradient_of_its_differences(network: KAN, x: Tensor) -> None:
    penalty = Penalty(strength=0.1, entropy=2.0, difference=0.3)
    penalty(network, x).backward()
    weight = network[0].weight
    direction = torch.randn(weight.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    direction *= network[0].mask.T[:, None]
    slope = float((weight.grad * direction).sum())
    with torch.no_grad():
        weight += 1e-6 * direction
        up = float(penalty(network, x))
        weight -= 2e-6 * direction
        down = float(penalty(network, x))
    assert slope == pytest.approx((up - down) / 2e-6, rel=1e-5)


def test_entropy_of_equals_and_of_one() -> None:
    assert float(entropy(torch.full((2, 4), 0.3))) == pytest.approx(math.log(8))
    assert float(entropy(torch.tensor([[5.0, 0.0]]))) == 0
    assert float(entropy(torch.zeros(2, 2))) == 0


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("degree", [1, 2, 3, 5])
def test_polynomials_of_the_degree_are_not_rough(degree: int, uneven: bool) -> None:
    layer = KAN([1, 1], intervals=7, degree=degree, dtype=torch.float64)[0]
    if uneven:
        breaks = torch.tensor([[-1.0, -0.9, -0.5, -0.3, 0.0, 0.1, 0.6, 1.0]], dtype=torch.float64)
        layer.basis = BSpline.at(breaks, degree)
    points = layer.basis.points(per_interval=12)
    design = layer.basis(points)[:, 0]
    for power, is_smooth in ((degree, True), (degree + 1, False)):
        coefficients = torch.linalg.lstsq(design, points**power, driver="gelsd").solution
        with torch.no_grad():
            layer.weight[0, :-1] = coefficients
        assert (float(roughness(layer).detach()) < 1e-20) is is_smooth


def test_a_single_piece_has_no_roughness() -> None:
    assert float(roughness(KAN([2, 2], intervals=1)[0]).detach()) == 0


@pytest.mark.parametrize("weights", [{"strength": -1.0}, {"difference": -1e-9}, {"l1": -1.0}, {"entropy": -2.0}])
def test_penalties_never_reward(weights: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="0 or more"):
        Penalty(**weights)


def test_losses_by_hand() -> None:
    network = KAN([1, 2], init="zero", dtype=torch.float64)
    with torch.no_grad():
        network[0].bias.copy_(torch.tensor([1.0, -1.0]))
    x = torch.zeros(2, 1, dtype=torch.float64)
    squared = Objective().rows(network, x, torch.tensor([[1.0, 1.0], [0.0, 0.0]], dtype=torch.float64))
    assert squared.tolist() == [4.0, 2.0]
    classes = Objective("cross_entropy").rows(network, x, torch.tensor([[0.0], [1.0]], dtype=torch.float64))
    assert classes.tolist() == pytest.approx([math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))])
    logistic = Objective("logistic").rows(KAN([1, 1], init="zero"), torch.zeros(2, 1), torch.tensor([[0.0], [1.0]]))
    assert logistic.tolist() == pytest.approx([math.log(2)] * 2)


@pytest.mark.parametrize("target", [-100.0, -1.0, 2.0, 0.5])
def test_targets_that_are_no_classes_are_refused(target: float) -> None:
    """torch leaves out rows of class -100 and cuts what follows the point."""
    x, y = torch.zeros(2, 1), torch.tensor([[0.0], [target]])
    with pytest.raises(ValuesError, match="class numbers from 0 to 1"):
        Objective("cross_entropy").rows(KAN([1, 2]), x, y)
    if target != 0.5:
        with pytest.raises(ValuesError, match="from 0 to 1, but the targets are 1 column of numbers from"):
            Objective("logistic").rows(KAN([1, 1]), x, y)


def test_classes_need_an_output_each() -> None:
    x, y = torch.zeros(2, 1), torch.zeros(2, 1)
    with pytest.raises(ValuesError, match="loss='logistic'"):
        Objective("cross_entropy").rows(KAN([1, 1]), x, y)
    with pytest.raises(ValuesError, match="2 columns"):
        Objective("cross_entropy").rows(KAN([1, 2]), x, torch.zeros(2, 2))
    with pytest.raises(ShapeError, match=r"\(2, 2\) but y has \(2, 1\)"):
        Objective("logistic").rows(KAN([1, 2]), x, y)


def test_weights_of_rows_and_a_loss_of_ones_own() -> None:
    network = KAN([1, 1], init="zero")
    x, y = torch.zeros(3, 1), torch.tensor([[1.0], [2.0], [4.0]])
    weights = torch.tensor([1.0, 0.0, 3.0])
    assert float(Objective()(network, x, y, weights).detach()) == pytest.approx((1 + 3 * 16) / 4)
    absolute = Objective(lambda outputs, targets: (outputs - targets).abs().sum(-1))
    assert float(absolute(network, x, y).detach()) == pytest.approx(7 / 3)


@pytest.mark.against_annotations
def test_targets_that_would_broadcast_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(3, 1\).*\(3,\)"):
        Objective().rows(KAN([1, 1]), torch.zeros(3, 1), torch.zeros(3))


def test_unknown_losses_are_named() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'squared'"):
        Objective("square")
