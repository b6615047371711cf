"""The normal equations of a stack of networks against finite differences, term by term."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from edgewise.errors import SettingsError
from edgewise.nn import KAN
from edgewise.surgery import fix, remove
from edgewise.train.jacobian import StackLeastSquares
from edgewise.train.stack import Stack

STEP = 1e-6


def random(shape: list, seed: int, **settings: object) -> KAN:
    network = KAN(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64, intervals=3, **settings)
    with torch.no_grad():
        for layer in network:
            layer.bias.copy_(torch.linspace(-0.2, 0.3, layer.n_sums))
    return network


def partly_fixed(seed: int) -> KAN:
    """Fixed edges in both layers, a fitted exponent among them, and an edge that is not there."""
    network = random([2, 2, 1], seed)
    shift = 0.1 * seed
    network = fix(network, (0, 0, 0), "sin", (1.3 + shift, 0.2, 0.7, -0.1))
    network = fix(network, (0, 1, 1), "power", (1.1, 1.6, 0.8, 0.3, 1.7 + shift))
    network = fix(network, (1, 0, 0), "exp", (0.4, 0.1, 0.5, 0.0))
    return remove(network, (0, 1, 0))


def all_fixed(seed: int) -> KAN:
    network = KAN([2, 1, 1], dtype=torch.float64)
    for edge, name in (((0, 0, 0), "sin"), ((0, 1, 0), "x^2"), ((1, 0, 0), "exp")):
        network = fix(network, edge, name, (0.9 + 0.05 * seed, 0.1, 0.8, 0.2))
    return network


NETWORKS: dict[str, Callable[[int], KAN]] = {
    "sums": lambda seed: random([2, 3, 1], seed),
    "deep": lambda seed: random([2, 2, 2, 1], seed),
    "product": lambda seed: random([2, (0, 1), 1], seed),
    "arity three, two outputs": lambda seed: random([2, [1, 3], 2], seed),
    "product at the output": lambda seed: random([2, 2, (1, 1)], seed),
    "no residual": lambda seed: random([2, 2, 1], seed, residual="none"),
    "chebyshev": lambda seed: random([2, 2, 1], seed, basis="chebyshev"),
    "partly fixed": partly_fixed,
    "all fixed": all_fixed,
}


@pytest.fixture(params=NETWORKS)
def networks(request: pytest.FixtureRequest) -> list[KAN]:
    """Three starts of one graph."""
    return [NETWORKS[request.param](seed) for seed in range(3)]


def rows(network: KAN, count: int = 40) -> tuple[Tensor, Tensor, Tensor]:
    """x in the range of the knots, a target unlike the network, weights of the rows."""
    generator = torch.Generator().manual_seed(7)
    x = torch.rand(count, network.shape[0], generator=generator, dtype=torch.float64) * 1.8 - 0.9
    y = torch.randn(count, network.shape[-1], generator=generator, dtype=torch.float64)
    return x, y, torch.rand(count, generator=generator, dtype=torch.float64) + 0.1


def naive_residuals(
    stack: Stack, problem: StackLeastSquares, theta: Tensor, data: tuple[Tensor, Tensor, Tensor]
) -> Tensor:
    """Weighted residuals (R, rows * outputs) out of the plain networks, not the stack's own formulas."""
    x, y, weights = data
    problem.write(theta)
    outputs = torch.stack([stack.unstack(start)(x) for start in range(stack.starts)]).detach()
    root = (weights * len(weights) / weights.sum()).sqrt()
    return ((outputs - y) * root[:, None]).flatten(1)


def test_gradient_and_curvature_against_finite_differences(networks: list[KAN]) -> None:
    """Along eight random directions of all parameters: v'g, and v'Cw for every pair of them."""
    stack, data = Stack.of(networks), rows(networks[0])
    problem = StackLeastSquares(stack, data[0], data[1], weights=data[2])
    theta, n = problem.theta(), len(data[0])
    loss, gradient, curvature = problem.normal_equations(theta)
    directions = torch.randn(8, theta.shape[1], generator=torch.Generator().manual_seed(1), dtype=theta.dtype)
    slopes = []
    for direction in directions:
        up, down = (naive_residuals(stack, problem, theta + s * STEP * direction, data) for s in (1, -1))
        slopes.append((up - down) / (2 * STEP))
    along, residuals = torch.stack(slopes, -1), naive_residuals(stack, problem, theta, data)
    torch.testing.assert_close(loss, residuals.square().sum(1) / (2 * n), rtol=1e-12, atol=0)
    torch.testing.assert_close(problem.loss(theta), loss, rtol=1e-12, atol=0)
    torch.testing.assert_close(
        gradient @ directions.T, (along.mT @ residuals[..., None])[..., 0] / n, rtol=1e-6, atol=1e-7
    )
    torch.testing.assert_close(directions @ curvature @ directions.T, along.mT @ along / n, rtol=1e-6, atol=1e-7)


