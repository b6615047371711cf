"""B-splines against an independent witness, scipy.interpolate.BSpline."""

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline as Witness

from edgewise.basis import BSpline, transfer
from edgewise.errors import SettingsError

DEGREES = range(6)
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-6}


def uniform(degree: int, intervals: int, dtype: torch.dtype = torch.float64) -> BSpline:
    return BSpline.over(torch.tensor([-1.0], dtype=dtype), torch.tensor([1.0], dtype=dtype), intervals, degree)


def free(degree: int, intervals: int, dtype: torch.dtype = torch.float64) -> BSpline:
    """Pieces of very different widths."""
    widths = np.random.default_rng(degree).uniform(0.2, 1.0, intervals)
    breaks = np.concatenate([[0.0], np.cumsum(widths)])
    return BSpline.at(torch.tensor(2 * breaks / breaks[-1] - 1, dtype=dtype)[None], degree)


def witness(basis: BSpline, x: np.ndarray, derivative: int) -> np.ndarray:
    knots = basis.knots[0].double().numpy()
    eye = np.eye(basis.n_basis)
    spline = Witness(knots, eye, basis.degree)
    if derivative and basis.degree == 0:
        return np.zeros((len(x), basis.n_basis))
    return np.asarray(spline(x, nu=derivative))


@pytest.mark.parametrize("degree", DEGREES)
@pytest.mark.parametrize("intervals", [1, 2, 7])
@pytest.mark.parametrize("make", [uniform, free])
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_values_and_slopes_agree_with_scipy(degree: int, intervals: int, make, dtype: torch.dtype) -> None:
    basis = make(degree, intervals, dtype)
    x = torch.linspace(-0.9999, 0.9999, 501, dtype=dtype)
    values, slopes = basis.values_and_slopes(x[:, None])
    inside = x.double().numpy()
    steepest = np.abs(witness(basis, inside, 1)).max() + 1
    np.testing.assert_allclose(values[:, 0].numpy(), witness(basis, inside, 0), rtol=0, atol=TOLERANCE[dtype])
    np.testing.assert_allclose(
        slopes[:, 0].numpy(), witness(basis, inside, 1), rtol=0, atol=TOLERANCE[dtype] * steepest
    )


@pytest.mark.parametrize("degree", range(1, 6))
def test_the_first_piece_goes_on_beyond_the_border(degree: int) -> None:
    """scipy extrapolates the border polynomial too: the 5 % margin agrees with it."""
    basis = free(degree, 4)
    x = np.linspace(1.0, 1.099, 50)
    np.testing.assert_allclose(basis(torch.tensor(x)[:, None])[:, 0].numpy(), witness(basis, x, 0), rtol=0, atol=1e-11)


@pytest.mark.parametrize("degree", DEGREES)
@pytest.mark.parametrize("make", [uniform, free])
def test_partition_of_unity(degree: int, make) -> None:
    basis = make(degree, 6)
    x = torch.linspace(-3, 3, 301, dtype=torch.float64)[:, None]
    values, slopes = basis.values_and_slopes(x)
    torch.testing.assert_close(values.sum(-1), torch.ones_like(x), rtol=0, atol=1e-10)
    torch.testing.assert_close(slopes.sum(-1), torch.zeros_like(x), rtol=0, atol=1e-9)
    inside = (x.abs() <= 1).squeeze()
    assert float(values[inside].min()) >= -1e-15


@pytest.mark.parametrize("degree", DEGREES)
def test_only_few_functions_are_not_zero(degree: int) -> None:
    values = uniform(degree, 9)(torch.linspace(-0.99, 0.99, 97, dtype=torch.float64)[:, None])
    assert int((values != 0).sum(-1).max()) <= degree + 1


@pytest.mark.parametrize("degree", range(1, 6))
@pytest.mark.parametrize("make", [uniform, free])
def test_borders_belong_to_the_range(degree: int, make) -> None:
    basis = make(degree, 5)
    ends = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)
    torch.testing.assert_close(basis(ends).sum(-1), torch.ones(2, 1, dtype=torch.float64))
    np.testing.assert_allclose(basis(ends)[:, 0].numpy(), witness(basis, np.array([-1.0, 1.0]), 0), rtol=0, atol=1e-12)


@pytest.mark.parametrize("degree", range(1, 6))
def test_polynomials_up_to_the_degree_are_exact(degree: int) -> None:
    basis = free(degree, 4)
    x = torch.linspace(-1, 1, 60, dtype=torch.float64)[:, None]
    design = basis(x)[:, 0]
    for power in range(degree + 1):
        found = torch.linalg.lstsq(design, x**power).solution
        torch.testing.assert_close(design @ found, x**power, rtol=0, atol=1e-10)


def test_knots_that_nest_keep_the_function() -> None:
    old = free(3, 4)
    middles = (old.breaks[:, 1:] + old.breaks[:, :-1]) / 2
    new = BSpline.at(torch.cat([old.breaks, middles], 1).sort(1).values, 3)
    weights = torch.randn(7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = torch.linspace(-1, 1, 200, dtype=torch.float64)[:, None]
    moved = transfer(old, new)[0] @ weights
    torch.testing.assert_close(new(x)[:, 0] @ moved, old(x)[:, 0] @ weights, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    "breaks",
    [[-1.0, 0.0, 0.0, 1.0], [-1.0, -1.0, 0.0, 1.0], [-1.0, 0.0, 1.0, 1.0, 1.0], [-1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0]],
    ids=str,
)
def test_knots_that_meet_leave_a_finite_spline(breaks: list[float]) -> None:
    """Columns with many equal values give such knots; a kink may stand there, but nothing that is not a number."""
    basis = BSpline.at(torch.tensor([breaks], dtype=torch.float64), 3)
    values, slopes = basis.values_and_slopes(torch.linspace(-2, 2, 201, dtype=torch.float64)[:, None])
    assert bool(values.isfinite().all())
    assert bool(slopes.isfinite().all())
    torch.testing.assert_close(values.sum(-1), torch.ones(201, 1, dtype=torch.float64))


@pytest.mark.parametrize("shape", [(8,), (2, 7), (1, 2, 12)], ids=str)
def test_knots_of_a_wrong_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(SettingsError, match=r"need knots of shape \(n_in, 12\)"):
        BSpline(torch.zeros(shape), intervals=5, degree=3)


def test_knots_must_not_fall() -> None:
    knots = torch.arange(12.0)
    knots[[0, 1]] = knots[[1, 0]]
    with pytest.raises(SettingsError, match="must not fall"):
        BSpline(knots[None], intervals=5, degree=3)
