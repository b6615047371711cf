"""The amount of work: the same on every machine, little on noise, more with effort, and never in the way of a law."""

import itertools
import time

import numpy as np
import pytest

from edgewise import Table, discover
from edgewise.discovery.architecture import find_architecture
from edgewise.discovery.limits import Limits, combinations_for, writing_out
from edgewise.discovery.prepare import prepare
from edgewise.symbolic import Work, ladder, outlook

PLENTY = 600.0  # seconds: no budget is reached, so that nothing depends on the machine's speed


def noise_of(rows: int, columns: int, seed: int = 1) -> Table:
    generator = np.random.default_rng(seed)
    return Table.from_arrays(generator.normal(size=(rows, columns)), generator.normal(size=rows))


def columns_of(table: Table) -> dict[str, np.ndarray]:
    return {name: table.columns[name] for name in table.inputs}


def spent_on(table: Table, limit: float) -> float:
    work = Work(limit)
    for _ in ladder(columns_of(table), table.y, work=work):
        pass
    return work.done


@pytest.mark.parametrize(("rows", "columns"), [(30, 2), (45, 8)])
def test_a_slow_clock_changes_nothing(rows: int, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    table = noise_of(rows, columns)
    usual = discover(table)
    ticks = itertools.count(0, 0.05)  # every look at the clock costs fifty milliseconds
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks))
    slow = discover(table, time_budget=1e6)
    assert usual.cut == slow.cut == ()
    assert [(f.text, f.rmse) for f in usual.front] == [(f.text, f.rmse) for f in slow.front]
    assert usual.network_rmse == slow.network_rmse


@pytest.mark.parametrize(("rows", "columns"), [(30, 2), (45, 10), (100, 5), (150, 3)])
def test_noise_is_no_promise_and_little_work(rows: int, columns: int) -> None:
    table = noise_of(rows, columns)
    limit = Limits(rows).ladder(outlook(columns_of(table), table.y).promise)
    assert limit <= 1000
    assert spent_on(table, limit) <= limit


def test_a_network_no_better_than_the_mean_names_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[object] = []
    monkeypatch.setattr("edgewise.discovery.naming.name_network", lambda *model, **_: named.append(model) or iter(()))
    noise = noise_of(100, 5)
    assert discover(noise).model is not None
    assert named == []
    x = noise.x
    monkeypatch.setattr("edgewise.discovery.pipeline.ladder", lambda *_, **__: iter(()))
    monkeypatch.setattr("edgewise.discovery.pipeline.named_graphs", lambda *_, **__: iter(()))
    discover(Table.from_arrays(x, np.abs(x[:, 0]) + 0.3 * noise.y))
    assert named != []


def test_nothing_is_named_where_a_formula_is_better_than_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgewise.discovery.naming.name_network", lambda *_, **__: pytest.fail("it was named"))
    x = np.random.default_rng(0).normal(size=(200, 10))
    found = discover(
        Table.from_arrays(x, 38 * x[:, 4] + 20 * np.random.default_rng(1).normal(size=200)), time_budget=PLENTY
    )
    assert found.formula is not None
    assert found.formula.rmse < found.network_rmse


def test_long_formulas_are_few() -> None:
    assert writing_out(2) == writing_out(4) < writing_out(18) / 50
    assert combinations_for(1e4, 18) < combinations_for(1e4)


def test_a_law_is_a_promise() -> None:
    x = np.random.default_rng(0).uniform(1, 2, (300, 2))
    columns = {"a": x[:, 0], "b": x[:, 1]}
    assert outlook(columns, x[:, 0] * np.exp(-x[:, 1])).promise == 1
    assert outlook(columns, np.random.default_rng(1).normal(size=300)).promise == 0
    assert (
        outlook({name: column[:4] for name, column in columns.items()}, x[:4, 0]).promise == 0
    )  # too few rows to tell


def test_limits_grow_with_rows_promise_and_effort() -> None:
    assert Limits(30).ladder(0) < Limits(300).ladder(0) < Limits(300).ladder(0.5) < Limits(300).ladder(1)
    once, twice = Limits(100), Limits(100, effort=2)
    for name in ("noisy", "naming", "snapping"):
        assert getattr(twice, name) == 2 * getattr(once, name)
    assert combinations_for(0) < combinations_for(1000) < combinations_for(1e9) == combinations_for(1e10)


def test_more_effort_tests_more() -> None:
    table = noise_of(60, 4)
    small, large = (spent_on(table, Limits(60, effort).ladder(0)) for effort in (0.5, 2))
    assert small < 0.5 * large


def test_work_knows_the_clock_from_the_limit() -> None:
    limited, timed = Work(limit=100), Work(deadline=time.monotonic() - 1)
    assert limited.pays(60, share=0.75)
    assert not limited.pays(60)
    assert (limited.left, limited.late(), limited.cut) == (40, False, False)
    assert not timed.pays(1)
    assert timed.cut
    assert timed.done == 0


@pytest.mark.parametrize("effort", [0.1, 1.0])
def test_a_law_needs_no_effort(effort: float) -> None:
    x = np.random.default_rng(0).uniform(1, 2, (80, 3))
    found = discover(Table.from_arrays(x, x[:, 0] ** 2 * x[:, 1] / x[:, 2]), effort=effort, time_budget=PLENTY)
    assert found.verified
    assert found.cut == ()


@pytest.mark.parametrize("ended", [True, False])
def test_the_end_of_the_time_ends_the_first_network_too(ended: bool) -> None:
    prepared = prepare(noise_of(60, 30), 0)
    found = find_architecture(prepared, seed=0, stop=lambda: True, last=lambda: ended)
    assert found is not None
    (trial,) = found.trials
    steps = sum(stage.steps for stage in trial.fit.history.stages)
    assert (steps <= 1) == ended  # the step at which the time is found to be over counts
