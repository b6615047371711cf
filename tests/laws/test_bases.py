"""What every family of functions obeys. A new row of BASES is held to it without a line here."""

import pytest
import torch
from torch import Tensor

from edgewise.basis import BASES, Basis, Extrapolation, make_basis, transfer
from edgewise.errors import SettingsError, ShapeError, UnknownNameError

LOWEST = {"bspline": 0}
FAMILIES = [(name, degree) for name in BASES for degree in range(LOWEST.get(name, 1), 6)]
DTYPES = [torch.float64, torch.float32]
EXTRAPOLATIONS: list[Extrapolation] = ["continue", "linear", "constant"]

family = pytest.mark.parametrize(("name", "degree"), FAMILIES, ids=lambda value: str(value))
any_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: str(dtype)[6:])


def basis_of(
    name: str, degree: int, dtype: torch.dtype = torch.float64, intervals: int = 6, mode: Extrapolation = "continue"
) -> Basis:
    low = torch.tensor([-1.0, 2.0, -300.0], dtype=dtype)
    high = torch.tensor([1.0, 2.5, 100.0], dtype=dtype)
    return make_basis(name, low=low, high=high, intervals=intervals, degree=degree, extrapolation=mode)


def points(basis: Basis, count: int = 200, reach: float = 0.0) -> Tensor:
    """Rows over the range of each input, and beyond it by the share ``reach``."""
    generator = torch.Generator().manual_seed(0)
    share = torch.rand(count, basis.n_in, dtype=basis.knots.dtype, generator=generator) * (1 + 2 * reach) - reach
    return torch.lerp(basis.low, basis.high, share)


@family
@any_dtype
@pytest.mark.parametrize("leading", [(), (0,), (1,), (4, 5)], ids=str)
def test_shapes_and_dtype(name: str, degree: int, dtype: torch.dtype, leading: tuple[int, ...]) -> None:
    basis = basis_of(name, degree, dtype)
    values, slopes = basis.values_and_slopes(torch.zeros(*leading, 3, dtype=dtype))
    assert values.shape == slopes.shape == (*leading, 3, 6 + degree)
    assert values.dtype == slopes.dtype == dtype
    assert basis.n_basis == 6 + degree


@family
@pytest.mark.parametrize("mode", EXTRAPOLATIONS)
def test_slopes_are_the_derivative_of_the_values(name: str, degree: int, mode: Extrapolation) -> None:
    """By central differences, inside and beyond the range."""
    basis = basis_of(name, degree, mode=mode)
    x = points(basis, reach=0.5)
    width = basis.high - basis.low
    step = 1e-6 * width
    difference = (basis(x + step) - basis(x - step)) / (2 * step).unsqueeze(-1)
    smooth = _away_from_breaks(basis, x)
    slopes = basis.values_and_slopes(x)[1]
    scaled = (slopes - difference).abs() * width.unsqueeze(-1)
    assert float(scaled[smooth].max()) < 1e-5


@family
def test_slopes_agree_with_automatic_differentiation(name: str, degree: int) -> None:
    basis = basis_of(name, degree)
    x = points(basis, 30, reach=0.3).requires_grad_()
    values, slopes = basis.values_and_slopes(x)
    for k in range(basis.n_basis):
        (gradient,) = torch.autograd.grad(values[..., k].sum(), x, retain_graph=True, allow_unused=True)
        torch.testing.assert_close(torch.zeros_like(x) if gradient is None else gradient, slopes[..., k].detach())


@family
@any_dtype
@pytest.mark.parametrize("mode", EXTRAPOLATIONS)
def test_nothing_jumps_at_the_borders(name: str, degree: int, dtype: torch.dtype, mode: Extrapolation) -> None:
    basis = basis_of(name, degree, dtype, mode=mode)
    width = basis.high - basis.low
    hair = 20 * torch.finfo(dtype).eps
    for border in (basis.low, basis.high, basis.low - 0.05 * width, basis.high + 0.05 * width):
        around = torch.maximum(width, border.abs()) * hair
        before, after = basis((border - around).unsqueeze(0)), basis((border + around).unsqueeze(0))
        rise = 4 * hair * 1e3 * (1 + basis.values_and_slopes(border.unsqueeze(0))[1].abs().amax() * width.max())
        assert float((before - after).abs().max()) < float(rise)


