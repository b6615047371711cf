"""What the kernels for GPUs must obey, as a program of its own: ``python gpu_checks.py cpu|cuda`` prints a line of JSON.

On "cpu" Triton's interpreter runs them (``TRITON_INTERPRET=1``, read when Triton is imported: so not inside the tests).
"""

import json
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from itertools import product

import numpy as np
import torch
from scipy.interpolate import BSpline as Witness
from torch import Tensor

from edgewise.basis import BSpline, kernels
from edgewise.basis.kernels import gpu
from edgewise.basis.kernels.rule import WeightedSums
from edgewise.basis.residuals import RESIDUALS
from edgewise.nn import KANLayer

DEVICE = sys.argv[1] if len(sys.argv) > 1 else "cpu"
TOLERANCE = {torch.float64: 1e-12, torch.float32: 5e-6}
CHECKS: dict[str, Callable[[], None]] = {}


def some(kinds: Iterable, step: int) -> list:
    """All of them on a GPU, one in ``step`` under the slow interpreter."""
    return list(kinds)[:: step if DEVICE == "cpu" else 1]


def check(function: Callable[[], None]) -> Callable[[], None]:
    """A row of the table of checks."""
    CHECKS[function.__name__] = function
    return function


def layer(
    degree: int = 3, n_in: int = 3, n_out: int = 5, intervals: int = 4, *, dtype=torch.float64, free=False, **settings
) -> KANLayer:
    """Random weights, on uniform or free knots."""
    generator = torch.Generator().manual_seed(degree)
    made = KANLayer(n_in, n_out, intervals=intervals, degree=degree, dtype=dtype, generator=generator, **settings)
    if free:
        widths = torch.rand(n_in, intervals, dtype=torch.float64, generator=generator) + 0.2
        breaks = torch.cat([torch.zeros(n_in, 1, dtype=torch.float64), widths.cumsum(1)], 1) - 1
        made.basis = BSpline.at(breaks.to(dtype), degree, made.basis.extrapolation)
    return made.to(DEVICE)


def points(made: KANLayer, rows: int, reach: float = 0.3) -> Tensor:
    """Inside and up to ``reach`` of the range beyond it."""
    generator = torch.Generator().manual_seed(rows)
    shares = torch.empty(rows, made.n_in, dtype=made.weight.dtype).uniform_(-reach, 1 + reach, generator=generator)
    low, high = made.basis.low, made.basis.high
    return low + shares.to(low) * (high - low)


def by_kernels(made: KANLayer, x: Tensor, weight: Tensor) -> Tensor:
    """The sums, differentiable by the rule that all ways share."""
    return WeightedSums.apply(x, weight, made.basis, RESIDUALS[made.residual], gpu)


def answers(made: KANLayer, x: Tensor, way: Callable[[Tensor, Tensor], Tensor]) -> list[Tensor]:
    """Values and both gradients, given an upstream of random numbers."""
    x, weight = x.clone().requires_grad_(), made.weight.detach().clone().requires_grad_()
    y = way(x, weight)
    g = torch.randn(y.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).to(y)
    return [y.detach(), *torch.autograd.grad(y, [x, weight], g)]


def close(made: KANLayer, x: Tensor) -> None:
    """Kernels and formula agree; the bound grows with the largest value."""
    right = answers(made, x, made._dense)
    found = answers(made, x, lambda x, weight: by_kernels(made, x, weight))
    for theirs, ours in zip(right, found, strict=True):
        size = max(1.0, float(theirs.abs().max()))
        torch.testing.assert_close(ours, theirs, rtol=0, atol=TOLERANCE[x.dtype] * size)


@check
def every_kind_of_spline() -> None:
    """Degree, knots, extrapolation, residual; the point on the border itself is a choice of derivatives, and left out."""
    kinds = product(range(1, 6), (False, True), ("continue", "linear", "constant"), RESIDUALS)
    for degree, free, extrapolation, residual in some(kinds, 7):
        made = layer(degree, free=free, extrapolation=extrapolation, residual=residual)
        close(made, points(made, 7))


