"""Pages that speak of the code are current."""

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import edgewise

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.fixture
def api() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_api", ROOT / "docs" / "make_api.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def names_by_section(page: str) -> dict[str, list[str]]:
    parts = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return {part.split("\n", 1)[0]: re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE) for part in parts}


def test_the_api_page_names_what_the_rooms_name(api: ModuleType) -> None:
    assert names_by_section(text("docs/api.md")) == names_by_section(api.page()), "run make api"


def test_every_public_name_is_there() -> None:
    for name in edgewise.__all__:
        assert getattr(edgewise, name) is not None


def test_every_room_stands_on_its_step() -> None:
    layers = next(c["layers"] for c in PYPROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    there = {path.stem for path in (ROOT / "src" / "edgewise").iterdir() if path.stem[0] not in "_."} - {"py"}
    stairs = [name for step in layers for name in re.findall(r"\w+", step) if name in there]
    assert re.findall(r"^\| `(\w+)` \|", text("docs/rooms.md"), re.MULTILINE) == stairs


def test_every_dependency_has_its_reason() -> None:
    table = text("docs/why.md").split("## What we refuse")[0]
    for requirement in PYPROJECT["project"]["dependencies"]:
        package = re.match(r"[\w-]+", requirement)
        assert package is not None
        assert re.search(rf"^\|.*\b{package[0]}\b.*\|", table, re.MULTILINE), package[0]


def test_the_command_line_has_the_commands_that_the_rooms_page_names() -> None:
    from edgewise.cli.app import app

    line = next(row for row in text("docs/rooms.md").splitlines() if row.startswith("| `cli`"))
    for command in app.registered_commands:
        assert command.callback is not None
        assert command.callback.__name__ in line


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_files_that_a_page_names_are_there(page: str) -> None:
    named = re.findall(r"`((?:src|docs|tests|examples|benchmarks)/[\w/.-]+)`", text(f"docs/{page}"))
    missing = [name for name in named if not (ROOT / name).exists() and not name.endswith("results.md")]
    assert not missing