@family
def test_beyond_the_range_as_documented(name: str, degree: int) -> None:
    width = torch.tensor([2.0, 0.5, 400.0], dtype=torch.float64)
    modes = {mode: basis_of(name, degree, mode=mode) for mode in EXTRAPOLATIONS}
    high = modes["linear"].high
    for out in (0.2, 3.0):
        x = (high + out * width).unsqueeze(0)
        border, slope = modes["linear"].inside(high.unsqueeze(0))
        torch.testing.assert_close(modes["constant"](x), border)
        torch.testing.assert_close(modes["linear"](x), border + slope * (out * width).unsqueeze(-1))
        edge, steep = modes["continue"].inside((high + 0.05 * width).unsqueeze(0))
        expected = edge + steep * ((out - 0.05) * width).unsqueeze(-1)
        torch.testing.assert_close(modes["continue"](x), expected, rtol=1e-9, atol=1e-9)
    near = (high + 0.03 * width).unsqueeze(0)
    torch.testing.assert_close(modes["continue"](near), modes["continue"].inside(near)[0])


@family
def test_constant_at_infinity_is_the_border_and_nan_stays_nan(name: str, degree: int) -> None:
    basis = basis_of(name, degree, mode="constant")
    far = torch.full((1, 3), torch.inf, dtype=torch.float64)
    for x, border in ((far, basis.high), (-far, basis.low)):
        values, slopes = basis.values_and_slopes(x)
        torch.testing.assert_close(values, basis.inside(border.unsqueeze(0))[0])
        assert not slopes.any()
    assert basis(torch.full_like(far, torch.nan)).isnan().all()


@family
def test_error_mode_refuses_what_lies_outside(name: str, degree: int) -> None:
    basis = basis_of(name, degree, mode="error")
    torch.testing.assert_close(basis(points(basis)), basis_of(name, degree)(points(basis)))
    with pytest.raises(ShapeError, match="leaves the range"):
        basis(points(basis, reach=0.5))


@family
@any_dtype
def test_huge_inputs_stay_finite(name: str, degree: int, dtype: torch.dtype) -> None:
    basis = basis_of(name, degree, dtype)
    values, slopes = basis.values_and_slopes(torch.tensor([[1e6, -1e6, 1e6], [-1e9, 1e9, -1e9]], dtype=dtype))
    assert bool(values.isfinite().all())
    assert bool(slopes.isfinite().all())


@family
@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_what_is_not_finite_spoils_only_its_own_row(name: str, degree: int, bad: float) -> None:
    basis = basis_of(name, degree)
    x = points(basis, 5)
    spoilt = x.clone()
    spoilt[2, 1] = bad
    rest = [0, 1, 3, 4]
    assert torch.equal(basis(spoilt)[rest], basis(x)[rest])
    if bad != bad and degree > 0:
        assert bool(basis(spoilt)[2, 1].isnan().any())
    assert torch.equal(basis(spoilt)[2, [0, 2]], basis(x)[2, [0, 2]])


@family
def test_layout_in_memory_does_not_matter(name: str, degree: int) -> None:
    basis = basis_of(name, degree)
    x = points(basis, 12)
    assert torch.equal(basis(x.T.contiguous().T), basis(x))
    assert torch.equal(basis(torch.stack([x, x], -1)[..., 0]), basis(x))
    assert torch.equal(basis(x.reshape(3, 4, 3)), basis(x).reshape(3, 4, 3, -1))
    assert torch.equal(basis(x[:1].expand(5, 3)), basis(x)[:1].expand(5, 3, -1))


@family
@any_dtype
def test_an_input_sees_only_its_own_column(name: str, degree: int, dtype: torch.dtype) -> None:
    basis = basis_of(name, degree, dtype)
    one = type(basis)(basis.knots[1:2], basis.intervals, basis.degree)
    x = points(basis)
    assert torch.equal(basis(x)[:, 1:2], one(x[:, 1:2]))