@check
def single_precision() -> None:
    """float32, products as such."""
    for degree, free in some(product(range(1, 6), (False, True)), 4):
        made = layer(degree, dtype=torch.float32, free=free)
        close(made, points(made, 20))


@check
def scipy_agrees() -> None:
    """Values and slopes of a single edge."""
    for degree, free in some(product(range(1, 6), (False, True)), 3):
        made = layer(degree, 1, 1, 7, free=free, residual="none")
        x = points(made, 40, reach=-0.01).requires_grad_()
        y = by_kernels(made, x, made.weight.detach())
        (slope,) = torch.autograd.grad(y.sum(), x)
        spline = Witness(made.basis.knots[0].cpu().numpy(), made.coefficients[0, 0].detach().cpu().numpy(), degree)
        for ours, nu in ((y, 0), (slope, 1)):
            theirs = spline(x.detach()[:, 0].cpu().numpy(), nu=nu)
            atol = 1e-12 * max(1, np.abs(theirs).max())
            np.testing.assert_allclose(ours.detach()[:, 0].cpu(), theirs, rtol=0, atol=atol)


@check
def any_size_fits_the_blocks() -> None:
    """One row, one input, one output; a number off each block; more than a block each way."""
    sizes = ((33, 33, 17), (1, 1, 1), (70, 1, 33), (1, 3, 5), (33, 40, 2), (66, 17, 65), (65, 33, 31))
    for rows, n_in, n_out in some(sizes, 3):
        made = layer(1, n_in, n_out, 2)
        close(made, points(made, rows))


@check
def any_number_of_pieces() -> None:
    """Knots themselves among the points: the piece above holds them."""
    for intervals, free in some(product((1, 2, 12), (False, True)), 5):
        made = layer(3, intervals=intervals, free=free)
        close(made, torch.cat([points(made, 20), made.basis.breaks[:, 1:-1].T]))


@check
def pieces_without_width_hold_nothing() -> None:
    """Knots that meet, inside and at the borders."""
    made = layer(3, 3, 2, 5)
    breaks = torch.tensor([[-1.0, -1.0, 0.0, 0.0, 1.0, 1.0]], dtype=torch.float64).expand(3, -1)
    ahead = torch.arange(1, 4, dtype=torch.float64)
    knots = torch.cat([breaks[:, :1] - ahead.flip(0), breaks, breaks[:, -1:] + ahead], 1)
    made.basis = BSpline(knots, 5, 3).to(DEVICE)
    close(made, torch.cat([points(made, 20, reach=0), points(made, 1, reach=0) * 0]))


@check
def far_away() -> None:
    """Values beyond all reason are those of the formula."""
    for extrapolation in ("continue", "linear", "constant"):
        made = layer(extrapolation=extrapolation)
        for size in some((1e100, 1e3, 1e12), 3):
            close(made, size * points(made, 4))


@check
def a_bad_number_spoils_its_own_row_alone() -> None:
    """NaN and infinity, whatever the extrapolation."""
    kinds = product(("continue", "linear", "constant"), (torch.nan, torch.inf, -torch.inf))
    for extrapolation, bad in some(kinds, 4):
        made = layer(n_in=18, extrapolation=extrapolation)
        x = points(made, 20)
        right = answers(made, x, made._dense)[:2]
        x[3, 17] = bad
        found = answers(made, x, lambda x, weight: by_kernels(made, x, weight))[:2]  # noqa: B023 - called at once
        rest = [row for row in range(20) if row != 3]
        for theirs, ours in zip(right, found, strict=True):
            torch.testing.assert_close(ours[rest], theirs[rest], rtol=0, atol=1e-12)
        torch.testing.assert_close(found[0][3], made._dense(x, made.weight)[3].detach(), equal_nan=True)
        if bad != bad:
            assert found[0][3].isnan().all()


