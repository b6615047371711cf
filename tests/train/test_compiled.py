"""The compiled rows give what the analytic Jacobian in plain torch gives."""

import pytest
import torch
from torch import Tensor

from edgewise.basis import BSpline
from edgewise.basis.kernels.pieces import polynomials
from edgewise.nn import KAN
from edgewise.solve import fit_linear
from edgewise.surgery import fix, place_knots, remove
from edgewise.train import Levenberg, TrainingData, levenberg
from edgewise.train.compiled import CompiledLeastSquares, can_compile
from edgewise.train.differences import differences
from edgewise.train.jacobian import StackLeastSquares
from edgewise.train.stack import Stack

SETTINGS: list[tuple[list, dict]] = [
    ([2, 3, 1], {}),
    ([2, (1, 2), 2], {"degree": 2, "residual": "none"}),
    ([2, 1, 1, 1], {"degree": 5, "residual": "identity", "extrapolation": "linear"}),
    ([2, [1, 3], 1], {"degree": 1, "extrapolation": "constant"}),
]


def rows(count: int = 60) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    x = torch.rand(count, 2, generator=generator, dtype=torch.float64) * 2.4 - 1.2  # some rows lie beyond the knots
    return (
        x,
        torch.randn(count, 2, generator=generator, dtype=torch.float64),
        torch.rand(count, generator=generator) + 0.1,
    )


def networks(shape: list, settings: dict, intervals: int) -> list[KAN]:
    made = [
        KAN(shape, intervals=intervals, dtype=torch.float64, generator=torch.Generator().manual_seed(seed), **settings)
        for seed in (0, 1)
    ]
    return [remove(network, (0, 1, 0)) for network in made]


@pytest.mark.parametrize("intervals", [3, 40])
@pytest.mark.parametrize(("shape", "settings"), SETTINGS)
def test_the_same_numbers_as_in_torch(shape: list, settings: dict, intervals: int) -> None:
    x, y, weights = rows()
    stack = Stack.of([place_knots(n, x, y) if intervals == 3 else n for n in networks(shape, settings, intervals)])
    assert can_compile(stack)
    parts = (stack, x, y[:, : shape[-1]], 1e-3, weights.double())
    plain, compiled = StackLeastSquares(*parts), CompiledLeastSquares(*parts)
    theta = plain.theta() * 1.5
    torch.testing.assert_close(compiled.loss(theta), plain.loss(theta), rtol=1e-11, atol=0)
    for ours, theirs in zip(compiled.normal_equations(theta), plain.normal_equations(theta), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-11 * float(theirs.abs().max()))
    assert torch.equal(compiled.accepted, theta)


@pytest.mark.parametrize("degree", [0, 1, 3, 5])
def test_the_pieces_of_a_basis_are_its_functions(degree: int) -> None:
    network = KAN([2, 1], intervals=6, degree=max(degree, 1), dtype=torch.float64)
    basis = type(network[0].basis).at(
        torch.rand(2, 7, dtype=torch.float64, generator=torch.Generator()).sort(1).values, degree
    )
    for share in (0.0, 0.3, 0.999):
        x = (basis.breaks[:, :-1] + share * basis.breaks.diff(dim=1)).T
        powers = share ** torch.arange(degree + 1, dtype=torch.float64)
        wanted = torch.stack([basis(x)[p, :, p : p + degree + 1] for p in range(6)], 1)
        torch.testing.assert_close(
            torch.einsum("ipkf,k->ipf", polynomials(basis.knots, degree, 6), powers), wanted, rtol=0, atol=1e-12
        )


@pytest.mark.parametrize("breaks", [[-1.0, -0.5, 0.2, 0.2, 0.6, 1.0], [-1.0, 0.2, 0.2, 0.2, 0.2, 1.0]])
def test_knots_that_meet(breaks: list[float]) -> None:
    """The same numbers, all of them finite; the penalty asks nothing of a cubic, and nothing of a jump where they meet."""
    x, y, _ = rows()
    network = KAN([2, 1], intervals=5, dtype=torch.float64)
    network[0].basis = BSpline.at(torch.tensor([breaks] * 2, dtype=torch.float64), 3)
    stack = Stack.of([network])
    plain, compiled = (kind(stack, x, y[:, :1], 1e-3) for kind in (StackLeastSquares, CompiledLeastSquares))
    for ours, theirs in zip(*(part.normal_equations(plain.theta()) for part in (compiled, plain)), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-11 * float(theirs.abs().max()))
    near = x / 1.3  # beyond the margin a spline is a line
    fit = levenberg(network, TrainingData(near, near[:, :1] ** 3, near[:0], near[:0, :1]), fresh=False)
    assert fit.held_out_rmse < 1e-7
    points = network[0].basis.points(per_interval=8)[:, :1].expand(-1, 2)
    cubic = fit_linear(network[0].basis(points)[:, 0], points[:, :1] ** 3)
    bends = differences(network[0].basis)[0]
    assert float((bends @ cubic).abs().max()) < 1e-8
    assert float(bends.abs().max()) > 0 or breaks[1] == breaks[4]


def test_training_ends_where_it_ends_without_compiling_and_gives_the_same_bytes_again() -> None:
    x = torch.rand(200, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1
    data = TrainingData.split(x, torch.exp(torch.sin(3 * x[:, :1]) + x[:, 1:] ** 2))
    fast = Levenberg(restarts=2, intervals=(3, 6), bouts=2, compiled=True)
    first, again = (levenberg(KAN([2, 1, 1]), data, fast, seed=1) for _ in range(2))
    plain = levenberg(KAN([2, 1, 1]), data, Levenberg(restarts=2, intervals=(3, 6), bouts=2), seed=1)
    assert first.history == again.history
    assert torch.equal(first.network[0].weight, again.network[0].weight)
    assert first.held_out_rmse == pytest.approx(plain.held_out_rmse, rel=0.05)


def test_what_is_not_known_is_left_to_torch() -> None:
    for network in (
        fix(KAN([2, 1, 1]), (0, 0, 0), "sin", (1.0, 0.0, 1.0, 0.0)),
        KAN([2, 1], basis="rbf"),
        KAN([2, 1], extrapolation="error"),
    ):
        assert not can_compile(Stack.of([network.double()]))
    assert not can_compile(Stack.of([KAN([2, 1], dtype=torch.float32)]))
