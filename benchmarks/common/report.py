"""Results as Markdown, with all that is needed to run them again at the head."""

import os
import platform
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import takewhile
from pathlib import Path
from statistics import fmean, median
from typing import Any

import edgewise

from .runs import source

LIBRARIES = ("torch", "numpy", "scipy", "sympy", "scikit-learn")
PRIVATE = ("--pykan-python",)  # options that hold a path of this machine


def write_report(
    folder: Path, title: str, seeds: str, parts: Iterable[str], page: str = "results", processes: int = 1
) -> None:
    """Write ``results.md``, or another page, and print it; ``processes`` computed side by side."""
    text = "\n\n".join([f"# {title}", _head(folder.name, seeds, processes), *parts]) + "\n"
    (folder / f"{page}.md").write_text(text, encoding="utf-8")
    print(text)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; numbers short, bars in texts escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def read_tables(folder: Path, page: str = "results") -> dict[str, list[dict[str, str]]]:
    """What `write_report` wrote, read back: the first table under each heading, a dict a line, its cells as text."""
    found: dict[str, list[dict[str, str]]] = {}
    for part in re.split(r"^#+ ", (folder / f"{page}.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        rows = [
            [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in _first_block(body)
        ]
        if len(rows) > 2:
            head, _, *lines = rows
            found[heading] = [dict(zip(head, line, strict=True)) for line in lines]
    return found


def median_of(rows: Iterable[dict[str, Any]], name: str) -> float:
    """The median of one entry; nan where there are no rows."""
    values = [row[name] for row in rows]
    return median(values) if values else float("nan")


def mean_of(rows: Iterable[dict[str, Any]], name: str) -> float:
    """The mean of one entry; nan where there are no rows."""
    values = [row[name] for row in rows]
    return fmean(values) if values else float("nan")


def _first_block(text: str) -> list[str]:
    """The lines of the first table."""
    start = re.search(r"^\|", text, re.MULTILINE)
    return list(takewhile(lambda line: line.startswith("|"), text[start.start() :].splitlines())) if start else []


def _head(name: str, seeds: str, processes: int) -> str:
    computing = (
        "one computing process, one thread" if processes == 1 else f"{processes} computing processes of one thread"
    )
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"`{_command(name)}`",
        f"edgewise {edgewise.__version__} (src tree {source()}), Python {platform.python_version()}, "
        + ", ".join(f"{library} {_version(library)}" for library in LIBRARIES),
        f"seeds: {seeds}",
        f"{os.cpu_count()} cores ({platform.machine()}), no GPU, {computing}; the machine is "
        f"shared with other work (load average now {os.getloadavg()[0]:.1f}), so CPU seconds (child processes included) "
        f"stand beside wall seconds and are the steadier number",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _command(name: str) -> str:
    words, hide = ["python", "-m", f"benchmarks.{name}"], False
    for word in sys.argv[1:]:
        words.append("PATH" if hide else word)
        hide = word in PRIVATE
    return " ".join(words)


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "**no**"
    if isinstance(value, float):
        return f"{value:.3g}"
    return str(value).replace("|", "\\|")
