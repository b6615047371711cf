"""Every law, evaluated by our own parser and by SymPy's, on its own ranges and in its own units."""

import csv
import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy
from numpy.typing import NDArray
from scipy import integrate, special
from sympy.parsing.sympy_parser import parse_expr

from edgewise.data.laws import FAMILIES, LAWS, Law, law, laws_of, sample
from edgewise.errors import SettingsError, UnknownNameError

Columns = dict[str, NDArray[np.float64]]
FUNCTIONS = {"ln": sympy.log, "arcsin": sympy.asin, "arccos": sympy.acos}
# computed apart from this package, from 100,000 points a law
MOMENTS_FILE = Path(__file__).parent / "law_moments.csv"
MOMENTS = {row["name"]: row for row in csv.DictReader(MOMENTS_FILE.read_text().splitlines())}
SILENT = {"strogatz/vdp2", "special/Y10", "special/Y20"}  # one of their two inputs says nothing
HEAVY_TAILS = {"test_20"}  # a few points in a million make half of its spread
PHYSICS = {name: law for name, law in LAWS.items() if law.family in ("feynman", "bonus", "paper")}
EVERY = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
EVERY_OF_PHYSICS = pytest.mark.parametrize("law", PHYSICS.values(), ids=PHYSICS)
ELEMENTARY = pytest.mark.parametrize("law", [law for law in LAWS.values() if law.elementary], ids=lambda law: law.name)


def inputs(law: Law, rows: int = 20_000, seed: int = 1) -> Columns:
    generator = np.random.default_rng(seed)
    return {name: generator.uniform(low, high, rows) for name, (low, high) in law.ranges.items()}


def by_sympy(law: Law) -> Callable[..., NDArray[np.float64]]:
    symbols = {name: sympy.Symbol(name) for name in law.variables}
    expression = parse_expr(law.formula, local_dict={**FUNCTIONS, **symbols})
    assert expression.free_symbols <= set(symbols.values())
    if law.family != "korns":  # five columns, whatever the formula needs
        assert expression.free_symbols == set(symbols.values()) or law.name in SILENT
    return sympy.lambdify([symbols[name] for name in law.variables], expression, "numpy")


def scale(unit: str, factors: dict[str, float]) -> float:
    """How a quantity in this unit grows when the base units shrink by ``factors``."""
    top, *bottom = unit.split("/")
    value = 1.0
    for sign, group in [(1, top), *((-1, group) for group in bottom)]:
        for part in group.split("*"):
            base, _, power = part.partition("^")
            value *= factors.get(base, 1.0) ** (sign * int(power or 1))
    return value


def test_the_families_are_complete() -> None:
    sizes = {family: len(laws_of(family)) for family in FAMILIES}
    assert sizes == {
        "feynman": 100, "bonus": 20, "paper": 14,  # 13 rows, one of them in two forms
        "nguyen": 13, "livermore": 25, "keijzer": 15, "korns": 12, "vladislavleva": 8, "livermore2": 150,
        "strogatz": 14, "dimensionless": 27, "special": 15,
    }  # fmt: skip
    assert sum(sizes.values()) == len(LAWS)
    with pytest.raises(UnknownNameError, match="Did you mean 'korns'"):
        laws_of("korn")


def test_the_first_laws_keep_their_places() -> None:
    # benchmarks draw laws by a seed from this order
    digest = hashlib.sha256("\n".join(list(LAWS)[:134]).encode()).hexdigest()
    assert digest == "769d7a093d15f6730d603b57fb0d653ed042b80cdd35f388cadea72a90ef3877"


def test_importing_the_laws_loads_nothing_heavy() -> None:
    ask = "import sys, edgewise.data.laws; print(*{'torch', 'scipy', 'sympy', 'pandas', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@EVERY
def test_every_law_can_be_drawn(law: Law) -> None:
    table = sample(law, rows=100, seed=3)
    assert (table.rows, table.inputs, table.target) == (100, law.variables, law.output)
    assert table.source == f"law {law.name}, rows 100, seed 3, noise 0"
    np.testing.assert_array_equal(table.y, sample(law, rows=100, seed=3).y)
    np.testing.assert_array_equal(table.y, law.evaluate(table.columns))


