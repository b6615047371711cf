"""Real processes that are ended: by Ctrl+C, by kill -9, by folders that cannot be written."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

WORDS = ["discover", "table.csv", "--target", "y", "--effort", "0.02", "--time-budget", "600"]
PATIENCE = 240  # seconds after which a process hangs, on the slowest machine


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    a, b = np.random.default_rng(0).uniform(0.5, 3, (2, 24))
    np.savetxt("table.csv", np.c_[a, b, np.sin(3 * a) * b], header="a,b,y", delimiter=",", comments="")


def begun(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "edgewise.cli", *WORDS, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str], number: int, when: Callable[[], bool]) -> tuple[int, str, str]:
    """The exit code and the two texts of a process that is sent a signal as soon as ``when()``, or ends before."""
    began = time.monotonic()
    while process.poll() is None and not when() and time.monotonic() - began < PATIENCE:
        time.sleep(0.005)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def entries(number: int) -> Callable[[], bool]:
    return lambda: len(list(Path("run").rglob("*.json"))) >= number


def run(folder: str) -> dict[str, Any]:
    """The files of a run but for its times; their names say that nothing else is there."""
    saved = json.loads(Path(folder, "formula.json").read_text())
    for part in (saved, *saved["steps"]):
        part.pop("seconds")
    return {**{path.name: path.read_bytes() for path in Path(folder).iterdir()}, "formula.json": saved}


def check_interrupted(code: int, out: str, err: str) -> None:
    """One line and 130 where there was nothing yet, else the best so far, printed and saved."""
    assert "Traceback" not in err
    assert "should not have happened" not in err
    if code == 0:
        return  # it was quicker
    assert code == 130, err
    assert err.splitlines()[-1].startswith("interrupted")
    if "best so far" in err:
        assert "a, b) -> y" in out
        assert json.loads(Path("run/formula.json").read_text())["target"] == "y"
    else:
        assert out == ""


@pytest.mark.usefixtures("table")
def test_killed_and_resumed_is_the_same_run() -> None:
    subprocess.run([sys.executable, "-m", "edgewise.cli", *WORDS, "--out", "whole"], check=True, capture_output=True)
    for number in (2, 4):
        code, out, _ = ended(begun("--out", "run", "--resume"), signal.SIGKILL, entries(number))
        assert (code, out) == (-signal.SIGKILL, "")
    code, _, err = ended(begun("--out", "run", "--resume"), 0, lambda: False)
    assert code == 0, err
    assert run("run") == run("whole")
    assert sorted(os.listdir()) == ["run", "table.csv", "whole"]


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("number", [1, 3])
def test_ctrl_c_keeps_the_best_so_far(number: int) -> None:
    check_interrupted(*ended(begun("--out", "run"), signal.SIGINT, entries(number)))


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("seconds", [0.7, 1.7])
def test_ctrl_c_while_it_loads(seconds: float) -> None:
    check_interrupted(*ended(begun("--out", "run"), signal.SIGINT, after(seconds)))


@pytest.mark.slow
@pytest.mark.usefixtures("table")
def test_ctrl_c_and_kills_at_many_moments() -> None:
    """Each goes on where the one before was ended; what comes out at last is what nothing stopped."""
    rng = np.random.default_rng(int(os.environ.get("EDGEWISE_TEST_SEED", "0")))
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "edgewise.cli", *WORDS, "--out", "whole"], check=True, capture_output=True)
    longest = time.monotonic() - began
    for _ in range(30):
        code, out, err = ended(begun("--out", "run"), signal.SIGINT, after(rng.uniform(0.5, longest)))
        check_interrupted(code, out, err)
    for _ in range(30):
        ended(begun("--out", "run", "--resume"), signal.SIGKILL, after(rng.uniform(0.5, longest)))
    code, _, err = ended(begun("--out", "run", "--resume"), 0, lambda: False)
    assert code == 0, err
    assert run("run") == run("whole")
