"""The result of a search: its JSON, its folder, its text, its answers."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from edgewise.discovery import Discovery, discover
from edgewise.errors import ColumnError, FormulaError, SettingsError, ShapeError, StorageError, ValuesError
from edgewise.formula import Formula, parse
from tests.support.searches import PLENTY, interrupted_at, line_table, toy_table

KEYS = {
    *("target", "formula", "symbols", "latex", "verified", "rmse", "r2", "complexity", "front", "network", "inputs"),
    *("rows", "seconds", "seed", "cut", "warnings", "steps", "test", "constants"),
}


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
    for words in ([["a", 1.0]], [["a"]]):
        with pytest.raises(ValuesError, match=r"x is no array of numbers \(rows, 2\) for a, b"):
            toy.predict(words)
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


def test_a_law_without_one_of_the_inputs_has_a_picture(toy: Discovery) -> None:
    symbols = {"a": "a"}
    lean = replace(toy, formula=Formula("y", parse("a**2", symbols), symbols))
    assert lean.plot().figure is not None
    assert toy.plot(use="network").figure is not None
    with pytest.raises(FormulaError, match=r"no formula to draw.*use='network'"):
        replace(toy, formula=None).plot()
