"""Every law, evaluated by our own parser and by SymPy's, on its own ranges and in its own units."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sympy
from numpy.typing import NDArray
from sympy.parsing.sympy_parser import parse_expr

from edgewise.data.laws import LAWS, SETS, Law, law, sample
from edgewise.errors import SettingsError, UnknownNameError

Columns = dict[str, NDArray[np.float64]]
FUNCTIONS = {"ln": sympy.log, "arcsin": sympy.asin, "arccos": sympy.acos}
# computed apart from this package, from 100,000 points a law
MOMENTS_FILE = Path(__file__).parent / "law_moments.csv"
MOMENTS = {row["name"]: row for row in csv.DictReader(MOMENTS_FILE.read_text().splitlines())}
HEAVY_TAILS = {"test_20"}  # a few points in a million make half of its spread
EVERY = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)


def inputs(law: Law, rows: int = 20_000, seed: int = 1) -> Columns:
    generator = np.random.default_rng(seed)
    return {name: generator.uniform(low, high, rows) for name, (low, high) in law.ranges.items()}


def by_sympy(law: Law) -> Callable[..., NDArray[np.float64]]:
    symbols = {name: sympy.Symbol(name) for name in law.variables}
    expression = parse_expr(law.formula, local_dict={**FUNCTIONS, **symbols})
    assert expression.free_symbols == set(symbols.values())
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


def test_the_sets_are_complete() -> None:
    sizes = {name: sum(law.set == name for law in LAWS.values()) for name in SETS}
    assert sizes == {"feynman": 100, "bonus": 20, "paper": 14}  # 13 rows, one of them in two forms


@EVERY
def test_our_parser_and_sympys_agree_and_are_finite(law: Law) -> None:
    columns = inputs(law)
    ours = law.evaluate(columns)
    assert np.isfinite(ours).all()
    np.testing.assert_allclose(ours, by_sympy(law)(*columns.values()), rtol=1e-9, atol=1e-12)


@EVERY
def test_mean_and_spread_are_the_published_ones(law: Law) -> None:
    values = law.evaluate(inputs(law))
    mean, std = float(MOMENTS[law.name]["mean"]), float(MOMENTS[law.name]["std"])
    if law.name not in HEAVY_TAILS:
        assert values.std() == pytest.approx(std, rel=0.25)
    assert values.mean() == pytest.approx(mean, abs=0.05 * std)


@EVERY
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
