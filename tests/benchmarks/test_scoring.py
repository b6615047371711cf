"""The scorer on formulas whose fate is known, and the disguise of laws."""

import numpy as np
import pytest
from scipy.stats import binomtest

from benchmarks.common import Truth, disguise, drawn, rate, score, wilson
from edgewise.data.laws import law

TRUTH = Truth("x0*exp(-x1/3)", {"x0": (1.0, 5.0), "x1": (1.0, 5.0)})


@pytest.mark.parametrize(
    ("text", "value", "skeleton", "recovered"),
    [
        ("x0*exp(-x1/3)", True, True, True),
        ("exp(-0.33333333333333*x1)*x0", True, True, True),
        ("1.1*x0*exp(-x1/3.1)", False, True, False),  # constants are wrong, the form is right
        ("x0*(x1 + 1)", False, False, False),
        ("x0/(x1 + 1.0)**1.0", False, False, False),
        ("x0*exp(-x1/3) + 1e-12*sin(x0)*cos(x1)*log(x0)*sqrt(x1)", True, True, False),  # junk that weighs nothing
        ("x0*exp(-x1/3)*(1 + 0*x1) + 0*x0*x1", True, True, True),  # what the parser takes away is not written
        ("((x0*exp(-x1/3) + x1) - x1 + log(x0*x1) - log(x0) - log(x1))", True, True, False),  # too long
        ("nonsense(", False, False, False),
        (None, False, False, False),
    ],
)
def test_the_three_rules(text: str | None, value: bool, skeleton: bool, recovered: bool) -> None:
    found = score(text, TRUTH, seed=0)
    assert (found.by_value, found.by_skeleton, found.recovered) == (value, skeleton, recovered)


def test_right_only_in_the_box() -> None:
    truth = Truth("x0 - x1", {"x0": (3.0, 5.0), "x1": (1.0, 2.9)})
    found = score("sqrt((x0 - x1)**2)", truth, seed=0)
    assert found.inside < 1e-12
    assert found.outside > 0.1
    assert not found.by_value
    assert not found.recovered


def test_a_formula_without_values_outside_fails() -> None:
    truth = Truth("x0**2", {"x0": (1.0, 2.0)})
    assert score("log(x0 - 0.99)", truth, seed=0).outside == np.inf


def test_noise_widens_what_a_value_may_be_and_not_the_form() -> None:
    near = "1.001*x0*exp(-x1/3)"
    assert not score(near, TRUTH, seed=0).by_value
    found = score(near, TRUTH, seed=0, noise=0.01, rows=1000)
    assert found.by_value
    assert found.by_skeleton
    assert found.recovered
    assert not score("0.99*x0*(1.3 - 0.2*x1)", TRUTH, seed=0, noise=0.1, rows=1000).by_skeleton


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("x0*exp(-0.33333*x1)", True),
        ("7.5*x0*exp(-0.33333*x1)", True),  # a constant factor is forgiven
        ("x0*exp(-0.33333*x1) + 2.5", True),  # so is a constant term
        ("x0*exp(-0.34*x1)", False),
        ("3.5", False),
    ],
)
def test_the_rule_of_srbench(text: str, same: bool) -> None:
    truth = Truth("x0*exp(-0.333*x1)", TRUTH.ranges)
    assert score(text, truth, seed=0).by_srbench is same


@pytest.mark.parametrize(("k", "n"), [(0, 7), (3, 7), (50, 50), (49, 50), (290, 300)])
def test_wilson_agrees_with_scipy(k: int, n: int) -> None:
    known = binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k, n) == pytest.approx((known.low, known.high), abs=1e-6)
    assert rate(k, n).startswith(f"{k} of {n} (")


def test_a_disguise_changes_names_and_nothing_else() -> None:
    known = law("I.6.2b")
    truth = disguise(known, seed=3, dummies=2)
    assert list(truth.ranges) == ["x0", "x1", "x2", "x3", "x4"]
    table = drawn(truth, 3, 50)
    used = {name for name in truth.ranges if name in truth.text}
    assert len(used) == 3
    orders = {disguise(known, seed, dummies=2).text for seed in range(8)}
    assert len(orders) > 3
    assert np.array_equal(table.y, truth.value({name: table.columns[name] for name in truth.ranges}))
    noisy = drawn(truth, 3, 4000, noise=0.1).y - drawn(truth, 3, 4000).y
    assert np.std(noisy) == pytest.approx(0.1 * np.sqrt(np.mean(drawn(truth, 3, 4000).y ** 2)), rel=0.05)
