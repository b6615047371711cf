"""``edgewise discover`` with several targets: a law for each."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

import edgewise
from edgewise.errors import SettingsError

from . import runs, words
from .entry import say
from .progress import Progress

if TYPE_CHECKING:
    from edgewise import Table


def discover(table: "Table", targets: Sequence[str], out: Path | None, as_json: bool, **settings: Any) -> None:
    """Search, print, save each target's discovery in a folder of its own below ``out``."""
    if settings.pop("known") is not None:
        raise SettingsError("--known is a part of one law: give one --target with it.")
    if not settings["resume"]:
        runs.say_if_replaced(out)
    search = edgewise.discover_each
    with Progress(settings["time_budget"]) as bar:
        found = search(table, targets, progress=bar, checkpoint=out, **settings)
    say(f"  took      {found.seconds:.1f} s")
    typer.echo(words.as_json(found.to_json()) if as_json else str(found))
    if out is not None:
        found.save(out, pictures=True)
        say(f"  saved     {out}/  ({', '.join(sorted(file.name for file in out.iterdir()))})")
