"""The kept runs as tables: a part for each family and setting, its odd and even rows beside each other.

Of the even half only counts are told: nothing is tuned on it, so nobody should read its failures.
"""

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.common import Row, median_of, rate, table
from edgewise.data.laws import law, laws_of

SETTING = ("noise", "points", "budget")
RULES = {"recovered": "recovered", "skeleton": "by_skeleton", "value": "by_value", "SRBench's rule": "by_srbench"}
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
            kept = {half: _newest(halves[half]) for half in ("odd", "even") if half in halves}
            yield _part(setting, family, kept)


def half_of(row: Row) -> str:
    """Whether a row's law stands at an odd or an even place of its family's list."""
    names = [one.name for one in laws_of(law(row["task"]["law"]).family)]
    return "even" if names.index(row["task"]["law"]) % 2 else "odd"


def _newest(rows: Sequence[Row]) -> list[Row]:
    last = rows[-1]["task"]["source"]
    return [row for row in rows if row["task"]["source"] == last]


def _part(setting: tuple, family: str, halves: dict[str, list[Row]]) -> str:
    noise, points, budget = setting
    title = f"## {family.capitalize()}, noise {noise:g}, {points} rows, at most {budget:g} s a table"
    groups = dict(halves)
    if len(halves) == 2:
        groups["both halves"] = [row for rows in halves.values() for row in rows]
    parts = [title, table(["", *groups], _lines(groups)), _missed(halves.get("odd", []))]
    return "\n\n".join(part for part in parts if part)


def _lines(groups: dict[str, list[Row]]) -> Iterator[list[str]]:
    for title, rule in RULES.items():
        yield [title, *(rate(sum(row[rule] for row in rows), len(rows)) for rows in groups.values())]
    yield ["said to be a law", *(rate(sum(row["verified"] for row in rows), len(rows)) for rows in groups.values())]
    false = [sum(row["verified"] and not row["by_skeleton"] for row in rows) for rows in groups.values()]
    yield ["of those with a wrong skeleton", *map(str, false)]
    for clock in ("wall", "cpu"):
        yield [f"{clock} s: median, largest", *(_seconds(rows, clock) for rows in groups.values())]
    yield ["cut by the time budget", *(str(sum(bool(row["cut"]) for row in rows)) for rows in groups.values())]
    yield ["source", *(", ".join(sorted({row["task"]["source"] for row in rows})) for rows in groups.values())]


def _seconds(rows: Sequence[Row], clock: str) -> str:
    return f"{median_of(rows, clock):.2f}, {max(row[clock] for row in rows):.1f}"


def _missed(rows: Sequence[Row]) -> str:
    missed = [row for row in rows if not row["recovered"]]
    if not missed:
        return ""
    head = ["law", "seed", "inside", "outside", "skeleton", "size", "called a law", "truth", "formula put first"]
    lines = [
        [
            row["task"]["law"], row["task"]["seed"], row["inside"], row["outside"], row["skeleton"],
            f"{row['size']} of {row['truth_size']}", "yes" if row["verified"] else "no",
            f"`{row['truth']}`", f"`{row['formula']}`",
        ]
        for row in missed
    ]  # fmt: skip
    return "Not recovered, odd:\n\n" + table(head, lines)
