"""The kept runs as tables.

Of the even half of the list only counts are told: nothing is tuned on it, so nobody should read its failures.
"""

from collections.abc import Iterable, Sequence

from benchmarks.common import Row, claims, cuts, missed, newest, rules, seconds, share, sources, table
from edgewise.data.laws import laws_of

from .published import LEFT_OUT, LEVELS, NEVER_FOUND, RATES

SETTING = {"noise": 0.0, "points": 1000, "dummies": 0, "budget": 60.0, "units": False}
NUMBERS = {law.name: number for number, law in enumerate(laws_of("feynman"), 1)}
Setting = tuple[float, int, int, float, bool]


def levels_of(rows: Iterable[Row]) -> dict[Setting, dict[str, list[Row]]]:
    """Rows by setting and half of the list, those of the source that came last."""
    found: dict[Setting, dict[str, list[Row]]] = {}
    for row in rows:
        setting: Setting = tuple(row["task"].get(name, usual) for name, usual in SETTING.items())  # type: ignore[assignment]
        found.setdefault(setting, {}).setdefault(half_of(row), []).append(row)
    return {
        setting: {half: newest(halves[half]) for half in ("odd", "even", "bonus") if half in halves}
        for setting, halves in sorted(found.items())
    }


def page_of(setting: Setting) -> str:
    """The page that tells of a setting: one without noise, one for each level of it, one where the units are known."""
    noise, *_, units = setting
    return "units" if units else f"noise-{noise:g}" if noise else "results"


def half_of(row: Row) -> str:
    """Whether a row's law has an odd or an even number, or is one of the bonus laws."""
    number = NUMBERS.get(row["task"]["law"])
    return "bonus" if number is None else "odd" if number % 2 else "even"


def published() -> str:
    """What others report."""
    head = ["per cent", *(f"noise {noise:g}" for noise in LEVELS), ""]
    return "## Published rates\n\n" + table(head, [[name, *rates, note] for name, rates, note in RATES])


def level(setting: Setting, halves: dict[str, list[Row]]) -> str:
    """One level of noise, rows and dummies: the rates of each half, and what was missed where it may be read."""
    noise, points, dummies, budget, units = setting
    beside = f", {dummies} inputs that do not matter" if dummies else ""
    beside += ", with units" if units else ""
    title = f"## Noise {noise:g}, {points} rows{beside}, at most {budget:g} s a table"
    groups = dict(halves)
    hundred = [row for half in ("odd", "even") for row in halves.get(half, [])]
    if len({half for half in halves if half != "bonus"}) == 2:
        groups["both halves"] = hundred
    parts = [title, table(["", *groups], _lines(groups))]
    parts += [missed(halves[half], half) for half in ("odd", "bonus") if half in halves]
    return "\n\n".join(part for part in parts if part)


def _lines(groups: dict[str, list[Row]]) -> Iterable[list[str]]:
    yield from rules(groups)
    kept = {name: [row for row in rows if row["task"]["law"] not in LEFT_OUT] for name, rows in groups.items()}
    yield [f"recovered, without {', '.join(LEFT_OUT)}", *(share(rows, "recovered") for rows in kept.values())]
    hard = {name: [row for row in rows if row["task"]["law"] in NEVER_FOUND] for name, rows in groups.items()}
    yield ["recovered, of those SRBench's methods never found", *(share(rows, "recovered") for rows in hard.values())]
    yield from claims(groups)
    yield from seconds(groups, together=True)
    yield cuts(groups)
    yield ["laws, seeds", *(_counted(rows) for rows in groups.values())]
    yield sources(groups)


def _counted(rows: Sequence[Row]) -> str:
    seeds = {row["task"]["seed"] for row in rows}
    return f"{len({row['task']['law'] for row in rows})} laws, {len(seeds)} seeds"
