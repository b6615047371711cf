"""What may be called a law of motion: noise, forms that follow as well, constants that are not told."""

from dataclasses import replace

import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp

from edgewise import Discovery, Dynamics, Formula, Table, discover_ode
from edgewise.discovery.dynamics.choosing import Choice, choose, form, near, polynomials, without_a_term
from edgewise.discovery.dynamics.found import Followed
from edgewise.discovery.dynamics.laws import refined
from edgewise.discovery.dynamics.shooting import Shot, shoot
from edgewise.discovery.dynamics.slopes import slopes_of
from edgewise.discovery.dynamics.trajectories import Trajectory
from edgewise.discovery.dynamics.verdict import left_open, noise_of
from edgewise.formula import Front, parse

TRUTH = (parse("1.1*hare - 0.4*hare*lynx"), parse("0.1*hare*lynx - 0.4*lynx"))
NAMES = ("hare", "lynx")


def hunted(start: tuple[float, float], seed: int, noise: float = 0.03) -> Trajectory:
    times = np.linspace(0, 10, 120)
    states = solve_ivp(
        lambda _, z: [1.1 * z[0] - 0.4 * z[0] * z[1], 0.1 * z[0] * z[1] - 0.4 * z[1]],
        (0, 10),
        start,
        "DOP853",
        times,
        rtol=1e-9,
    ).y.T
    return Trajectory(times, states + noise * np.random.default_rng(seed).standard_normal(states.shape))


def several() -> tuple[Trajectory, ...]:
    return tuple(hunted(start, seed) for seed, start in enumerate(((3, 3), (6, 1.5), (9, 6))))


def moved(noise: float, missed: float) -> Dynamics:
    """A state that moves by 1 (its standard deviation), and a path that misses it by so much."""
    times = np.linspace(0, 1, 400)
    states = np.sqrt(2) * np.sin(40 * np.pi * times)[:, None]
    path = states + missed * (-1.0) ** np.arange(400)[:, None]
    one = Followed("", "learned", times, states, path)
    return Dynamics("t", ("x",), LAWS, (one,), {"x": noise}, True, 0.0)


@pytest.fixture(scope="module", autouse=True)
def laws() -> None:
    t = np.linspace(0, 2, 40)
    LAWS.update(discover_ode({"t": t, "x": np.exp(-t)}, time_budget=5, effort=0.1).laws)


LAWS: dict[str, Discovery] = {}


def laws_of(*expressions: sympy.Expr) -> dict[str, Discovery]:
    """Discoveries that say nothing but these formulas."""
    found = {}
    for name, expression in zip(NAMES, expressions, strict=True):
        formula = Formula(f"d{name}/dt", expression, {name: name for name in NAMES}, rmse=0.1, r2=0.9)
        told = {"target": f"d{name}/dt", "inputs": NAMES, "formula": formula, "front": Front([formula])}
        found[name] = replace(LAWS["x"], **told, calibration=None, verified=False)
    return found


# ---- noise


def test_white_noise_is_no_law() -> None:
    t = np.linspace(0, 5, 120)
    for seed in (0, 2):
        x = np.random.default_rng(seed).standard_normal(120)
        found = discover_ode({"t": t, "x": x}, time_budget=20, effort=0.05)
        assert not found.verified
        assert not found.laws["x"].verified
        assert "approximation, not a law: " in str(found)


@pytest.mark.parametrize(
    ("noise", "missed", "said"),
    [
        (0.05, 0.06, ""),
        (0.05, 0.2, "does not follow every trajectory"),
        (0.9, 1.0, "noise is 1 of what x moves by"),
        (0.3, 0.3, "noise is 0.3 of what x moves by"),
        (0.3, 0.55, "noise is 0.55 of what x moves by"),
    ],
)
def test_a_path_must_tell_more_than_a_constant(noise: float, missed: float, said: str) -> None:
    motion = moved(noise, missed)
    assert motion.verified is not bool(said)
    assert any(said in doubt for doubt in motion.doubts) is bool(said)


def test_levels_that_differ_are_no_movement() -> None:
    """Trajectories that rest in noise, each at another place, are told by no law."""
    ones = [replace(moved(0.9, 0.9).followed[0], name=f"{i}") for i in range(3)]
    apart = tuple(replace(one, states=one.states + 9 * i, path=one.path + 9 * i) for i, one in enumerate(ones))
    assert not replace(moved(0.9, 0.9), followed=apart).verified


# ---- the form


def test_terms_one_after_another_are_left_out() -> None:
    shorter = set(without_a_term(parse("lynx*(hare + 0.5*sin(hare + lynx) - 4)/10 + 2")))
    assert parse("lynx*(hare - 4)/10 + 2") in shorter
    assert parse("lynx*(hare + 0.5*sin(hare + lynx) - 4)/10") in shorter
    assert parse("lynx*(hare + 0.5*sin(lynx) - 4)/10 + 2") in shorter
    assert not any(one.is_number for one in without_a_term(parse("hare + 2")))


