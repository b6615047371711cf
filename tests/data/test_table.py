"""What a table promises: finite read-only columns, named errors, a split that depends on nothing but its seed."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from edgewise.data import Table, columns_of
from edgewise.errors import ColumnError, SettingsError, ShapeError, ValuesError


@pytest.fixture
def table() -> Table:
    x = np.arange(20.0).reshape(10, 2)
    return Table.from_arrays(x, x.sum(axis=1), names=["L", "g"], target="T", units={"L": "m", "T": "s"})


def frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_columns_are_float64_read_only_and_copied() -> None:
    x = np.arange(6, dtype=np.int32).reshape(3, 2)
    table = Table.from_arrays(x, [1, 2, 3])
    x[0, 0] = 99
    assert table.columns["x0"][0] == 0
    assert table.inputs == ("x0", "x1")
    assert {values.dtype for values in (table.x, table.y)} == {np.dtype("float64")}
    for values in (table.x, table.y, table.columns["x0"]):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1.0


def test_one_input_and_a_target_with_two_dimensions() -> None:
    table = Table.from_arrays([1.0, 2.0, 3.0], [[1.0], [2.0], [3.0]])
    assert table.x.shape == (3, 1)
    assert table.y.shape == (3,)


def test_select_and_take(table: Table) -> None:
    chosen = table.select(["g"])
    assert chosen.inputs == ("g",)
    assert set(chosen.columns) == {"g", "T"}
    assert chosen.units == {"T": "s"}
    np.testing.assert_array_equal(table.take([3, 1]).y, table.y[[3, 1]])
    np.testing.assert_array_equal(table.take(table.y > 9).y, table.y[table.y > 9])
    assert table.take([]).rows == 0


@pytest.mark.parametrize(("rows", "held"), [(2, 1), (3, 1), (5, 1), (8, 2), (100, 20)])
def test_split_is_a_partition_with_a_row_on_each_side(rows: int, held: int) -> None:
    table = Table.from_arrays(np.arange(float(rows)), np.arange(float(rows)))
    train, held_out = table.split(0.2, seed=3)
    assert held_out.rows == held
    np.testing.assert_array_equal(np.sort(np.concatenate([train.y, held_out.y])), table.y)


def test_split_depends_on_the_seed_alone(table: Table) -> None:
    first, again = table.split(0.3, seed=5), table.split(0.3, seed=5)
    np.testing.assert_array_equal(first[1].y, again[1].y)
    others = [tuple(table.split(0.3, seed=s)[1].y) for s in range(10)]
    assert len(set(others)) > 5


def test_split_refuses_what_cannot_be(table: Table) -> None:
    with pytest.raises(SettingsError, match=r"between 0 and 1, not 1\.5"):
        table.split(1.5)
    with pytest.raises(ValuesError, match="cannot be split"):
        table.take([0]).split()


def test_repr_and_labels(table: Table) -> None:
    assert repr(table) == "Table(10 rows, L [m], g -> T [s])"
    assert table.label("g") == "g"


def test_a_table_can_be_copied_and_so_be_sent_to_another_process(table: Table) -> None:
    np.testing.assert_array_equal(copy.deepcopy(table).x, table.x)


def test_from_frame_takes_the_other_columns_as_inputs() -> None:
    data = frame(L=[1, 2, 3], hot=[True, False, True], T=[1.0, 2.0, 4.0])
    table = Table.from_frame(data, "T")
    assert table.inputs == ("L", "hot")
    np.testing.assert_array_equal(table.columns["hot"], [1, 0, 1])
    assert Table.from_frame(data, "T", inputs=["hot"]).inputs == ("hot",)


def test_from_frame_ignores_text_that_nobody_asked_for() -> None:
    data = frame(L=[1, 2], name=["a", "b"], T=[1.0, 2.0])
    assert Table.from_frame(data, "T", inputs=["L"]).inputs == ("L",)


def test_from_frame_takes_a_mapping_and_columns_that_are_numbers() -> None:
    assert Table.from_frame({"a": [1, 2], "b": [2, 3]}, "b").inputs == ("a",)
    assert Table.from_frame(pd.DataFrame([[1, 2], [2, 3]]), "1").inputs == ("0",)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (frame(a=["red", "blue"], T=[1, 2]), r"column 'a' holds text, like 'red' \(row 1\)"),
        (frame(a=["1.5", "blue"], T=[1, 2]), r"column 'a' has text in 1 of 2 cells, like 'blue' \(row 2\)"),
        (
            frame(a=[1, np.nan, np.inf], T=[1, 2, 3]),
            r"'a' has 2 cells that are missing or infinite, of 3 \(rows 2, 3\)",
        ),
        (frame(a=pd.array([1, None], dtype="Int64"), T=[1, 2]), r"'a' has 1 cell that is missing or infinite"),
        (frame(a=[None, 1.0, 2.0], T=[1, 2, 3]), r"\(row 1\). Drop these rows"),
        (frame(a=[np.nan] * 9, T=range(9)), r"\(rows 1, 2, 3, 4, 5, \.\.\.\)"),
        (frame(a=pd.to_datetime(["2020-01-01"] * 2), T=[1, 2]), "'a' holds dates"),
        (frame(a=[1j, 2j], T=[1, 2]), "'a' holds complex numbers"),
        (frame(a=[1, 2, 3], T=[5, 5, 5]), "the target 'T' is 5 in all 3 rows"),
        (frame(a=[1], T=[5]), "the table has 1 row; a law needs at least 2"),
    ],
)
def test_cells_that_are_no_finite_numbers(data: pd.DataFrame, message: str) -> None:
    with pytest.raises(ValuesError, match=message):
        Table.from_frame(data, "T")


@pytest.mark.parametrize(
    ("target", "inputs", "message"),
    [
        ("t", None, "no column 't' for the target. Did you mean 'T'"),
        ("T", ["lenght"], "no column 'lenght' for the inputs. Did you mean 'length'"),
        ("T", ["length", "T"], "'T' is the target and cannot be an input"),
        ("T", ["length", "length"], "'length' stands there more than once"),
        ("T", [], "no input column"),
        ("T", "length", r"Write inputs=\['length'\]"),
    ],
)
def test_names_that_cannot_be(target: str, inputs: list[str], message: str) -> None:
    with pytest.raises(ColumnError, match=message):
        Table.from_frame(frame(length=[1, 2], T=[1, 2]), target, inputs=inputs)


def test_a_name_twice() -> None:
    with pytest.raises(ColumnError, match="'a' stands there more than once"):
        Table.from_frame(pd.DataFrame([[1, 2, 3]], columns=["a", "a", "T"]), "T")
    with pytest.raises(ColumnError, match="'y' stands there more than once"):
        Table.from_arrays([[1.0], [2.0]], [1.0, 2.0], names=["y"])


def test_a_target_alone() -> None:
    with pytest.raises(ColumnError, match="no input column beside the target 'T'"):
        Table.from_frame(frame(T=[1, 2]), "T")


def test_units_of_a_column_that_is_not_there() -> None:
    with pytest.raises(ColumnError, match=r"no column 'l' for the units. Did you mean 'L'"):
        Table.from_frame(frame(L=[1, 2], T=[1, 2]), "T", units={"l": "m"})


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"2 names .* for 1 input"):
        Table.from_arrays([[1.0], [2.0]], [1.0, 2.0], names=["a", "b"])
    with pytest.raises(ShapeError, match="inputs have 2 rows and the target has 3"):
        Table.from_arrays([[1.0], [2.0]], [1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match=r"target has the shape \(2, 2\)"):
        Table.from_arrays([[1.0], [2.0]], [[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(ShapeError, match=r"inputs have the shape \(2, 1, 1\)"):
        Table.from_arrays(np.ones((2, 1, 1)), [1.0, 2.0])
    with pytest.raises(ShapeError, match="different numbers of rows"):
        Table({"a": np.ones(2), "T": np.ones(3)}, "T", ("a",))
    with pytest.raises(ShapeError, match="'a' has the shape"):
        Table({"a": np.ones((2, 2)), "T": np.ones(2)}, "T", ("a",))


# -- weights -----------------------------------------------------------------------------------------------------------


def test_weights_go_with_their_rows() -> None:
    table = Table.from_arrays(range(5), range(5), weights=[1, 0, 2, 3, 0.5])
    assert table.rows == 4
    np.testing.assert_array_equal(table.y, [0, 2, 3, 4])
    np.testing.assert_array_equal(table.take([2, 0]).weights, [3, 1])
    np.testing.assert_array_equal(table.select(["x0"]).weights, table.weights)
    for part in table.split(0.25, seed=1):
        np.testing.assert_array_equal(part.weights, table.weights[np.searchsorted(table.y, part.y)])
    assert table.take([]).rows == 0
    with pytest.raises(ValueError, match="read-only"):
        table.weights[0] = 5.0
    assert Table.from_arrays(range(5), range(5)).weights is None


def test_weights_may_be_a_column_of_the_frame() -> None:
    data = frame(a=[1, 2, 3], w=[1, 2, 0], T=[1.0, 2.0, 4.0])
    table = Table.from_frame(data, "T", weights="w")
    assert table.inputs == ("a",)
    np.testing.assert_array_equal(table.weights, [1, 2])
    np.testing.assert_array_equal(Table.from_frame(data, "T", weights=[3, 2, 1]).weights, [3, 2, 1])
    with pytest.raises(ColumnError, match="no column 'v' for the weights"):
        Table.from_frame(data, "T", weights="v")


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ([1, -2, -3], ValuesError, r"0 or more, but -2 came for row 2 \(2 of 3 are negative\)"),
        ([1, np.nan, 1], ValuesError, "'weights' has 1 cell that is missing or infinite"),
        ([1, np.inf, 1], ValuesError, "missing or infinite"),
        ([1, 2], ShapeError, r"shape \(2,\) for 3 rows"),
        ([[1], [2], [3]], ShapeError, r"shape \(3, 1\) for 3 rows"),
        ([0, 0, 0], ValuesError, "all weights are zero"),
        ([0, 0, 1], ValuesError, "the table has 1 row"),
    ],
    ids=str,
)
def test_weights_that_cannot_be(weights: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Table.from_arrays(range(3), range(3), weights=weights)


def test_units_in_the_names_of_a_frame_are_read_as_in_a_file() -> None:
    frame = pd.DataFrame(
        {"m [kg]": [1.0, 2.0, 3.0], "h (m)": [2.0, 3.0, 5.0], "E [J]": [2.0, 6.0, 15.0], "v (min)": 1.0}
    )
    for target in ("E", "E [J]"):
        table = Table.from_frame(frame, target, ["m", "h (m)"])
        assert (table.inputs, table.target) == (("m", "h"), "E")
        assert table.units == {"m": "kg", "h": "m", "E": "J"}
    assert columns_of(frame, ("m", "h"), ("m", "h"))["h"].tolist() == [2.0, 3.0, 5.0]
    assert columns_of({"m": [1.0], "m [kg]": [2.0]}, ("m",), ("m",))["m"].tolist() == [1.0]
    both = Table.from_frame(
        pd.DataFrame({"v (min)": [1.0, 2.0, 4.0], "v (max)": [3.0, 4.0, 9.0], "y": [1.0, 2.0, 3.0]}), "y"
    )
    assert both.inputs == ("v (min)", "v (max)")


@pytest.mark.parametrize("kind", [dict, pd.DataFrame, pl.DataFrame])
def test_from_frame_makes_inputs_of_words(kind: Callable[[dict[str, list]], Any]) -> None:
    given = kind({"colour": ["red", "blue", "red"], "a": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 3.5]})
    table = Table.from_frame(given, "y", one_hot=["colour"])
    assert table.inputs == ("colour=blue", "colour=red", "a")
    np.testing.assert_array_equal(table.columns["colour=red"], [1, 0, 1])
    assert table.levels == {"colour": ("blue", "red")}
    assert "column 'colour' became 2 of 0 and 1" in table.notes[0]
    with pytest.raises(ValuesError, match=r"holds text, like 'red'.*one_hot=\['colour'\]"):
        Table.from_frame(given, "y")
    with pytest.raises(ColumnError, match="one_hot"):
        Table.from_frame(given, "y", inputs=["a"], one_hot=["colour"])
