"""Names of columns with their units: ``L [m]`` and ``L (m)`` are the column L in metres."""

import re
from collections.abc import Sequence

_UNIT = re.compile(r"(?P<name>.*\S)\s*\[(?P<square>[^\[\]]*)\]|(?P<word>.*\S)\s+\((?P<round>[^()]*)\)")


def bare(raw: str) -> str:
    """The name without its unit.

    >>> bare("bed depth [cm]"), bare("L")
    ('bed depth', 'L')
    """
    match = _UNIT.fullmatch(raw)
    return (match["name"] or match["word"]) if match else raw


def names_and_units(raw: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Names without their units; where two names would become one ("v (min)", "v (max)"), both stay as written."""
    found = [_UNIT.fullmatch(name) for name in raw]
    short = [bare(name) for name in raw]
    names = tuple(one if short.count(one) == 1 else name for one, name in zip(short, raw, strict=True))
    units = {
        name: (match["square"] or match["round"] or "").strip()
        for name, whole, match in zip(names, raw, found, strict=True)
        if match and name != whole
    }
    return names, {name: unit for name, unit in units.items() if unit}
