"""Files as people have them, and what is said of those that are no table."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from edgewise.data import Table, read_columns, read_table
from edgewise.errors import ColumnError, EdgewiseError, ReadError, ValuesError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str | bytes, name: str = "cars.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    "content",
    [
        "L,g,T\n1,2,3\n2,3,5\n",
        "L;g;T\n1;2;3\n2;3;5\n",
        "L\tg\tT\n1\t2\t3\n2\t3\t5\n",
        "L|g|T\n1|2|3\n2|3|5\n",
        "L  g T\n1 2  3\n2 3 5\n",
        "L, g, T\n1, 2, 3\n2, 3, 5\n",
        "\ufeffL,g,T\r\n1,2,3\r\n2,3,5\r\n",
        "L,g,T\n\n1,2,3\n   \n2,3,5\n\n",
        "# made by a machine\nL,g,T\n1,2,3\n# and a remark\n2,3,5",
        '"L","g","T"\n"1","2","3"\n"2","3","5"\n',
        "L,g,T\n1.0,2e0,+3\n2.,0.3E1,5\n",
        "L,g,T,\n1,2,3,\n2,3,5,\n",
        "L,g,T\n1,2,3,,\n2,3,5\n",
        "L,g,T,empty\n1,2,3,\n2,3,5,\n",
        "L,g,T\n1,2,3\n2,3,5\n".encode("utf-16"),
    ],
)
def test_one_table_in_many_dialects(write: Write, content: str | bytes) -> None:
    table = read_table(write(content), "T")
    assert table.inputs == ("L", "g")
    np.testing.assert_array_equal(table.x, [[1, 2], [2, 3]])
    np.testing.assert_array_equal(table.y, [3, 5])


def test_a_row_may_begin_with_a_number_sign(write: Write) -> None:
    path = write("# by hand\nid,x,y\n#1,1,2\n# a remark\n2,2,4\n#3,3,6,\n")
    table = read_table(path, "y", inputs=["x"])
    np.testing.assert_array_equal(table.y, [2, 4, 6])
    np.testing.assert_array_equal(read_columns(path, ["x"])["x"], [1, 2, 3])
    bare = read_table(write("#1 1 2\n# no\n#2 2 4\n"), "y", inputs=["x"], header=["id", "x", "y"])
    np.testing.assert_array_equal(bare.y, [2, 4])


def test_a_remark_that_looks_like_a_row_is_an_error_and_no_row_less(write: Write) -> None:
    with pytest.raises(ValuesError, match=r"'L' has text in 1 of 3 cells, like '# about' \(line 3\)"):
        read_table(write("L,T\n1,2\n# about,x\n2,3\n"), "T")


def test_an_empty_column_that_is_left_out_is_said(write: Write) -> None:
    path = write("L,g,T,none\n1,2,3,\n2,3,5,\n")
    assert read_table(path, "T").notes == ("column 'none' is empty and is left out",)
    assert read_table(path, "T", inputs=["L"]).notes == ()


def test_agrees_with_pandas(write: Write) -> None:
    import pandas as pd

    values = np.random.default_rng(0).normal(size=(50, 4)) * 10.0 ** np.arange(-8, 8, 4)
    path = write(pd.DataFrame(values, columns=list("abcd")).to_csv(index=False))
    np.testing.assert_array_equal(read_table(path, "d").x, Table.from_frame(pd.read_csv(path), "d").x)


def test_units_in_the_header(write: Write) -> None:
    path = write("L [m],g (m/s^2),f(x),theta [],T\n1,2,3,4,5\n2,3,4,5,6\n")
    table = read_table(path, "T", units={"T": "s", "L [m]": "cm"})
    assert table.inputs == ("L", "g", "f(x)", "theta")
    assert table.units == {"L": "cm", "g": "m/s^2", "T": "s"}
    assert read_table(path, "T", inputs=["g (m/s^2)", "L"]).inputs == ("g", "L")


def test_names_stay_whole_where_they_differ_in_their_unit_only(write: Write) -> None:
    table = read_table(write("v (min),v (max),T\n1,2,3\n3,4,5\n"), "T")
    assert table.inputs == ("v (min)", "v (max)")
    assert table.units == {}


def test_names_with_spaces_commas_and_letters_of_the_world(write: Write) -> None:
    path = write('"length, total",größe,θ 0,T\n1,2,3,4\n2,3,4,5\n')
    assert read_table(path, "T").inputs == ("length, total", "größe", "θ 0")
    assert read_table(write("größe,T\n1,2\n2,3\n".encode("cp1252")), "T").inputs == ("größe",)


def test_truth_values_and_integers(write: Write) -> None:
    table = read_table(write("hot,T\nTrue,1\nfalse,2\n"), "T")
    np.testing.assert_array_equal(table.columns["hot"], [1, 0])
    assert table.notes == ("column 'hot' holds true and false, read as 1 and 0",)


def test_text_that_nobody_asked_for_is_left_out(write: Write) -> None:
    path = write("name,L,T\nred,1,2\nblue,2,3\n")
    assert read_table(path, "T", inputs=["L"]).inputs == ("L",)


def test_text_without_chosen_inputs_names_all_such_columns(write: Write) -> None:
    path = write("name,L,kind,T\nred,1,a,2\nblue,2,b,3\n")
    with pytest.raises(
        ValuesError, match=r"'name' \(like 'red'\), 'kind' \(like 'a'\).* hold text.*--inputs L .*--one-hot name,kind"
    ):
        read_table(path, "T")


def test_a_file_without_a_column_of_numbers_names_none_that_is_not_there(write: Write) -> None:
    with pytest.raises(ValuesError, match=r"'day' \(dates, .* No other column is left: write it as numbers\.$"):
        read_table(write("day,y\n2024-01-01,2\n2024-01-02,4\n"), "y")
    with pytest.raises(ValuesError, match=r"left: write them as numbers; or make each level .*--one-hot day,kind"):
        read_table(write("day,kind,y\nmonday,a,2\ntuesday,b,4\n"), "y")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("L,T\n", "has a header .* but no rows"),
        ("L,T\n1,2\n3\n", r"line 3 of .*cars.csv has 1 cell, but the header has 2"),
        ("L,T\n\n1,2\n3,4,5\n", r"line 4 of .*cars.csv has 3 cells, but the header has 2"),
        ("1,2\n3,4\n5,6\n", "holds numbers .* not names. Put a header line"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no text but binary"),
        (b"\xff\xfeL\x00,", "no text but binary"),
        (b"\x81\x8d", "no text but binary"),
        ('L,T\n"' + "9" * 200_000 + '",2\n', "no table of cells"),
    ],
)
def test_files_that_are_no_table(write: Write, content: str | bytes, message: str) -> None:
    with pytest.raises(ReadError, match=message):
        read_table(write(content), "T")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("L;T\n1,5;2\n2,5;3\n", r"'L' holds '1,5' \(line 2\): a decimal comma.*decimal_comma=True.*like 1.5"),
        ("L,T\n2024-01-31,2\n2024-02-01,3\n", r"'L' \(dates, like '2024-01-31'\) .* text"),
        ("L,T\n1,31.1.2024\n2,1.2.2024\n", r"'T' holds dates, like '31.1.2024' \(line 2\).*time as a number"),
        ("L,T\n1,2\n,3\n", r"'L' has 1 cell that is missing or infinite, of 2 \(line 3\)"),
        ("L,T\n1,2\nNaN,3\ninf,4\n", r"'L' has 2 cells that are missing or infinite, of 3 \(lines 3, 4\)"),
        ("L,T\n1,2\n2,1e999\n", r"'T' has 1 cell that is missing or infinite"),
        ("L,T\n1,2\nabc,3\n", r"'L' has text in 1 of 2 cells, like 'abc' \(line 3\)"),
        ("L,T\n1_000,2\n1,3\n", r"'L' has text in 1 of 2 cells, like '1_000'"),
        ("L,T\n1,red\n2,blue\n", r"'T' holds text, like 'red'"),
        ("L,T\n1,2\n3,2\n", "the target 'T' is 2 in all 2 rows"),
        ("L,T\n1,2\n", "has 1 row"),
    ],
)
def test_cells_that_are_no_numbers(write: Write, content: str, message: str) -> None:
    with pytest.raises(ValuesError, match=message):
        read_table(write(content), "T")


@pytest.mark.parametrize(
    ("content", "target", "inputs", "message"),
    [
        ("L,L,T\n1,2,3\n", "T", None, "'L' stands there more than once"),
        ("length,T\n1,2\n", "t", None, "Did you mean 'T'"),
        ("length,T\n1,2\n", "T", ["lenght"], "Did you mean 'length'"),
        ("T\n1\n2\n", "T", None, "no input column"),
        ("length,T\n1,2\n", "T", ["T"], "is the target"),
    ],
)
def test_names_that_cannot_be(write: Write, content: str, target: str, inputs: list[str], message: str) -> None:
    with pytest.raises(ColumnError, match=message):
        read_table(write(content), target, inputs)


def test_a_file_that_is_not_there(write: Write, tmp_path: Path) -> None:
    write("L,T\n1,2\n", "pendulum.csv")
    with pytest.raises(ReadError, match=r"no file .*pendulm.csv. Did you mean 'pendulum.csv'"):
        read_table(tmp_path / "pendulm.csv", "T")
    with pytest.raises(ReadError, match="is a folder"):
        read_table(tmp_path, "T")
    with pytest.raises(ReadError, match=r"folder .* is not there"):
        read_table(tmp_path / "no" / "such.csv", "T")


@pytest.mark.parametrize("name", ["a.xlsx", "a.ods", "a.xlsx.gz", "a.tar.gz", "a.npz", "a.h5", "a.PDF"])
def test_other_formats_say_what_to_do(write: Write, name: str) -> None:
    with pytest.raises(ReadError, match=r"edgewise reads CSV and TSV"):
        read_table(write("PK", name), "T")


def test_columns_for_a_prediction(write: Write) -> None:
    path = write("name,g,L [m]\na,1,2\nb,3,4\n")
    columns = read_columns(path, ["L", "g"])
    np.testing.assert_array_equal(columns["L"], [2, 4])
    with pytest.raises(ColumnError, match="no column 'theta' for the inputs"):
        read_columns(path, ["theta"])


@pytest.mark.parametrize("seed", range(40))
def test_garbage_never_gets_past_the_named_errors(write: Write, seed: int) -> None:
    generator = np.random.default_rng(seed)
    letters = [*"0123456789.,;\t\"'\n\r -eET|#[]()", "\x85", "\u2028", "é"]
    content = "L,T\n" + "".join(generator.choice(letters, size=200))
    with suppress(EdgewiseError):
        assert np.isfinite(read_table(write(content), "T").x).all()
