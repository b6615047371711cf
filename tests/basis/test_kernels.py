"""The compiled kernels obey the eager formula, and agree with SciPy; where they cannot be right, the formula answers."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline as Witness

from edgewise.basis import BSpline, Chebyshev
from edgewise.basis.kernels import fault, threads, use
from edgewise.basis.kernels.fused import Tiles
from edgewise.basis.kernels.pieces import pieces_of
from edgewise.basis.kernels.splines import locate
from edgewise.errors import SettingsError, ShapeError, UnknownNameError
from edgewise.nn import KANLayer

DEGREES = range(1, 6)
TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-6}


def layer(
    degree: int = 3,
    dtype: torch.dtype = torch.float64,
    *,
    n_in: int = 3,
    n_out: int = 2,
    intervals: int = 5,
    free: bool = False,
    seed: int = 0,
    **settings,
) -> KANLayer:
    """A layer with random weights, on uniform or on free knots."""
    generator = torch.Generator().manual_seed(seed)
    made = KANLayer(n_in, n_out, intervals=intervals, degree=degree, dtype=dtype, generator=generator, **settings)
    if free:
        widths = torch.rand(n_in, intervals, dtype=torch.float64, generator=generator) + 0.2
        ends = torch.cat([torch.zeros(n_in, 1, dtype=torch.float64), widths.cumsum(1)], 1)
        breaks = 2 * ends / ends[:, -1:] - 1
        made.basis = BSpline.at(breaks.to(dtype), degree, made.basis.extrapolation)
    return made


def points(rows: int, n_in: int = 3, dtype: torch.dtype = torch.float64, reach: float = 1.3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(rows)
    return torch.empty(rows, n_in, dtype=dtype).uniform_(-reach, reach, generator=generator)


def answers(made: KANLayer, x: torch.Tensor, way: str) -> list[torch.Tensor]:
    """Values, and the gradients of a sum with random weights by x and by the layer's weights."""
    x = x.clone().requires_grad_()
    with use(way):
        y = made(x)
        share = torch.linspace(-1, 2, y.numel(), dtype=y.dtype).view_as(y)
        return [y.detach(), *torch.autograd.grad((y * share).sum(), [x, made.weight])]


def test_constant_at_infinity_agrees() -> None:
    made = layer(extrapolation="constant", residual="none")
    x = torch.tensor([[torch.inf, 0.3, 0.1], [0.1, -torch.inf, 0.2], [1.0, torch.nan, 0.0]], dtype=torch.float64)
    ways = []
    for way in ("eager", "compiled"):
        with use(way):
            ways.append(made(x).detach())
    assert ways[0][:2].isfinite().all()
    assert ways[0][2].isnan().all()
    torch.testing.assert_close(*ways, rtol=0, atol=1e-12, equal_nan=True)


def test_the_slope_of_a_constant_at_infinity_is_zero() -> None:
    made = layer(extrapolation="constant", residual="none")
    x = torch.tensor([[torch.inf, 0.3, 0.1], [0.1, -torch.inf, 0.2], [0.9, torch.nan, 0.0]], dtype=torch.float64)
    eager, compiled = (answers(made, x, way)[1] for way in ("eager", "compiled"))
    torch.testing.assert_close(compiled, eager, rtol=0, atol=1e-12, equal_nan=True)
    assert eager[0, 0] == eager[1, 1] == 0
    assert eager[2, 1].isnan()
    assert eager.isnan().sum() == 1


@pytest.mark.parametrize("intervals", [5, 40])
def test_pieces_too_narrow_for_the_dtype_read_nothing_else(intervals: int) -> None:
    """1 / width overflows: what follows must be no place in memory."""
    made = layer(dtype=torch.float32, intervals=intervals)
    made.basis = made.basis.with_range(torch.zeros(3), torch.full((3,), 1e-40))
    spline, cells = pieces_of(made.basis), []
    assert np.isinf(spline.per_unit).all()
    for x in (0.0, 1e-41, 1.0, -1.0):
        near, piece = np.empty(8, np.float32), np.empty(8, np.int32)
        locate(spline, np.full(3, x, np.float32), 0, 3, 0, near, piece)
        cells += piece[:3].tolist()
    assert 0 <= min(cells) <= max(cells) <= 2**30


def close(made: KANLayer, x: torch.Tensor, times: float = 1.0) -> None:
    for eager, compiled in zip(answers(made, x, "eager"), answers(made, x, "compiled"), strict=True):
        atol = times * TOLERANCE[x.dtype] * max(1.0, float(eager.abs().max()))
        torch.testing.assert_close(compiled, eager, rtol=0, atol=atol)


