"""From a table to a formula: what must be found, what must not be claimed, and what must be said."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sympy

import edgewise.discovery.pipeline as pipeline
from edgewise.data import Table, as_table, load_table
from edgewise.discovery import Discovery, discover
from edgewise.errors import (
    ColumnError,
    EdgewiseWarning,
    FormulaError,
    SettingsError,
    ShapeError,
    StorageError,
    UnknownNameError,
    ValuesError,
)
from edgewise.formula import Formula, parse
from edgewise.primitives import PRIMITIVES, Primitive

KEYS = {
    *("target", "formula", "symbols", "latex", "verified", "rmse", "r2", "complexity", "front", "network", "inputs"),
    *("rows", "seconds", "seed", "cut", "warnings", "steps", "test", "constants"),
}
PLENTY = 600.0  # seconds: no budget of these tests is reached, so that nothing depends on the machine's speed


def toy_table(rows: int = 200, seed: int = 0) -> Table:
    a, b = np.random.default_rng(seed).uniform(-1, 1, (2, rows))
    return Table.from_arrays(np.c_[a, b], np.exp(np.sin(np.pi * a) + b**2), names=["a", "b"], target="y")


def line_table(rows: int = 80) -> Table:
    a, b = np.random.default_rng(0).uniform(1, 2, (2, rows))
    return Table.from_arrays(np.c_[a, b], 2 * a + 1, names=["a", "b"])


def noise_table(rows: int = 120) -> Table:
    rng = np.random.default_rng(3)
    return Table.from_arrays(rng.uniform(-1, 1, (rows, 2)), rng.normal(size=rows), names=["a", "b"])


def flow_table(noise: float, rows: int = 300) -> Table:
    """3.7 lambda^2 / depth under names that no language likes."""
    rng = np.random.default_rng(1)
    x = rng.uniform(1, 5, (rows, 2))
    y = 3.7 * x[:, 0] ** 2 / x[:, 1]
    y = y + noise * y.std() * rng.normal(size=rows)
    return Table.from_arrays(x, y, names=["lambda", "bed depth [cm]"], target="flow", units={"flow": "m/s"})


@pytest.fixture(scope="module")
def toy() -> Discovery:
    return discover(toy_table(), seed=0, time_budget=PLENTY)


@pytest.fixture(scope="module")
def kepler() -> Discovery:
    return discover(load_table("kepler"), seed=0, time_budget=PLENTY)


@pytest.fixture(scope="module")
def noisy() -> Discovery:
    return discover(flow_table(0.01), seed=0, time_budget=PLENTY, effort=0.2)


@pytest.fixture(scope="module")
def noise() -> Discovery:
    return discover(noise_table(), seed=0, time_budget=PLENTY, effort=0.1)


@pytest.fixture(scope="module", params=["toy", "kepler", "noisy", "noise"])
def any_discovery(request: pytest.FixtureRequest) -> Discovery:
    found: Discovery = request.getfixturevalue(request.param)
    return found


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


def interrupted_at(call: int) -> Callable[..., None]:
    calls: Iterator[int] = iter(range(1, 10**6))

    def progress(*_: object) -> None:
        if next(calls) == call:
            raise KeyboardInterrupt

    return progress


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


# -- the result --------------------------------------------------------------------------------------------------------


def test_json_is_complete_and_strict(any_discovery: Discovery) -> None:
    plain = any_discovery.to_json()
    assert plain.keys() == KEYS
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["network"].keys() == {"shape", "rmse", "r2", "rate"}
    assert all(row.keys() == {"complexity", "rmse", "r2", "score", "equation"} for row in plain["front"])
    assert all(step.keys() == {"name", "found", "error", "seconds"} for step in plain["steps"])
    assert plain["rows"] == any_discovery.rows
    errors = [row["rmse"] for row in plain["front"]]
    assert errors == sorted(errors, reverse=True)


def test_saved_and_loaded_is_the_same(any_discovery: Discovery, tmp_path: Path) -> None:
    any_discovery.save(tmp_path / "run")
    json.loads((tmp_path / "run" / "formula.json").read_text(), parse_constant=pytest.fail)
    again = Discovery.load(tmp_path / "run")
    assert again.to_json() == any_discovery.to_json()
    for use in ("formula", "network"):
        ours, theirs = (found.predict(any_discovery.sample, use=use) for found in (any_discovery, again))
        assert np.array_equal(ours, theirs)
    assert np.array_equal(again.sample, any_discovery.sample)
    assert str(again) == str(any_discovery)
    again.save(tmp_path / "again")
    for name in ("formula.json", "network.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "run" / name).read_bytes()


def test_a_result_without_numbers_is_stored_too(tmp_path: Path) -> None:
    found = discover(line_table(), time_budget=PLENTY, progress=interrupted_at(1))
    assert found.formula is not None  # the mean, which stands there from the start
    assert not found.formula.expression.free_symbols
    assert found.model is None
    assert not found.verified
    found.save(tmp_path)
    assert Discovery.load(tmp_path).to_json() == found.to_json()
    assert math.isnan(Discovery.load(tmp_path).network_rmse)


@pytest.mark.filterwarnings("ignore:.*leaves the range:edgewise.errors.EdgewiseWarning")
def test_predictions_take_tables_mappings_and_arrays(toy: Discovery) -> None:
    table = toy_table(20, seed=5)
    for use in ("formula", "network"):
        answers = [toy.predict(x, use=use) for x in (table, dict(table.columns), table.x)]
        assert all(answer.shape == (20,) for answer in answers)
        assert np.array_equal(answers[0], answers[1])
        assert np.array_equal(answers[0], answers[2])
    np.testing.assert_allclose(toy.predict(table), table.y, rtol=1e-12)
    np.testing.assert_allclose(toy.predict(table, use="network"), table.y, atol=1e-3)


def test_predictions_that_cannot_be(toy: Discovery) -> None:
    with pytest.raises(ShapeError, match="a, b"):
        toy.predict(np.zeros((3, 3)))
    for ask in (toy.svg, lambda use: toy.interval(np.zeros((3, 2)), use=use)):
        with pytest.raises(SettingsError, match="'formula' or 'network'"):
            ask("net")
    with pytest.raises(SettingsError, match="'formula' or 'network'"):
        toy.predict(np.zeros((3, 2)), use="net")
    nothing = discover(line_table(), time_budget=PLENTY, progress=interrupted_at(1))
    with pytest.raises(FormulaError, match="no network"):
        nothing.predict(np.zeros((3, 2)), use="network")


def test_the_network_answers_where_the_formula_is_no_law(toy: Discovery, any_discovery: Discovery) -> None:
    assert toy.trusted == "formula"
    assert any_discovery.trusted == "formula" or not any_discovery.verified
    doubtful = replace(toy, verified=False, network_rmse=1e-3, formula=replace(toy.formula, rmse=1.0))
    assert doubtful.trusted == "network"
    assert replace(doubtful, network_rmse=0.9).trusted == "formula"
    x = any_discovery.sample
    assert np.array_equal(any_discovery.predict(x), any_discovery.predict(x, use=any_discovery.trusted))


@pytest.mark.parametrize("text", ["", "{}", "[1]", "nonsense", '{"formulas": 3}'])
def test_a_folder_that_holds_no_discovery(text: str, tmp_path: Path) -> None:
    (tmp_path / "formula.json").write_text(text)
    with pytest.raises(StorageError, match="holds no discovery"):
        Discovery.load(tmp_path)
    with pytest.raises(StorageError, match="holds no discovery"):
        Discovery.load(tmp_path / "nowhere")


def test_the_text_is_for_readers(toy: Discovery, noise: Discovery) -> None:
    assert "200 rows, 2 inputs (a, b) -> y" in str(toy)
    assert ">>" in str(toy)
    assert "(at the noise floor)" in str(toy)
    assert "not a law" in str(noise)


@pytest.mark.parametrize("use", ["formula", "network"])
def test_columns_of_a_mapping_are_equally_long_or_one_value(toy: Discovery, use: str) -> None:
    first, second = toy.inputs
    one = toy.predict({first: 0.5, second: [0.1, 0.2]}, use=use)
    np.testing.assert_array_equal(one, toy.predict({first: [0.5, 0.5], second: [0.1, 0.2]}, use=use))
    assert toy.predict({first: 0.5, second: 0.1}, use=use).shape == (1,)
    with pytest.raises(ShapeError, match=f"{first} 2, {second} 3"):
        toy.predict({first: [1, 2], second: [1, 2, 3]}, use=use)


@pytest.mark.filterwarnings("ignore:.*leaves the range:edgewise.errors.EdgewiseWarning")
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_predictions_take_frames_by_the_names_of_their_columns(toy: Discovery, frame: Callable[..., Any]) -> None:
    table = toy_table(20, seed=5)
    a, b = (table.columns[name] for name in ("a", "b"))
    for use in ("formula", "network"):
        expected = toy.predict(table, use=use)
        for columns in ({"b": b, "a": a}, {"word": ["x"] * 20, "b": b, "gap": [None] * 20, "a": a}):
            np.testing.assert_array_equal(toy.predict(frame(columns), use=use), expected)
    with pytest.raises(ColumnError, match="there is no column 'b' for the inputs"):
        toy.predict(frame({"a": a}), use="network")
    with pytest.raises(ValuesError, match=r"column 'b' holds text, like 'x' \(row 1\)"):
        toy.predict(frame({"a": a, "b": ["x"] * 20}))


def test_predictions_code_the_words_of_a_frame_as_the_table_was(toy: Discovery) -> None:
    coded = replace(toy, inputs=("a", "sex=f", "sex=m"), levels={"sex": ("f", "m")}, ranges={})
    symbols = {"a": "a", "f": "sex=f", "m": "sex=m"}
    coded = replace(coded, formula=Formula("y", parse("a + 2*f - m", symbols), symbols))
    words = {"sex": ["f", "m", "f"], "a": [1.0, 2.0, 3.0]}
    for given in (words, pl.DataFrame(words), pd.DataFrame(words).astype({"sex": "category"})):
        np.testing.assert_array_equal(coded.predict(given, use="formula"), [3.0, 1.0, 5.0])
    with pytest.raises(ValuesError, match=r"column 'sex' holds 'x' \(row 2\), which was not there in training"):
        coded.predict({"sex": ["f", "x"], "a": [1.0, 2.0]}, use="formula")
    with pytest.raises(ValuesError, match=r"lazy.*frame.collect\(\)"):
        coded.predict(pl.DataFrame(words).lazy())


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
