"""A search with a bar, and Ctrl+C that keeps the best so far."""

from collections.abc import Callable
from typing import TypeVar

import typer

from .entry import Interrupts, say
from .progress import Progress
from .start import INTERRUPTED

F = TypeVar("F")


def searched(budget: float, search: Callable[..., F], tell: Callable[[F], None]) -> None:
    """Call ``search(progress=...)``, and ``tell`` what it has found: print it, save it. After Ctrl+C this is the best so
    far, and the exit code is 130."""
    found: F | None = None
    try:
        with Interrupts() as interrupts:
            with Progress(budget) as bar:

                def progress(stage: str, share: float, best: str) -> None:
                    interrupts.insist()
                    bar(stage, share, best)

                found = search(progress=progress)
            interrupts.only_note()
            tell(found)
    except KeyboardInterrupt:
        say("interrupted before there was anything to keep" if found is None else "interrupted before all was done")
        raise typer.Exit(INTERRUPTED) from None
    if interrupts.seen:
        say("interrupted: this is the best so far")
        raise typer.Exit(INTERRUPTED)
