"""docs/results.md says what the benchmarks' own pages say."""

from pathlib import Path

import pytest

from benchmarks.common import read_tables, table
from benchmarks.common.chart import Panel, Series, dots, lines
from benchmarks.results.page import PAGE, number, page, pictures, verdict


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run make results"


def test_its_pictures_are_current() -> None:
    assert [path.name for path, text in pictures().items() if path.read_text(encoding="utf-8") != text] == []


def test_every_picture_that_it_shows_is_there() -> None:
    shown = [line.split("(")[-1].rstrip(")") for line in page().splitlines() if line.startswith("![")]
    assert len(shown) >= 8
    assert [name for name in shown if not (PAGE.parent / name).is_file()] == []


def test_tables_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    rows = [["a | b", 1.5e-9, True], ["c", 2.0, False]]
    text = f"# Title\n\n- a line\n\n## First\n\nwords\n\n{table(['name', 'error', 'met'], rows)}\n\nafter\n\n## None\n\nwords\n"
    (tmp_path / "results.md").write_text(text, encoding="utf-8")
    found = read_tables(tmp_path)
    assert list(found) == ["First"]
    assert found["First"][0] == {"name": "a | b", "error": "1.5e-09", "met": "yes"}
    assert found["First"][1]["met"] == "**no**"


@pytest.mark.parametrize(("cell", "value"), [("1.5e-06 (2e-06)", 1.5e-6), ("10 of 13", 10.0), ("1,000", 1000.0)])
def test_numbers_of_cells(cell: str, value: float) -> None:
    assert number(cell) == value


def test_verdicts() -> None:
    assert [verdict(1, 2), verdict(2, 1), verdict(0, 0), verdict(1, float("nan"))] == [
        "ahead",
        "**behind**",
        "equal",
        "-",
    ]


def test_lines_fall_where_their_numbers_do() -> None:
    picture = lines([Panel("p", "size", "error", [Series("s", [(1, 1e-2), (10, 1e-4), (100, 0.0)])])])
    (path,) = [line for line in picture.splitlines() if line.startswith("<polyline")]
    (x1, y1), (x2, y2) = [
        tuple(map(float, pair.split(","))) for pair in path.split('points="')[1].rstrip('"/>').split()
    ]
    assert x1 < x2
    assert y1 < y2  # down is less


def test_an_exact_zero_stands_on_the_border() -> None:
    picture = dots("t", {"law": {"a": 1e-3, "b": 0.0}}, "error")
    places = [float(line.split('cx="')[1].split('"')[0]) for line in picture.splitlines() if line.startswith("<circle")]
    assert min(places[-2:]) == 170.0
