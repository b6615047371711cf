"""`edgewise export` and `edgewise predict --interval`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


@pytest.fixture
def run_folder(command: Command, found: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("swing.csv").write_text("L,T\n1,2\n2,4\n3,6\n")
    assert command("discover", "swing.csv", "--target", "T", "--out", "run").code == 0
    return "run"


def test_export_prints_source_and_nothing_else(command: Command, run_folder: str) -> None:
    result = command("export", run_folder, "--to", "c")
    assert result.code == 0
    assert result.out.endswith("double T(double L)\n{\n    return 2.0*L;\n}\n")
    assert result.err == ""


def test_export_writes_the_file_that_it_is_told(command: Command, run_folder: str) -> None:
    result = command("export", run_folder, "--to", "text", "--index", 0, "--out", "law.txt")
    assert (result.code, result.out, result.err) == (0, "", "wrote law.txt\n")
    assert Path("law.txt").read_text() == "T = 2*L\n"


def test_export_says_what_it_knows(command: Command, run_folder: str) -> None:
    result = command("export", run_folder, "--to", "fortan")
    assert result.code == 2
    assert "Did you mean 'fortran'?" in result.err
    assert "its front has 0 to 0" in command("export", run_folder, "--to", "c", "--index", 3).err


def test_a_run_without_a_formula_has_nothing_to_export(
    command: Command, found: dict[str, Any], run_folder: str
) -> None:
    found["change"] = {"formula": None}
    command("discover", "swing.csv", "--target", "T", "--out", "other")
    result = command("export", "other", "--to", "c")
    assert result.code == 2
    assert "no formula" in result.err


def test_predict_adds_low_and_high(command: Command, run_folder: str) -> None:
    result = command("predict", run_folder, "swing.csv", "--interval", 0.5)
    assert result.code == 0
    assert result.out == "T,low,high\n2.0,1.5,2.5\n4.0,3.5,4.5\n6.0,5.5,6.5\n"
