"""The README and the tutorial hold what they say: their Python runs, their commands print what is shown.

Blocks of one page run one after the other in an empty folder. ``python`` blocks share a namespace. In ``console``
blocks each ``$ edgewise`` line is run, and what is shown below it must come out, numbers aside.
"""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import pytest

from edgewise.cli import run

ROOT = Path(__file__).parents[1]
PAGES = (
    "README.md",
    "docs/first-ten-minutes.md",
    "docs/scikit-learn.md",
    "docs/classification.md",
    "docs/uncertainty.md",
    "docs/dynamics.md",
    "docs/tables.md",
    "docs/knowing.md",
    "docs/training.md",
)
LINKING = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
NETWORK = re.compile(r"^network  (\[.*\])  .*rmse (\S+),", re.MULTILINE)
NUMBER = re.compile(r"[-+]?\d+(\.\d*)?(e[-+]?\d+)?")


def blocks(page: Path) -> list[tuple[str, str]]:
    """(language, text) of every fenced block."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[tuple[str, str]]:
    """(command, what is shown below it) of a console block."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [(part.split("\n", 1)[0], part.split("\n", 1)[1]) for part in parts]


def loosely(text: str) -> list[str]:
    """The lines with every number as #, so that another processor's last digits do not matter; of the network, whose
    refinement the clock may cut, only that there is one."""
    lines = [" ".join(NUMBER.sub("#", line).split()) for line in text.strip().splitlines()]
    return ["network" if line.startswith("network [") else line for line in lines]


@pytest.mark.parametrize("page", PAGES)
def test_the_page_runs(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": page}
    with mpl.rc_context({"backend": "agg"}):
        for language, text in blocks(ROOT / page):
            if language == "python":
                exec(compile(text, page, "exec"), names)
            elif language == "console":
                for command, shown in commands(text):
                    check_command(command, shown, capsys)


def check_command(command: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    program, *words = shlex.split(command)
    assert program == "edgewise"
    capsys.readouterr()
    code = run(words)
    printed = capsys.readouterr()
    refused = shown.startswith("error:")
    assert code == (2 if refused else 0), printed.err
    if shown.strip():
        assert loosely(printed.err if refused else printed.out) == loosely(shown)
        if "cut short" not in printed.err:
            check_networks(printed.out, shown)


def check_networks(printed: str, shown: str) -> None:
    """Each network that is shown is the one that comes: its shape, and its error within a factor of two."""
    for told, said in zip(*(NETWORK.findall(text) for text in (printed, shown)), strict=True):
        assert told[0] == said[0]
        assert 0.5 < float(told[1]) / float(said[1]) < 2, f"{said} is shown, and {told} comes"


@pytest.mark.parametrize("page", LINKING, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing


def test_the_readme_opens_with_the_two_commands() -> None:
    first: Callable[[str], int] = (ROOT / "README.md").read_text(encoding="utf-8").index
    assert first("make demo") < first("make test") < first("![") < first("## ")


def test_the_readme_takes_the_torch_of_the_constraints() -> None:
    constraints = (ROOT / "constraints" / "cpu.txt").read_text(encoding="utf-8")
    version = re.search(r"^torch==\S+", constraints, re.MULTILINE)
    assert version is not None
    assert version[0] in (ROOT / "README.md").read_text(encoding="utf-8")