def test_two_ways_to_write_a_law_are_one_form() -> None:
    assert form(parse("-hare*(0.4*lynx - 1.1)")) == form(parse("1.2*hare - 3*hare*lynx"))
    assert form(parse("hare - lynx")) != form(parse("hare - lynx + 1"))


def test_formulas_far_from_the_best_are_not_tried() -> None:
    assert near([5.0, 1.0, 2.9, np.inf, 3.1]) == [1, 2]


def test_the_sums_that_slopes_tell_are_among_the_polynomials() -> None:
    slopes = slopes_of(several())
    for state, truth in enumerate(TRUTH):
        assert form(truth) in [form(one) for one in polynomials(NAMES, slopes, state)]


@pytest.mark.parametrize(
    "wrong", ["lynx*(hare + 0.0063*lynx*sin(hare + lynx) - 4)/10", "-0.21*(hare - 4)*(cos(0.55*lynx) - 1.476)"]
)
def test_trajectories_choose_the_law(wrong: str) -> None:
    slopes = slopes_of(several())
    options = [[TRUTH[0]], [parse(wrong), parse("0.1*hare*lynx - 0.39*lynx")]]
    if "sin" in wrong:
        options[1] = options[1][:1]
    choice = choose(NAMES, options, several(), slopes.noise, np.inf)
    assert [form(one) for one in choice.expressions] == [form(truth) for truth in TRUTH]
    assert (choice.rivals, choice.cut) == ({}, False)


def faint(seed: int = 0) -> Trajectory:
    t = np.linspace(0, 4, 100)
    return Trajectory(t, 0.3 * np.exp(-t)[:, None] + 0.005 * np.random.default_rng(seed).standard_normal((100, 1)))


def test_another_form_that_follows_as_well_is_named() -> None:
    sine, tangent = parse("-1.01*sin(x)"), parse("-1.01*tan(x)")
    noise = np.full(1, 0.005)
    choice = choose(["x"], [[sine, tangent]], [faint()], noise, np.inf)
    assert {*choice.expressions, *choice.rivals.values()} == {sine, tangent}
    shot = shoot(["x"], choice.expressions, [faint()], noise)
    assert shot is not None
    (doubt,) = left_open({"x": LAWS["x"]}, [faint()], shot, choice)
    assert doubt.endswith("(x) follows as well, with constants of its own")
    assert left_open({"x": LAWS["x"]}, [faint()], shot, replace(choice, rivals={})) == ()


def test_of_forms_that_follow_as_well_the_shortest_is_the_law() -> None:
    options = [parse(one) for one in ("-1.01*tan(x)", "-0.99*x/cosh(x)", "-1.01*x", "0.01*x**3 - 1.02*x**2/(x + 0.01)")]
    choice = choose(["x"], [options], [faint()], np.full(1, 0.005), np.inf)
    assert (choice.expressions, choice.rivals) == ((parse("-1.01*x"),), {})


def tables() -> list[dict[str, np.ndarray]]:
    return [dict(zip(("t", *NAMES), (one.times, *one.states.T), strict=True)) for one in several()]


def check_hunters(found: Dynamics) -> None:
    assert found.verified, str(found)
    for law, truth in zip(found.laws.values(), TRUTH, strict=True):
        assert law.formula is not None
        assert law.verified
        assert law.formula is law.front.best
        assert form(law.formula.expression) == form(truth)