@pytest.mark.parametrize("free", [False, True], ids=["uniform", "free"])
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("degree", DEGREES)
def test_values_and_gradients_are_those_of_the_formula(degree: int, dtype: torch.dtype, free: bool) -> None:
    close(layer(degree, dtype, free=free), points(301, dtype=dtype))


@pytest.mark.parametrize("free", [False, True], ids=["uniform", "free"])
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("degree", DEGREES)
def test_values_and_slopes_agree_with_scipy(degree: int, dtype: torch.dtype, free: bool) -> None:
    made = layer(degree, dtype, n_in=1, n_out=1, intervals=7, free=free, residual="none")
    x = points(200, 1, dtype, reach=0.99).requires_grad_()
    with use("compiled"):
        y = made(x)
        (slope,) = torch.autograd.grad(y.sum(), x)
    knots = made.basis.knots[0].double().numpy()
    coefficients = made.coefficients[0, 0].detach().double().numpy()
    inside = x.detach()[:, 0].double().numpy()
    for ours, nu in ((y, 0), (slope, 1)):
        theirs = Witness(knots, coefficients, degree)(inside, nu=nu)
        scale = max(1.0, np.abs(theirs).max())
        np.testing.assert_allclose(ours.detach()[:, 0].double(), theirs, rtol=0, atol=TOLERANCE[dtype] * scale)


@pytest.mark.parametrize("intervals", [1, 2, 16, 17, 200])
@pytest.mark.parametrize("free", [False, True], ids=["uniform", "free"])
def test_pieces_are_found_whatever_their_number(intervals: int, free: bool) -> None:
    made = layer(intervals=intervals, free=free)
    knots = made.basis.breaks.T.contiguous()
    x = torch.cat([points(500, reach=1.2), knots, knots.nextafter(knots.new_full((), -9.0))])
    close(made, x, times=intervals)


@pytest.mark.parametrize("extrapolation", ["continue", "linear", "constant"])
def test_beyond_the_range(extrapolation) -> None:
    close(layer(extrapolation=extrapolation), points(100, reach=3.0))
    close(layer(extrapolation=extrapolation), 1e6 * points(20))


@pytest.mark.parametrize("n_in", [1, 7, 8, 9, 20])
@pytest.mark.parametrize("n_out", [1, 8, 33, 64, 100])
def test_any_width_fits_the_tiles(n_in: int, n_out: int) -> None:
    close(layer(n_in=n_in, n_out=n_out), points(300, n_in))


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("n_out", range(1, 200, 7))
def test_tiles_cover_the_outputs(n_out: int, dtype: torch.dtype) -> None:
    tiles = Tiles.of(n_out, dtype)
    assert n_out <= tiles.n_out < n_out + tiles.lanes
    assert tiles.n_out % tiles.lanes == 0
    assert tiles.lanes % tiles.narrow == 0


def test_pieces_without_width_hold_nothing() -> None:
    made = layer()
    breaks = torch.tensor([[-1.0, -1.0, 0.0, 0.0, 1.0, 1.0]], dtype=torch.float64).expand(3, -1)
    ahead = torch.arange(1, 4, dtype=torch.float64)
    made.basis = BSpline(torch.cat([breaks[:, :1] - ahead.flip(0), breaks, breaks[:, -1:] + ahead], 1), 5, 3)
    edges = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)[:, None].expand(-1, 3)
    close(made, torch.cat([edges, points(100, reach=1.0)]))


def test_moved_knots_are_noticed() -> None:
    made = layer()
    x = points(50)
    close(made, x)
    with torch.no_grad():
        made.basis.knots.mul_(1.1)
    close(made, x)
    made.basis.knots.data.mul_(1.1)  # torch counts no version of this
    close(made, x)
    made.basis = made.basis.with_range(made.basis.low - 1, made.basis.high + 1)
    close(made, x)


def test_knots_that_move_before_the_way_back_are_an_error() -> None:
    made = layer()
    with use("compiled"):
        y = made(points(10))
    with torch.no_grad():
        made.basis.knots.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize("way", ["eager", "compiled"])
@pytest.mark.parametrize("again", [False, True])
def test_a_basis_that_is_replaced_before_the_way_back_changes_no_gradient(way: str, again: bool) -> None:
    made, x = layer(), points(10).requires_grad_()
    right = torch.autograd.grad(made._dense(x, made.weight).sum(), x)[0]
    with use(way):
        y = made(x)
    made.basis = made.basis.with_range(made.basis.low - 1, made.basis.high + 2)
    found = torch.autograd.grad(y.sum(), x, create_graph=again)[0]
    torch.testing.assert_close(found.detach(), right, rtol=0, atol=1e-12)


