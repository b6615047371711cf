"""``edgewise discover --ode``: a law of motion from trajectories."""

from pathlib import Path

import typer

import edgewise

from . import words
from .entry import say
from .progress import Progress


def discover(
    table: Path,
    time: str,
    states: list[str] | None,
    by: str | None,
    seed: int,
    time_budget: float,
    effort: float,
    out: Path | None,
    as_json: bool,
) -> None:
    """Search, print, save each state's discovery in a folder of its own below ``out``."""
    search = edgewise.discover_ode
    with Progress(time_budget) as bar:
        found = search(table, time, states, by=by, seed=seed, time_budget=time_budget, effort=effort, progress=bar)
    say(f"  took      {found.seconds:.1f} s")
    typer.echo(words.as_json(found.to_json()) if as_json else str(found))
    if out is not None:
        found.save(out, pictures=True)
        say(f"  saved     {out}/  ({', '.join(sorted(file.name for file in out.iterdir()))})")
