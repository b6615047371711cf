"""Laws of motion that the clock or Ctrl+C ends early: what there is stays, and is said to be cut."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from edgewise import Discovery, Dynamics, Table, discover, discover_ode
from edgewise.discovery.dynamics import flow
from edgewise.discovery.dynamics.choosing import choose
from edgewise.discovery.dynamics.flow import Flow, Late, along
from edgewise.discovery.dynamics.shooting import begin, shoot
from edgewise.discovery.dynamics.trajectories import Trajectory
from edgewise.errors import FormulaError
from edgewise.formula import parse

HUNTERS = (parse("1.4*x - 1.1*x*y"), parse("0.9*x*y - 2.8*y"))
NOISE = np.full(2, 0.02)


def hunted(seed: int) -> Trajectory:
    generator = np.random.default_rng(seed)
    times = np.linspace(0, 4, 60)

    def right(_: float, z: np.ndarray) -> list[float]:
        return [1.5 * z[0] - z[0] * z[1], z[0] * z[1] - 3 * z[1]]

    states = solve_ivp(right, (0, 4), generator.uniform(0.5, 3, 2), t_eval=times, rtol=1e-8).y.T
    return Trajectory(times, states + 0.02 * generator.standard_normal(states.shape))


def turning() -> dict[str, np.ndarray]:
    t = np.linspace(0, 6, 80)
    return {"t": t, "x": np.sin(t) + 2, "v": np.cos(t)}


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], list[None]]:
    """A clock that goes by looks at it: ``looks(n)`` is beyond 1 after n of them, and gives their list."""

    def set_to(number: float) -> list[None]:
        done: list[None] = []
        monkeypatch.setattr(flow.time, "monotonic", lambda: done.append(None) or 2.0 * (len(done) > number))
        return done

    return set_to


# ---- the clock


def test_nothing_is_followed_after_the_deadline() -> None:
    late = Flow.of(["x"], [parse("-x")], deadline=-math.inf)
    with pytest.raises(Late):
        along(late, np.ones(1), np.linspace(0, 1, 9))
    with pytest.raises(Late):
        late.follow(np.ones((1, 1, 1)), np.linspace(0, 1, 9)[None], np.zeros((1, 0)))
    with pytest.raises(Late):
        begin(late, Trajectory(np.linspace(0, 1, 9), np.ones((9, 1))), np.ones(1))


def test_constants_are_the_best_until_the_deadline(looks: Callable[[float], list[None]]) -> None:
    one = hunted(0)
    with pytest.raises(Late):
        shoot(["x", "y"], HUNTERS, [one], NOISE, -math.inf)
    done = looks(math.inf)
    whole = shoot(["x", "y"], HUNTERS, [one], NOISE, 1.0)
    looks(len(done) // 2)
    cut = shoot(["x", "y"], HUNTERS, [one], NOISE, 1.0)
    assert whole is not None
    assert cut is not None
    assert (whole.cut, cut.cut) == (False, True)
    assert (whole.rmse < 0.03).all()
    assert np.isfinite(cut.rmse).all()
    assert all(np.isnan(error) for errors in cut.errors for error in errors.values())


def test_formulas_are_compared_until_the_deadline() -> None:
    choice = choose(["x", "y"], [[one, parse("x")] for one in HUNTERS], [hunted(0)], NOISE, -math.inf)
    assert (choice.expressions, choice.cut) == (HUNTERS, True)


def test_many_noisy_trajectories_end_with_the_budget_and_say_so() -> None:
    ones = [hunted(seed) for seed in range(40)]
    tables = [dict(zip("txy", (one.times, *one.states.T), strict=True)) for one in ones]
    found = discover_ode(tables, time_budget=0.5, effort=0.02)
    assert found.cut
    assert ("following" in found.cut) is (len(found.followed) < len(tables))
    assert not found.verified
    assert f"note: the budget or an interruption ended early: {', '.join(found.cut)}." in str(found)
    assert str(found).startswith("39 trajectories, 2340 points, states x, y")
    assert found.to_json()["cut"] == list(found.cut)


@pytest.mark.parametrize("late", [False, True])
def test_a_law_that_no_piece_follows_is_not_cut(monkeypatch: pytest.MonkeyPatch, late: bool) -> None:
    def no_shot(*_: object) -> None:
        if late:
            raise Late

    monkeypatch.setattr("edgewise.discovery.dynamics.ode.shoot", no_shot)
    t = np.linspace(0, 2, 40)
    found = discover_ode({"t": t, "x": np.exp(-t)}, time_budget=20, effort=0.05)
    assert (found.refined, found.cut, found.verified) == (False, ("constants",) if late else (), not late)


# ---- Ctrl+C


def ended(step: str) -> tuple[Dynamics, list[str]]:
    """What is left after Ctrl+C when the search first says ``step``, and all that it said."""
    said: list[str] = []

    def progress(now: str, share: float, best: str) -> None:
        said.append(now)
        if now == step and said.count(now) == 1:
            raise KeyboardInterrupt

    return discover_ode(turning(), time_budget=20, effort=0.1, progress=progress), said


def test_ctrl_c_ends_the_search_for_all_states(tmp_path: Path) -> None:
    found, said = ended("x: network")
    assert not [step for step in said if step.startswith("v: ")]
    assert (list(found.laws), found.states, found.refined, found.verified) == (["x"], ("x", "v"), False, False)
    assert found.cut == ("interrupted", "following")
    assert found.equations[1] == "dv/dt = ?"
    assert "there is a state without a formula" in str(found)
    with pytest.raises(FormulaError):
        found.integrate({"x": 2.0, "v": 1.0}, [0, 1])
    found.save(tmp_path)
    assert [part.name for part in tmp_path.iterdir()] == ["1-x"]


def test_ctrl_c_in_the_last_state_follows_nothing_and_says_so() -> None:
    found, _ = ended("v: network")
    assert list(found.laws) == ["x", "v"]
    assert (found.refined, found.followed, found.verified) == (False, (), False)
    assert "there was no time to follow it" in str(found)
    assert str(found).startswith("1 trajectory, 64 points, states x, v\n")


@pytest.mark.parametrize("state", ["x", "v"])
def test_ctrl_c_before_a_state_has_anything(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    def search(table: Table, **settings: Any) -> Discovery:
        if table.target == f"d{state}/dt":
            raise KeyboardInterrupt
        return discover(table, **settings)

    monkeypatch.setattr("edgewise.discovery.dynamics.ode.discover", search)
    if state == "x":
        with pytest.raises(KeyboardInterrupt):
            discover_ode(turning(), time_budget=20, effort=0.02)
        return
    found = discover_ode(turning(), time_budget=20, effort=0.02)
    assert (list(found.laws), found.cut) == (["x"], ("interrupted", "following"))


@pytest.mark.parametrize("name", ["shoot", "choose", "along"])
def test_ctrl_c_after_the_search_keeps_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    table = turning()
    if name == "choose":
        noise = np.random.default_rng(0).standard_normal((2, 80))
        table |= {"x": table["x"] + 0.01 * noise[0], "v": table["v"] + 0.01 * noise[1]}
    monkeypatch.setattr(f"edgewise.discovery.dynamics.ode.{name}", interrupt)
    found = discover_ode(table, time_budget=3, effort=0.02)
    assert found.cut == ("interrupted", "following")
    assert (list(found.laws), found.refined, found.followed) == (["x", "v"], name == "along", ())
