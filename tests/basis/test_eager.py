"""The eager way obeys the formula: values, both gradients, every degree, whatever the extrapolation, in blocks or not."""

import pytest
import torch

from edgewise.basis import BSpline
from edgewise.basis.kernels import fused, tensors, use
from edgewise.basis.kernels.check import largest_error
from edgewise.nn import KANLayer

TOLERANCE = {torch.float64: 1e-12, torch.float32: 5e-6}


def layer(degree: int, dtype: torch.dtype, free: bool, intervals: int = 7, **settings) -> KANLayer:
    generator = torch.Generator().manual_seed(degree)
    made = KANLayer(3, 4, intervals=intervals, degree=degree, dtype=dtype, generator=generator, **settings)
    if free:
        widths = torch.rand(3, intervals, dtype=torch.float64, generator=generator) + 0.2
        breaks = torch.cat([torch.zeros(3, 1, dtype=torch.float64), widths.cumsum(1)], 1).to(dtype)
        made.basis = BSpline.at(breaks - 1, degree, made.basis.extrapolation)
    return made


def points(made: KANLayer, rows: int = 83) -> torch.Tensor:
    """Inside, on the knots, and beyond them."""
    low, high = made.basis.low, made.basis.high
    shares = torch.empty(rows, 3, dtype=low.dtype).uniform_(-0.3, 1.3, generator=torch.Generator().manual_seed(rows))
    return torch.cat([low + shares * (high - low), made.basis.breaks.T])


def by_formula(made: KANLayer, x: torch.Tensor, g: torch.Tensor) -> list[torch.Tensor]:
    x = x.clone().requires_grad_()
    y = made._dense(x, made.effective_weight()) + made.bias
    return [y.detach(), *torch.autograd.grad(y, [x, made.weight], g)]


def by_tensors(made: KANLayer, x: torch.Tensor, g: torch.Tensor) -> list[torch.Tensor]:
    x = x.clone().requires_grad_()
    with use("eager"):
        y = made(x)
        return [y.detach(), *torch.autograd.grad(y, [x, made.weight], g)]


def close(made: KANLayer, x: torch.Tensor) -> None:
    g = torch.randn(len(x), 4, dtype=x.dtype, generator=torch.Generator().manual_seed(0))
    for theirs, ours in zip(by_formula(made, x, g), by_tensors(made, x, g), strict=True):
        size = max(1.0, float(theirs.abs().max()))
        torch.testing.assert_close(ours, theirs, rtol=0, atol=TOLERANCE[x.dtype] * size)


@pytest.mark.parametrize("free", [False, True], ids=["even", "free"])
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("degree", range(2, 6))
def test_values_and_gradients_are_those_of_the_formula(degree: int, dtype: torch.dtype, free: bool) -> None:
    made = layer(degree, dtype, free)
    close(made, points(made))


@pytest.mark.parametrize("free", [False, True], ids=["even", "free"])
@pytest.mark.parametrize("degree", [0, 1])
def test_functions_with_jumps_and_kinks_agree_off_the_knots(degree: int, free: bool) -> None:
    made = layer(degree, torch.float64, free)
    close(made, points(made)[:83])


@pytest.mark.parametrize("extrapolation", ["continue", "linear", "constant"])
@pytest.mark.parametrize("free", [False, True], ids=["even", "free"])
def test_beyond_the_range(extrapolation: str, free: bool) -> None:
    made = layer(3, torch.float64, free, extrapolation=extrapolation)
    close(made, points(made)[:83])  # on the border itself the derivative of a constant continuation is a choice


@pytest.mark.parametrize("block", [1, 30, 10_000])
def test_blocks_change_nothing_but_rounding(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensors, "BLOCK", block)
    made = layer(3, torch.float64, free=False, intervals=40)
    close(made, points(made))


def test_one_bad_row_spoils_no_other() -> None:
    made = layer(3, torch.float64, free=False)
    x = points(made)
    x[5, 1] = torch.nan
    with use("eager"):
        y = made(x)
    assert y[5].isnan().all()
    assert y[torch.arange(len(x)) != 5].isfinite().all()


def test_autocast_has_the_formula_and_spoils_no_later_answer() -> None:
    made, x = KANLayer(200, 60), torch.rand(20, 200)
    expected = made(x).detach()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = made(x)
        y.sum().backward()
        assert largest_error(fused, "cpu") < 1e-4
    torch.testing.assert_close(y.float(), expected, rtol=0, atol=0.1)
    assert made.weight.grad is not None
    assert made.weight.grad.isfinite().all()


def test_layers_made_for_inference_can_be_used_outside() -> None:
    with torch.inference_mode():
        made = KANLayer(200, 60, dtype=torch.float32)
    x = torch.rand(20, 200)
    with torch.no_grad():
        expected = made(x)
    torch.testing.assert_close(made(x), expected, rtol=0, atol=1e-4)