@family
def test_a_wrong_number_of_columns_is_named(name: str, degree: int) -> None:
    with pytest.raises(ShapeError, match="holds 3 inputs but x has 4"):
        basis_of(name, degree)(torch.zeros(2, 4, dtype=torch.float64))


@pytest.mark.parametrize(
    ("name", "degree"), [pair for pair in FAMILIES if pair[0] != "rbf"], ids=lambda value: str(value)
)
@pytest.mark.parametrize("times", [1, 2, 3])
def test_transfer_keeps_functions_where_pieces_nest(name: str, degree: int, times: int) -> None:
    """Gaussians of another width span no common space: they are fitted, not kept (the next test)."""
    old, new = basis_of(name, degree, intervals=5), basis_of(name, degree, intervals=5 * times)
    coefficients = torch.randn(3, old.n_basis, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    moved = torch.einsum("ino,io->in", transfer(old, new), coefficients)
    x = points(old)[_away_from_breaks(new, points(old)).all(1)]
    before = torch.einsum("nio,io->ni", old(x), coefficients)
    torch.testing.assert_close(torch.einsum("nio,io->ni", new(x), moved), before, rtol=0, atol=1e-9)


@family
@any_dtype
def test_transfer_to_itself_changes_nothing(name: str, degree: int, dtype: torch.dtype) -> None:
    basis = basis_of(name, degree, dtype, intervals=4)
    matrix = transfer(basis, basis)
    assert matrix.dtype == dtype
    x = points(basis)
    kept = torch.einsum("nia,iab->nib", basis(x), matrix)
    torch.testing.assert_close(kept, basis(x), rtol=0, atol=1e-8 if dtype == torch.float64 else 1e-4)


@family
def test_device_and_dtype_follow_the_module(name: str, degree: int) -> None:
    basis = basis_of(name, degree, torch.float32).double()
    assert basis(points(basis)).dtype == torch.float64


@family
def test_settings_rebuild_the_basis(name: str, degree: int) -> None:
    basis = basis_of(name, degree, mode="linear")
    settings = basis.settings()
    again = BASES[settings.pop("name")](basis.knots, **settings)
    assert torch.equal(again(points(basis, reach=1.0)), basis(points(basis, reach=1.0)))


@family
def test_points_cover_the_range(name: str, degree: int) -> None:
    basis = basis_of(name, degree)
    spread = basis.points(per_interval=3)
    assert spread.shape == (19, 3)
    torch.testing.assert_close(spread[0], basis.low)
    torch.testing.assert_close(spread[-1], basis.high)


@pytest.mark.parametrize("name", BASES)
@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"intervals": 0}, "intervals must be 1 or more"),
        ({"degree": 6}, "degree must lie between"),
        ({"degree": -1}, "degree"),
    ],
)
def test_settings_that_cannot_be(name: str, settings: dict[str, int], says: str) -> None:
    border = torch.ones(2)
    with pytest.raises(SettingsError, match=says):
        make_basis(name, low=-border, high=border, **{"intervals": 5, "degree": 3, **settings})


@pytest.mark.parametrize("name", BASES)
def test_an_empty_range_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match="input 1 runs from 1 to 1"):
        make_basis(name, low=torch.tensor([0.0, 1.0]), high=torch.tensor([1.0, 1.0]), intervals=5, degree=3)


@pytest.mark.against_annotations
def test_unknown_names() -> None:
    border = torch.ones(1)
    with pytest.raises(UnknownNameError, match="Did you mean 'bspline'"):
        make_basis("bsplines", low=-border, high=border, intervals=5, degree=3)
    with pytest.raises(UnknownNameError, match="extrapolation"):
        make_basis("rbf", low=-border, high=border, intervals=5, degree=3, extrapolation="wild")


def _away_from_breaks(basis: Basis, x: Tensor) -> Tensor:
    """Where x stands off every place at which pieces meet, borders and the ends of the margins included."""
    width = basis.high - basis.low
    ends = torch.stack([basis.low - 0.05 * width, basis.low, basis.high, basis.high + 0.05 * width], 1)
    places = torch.cat([ends, basis.points(1).T], 1)
    return ((x.unsqueeze(-1) - places).abs() > 1e-4 * width.unsqueeze(-1)).all(-1)
