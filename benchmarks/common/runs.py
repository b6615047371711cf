"""Runs that survive an interruption: one JSON line each, taken up again if the source is still the same."""

import hashlib
import json
import multiprocessing
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from typing import Any

Row = dict[str, Any]


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

    def __call__(self, work: Callable[[], Row], **which: Any) -> Row:
        key = self._of(which)
        return self._known[key] if key in self._known else self._kept(key, which, work())

    def side_by_side(
        self, work: Callable[..., Row], tasks: Sequence[Row], workers: int, begin: Callable[[], None] | None = None
    ) -> list[Row]:
        """``work(**task)`` for every task, in processes of their own that call ``begin()`` first; rows in the order of
        the tasks."""
        missing = {self._of(task): task for task in tasks if self._of(task) not in self._known}
        if missing:
            own = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(min(workers, len(missing)), mp_context=own, initializer=begin) as pool:
                begun = {pool.submit(work, **task): key for key, task in missing.items()}
                for done in as_completed(begun):
                    self._kept(begun[done], missing[begun[done]], done.result())
        return [self._known[self._of(task)] for task in tasks]

    def all(self) -> Iterable[Row]:
        """Every row that is known, of any source, in the order in which they came."""
        return self._known.values()

    @staticmethod
    def _of(which: Row) -> str:
        return json.dumps({"source": source()} | which, sort_keys=True)

    def _kept(self, key: str, which: Row, found: Row) -> Row:
        row = {"task": {"source": source()} | which, **found}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        self._known[key] = row
        print(which, json.dumps(found)[:400], file=sys.stderr, flush=True)
        return row


@cache
def source() -> str:
    """The commit of the package's source; with a mark of their contents if files differ from it."""
    changed = _git("status", "--porcelain", "--", "src")
    return _git("rev-parse", "--short=10", "HEAD:src") + (f"+{_contents()}" if changed else "")


def _contents() -> str:
    root = Path(_git("rev-parse", "--show-toplevel")) / "src"
    mark = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        mark.update(path.read_bytes())
    return mark.hexdigest()[:6]


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    return done.stdout.strip() or ("unknown" if words[0] == "rev-parse" else "")


def _key(row: Row) -> str:
    return json.dumps(row["task"], sort_keys=True)
