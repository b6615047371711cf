"""The parts of a discovery: rows held out, shapes by their rate, leave-one-out by leverage, the verdict's tests."""

import time
from dataclasses import replace

import numpy as np
import pytest
import sympy
import torch

from benchmarks.common import disguise, drawn
from edgewise.data import Table
from edgewise.data.laws import law
from edgewise.discovery.architecture import Trial, as_network_sees, find_architecture, shapes
from edgewise.discovery.clock import Clock
from edgewise.discovery.judge import Judge, beats, leverages, message_length
from edgewise.discovery.naming import name_network
from edgewise.discovery.permitted import permitted
from edgewise.discovery.prepare import MOST_ROWS, prepare
from edgewise.discovery.white import arguments, is_white
from edgewise.formula import evaluate, parse
from edgewise.nn import KAN, Model, Scaling
from edgewise.primitives import PRIMITIVES
from edgewise.surgery import fix
from edgewise.symbolic import combinations
from edgewise.train import Levenberg


def table_of(y: object, rows: int = 200, columns: int = 2, seed: int = 0) -> Table:
    x = np.random.default_rng(seed).uniform(0.5, 2, (rows, columns))
    return Table.from_arrays(x, y(x) if callable(y) else y)


# -- rows --------------------------------------------------------------------------------------------------------------


def test_rows_are_held_out_by_the_seed() -> None:
    table = table_of(lambda x: x[:, 0])
    first, again, other = prepare(table, 0), prepare(table, 0), prepare(table, 1)
    assert (first.train.rows, first.held.rows, first.small) == (140, 40, False)
    assert np.array_equal(first.held.x, again.held.x)
    assert not np.array_equal(first.held.x, other.held.x)
    together = np.concatenate([first.train.y, first.held.y, first.test.y])
    assert sorted(together) == sorted(table.y)


def test_small_tables_hold_nothing_out_for_formulas() -> None:
    prepared = prepare(table_of(lambda x: x[:, 0], rows=30), 0)
    assert prepared.small
    assert prepared.train is prepared.held
    assert prepared.test.rows == 0
    assert (prepared.network_train.rows, prepared.network_held.rows) == (22, 8)


def test_long_tables_are_sampled_and_say_so() -> None:
    prepared = prepare(table_of(lambda x: x[:, 0], rows=9000), 0)
    assert prepared.train.rows == MOST_ROWS
    assert (prepared.held.rows, prepared.test.rows) == (1800, 900)
    assert any("9000 rows" in warning and "5000" in warning for warning in prepared.warnings)


def test_the_network_sees_unit_columns_and_the_model_undoes_it() -> None:
    prepared = prepare(table_of(lambda x: 1000 + 50 * x[:, 0]), 0)
    frame, data = as_network_sees(prepared)
    assert float(data.x.min()) == pytest.approx(-1)
    assert float(data.x.max()) == pytest.approx(1)
    assert float(data.y.mean()) == pytest.approx(0, abs=1e-12)
    assert float(data.y.std(correction=0)) == pytest.approx(1)
    model = frame(KAN([2, 1], init="zero", dtype=torch.float64))
    np.testing.assert_allclose(model.predict(prepared.train.x), prepared.train.y.mean())


# -- shapes ------------------------------------------------------------------------------------------------------------


def test_shapes_grow_and_begin_with_the_inputs() -> None:
    for n_in in (1, 2, 5):
        for small in (False, True):
            tried = shapes(n_in, small)
            sizes = [sum(layer.mask.numel() for layer in KAN(shape)) for shape in tried]
            assert all(shape[0] == n_in for shape in tried)
            assert sizes[0] == min(sizes)
            assert sizes[-1] == max(sizes)


QUICK = Levenberg(restarts=4, intervals=(3, 6, 12))


def test_the_smallest_graph_that_can_hold_the_function_is_found_by_its_rate() -> None:
    prepared = prepare(table_of(lambda x: np.exp(np.sin(3 * x[:, 0]) + x[:, 1] ** 2 / 4), rows=400), 0)
    told: list[Trial] = []
    found = find_architecture(prepared, seed=0, stop=lambda: False, fine=Levenberg(intervals=(24,)), report=told.append)
    assert found is not None
    assert found.certified
    assert found.model.network.shape == [2, 1, 1]
    assert [trial.shape for trial in told] == [[2, 1], [2, 1, 1]]
    assert not told[0].certified
    assert found.trial.error < 1e-4


