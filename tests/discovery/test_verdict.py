"""What makes a law of a formula, and what is said of one that is none."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgewise.data import Table
from edgewise.discovery.judge import Judge
from edgewise.discovery.prepare import Prepared, prepare
from edgewise.discovery.verdict import Verdict, decide
from edgewise.formula import evaluate, parse


def prepared_of(truth: str, rows: int = 200, noise: float = 0.0, digits: int = 17) -> Prepared:
    rng = np.random.default_rng(0)
    x = {name: rng.uniform(1, 4, rows) for name in "abc"} | {"v": rng.uniform(-2, 2, rows)}
    y = evaluate(parse(truth), x)
    columns = {**x, "y": y + noise * y.std() * rng.normal(size=rows)}
    written = {name: np.array([float(f"{cell:.{digits}g}") for cell in cells]) for name, cells in columns.items()}
    return prepare(Table(written, "y", tuple(x)), 0)


def decided(text: str, prepared: Prepared, network: str = "0") -> Verdict:
    """The verdict on a formula beside a network that answers like another."""
    judge = Judge(prepared)
    judge(parse(text), "test")

    def predict(x: np.ndarray) -> np.ndarray:
        return np.broadcast_to(evaluate(parse(network), dict(zip(prepared.symbols, x.T, strict=True))), len(x))

    beside: Any = SimpleNamespace(model=SimpleNamespace(predict=predict), certified=False)
    return decide(judge, beside, prepared)


def test_a_constant_that_no_row_tells_is_named_and_makes_no_law() -> None:
    prepared = prepared_of("-v**2*sign(v)/2", noise=0.01)
    vague = decided("-0.5*v**2*tanh(4635.0*v)", prepared)
    assert not vague.verified
    assert "do not tell c2 = " in vague.warnings[0]
    assert decided("-0.5*v*abs(v)", prepared).verified


def test_where_a_jump_stands_is_told_by_the_rows() -> None:
    prepared = prepared_of("a + 3*step(v - 0.5)", noise=0.01)
    position = float(np.sort(prepared.table.columns["v"])[np.searchsorted(np.sort(prepared.table.columns["v"]), 0.5)])
    assert decided(f"1.0*a + 3.0*step(v - {position - 1e-4})", prepared).verified


def test_an_interpolant_with_constants_of_few_digits_is_no_law() -> None:
    prepared = prepared_of("sqrt(a**2 + b**2)", digits=10)
    dust = "1e-08*sqrt(a) - 1e-08*a - 1e-08*sqrt(b) + 1e-08*b + 1e-08*log(a)"
    verdict = decided(f"sqrt(1.0*a**2 + 1.0*b**2 + {dust})", prepared)
    assert verdict.pick is not None
    assert verdict.pick.exact
    assert not verdict.verified
    assert "fitted constants may interpolate" in verdict.warnings[0]


def test_numbers_that_somebody_set_are_not_fitted() -> None:
    truth = "1.3*a**2 - 2.4*b**2 + 0.7*a*b + 3.1*a - 0.25*b*v"
    assert decided(truth, prepared_of(truth)).verified


def test_a_law_of_many_inputs_may_have_a_constant_for_each() -> None:
    truth = "1.316*a - 2.418*b + 0.719*c + 3.133*v - 0.2531"
    assert decided(truth, prepared_of(truth, rows=400, noise=0.01)).verified
    assert not decided(
        f"{truth} + 0.61*a*b + 0.5*a**2", prepared_of(f"{truth} + 0.61*a*b + 0.5*a**2", 400, 0.01)
    ).verified


@pytest.mark.parametrize(
    ("rows", "noise", "says"),
    [
        (40, 0.05, ["with 40 different rows at most 0.01", "Give about"]),
        (100, 0.1, ["with 100 different rows at most 0.04", "Give about"]),
        (100, 0.5, ["with any number 0.2"]),
    ],
)
def test_what_a_right_form_leaves_and_what_would_be_needed(rows: int, noise: float, says: list[str]) -> None:
    verdict = decided("2.0*a*b", prepared_of("2*a*b", rows, noise))
    assert not verdict.verified
    assert verdict.warnings[0].startswith("it leaves 0.")
    assert all(part in verdict.warnings[0] for part in says)


def test_enough_rows_are_enough() -> None:
    note = decided("2.0*a*b", prepared_of("2*a*b", 40, 0.05)).warnings[0]
    needed = int(note.split("about ")[1].split()[0])
    assert decided("2.0*a*b", prepared_of("2*a*b", round(1.3 * needed), 0.05)).verified


def test_a_network_is_said_to_be_nearer_where_it_is_hardly_so() -> None:
    prepared = prepared_of("2*a*b + 0.4*sin(3*v)", rows=400, noise=0.05)
    said = decided("2.0*a*b", prepared, "2*a*b + 0.4*sin(3*v)").warnings[0]
    assert said.startswith("the network is nearer by more than chance: the formula's error is 1.")
    said = decided("2.0*a", prepared, "2*a*b + 0.4*sin(3*v)").warnings[0]
    assert said.startswith("no formula comes near the network: the best one's error is")


def test_a_gentle_curve_of_three_constants_must_leave_other_forms_behind() -> None:
    """In five hundredths of noise a quarter of a wave is a cubic, too: neither is a law. Ten waves are nothing else."""
    rng = np.random.default_rng(0)
    x = rng.uniform(1, 3, 300)
    noise = 0.04 * rng.normal(size=300)
    for wave, verified in ((0.9, False), (9.0, True)):
        y = 1.03 * np.sin(wave * x - 0.76) - 0.21 + noise
        prepared = prepare(Table({"x": x, "y": y}, "y", ("x",)), 0)
        judge = Judge(prepared)
        judge(parse(f"1.03*sin({wave}*x - 0.76) - 0.21"), "test")
        judge(parse("-0.05683*x**3 + 1.142*x - 1.155"), "test")
        beside: Any = SimpleNamespace(model=SimpleNamespace(predict=lambda x: 0 * x[:, 0]), certified=False)
        verdict = decide(judge, beside, prepared)
        assert verdict.verified == verified
        assert verified or "fit as well" in verdict.warnings[0]
