"""The kept runs as tables. Given slopes, of the second states only counts are told: nothing is tuned on them."""

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.common import Row, claims, median_of, missed, newest, rules, seconds, share, sources, table

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
        yield (_slopes if setting[0] == "slopes" else _trajectories)(setting, newest(runs))


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
    lines = [*rules(groups), *claims(groups), *seconds(groups), sources(groups)]
    parts = [title, table(["", *groups], lines), missed(halves["first states"])]
    return "\n\n".join(part for part in parts if part)


def _trajectories(setting: tuple, rows: Sequence[Row]) -> str:
    _, noise, points, budget = setting
    laws = [_of_its_own(row, part) for row in rows for part in row["parts"]]
    systems = {"": rows}
    title = (
        f"## Given trajectories alone, noise {noise:g} of the states, 3 of {points} points and one held out, at most "
        f"{2 * budget:g} s a system"
    )
    lines = [
        *rules({"": laws}),
        ["systems said to be laws", share(rows, "verified")],
        ["of those with a wrong skeleton", str(sum(_is_wrong(row) for row in rows))],
        ["error of the trajectory held out, over its spread: median", f"{median_of(rows, 'followed'):.1e}"],
        *seconds(systems),
        sources(systems),
    ]
    parts = [title, table(["", "laws"], lines), missed(laws)]
    return "\n\n".join(part for part in parts if part)


def _of_its_own(row: Row, part: Row) -> Row:
    """One law of a system as a run of its own."""
    return {**part, "task": {**row["task"], "law": part["law"]}, "verified": row["verified"]}


def _is_wrong(row: Row) -> bool:
    return row["verified"] and not all(part["by_skeleton"] for part in row["parts"])
