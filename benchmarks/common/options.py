"""The options that benchmarks of discovery share."""

import argparse
from collections.abc import Mapping
from typing import Any

SHARED: Mapping[str, Mapping[str, Any]] = {
    "noise": {"type": float, "help": "share of the target's rms"},
    "seeds": {"type": int},
    "budget": {"type": float, "help": "seconds for each table"},
    "points": {"type": int, "help": "rows of each table"},
    "workers": {"type": int, "help": "processes"},
}


def options(name: str, about: str, **defaults: float | tuple[float, str]) -> argparse.ArgumentParser:
    """A parser for ``python -m benchmarks.NAME`` with ``--fresh`` and the shared options that have a default here.

    A default may come with a help text of its own: ``noise=(0.0, "share of the rms of slopes")``.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=about)
    for option, default in defaults.items():
        value, *words = default if isinstance(default, tuple) else (default,)
        said = {"help": words[0]} if words else {}
        parser.add_argument(f"--{option}", default=value, **{**SHARED[option], **said})
    parser.add_argument("--fresh", action="store_true", help="forget all earlier runs")
    return parser
