"""Runs that survive an interruption: one JSON line each, taken up again if the source is still the same."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any


class Runs:
    """``runs(work, part=..., seed=...)`` calls ``work()`` for a dict, or reads what it gave before with this source.

    Runs of other people's programs say so by ``source="pykan 0.2.8"``, and stay when ours changes. The lines lie in
    ``folder/runs.jsonl``; ``fresh=True`` begins anew.
    """

    def __init__(self, folder: Path, fresh: bool = False) -> None:
        self._path = folder / "runs.jsonl"
        if fresh:
            self._path.unlink(missing_ok=True)
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []
        self._known = {_key(row): row for row in map(json.loads, lines)}

    def __call__(self, work: Callable[[], dict[str, Any]], **which: Any) -> dict[str, Any]:
        task = {"source": source()} | which
        key = json.dumps(task, sort_keys=True)
        if key not in self._known:
            row = {"task": task, **work()}
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            self._known[key] = row
            shown = {name: value for name, value in row.items() if name != "task"}
            print(which, json.dumps(shown)[:400], file=sys.stderr, flush=True)
        return self._known[key]


@cache
def source() -> str:
    """The commit of the package's source; with a mark if files differ from it."""
    changed = _git("status", "--porcelain", "--", "src")
    return _git("rev-parse", "--short=10", "HEAD:src") + ("+changes" if changed else "")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    return done.stdout.strip() or ("unknown" if words[0] == "rev-parse" else "")


def _key(row: dict[str, Any]) -> str:
    return json.dumps(row["task"], sort_keys=True)
