"""Weights: a row of weight k is k equal rows, the order of rows is nothing, and weighted fits are weighted fits."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from edgewise.data import Table
from edgewise.discovery import canonical as room
from edgewise.discovery import discover
from edgewise.discovery.architecture import as_network_sees
from edgewise.discovery.judge import Judge, beats, leverages
from edgewise.discovery.prepare import MOST_ROWS, Prepared, prepare
from edgewise.discovery.weighing import effective
from edgewise.formula import parse
from edgewise.nn import Scaling
from edgewise.train import TrainingData

PLENTY = 600.0


def rows_of(rows: int, noise: float, columns: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(1, 3, (rows, columns))
    y = 2.5 * x[:, 0] * x[:, -1] ** 2
    return x, y + noise * y.std() * rng.normal(size=rows), rng.integers(1, 4, rows)


def parts(prepared: Prepared) -> list[np.ndarray]:
    shares = (prepared.train, prepared.held, prepared.test, prepared.network_train, prepared.network_held)
    return [a for t in shares for a in (t.x, t.y, np.ones(t.rows) if t.weights is None else t.weights)]


def steady(table: Table) -> dict[str, Any]:
    """What was found, without what a clock says and how many rows stood in the file."""
    found = discover(table, time_budget=PLENTY)
    assert found.cut == ()
    saved = {
        **found.to_json(),
        "calibration": found.calibration.as_dict(),
        "answers": found.predict(found.sample).tolist(),
    }
    saved["steps"] = [{**step, "seconds": 0} for step in saved["steps"]]
    return {**saved, "seconds": 0, "rows": 0}


# -- one form for all tables that say the same -------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [20, 90, 400])
def test_weights_repeats_and_any_order_are_prepared_alike(rows: int) -> None:
    x, y, k = rows_of(rows, 0.1)
    order = np.random.default_rng(1).permutation(int(k.sum()))
    weighed = Table.from_arrays(x, y, weights=k)
    repeated = Table.from_arrays(np.repeat(x, k, 0)[order], np.repeat(y, k)[order])
    absent = Table.from_arrays(np.r_[x, x[:5] + 1], np.r_[y, y[:5]], weights=np.r_[k, np.zeros(5)])
    mixed = Table.from_arrays(np.r_[x, x[:7]], np.r_[y, y[:7]], weights=np.r_[k[:7] - 0.5, k[7:], np.full(7, 0.5)])
    wanted = parts(prepare(weighed, 3))
    for table in (repeated, absent, mixed):
        for ours, theirs in zip(parts(prepare(table, 3)), wanted, strict=True):
            assert ours.tobytes() == theirs.tobytes()


def test_of_weights_only_proportions_count() -> None:
    x, y, k = rows_of(100, 0.1)
    small, large = (parts(prepare(Table.from_arrays(x, y, weights=k * size), 0)) for size in (2.0**-10, 2.0**20))
    assert all(ours.tobytes() == theirs.tobytes() for ours, theirs in zip(small, large, strict=True))
    alike = parts(prepare(Table.from_arrays(x, y, weights=np.full(100, 1e-3)), 0))
    assert all(np.array_equal(a, b) for a, b in zip(alike, parts(prepare(Table.from_arrays(x, y), 0)), strict=True))


def test_zeros_of_both_signs_are_one_number() -> None:
    x, y, _ = rows_of(100, 0.1)
    x[:40, 0] = 0.0
    other = x.copy()
    other[:20, 0] = -0.0
    for ours, theirs in zip(*(parts(prepare(Table.from_arrays(z, y), 0)) for z in (x, other)), strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_rows_that_share_a_hash_stay_two_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, k = rows_of(80, 0.1)
    table = Table.from_arrays(x, y, weights=k)
    monkeypatch.setattr(room, "hashed", lambda columns, seed: np.zeros(len(columns[0]), dtype=np.uint64))
    found = room.canonical(table, 0)
    assert found.distinct == 80
    assert sorted(found.index) == list(range(80))
    shuffled = room.canonical(table.take(np.random.default_rng(0).permutation(80)), 0)
    assert np.array_equal(shuffled.weights, found.weights)


def test_equal_inputs_stay_on_one_side_and_shares_are_disjoint() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 30, (3000, 2)).astype(float)
    prepared = prepare(Table.from_arrays(x, rng.normal(size=3000)), 0)
    sides = [set(map(tuple, table.x)) for table in (prepared.train, prepared.held, prepared.test)]
    assert sum(map(len, sides)) == len(set.union(*sides)) == prepared.distinct
    assert [round(len(side) / prepared.distinct, 1) for side in sides] == [0.7, 0.2, 0.1]


@pytest.mark.parametrize(("rows", "noise"), [(300, 0.0), (260, 0.05), (40, 0.02)], ids=["exact", "noisy", "small"])
def test_weights_and_repeated_rows_give_one_answer(rows: int, noise: float) -> None:
    x, y, k = rows_of(rows, noise, columns=1)
    order = np.random.default_rng(1).permutation(int(k.sum()))
    weighed = Table.from_arrays(x, y, weights=k)
    assert steady(weighed) == steady(Table.from_arrays(np.repeat(x, k, 0)[order], np.repeat(y, k)[order]))


# -- weighted statistics against witnesses -----------------------------------------------------------------------------


def weighed_table(rows: int) -> tuple[Table, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    x, w = rng.uniform(0, 4, rows), rng.uniform(0.05, 5, rows)
    y = 3 * x + 1 + rng.normal(size=rows) / np.sqrt(w)
    return Table.from_arrays(x, y, weights=w), x, y, w


def test_a_weighted_line_is_that_of_scikit_learn() -> None:
    prepared = prepare(weighed_table(500)[0], 0)
    found = Judge(prepared)(parse("2.0*x0 + 0.5"), "test")
    train, held = prepared.train, prepared.held
    line = LinearRegression().fit(train.x, train.y, sample_weight=train.weights)
    step = max(found.formula.constant_errors.values()) / 10  # constants are printed to two digits of their errors
    assert sorted(found.formula.constants.values()) == pytest.approx(sorted([line.coef_[0], line.intercept_]), abs=step)
    answers = found.formula.predict(held)
    assert found.formula.r2 == pytest.approx(r2_score(held.y, answers, sample_weight=held.weights), rel=1e-12)
    design = np.c_[np.ones(train.rows), train.x]
    inverse = np.linalg.inv(design.T @ (train.weights[:, None] * design))
    residuals = train.y - line.predict(train.x)
    usual = np.sqrt(np.diag(inverse) * (train.weights @ residuals**2) / (train.rows - 2))
    assert all(e > 0.99 * min(usual) for e in found.formula.constant_errors.values())
    assert max(found.formula.constant_errors.values()) < 2 * max(usual)


def test_weighted_leave_one_out_is_leave_one_out() -> None:
    _, x, y, w = weighed_table(25)
    line = np.polyfit(x, y, 1, w=np.sqrt(w))
    text = f"{float(line[0])!r}*x + {float(line[1])!r}"
    residuals = (y - np.polyval(line, x)) / (1 - leverages(parse(text), {"x": x}, 25, w))
    for row in range(25):
        rest = np.arange(25) != row
        alone = np.polyfit(x[rest], y[rest], 1, w=np.sqrt(w[rest]))
        assert residuals[row] == pytest.approx(y[row] - np.polyval(alone, x[row]), rel=1e-5)


def test_heavy_rows_decide_where_two_laws_share_a_table() -> None:
    """One law on the heavy rows, another on rows of a thousandth of the weight."""
    rng = np.random.default_rng(0)
    x = rng.uniform(1, 3, 400)
    light = rng.uniform(size=400) < 0.3
    y = np.where(light, 9 - x, 2 * x**2) + 0.01 * rng.normal(size=400)
    prepared = prepare(Table.from_arrays(x, y, weights=np.where(light, 1e-6, 1.0)), 0)
    judge = Judge(prepared)
    heavy, other = judge(parse("1.5*x0**2"), "test"), judge(parse("8.0 - 1.0*x0"), "test")
    assert heavy.error < 0.02 < other.error
    assert judge.best is heavy
    _, data = as_network_sees(prepared)
    assert data.weights_held is not None
    assert float((data.weights * data.y[:, 0]).sum()) == pytest.approx(0, abs=1e-9)
    assert float((data.weights * data.y[:, 0] ** 2).sum() / data.weights.sum()) == pytest.approx(1)


def test_equal_weights_change_nothing() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=(2, 50))
    assert beats(0.5 * ours, ours, np.full(50, 7.0)) is beats(0.5 * ours, ours) is True
    assert beats(ours, theirs, np.full(50, 7.0)) == beats(ours, theirs)
    assert effective(np.full(50, 7.0), 50) == pytest.approx(50)
    assert effective(np.r_[1.0, 1e-9 * np.ones(49)], 50) == pytest.approx(1)
    values = rng.normal(size=(30, 1))
    plain, even = Scaling.to_unit_spread(values), Scaling.to_unit_spread(values, np.full(30, 3.0))
    assert (plain.shift, plain.scale) == (pytest.approx(even.shift), pytest.approx(even.scale))


def test_training_weighs_the_rows_held_out_too() -> None:
    x, y = torch.zeros(3, 1, dtype=torch.float64), torch.tensor([[1.0], [2.0], [3.0]], dtype=torch.float64)
    weights = torch.tensor([1.0, 0.0, 3.0], dtype=torch.float64)
    data = TrainingData(x, y, x, y, None, weights).like(x.float())
    assert data.judged[2].dtype == torch.float32
    assert TrainingData(x, y, x[:0], y[:0], weights).judged[2] is weights


# -- the third share ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_rows_that_no_step_sees_give_the_printed_error(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, _ = rows_of(300, 0.05, columns=1)
    table = Table.from_arrays(x, y)
    found = discover(table, time_budget=PLENTY)
    test = prepare(table, 0).test
    assert test.rows == 30
    rest = test.y - found.formula.predict(test)
    assert found.test_rmse == pytest.approx(np.sqrt(np.mean(rest**2)))
    assert found.test_r2 == pytest.approx(r2_score(test.y, found.formula.predict(test)))
    assert found.calibration.kind == "test"
    assert np.array_equal(found.calibration.residuals, rest)
    assert f"rmse {found.test_rmse:.2e} on rows that no step saw" in str(found)
    # their targets, changed, change nothing but these numbers
    shift = np.isin(x[:, 0], test.x[:, 0])
    other = discover(Table.from_arrays(x, np.where(shift, y + 0.5, y)), time_budget=PLENTY)
    assert other.front.rows() == found.front.rows()
    assert other.network_rmse == found.network_rmse
    assert other.test_rmse > found.test_rmse


@pytest.mark.parametrize(("rows", "kind"), [(30, "left out once"), (120, "held out"), (240, "test")])
def test_every_table_can_be_calibrated(rows: int, kind: str) -> None:
    x, y, k = rows_of(rows, 0.0, columns=1)
    found = discover(Table.from_arrays(x, y, weights=k), time_budget=PLENTY)
    rows_kept = found.calibration
    assert rows_kept.kind == kind
    assert len(rows_kept.x) == len(rows_kept.y) == len(rows_kept.residuals) == len(rows_kept.weights)
    assert np.isnan(found.test_rmse) == (kind != "test")


# -- long tables -------------------------------------------------------------------------------------------------------


def test_the_constants_of_a_long_table_are_fitted_on_all_its_rows() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(1, 3, (20_000, 2))
    y = 2.345 * x[:, 0] + rng.normal(size=20_000)
    prepared = prepare(Table.from_arrays(x, y), 0)
    assert prepared.train.rows == MOST_ROWS
    assert prepared.whole(["x0"]).rows == 14_000
    judge = Judge(prepared)
    first = judge(parse("2.0*x0"), "test")
    last = judge.finished(first)
    everything = prepared.whole(["x0"])
    best = (everything.x[:, 0] @ everything.y) / (everything.x[:, 0] @ everything.x[:, 0])
    error = last.formula.constant_errors["c1"]
    assert error == pytest.approx(first.formula.constant_errors["c1"] * np.sqrt(5000 / 14_000), rel=0.1)
    assert last.formula.constants["c1"] == pytest.approx(best, abs=error / 10)


BIG = """
import resource, sys, time
import numpy as np
from edgewise.data import Table
from edgewise.discovery import discover
rng = np.random.default_rng(0)
x = rng.uniform(1, 2, (1_000_000, 20))
y = 3.21 * x[:, 3] * x[:, 7] ** 2 / x[:, 11] + 0.01 * rng.normal(size=1_000_000)
table = Table.from_arrays(x, y)
began = time.monotonic()
found = discover(table)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
sys.stdout.write(f"{peak:.0f} MB, {time.monotonic() - began:.0f} s: {found.formula.equation} {found.cut}")
"""


@pytest.mark.slow
def test_a_million_rows_of_twenty_inputs_stay_below_two_gigabytes(capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run([sys.executable, "-c", BIG], capture_output=True, text=True, check=True)
    with capsys.disabled():
        sys.stdout.write(done.stdout + "\n")
    assert float(done.stdout.split()[0]) < 2000