def test_layers_made_for_inference() -> None:
    x = points(30)
    with torch.inference_mode(), use("compiled"):
        made = layer()
        y = made(x)
    with use("eager"):
        torch.testing.assert_close(y, made(x))


def test_many_gradients_at_once() -> None:
    made, x = layer(), points(5).requires_grad_()
    directions = torch.eye(10, dtype=torch.float64).view(10, 5, 2)
    answers = []
    for way in ("eager", "compiled"):
        with use(way):
            y = made(x)
            answers.append(torch.autograd.grad(y, [x, made.weight], directions, is_grads_batched=True))
            answers.append((torch.autograd.functional.jacobian(made, x, vectorize=True),))
    for ours, theirs in zip(answers[0] + answers[1], answers[2] + answers[3], strict=True):
        torch.testing.assert_close(theirs, ours, rtol=0, atol=1e-12)


@pytest.mark.parametrize("residual", ["silu", "identity", "none"])
def test_residuals_masks_and_scales(residual) -> None:
    made = layer(n_out=4, residual=residual, spline_weight=True)
    with torch.no_grad():
        made.spline_weight.uniform_(0.5, 2.0, generator=torch.Generator().manual_seed(0))
        made.mask[1, 2] = 0
    close(made, points(40))


def test_shapes_of_batches() -> None:
    made = layer()
    x = points(24).view(2, 3, 4, 3)
    with use("compiled"):
        assert made(x).shape == (2, 3, 4, 2)
        torch.testing.assert_close(made(x)[1, 2], made(x[1, 2]))
        crooked = points(30).T.contiguous().T
        torch.testing.assert_close(made(crooked), made(crooked.contiguous()))
        torch.testing.assert_close(made(points(1))[0], made(points(1)[0]))
        assert made(points(0)).shape == (0, 2)
    assert made(points(0)).shape == (0, 2)


