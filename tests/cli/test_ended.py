"""Real processes that are ended: by Ctrl+C, by kill -9, by folders that cannot be written."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from edgewise.cli import main, run

WORDS = ["discover", "table.csv", "--target", "y", "--effort", "0.02", "--time-budget", "600"]
PATIENCE = 240  # seconds after which a process hangs, on the slowest machine


@pytest.fixture(scope="module", autouse=True)
def loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """All that a search loads late is loaded now, before any process is forked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("loaded"))
        write(lambda a, b: a * b**2)
        assert run([*WORDS, "--out", "run"]) == 0


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(lambda a, b: a * b**2)


def write(law: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    a, b = np.random.default_rng(0).uniform(0.5, 3, (2, 24))
    np.savetxt("table.csv", np.c_[a, b, law(a, b)], header="a,b,y", delimiter=",", comments="")


class Process:
    """The command in a process of its own, forked so that the libraries need not be loaded again."""

    def __init__(self, *words: str, first: Callable[[], object] = lambda: None) -> None:
        with warnings.catch_warnings(action="ignore"):  # from Python 3.12 on forks warn of threads
            self.pid = os.fork()
        if not self.pid:
            self._run([*WORDS, *words], first)
        self.code: int | None = None

    def _run(self, words: list[str], first: Callable[[], object]) -> NoReturn:
        code = 70
        try:
            for number, name in ((1, "stdout"), (2, "stderr")):
                os.dup2(os.open(f".{os.getpid()}.{name}", os.O_WRONLY | os.O_CREAT), number)
                setattr(sys, name, os.fdopen(number, "w", buffering=1))
            sys.argv[1:] = words
            first()
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:  # noqa: BLE001 - it is told to the test
            traceback.print_exc()
        finally:
            os._exit(code)

    @property
    def alive(self) -> bool:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code is None

    def end(self, number: int = 0, when: Callable[[], bool] = lambda: True) -> tuple[int, str, str]:
        """The exit code and the two texts of the process, which is sent a signal as soon as ``when()``."""
        began = time.monotonic()
        while self.alive and not when():
            time.sleep(0.002)
        if self.alive:
            os.kill(self.pid, number)
        while self.alive:
            if time.monotonic() - began > PATIENCE:
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.002)
        assert self.code is not None
        texts = [Path(f".{self.pid}.{name}") for name in ("stdout", "stderr")]
        out, err = (text.read_text() for text in texts)
        for text in texts:
            text.unlink()
        return self.code, out, err


def after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def entries(number: int) -> Callable[[], bool]:
    return lambda: len(list(Path("run").rglob("*.json"))) >= number


def files(folder: str) -> dict[str, Any]:
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


@pytest.mark.slow
@pytest.mark.usefixtures("table")
def test_killed_and_resumed_is_the_same_run() -> None:
    assert Process("--out", "whole").end()[0] == 0
    for number in (2, 3, 4):
        code, out, err = Process("--out", "run", "--resume").end(signal.SIGKILL, entries(number))
        assert (code, out) == (-signal.SIGKILL, ""), err
    shown = subprocess.run(
        [sys.executable, "-m", "edgewise.cli", "show", "run"], capture_output=True, text=True, check=False
    )
    assert shown.returncode == 2
    assert "unfinished search: go on with it by discover ... --out run --resume" in shown.stderr
    code, _, err = Process("--out", "run", "--resume").end()
    assert code == 0, err
    assert files("run") == files("whole")
    assert sorted(os.listdir()) == ["run", "table.csv", "whole"]


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_ctrl_c_keeps_the_best_so_far(number: int) -> None:
    check_interrupted(*Process("--out", "run").end(signal.SIGINT, entries(number)))


@pytest.mark.parametrize("seconds", [0.2, 1.2])
def test_ctrl_c_while_it_loads(seconds: float, tmp_path: Path) -> None:
    """Counted from where the interpreter has started: Ctrl+C before that is Python's own."""
    program = "from edgewise.cli import main; print('started', flush=True); main()"
    command = [sys.executable, "-c", program, "laws", "feynman-I.6.20"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode in (0, 2, 130, -signal.SIGINT)  # the last where all is done; shells say 130 of that, too
    assert "Traceback" not in err


def as_another_user() -> None:
    if not os.getuid():  # root may write everywhere
        os.setuid(65534)
    os.environ["HOME"] = "/nowhere"


@pytest.mark.usefixtures("table")
def test_a_working_directory_that_is_read_only(tmp_path: Path) -> None:
    """Nothing is written there, and --out says so in one line."""
    told = Process().end()
    for folder in (tmp_path.parent.parent, tmp_path.parent, tmp_path):
        folder.chmod(0o755)
    Path("cwd").mkdir()
    Path("table.csv").rename("cwd/table.csv")
    Path("cwd").chmod(0o555)

    def first() -> None:
        os.chdir("cwd")
        as_another_user()

    try:
        plain, out = Process(first=first).end(), Process("--out", "run", first=first).end()
        assert (plain[0], plain[1]) == (0, told[1]), plain
        assert (out[0], out[1]) == (2, "")
        assert out[2].splitlines()[-1] == "error: run: Permission denied"
        assert os.listdir("cwd") == ["table.csv"]
    finally:
        Path("cwd").chmod(0o755)


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("room", [100, 3000])
def test_a_full_disk(room: int) -> None:
    """A limit on the size of files: not even the search's head can be written, or all but the run itself."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))  # noqa: E731
    code, told, err = Process("--out", "run", first=limit).end()
    assert code == 2
    assert "Traceback" not in err
    assert "error: " in err.splitlines()[-1]
    assert "File too large" in err
    if room == 100:
        assert (told, os.listdir()) == ("", ["table.csv"])
        return
    assert "y = a*b**2" in told
    assert os.listdir("run") == ["unfinished.journal"]
    code, out, err = Process("--out", "run", "--resume").end()
    assert (code, out) == (0, told), err
    assert os.path.exists("run/formula.json")


@pytest.mark.slow
@pytest.mark.usefixtures("table")
def test_ctrl_c_and_kills_at_many_moments() -> None:
    """Each goes on where the one before was ended; what comes out at last is what nothing stopped."""
    write(lambda a, b: np.sin(3 * a) * b)
    rng = np.random.default_rng(int(os.environ.get("EDGEWISE_TEST_SEED", "0")))
    began = time.monotonic()
    assert Process("--out", "whole").end()[0] == 0
    longest = time.monotonic() - began
    for number in range(60):
        process, when = Process("--out", "run", *(["--resume"] if number % 6 else [])), after(rng.uniform(0, longest))
        if number % 2:
            check_interrupted(*process.end(signal.SIGINT, when))
        else:
            process.end(signal.SIGKILL, when)
    code, _, err = Process("--out", "run", "--resume").end()
    assert code == 0, err
    assert files("run") == files("whole")
    assert sorted(os.listdir()) == ["run", "table.csv", "whole"]
