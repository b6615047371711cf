"""Intervals hold as often as they say."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta, binom

from edgewise import Discovery, discover
from edgewise.data import Table
from edgewise.discovery.conformal import half_width
from edgewise.errors import SettingsError, ValuesError


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("rows", [10, 19, 40])
@pytest.mark.parametrize("noise", ["normal", "cauchy", "growing"])
def test_coverage_over_many_tables_is_nominal(coverage: float, rows: int, noise: str) -> None:
    """The exact law: ceil((n + 1) c) / (n + 1) of new rows, whatever the noise, if its law has no ties."""
    generator, trials = np.random.default_rng(0), 4000
    x, size = generator.uniform(0, 1, (trials, rows + 1)), (trials, rows + 1)
    drawn = generator.standard_cauchy(size) if noise == "cauchy" else generator.normal(size=size)
    residuals = drawn * (0.1 + 5 * x**2) if noise == "growing" else drawn
    inside = sum(abs(row[-1]) <= half_width(row[:-1], coverage) for row in residuals)
    expected = np.ceil(coverage * (rows + 1) - 1e-9) / (rows + 1)
    low, high = binom.ppf([1e-4, 1 - 1e-4], trials, expected)
    assert coverage <= expected
    assert low <= inside <= high


def test_equal_weights_change_nothing_and_heavy_rows_count_more() -> None:
    residuals = np.random.default_rng(0).normal(size=30)
    assert half_width(residuals, 0.9, np.full(30, 3.0)) == half_width(residuals, 0.9)
    heavy = np.where(np.abs(residuals) < 0.5, 5.0, 1.0)
    assert half_width(residuals, 0.5, heavy) < half_width(residuals, 0.5)


def test_too_few_rows_say_so() -> None:
    assert half_width(np.arange(1.0, 10.0), 0.9) == 9.0
    with pytest.raises(ValuesError, match=r"0\.9 needs 9 calibration rows, and there are 8\. .* at most 0\.888"):
        half_width(np.arange(8.0), 0.9)
    assert half_width(np.arange(8.0), 0.888) == 7.0
    for wrong in (0.0, 1.0, 90.0, float("nan")):
        with pytest.raises(SettingsError, match="between 0 and 1"):
            half_width(np.arange(8.0), wrong)


def line(rows: int, seed: int, spread: float = 0.0) -> Table:
    generator = np.random.default_rng(seed)
    x = generator.uniform(0, 2, rows)
    y = 3 * x + 1 + generator.normal(size=rows) * (0.1 + spread * x)
    return Table.from_arrays(x[:, None], y, ["x"], "y")


@pytest.fixture(scope="module")
def found() -> Discovery:
    return discover(line(600, seed=1, spread=0.3), seed=0, time_budget=600)


@pytest.mark.parametrize("use", ["formula", "network"])
def test_new_rows_lie_between(found: Discovery, use: str) -> None:
    """Given one calibration of n rows, the coverage follows a beta law (Vovk 2012, Conditional validity)."""
    assert found.calibration is not None
    assert found.calibration.kind == "test"
    new = line(4000, seed=2, spread=0.3)
    inside = (new.x[:, 0] >= found.ranges["x"][0]) & (new.x[:, 0] <= found.ranges["x"][1])
    new = new.take(np.flatnonzero(inside))
    rows = len(found.calibration.y)
    low, high = found.interval(new.x, 0.8, use)
    rank = int(np.ceil(0.8 * (rows + 1)))
    least, most = beta.ppf([1e-3, 1 - 1e-3], rank, rows + 1 - rank)
    covered = np.mean((low <= new.y) & (new.y <= high))
    assert least - 0.02 <= covered <= most + 0.02


def test_what_cannot_be_known_is_refused(found: Discovery) -> None:
    assert found.calibration is not None
    x = np.array([[1.0]])
    small = replace(found, calibration=replace(found.calibration, kind="left out once"))
    assert np.isfinite(small.interval(x, use="formula")).all()
    with pytest.raises(ValuesError, match="has learned from all"):
        small.interval(x, use="network")
    with pytest.raises(ValuesError, match="no rows that intervals could be read from"):
        replace(found, calibration=None).interval(x)
    with pytest.raises(ValuesError, match="needs 999 calibration rows"):
        found.interval(x, 0.999)