@pytest.mark.parametrize("extrapolation", ["continue", "linear"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_bad_number_spoils_its_own_row_alone(bad: float, extrapolation) -> None:
    made = layer(n_in=9, extrapolation=extrapolation)
    x = points(20, 9)
    x[3, 4] = bad
    with use("compiled"):
        y = made(x)
    rest = [row for row in range(20) if row != 3]
    assert not y[3].isfinite().any()
    torch.testing.assert_close(y[rest], made(x[rest]))


def test_gradients_agree_with_differences() -> None:
    made = layer(free=True)
    x = points(6).requires_grad_()
    with use("compiled"):
        assert torch.autograd.gradcheck(lambda x, weight: _with_weight(made, x, weight), (x, made.weight))
        assert torch.autograd.gradgradcheck(lambda x, weight: _with_weight(made, x, weight), (x, made.weight))


def _with_weight(made: KANLayer, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return torch.func.functional_call(made, {"weight": weight}, (x,))


@pytest.mark.filterwarnings("ignore:torch.searchsorted:UserWarning")  # torch's own word on speed under vmap
def test_derivatives_of_every_kind_are_those_of_the_formula() -> None:
    made = layer()
    x, direction = points(8), points(8, reach=0.5)
    for parameter in made.parameters():
        parameter.requires_grad_(False)

    def derivatives() -> list[torch.Tensor]:
        straight = torch.autograd.forward_ad
        with straight.dual_level():
            tangent = straight.unpack_dual(made(straight.make_dual(x, direction))).tangent
        return [
            tangent,
            torch.func.jvp(made, (x,), (direction,))[1],
            torch.func.vmap(made)(x),
            torch.func.vmap(torch.func.jacrev(made))(x),
            torch.func.vmap(torch.func.jacfwd(made))(x),
            torch.func.vmap(torch.func.hessian(made))(x),
            torch.autograd.functional.hessian(lambda x: made(x).square().sum(), x),
        ]

    with use("eager"):
        right = derivatives()
    with use("compiled"):
        for ours, theirs in zip(derivatives(), right, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12 * (1 + float(theirs.abs().max())))


def test_threads_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    made = layer(n_in=20, n_out=40, dtype=torch.float32)
    x = points(700, 20, torch.float32)
    one = answers(made, x, "compiled")
    monkeypatch.setattr(threads, "WORTH_IT", 1)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    for ours, theirs in zip(answers(made, x, "compiled"), one, strict=True):
        assert torch.equal(ours, theirs)


def test_two_callers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent.futures import ThreadPoolExecutor

    monkeypatch.setattr(threads, "WORTH_IT", 1)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    made, x = layer(n_in=8, n_out=8), points(600, 8)
    right = answers(made, x, "compiled")
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: answers(made, x, "compiled"), range(8)):
            for ours, theirs in zip(found, right, strict=True):
                assert torch.equal(ours, theirs)


def test_a_forked_process_has_threads_of_its_own() -> None:
    code = (
        "import os, torch\n"
        "from edgewise.basis.kernels import threads, use\n"
        "from edgewise.nn import KANLayer\n"
        "threads.WORTH_IT = 1\n"
        "torch.set_num_threads(2)\n"
        "made, x = KANLayer(8, 8, generator=torch.Generator().manual_seed(0)), torch.ones(600, 8)\n"
        "def total():\n"
        "    with use('compiled'), torch.no_grad():\n"
        "        return float(made(x).sum())\n"
        "first, child = total(), os.fork()\n"
        "if child == 0:\n"
        "    os._exit(0 if total() == first else 1)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "0"


def test_what_the_kernels_cannot_do_is_refused_or_done_by_the_formula() -> None:
    made = KANLayer(3, 2, degree=0)
    assert made(torch.zeros(4, 3)).shape == (4, 2)
    with use("compiled"), pytest.raises(SettingsError, match="its degree is 0"):
        made(torch.zeros(4, 3))
    with use("compiled"), pytest.raises(SettingsError, match="its basis is chebyshev"):
        KANLayer(3, 2, basis=Chebyshev.name)(torch.zeros(4, 3))
    with use("compiled"), pytest.raises(ShapeError, match="extrapolation='error'"):
        layer(extrapolation="error")(points(10, reach=2.0))


@pytest.mark.against_annotations
def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'eager'"), use("eagre"):
        pass


def test_large_layers_are_compiled_and_small_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fault() == ""  # asked before the kernels are replaced
    called = []
    monkeypatch.setattr("edgewise.basis.kernels.fused.sums", lambda *args: called.append(1) or torch.zeros(1000, 64))
    big = layer(dtype=torch.float32, n_in=64, n_out=64)
    big(points(1000, 64, torch.float32))
    assert called
    called.clear()
    layer()(points(10))
    with use("eager"):
        big(points(1000, 64, torch.float32))
    assert not called


def test_a_fault_is_said_once_and_the_formula_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgewise.basis import kernels
    from edgewise.errors import EdgewiseWarning

    monkeypatch.setattr(kernels, "_known", {})
    monkeypatch.setattr(kernels, "largest_error", lambda way, device: 0.5)
    big, x = layer(dtype=torch.float32, n_in=64, n_out=64), points(1000, 64, torch.float32)
    with pytest.warns(EdgewiseWarning, match="off by 5.0e-01"):
        y = big(x)
    with use("eager"):
        assert torch.equal(big(x), y)
    assert "off by" in kernels.status()
    with use("compiled"), pytest.raises(SettingsError, match="off by"):
        big(x)


def test_without_triton_the_eager_way_answers_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgewise.basis import kernels
    from edgewise.errors import EdgewiseWarning

    monkeypatch.setattr(kernels, "_known", {})
    monkeypatch.setitem(sys.modules, "triton", None)
    monkeypatch.delitem(sys.modules, "edgewise.basis.kernels.gpu", raising=False)
    monkeypatch.delattr(kernels, "gpu", raising=False)
    with pytest.warns(EdgewiseWarning, match="triton cannot be imported"):
        assert "triton" in fault("cuda")
    assert "triton" in fault("cuda")  # silently
    assert fault() == ""


def test_the_check_of_a_machine_needs_no_defaults() -> None:
    code = (
        "import torch\n"
        "from edgewise.basis.kernels import fault\n"
        "torch.set_default_dtype(torch.bfloat16)\n"
        "with torch.device('meta'), torch.inference_mode():\n"
        "    print(repr(fault()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout.strip() == "''"


def test_a_compiler_sees_the_formula() -> None:
    made = layer(dtype=torch.float32, n_in=64, n_out=64)
    x = points(100, 64, torch.float32, reach=0.9)
    graph = torch.export.export(made, (x,))
    torch.testing.assert_close(graph.module()(x), made(x), rtol=0, atol=1e-5)


def test_training_by_adam_goes_the_same_way() -> None:
    losses = []
    for way in ("eager", "compiled"):
        made = layer(n_in=4, n_out=3, seed=1)
        optimiser = torch.optim.Adam(made.parameters(), lr=1e-2)
        x = points(64, 4, reach=1.0)
        target = torch.stack([x.sum(1), x.prod(1), x[:, 0].sin()], 1)
        with use(way):
            for _ in range(30):
                optimiser.zero_grad()
                loss = (made(x) - target).square().mean()
                loss.backward()
                optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[1] == pytest.approx(losses[0], rel=1e-9)
