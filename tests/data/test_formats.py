"""The same table in every format that is read, and what is said of files that only look like one."""

import builtins
import bz2
import gzip
import io
import itertools
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from edgewise.data import Table, read_columns, read_table
from edgewise.errors import ReadError, ValuesError

FRAME = pd.DataFrame(
    {
        "L [m]": [1.5, 2.25, 1e-300, -3.0],
        "n": [1, 2, 3, 4],
        "hot": [True, False, False, True],
        "colour": ["red", "blue", "red", "green"],
        "T": [0.1, 0.2, 0.30000000000000004, 4.0],
    }
)
RECORDS = FRAME.to_dict("records")


def csv() -> bytes:
    return FRAME.to_csv(index=False).encode()


def zipped(name: str, *others: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for member in (name, *others):
            archive.writestr(member, csv())
    return held.getvalue()


def parquet() -> bytes:
    return FRAME.to_parquet(index=False)


def feather() -> bytes:
    held = io.BytesIO()
    FRAME.to_feather(held)
    return held.getvalue()


def polars_parquet() -> bytes:
    held = io.BytesIO()
    frame = pl.DataFrame(FRAME.to_dict("list")).with_columns(
        pl.col("colour").cast(pl.Categorical), pl.col("n").cast(pl.Int8)
    )
    frame.write_parquet(held)
    return held.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "t.csv": csv,
    "t.csv.gz": lambda: gzip.compress(csv()),
    "t.CSV.GZ": lambda: gzip.compress(csv()),
    "t.csv.bz2": lambda: bz2.compress(csv()),
    "t.csv.xz": lambda: lzma.compress(csv()),
    "t.csv.zip": lambda: zipped("t.csv"),
    "mac.zip": lambda: zipped("t.csv", "__MACOSX/._t.csv"),
    "t.json": lambda: json.dumps(RECORDS).encode(),
    "columns.json": lambda: json.dumps(FRAME.to_dict("list")).encode(),
    "t.jsonl": lambda: "\n".join(map(json.dumps, RECORDS)).encode(),
    "t.ndjson": lambda: "\n\n".join(map(json.dumps, RECORDS)).encode(),
    "t.jsonl.gz": lambda: gzip.compress("\n".join(map(json.dumps, RECORDS)).encode()),
    "t.parquet": parquet,
    "t.pq": parquet,
    "t.parquet.gz": lambda: gzip.compress(parquet()),
    "polars.parquet": polars_parquet,
    "t.feather": feather,
    "t.arrow": feather,
}
Write = Callable[[str, bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write


@pytest.mark.parametrize("name", FILES)
def test_one_table_in_many_formats(write: Write, name: str) -> None:
    table = read_table(write(name, FILES[name]()), "T", one_hot=["colour"])
    assert table.inputs == ("L", "n", "hot", "colour=blue", "colour=green", "colour=red")
    assert table.units == {"L": "m"}
    np.testing.assert_array_equal(table.columns["L"], FRAME["L [m]"])
    np.testing.assert_array_equal(table.columns["n"], FRAME["n"])
    np.testing.assert_array_equal(table.columns["hot"], FRAME["hot"])
    np.testing.assert_array_equal(table.columns["colour=red"], FRAME["colour"] == "red")
    np.testing.assert_array_equal(table.y, FRAME["T"])
    assert "column 'hot' holds true and false, read as 1 and 0" in table.notes


@pytest.mark.parametrize("name", FILES)
def test_columns_for_a_prediction_in_many_formats(write: Write, name: str) -> None:
    path = write(name, FILES[name]())
    columns = read_columns(path, ["n", "colour=red"], {"colour": ("blue", "green", "red")})
    np.testing.assert_array_equal(columns["n"], FRAME["n"])
    np.testing.assert_array_equal(columns["colour=red"], [1, 0, 1, 0])


@pytest.mark.parametrize("name", FILES)
def test_text_names_both_ways_out(write: Write, name: str) -> None:
    ways = r"'colour' \(like 'red'\).*holds text.*--inputs L,n,hot .*3 of 'colour'.*--one-hot colour .*one_hot=\['colour'\]"
    with pytest.raises(ValuesError, match=ways):
        read_table(write(name, FILES[name]()), "T")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.parquet", b"PK", "is no parquet file, or a damaged one"),
        ("a.feather", b"ARROW1", "is no feather file, or a damaged one"),
        ("a.csv.gz", b"L,T\n1,2\n", "is no packed file, or a damaged one"),
        ("a.csv.gz", gzip.compress(csv() * 50)[:-20], "is no packed file, or a damaged one"),
        ("a.parquet.gz", gzip.compress(b"x" * 500)[:15], "is no packed file, or a damaged one"),
        ("a.csv.bz2", b"BZh9" + b"1" * 50, "cannot be read"),
        ("a.csv.xz", b"1" * 50, "is no packed file, or a damaged one"),
        ("a.zip", b"PK", "is no packed file, or a damaged one"),
        ("a.zip", zipped("a.csv", "b.csv"), r"holds 2 files \(a.csv, b.csv\), expected one"),
        ("a.zip", zipped("a.xlsx"), "is a spreadsheet. Save the sheet as CSV"),
        ("a.json", b"{", "is no JSON: .* Expected a list of objects"),
        ("a.json", b"\xff", "is no JSON"),
        ("a.json", b"[" * 100_000, "is no JSON"),
        ("a.json", b"[]", "holds no rows"),
        ("a.json", b"[1, 2]", "holds no rows"),
        ("a.json", b'{"L": [], "T": []}', "holds no rows"),
        ("a.json", b'{"L": [1], "T": [1, 2]}', "differ in length"),
        ("a.json", b'[{"L": [1], "T": 2}]', r"column 'L' of .* holds \[1\], not one value a cell"),
        ("a.json", b'[{"L": {}, "T": 2}]', "not one value a cell"),
        ("a.jsonl", b'{"L": 1, "T": 2}\n\n{"L": 1,', "line 3 of .* is no JSON"),
        ("a.parquet", pd.DataFrame({"L": [], "T": []}).to_parquet(index=False), "holds no rows"),
    ],
    ids=itertools.count(),  # the bytes hold the time of day, and would name the tests differently in each worker
)
def test_files_that_only_look_like_one(write: Write, name: str, content: bytes, message: str) -> None:
    with pytest.raises(ReadError, match=message):
        read_table(write(name, content), "T")