def test_a_stop_before_the_second_shape_leaves_the_first() -> None:
    prepared = prepare(table_of(lambda x: x[:, 0] * x[:, 1] ** 3), 0)
    found = find_architecture(prepared, seed=0, stop=lambda: True, coarse=QUICK)
    assert found is not None
    assert [trial.shape for trial in found.trials] == [[2, 1]]


def test_ctrl_c_before_any_shape_goes_on_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("edgewise.discovery.architecture.levenberg", interrupt)
    with pytest.raises(KeyboardInterrupt):
        find_architecture(prepare(table_of(lambda x: x[:, 0]), 0), seed=0, stop=lambda: False)


def test_ctrl_c_in_a_report_keeps_the_shapes_so_far() -> None:
    def report(_: Trial) -> None:
        raise KeyboardInterrupt

    prepared = prepare(table_of(lambda x: x[:, 0] * x[:, 1]), 0)
    found = find_architecture(prepared, seed=0, stop=lambda: False, coarse=QUICK, report=report)
    assert found is not None
    assert found.interrupted
    assert len(found.trials) == 1


# -- names -------------------------------------------------------------------------------------------------------------


def test_combinations_come_by_their_sum() -> None:
    order = list(combinations([3, 2], 100))
    assert len(order) == len(set(order)) == 6
    assert [sum(choice) for choice in order] == sorted(sum(choice) for choice in order)
    assert list(combinations([], 5)) == [()]


def test_a_network_of_named_edges_is_named_as_it_is() -> None:
    network = KAN([2, 1, 1], dtype=torch.float64)
    for edge, name, constants in (
        ((0, 0, 0), "sin", (2.0, 0.0, 1.0, 0.0)),
        ((0, 1, 0), "x^2", (1.0, 0.0, 1.0, 0.0)),
        ((1, 0, 0), "exp", (1.0, 0.0, 1.0, 0.0)),
    ):
        network = fix(network, edge, name, constants)
    model = Model(network, ("a", "b"), ("y",), Scaling((0.0, 0.0), (1.0, 1.0)), Scaling((0.0,), (1.0,)))
    x = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    (only,) = name_network(model, x, accuracy=1e-6, primitives=PRIMITIVES)
    np.testing.assert_allclose(evaluate(only, {"a": x[:, 0], "b": x[:, 1]}), model.predict(x), rtol=1e-12)
    stopped = name_network(model, x, accuracy=1e-6, primitives=PRIMITIVES, stop=lambda: True)
    assert list(stopped) == []


def test_large_networks_have_no_names() -> None:
    model = Model(KAN([5, 5, 1]), tuple("abcde"), ("y",), Scaling((0.0,) * 5, (1.0,) * 5), Scaling((0.0,), (1.0,)))
    assert list(name_network(model, np.zeros((9, 5)), accuracy=0.1, primitives=PRIMITIVES)) == []


@pytest.mark.parametrize(
    ("names", "text", "allowed"),
    [
        (["x"], "2*a*b + 3", True),
        (["x"], "a**2", False),
        (["x^2"], "(a*b + 1)**2", True),
        (["sqrt", "1/x"], "2*pi*sqrt(a/b)", True),
        (["sqrt"], "2*pi*sqrt(a/b)", False),
        (["power"], "a**1.37/b", True),
        (["power"], "sin(a)", False),
        (["sigmoid"], "exp(a)", True),
        (["x^2"], "sqrt(2)*a**2", True),
        (["exp", "log"], "log(a) + exp(-b)", True),
        (["exp", "log"], "2.5*a**1.37/b", True),
        (["abs"], "abs(a)", True),
        (["relu"], "abs(a)", False),
    ],
)
def test_what_a_choice_of_primitives_permits(names: list[str], text: str, allowed: bool) -> None:
    assert permitted([PRIMITIVES[name] for name in names])(parse(text)) is allowed


# -- judging -----------------------------------------------------------------------------------------------------------


