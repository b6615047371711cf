"""What the user knows, as arguments of the search."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgewise import Table, discover, read_table
from edgewise.discovery.knowledge import Bound, knowledge
from edgewise.errors import ColumnError, SettingsError, StorageError, UnitError, UnknownNameError
from edgewise.formula import parse

UNITS = {"m": "kg", "v": "m/s", "E": "J"}


def moving(noise: float = 0.0, rows: int = 120) -> Table:
    draw = np.random.default_rng(3)
    x = draw.uniform(1, 3, (rows, 2))
    y = 0.5 * x[:, 0] * x[:, 1] ** 2
    return Table.from_arrays(x, y * (1 + noise * draw.standard_normal(rows)), names=["m", "v"], target="E")


def no_network(step: str, share: float, best: str) -> None:
    if step == "network":
        raise KeyboardInterrupt  # what was found until then is the answer


def bound(**said: object) -> Bound:
    _, known = knowledge(moving(), **said)  # type: ignore[arg-type]
    return Bound(known, {"m": "m", "v": "v"}, "E")


# -- units ---------------------------------------------------------------------------------------------------------------


def test_units_are_kept_with_the_formula() -> None:
    found = discover(moving(rows=40), units=UNITS, time_budget=20, effort=0.02, progress=no_network)
    assert found.formula is not None
    assert found.verified
    assert found.formula.text == "m*v**2/2"
    assert found.formula.units == UNITS
    assert not found.warnings


def test_units_of_the_table_are_used_when_asked_for() -> None:
    table = replace(moving(), units=UNITS)
    assert knowledge(table)[1].units == {}
    assert knowledge(table, units=True)[1].units == UNITS
    assert knowledge(table, units={"m": "g"})[1].units == {**UNITS, "m": "g"}


def test_a_column_without_a_unit_leaves_all_unused_and_says_so() -> None:
    _, known = knowledge(moving(), units={"m": "kg", "E": "J"})
    assert known.units == {}
    assert "'v' has none" in known.notes[0]


def test_a_constant_column_may_be_the_unit_of_a_number() -> None:
    """E = m (g h + v^2/2) with one g in all rows: 9.81 carries its unit."""
    table = moving()
    table = replace(table, columns={**table.columns, "g": np.full(table.rows, 9.81)}, inputs=("m", "v", "g"))
    _, known = knowledge(table, units={**UNITS, "g": "m/s^2"})
    assert known.units == {}
    assert "'g' is constant (9.81 m/s^2)" in known.notes[0]
    assert knowledge(table, units={**UNITS, "g": "1"})[1].units == {**UNITS, "g": "1"}


def test_levels_of_words_are_plain_numbers(tmp_path: Path) -> None:
    file = tmp_path / "paint.csv"
    file.write_text("colour,m [kg],E [J]\nred,1,2\nblue,2,4\nred,3,5\n")
    _, known = knowledge(read_table(file, "E", one_hot=["colour"]), units=True)
    assert set(known.units.values()) == {"1", "kg", "J"}
    assert known.notes == ()


@pytest.mark.parametrize(
    ("units", "error", "message"),
    [
        (True, UnitError, "the units of the table, and it has none"),
        ({"m": "pood"}, UnitError, "column 'm': the unit 'pood'"),
        ({"M": "kg"}, ColumnError, "there is no column 'M' for the units. Did you mean 'm'"),
    ],
)
def test_units_that_cannot_be(units: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        discover(moving(), units=units, time_budget=1)  # type: ignore[arg-type]


def test_formulas_against_the_units_must_be_better_for_it() -> None:
    known = bound(units=UNITS)
    assert known.nats(parse("m*v**2")) == 0 < known.nats(parse("m + v"))
    assert known.contradicts(parse("m + v"))
    assert known.notes(parse("m*v**2/2")) == ()


def test_a_pick_against_the_units_is_spoken_of() -> None:
    (note,) = bound(units=UNITS).notes(parse("3.2*m*v"))
    assert "it is in kg m s^-1" in note
    assert "would have to carry m s^-1" in note
    (note,) = bound(units=UNITS).notes(parse("m + v"))
    assert "or it is not the law" in note


def test_units_out_of_reach_tell_that_a_number_carries_one() -> None:
    draw = np.random.default_rng(0)
    t = draw.uniform(1, 3, 80)
    table = Table.from_arrays(t, 4.905 * t**2, names=["t"], target="s")
    found = discover(table, units={"t": "s", "s": "m"}, time_budget=20, progress=no_network)
    assert found.verified
    assert any("a number in the law carries a unit" in note for note in found.warnings)
    assert any("would have to carry m s^-2" in note for note in found.warnings)


# -- primitives and lengths -------------------------------------------------------------------------------------------------


def test_without_takes_primitives_away() -> None:
    permits = bound(without=["tan", "exp"]).permits
    assert permits(parse("sin(m)"))
    assert not permits(parse("m*tan(v)"))
    assert not permits(parse("exp(m)"))


def test_what_is_made_of_it_goes_too() -> None:
    rows = bound(without=["exp"]).known.primitives
    assert "sin" in rows
    assert not {"exp", "gaussian", "sigmoid"} & set(rows)


def test_nothing_is_longer_than_asked() -> None:
    found = discover(moving(noise=0.05, rows=11), max_complexity=4, time_budget=10, effort=0.02, progress=no_network)
    assert max(formula.complexity for formula in found.front) <= 4


def test_preferred_primitives_win_where_the_rows_tell_little() -> None:
    known = bound(preferred=["sin"])
    assert known.nats(parse("sin(m)")) < 0 == known.nats(parse("cos(m)"))


@pytest.mark.parametrize(
    ("said", "error", "message"),
    [
        ({"without": "tan"}, SettingsError, r"Write \['tan'\]"),
        ({"without": ["tann"]}, UnknownNameError, "Did you mean 'tan"),
        ({"primitives": ["sin"], "without": ["tan"]}, SettingsError, "'tan', which is not among"),
        ({"primitives": ["sin"], "without": ["sin"]}, SettingsError, "without leaves no primitive"),
        ({"primitives": ["sin"], "preferred": ["exp"]}, SettingsError, "preferred names 'exp'"),
        ({"max_complexity": 0}, SettingsError, "1 or more, got 0"),
        ({"max_complexity": 2.5}, SettingsError, "a whole number"),
        ({"max_complexity": True}, SettingsError, "a whole number of symbols, 1 or more, got True"),
        ({"seed": True}, SettingsError, "seed is a whole number of 0 or more, got True"),
        ({"time_budget": True}, SettingsError, "time_budget is a number of seconds above 0, got True"),
        ({"effort": True}, SettingsError, "effort multiplies .* got True"),
        ({"accuracy": True}, SettingsError, "accuracy says .* got True"),
        ({"max_complexity": 4, "known": "m*v + ..."}, SettingsError, "has 5 symbols with one for the dots, more than"),
        ({"units": ["m"]}, SettingsError, r"units maps columns to units, like \{'v': 'm/s'\}, .* got \['m'\]"),
        ({"units": "m=kg"}, SettingsError, "units maps columns to units"),
        ({"primitives": [3]}, SettingsError, "primitives holds 3, which is no name"),
        ({"primitives": 3}, SettingsError, "primitives is a list of names, got 3"),
        ({"primitives": {"sin": 3}}, SettingsError, "primitives holds 3, which is no name"),
        ({"without": [3]}, SettingsError, "without holds 3, which is no name"),
        ({"without": 3}, SettingsError, "without is a list of names, got 3"),
    ],
)
def test_settings_that_cannot_be(said: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        discover(moving(), **{"time_budget": 1, **said})


# -- going on --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"units": UNITS}, r"another set of units \(none, now E = J"),
        ({"max_complexity": 9}, r"another longest formula \(max_complexity\) \(none, now 9\)"),
        ({"preferred": ["sin"]}, r"preferred primitives \(preferred\) \(none, now sin\)"),
        ({"without": ["tan"]}, r"unwanted primitives \(without\) \(none, now tan\)"),
        ({"shapes": {"m": "increasing"}}, r"another set of shapes \(none, now m: increasing\)"),
        ({"accuracy": 0.1}, r"another accuracy \(none, now 0.1\)"),
    ],
)
def test_a_search_that_knows_more_is_another_search(tmp_path: Path, said: dict, named: str) -> None:
    """Also one that knows less: the difference is named, and nothing else."""
    for first, then, words in ((said, {}, named.split(r" \(none")[0]), ({}, said, named)):
        folder = tmp_path / ("more" if then else "less")
        discover(moving(), time_budget=20, effort=0.02, checkpoint=folder, progress=no_network, **first)
        with pytest.raises(StorageError, match=f"is of another.*{words.removeprefix('another ')}") as error:
            discover(moving(), time_budget=20, effort=0.02, checkpoint=folder, resume=True, **then)
        assert "seed" not in str(error.value)