def test_the_trajectories_decide_beside_what_slopes_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search for the slopes took a wrong formula for a law, and doubted the right one."""
    said = laws_of(TRUTH[0], parse("lynx*(hare + 0.0063*lynx*sin(hare + lynx) - 4)/10"))
    said["hare"] = replace(said["hare"], warnings=("no formula comes near the network.",))
    said["lynx"] = replace(said["lynx"], verified=True)
    monkeypatch.setattr("edgewise.discovery.dynamics.ode.discover", lambda table, **_: said[table.target[1:5]])
    found = discover_ode(tables(), time_budget=600)
    check_hunters(found)
    assert "note: dhare/dt: by its slopes alone, no formula comes near the network." in str(found)
    kept = discover_ode(tables(), time_budget=600, max_complexity=30)  # no polynomials then, but terms may go
    check_hunters(kept)


def test_a_second_trajectory_is_another_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    """It need not be learned from: the law that follows it was not told by one curve alone."""
    law = parse("0.1*hare*lynx - 0.41*lynx - 0.01*hare*lynx*sin(lynx) + 0.02")
    said = laws_of(TRUTH[0], law)
    asked: list[int] = []

    def spy(laws: object, trajectories: list[Trajectory], *more: object) -> tuple[str, ...]:
        asked.append(len(trajectories))
        return ()

    monkeypatch.setattr("edgewise.discovery.dynamics.ode.discover", lambda table, **_: said[table.target[1:5]])
    monkeypatch.setattr("edgewise.discovery.dynamics.ode.left_open", spy)
    for number in (1, 2):
        discover_ode(tables()[:number], time_budget=600, without=[])
    assert asked == [1, 2]


@pytest.mark.slow
def test_the_law_comes_out_of_noisy_trajectories() -> None:
    check_hunters(discover_ode(tables(), time_budget=60, effort=0.2))


def test_what_holds_of_the_pick_of_slopes_holds_of_no_other_form() -> None:
    x = np.linspace(1, 2, 40)
    pick = Formula.from_text("0.01*sin(9*x) - x", "dx/dt", ("x",), rmse=0.0, r2=1.0)
    old = replace(LAWS["x"], formula=pick, front=Front([pick]), verified=True)
    table = Table({"x": x, "dx/dt": 0.01 * np.sin(9 * x) - x}, "dx/dt", ("x",))
    other = refined(old, parse("-x"), {}, table, another=True)
    assert (other.verified, other.reason) == (False, None)
    assert [formula.text for formula in other.front] == ["-x", pick.text]
    same = refined(old, parse("0.011*sin(9*x) - x"), {}, table)
    assert (same.verified, len(same.front)) == (True, 1)


def test_one_noisy_orbit_is_one_curve() -> None:
    """A right-hand side that only this curve tells may have many forms."""
    one = hunted((3, 3), 0)
    law = "0.03538*hare**2*sin(hare/lynx) - 0.00348*hare*lynx*cos(10*hare/lynx) - 0.553"
    expressions = (parse("1.1*hare - 0.4*hare*lynx"), parse(law))
    shot = shoot(NAMES, expressions, [one], np.full(2, 0.03))
    assert shot is not None
    choice = choose(NAMES, [[e] for e in expressions], [one], np.full(2, 0.03), np.inf)
    laws = laws_of(*shot.expressions)
    told = left_open(laws, [one], shot, replace(choice, rivals={}))
    assert any("one trajectory is one curve" in doubt for doubt in told)
    assert not any("one curve" in doubt for doubt in left_open(laws, [one, one], shot, replace(choice, rivals={})))


def test_what_is_left_must_be_noise_alone() -> None:
    noise = np.full(2, 0.03)
    choice = Choice(TRUTH)
    for second, said in (("0.1*hare*lynx - 0.4*lynx", False), ("0.27*hare + 0.08*lynx - 1.3", True)):
        shot = shoot(NAMES, (TRUTH[0], parse(second)), several(), noise)
        assert shot is not None
        doubts = left_open(laws_of(*shot.expressions), several(), shot, choice)
        assert any("what it leaves of lynx goes along from point to point" in doubt for doubt in doubts) is said
        clean = left_open(laws_of(*shot.expressions), several(), shot, None)
        assert not any("from point to point" in doubt for doubt in clean)


def test_what_the_law_leaves_tells_the_noise_where_it_is_noise_alone() -> None:
    told = np.array([0.01, 0.01, 0.0, 0.01, 0.01])
    shot = Shot((), (), np.array([0.02, 0.02, 0.02, 0.04, 0.005]), np.array([0.0, 9.0, 0.0, 0.0, 0.0]))
    np.testing.assert_array_equal(noise_of(told, shot), [0.02, 0.01, 0.0, 0.01, 0.01])


def test_constants_that_no_trajectory_tells_leave_the_law_open() -> None:
    expressions = (parse("1.1*hare - 0.4*hare*lynx"), parse("0.1*hare*lynx - 0.4*lynx + 1.0e-6*hare"))
    shot = shoot(NAMES, expressions, several(), np.full(2, 0.03))
    assert shot is not None
    laws = laws_of(*shot.expressions)
    assert any("do not tell the constant" in doubt for doubt in left_open(laws, several(), shot, None))


def test_many_fitted_constants_may_follow_anything() -> None:
    t = np.linspace(0, 3, 60)
    one = Trajectory(t, np.exp(-t)[:, None])
    many = parse("-1.01*x + 0.02*x**2 - 0.03*x**3 + 0.021*x**4 + 0.0123*sin(x)")
    shot = shoot(["x"], [many], [one], np.zeros(1))
    assert shot is not None
    law = replace(LAWS["x"], formula=replace(LAWS["x"].formula, expression=many), verified=False)
    assert any("5 fitted constants" in doubt for doubt in left_open({"x": law}, [one], shot, None))
