"""Write docs/api.md from the rooms themselves: ``make api``. A test keeps it current."""

import inspect
import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_name("api.md")
HEAD = """\
# Public names

Written by `make api`; each line is the first line of the name's docstring. What is not here may change
without notice. `edgewise` itself has the names most used: {names}.
"""


def rooms() -> list[str]:
    """The rooms with names for a program, from the top of the stairs down."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    stairs = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    named = [name for step in stairs for name in re.findall(r"\w+", step)]
    there = [name for name in named if _exists(name)]
    return [room for name in there if name != "cli" for room in ([name, "data.laws"] if name == "data" else [name])]


def _exists(name: str) -> bool:
    source = ROOT / "src" / "edgewise" / name
    return source.with_suffix(".py").is_file() or (source / "__init__.py").is_file()


def page() -> str:
    """The whole page."""
    whole = rooms()
    names = [f"`{name}`" for name in import_module("edgewise").__all__ if name not in whole and name[0] != "_"]
    return "\n".join([HEAD.format(names=", ".join(names)), *(part for room in whole for part in section(room))]) + "\n"


def section(room: str) -> list[str]:
    """One room: its own first line, then its names."""
    module = import_module(f"edgewise.{room}")
    rows = [f"| `{name}` | {about(getattr(module, name))} |" for name in public_names(module)]
    return [f"## edgewise.{room}\n", f"{first_line(module)}\n", "| name | what it is |\n|---|---|", *rows, ""]


def public_names(module: Any) -> list[str]:
    """``__all__``, or what a room without one defines itself."""
    own = [
        name
        for name, value in vars(module).items()
        if name[0] != "_" and (name.isupper() or getattr(value, "__module__", None) == module.__name__)
    ]
    return sorted(getattr(module, "__all__", own), key=str.casefold)


def about(value: Any) -> str:
    """The first line of a docstring; for a table the names of its rows."""
    if isinstance(value, dict):
        keys = list(map(str, value))
        return "table: " + ", ".join(f"`{key}`" for key in keys[:12]) + (f", ... ({len(keys)})" if keys[12:] else "")
    return first_line(value).replace("|", "\\|")


def first_line(value: Any) -> str:
    """The first sentence of a docstring, on one line."""
    paragraph = (inspect.getdoc(value) or "").split("\n\n")[0]
    return " ".join(paragraph.split())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
