"""``edgewise discover`` with several targets: a law for each."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

import edgewise
from edgewise.errors import SettingsError

from . import runs, words
from .entry import say
from .searching import searched

if TYPE_CHECKING:
    from edgewise import Discoveries, Dynamics, Table


def discover(table: "Table", targets: Sequence[str], out: Path | None, as_json: bool, **settings: Any) -> None:
    """Search, print, save each target's discovery in a folder of its own below ``out``."""
    if settings.pop("known") is not None:
        raise SettingsError("--known is a part of one law: give one --target with it.")
    if not settings["resume"]:
        runs.say_if_replaced(out)
    search = partial(edgewise.discover_each, table, targets, checkpoint=out, **settings)
    searched(settings["time_budget"], search, lambda found: tell(found, out, as_json))


def tell(found: "Discoveries | Dynamics", out: Path | None, as_json: bool, cut: Sequence[str] = ()) -> None:
    """Print what was found of several columns, and save each in a folder of its own."""
    say(f"  took      {found.seconds:.1f} s" + (f", cut short in: {', '.join(cut)}" if cut else ""))
    typer.echo(words.as_json(found.to_json()) if as_json else str(found))
    if out is not None:
        found.save(out, pictures=True)
        say(f"  saved     {out}/  ({', '.join(sorted(file.name for file in out.iterdir()))})")
