"""What is done to cells by choice only, and said: words as columns of 0 and 1, rows left out, weights."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edgewise.data import read_columns, read_table
from edgewise.errors import ColumnError, ValuesError

Write = Callable[..., Path]
CARS = "colour,cyl,L,w,T\nred,4,1,1,2\nblue,6,2,0,3\nred,4,3,2.5,5\ngreen,8,4,1,7\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str, name: str = "cars.csv") -> Path:
        (tmp_path / name).write_text(content, encoding="utf-8")
        return tmp_path / name

    return write


# ---- words as columns of 0 and 1


def test_levels_agree_with_pandas(write: Write) -> None:
    path = write(CARS)
    table = read_table(path, "T", one_hot=["colour"])
    dummies = pd.get_dummies(pd.read_csv(path), columns=["colour"], prefix_sep="=")
    assert table.levels == {"colour": ("blue", "green", "red")}
    assert table.inputs == ("colour=blue", "colour=green", "colour=red", "cyl", "L", "w")
    for name in table.inputs:
        np.testing.assert_array_equal(table.columns[name], dummies[name])
    assert table.notes == ("column 'colour' became 3 of 0 and 1: colour=blue, colour=green, colour=red",)


def test_levels_stand_where_the_column_was_asked_for(write: Write) -> None:
    table = read_table(write(CARS), "T", inputs=["L", "colour"], one_hot=["colour"])
    assert table.inputs == ("L", "colour=blue", "colour=green", "colour=red")


def test_numbers_may_be_levels_and_are_written_alike(write: Write) -> None:
    table = read_table(write(CARS), "T", inputs=["cyl"], one_hot=["cyl"])
    assert table.levels == {"cyl": ("4", "6", "8")}
    columns = read_columns(write("cyl\n4.0\n6\n8e0\n", "new.csv"), ["cyl=4", "cyl=8"], table.levels)
    np.testing.assert_array_equal(columns["cyl=4"], [1, 0, 0])
    np.testing.assert_array_equal(columns["cyl=8"], [0, 0, 1])


def test_codes_with_zeros_in_front_stay_codes(write: Write) -> None:
    body = "\n".join(f"{code},{i}" for i, code in enumerate(["007", "7", "07"] * 2))
    assert read_table(write(f"code [x],T\n{body}\n"), "T", one_hot=["code"]).levels == {"code": ("007", "07", "7")}


def test_levels_do_not_depend_on_where_in_a_long_file_they_stand(write: Write) -> None:
    words = ["01"] * 15_000 + ["A", "1"]
    path = write("code,T\n" + "".join(f"{word},{i}\n" for i, word in enumerate(words)))
    table = read_table(path, "T", one_hot=["code"])
    assert table.levels == {"code": ("01", "1", "A")}
    assert table.columns["code=01"].sum() == 15_000


def test_a_level_that_was_not_there_in_training(write: Write) -> None:
    levels = read_table(write(CARS), "T", one_hot=["colour"]).levels
    new = write("colour,cyl,L,w\nred,4,1,1\nviolet,4,1,1\n", "new.csv")
    with pytest.raises(ValuesError, match=r"'colour' holds 'violet' \(line 3\), .*not there in training \(known: blue"):
        read_columns(new, ["colour=red", "L"], levels)
    with pytest.raises(ColumnError, match="no column 'colour' for the inputs"):
        read_columns(write("L\n1\n", "lean.csv"), ["colour=red", "L"], levels)


def test_a_column_whose_name_looks_like_a_level_is_none(write: Write) -> None:
    """Only what was made from words in training is made again."""
    table = read_table(write("dose,dose=0,T\n1,2,3\n2,5,4\n"), "T")
    assert table.inputs == ("dose", "dose=0")
    with pytest.raises(ColumnError, match="no column 'dose=0'"):
        read_columns(write("dose\n0\n1\n", "new.csv"), table.inputs, table.levels)


@pytest.mark.parametrize(
    ("content", "one_hot", "error", "message"),
    [
        (CARS, ["color"], ColumnError, "no column 'color' for the one_hot columns. Did you mean 'colour'"),
        (CARS, "colour", ColumnError, r"Write one_hot=\['colour'\]"),
        ("L,T\n1,2\n2,3\n", ["T"], ColumnError, "one_hot names 'T', which is no input"),
        ("c,T\nred,1\n,2\n", ["c"], ValuesError, r"'c' has 1 blank cell \(line 3\), which is no level"),
        ("c,T\n" + "".join(f"a{i},{i}\n" for i in range(51)), ["c"], ValuesError, "51 levels, more than the 50"),
        ("c,c=red,T\nred,1,2\nblue,2,3\n", ["c"], ColumnError, "'c=red' stands there more than once"),
    ],
)
def test_words_that_cannot_be_coded(
    write: Write, content: str, one_hot: list[str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read_table(write(content), "T", one_hot=one_hot)


def test_too_many_levels_are_no_way_out(write: Write) -> None:
    path = write("name,L,T\n" + "".join(f"a{i},{i},{i}\n" for i in range(60)))
    with pytest.raises(ValuesError) as caught:
        read_table(path, "T")
    assert "--inputs L" in str(caught.value)
    assert "--one-hot" not in str(caught.value)


# ---- rows left out


def test_rows_with_missing_cells_are_left_out_by_choice(write: Write) -> None:
    path = write("c,L,n,T\nred,1,1,2\nblue,,1,3\n,3,1,5\nred,4,,7\nblue,inf,1,8\nred,5,1,9\n")
    with pytest.raises(
        ValuesError, match=r"'L' has 2 cells .*\(lines 3, 6\).*--drop-missing \(in Python: drop_missing"
    ):
        read_table(path, "T", inputs=["L"])
    table = read_table(path, "T", inputs=["c", "L"], one_hot=["c"], drop_missing=True)
    np.testing.assert_array_equal(table.columns["L"], [1, 4, 5])
    assert table.levels == {"c": ("red",)}
    said = "left out 3 of 6 rows, in which a cell is missing or infinite (1 in 'c', 2 in 'L')"
    assert table.notes == (said, "column 'c' became 1 of 0 and 1: c=red")


def test_nothing_is_said_where_nothing_was_missing(write: Write) -> None:
    assert read_table(write(CARS), "T", inputs=["L"], drop_missing=True).notes == ()


def test_text_among_numbers_is_not_missing(write: Write) -> None:
    with pytest.raises(ValuesError, match=r"'L' has text in 1 of 2 cells, like 'abc' \(line 4\)"):
        read_table(write("L,T\n1,2\n,3\nabc,4\n"), "T", drop_missing=True)


def test_no_row_without_a_missing_cell(write: Write) -> None:
    with pytest.raises(ValuesError, match=r"missing in each of the 3 rows.*Leave out .*'L' \(2\)"):
        read_table(write("L,n,T\n,1,2\n,2,3\n3,,4\n"), "T", drop_missing=True)


def test_a_prediction_drops_no_rows_and_does_not_offer_it(write: Write) -> None:
    with pytest.raises(ValuesError) as caught:
        read_columns(write("L\n1\n\n \n2\nNA\n"), ["L"])
    assert "(line 6). Drop these rows or fill the cells." in str(caught.value)


# ---- weights


def test_weights_are_a_column_of_the_file(write: Write) -> None:
    table = read_table(write(CARS), "T", inputs=["L"], weights="w")
    assert table.weights is not None
    np.testing.assert_array_equal(table.weights, [1, 2.5, 1])
    np.testing.assert_array_equal(table.columns["L"], [1, 3, 4])
    assert table.notes == ("1 row of weight 0 is left out",)
    assert "w" not in read_table(write(CARS), "T", weights="w", one_hot=["colour"]).inputs


@pytest.mark.parametrize(
    ("weights", "inputs", "message"),
    [
        ("v", None, "no column 'v' for the weights"),
        ("T", ["L"], "'T' is the target and cannot be the weights"),
        ("w", ["L", "w"], "'w' holds the weights and cannot be an input"),
    ],
)
def test_weights_that_cannot_be(write: Write, weights: str, inputs: list[str] | None, message: str) -> None:
    with pytest.raises(ColumnError, match=message):
        read_table(write(CARS), "T", inputs, weights=weights)


def test_a_missing_weight_is_a_missing_cell(write: Write) -> None:
    path = write("L,w,T\n1,1,2\n2,,3\n3,1,4\n")
    with pytest.raises(ValuesError, match="'w' has 1 cell that is missing"):
        read_table(path, "T", weights="w")
    assert read_table(path, "T", weights="w", drop_missing=True).rows == 2


# ---- through the search and the command line


def test_notes_and_levels_go_all_the_way(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    from edgewise.cli.entry import run

    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"L": generator.uniform(1, 3, 60), "c": generator.choice(["red", "blue"], 60)})
    frame["T"] = 2 * frame["L"] + 3 * (frame["c"] == "red")
    frame.loc[4, "L"] = np.nan
    path = write(frame.to_csv(index=False))
    folder = path.parent / "run"
    options = ["--one-hot", "c", "--drop-missing", "--time-budget", "20", "--effort", "0.2", "--out", str(folder)]
    assert run(["discover", str(path), "--target", "T", *options]) == 0
    said = capsys.readouterr().out
    assert "note: left out 1 of 60 rows, in which a cell is missing or infinite (1 in 'L')" in said
    assert "note: column 'c' became 2 of 0 and 1: c=blue, c=red" in said
    new = write("c,L\nblue,1.5\nred,2\n", "new.csv")
    assert run(["predict", str(folder), str(new)]) == 0
    predicted = capsys.readouterr().out.split()[1:]
    np.testing.assert_allclose([float(value) for value in predicted], [3, 7], rtol=1e-6)
    assert run(["predict", str(folder), str(write("c,L\ngreen,1\n", "strange.csv"))]) == 2
    assert "not there in training" in capsys.readouterr().err


# ---- decimal commas


def test_decimal_commas_by_choice(write: Write) -> None:
    text = "name;L;g;T\nDo. 3;1,5;-2,25e-3;3\nRe;2;,5;4,0\n"
    path = write("L;T\n1,5;2\n2,5;3\n")
    with pytest.raises(ValuesError, match=r"--decimal-comma \(in Python: decimal_comma=True\)"):
        read_table(path, "T")
    path = write(text.replace(",5;4,0", "0,5;4,0"))
    table = read_table(path, "T", ["L", "g"], decimal_comma=True)
    np.testing.assert_array_equal(table.x, [[1.5, -2.25e-3], [2, 0.5]])
    np.testing.assert_array_equal(table.y, [3, 4])
    np.testing.assert_array_equal(read_columns(path, ["L"], decimal_comma=True)["L"], [1.5, 2])
    quoted = write('L,T\n"1,5",2\n"2,5",3\n')
    np.testing.assert_array_equal(read_table(quoted, "T", decimal_comma=True).columns["L"], [1.5, 2.5])


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("1,000;2,500", "'1,000' (line 2): 1 with a decimal comma, or 1000 with a comma between thousands?"),
        ("1,000;2,5", "'1,000' (line 2): a decimal comma."),
        ("1,000;1,000,000", "'1,000' (line 2): commas between thousands. Write numbers without them, like 1000."),
        ("14,470.53;3", "'14,470.53' (line 2): commas between thousands. Write numbers without them, like 14470.53."),
        ("-1,234,567;3", "'-1,234,567' (line 2): commas between thousands."),
    ],
)
def test_thousands_are_no_decimal_commas(write: Write, cells: str, told: str) -> None:
    """The two readings differ a thousandfold: both are named, but where another cell of the column settles it."""
    one, other = cells.split(";")
    path = write(f"L;T\n{one};1\n{other};2\n")
    with pytest.raises(ValuesError, match=re.escape(f"column 'L' holds {told}")):
        read_table(path, "T")


@pytest.mark.parametrize(
    ("rows", "notes"),
    [
        ("1,000;1\n2,500;2\n", ["column 'L': '1,000' was read as 1 (a decimal comma), not as 1000"]),
        ("1,000;1\n2,5;2\n", []),
        ("1,000;1,5\n2,500;2\n", []),
    ],
)
def test_what_may_be_thousands_is_noted(write: Write, rows: str, notes: list[str]) -> None:
    table = read_table(write(f"L;T\n{rows}"), "T", decimal_comma=True)
    assert table.columns["L"][0] == 1.0
    assert list(table.notes) == notes


@pytest.mark.parametrize("cell", ["1.5", "1.234", "1.234,5", "1.234.567", "-.5", "1.e3"])
def test_a_point_among_decimal_commas_is_refused(write: Write, cell: str) -> None:
    path = write(f"L;T\n1,5;2\n{cell};3\n")
    with pytest.raises(ValuesError, match=rf"line 3 holds '{re.escape(cell)}', a point in a file of decimal commas"):
        read_table(path, "T", decimal_comma=True)


def test_words_and_dates_among_decimal_commas_stay_what_they_are(write: Write) -> None:
    path = write("colour;day;L;T\nv1.5;01.02.2024;1,5;2\nb;02.02.2024;2,5;3\n")
    table = read_table(path, "T", ["colour", "L"], one_hot=["colour"], decimal_comma=True)
    assert table.inputs == ("colour=b", "colour=v1.5", "L")
    with pytest.raises(ValuesError, match=r"'day' \(dates"):
        read_table(path, "T", ["day", "L"], decimal_comma=True)


def test_a_target_of_words_is_said_first(write: Write) -> None:
    with pytest.raises(ValuesError, match=r"the target 'colour' holds text, like 'red': 3 different .*KANClassifier"):
        read_table(write(CARS), "colour")
