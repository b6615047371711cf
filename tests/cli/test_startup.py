"""Saying hello loads nothing heavy."""

import os
import subprocess
import sys

import pytest

HEAVY = ("sklearn", "pandas", "matplotlib", "sympy", "numba", "torch", "scipy", "numpy")


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


LOADED = f"import sys; print([name for name in {HEAVY} if name in sys.modules])"
HELP = "from edgewise.cli import run; run(['--help'])"


@pytest.mark.parametrize("code", ["import edgewise", "import edgewise.cli", HELP, "from edgewise.cli import app"])
def test_nothing_heavy_is_loaded(code: str) -> None:
    assert python(f"{code}; {LOADED}").splitlines()[-1] == "[]"


@pytest.mark.parametrize("words", [["--help"], ["discover", "--help"], ["--version"]])
def test_help_costs_less_than_a_second(words: list[str]) -> None:
    before = os.times()
    subprocess.run([sys.executable, "-m", "edgewise.cli", *words], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert spent < 1.0


def test_a_user_error_in_a_real_process() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "edgewise.cli", "discover", "nowhere.csv", "--target", "T"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == "error: there is no file nowhere.csv.\n"


def test_what_should_not_happen_is_one_line_too() -> None:
    code = "import edgewise.cli.entry as r, edgewise.cli as c; r.run = lambda words: 1 / 0; c.main()"
    result = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.startswith("error: this should not have happened")
    assert result.stderr.count("\n") == 1
