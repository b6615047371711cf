"""Coefficients that have a shape: all of the cone has it, and all that has it is in the cone."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline as ScipySpline
from scipy.optimize import lsq_linear

from edgewise.basis import BSpline, cone

N, DEGREE = 9, 3
SHAPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # a function on [-1, 1] that has them
    "increasing": np.tanh,
    "decreasing": lambda x: -(x**3),
    "convex": lambda x: np.exp(-2 * x),
    "concave": lambda x: -((x - 0.3) ** 2),
    "increasing convex": np.exp,
    "increasing concave": lambda x: np.log(x + 1.5),
    "decreasing convex": lambda x: np.exp(-x),
    "decreasing concave": lambda x: -np.exp(x),
    "convex concave": lambda x: 1 - 2 * x,
    "even": np.cos,
    "odd": np.sin,
    "odd increasing": np.sinh,
    "even convex": lambda x: x**2,
    "even concave": lambda x: -(x**2),
    "periodic": lambda x: np.sin(np.pi * x),
    "periodic even": lambda x: np.cos(np.pi * x),
    "nonnegative": lambda x: 1 + x**2,
    "nonnegative increasing": lambda x: 2 + np.tanh(x),
    "nonnegative concave": lambda x: 2 - x**2,
    "nonnegative convex": lambda x: 1 + np.exp(-x),
    "nonnegative convex even": lambda x: 1 + x**2,
    "nonnegative increasing concave": lambda x: np.log(x + 3),
}


def coefficients_of(function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Of the function at the knots' own places: a spline that has the function's shape (variation diminishing)."""
    basis = BSpline.over(torch.tensor([-1.0]), torch.tensor([1.0]), N - DEGREE, DEGREE)
    knots = basis.knots[0].double().numpy()
    return function(np.array([knots[j + 1 : j + DEGREE + 1].mean() for j in range(N)]))


def spline(coefficients: np.ndarray, x: np.ndarray) -> np.ndarray:
    knots = -1 + 2 / (N - DEGREE) * np.arange(-DEGREE, N + 1)
    return np.asarray(ScipySpline(knots, coefficients, DEGREE)(x))


@pytest.mark.parametrize("words", SHAPES)
def test_every_row_of_the_cone_has_the_shape(words: str) -> None:
    spanned = cone(frozenset(words.split()), N, DEGREE)
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(len(spanned.lower), 50, generator=generator, dtype=torch.float64)
    drawn = torch.where(spanned.lower[:, None].isfinite(), drawn.abs(), drawn)
    x = np.linspace(-1, 1, 301)
    for coefficients in (spanned.generators @ drawn).T.numpy():
        values = spline(coefficients, x)
        small = 1e-12 * np.abs(coefficients).max()
        tests = {
            "increasing": np.diff(values),
            "decreasing": -np.diff(values),
            "convex": np.diff(values, 2),
            "concave": -np.diff(values, 2),
            "nonnegative": values,
            "even": -np.abs(values - values[::-1]),
            "odd": -np.abs(values + values[::-1]),
            "periodic": -np.abs(values[:1] - values[-1:]),
        }
        for word in words.split():
            assert (tests[word] >= -small).all(), word


@pytest.mark.parametrize("words", SHAPES)
def test_what_has_the_shape_is_in_the_cone(words: str) -> None:
    spanned = cone(frozenset(words.split()), N, DEGREE)
    wanted = coefficients_of(SHAPES[words])
    if "periodic" in words.split():
        wanted[-DEGREE:] = wanted[:DEGREE]
    found = lsq_linear(spanned.generators.numpy(), wanted, (spanned.lower.numpy(), np.inf), tol=1e-14)
    assert np.abs(spanned.generators.numpy() @ found.x - wanted).max() < 1e-5


def test_rising_and_falling_is_a_constant() -> None:
    spanned = cone(frozenset(["increasing", "decreasing"]), N, DEGREE)
    assert spanned.generators.shape == (N, 1)
    assert torch.equal(spanned.generators, torch.ones(N, 1, dtype=torch.float64))
