"""Laws of motion from trajectories: slopes, constants by shooting, named errors, what is said of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp
from sklearn.metrics import r2_score

from edgewise import Discovery, Dynamics, Table, discover_ode
from edgewise.discovery.dynamics.flow import Flow, along
from edgewise.discovery.dynamics.laws import even_law, refined
from edgewise.discovery.dynamics.shooting import released, shoot
from edgewise.discovery.dynamics.slopes import slopes_of
from edgewise.discovery.dynamics.trajectories import Trajectory, trajectories_of
from edgewise.errors import ColumnError, SettingsError, ValuesError
from edgewise.formula import evaluate, parse

HUNTERS = (lambda x, y: 1.5 * x - x * y, lambda x, y: x * y - 3 * y)


def hunted(start: tuple[float, float], times: np.ndarray) -> np.ndarray:
    path = solve_ivp(
        lambda _, z: [f(*z) for f in HUNTERS], (times[0], times[-1]), start, "DOP853", times, rtol=1e-11, atol=1e-12
    )
    return path.y.T


def trajectory(points: int = 120, seed: int | None = None, noise: float = 0.0) -> Trajectory:
    generator = np.random.default_rng(seed or 0)
    times = np.linspace(0, 6, points) if seed is None else np.sort(generator.uniform(0, 6, points))
    states = hunted((2.0, 1.0), times)
    return Trajectory(times, states + noise * generator.standard_normal(states.shape))


@pytest.fixture(scope="module")
def found() -> Dynamics:
    times = np.linspace(0, 6, 120)
    tables = [dict(zip("txy", (times, *hunted(start, times).T), strict=True)) for start in ((2, 1), (4, 1.5), (1, 2))]
    return discover_ode(tables, seed=0, time_budget=60)


# ---- slopes


@pytest.mark.parametrize("seed", [None, 3])
def test_slopes_of_clean_states_are_known_to_their_accuracy(seed: int | None) -> None:
    slopes = slopes_of((trajectory(seed=seed),))
    truth = np.column_stack([f(*slopes.states.T) for f in HUNTERS])
    missed = np.sqrt(np.mean((slopes.values - truth) ** 2, axis=0))
    assert not slopes.noisy
    assert (missed <= slopes.accuracy).all()
    assert (slopes.accuracy < 1e-3 * truth.std(axis=0)).all()


@pytest.mark.parametrize("gap", [1e2, 1e4, 1e6, 1e12])
@pytest.mark.parametrize("before", [1, 30, 59])
def test_a_gap_in_the_times_leaves_the_slopes(gap: float, before: int) -> None:
    times = np.linspace(0, 3, 60)
    phase = times.copy()
    times[before:] += 2 * np.pi * round(gap / (2 * np.pi))
    slopes = slopes_of((Trajectory(times, np.column_stack([np.sin(phase), np.cos(phase)])),))
    assert not slopes.noisy
    missed = slopes.values - np.column_stack([slopes.states[:, 1], -slopes.states[:, 0]])
    assert np.sqrt(np.mean(missed**2)) < max(1e-6, 1e-14 * gap)  # what the times themselves lose behind a gap


def test_rounded_states_tell_how_far_their_slopes_are_known() -> None:
    clean = trajectory()
    slopes = slopes_of((Trajectory(clean.times, np.round(clean.states, 6)),))
    truth = np.column_stack([f(*slopes.states.T) for f in HUNTERS])
    missed = np.sqrt(np.mean((slopes.values - truth) ** 2, axis=0))
    assert (0.1 * slopes.accuracy < missed).all()
    assert (missed < slopes.accuracy).all()


def test_noisy_states_are_smoothed() -> None:
    slopes = slopes_of((trajectory(400, noise=0.05),))
    assert slopes.noisy
    np.testing.assert_allclose(slopes.noise, 0.05, rtol=0.3)
    truth = np.column_stack([f(*slopes.states.T) for f in HUNTERS])
    assert (np.sqrt(np.mean((slopes.values - truth) ** 2, axis=0)) < 0.1 * truth.std(axis=0)).all()


def test_a_state_that_rests_has_the_slope_0_and_makes_no_noise() -> None:
    times = np.linspace(0, 4, 81)
    rounded = 9.75 * (1 + 1e-13 * np.sin(1e3 * times))
    slopes = slopes_of((Trajectory(times, np.column_stack([np.exp(-times), rounded, 0 * times, 2 * times + 1])),))
    assert not slopes.noisy
    np.testing.assert_allclose(slopes.values[:, 0], -slopes.states[:, 0], atol=1e-6)
    assert (slopes.values[:, 1:3] == 0).all()
    np.testing.assert_allclose(slopes.values[:, 3], 2.0, rtol=1e-12)


def test_a_state_that_rests_is_not_smoothed() -> None:
    clean = trajectory(200, noise=0.05)
    slopes = slopes_of((Trajectory(clean.times, np.column_stack([clean.states, np.full(200, 9.75)])),))
    assert (slopes.noise > 0).tolist() == [True, True, False]
    assert (slopes.values[:, 2] == 0).all()


# ---- following and shooting


def test_a_flow_goes_where_scipy_goes() -> None:
    flow = Flow.of(["x", "y"], [parse("1.5*x - x*y"), parse("x*y - 3.0*y")])
    times = np.array([[0.0, 0.4, 1.3], [0.0, 0.1, 0.2]])
    starts = np.array([[[2.0, 1.0]], [[1.0, 3.0]]])  # (states, copies, pieces)
    path = flow.follow(starts, times, flow.theta[None])
    for piece, start in enumerate(((2.0, 1.0), (1.0, 3.0))):
        np.testing.assert_allclose(path[:, :, 0, piece], hunted(start, times[piece]), rtol=1e-8)


@pytest.mark.parametrize(
    ("law", "path"),
    [
        ("x**2", [1, 2, *[np.nan] * 7]),  # 1/(1 - t)
        ("x**3", [1, *[np.nan] * 8]),  # 1/sqrt(1 - 2*t)
        ("200.0*x", [*np.exp([0.0, 100.0, 200.0]), *[np.nan] * 6]),  # e300 is beyond 1e100
        ("log(x - 2)", [1, *[np.nan] * 8]),
        ("-x", np.exp(-np.arange(9) / 2)),
    ],
)
def test_a_path_ends_where_the_law_runs_away(law: str, path: list[float]) -> None:
    followed = along(Flow.of(["x"], [parse(law)]), np.array([1.0]), np.linspace(0, 4, 9))
    np.testing.assert_allclose(followed[:, 0], path, rtol=1e-6)


def test_a_trajectory_on_which_the_law_runs_away_is_missed_by_infinity() -> None:
    t, later = np.linspace(0, 1.5, 61), np.linspace(0, 4, 61)
    tables = [{"t": t, "x": 1 / (2 - t)}, {"t": later, "x": 2 - np.exp(-later)}]
    found = discover_ode(tables, time_budget=5)
    assert found.equations == ("dx/dt = x**2",)
    assert [one.rmse[0] < 1e-7 for one in found.followed] == [True, False]
    assert found.followed[1].rmse[0] == np.inf
    assert not found.verified


@pytest.mark.parametrize(
    ("beside", "laws"),
    [
        (np.full(81, 9.75), ("dx/dt = 1 - x", "dg/dt = 0")),
        (2 * np.linspace(0, 4, 81) + 1, ("dx/dt = -x", "dg/dt = 2")),
    ],
)
def test_a_state_with_a_constant_slope_leaves_the_others_exact(
    beside: np.ndarray, laws: tuple[str, str], tmp_path: Path
) -> None:
    t = np.linspace(0, 4, 81)
    found = discover_ode({"t": t, "x": np.exp(-t) + ("1" in laws[0]), "g": beside}, time_budget=8)
    assert found.equations == laws
    assert found.verified
    assert set(found.noise.values()) == {0.0}
    found.save(tmp_path, pictures=True)
    loaded = Discovery.load(tmp_path / "2-g")
    assert (loaded.formula, loaded.verified) == (found.laws["g"].formula, True)


def test_all_that_is_said_of_refined_laws_is_of_the_new_constants() -> None:
    t = np.linspace(0, 2, 121)
    found = discover_ode({"t": t, "x": np.round(np.exp(-t) + 1, 5)}, time_budget=5)
    law = found.laws["x"]
    assert found.refined
    assert (found.equations[0], law.verified) == ("dx/dt = 1 - x", found.verified)
    assert law.formula is law.front.best
    assert law.calibration is not None
    np.testing.assert_allclose(law.calibration.residuals, law.calibration.y - (1 - law.calibration.x[:, 0]), rtol=1e-12)


def test_new_constants_bring_new_errors() -> None:
    x = np.linspace(1, 2, 40)
    table = Table({"x": x, "y": 1 - x + 0.01 * np.sin(40 * x)}, "y", ("x",))
    old = even_law(Table({"x": x, "y": np.ones(40)}, "y", ("x",)), 0)
    law = refined(old, parse("1 - x"), {}, table)
    assert law.formula is law.front.best
    np.testing.assert_allclose(law.formula.rmse, np.sqrt(np.mean((table.y - (1 - x)) ** 2)))
    np.testing.assert_allclose(law.formula.r2, r2_score(table.y, 1 - x))
    told = refined(old, parse("1.0123456789 - 1.00345678*x"), {"c1": 0.0043, "c2": 0.0021}, table)
    assert told.formula is not None
    assert sorted(told.formula.constants.values()) == pytest.approx([-1.0035, 1.0123], abs=1e-12)


def test_what_each_right_hand_side_may_be() -> None:
    t = np.linspace(0, 2, 60)
    motion = {"t": t, "x": np.exp(-t) + 1}
    found = discover_ode(motion, time_budget=20, effort=0.1, without=(f for f in ["exp", "tanh"]), max_complexity=3)
    assert found.equations == ("dx/dt = 1 - x",)
    assert all(formula.complexity <= 3 for formula in found.laws["x"].front)
    assert not any(formula.expression.has(sympy.exp, sympy.tanh) for formula in found.laws["x"].front)
    with pytest.raises(SettingsError, match="sine"):
        discover_ode(motion, without=["sine"])


def test_what_was_held_out_is_counted_apart() -> None:
    t = np.linspace(0, 1, 30)
    found = discover_ode({"t": t, "x": np.exp(-t)}, time_budget=3, effort=0.1)
    assert str(found).startswith("1 trajectory, 24 points, states x; its end held out\n")
    found = discover_ode([{"t": t, "x": np.exp(-t)}] * 2, time_budget=3, effort=0.1)
    assert str(found).startswith("1 trajectory, 30 points, states x; 1 more held out\n")


def test_few_points_hold_nothing_out_and_say_so() -> None:
    t = np.linspace(0, 1, 10)
    text = str(discover_ode({"t": t, "x": np.exp(-t)}, time_budget=2))
    assert "held out: rmse" not in text
    assert "note: nothing was held out" in text


def test_constants_come_out_exact_from_clean_trajectories() -> None:
    shot = shoot(["x", "y"], [parse("1.4*x - 1.1*x*y"), parse("x*y - 2.8*y")], [trajectory()], np.zeros(2))
    assert shot is not None
    assert [str(one) for one in shot.expressions] == ["-x*y + 3*x/2", "x*y - 3*y"]


def test_constants_in_noise_come_near_and_say_how_near() -> None:
    noisy = trajectory(150, noise=0.03)
    shot = shoot(["x", "y"], [parse("1.37*x - 1.1*x*y"), parse("1.03*x*y - 2.77*y")], [noisy], np.full(2, 0.03))
    assert shot is not None
    x, y = np.array([1.0, 2.0, 3.0]), np.array([0.5, 2.5, 1.0])
    for expression, truth in zip(shot.expressions, HUNTERS, strict=True):
        value = evaluate(expression, {"x": x, "y": y})
        np.testing.assert_allclose(value, truth(x, y), rtol=0.03, atol=0.03)
    np.testing.assert_allclose(shot.rmse, 0.03, rtol=0.2)


def test_what_cannot_be_followed_is_none() -> None:
    assert shoot(["x", "y"], [parse("log(-1.0*x)"), parse("1.0*y")], [trajectory()], np.zeros(2)) is None


def test_released_constants_keep_exponents_and_signs() -> None:
    assert str(released(parse("x**2/4 - 3*y"))) == "0.25*x**2 - 3.0*y"


# ---- the whole way


def test_a_law_of_motion_is_found_to_the_last_digit(found: Dynamics) -> None:
    truth = (parse("3*x/2 - x*y"), parse("x*y - 3*y"))
    for law, wanted in zip(found.laws.values(), truth, strict=True):
        assert law.formula is not None
        assert (law.formula.expression - wanted).expand() == 0
    assert found.verified
    assert {one.kind for one in found.followed} == {"learned", "held out"}
    assert max(one.rmse.max() for one in found.followed) < 1e-7


def test_it_says_dx_dt(found: Dynamics) -> None:
    text = str(found)
    assert "dx/dt = " in text
    assert "dy/dt = " in text
    assert "2 trajectories, 240 points, states x, y; 1 more held out\n" in text
    assert "follows  held out: rmse x" in text
    assert "law      it follows every trajectory" in text
    told = found.to_json()
    assert told["verified"] is True
    assert told["equations"] == list(found.equations)


def test_constants_stand_with_the_digits_that_are_known(found: Dynamics) -> None:
    law = found.laws["x"]
    assert law.formula is not None
    long = parse("1.23456789012345*x - x*y")
    errors: dict[str, float]
    for errors, equation in (({}, "dx/dt = 1.23457*x - x*y"), ({"c1": 1e-9}, "dx/dt = 1.23456789012345*x - x*y")):
        formula = replace(law.formula, expression=long, constant_errors=errors)
        told = replace(found, laws={**found.laws, "x": replace(law, formula=formula)})
        assert equation in str(told).splitlines()
        assert told.equations[0] == "dx/dt = 1.23456789012345*x - x*y"
    assert "constants c1 = 1.2345678901 +- 1e-09   (dx/dt)" in str(told).splitlines()


def test_the_law_goes_on_from_any_state(found: Dynamics) -> None:
    times = np.linspace(1, 3, 5)
    path = found.integrate({"x": 1.0, "y": 1.0}, times)
    np.testing.assert_allclose(np.column_stack([path["x"], path["y"]]), hunted((1.0, 1.0), times), rtol=1e-6)


def test_each_state_is_saved_as_a_run(found: Dynamics, tmp_path: Path) -> None:
    found.save(tmp_path / "run")
    assert sorted(folder.name for folder in (tmp_path / "run").iterdir()) == ["1-x", "2-y"]
    loaded = type(found.laws["x"]).load(tmp_path / "run" / "1-x")
    assert loaded.formula is not None
    assert loaded.formula.equation == found.equations[0]


def test_a_law_of_motion_takes_the_place_of_an_earlier_one(found: Dynamics, tmp_path: Path) -> None:
    found.save(tmp_path)
    (tmp_path / "3-mine").mkdir()
    replace(found, laws={"z": found.laws["x"]}).save(tmp_path)
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["1-z", "3-mine"]


# ---- tables


def columns(points: int = 20) -> dict[str, list[float]]:
    times = np.linspace(0, 1, points)
    return {"t": list(times), "x": list(np.exp(-times))}


def test_trajectories_by_a_column_by_a_list_and_from_a_file(tmp_path: Path) -> None:
    one, two = columns(), columns(15)
    together = {name: one[name] + two[name] for name in one} | {"run": ["a"] * 20 + ["b"] * 15}
    path = tmp_path / "runs.csv"
    rows = zip(*together.values(), strict=True)
    path.write_text("\n".join([",".join(together), *(",".join(map(str, row)) for row in rows)]))
    for names, found in (
        trajectories_of([one, two], "t", None, None),
        trajectories_of(together, "t", None, "run"),
        trajectories_of(path, "t", None, "run"),
    ):
        assert names == ("x",)
        assert [len(trajectory) for trajectory in found] == [20, 15]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"t": [0.2, 0.1, *np.linspace(0.3, 1, 18)]},
            r"t = 0.1 comes after 0.2 \(row 2\).*--by COLUMN \(in Python: by='COLUMN'\)",
        ),
        ({"t": [0.1, 0.1, *np.linspace(0.3, 1, 18)]}, r"t = 0.1 stands there twice \(row 2\)"),
        ({"x": [np.nan, *np.ones(19)]}, "column 'x' has 1 cell missing"),
        ({"x": [np.nan, np.inf, *np.ones(18)]}, "column 'x' has 2 cells missing"),
    ],
)
def test_times_that_do_not_ascend_and_missing_cells_are_named(change: dict, said: str) -> None:
    with pytest.raises(ValuesError, match=said):
        discover_ode(columns() | change)


def test_several_runs_without_a_name_for_them_are_told_which_column_it_is() -> None:
    one = columns()
    runs = {name: values * 2 for name, values in one.items()} | {"x": one["x"] * 2, "run": [3.0] * 20 + [4.0] * 20}
    with pytest.raises(ValuesError, match=r"\(row 21\).*--by run \(in Python: by='run'\)"):
        discover_ode(runs)
    mixed = {name: np.ravel(np.column_stack([values] * 2)) for name, values in one.items()} | {"run": [0.0, 1.0] * 20}
    mixed["t"][9] = mixed["t"][7]
    with pytest.raises(ValuesError, match=r"trajectory '1.0' .* stands there twice \(row 10\)"):
        discover_ode(mixed, by="run")


def test_too_few_points_and_wrong_names_are_named() -> None:
    with pytest.raises(ValuesError, match="the trajectory has 8 points; slopes need at least 9"):
        discover_ode(columns(8))
    with pytest.raises(ColumnError, match="there is no column 'time' for the time"):
        discover_ode(columns(), time="time")
    with pytest.raises(ColumnError, match="'t' cannot be a state too"):
        discover_ode(columns(), states=["t", "x"])
    with pytest.raises(ColumnError, match=r"Write states=\['x'\]"):
        discover_ode(columns(), states="x")
    for table in (columns(), Table({name: np.array(cells) for name, cells in columns().items()}, "x", ("t",))):
        with pytest.raises(ColumnError, match="there is no column 'nope' for the trajectories"):
            discover_ode(table, states=["x"], by="nope")
    with pytest.raises(ColumnError, match="'t' is the time; the column that tells trajectories apart"):
        discover_ode(columns(), by="t")
    with pytest.raises(SettingsError, match="got int"):
        discover_ode(3)
    with pytest.raises(SettingsError, match="a list of no tables"):
        discover_ode([])
