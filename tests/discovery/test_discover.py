"""From a table to a formula: what must be found, what must not be claimed, and what must be said."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sympy

import edgewise.discovery.pipeline as pipeline
from edgewise.data import Table, as_table, load_table
from edgewise.discovery import Discovery, discover
from edgewise.errors import (
    EdgewiseWarning,
    SettingsError,
    UnknownNameError,
    ValuesError,
)
from edgewise.formula import parse
from edgewise.primitives import PRIMITIVES, Primitive
from tests.support.searches import PLENTY, interrupted_at, line_table, noise_table, toy_table


def steady(found: Discovery) -> dict[str, Any]:
    """The JSON without what a clock says."""
    plain = found.to_json()
    plain["seconds"] = 0
    plain["steps"] = [{**step, "seconds": 0} for step in plain["steps"]]
    return plain


# -- what must be found ------------------------------------------------------------------------------------------------


def is_the_toy(found: Discovery) -> bool:
    a, b = sympy.symbols("a b", real=True)
    assert found.formula is not None
    return sympy.simplify(found.formula.sympy() - sympy.exp(sympy.sin(sympy.pi * a) + b**2)) == 0


def test_the_toy_is_found_exactly(toy: Discovery) -> None:
    assert is_the_toy(toy), str(toy)
    assert toy.verified
    assert toy.formula.rmse < 1e-12
    assert toy.cut == ()
    assert toy.network_shape == (2, 1, 1)
    assert toy.rate > 3
    assert toy.explain().startswith("law")


def test_the_toy_far_outside_of_its_rows(toy: Discovery) -> None:
    a, b = np.random.default_rng(9).uniform(-5, 5, (2, 100))
    with pytest.warns(EdgewiseWarning, match="'[ab]' leaves the range that was learned from"):
        far = toy.predict({"a": a, "b": b})
    np.testing.assert_allclose(far, np.exp(np.sin(np.pi * a) + b**2), rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 10))
def test_the_toy_with_every_seed(seed: int) -> None:
    found = discover(toy_table(1000, seed), seed=seed)
    assert is_the_toy(found), str(found)
    assert found.verified


def test_keplers_law(kepler: Discovery) -> None:
    axis = sympy.Symbol("axis", real=True)
    assert kepler.formula.expression == axis ** sympy.Rational(3, 2)
    assert kepler.formula.equation == "period = axis**(3/2)"
    assert kepler.verified
    assert kepler.formula.r2 > 0.99999


def test_a_law_in_noise_keeps_the_digits_that_the_rows_support(noisy: Discovery) -> None:
    expression = noisy.formula.expression
    names = dict(zip(noisy.formula.symbols.values(), noisy.formula.symbols, strict=True))
    x, depth = (sympy.Symbol(names[column], real=True) for column in ("lambda", "bed depth [cm]"))
    constant = sympy.simplify(expression * depth / x**2)
    assert constant.is_number, str(noisy)
    assert float(constant) == pytest.approx(3.7, rel=0.005)
    assert len(str(constant).rstrip("0")) <= 7, "more digits than 1 % of noise in 300 rows can know"
    assert noisy.verified


def test_pure_noise_is_no_law(noise: Discovery) -> None:
    assert not noise.verified
    assert noise.formula.r2 < 0.2
    assert "approximation, not a law" in noise.explain()


def test_the_network_alone_leads_to_the_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the ladder's tests: shapes by their rate, names for the edges, constants polished and snapped."""
    monkeypatch.setattr(pipeline, "ladder", lambda *_, **__: iter(()))
    found = discover(toy_table(400), seed=0, time_budget=PLENTY)
    assert is_the_toy(found), str(found)
    assert [step.name for step in found.steps] == ["ladder", "pieces", "graphs", "network", "naming", "snapping"]


# -- what must be said -------------------------------------------------------------------------------------------------


def test_columns_that_cannot_matter_are_named() -> None:
    a = np.random.default_rng(0).uniform(1, 2, 60)
    table = Table.from_arrays(np.c_[a, np.full(60, 3.0), a], 2 * a + 1, names=["a", "still", "twin"])
    found = discover(table, time_budget=PLENTY)
    assert found.formula.text == "2*a + 1"
    assert found.inputs == ("a",)
    assert any("'still' is constant (3)" in warning for warning in found.warnings)
    assert any("'twin' is a copy of 'a'" in warning for warning in found.warnings)
    assert "note: column 'still'" in str(found)
    whole = found.predict(table)
    np.testing.assert_allclose(whole, table.y)


@pytest.mark.parametrize("rows", [np.arange(1), np.arange(0)], ids=["one row", "no row"])
def test_too_few_rows(rows: np.ndarray) -> None:
    with pytest.raises(ValuesError, match=r"row"):
        discover(line_table().take(rows))


