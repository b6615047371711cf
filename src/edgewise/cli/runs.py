"""Saved runs as the commands read them: of one target, or of several with a folder for each."""

from pathlib import Path
from typing import TYPE_CHECKING

import edgewise
from edgewise.errors import StorageError

from . import words
from .entry import say

if TYPE_CHECKING:
    from edgewise import Discoveries, Discovery


def load(run: Path) -> "Discovery":
    """The discovery in a folder. Raises StorageError that names the folders below it where it holds several."""
    if several := parts(run):
        raise StorageError(
            f"{run} holds a run for each of {len(several)} targets. Give one of them: {', '.join(map(str, several))}."
        )
    if words.is_unfinished(run) and not (run / "formula.json").exists():
        raise StorageError(f"{run} holds an unfinished search: go on with it by discover ... --out {run} --resume.")
    return edgewise.Discovery.load(run)


def load_each(run: Path) -> "Discoveries | None":
    """The discoveries of several targets (or of the slopes of several states) below a folder; None where it is of one."""
    return edgewise.Discoveries.load(run) if parts(run) else None


def say_if_replaced(out: Path | None) -> None:
    """On stderr, before the work: that the folder holds a run, which gives way to the new one."""
    if out is not None and out.is_dir() and ((out / "formula.json").is_file() or parts(out)):
        say(f"  note      {out} holds a run already; the new one takes its place when it is saved")


def parts(run: Path) -> list[Path]:
    """The folders of a run of several targets, in their order. Raises StorageError where there is no folder at all."""
    if not run.is_dir():
        raise StorageError(f"there is no folder {run}. Give a folder that discover --out has written.")
    if (run / "formula.json").exists():
        return []
    found = [part for part in run.iterdir() if words.PART.match(part.name) and (part / "formula.json").is_file()]
    return sorted(found, key=lambda part: int(part.name.split("-")[0]))
