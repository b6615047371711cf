"""The kept runs as tables. Given slopes, of the second states only counts are told: nothing is tuned on them."""

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.common import Row, median_of, rate, table

RULES = {"recovered": "recovered", "skeleton": "by_skeleton", "value": "by_value", "SRBench's rule": "by_srbench"}
PUBLISHED = (
    "Published, given slopes: 42.9 % without noise and 21.4 % at noise 0.01 (the best of SRBench's comparisons)."
)
SETTING = ("given", "noise", "points", "budget")


def parts_of(rows: Iterable[Row]) -> Iterator[str]:
    """A part for each setting, of the newest source that was measured there."""
    yield PUBLISHED
    found: dict[tuple, list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row["task"][name] for name in SETTING), []).append(row)
    for setting, runs in sorted(found.items()):
        last = runs[-1]["task"]["source"]
        newest = [row for row in runs if row["task"]["source"] == last]
        yield (_slopes if setting[0] == "slopes" else _trajectories)(setting, newest)


def _slopes(setting: tuple, rows: Sequence[Row]) -> str:
    _, noise, points, budget = setting
    halves = {
        "first states": [row for row in rows if row["task"]["law"].endswith("1")],
        "second states": [row for row in rows if row["task"]["law"].endswith("2")],
    }
    groups = {name: some for name, some in halves.items() if some}
    if len(groups) == 2:
        groups["all"] = list(rows)
    title = f"## Given slopes, noise {noise:g} of them, {4 * points} rows, at most {budget:g} s a law"
    lines = [[name, *(rate(_sum(some, rule), len(some)) for some in groups.values())] for name, rule in RULES.items()]
    lines.append(["said to be a law", *(rate(_sum(some, "verified"), len(some)) for some in groups.values())])
    wrong = [sum(row["verified"] and not row["by_skeleton"] for row in some) for some in groups.values()]
    lines.append(["of those with a wrong skeleton", *map(str, wrong)])
    lines.append(["wall s: median, largest", *(_seconds(some, "wall") for some in groups.values())])
    lines.append(["cpu s: median, largest", *(_seconds(some, "cpu") for some in groups.values())])
    lines.append(["source", *(some[-1]["task"]["source"] for some in groups.values())])
    missed = [(row["task"]["law"], row) for row in halves["first states"] if not row["recovered"]]
    return "\n\n".join([title, table(["", *groups], lines), *_missed(missed)])


def _trajectories(setting: tuple, rows: Sequence[Row]) -> str:
    _, noise, points, budget = setting
    laws = [part for row in rows for part in row["parts"]]
    title = (
        f"## Given trajectories alone, noise {noise:g} of the states, 3 of {points} points and one held out, at most "
        f"{2 * budget:g} s a system"
    )
    lines = [[name, rate(_sum(laws, rule), len(laws))] for name, rule in RULES.items()]
    lines.append(["systems said to be laws", rate(_sum(rows, "verified"), len(rows))])
    lines.append(["of those with a wrong skeleton", str(sum(_is_wrong(row) for row in rows))])
    lines.append(["error of the trajectory held out, over its spread: median", f"{median_of(rows, 'followed'):.1e}"])
    lines += [[f"{clock} s: median, largest", _seconds(rows, clock)] for clock in ("wall", "cpu")]
    lines.append(["source", rows[-1]["task"]["source"]])
    missed = [(part["law"], part) for part in laws if not part["recovered"]]
    return "\n\n".join([title, table(["", "laws"], lines), *_missed(missed)])


def _is_wrong(row: Row) -> bool:
    return row["verified"] and not all(part["by_skeleton"] for part in row["parts"])


def _missed(missed: Sequence[tuple[str, Row]]) -> list[str]:
    if not missed:
        return []
    head = ["law", "inside", "outside", "skeleton", "size", "truth", "formula put first"]
    lines = [
        [
            name, row["inside"], row["outside"], row["skeleton"], f"{row['size']} of {row['truth_size']}",
            f"`{row['truth']}`", f"`{row['formula']}`",
        ]
        for name, row in missed
    ]  # fmt: skip
    return ["Not recovered:\n\n" + table(head, lines)]


def _sum(rows: Sequence[Row], rule: str) -> int:
    return sum(row[rule] for row in rows)


def _seconds(rows: Sequence[Row], clock: str) -> str:
    return f"{median_of(rows, clock):.2f}, {max(row[clock] for row in rows):.1f}"