def test_a_constant_target() -> None:
    table = line_table()
    same = np.zeros(30, dtype=int)
    with pytest.raises(ValuesError, match="target 'y' is"):
        discover(table.take(same))


def test_no_input_varies() -> None:
    table = Table.from_arrays(np.ones((20, 2)), np.arange(20.0))
    with pytest.raises(ValuesError, match="no input column varies"):
        discover(table)


@pytest.mark.parametrize("rows", [2, 3, 5, 11])
def test_a_handful_of_rows_is_never_a_law(rows: int) -> None:
    rng = np.random.default_rng(rows)
    found = discover(Table.from_arrays(rng.uniform(1, 2, rows), rng.normal(size=rows)), time_budget=PLENTY, effort=0.1)
    assert not found.verified
    json.dumps(found.to_json(), allow_nan=False)


def test_hostile_names(noisy: Discovery) -> None:
    assert noisy.inputs == ("lambda", "bed depth [cm]")
    plain = noisy.to_json()
    assert plain["symbols"] == {"lambda_": "lambda", "bed_depth_cm": "bed depth [cm]"}
    parse(plain["formula"], noisy.formula.symbols)
    compile(plain["formula"], "formula", "eval")  # valid Python, too
    x = {"lambda": np.array([2.0, 4.0]), "bed depth [cm]": np.array([2.0, 3.0])}
    np.testing.assert_allclose(noisy.predict(x), [7.4, 19.733], rtol=0.01)
    assert noisy.predict(x, use="network").shape == (2,)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"time_budget": 0}, SettingsError),
        ({"time_budget": -1.0}, SettingsError),
        ({"time_budget": math.nan}, SettingsError),
        ({"effort": 0}, SettingsError),
        ({"effort": math.nan}, SettingsError),
        ({"time_budget": "1"}, SettingsError),
        ({"workers": 0}, SettingsError),
        ({"workers": 1.5}, SettingsError),
        ({"seed": -1}, SettingsError),
        ({"seed": "a"}, SettingsError),
        ({"target": "x"}, SettingsError),
        ({"primitives": []}, SettingsError),
        ({"primitives": "x"}, SettingsError),
        ({"primitives": ["sine"]}, UnknownNameError),
    ],
    ids=str,
)
def test_settings_that_cannot_be(wrong: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        discover(line_table(), **wrong)


@pytest.mark.parametrize("given", [np.zeros((3, 2)), None, [1, 2]], ids=["array", "none", "list"])
def test_what_holds_no_table_is_refused(given: Any) -> None:
    with pytest.raises(SettingsError, match="a Table, a data frame, a mapping of columns or the path"):
        discover(given, "y")


def test_frames_mappings_and_paths_are_tables(tmp_path: Path) -> None:
    columns = {"a": np.arange(1.0, 9.0), "y": 2.0 * np.arange(1.0, 9.0)}
    frame = pd.DataFrame(columns)
    frame.to_csv(tmp_path / "line.csv", index=False)
    for given in (frame, columns, tmp_path / "line.csv", str(tmp_path / "line.csv")):
        table = as_table(given, "y")
        assert table.inputs == ("a",)
        assert table.y.tolist() == columns["y"].tolist()
    with pytest.raises(SettingsError, match="target="):
        discover(frame)


def test_a_missing_cell_is_told_from_a_formula_without_a_value(toy: Discovery) -> None:
    first, second = toy.inputs
    with pytest.warns(EdgewiseWarning, match="a cell is missing in 1 row"):
        answers = toy.predict({first: [0.5, np.nan], second: [0.1, 0.1]}, use="formula")
    assert np.isfinite(answers).tolist() == [True, False]


# -- the choice of primitives ------------------------------------------------------------------------------------------


def functions_of(found: Discovery) -> set[str]:
    application = sympy.core.function.Application
    return {type(part).__name__ for f in found.front for part in f.expression.atoms(application)}


def test_only_the_chosen_primitives_occur() -> None:
    found = discover(toy_table(150), primitives=["x", "x^2", "x^3", "cos"], time_budget=PLENTY, effort=0.1)
    assert functions_of(found) <= {"cos"}
    assert found.model is not None


def test_the_chosen_primitives_suffice() -> None:
    found = discover(line_table(), primitives=["x"], time_budget=PLENTY)
    assert found.formula.text == "2*a + 1"


def test_a_primitive_of_ones_own() -> None:
    own = Primitive("sinc", lambda m, x: m.sin(x) / x, 3, pole=True)
    found = discover(line_table(), primitives=[PRIMITIVES["x"], own], time_budget=PLENTY)
    assert found.formula.text == "2*a + 1"


# -- the same again ----------------------------------------------------------------------------------------------------


def test_one_seed_one_answer(toy: Discovery) -> None:
    again = discover(toy_table(), seed=0, time_budget=PLENTY)
    assert steady(again) == steady(toy)
    x = toy_table(50, seed=8).x
    assert np.array_equal(again.predict(x, use="network"), toy.predict(x, use="network"))


@pytest.mark.slow
def test_two_workers_one_answer(toy: Discovery, kepler: Discovery) -> None:
    for found, table in ((toy, toy_table()), (kepler, load_table("kepler"))):
        assert steady(discover(table, seed=0, time_budget=PLENTY, workers=2)) == steady(found)


@pytest.mark.slow
def test_small_tables_give_one_answer_too(kepler: Discovery) -> None:
    assert steady(discover(load_table("kepler"), seed=0, time_budget=PLENTY)) == steady(kepler)


def test_the_callers_generators_stay_where_they_are() -> None:
    import torch

    before, numpys = torch.get_rng_state(), repr(np.random.mtrand._rand.__getstate__())
    discover(line_table(), time_budget=PLENTY)
    assert torch.equal(torch.get_rng_state(), before)
    assert repr(np.random.mtrand._rand.__getstate__()) == numpys


# -- time, and its end -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "columns", "budget"), [(600, 3, 1.0), (6000, 9, 2.0)])
def test_the_budget_cuts_steps_and_names_them(rows: int, columns: int, budget: float) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (rows, columns))
    table = Table.from_arrays(x, np.sin(3 * x @ rng.normal(size=(columns, columns))).prod(1))
    found = discover(table, time_budget=budget)
    assert found.cut
    assert not found.verified