@ELEMENTARY
def test_our_parser_and_sympys_agree(law: Law) -> None:
    """To 1e-12, or to what the last bits of the inputs change where a formula multiplies them."""
    columns = {name: np.array(sample(law, rows=200, seed=1).columns[name]) for name in law.variables}
    ours = law.evaluate(columns)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        theirs = by_sympy(law)(*columns.values()) + np.zeros(200)
        bits = sum(
            np.abs(law.evaluate({**columns, name: values * (1 + sign * 2e-16)}) - ours)
            for name, values in columns.items()
            for sign in (1, -1)
        )
    steady = np.isfinite(bits)  # the others stand within a bit of a border of the domain
    assert steady.mean() > 0.9
    error = np.abs(theirs - ours)[steady]
    assert (error <= 1e-12 * np.abs(ours[steady]) + 8 * bits[steady] + 1e-300).all(), error.max()


@EVERY_OF_PHYSICS
def test_finite_everywhere_in_the_ranges(law: Law) -> None:
    columns = inputs(law)
    ours = law.evaluate(columns)
    assert np.isfinite(ours).all()
    np.testing.assert_allclose(ours, by_sympy(law)(*columns.values()), rtol=1e-9, atol=1e-12)


@EVERY_OF_PHYSICS
def test_mean_and_spread_are_the_published_ones(law: Law) -> None:
    values = law.evaluate(inputs(law))
    mean, std = float(MOMENTS[law.name]["mean"]), float(MOMENTS[law.name]["std"])
    if law.name not in HEAVY_TAILS:
        assert values.std() == pytest.approx(std, rel=0.25)
    assert values.mean() == pytest.approx(mean, abs=0.05 * std)


@EVERY_OF_PHYSICS
def test_units_agree_with_the_formula(law: Law) -> None:
    factors = {"m": 1.2, "kg": 1.1, "s": 1.05, "K": 1.15, "V": 1.02}
    columns = inputs(law, rows=200)
    scaled = {name: values * scale(law.units.get(name, "1"), factors) for name, values in columns.items()}
    expected = law.evaluate(columns) * scale(law.units.get(law.output, "1"), factors)
    seen = law.evaluate(scaled)
    inside = np.isfinite(seen)  # a scaled point may leave the domain of a root
    assert inside.any()
    np.testing.assert_allclose(seen[inside], expected[inside], rtol=1e-8)


