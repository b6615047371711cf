"""Several discoveries as one run: a folder of its own for each below a common one, one budget, one progress."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from edgewise.files import write_together

from .result import Discovery

FILES = ("formula.json", "network.safetensors", "formula.svg", "network.svg")
NAMED = re.compile(r"\d+-")
Progress = Callable[[str, float, str], None]


def part_folder(folder: str | Path, number: int, name: str) -> Path:
    """Where the discovery of that number (from 0) and name is below the folder: ``1-name``."""
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
    return Path(folder) / f"{number + 1}-{safe}"


def save_parts(found: Mapping[str, Discovery], folder: str | Path, *, pictures: bool) -> None:
    """Each discovery in a folder of its own; those of an earlier run there are taken away."""
    kept = [part_folder(folder, number, name) for number, name in enumerate(found)]
    for part, one in zip(kept, found.values(), strict=True):
        one.save(part, pictures=pictures)
    for part in Path(folder).iterdir():
        if part not in kept and NAMED.match(part.name) and (part / "formula.json").is_file():
            _take_away(part)


def load_parts(folder: str | Path) -> list[Discovery]:
    """The discoveries below a folder, in their order."""
    parts = [part for part in Path(folder).iterdir() if NAMED.match(part.name) and (part / "formula.json").is_file()]
    return [Discovery.load(part) for part in sorted(parts, key=lambda part: int(part.name.split("-")[0]))]


def part_progress(progress: Progress | None, name: str, number: int, parts: int) -> Progress | None:
    """What to call in the search for one of them, so that ``progress`` hears of all."""
    if progress is None:
        return None
    return lambda step, share, best: progress(f"{name}: {step}", (number + share) / parts, best)


def _take_away(part: Path) -> None:
    """The files of a saved discovery, and its folder unless there is more in it."""
    write_together(part, dict.fromkeys(FILES))
    with suppress(OSError):
        part.rmdir()