def test_an_encrypted_zip_is_named(write: Write) -> None:
    content = bytearray(zipped("t.csv"))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        place = content.index(mark) + (6 if mark.endswith(b"\x04") else 8)
        content[place] |= 1  # the flag alone: nothing can be read without a password
    with pytest.raises(ReadError, match="locked by a password"):
        read_table(write("t.zip", bytes(content)), "T")


def test_parquet_without_pyarrow_says_what_to_install(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path, real = write("t.parquet", parquet()), builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "pyarrow":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ReadError, match=r'needs pyarrow.* pip install "edgewise\[parquet\]"'):
        read_table(path, "T", inputs=["n"])


@pytest.mark.parametrize("suffix", ["parquet", "feather", "json", "jsonl"])
def test_missing_cells_name_their_rows(write: Write, suffix: str) -> None:
    frame = pd.DataFrame({"L": [1.0, None, 3.0], "n": [1, 2, 3], "T": [1.0, 2.0, 3.0]})
    held = io.BytesIO()
    writers = {
        "parquet": lambda: frame.to_parquet(held),
        "feather": lambda: frame.to_feather(held),
        "json": lambda: held.write(frame.to_json(orient="records").encode()),
        "jsonl": lambda: held.write(b'{"L": 1, "n": 1, "T": 1}\n{"n": 2, "T": 2}\n{"L": 3, "n": 3, "T": 3}'),
    }
    writers[suffix]()
    path = write(f"t.{suffix}", held.getvalue())
    with pytest.raises(ValuesError, match=r"'L' has 1 cell that is missing .*\(row 2\).*--drop-missing"):
        read_table(path, "T")
    np.testing.assert_array_equal(read_table(path, "T", drop_missing=True).columns["L"], [1, 3])


def test_dates_of_a_parquet_file_are_named(write: Write) -> None:
    held = io.BytesIO()
    pl.DataFrame({"when": ["2024-01-31", "2024-02-01"], "T": [1.0, 2.0]}).with_columns(
        pl.col("when").str.to_date()
    ).write_parquet(held)
    path = write("t.parquet", held.getvalue())
    for inputs in (None, ["when"]):
        with pytest.raises(ValuesError, match=r"'when' \(dates, like '2024-01-31'\)"):
            read_table(path, "T", inputs)
    with pytest.raises(ValuesError, match=r"'when' holds dates, like '2024-01-31' \(row 1\)"):
        read_table(path, "when", ["T"])


def test_frames_of_polars() -> None:
    frame = pl.DataFrame(FRAME.to_dict("list"))
    table = Table.from_frame(frame, "T", inputs=["L [m]", "n", "hot"])
    np.testing.assert_array_equal(table.x, FRAME[["L [m]", "n", "hot"]].to_numpy(dtype=float))
    assert table.notes == ("column 'hot' holds true and false, read as 1 and 0",)
    gaps = frame.with_columns(pl.when(pl.col("n") == 2).then(None).otherwise(pl.col("n")).alias("n"))
    with pytest.raises(ValuesError, match=r"'n' has 1 cell that is missing .*row 2"):
        Table.from_frame(gaps, "T", inputs=["n"])
    with pytest.raises(ValuesError, match="'colour' holds text, like 'red'"):
        Table.from_frame(frame.with_columns(pl.col("colour").cast(pl.Categorical)), "T")
    with pytest.raises(ValuesError, match=r"lazy.*frame.collect\(\)"):
        Table.from_frame(frame.lazy(), "T")


def test_dates_of_a_frame_are_named() -> None:
    frame = pl.DataFrame({"when": ["2024-01-31", "2024-02-01"], "T": [1.0, 2.0]}).with_columns(
        pl.col("when").str.to_date()
    )
    for given in (frame, pd.DataFrame({"when": pd.to_datetime(["2024-01-31", "2024-02-01"]), "T": [1.0, 2.0]})):
        with pytest.raises(ValuesError, match="'when' holds dates"):
            Table.from_frame(given, "T")
