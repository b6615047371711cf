"""How far the work is, on stderr: a bar on a terminal, one line a stage elsewhere."""

import sys
import time
from types import TracebackType
from typing import Any, Self

from .entry import say

STAGES = {
    "ladder": "exact tests of structure",
    "graphs": "small graphs of named functions",
    "network": "network of splines",
    "naming": "names for its edges",
    "snapping": "plain numbers for constants",
}


class Progress:
    """Called by ``discover`` as ``progress(stage, share, best)`` and drawn; used as a context manager.

    ``stage`` is what is being done, ``share`` how much of the time has passed (0 to 1; None where unknown), ``best``
    the best formula so far as text.
    """

    def __init__(self, budget: float) -> None:
        self._budget = budget
        self._stage = ""
        self._bar: Any = None

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        if sys.stderr.isatty():
            self._bar = _bar()
            self._bar.start()
            self._task = self._bar.add_task("start", total=1.0, best="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, stage: str, share: float | None = None, best: str = "") -> None:
        done = (time.monotonic() - self._started) / self._budget if share is None else share
        if self._bar is not None:
            self._bar.update(
                self._task, description=STAGES.get(stage, stage), completed=min(max(done, 0.0), 1.0), best=best
            )
        elif stage != self._stage:
            say(f"  {time.monotonic() - self._started:6.1f} s  {STAGES.get(stage, stage):<32}{best}".rstrip())
        self._stage = stage


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    return Bar(
        TextColumn("  {task.description:<32}"),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        TextColumn("{task.fields[best]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
