"""The kept runs as tables: a part for each family and setting, its odd and even rows beside each other.

Of the even half only counts are told: nothing is tuned on it, so nobody should read its failures.
"""

from collections.abc import Iterable, Iterator

from benchmarks.common import Row, measured, missed, newest, table
from edgewise.data.laws import law, laws_of

SETTING = ("noise", "points", "budget")
AIMS = {"nguyen": (12, 12), "livermore": (20, 22), "keijzer": (12, 15)}


def targets() -> str:
    """What was aimed at before anything was measured."""
    lines = [[family, f"{least} of {of}"] for family, (least, of) in AIMS.items()]
    return "## Aims\n\n" + table(["family", "recovered without noise, at least"], lines)


def families_of(rows: Iterable[Row]) -> Iterator[str]:
    """One part for each setting and family, of the newest source that was measured there."""
    found: dict[tuple, dict[str, dict[str, list[Row]]]] = {}
    for row in rows:
        setting = tuple(row["task"][name] for name in SETTING)
        family = law(row["task"]["law"]).family
        found.setdefault(setting, {}).setdefault(family, {}).setdefault(half_of(row), []).append(row)
    for setting, families in sorted(found.items()):
        for family, halves in families.items():
            kept = {half: newest(halves[half]) for half in ("odd", "even") if half in halves}
            yield _part(setting, family, kept)


def half_of(row: Row) -> str:
    """Whether a row's law stands at an odd or an even place of its family's list."""
    names = [one.name for one in laws_of(law(row["task"]["law"]).family)]
    return "even" if names.index(row["task"]["law"]) % 2 else "odd"


def _part(setting: tuple, family: str, halves: dict[str, list[Row]]) -> str:
    noise, points, budget = setting
    title = f"## {family.capitalize()}, noise {noise:g}, {points} rows, at most {budget:g} s a table"
    groups = dict(halves)
    if len(halves) == 2:
        groups["both halves"] = [row for rows in halves.values() for row in rows]
    parts = [title, measured(groups), missed(halves.get("odd", []), "odd")]
    return "\n\n".join(part for part in parts if part)