@check
def only_what_is_asked_for() -> None:
    """One gradient, or none."""
    made = layer()
    x, g = points(made, 6), torch.ones(6, 5, dtype=torch.float64, device=DEVICE)
    kept = RESIDUALS["silu"]
    both = gpu.gradients(made.basis, x, made.weight.detach(), kept, g, (True, True))
    for needed in product((False, True), repeat=2):
        found = gpu.gradients(made.basis, x, made.weight.detach(), kept, g, needed)
        for ours, theirs, need in zip(found, both, needed, strict=True):
            assert torch.equal(ours, theirs) if need else ours is None


@check
def memory_in_any_order() -> None:
    """Weights, upstream and knots that are views."""
    made = layer(n_in=3, n_out=4)
    x, crooked = points(made, 6), made.weight.detach().permute(2, 1, 0).contiguous().permute(2, 1, 0)
    made.basis.knots = made.basis.knots.T.contiguous().T
    y = by_kernels(made, x, crooked)
    torch.testing.assert_close(y, made._dense(x, made.weight), rtol=0, atol=1e-12)
    g = torch.ones((), dtype=torch.float64, device=DEVICE).expand(6, 4)
    for ours, theirs in zip(
        gpu.gradients(made.basis, x, crooked, RESIDUALS["silu"], g, (True, True)),
        gpu.gradients(made.basis, x, made.weight.detach(), RESIDUALS["silu"], g.contiguous(), (True, True)),
        strict=True,
    ):
        assert torch.equal(ours, theirs)


@check
def gradients_of_gradients() -> None:
    """Twice by the rule, as twice by the formula."""
    made = layer(free=True, n_in=2, n_out=2, intervals=3)
    twice = []
    for way in (made._dense, lambda x, weight: by_kernels(made, x, weight)):
        x, weight = points(made, 3).requires_grad_(), made.weight.detach().clone().requires_grad_()
        once = torch.autograd.grad(way(x, weight).sin().sum(), [x, weight], create_graph=True)
        twice.append(torch.autograd.grad(sum(part.square().sum() for part in once), [x, weight]))
    for theirs, ours in zip(*twice, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


@check
def the_same_numbers_give_the_same_bits() -> None:
    """No sum depends on who comes first."""
    made = layer(1, 17, 33, 2, dtype=torch.float32)
    x = points(made, 33)
    for one, other in zip(*(answers(made, x, lambda x, w: by_kernels(made, x, w)) for _ in range(2)), strict=True):
        assert torch.equal(one, other)


@check
def the_self_check_passes() -> None:
    """What is asked before the kernels are trusted on a machine."""
    from edgewise.basis.kernels.check import largest_error

    assert largest_error(gpu, DEVICE) < 1e-5


@check
def layers_choose_them() -> None:
    """Large layers, or all when forced; the eager way when that is."""
    kernels._kernels = lambda kind: gpu  # on "cpu" in place of numba's
    kernels.WORTH_IT = dict.fromkeys(kernels.WORTH_IT, 1000)
    assert kernels.fault(DEVICE) == ""  # asked before the kernels are replaced
    called: list[int] = []
    real, gpu.sums = gpu.sums, lambda *args: called.append(1) or real(*args)
    large, small = layer(n_in=6, n_out=8), layer()
    for made, way, expected in ((large, "auto", 1), (large, "eager", 0), (small, "auto", 0), (small, "compiled", 1)):
        called.clear()
        x = points(made, 30)
        with kernels.use(way):
            y = made(x)
        assert len(called) == expected, (way, called)
        torch.testing.assert_close(y, made._dense(x, made.weight) + made.bias, rtol=0, atol=1e-12)
    gpu.sums = real


def results() -> Iterator[tuple[str, str]]:
    """Each check and what went wrong, which is nothing if all is well."""
    for name, function in CHECKS.items():
        try:
            function()
        except Exception:  # noqa: BLE001 - told by the test that asked
            yield name, traceback.format_exc(limit=-6)
        else:
            yield name, ""


if __name__ == "__main__":
    for line in results():
        sys.stdout.write(json.dumps(line) + "\n")
