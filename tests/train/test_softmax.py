"""Witnesses of the convex fits: scikit-learn's logistic regression, finite differences, separable rows."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from edgewise.errors import SettingsError, ShapeError, ValuesError
from edgewise.train import Smoothing, SoftmaxProblem, fit_additive, fit_softmax
from edgewise.train.softmax import _lbfgs, _newton


def problem(classes: int, rows: int = 200, ridge: float = 0.0) -> SoftmaxProblem:
    generator = np.random.default_rng(classes)
    x = generator.normal(size=(rows, 3))
    number = (x @ generator.normal(size=(3, classes)) + generator.gumbel(size=(rows, classes))).argmax(1)
    free = np.ones((4, classes), dtype=bool)
    free[:, 0] = False
    design = np.column_stack([np.ones(rows), x])
    weights = generator.integers(1, 4, rows).astype(float)
    return SoftmaxProblem(design, np.eye(classes)[number], weights, ridge * np.eye(4), free)


@pytest.mark.parametrize("classes", [2, 3])
def test_straight_lines_agree_with_logistic_regression(classes: int) -> None:
    given = problem(classes)
    ours = fit_softmax(given)
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000)
    theirs.fit(given.design[:, 1:], given.shares.argmax(1), sample_weight=given.weights)
    slopes = theirs.coef_ if classes == 2 else (theirs.coef_ - theirs.coef_[0])[1:]
    np.testing.assert_allclose(ours[1:, 1:].T, slopes, rtol=1e-4, atol=1e-5)


def test_slope_and_curvature_are_those_of_the_loss() -> None:
    given = problem(3, ridge=0.1)
    theta = np.where(given.free, np.random.default_rng(0).normal(size=given.free.shape), 0.0)
    slope, curvature = given.loss(theta)[1], given.curvature(theta)
    for column, (feature, number) in enumerate(np.argwhere(given.free.T)[:, ::-1]):
        up, down = theta.copy(), theta.copy()
        up[feature, number] += 1e-6
        down[feature, number] -= 1e-6
        (high, high_slope), (low, low_slope) = given.loss(up), given.loss(down)
        assert slope[feature, number] == pytest.approx((high - low) / 2e-6, abs=1e-7)
        found = ((high_slope - low_slope) / 2e-6).T[given.free.T]
        np.testing.assert_allclose(curvature[:, column], found, atol=1e-7)


@pytest.mark.parametrize("weights", [np.zeros(200), -np.ones(200), np.full(200, np.nan)], ids=["none", "below", "nan"])
def test_weights_that_cannot_be_are_refused(weights: np.ndarray) -> None:
    given = problem(3)
    with pytest.raises(ValuesError):
        replace(given, weights=weights)
    with pytest.raises(ValuesError):
        fit_additive(np.tanh(given.design[:, 1:]), given.shares, weights)


def test_parts_that_do_not_fit_together_are_refused() -> None:
    given = problem(3)
    with pytest.raises(ValuesError, match="NaN or infinite"):
        replace(given, design=np.where(given.design > 2, np.nan, given.design))
    with pytest.raises(SettingsError, match="ridge=-1"):
        Smoothing(ridge=-1)


@pytest.mark.against_annotations
def test_shapes_that_do_not_fit_together_are_refused() -> None:
    given = problem(3)
    with pytest.raises(ShapeError, match="200 rows of 4 features"):
        replace(given, weights=given.weights[1:])
    with pytest.raises(ShapeError, match=r"free must be \(4, 3\)"):
        replace(given, free=given.free[:, 1:])


def test_a_class_that_no_row_has_and_rows_all_of_one_class_stay_finite() -> None:
    x = np.linspace(-1, 1, 40)[:, None]
    shares = np.eye(3)[np.zeros(40, dtype=int)]
    with torch.no_grad():
        odds = fit_additive(x, shares, np.ones(40))(torch.as_tensor(x)).numpy()
    assert np.isfinite(odds).all()
    assert (odds.argmax(1) == 0).all()


def test_both_optimisers_end_at_the_same_place() -> None:
    given = problem(4, ridge=0.01)
    start = np.zeros(given.free.shape)
    np.testing.assert_allclose(_lbfgs(given, start), _newton(given, start), atol=1e-4)


def test_separable_rows_stay_finite() -> None:
    x = np.linspace(-1, 1, 40)[:, None]
    shares = np.eye(2)[(x[:, 0] > 0).astype(int)]
    network = fit_additive(x, shares, np.ones(40), Smoothing(ridge=1e-3))
    with torch.no_grad():
        odds = network(torch.as_tensor(x))[:, 0].numpy()
    assert np.isfinite(odds).all()
    assert ((odds > 0) == (x[:, 0] > 0)).all()


def test_a_stiff_network_is_logistic_regression() -> None:
    generator = np.random.default_rng(5)
    x = generator.uniform(-1, 1, size=(300, 2))
    y = (2 * x[:, 0] - x[:, 1] + generator.logistic(size=300) > 0).astype(int)
    network = fit_additive(x, np.eye(2)[y], np.ones(300), Smoothing(ridge=0.0, roughness=1e6))
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit(x, y)
    with torch.no_grad():
        odds = network(torch.as_tensor(x))[:, 0].numpy()
    np.testing.assert_allclose(odds, theirs.decision_function(x), atol=1e-2)