def test_progress_rises_and_names_the_steps(toy: Discovery) -> None:
    told: list[tuple[str, float, str]] = []
    found = discover(line_table(), time_budget=PLENTY, progress=lambda *news: told.append(news))
    assert list(dict.fromkeys(name for name, _, _ in told)) == [step.name for step in found.steps]
    shares = [share for _, share, _ in told]
    assert shares == sorted(shares)
    assert shares[0] >= 0
    assert shares[-1] <= 1
    assert told[-1][2] == found.formula.equation


@pytest.mark.parametrize("call", range(1, 9))
def test_ctrl_c_keeps_what_was_found(call: int) -> None:
    told: list[str] = []
    discover(line_table(), time_budget=PLENTY, progress=lambda name, share, best: told.append(best))
    found = discover(line_table(), time_budget=PLENTY, progress=interrupted_at(call))
    if call > len(told):
        assert "interrupted" not in found.cut
        return
    assert "interrupted" in found.cut
    assert (found.formula is not None) == bool(told[call - 1])
    json.dumps(found.to_json(), allow_nan=False)
    assert str(found)


def test_ctrl_c_in_the_network_keeps_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[str] = []

    def progress(name: str, *_: object) -> None:
        shapes.append(name)
        if shapes.count("network") == 3:  # the step begins, one shape, another shape
            raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "ladder", lambda *_, **__: iter(()))
    found = discover(noise_table(), time_budget=PLENTY, progress=progress)
    assert found.model is not None
    assert "interrupted" in found.cut
    assert shapes[-1] == "network"


def levels_table(rows: int = 240) -> Table:
    rng = np.random.default_rng(2)
    place = rng.choice(3, rows, p=[0.2, 0.5, 0.3])
    size = rng.uniform(1, 3, rows)
    coded = {f"place={name}": (place == i).astype(float) for i, name in enumerate("abc")}
    y = 2 * size + 3 * (place == 0) - 5 * (place == 2) + 0.1 * rng.normal(size=rows)
    names = ("size", *coded)
    return Table({"size": size, **coded, "y": y}, "y", names, levels={"place": ("a", "b", "c")})


def test_the_usual_level_of_a_column_of_words_is_left_aside(capfd: pytest.CaptureFixture[str]) -> None:
    """Beside the other levels it would leave the constants undetermined, and their digits without an end."""
    table = levels_table()
    found = discover(table, time_budget=PLENTY, effort=0.3)
    assert found.inputs == ("size", "place=a", "place=c")
    assert "'place=b' is where all other levels of 'place' are 0, and left aside." in found.warnings
    np.testing.assert_allclose(found.predict(table, use="formula"), table.y, atol=0.5)
    words = {"size": [2.0, 2.0, 2.0], "place": ["a", "b", "c"]}
    np.testing.assert_allclose(found.predict(words, use="formula"), [7, 4, -1], atol=0.3)
    for formula in found.front:
        assert all(len(f"{number:.15g}".replace(".", "").strip("-0")) < 8 for number in formula.constants.values()), (
            formula
        )
    # products of columns of 0 and 1 are 0 everywhere: nothing that is no number may reach the linear algebra
    assert capfd.readouterr().err == ""
    chosen = replace(table, inputs=("size", "place=a", "place=b"))
    assert discover(chosen, time_budget=PLENTY, effort=0.05).inputs == ("size", "place=a", "place=b")
