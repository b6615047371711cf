"""Saying hello loads nothing heavy."""

import subprocess
import sys

import pytest

HEAVY = ("sklearn", "pandas", "matplotlib", "sympy", "numba", "torch", "scipy", "numpy")


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


LOADED = f"import sys; print([name for name in {HEAVY} if name in sys.modules])"
SAID = [f"from edgewise.cli import run; run({words})" for words in (["--help"], ["discover", "--help"], ["--version"])]


@pytest.mark.parametrize("code", ["import edgewise", "import edgewise.cli", "from edgewise.cli import app", *SAID])
def test_nothing_heavy_is_loaded(code: str) -> None:
    assert python(f"{code}; {LOADED}").splitlines()[-1] == "[]"


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
