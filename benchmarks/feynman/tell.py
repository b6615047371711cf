"""The kept runs as tables.

Of the even half of the list only counts are told: nothing is tuned on it, so nobody should read its failures.
"""

from collections.abc import Iterable, Sequence

from benchmarks.common import Row, median_of, rate, table
from edgewise.data.laws import laws_of

from .published import LEFT_OUT, LEVELS, NEVER_FOUND, RATES

SETTING = {"noise": 0.0, "points": 1000, "dummies": 0, "budget": 60.0, "units": False}
NUMBERS = {law.name: number for number, law in enumerate(laws_of("feynman"), 1)}
RULES = {"recovered": "recovered", "skeleton": "by_skeleton", "value": "by_value", "SRBench's rule": "by_srbench"}
Setting = tuple[float, int, int, float, bool]


def levels_of(rows: Iterable[Row]) -> dict[Setting, dict[str, list[Row]]]:
    """Rows by setting and half of the list, those of the source that came last."""
    found: dict[Setting, dict[str, list[Row]]] = {}
    for row in rows:
        setting: Setting = tuple(row["task"].get(name, usual) for name, usual in SETTING.items())  # type: ignore[assignment]
        found.setdefault(setting, {}).setdefault(half_of(row), []).append(row)
    return {
        setting: {half: _newest(halves[half]) for half in ("odd", "even", "bonus") if half in halves}
        for setting, halves in sorted(found.items())
    }


def half_of(row: Row) -> str:
    """Whether a row's law has an odd or an even number, or is one of the bonus laws."""
    number = NUMBERS.get(row["task"]["law"])
    return "bonus" if number is None else "odd" if number % 2 else "even"


def _newest(rows: Sequence[Row]) -> list[Row]:
    last = rows[-1]["task"]["source"]
    return [row for row in rows if row["task"]["source"] == last]


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
    parts += [_missed(half, halves[half]) for half in ("odd", "bonus") if half in halves]
    return "\n\n".join(part for part in parts if part)


def _lines(groups: dict[str, list[Row]]) -> Iterable[list[str]]:
    for title, rule in RULES.items():
        yield [title, *(_rate(rows, rule) for rows in groups.values())]
    kept = {name: [row for row in rows if row["task"]["law"] not in LEFT_OUT] for name, rows in groups.items()}
    yield [f"recovered, without {', '.join(LEFT_OUT)}", *(_rate(rows, "recovered") for rows in kept.values())]
    hard = {name: [row for row in rows if row["task"]["law"] in NEVER_FOUND] for name, rows in groups.items()}
    yield ["recovered, of those SRBench's methods never found", *(_rate(rows, "recovered") for rows in hard.values())]
    yield ["said to be a law", *(_rate(rows, "verified") for rows in groups.values())]
    yield ["of those with a wrong skeleton", *(str(len(_false(rows))) for rows in groups.values())]
    for clock in ("wall", "cpu"):
        yield [f"{clock} s: median, largest, together", *(_seconds(rows, clock) for rows in groups.values())]
    yield ["cut by the time budget", *(str(sum(bool(row["cut"]) for row in rows)) for rows in groups.values())]
    yield ["laws, seeds", *(_counted(rows) for rows in groups.values())]
    yield ["source", *(", ".join(sorted({row["task"]["source"] for row in rows})) for rows in groups.values())]


def _rate(rows: Sequence[Row], rule: str) -> str:
    return rate(sum(row[rule] for row in rows), len(rows)) if rows else "-"


def _false(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["verified"] and not row["by_skeleton"]]


def _seconds(rows: Sequence[Row], clock: str) -> str:
    taken = [row[clock] for row in rows]
    return f"{median_of(rows, clock):.2f}, {max(taken):.1f}, {sum(taken):.0f}"


def _counted(rows: Sequence[Row]) -> str:
    seeds = {row["task"]["seed"] for row in rows}
    return f"{len({row['task']['law'] for row in rows})} laws, {len(seeds)} seeds"


def _missed(half: str, rows: Sequence[Row]) -> str:
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
    return f"Not recovered, {half}:\n\n" + table(head, lines)
