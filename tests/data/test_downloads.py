"""Data sets by name: where they are looked for, what is checked, what is said. No test here touches the network."""

import gzip
import hashlib
import os
import re
import struct
import sys
from pathlib import Path

import numpy as np
import pooch
import pytest

from edgewise.data import DOWNLOADS, fetch, fetch_arrays, fetch_cells, read_table
from edgewise.data.downloads import Download, Remote
from edgewise.data.downloads.idx import read_idx
from edgewise.errors import ColumnError, DownloadError, EdgewiseWarning, ReadError, SettingsError, UnknownNameError

TEXT = b"a,b,y\n1,2,3\n2,1,5\n3,7,8\n"
ROOT = Path(__file__).parents[2]
OWN = Path(os.environ.get("EDGEWISE_DATA_DIR") or ROOT.parent / "shared" / "data")


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own, and no folder of data."""
    monkeypatch.delenv("EDGEWISE_DATA_DIR", raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(pooch, "HTTPDownloader", no_network)
    return tmp_path / "cache" / "edgewise"


def no_network(**_: object) -> object:
    raise OSError("no network in tests")


def download(*urls: str, content: bytes = TEXT, licence: str = "CC0", file: str = "set/table.csv") -> Download:
    remote = Remote(file, hashlib.sha256(content).hexdigest(), urls)
    return Download("some", "for a test", licence, {"": remote}, "y")


def served(folder: Path, content: bytes = TEXT, name: str = "there.csv") -> str:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return (folder / name).as_uri()


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_address_is_fetched_once_and_kept(tmp_path: Path, kept: Path) -> None:
    url = served(tmp_path / "with space")
    table = fetch(download(url))
    assert (table.rows, table.inputs, table.target, table.source) == (3, ("a", "b"), "y", "some")
    assert table.notes == ("licence of some: CC0",)
    assert everything(kept) == ["set/table.csv"]
    (tmp_path / "with space" / "there.csv").unlink()
    assert fetch(download(url), inputs=["a"]).inputs == ("a",)


def test_addresses_are_tried_in_turn(tmp_path: Path, kept: Path) -> None:
    missing = (tmp_path / "nowhere.csv").as_uri()
    other = served(tmp_path / "other", b"a,y\n1,2\n2,3\n")
    assert fetch(download(missing, "https://example.org/x", other, served(tmp_path / "right"))).rows == 3
    assert everything(kept) == ["set/table.csv"]


def test_what_cannot_be_had_names_every_address_and_its_fault(tmp_path: Path, kept: Path) -> None:
    missing = (tmp_path / "nowhere.csv").as_uri()
    other = served(tmp_path / "other", b"a,y\n1,2\n2,3\n")
    with pytest.raises(DownloadError) as error:
        fetch(download(missing, other, "https://example.org/x", "gopher://example.org/x"))
    said = str(error.value)
    for part in (
        rf"{re.escape(missing)} \(FileNotFoundError",
        rf"{re.escape(other)} \(another file: its sha256 is \w{{64}}, expected {hashlib.sha256(TEXT).hexdigest()}\)",
        r"https://example.org/x \(OSError: no network in tests\)",
        r"gopher://example.org/x \(ValueError",
        r"name the folder in EDGEWISE_DATA_DIR\.$",
    ):
        assert re.search(part, said), part
    assert everything(kept) == []


def test_a_folder_of_ones_own_comes_first(tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEWISE_DATA_DIR", str(tmp_path / "own"))
    monkeypatch.setitem(sys.modules, "pooch", None)  # not needed for what is here already
    (tmp_path / "own" / "set").mkdir(parents=True)
    (tmp_path / "own" / "set" / "table.csv").write_bytes(TEXT)
    assert fetch(download("https://example.org/x")).rows == 3
    assert not kept.exists()
    (tmp_path / "own" / "set" / "table.csv").write_bytes(TEXT[:-1])
    with pytest.raises(DownloadError, match=r"own.set.table\.csv is not the file that was meant: its sha256 is"):
        fetch(download("https://example.org/x"))


def test_a_damaged_file_in_the_cache_is_fetched_again(tmp_path: Path, kept: Path) -> None:
    url = served(tmp_path / "right")
    fetch(download(url))
    (kept / "set" / "table.csv").write_bytes(TEXT[:9])
    assert fetch(download(url)).rows == 3
    assert (kept / "set" / "table.csv").read_bytes() == TEXT


def test_without_pooch_the_line_that_installs_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(DownloadError, match=r'needs pooch, .* pip install "edgewise\[downloads\]"'):
        fetch("abalone")


def test_a_cache_that_cannot_be_written(tmp_path: Path, kept: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(DownloadError, match=r"table\.csv cannot be written: "):
        fetch(download(served(tmp_path / "right")))


def test_a_missing_licence_is_said(tmp_path: Path) -> None:
    with pytest.warns(EdgewiseWarning, match="no licence is stated for the data set 'some'"):
        table = fetch(download(served(tmp_path / "right"), licence=""))
    assert table.notes == ("licence of some: not stated",)


def test_names_that_are_not_there() -> None:
    with pytest.raises(UnknownNameError, match=r"no data set 'abalon'. Did you mean 'abalone'"):
        fetch("abalon")
    with pytest.raises(SettingsError, match=r"is arrays, not a table. Ask in Python: fetch_arrays\('mnist'\)"):
        fetch("mnist")
    with pytest.raises(SettingsError, match=r"'abalone' is a table. Ask for it with fetch\('abalone'\)"):
        fetch_arrays("abalone")


def test_cells_come_as_the_file_has_them(tmp_path: Path) -> None:
    content = b"word,y\nred,1\n,2.50\n"
    row = download(served(tmp_path / "right", content), content=content)
    assert fetch_cells(row) == {"word": ["red", ""], "y": ["1", "2.5"]}


@pytest.mark.parametrize("row", DOWNLOADS.values(), ids=DOWNLOADS)
def test_every_row_of_the_registry_is_whole(row: Download) -> None:
    for remote in row.parts.values():
        assert re.fullmatch(r"[0-9a-f]{64}", remote.sha256)
        assert not Path(remote.file).is_absolute()
        assert ".." not in remote.file
        assert all(url.startswith("https://") for url in remote.urls)
        assert len(set(remote.urls)) == len(remote.urls)
        assert len(remote.urls) >= 2 or row.name == "knots"
    assert row.about
    assert bool(row.target) == row.is_table
    assert not row.header or row.target in row.header
    assert len(set(row.header)) == len(row.header)


def here(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not all((OWN / remote.file).is_file() for remote in DOWNLOADS[name].parts.values()):
        pytest.skip(f"the files of {name} are not on this machine (EDGEWISE_DATA_DIR)")
    monkeypatch.setenv("EDGEWISE_DATA_DIR", str(OWN))


@pytest.mark.parametrize(
    ("name", "rows", "inputs"),
    [
        ("airfoil", 1503, 5),
        ("uci/yacht", 308, 6),
        ("pmlb/706_sleuth_case1202", 93, 6),
        ("winequality_red", 1599, 11),
        ("wheat_seeds", 210, 7),
    ],
)
def test_real_tables(name: str, rows: int, inputs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    here(name, monkeypatch)
    table = fetch(name)
    assert (table.rows, len(table.inputs), table.target) == (rows, inputs, DOWNLOADS[name].target)


def test_real_tables_of_words(monkeypatch: pytest.MonkeyPatch) -> None:
    here("abalone", monkeypatch)
    table = fetch("abalone", one_hot=["sex"])
    assert table.rows == 4177
    assert {"sex=F", "sex=I", "sex=M"} < set(table.inputs)


def test_mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    here("mnist", monkeypatch)
    arrays = fetch_arrays("mnist")
    assert {part: (array.shape, str(array.dtype)) for part, array in arrays.items()} == {
        "train_images": ((60_000, 28, 28), "uint8"),
        "train_labels": ((60_000,), "uint8"),
        "test_images": ((10_000, 28, 28), "uint8"),
        "test_labels": ((10_000,), "uint8"),
    }
    assert np.bincount(arrays["train_labels"]).min() == 5421  # fives, as everybody counts them
    assert arrays["train_images"].mean() / 255 == pytest.approx(0.1307, abs=1e-4)  # the mean that everybody takes off


# ---- idx


def idx(values: np.ndarray, kind: int) -> bytes:
    return b"\0\0" + bytes([kind, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


@pytest.mark.parametrize(
    ("kind", "dtype"), [(8, ">u1"), (9, ">i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")]
)
def test_every_kind_of_idx(tmp_path: Path, kind: int, dtype: str) -> None:
    values = np.arange(24).reshape(2, 3, 4).astype(dtype)
    (tmp_path / "plain").write_bytes(idx(values, kind))
    with gzip.open(tmp_path / "packed.gz", "wb") as file:
        file.write(idx(values, kind))
    for name in ("plain", "packed.gz"):
        seen = read_idx(tmp_path / name)
        np.testing.assert_array_equal(seen, values)
        assert seen.dtype.isnative
        assert seen.flags.writeable


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no idx file: it begins with nothing"),
        (b"a,b\n1,2\n", "is no idx file: it begins with 612c620a"),
        (b"\0\0\x08\x02\0\0\0\x01", "cut short within its head"),
        (idx(np.zeros((2, 3), np.uint8), 8)[:-1], "says 2 x 3 numbers of 1 bytes and holds 5 bytes"),
        (b"\0\0\x08\x01\xff\xff\xff\xff", "says 4294967295 numbers of 1 bytes and holds 0 bytes"),
    ],
)
def test_damaged_idx(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ReadError, match=message):
        read_idx(tmp_path / "file")


# ---- files without a header


def test_names_for_a_file_that_has_none(tmp_path: Path) -> None:
    path = tmp_path / "bare.dat"
    path.write_text("1\t2\n2\t3\nx\t3\n")
    with pytest.raises(ColumnError, match=r"header is a list of column names, not the text 'ay'"):
        read_table(path, "y", header="ay")
    with pytest.raises(ReadError, match=r"line 1 .* has 2 cells, but the header has 3"):
        read_table(path, "y", header=["a", "b", "y"])
    with pytest.raises(ValueError, match=r"column 'a' has text in 1 of 3 cells, like 'x' \(line 3\)"):
        read_table(path, "y", header=["a", "y"])
    path.write_text("1\t2\n2\t3\n")
    table = read_table(path, "y", header=["a [m]", "y"])
    np.testing.assert_array_equal(table.columns["a"], [1, 2])
    assert table.units == {"a": "m"}