# the three rows in which pykan 0.2.8's feynman.py computes another function than it prints (I.16.6, Goldstein 12.80)
# or none at all (Jackson 2.11)
RIGHT: dict[str, Callable[[Columns], NDArray[np.float64]]] = {
    "I.16.6": lambda v: (v["u"] + v["v"]) / (1 + v["u"] * v["v"] / v["c"] ** 2),
    "test_17": lambda v: (
        v["p"] ** 2 / (2 * v["m"]) + v["m"] * v["omega"] ** 2 * v["x"] ** 2 * (1 + v["alpha"] * v["x"] / v["y"]) / 2
    ),
    "test_12": lambda v: (
        v["q"] * v["Volt"] * v["d"] / v["y"] ** 2
        - v["q"] ** 2 * v["d"] * v["y"] / (4 * np.pi * v["epsilon"] * (v["y"] ** 2 - v["d"] ** 2) ** 2)
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_rows_that_others_have_wrong(name: str) -> None:
    columns = inputs(law(name), rows=500)
    np.testing.assert_allclose(law(name).evaluate(columns), RIGHT[name](columns), rtol=1e-9)


def test_velocities_add_up_as_light_wants() -> None:
    # what moves at c does so for everybody; slow things add up as they did for Galilei
    ones = np.ones(50)
    velocity = np.linspace(-0.9, 0.9, 50)
    at_c = law("I.16.6").evaluate({"u": velocity, "v": ones, "c": ones})
    np.testing.assert_allclose(at_c, 1.0, rtol=1e-12)
    slow = law("I.16.6").evaluate({"u": velocity, "v": ones, "c": 1e9 * ones})
    np.testing.assert_allclose(slow, velocity + 1, atol=1e-12)


def test_an_anharmonic_oscillator_rests_where_the_harmonic_one_does() -> None:
    # Goldstein 12.80: the perturbation is cubic in x, so neither force nor stiffness at x = 0 know of alpha
    step = np.array([-1e-3, 0.0, 1e-3])
    ones = np.ones(3)
    energy = law("test_17").evaluate(
        {"m": 2 * ones, "omega": 3 * ones, "p": 0 * ones, "x": step, "y": ones, "alpha": 0.7 * ones}
    )
    force, stiffness = (energy[0] - energy[2]) / 2e-3, (energy[0] - 2 * energy[1] + energy[2]) / 1e-6
    assert abs(force) < 1e-5
    assert stiffness == pytest.approx(2 * 3**2, rel=1e-9)


def test_a_charge_before_a_sphere_sees_its_image() -> None:
    # Jackson 2.11: near the surface the pull of the image behind a plane, far away the field of a charged sphere
    charge, radius, epsilon, volt = 1.5, 2.0, 0.7, 3.0
    columns = {"q": charge, "d": radius, "epsilon": epsilon, "Volt": 0.0, "y": radius + 1e-6}
    near = law("test_12").evaluate({name: np.array([value]) for name, value in columns.items()})[0]
    assert near == pytest.approx(-(charge**2) / (16 * np.pi * epsilon * 1e-12), rel=1e-5)
    columns |= {"Volt": volt, "y": 1e4}
    far = law("test_12").evaluate({name: np.array([value]) for name, value in columns.items()})[0]
    assert far == pytest.approx(charge * volt * radius / 1e8, rel=1e-6)


def test_the_image_in_a_sphere_is_the_sum_over_its_multipoles() -> None:
    """Jackson 2.11 without images: a charge at y induces on a grounded sphere of radius d the potential
    -q/(4 pi epsilon) sum d^(2n+1) / (r y)^(n+1), whose field at r = y pulls the charge back; raised to a potential, the
    sphere adds that of a charge at its centre. (The published ranges have y below d, where the formula goes on.)"""
    columns = inputs(law("test_12"), rows=200)
    columns["y"] = columns["d"] * np.linspace(1.2, 5, 200)
    q, d, y, epsilon = (columns[name] for name in ("q", "d", "y", "epsilon"))
    n = np.arange(200)[:, None]
    pull = -(q**2) / (4 * np.pi * epsilon * y**2) * ((n + 1) * (d / y) ** (2 * n + 1)).sum(0)
    raised = q * columns["Volt"] * d / y**2
    np.testing.assert_allclose(law("test_12").evaluate(columns), pull + raised, rtol=1e-10)


def test_rapidities_add() -> None:
    # I.16.6 by another way: what adds up is atanh(v/c)
    rapidity = np.linspace(-2, 2, 41)
    c = 3.0
    sums = law("I.16.6").evaluate(
        {"u": c * np.tanh(rapidity), "v": c * np.tanh(0.7 * np.ones(41)), "c": c * np.ones(41)}
    )
    np.testing.assert_allclose(sums, c * np.tanh(rapidity + 0.7), rtol=1e-12, atol=1e-14)


def test_the_anharmonic_force_is_the_one_of_the_equation_of_motion() -> None:
    """Goldstein 12.80 (Goldstein, Poole, Safko, section 12): H conserved along its own Hamilton equations."""
    m, omega, alpha, y = 1.3, 0.9, 0.4, 2.0

    def motion(_: float, state: NDArray[np.float64]) -> list[float]:
        x, p = state
        return [p / m, -m * omega**2 * x * (1 + 1.5 * alpha * x / y)]

    path = integrate.solve_ivp(motion, (0, 9), [0.8, 0.1], rtol=1e-11, atol=1e-12, dense_output=True)
    x, p = path.sol(np.linspace(0, 9, 60))
    energy = law("test_17").evaluate(
        {"m": m + 0 * x, "omega": omega + 0 * x, "p": p, "x": x, "y": y + 0 * x, "alpha": alpha + 0 * x}
    )
    np.testing.assert_allclose(energy, energy[0], rtol=1e-8)


HARMONICS = {
    "special/Y10": (1, 0),
    "special/Y11": (1, 1),
    "special/Y20": (2, 0),
    "special/Y21": (2, 1),
    "special/Y22": (2, 2),
}


@pytest.mark.parametrize("name", HARMONICS)
def test_spherical_harmonics_are_scipys(name: str) -> None:
    degree, order = HARMONICS[name]
    columns = inputs(law(name), rows=200)
    wave = special.sph_harm_y(degree, order, columns["y"], columns["x"]).real
    np.testing.assert_allclose(law(name).evaluate(columns), wave, atol=1e-14)


# each law of table 1 by what defines it: an integral, a differential equation's series, a recurrence
def _integral(integrand: Callable[[float, float, float], float], x: float, y: float, end: float) -> float:
    return float(integrate.quad(integrand, 0, end, args=(x, y), epsabs=1e-12, epsrel=1e-12)[0])


DEFINED: dict[str, Callable[[float, float], float]] = {
    "special/ellipkinc": lambda x, y: _integral(lambda t, x, y: 1 / np.sqrt(1 - y * np.sin(t) ** 2), x, y, x),
    "special/ellipeinc": lambda x, y: _integral(lambda t, x, y: np.sqrt(1 - y * np.sin(t) ** 2), x, y, x),
    "special/jv": lambda x, y: float(mpmath.besselj(x, y)),
    "special/yv": lambda x, y: float(mpmath.bessely(x, y)),
    "special/kv": lambda x, y: float(mpmath.besselk(x, y)),
    "special/iv": lambda x, y: float(mpmath.besseli(x, y)),
    "special/sn": lambda x, y: float(mpmath.ellipfun("sn", x, m=y)),
    "special/lpmv0": lambda x, y: float(mpmath.legenp(x, 0, y)),
    "special/lpmv1": lambda x, y: float(mpmath.legenp(x, 1, y)),
    "special/lpmv2": lambda x, y: float(mpmath.legenp(x, 2, y)),
}


@pytest.mark.parametrize("name", [law.name for law in LAWS.values() if not law.elementary])
def test_special_functions_are_what_they_are_called(name: str) -> None:
    columns = inputs(law(name), rows=20)
    expected = [DEFINED[name](x, y) for x, y in zip(columns["x"], columns["y"], strict=True)]
    np.testing.assert_allclose(law(name).evaluate(columns), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", [law.name for law in laws_of("strogatz")])
def test_a_trajectory_moves_as_its_law_says(name: str) -> None:
    """The slope of a fine trajectory, by five points, is the target."""
    table = sample(law(name), rows=8_000, seed=2)
    state = table.columns["x" if name.endswith("1") else "y"].reshape(4, 2_000)
    step = 10 / 1_999
    slope = (state[:, :-4] - 8 * state[:, 1:-3] + 8 * state[:, 3:-1] - state[:, 4:]) / (12 * step)
    speed = table.y.reshape(4, 2_000)[:, 2:-2]
    assert np.median(np.abs(slope - speed)) < 1e-6 * np.abs(speed).max()
    assert np.max(np.abs(slope - speed)) < 0.02 * np.abs(speed).max()  # where it turns sharply


def test_both_laws_of_a_system_are_drawn_along_the_same_path() -> None:
    first, second = (sample(law(f"strogatz/lv{half}"), rows=101, seed=4) for half in (1, 2))
    np.testing.assert_array_equal(first.x, second.x)
    assert (first.rows, first.target, second.target) == (101, "dx_dt", "dy_dt")


def test_points_outside_of_the_domain_are_drawn_again() -> None:
    table = sample(law("Livermore2-Vars2-1"), rows=500, seed=0)  # sqrt(x1 + x2), both from -10 to 10
    assert (table.columns["x1"] + table.columns["x2"] >= 0).all()


def test_sample_draws_within_the_ranges_by_its_seed() -> None:
    table = sample(law("I.15.3x"), rows=200, seed=4)
    assert table.inputs == ("x", "u", "c", "t")
    assert table.target == "x1"
    for name, (low, high) in law("I.15.3x").ranges.items():
        assert low <= table.columns[name].min() <= table.columns[name].max() <= high
    np.testing.assert_array_equal(table.x, sample(law("I.15.3x"), rows=200, seed=4).x)
    assert not np.array_equal(table.x, sample(law("I.15.3x"), rows=200, seed=5).x)


def test_noise_is_a_share_of_the_rms() -> None:
    clean, noisy = (sample(law("I.12.1"), rows=20_000, noise=noise) for noise in (0.0, 0.1))
    np.testing.assert_array_equal(clean.x, noisy.x)
    error = noisy.y - clean.y
    assert error.std() == pytest.approx(0.1 * np.sqrt(np.mean(clean.y**2)), rel=0.03)
    assert abs(error.mean()) < 3 * error.std() / np.sqrt(20_000)


def test_what_cannot_be_drawn() -> None:
    with pytest.raises(UnknownNameError, match=r"no law 'I\.14\.33'. Did you mean 'I\.14\.3'"):
        law("I.14.33")
    with pytest.raises(SettingsError, match="at least 2 rows, not 1"):
        sample(law("I.14.3"), rows=1)
    with pytest.raises(SettingsError, match=r"noise is a share .* not -1"):
        sample(law("I.14.3"), noise=-1.0)
