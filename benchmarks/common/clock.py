"""Wall and CPU seconds of a block, child processes included."""

import os
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Clock:
    """``with Clock() as clock: ...`` and then ``clock.wall``, ``clock.cpu``."""

    wall = cpu = 0.0

    def __enter__(self) -> Self:
        self._wall, self._cpu = time.perf_counter(), _cpu()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wall, self.cpu = time.perf_counter() - self._wall, _cpu() - self._cpu

    def over(self, seconds: float) -> Callable[[], bool]:
        """A ``stop()`` that says when so many CPU seconds have gone by since the block began."""
        return lambda: _cpu() - self._cpu > seconds


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
