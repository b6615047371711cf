"""What docs/results.md says of numbers that change: verdicts are judged, never written down."""

from pathlib import Path

import pytest

from benchmarks.common import read_tables
from benchmarks.mnist.__main__ import CASES, judged, told
from benchmarks.results import page as pages

ACCURACY = "test accuracy, % (a seed each)"
LINES, BENT = "KAN [784, 115, 10], a line for each pixel", "KAN [784, 80, 10], quadratic pixels"


@pytest.fixture
def patched(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], dict[str, str]]:
    """Cells in place of those that the benchmarks wrote: what begins a line, and its column by benchmark."""
    cells: dict[tuple[str, str], dict[str, str]] = {}

    def read(folder: Path, page: str = "results") -> dict[str, list[dict[str, str]]]:
        tables = read_tables(folder, page)
        for rows in tables.values():
            for row in rows:
                row |= cells.get((folder.name, next(iter(row.values()))), {})
        return tables

    monkeypatch.setattr(pages, "read_tables", read)
    return cells


def line(text: str, begin: str) -> list[str]:
    """The cells of the first line of a table that begins so."""
    found = next(one for one in text.splitlines() if one.startswith(f"| {begin}"))
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_every_network_of_splines_stands_beside_the_perceptron_of_as_many_parameters() -> None:
    text = pages.mnist()
    verdicts = {case.name: line(text, case.name)[-2:] for case in CASES}
    assert all(verdicts[case.name][0] == case.beside for case in CASES)
    assert all(bool(verdicts[case.name][1]) == bool(case.beside) for case in CASES)
    assert verdicts[BENT][1] == verdicts["KAN [784, 64, 10], cubic"][1] == "**behind**"


def test_the_targets_of_the_digits_are_told_with_whether_they_are_met() -> None:
    rows = read_tables(pages.BENCHMARKS / "mnist")
    numbers = {row["network"]: row for row in rows["Handwritten digits (MNIST)"]}
    expected = [
        found
        for case in CASES
        if case.beside
        for found in judged(
            case.name,
            int(numbers[case.name]["parameters"]),
            float(numbers[case.name][ACCURACY]),
            float(numbers[case.beside][ACCURACY]),
            float(numbers[case.name]["over the MLP's"]),
        )
    ]
    targets = [list(row.values()) for heading, some in rows.items() if heading.startswith("Targets") for row in some]
    assert targets == expected
    assert [BENT, "an epoch of at most 1.5 MLP's", "2.02", "**not met**"] in targets
    assert all("| " + " | ".join(target) + " |" in pages.mnist() for target in targets)


def test_the_median_of_the_seeds_is_compared(patched: dict[tuple[str, str], dict[str, str]]) -> None:
    patched["mnist", LINES] = {ACCURACY: "99.90, 98.10, 98.20"}
    assert line(pages.mnist(), LINES)[-1] == "**behind**"
    patched["mnist", LINES] = {ACCURACY: "98.10, 99.90, 99.80"}
    assert line(pages.mnist(), LINES)[-1] == "ahead"
    assert pages.middle("98.12, 98.90") == pytest.approx(98.51)


def test_the_summary_compares_networks_of_equal_size(patched: dict[tuple[str, str], dict[str, str]]) -> None:
    patched["mnist", "MLP [784, 245, 10]"] = {ACCURACY: "98.50"}
    assert line(pages.summary(), "MNIST ")[-2:] == [
        "2 of 4 networks above our MLP of as many parameters",
        "**behind** in 2",
    ]
    patched["mnist", "MLP [784, 582, 10]"] = {ACCURACY: "98.00"}
    assert line(pages.summary(), "MNIST ")[-1] == "ahead"


def test_the_page_of_the_digits_has_a_target_for_each_network() -> None:
    runs = [
        {"task": {"name": case.name}, "accuracy": accuracy, "parameters": 10, "cpu": 1.0 + bool(case.beside)}
        for case in CASES
        for accuracy in (0.9, 0.99, 0.98)
    ]
    text = told(runs)
    assert "| 90.00, 99.00, 98.00 |" in text
    assert text.count("| at least 97.9 % with at most 2e5 parameters | 98.00 | met |") == 4
    assert text.count("| not below the MLP of as many parameters | 98.00 beside 98.00 | met |") == 4
    assert text.count("| an epoch of at most 1.5 MLP's | 2 | **not met** |") == 4


def test_verdicts_of_the_listings_and_of_discover_are_judged(patched: dict[tuple[str, str], dict[str, str]]) -> None:
    listed, found = "the listings as printed", "`edgewise.discover`, no setting"
    assert line(pages.toy(), listed)[-1] == "**behind** in 1"
    patched["listings", "9"] = {"recovered": "yes"}
    patched["toy", "edgewise, defaults, full table"] = {"recovered": "17 of 20"}
    assert [line(pages.toy(), begin)[-1] for begin in (listed, found)] == ["ahead", "**behind** in 3"]
    summary = pages.summary()
    assert line(summary, "section 8")[-1] == "ahead"
    assert line(summary, "section 7")[-2:] == ["17 of 20 seeds", "**behind** in 3"]


def test_what_counts_of_table_1_is_said() -> None:
    text = pages.feynman()
    assert "14 lines for the paper's 13 rows: I.15.3x is read twice" in text
    assert "II.2.6.15a is II.6.15a, II.11.7 is II.11.17" in text
