"""The process of the command line: what is set before anything heavy is loaded, and only where the process is ours alone."""

import os
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any

# Matrices of this size run slower with threads than without.
THREADS = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
INTERRUPTED = 130


def main() -> None:
    """The entry of the ``edgewise`` command."""
    signal.signal(signal.SIGINT, _leave)
    for name, value in THREADS.items():
        os.environ.setdefault(name, value)
    sys.excepthook = _say_unexpected
    sys.unraisablehook = _not_lost
    for stream in (sys.stdout, sys.stderr):
        # a column may be called θ on a terminal that knows ASCII only
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    from .entry import run

    sys.exit(run(sys.argv[1:]))


def _leave(number: int, frame: FrameType | None) -> None:
    """Ctrl+C while libraries load or where there is nothing to keep; an exception would come out of them as any other."""
    os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)


def _not_lost(ignored: Any) -> None:
    """Ctrl+C in a place that Python may not leave by an exception (a destructor): again, a moment later."""
    if issubclass(ignored.exc_type, KeyboardInterrupt):
        threading.Timer(0.02, signal.raise_signal, [signal.SIGINT]).start()
    else:
        sys.__unraisablehook__(ignored)


def _say_unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    told = f"{kind.__name__}: {' '.join(str(error).split())}"
    sys.stderr.write(f"error: this should not have happened, please report it: {told}\n")
