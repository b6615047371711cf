"""``edgewise discover --ode``: a law of motion from trajectories."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import edgewise
from edgewise.errors import SettingsError

from . import runs
from .searching import searched
from .several import tell

SEARCH = {"time_budget", "effort", "seed", "primitives", "functions", "without", "prefer", "max_complexity", "engine"}
USED = SEARCH | {"table", "inputs", "out", "as_json", "ode", "time", "by"}
"""What ``--ode`` makes use of, by the names of the parameters."""


def check_options(given: Mapping[str, str], ode: bool) -> None:
    """An error that names the options (as they are written, by parameter) that go only without --ode, or only with it."""
    if not ode:
        if alone := [given[name] for name in ("time", "by") if name in given]:
            raise SettingsError(
                f"{_listed(alone)} {_goes(alone)} with --ode only. Add --ode, or leave {_it(alone)} out."
            )
        return
    if "target" in given:
        raise SettingsError("--ode explains how every state changes; --target is for one column. Leave out one.")
    if unused := [option for name, option in given.items() if name not in USED]:
        raise SettingsError(
            f"{_listed(unused)} {_goes(unused)} not with --ode, which has no use for {_it(unused)}. Leave {_it(unused)} out."
        )


def discover(
    table: Path, time: str, states: list[str] | None, by: str | None, out: Path | None, as_json: bool, **settings: Any
) -> None:
    """Search, print, save each state's discovery in a folder of its own below ``out``."""
    runs.say_if_replaced(out)
    search = partial(edgewise.discover_ode, table, time, states, by=by, **settings)
    searched(settings["time_budget"], search, lambda found: tell(found, out, as_json, found.cut))


def _listed(options: Sequence[str]) -> str:
    return " and ".join(", ".join(options).rsplit(", ", 1))


def _goes(options: Sequence[str]) -> str:
    return "goes" if len(options) == 1 else "go"


def _it(options: Sequence[str]) -> str:
    return "it" if len(options) == 1 else "them"