def test_the_penalty_is_the_naive_sum_of_squared_differences(networks: list[KAN]) -> None:
    stack, (x, y, _) = Stack.of(networks), rows(networks[0])
    plain, smooth = StackLeastSquares(stack, x, y), StackLeastSquares(stack, x, y, penalty=0.3)
    theta = plain.theta()
    expected = []
    for network in networks:
        total = 0.0
        for layer in network:
            order = layer.basis.degree + 1
            bends = torch.diff(layer.coefficients.detach() * layer.mask[..., None], n=order, dim=-1)
            total += float(bends.square().sum())
        expected.append(0.3 * total / 2)
    torch.testing.assert_close(smooth.loss(theta) - plain.loss(theta), torch.tensor(expected, dtype=theta.dtype))
    (_, gradient, curvature), (_, bare, bare_curvature) = smooth.normal_equations(theta), plain.normal_equations(theta)
    torch.testing.assert_close(gradient - bare, (theta[:, None] @ (curvature - bare_curvature))[:, 0])
    differences = torch.stack(
        [
            (smooth.loss(theta + s) - smooth.loss(theta - s)) / (2 * STEP)
            for s in STEP * torch.eye(theta.shape[1]).to(theta)
        ],
        -1,
    )
    torch.testing.assert_close(gradient, differences, rtol=1e-5, atol=1e-7)


def test_a_single_piece_is_a_polynomial_and_costs_nothing() -> None:
    network = KAN([1, 1], intervals=1, dtype=torch.float64)
    x = torch.zeros(3, 1, dtype=torch.float64)
    problem = StackLeastSquares(Stack.of([network]), x, x, penalty=1.0)
    assert torch.equal(
        problem.loss(problem.theta()), StackLeastSquares(Stack.of([network]), x, x).loss(problem.theta())
    )


def test_a_stack_is_its_networks_one_by_one(networks: list[KAN]) -> None:
    x, y, weights = rows(networks[0])
    together = Stack.of(networks)
    found = StackLeastSquares(together, x, y, 1e-3, weights).normal_equations(StackLeastSquares(together, x, y).theta())
    for number, network in enumerate(networks):
        single = StackLeastSquares(Stack.of([network]), x, y, 1e-3, weights)
        for part, whole in zip(single.normal_equations(single.theta()), found, strict=True):
            torch.testing.assert_close(part[0], whole[number], rtol=1e-11, atol=1e-13)
        torch.testing.assert_close(together.activations(x)[-1][number], network(x).detach(), rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(together.errors(x, y)[number], (network(x) - y).square().mean().sqrt().detach())


def test_blocks_of_rows_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    network = random([2, (1, 1), 1], 0)
    x, y, weights = rows(network, 100)
    whole = StackLeastSquares(Stack.of([network]), x, y, weights=weights)
    monkeypatch.setattr("edgewise.train.jacobian.MEMORY", 1.0)
    split = StackLeastSquares(Stack.of([network]), x, y, weights=weights)
    assert whole.block >= 100 > split.block
    for a, b in zip(whole.normal_equations(whole.theta()), split.normal_equations(split.theta()), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-14)


def test_unstack_gives_the_networks_back(networks: list[KAN]) -> None:
    x = rows(networks[0])[0]
    again = Stack.of(networks).take([2, 0])
    assert again.starts == 2
    assert torch.equal(again.unstack(0)(x), networks[2](x))
    assert torch.equal(again.unstack(1)(x), networks[0](x))


def test_moving_to_nested_knots_keeps_every_start(networks: list[KAN]) -> None:
    x = rows(networks[0])[0]
    stack = Stack.of(networks)
    for layer in stack.layers:
        layer.move(layer.basis.with_range(layer.basis.low, layer.basis.high, 6))
    torch.testing.assert_close(
        stack.activations(x)[-1], torch.stack([n(x) for n in networks]).detach(), rtol=0, atol=1e-10
    )


def test_only_the_named_starts_move() -> None:
    networks = [random([2, 2, 1], seed) for seed in range(3)]
    stack = Stack.of(networks)
    layer = stack.layers[1]
    before, weight = layer.basis.knots.clone(), layer.weight.clone()
    layer.move(layer.basis.with_range(layer.basis.low * 2, layer.basis.high * 3), torch.tensor([False, True, False]))
    assert torch.equal(layer.basis.knots[[0, 1, 4, 5]], before[[0, 1, 4, 5]])
    assert torch.equal(layer.weight[[0, 2]], weight[[0, 2]])
    assert not torch.equal(layer.weight[1], weight[1])


@pytest.mark.parametrize(
    "other",
    [
        remove(KAN([2, 1]), (0, 1, 0)),
        fix(KAN([2, 1]), (0, 1, 0), "sin", (1.0, 0.0, 1.0, 0.0)),
        KAN([2, 1], residual="none"),
        KAN([2, 1], extrapolation="linear"),
        KAN([2, 1, 1]),
        KAN([2, (0, 1)]),
    ],
    ids=["absent", "fixed", "residual", "extrapolation", "depth", "arity"],
)
def test_networks_that_are_not_alike_make_no_stack(other: KAN) -> None:
    for networks in ([KAN([2, 1]), other], [other, KAN([2, 1])], []):
        with pytest.raises(SettingsError):
            Stack.of(networks)


def test_a_spline_weight_of_its_own_is_refused() -> None:
    with pytest.raises(SettingsError, match="spline_weight"):
        Stack.of([KAN([2, 1], spline_weight=True)])
