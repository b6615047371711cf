"""Runs of several columns: several targets, or the states of a motion."""

import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgewise
from edgewise.data import Table

Command = Callable[..., Any]


# ---- discover with several targets


def test_several_targets_have_a_law_each(
    command: Command, tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    class Found:
        seconds = 1.0

        def __str__(self) -> str:
            return "T: law"

        def save(self, folder: Path, *, pictures: bool) -> None:
            (folder / "1-T").mkdir(parents=True, exist_ok=True)

    def search(table: Table, targets: list[str], **settings: Any) -> Found:
        asked.update(settings, columns=set(table.columns), targets=list(targets))
        return Found()

    monkeypatch.setattr(edgewise, "discover_each", search, raising=False)
    words = ("discover", table, "--target", "T", "--target", "g", "--inputs", "L", "--seed", "3")
    result = command(*words, "--out", tmp_path / "found")
    assert (result.code, "T: law" in result.out, "(1-T)" in result.err) == (0, True, True)
    assert (asked["targets"], asked["columns"], asked["seed"]) == (["T", "g"], {"T", "g", "L"}, 3)
    assert "holds a run already" not in result.err
    (tmp_path / "found" / "1-T" / "formula.json").write_text('{"formulas": []}')
    assert "found holds a run already" in command(*words, "--out", tmp_path / "found").err
    refused = command(*words, "--known", "L + ...")
    assert (refused.code, "--known is a part of one law" in refused.err) == (2, True)


# ---- discover --ode


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a search for a law of motion was asked, which costs nothing."""
    asked: dict[str, Any] = {}

    class Found:
        seconds = 1.0
        cut = ()

        def __str__(self) -> str:
            return "dx/dt = 1 - x"

        def save(self, folder: Path, *, pictures: bool) -> None:
            (folder / "1-x").mkdir(parents=True, exist_ok=True)
            (folder / "1-x" / "formula.json").write_text('{"formulas": []}')

    def search(table: Path, time: str, states: list[str] | None, **settings: Any) -> Found:
        asked.update(settings, table=table, time=time, states=states)
        return Found()

    monkeypatch.setattr(edgewise, "discover_ode", search, raising=False)
    return asked


def test_ode_finds_how_each_state_changes(command: Command, tmp_path: Path, asked: dict[str, Any]) -> None:
    result = command(
        "discover", "motion.csv", "--ode", "--time", "s", "--inputs", "x,y", "--by", "run", "--out", tmp_path / "found"
    )
    assert result.code == 0
    assert "dx/dt = 1 - x" in result.out
    assert "(1-x)" in result.err
    assert "holds a run already" not in result.err
    assert (asked["table"], asked["time"], asked["states"], asked["by"]) == (Path("motion.csv"), "s", ["x", "y"], "run")
    again = command("discover", "motion.csv", "--ode", "--out", tmp_path / "found")
    assert "found holds a run already" in again.err


def test_ode_passes_on_what_it_can_use(command: Command, asked: dict[str, Any]) -> None:
    words = (
        "--primitives",
        "sin,exp",
        "--without",
        "tan",
        "--prefer",
        "exp",
        "--functions",
        "erf",
        "--max-complexity",
        9,
    )
    counts = ("--seed", "3", "--effort", "2", "--time-budget", "7")
    assert command("discover", "motion.csv", "--ode", *words, *counts).code == 0
    wanted = {"primitives": ["sin", "exp"], "without": ["tan"], "preferred": ["exp"], "functions": ["erf"]}
    wanted |= {"max_complexity": 9, "engine": None, "seed": 3, "effort": 2.0, "time_budget": 7.0}
    assert {name: asked[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("words", "said"),
    [
        *((f"--ode {option} 1", option) for option in ("--known", "--weights", "--units", "--shapes")),
        *((f"--ode {option} 1", option) for option in ("--one-hot", "--workers")),
        *((f"--ode {option}", option) for option in ("--resume", "--drop-missing", "--decimal-comma")),
        ("--ode --known x --weights w --resume", "--known, --weights and --resume go not with --ode"),
        ("--target T --time t", "--time goes with --ode only"),
        ("--target T --by run", "--by goes with --ode only"),
    ],
)
def test_no_option_is_dropped_in_silence(command: Command, asked: dict[str, Any], words: str, said: str) -> None:
    result = command("discover", "motion.csv", *words.split())
    assert (result.code, said in result.err, asked) == (2, True, {})


def test_a_second_law_of_motion_takes_the_place_of_the_first(
    command: Command, asked: dict[str, Any], tmp_path: Path
) -> None:
    words = ("discover", "motion.csv", "--ode", "--out", tmp_path / "found")
    assert (command(*words).code, command(*words).code) == (0, 0)
    assert asked
    (tmp_path / "found" / "thesis.txt").write_text("mine")
    refused = command(*words)
    assert (refused.code, "more than a folder for each column" in refused.err) == (2, True)


def test_a_target_and_ode_exclude_each_other(command: Command, table: Path) -> None:
    result = command("discover", table, "--ode", "--target", "T")
    assert result.code == 2
    assert "Leave out one" in result.err
    result = command("discover", table)
    assert result.code == 2
    assert "--target" in result.err


# ---- Ctrl+C


class Ended:
    """What a search that was interrupted has found."""

    seconds = 1.0
    cut = ("interrupted", "following")

    def __str__(self) -> str:
        return "the best so far"

    def save(self, folder: Path, *, pictures: bool) -> None:
        (folder / "1-x").mkdir(parents=True)


@pytest.mark.parametrize(
    ("name", "words"),
    [("discover_ode", ("--ode",)), ("discover_each", ("--target", "T", "--target", "g", "--inputs", "L"))],
)
@pytest.mark.parametrize("swallowed", [False, True])
def test_ctrl_c_prints_and_saves_the_best_so_far(
    command: Command,
    table: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    words: tuple[str, ...],
    swallowed: bool,
) -> None:
    def search(*_: object, progress: Callable[..., None], **settings: object) -> Ended:
        try:
            progress("x: ladder", 0.1, "")
            with suppress(KeyboardInterrupt if swallowed else ZeroDivisionError):  # as foreign code may do
                signal.raise_signal(signal.SIGINT)
            progress("x: network", 0.2, "")
        except KeyboardInterrupt:
            return Ended()
        raise AssertionError("Ctrl+C was lost")

    monkeypatch.setattr(edgewise, name, search, raising=False)
    result = command("discover", table, *words, "--out", tmp_path / "found")
    assert (result.code, result.out) == (130, "the best so far\n")
    assert "saved" in result.err
    assert result.err.endswith("interrupted: this is the best so far\n")
    assert (tmp_path / "found" / "1-x").is_dir()


@pytest.mark.parametrize("words", [("--ode",), ("--target", "T", "--target", "g", "--inputs", "L")])
def test_ctrl_c_before_there_is_anything(
    command: Command, table: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    def search(*_: object, **settings: object) -> None:
        signal.raise_signal(signal.SIGINT)

    for name in ("discover_ode", "discover_each"):
        monkeypatch.setattr(edgewise, name, search, raising=False)
    result = command("discover", table, *words)
    assert (result.code, result.out) == (130, "")
    assert result.err == "interrupted before there was anything to keep\n"


# ---- what was saved, a folder each


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("several") / "run"
    a = np.linspace(1, 3, 20)
    edgewise.discover_each({"a": a, "double": 2 * a, "square": a**2}, ["double", "square"], effort=0.1).save(folder)
    return folder


def test_all_of_them_are_shown(command: Command, saved: Path) -> None:
    shown = command("show", saved)
    assert (shown.code, "double = 2*a" in shown.out, "square = a**2" in shown.out) == (0, True, True)
    assert command("show", saved, "--json").out.startswith('{"targets": ["double", "square"]')
    explained = command("show", saved, "--explain").out
    assert explained.startswith("double\n")
    assert "\nsquare\n" in explained


def test_all_of_them_answer(command: Command, saved: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("a\n1.5\n2\n")
    answers = command("predict", saved, tmp_path / "new.csv", "--use", "formula")
    assert answers.code == 0
    rows = np.genfromtxt(answers.out.splitlines(), delimiter=",", names=True)
    assert rows.dtype.names == ("double", "square")
    np.testing.assert_allclose(np.column_stack([rows["double"], rows["square"]]), [[3, 2.25], [4, 4]], rtol=1e-12)
    assert command("predict", saved, tmp_path / "new.csv", "--index", 0).code == 2


@pytest.mark.parametrize("words", ["plot", "export --to c"])
def test_what_is_of_one_alone_names_them(command: Command, saved: Path, words: str) -> None:
    name, *options = words.split()
    refused = command(name, saved, *options)
    assert refused.code != 0
    assert f"Give one of them: {saved / '1-double'}, {saved / '2-square'}" in refused.err
    assert command(name, saved / "2-square", *options).code == 0