def test_leave_one_out_by_leverage_is_leave_one_out() -> None:
    """A witness: 20 separate fits of a line, each without one row."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, 20)
    y = 2 * x + 1 + 0.1 * rng.normal(size=20)
    slope, shift = np.polyfit(x, y, 1)
    residuals = (y - slope * x - shift) / (1 - leverages(parse(f"{float(slope)!r}*x + {float(shift)!r}"), {"x": x}, 20))
    alone = []
    for row in range(20):
        rest = np.arange(20) != row
        line = np.polyfit(x[rest], y[rest], 1)
        alone.append(y[row] - np.polyval(line, x[row]))
    np.testing.assert_allclose(residuals, alone, rtol=1e-6)
    assert leverages(parse("x + 1"), {"x": x}, 20).tolist() == [0.0] * 20
    assert leverages(parse("2.5"), {}, 4).tolist() == pytest.approx([0.25] * 4)


def test_the_judge_refits_measures_and_keeps_the_front() -> None:
    prepared = prepare(table_of(lambda x: 3.5 * x[:, 0] ** 2), 0)
    judge = Judge(prepared)
    rough = judge(parse("2.0*x0"), "test")
    sharp = judge(parse("2.0*x0**2"), "test")
    assert rough is not None
    assert sharp is not None
    assert sharp.exact
    assert not rough.exact
    assert sharp.formula.constants["c1"] == pytest.approx(3.5, rel=1e-12)
    assert judge.best is sharp
    assert message_length(sharp, prepared) < message_length(rough, prepared)
    assert judge(parse("log(0.0 - x0)"), "test") is None
    snapped = judge.snapped(sharp)
    assert snapped.formula.expression == sympy.Rational(7, 2) * sympy.Symbol("x0", real=True) ** 2 or snapped is sharp
    assert judge.settle() is not None
    assert judge.rough_error(parse("log(0.0 - x0)")) == np.inf


def test_beats_needs_more_than_chance() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=400)
    assert beats(0.5 * noise, noise)
    assert not beats(noise, noise)
    assert not beats(rng.normal(size=400), noise)
    assert beats(np.array([0.1]), np.array([1.0]))


def test_what_is_left_is_white_or_it_is_not() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (300, 2))
    for bend, white in ((0.0, True), (1.0, False)):
        y = 3 * x[:, 0] + 0.1 * rng.normal(size=300) + bend * x[:, 1] ** 2
        prepared = prepare(Table.from_arrays(x, y), 0)
        pick = Judge(prepared)(parse("2.0*x0 + 1.0"), "test")
        assert pick is not None
        assert is_white(pick, prepared) is white


NEAR = (
    "x3*(3*sqrt(x1/x3) - 4.578*x1/(sqrt(x1**2 + x3**2)*sqrt((x0 - x2)**2 + 1))"
    " + 0.337*sqrt(x1**2 + x3**2)/(x3*((x0 - x2)**2 + 1)))"
)


@pytest.mark.parametrize(("form", "white"), [(NEAR, False), ("", True)])
def test_what_is_left_shows_in_the_formulas_own_arguments(form: str, white: bool) -> None:
    """The distance by the cosine rule: a form that is near it on 300 rows errs by a smooth curve of x1/x3 and x0 - x2."""
    truth = disguise(law("I.29.16"), 0)
    prepared = prepare(drawn(truth, 0, 300, 0.0 if form else 0.05), 0)
    pick = Judge(prepared)(parse(form or truth.text), "test")
    assert pick is not None
    assert pick.error < 0.1 * prepared.spread
    assert is_white(pick, prepared) is white


def test_arguments_are_the_plainest_parts_of_two_variables() -> None:
    rng = np.random.default_rng(0)
    a, b, c = rng.uniform(1, 2, (3, 50))
    columns = {"a": a, "b": b, "c": c}
    own = arguments(parse("exp(a - b)*sqrt(a - b) + c*sin(a*c)"), columns)
    np.testing.assert_allclose(own[:, 0], a - b)
    np.testing.assert_allclose(own[:, 1], a * c)
    assert arguments(parse("sin(a)"), columns).shape == (50, 0)


def test_the_clock_counts_and_names_what_it_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock = Clock(10.0, started=100.0)
    assert not clock.over("first")
    assert clock.left == 10.0
    now = 104.0
    assert clock.deadline(0.5) == 107.0
    now = 111.0
    assert clock.left == 0
    assert clock.over("second")
    assert clock.over("second")
    assert clock.cut == ["second"]
    assert clock.elapsed >= 0.05


def test_a_code_for_a_missing_cell_is_spoken_of() -> None:
    table = table_of(lambda x: x[:, 0], rows=90)
    name = table.inputs[0]
    column = np.array(table.columns[name])
    column[[3, 50]] = -999
    coded = replace(table, columns={**table.columns, name: column})
    assert any(f"column {name!r} holds -999 in 2 rows" in said for said in prepare(coded, 0).warnings)
    assert not any("code" in said for said in prepare(table, 0).warnings)
    whole = {**table.columns, name: np.arange(90.0) + 10}  # 99 is one of them
    assert not any("code" in said for said in prepare(replace(table, columns=whole), 0).warnings)
