"""Constants to the last digit, against exact laws and scipy's own least squares."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.optimize import curve_fit

from edgewise.formula import constants, evaluate, parse, to_text
from edgewise.symbolic.polish import ROWS_AT_ONCE, polish

ROWS = 500
MILLION = """
import resource, sys
import numpy as np
from edgewise.formula import parse
from edgewise.symbolic.polish import polish
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
columns = {name: np.random.default_rng(0).uniform(0.5, 2, 1_000_000) for name in "ab"}
y = 3 * np.sin(1.2 * columns["a"]) + 0.7 * np.exp(0.3 * columns["b"])
print(peak())
polish(parse("2.9*sin(1.1*a + 0.05) + 0.8*exp(0.25*b) + 0.1*log(1.3*a + 0.2) + 0.05*b**1.5"), columns, y)
print(peak())
"""


@pytest.fixture
def columns():
    generator = np.random.default_rng(0)
    return {name: generator.uniform(1, 5, ROWS) for name in ("a", "b", "c", "c1")}


@pytest.mark.parametrize(
    ("start", "truth"),
    [
        ("1.1*exp(-0.4*a**2.1/b)*sin(2.9*c) + 0.3*c1", "1.2345*exp(-0.5*a**2/b)*sin(3*c) + 0.25*c1"),
        ("0.39*exp(-a**2.02/(1.9*b**1.9))/b", "exp(-a**2/(2*b**2))/(sqrt(2*pi)*b)"),
        ("6.1*(a/b)**0.4", "2*pi*sqrt(a/b)"),
        ("1.1*a/(2.2*b + 0.9*c)", "a/(2*b + c)"),  # one constant too many
        ("1.1e-30*a**1.9", "1e-30*a**2"),
        ("3.0*a", "3*a"),
    ],
)
def test_exact_laws_are_met_to_rounding(columns, start, truth):
    y = evaluate(parse(truth), columns)
    polished = polish(parse(start), columns, y)
    assert polished.rmse <= 2e-15 * np.sqrt(np.mean(y**2))
    np.testing.assert_allclose(evaluate(polished.expression, columns), y, rtol=1e-13)


def test_agrees_with_scipy(columns):
    generator = np.random.default_rng(1)
    y = 2 * np.exp(-0.4 * columns["a"]) + 0.3 * columns["b"] + generator.normal(0, 0.01, ROWS)
    weights = generator.uniform(0.5, 2, ROWS)
    polished = polish(parse("1.5*exp(-0.5*a) + 0.2*b"), columns, y, weights=weights)

    def model(x, p, q, r):
        return p * np.exp(-q * x[0]) + r * x[1]

    x = np.stack([columns["a"], columns["b"]])
    best, covariance = curve_fit(model, x, y, p0=[1.5, 0.5, 0.2], sigma=weights**-0.5)
    p, q, r = best
    np.testing.assert_allclose(sorted(constants(polished.expression).values()), sorted([p, -q, r]), rtol=1e-6)
    ratio = np.array(sorted(polished.errors.values())) / np.array(sorted(np.sqrt(np.diag(covariance))))
    assert (ratio > 1 - 1e-3).all()  # scipy's, or White's where that is the larger
    assert (ratio < 1.2).all()


def test_uneven_scatter_widens_the_errors(columns):
    a = columns["a"]
    y = 2 * a + np.random.default_rng(3).normal(0, 1, ROWS) * np.where(a > np.quantile(a, 0.9), 1.0, 0.01)
    slope, error = (
        (*constants(polish(parse("1.5*a"), columns, y).expression).values(),),
        polish(parse("1.5*a"), columns, y).errors["c1"],
    )
    residuals = y - slope[0] * a
    usual = np.sqrt(residuals @ residuals / (ROWS - 1) / (a @ a))
    white = np.sqrt(a**2 @ residuals**2) / (a @ a)
    assert white > 1.2 * usual
    assert abs(error / white - 1) < 0.05


def test_errors_cover_the_truth(columns):
    inside = 0
    for seed in range(40):
        y = 2 * np.sin(columns["a"]) + np.random.default_rng(seed).normal(0, 0.1, ROWS)
        polished = polish(parse("1.9*sin(1.01*a)"), columns, y)
        (scale, error), (inner, inner_error) = zip(
            constants(polished.expression).values(), polished.errors.values(), strict=True
        )
        inside += (abs(scale - 2) < 2 * error) + (abs(inner - 1) < 2 * inner_error)
    assert 68 <= inside <= 80  # 95 % of 80


def test_idle_constants_have_no_error_bar(columns):
    polished = polish(parse("1.1*a/(2.2*b + 0.9*c)"), columns, columns["a"] / (2 * columns["b"] + columns["c"]))
    assert set(polished.errors.values()) == {np.inf}


@pytest.mark.parametrize("start", ["1.1*log(a - 1.5)", "1.0*a**900.5", "1.5*sqrt(b - 4.5)"])
def test_never_worse_where_the_start_is_undefined(columns, start):
    polished = polish(parse(start), columns, columns["a"])
    assert polished.expression == parse(start)
    assert polished.rmse == np.inf


def test_beyond_squares_of_floats(columns):
    assert 1e250 < polish(parse("1.0*a**400.5"), columns, columns["a"]).rmse < 1e290


def test_never_worse(columns):
    y = np.sin(37 * columns["a"])
    start = parse("0.4*sin(36*a) + 0.1")
    before = np.sqrt(np.mean((evaluate(start, columns) - y) ** 2))
    assert polish(start, columns, y).rmse <= before


def test_steps_zero_only_scores(columns):
    polished = polish(parse("2.0*a"), columns, 3 * columns["a"], steps=0)
    assert to_text(polished.expression) == "2.0*a"
    assert polished.rmse == pytest.approx(np.sqrt(np.mean(columns["a"] ** 2)))


def test_without_constants(columns):
    assert polish(parse("a + b"), columns, columns["a"] + columns["b"]).errors == {}


def test_a_long_table_is_taken_in_blocks_and_gives_what_a_short_one_gives(monkeypatch):
    """The same rows in one block and in many: constants and errors as near as differences tell slopes."""
    generator = np.random.default_rng(4)
    rows = 3 * ROWS_AT_ONCE + 17
    long = {name: generator.uniform(0.5, 2, rows) for name in "ab"}
    weights = generator.uniform(0.5, 2, rows)
    y = 3 * np.sin(1.2 * long["a"]) + 0.7 * np.exp(0.3 * long["b"]) + 0.1 * generator.normal(size=rows) * long["a"]
    start = parse("2.9*sin(1.1*a + 0.05) + 0.8*exp(0.25*b) + 0.1")
    blocks = polish(start, long, y, weights=weights)
    monkeypatch.setattr(sys.modules[polish.__module__], "ROWS_AT_ONCE", rows)
    whole = polish(start, long, y, weights=weights)
    assert blocks.rmse == pytest.approx(whole.rmse, rel=1e-12)
    assert blocks.errors == pytest.approx(whole.errors, rel=1e-5)
    ones, others = constants(blocks.expression), constants(whole.expression)
    for name, error in blocks.errors.items():
        assert ones[name] == pytest.approx(others[name], abs=1e-3 * error)


def test_a_constant_that_a_long_table_does_not_determine_is_said_to_be_so():
    x = np.random.default_rng(5).uniform(1, 2, 3 * ROWS_AT_ONCE)
    y = 2 * x + np.random.default_rng(6).normal(size=len(x))
    errors = polish(parse("1.1*x/(2.2*x + 0.9*b)*b"), {"x": x, "b": x}, y, steps=3).errors
    assert all(error == np.inf for error in errors.values())


@pytest.mark.slow
def test_constants_of_a_million_rows_need_little_memory():
    done = subprocess.run([sys.executable, "-c", MILLION], capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    assert after - before < 500e6
