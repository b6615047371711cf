"""Rows that are mostly at the lower border: the kernels pass them over, and the numbers are those of the formula."""

import pytest
import torch
from torch import Tensor

from edgewise.basis import RESIDUALS, BSpline
from edgewise.basis.kernels import use
from edgewise.basis.kernels.resting import Resting
from edgewise.nn import KANLayer

TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-6}


def sparse(rows: int, n_in: int, dtype: torch.dtype = torch.float64, share: float = 0.8) -> Tensor:
    """Points of which a share lies at -1, whole blocks of inputs in some rows."""
    generator = torch.Generator().manual_seed(rows)
    x = torch.empty(rows, n_in, dtype=dtype).uniform_(-1.3, 1.3, generator=generator)
    x[torch.rand(rows, n_in, generator=generator) < share] = -1
    x[: rows // 4, 2:] = -1
    return x


def answers(layer: KANLayer, x: Tensor, way: str) -> list[Tensor]:
    x = x.clone().requires_grad_()
    with use(way):
        y = layer(x)
        share = torch.linspace(-1, 2, y.numel(), dtype=y.dtype).view_as(y)
        return [y.detach(), *torch.autograd.grad((y * share).sum(), [x, layer.weight])]


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"degree": 1, "residual": "none"},
        {"degree": 5, "n_in": 20, "n_out": 33},
        {"intervals": 40},
        {"residual": "identity"},
    ],
    ids=str,
)
def test_sparse_rows_give_what_the_formula_gives(settings: dict, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    layer = KANLayer(**{"n_in": 9, "n_out": 5, "dtype": dtype, "generator": generator, **settings})
    x = sparse(300, layer.n_in, dtype)
    assert Resting.of(layer.basis, x, RESIDUALS[layer.residual]) is not None
    for eager, compiled in zip(answers(layer, x, "eager"), answers(layer, x, "compiled"), strict=True):
        atol = TOLERANCE[dtype] * layer.basis.intervals * max(1.0, float(eager.abs().max()))
        torch.testing.assert_close(compiled, eager, rtol=0, atol=atol)


def test_knots_that_meet_at_the_border_too() -> None:
    layer = KANLayer(3, 2, intervals=3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    breaks = torch.tensor([[-1, 0, 0.5, 1], [-1, -1, 0.5, 1], [-1, 0, 0, 1]], dtype=torch.float64)
    layer.basis = BSpline.at(breaks, 3)
    layer.basis.knots[1, :3] = torch.tensor(
        [-4.0, -3.0, -2.0]
    )  # a border piece without width has none beyond it either
    for eager, compiled in zip(*(answers(layer, sparse(200, 3), way) for way in ("eager", "compiled")), strict=True):
        torch.testing.assert_close(compiled, eager, rtol=0, atol=1e-11 * float(eager.abs().max()))


def test_a_number_that_is_none_stays_in_its_row() -> None:
    layer = KANLayer(9, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = sparse(300, 9)
    x[7, 3] = torch.nan
    with use("compiled"):
        y = layer(x)
    assert y.isnan().any(1).nonzero().flatten().tolist() == [7]


def test_moved_knots_move_what_rests() -> None:
    layer = KANLayer(9, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = sparse(300, 9)
    answers(layer, x, "compiled")
    layer.basis = layer.basis.with_range(torch.full((9,), -2.0).double(), torch.full((9,), 1.5).double())
    for eager, compiled in zip(*(answers(layer, 2 * x, way) for way in ("eager", "compiled")), strict=True):
        torch.testing.assert_close(compiled, eager, rtol=0, atol=1e-11)


@pytest.mark.parametrize(("share", "rests"), [(0.0, False), (0.1, False), (0.9, True)])
def test_it_is_done_where_half_rests(share: float, rests: bool) -> None:
    basis = KANLayer(9, 5, dtype=torch.float64).basis
    x = torch.rand(300, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x[torch.rand(300, 9, generator=torch.Generator().manual_seed(1)) < share] = -1
    found = Resting.of(basis, x, RESIDUALS["silu"])
    assert (found is not None) == rests
    if found is not None:
        assert torch.equal(found.marks, (x == -1).double())
        torch.testing.assert_close(found.features[:, :-1], basis(torch.full((9,), -1.0).double()))
