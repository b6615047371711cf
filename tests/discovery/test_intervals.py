"""Intervals hold what they promise, over many tables; too few rows are said."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgewise import Discovery, Table, discover
from edgewise.discovery.conformal import conformal_margin
from edgewise.errors import IntervalError, SettingsError


@pytest.mark.parametrize("rows", [9, 20, 100])
@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
def test_a_new_row_lies_inside_as_often_as_promised(rows: int, coverage: float) -> None:
    """Exactly ceil((n + 1) c) / (n + 1) for residuals of any law: here heavy tails and a biased prediction."""
    tables = 4000
    misses = np.abs(0.7 + np.random.default_rng(rows).standard_t(2, (tables, rows + 1)))
    inside = np.mean([new <= conformal_margin(np.array(old), None, coverage) for *old, new in misses])
    exact = np.ceil((rows + 1) * coverage - 1e-9) / (rows + 1)
    assert inside == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / tables))


def test_the_margin_is_the_order_statistic() -> None:
    misses = np.random.default_rng(0).permutation(np.arange(1.0, 10.0))
    assert conformal_margin(misses, None, 0.9) == 9.0
    assert conformal_margin(misses, None, 0.5) == 5.0
    assert conformal_margin(misses, None, 0.51) == 6.0
    assert conformal_margin(misses, np.ones(9), 0.51) == 6.0


def test_a_row_of_more_weight_counts_more() -> None:
    misses = np.array([1.0, 2.0, 3.0, 4.0])
    assert conformal_margin(misses, np.array([1.0, 1.0, 1.0, 9.0]), 0.5) == 4.0
    assert conformal_margin(misses, np.array([9.0, 1.0, 1.0, 1.0]), 0.5) == 1.0


def test_too_few_rows_for_the_coverage() -> None:
    with pytest.raises(IntervalError, match=r"0.9 needs 9 rows that were kept apart, and there are 8.*0.88 or less"):
        conformal_margin(np.ones(8), None, 0.9)
    assert conformal_margin(np.ones(8), None, 0.88) == 1.0
    for coverage in (0.0, 1.0, 90.0):
        with pytest.raises(SettingsError, match="between 0 and 1"):
            conformal_margin(np.ones(8), None, coverage)


@pytest.fixture(scope="module")
def noisy() -> Discovery:
    return discover(table(300, 0), time_budget=20)


def table(rows: int, seed: int) -> Table:
    generator = np.random.default_rng(seed)
    x = np.concatenate([[0.5, 2.0], generator.uniform(0.5, 2, rows - 2)])  # new rows stay in the range
    return Table({"x": x, "y": 3 * x + 0.1 * generator.standard_normal(rows)}, "y", ("x",))


@pytest.mark.parametrize("use", ["formula", "network"])
def test_end_to_end(noisy: Discovery, use: str) -> None:
    new = table(4000, 1)
    low, high = noisy.interval(new, 0.8, use)
    inside = np.mean((low <= new.y) & (new.y <= high))
    # 30 calibration rows: the coverage of one run spreads as Beta(25, 6) around 0.8
    assert 0.6 < inside < 0.97
    np.testing.assert_allclose((low + high) / 2, noisy.predict(new, use), rtol=1e-12)


def test_intervals_outlive_the_run(noisy: Discovery, tmp_path: Path) -> None:
    noisy.save(tmp_path)
    new = table(5, 2)
    np.testing.assert_array_equal(Discovery.load(tmp_path).interval(new), noisy.interval(new))


def test_a_run_that_cannot_tell_says_so(noisy: Discovery) -> None:
    assert noisy.calibration is not None
    with pytest.raises(IntervalError, match="keeps no rows"):
        dataclasses.replace(noisy, calibration=None).interval(table(5, 2))
    small = dataclasses.replace(noisy.calibration, kind="left out once")
    with pytest.raises(IntervalError, match="network need 200 rows"):
        dataclasses.replace(noisy, calibration=small).interval(table(5, 2), use="network")
