"""What is told of runs that were to recover laws: rates by every rule, seconds, and what was missed."""

from collections.abc import Iterator, Mapping, Sequence

from .rates import rate
from .report import median_of, table
from .runs import Row

RULES = {"recovered": "recovered", "skeleton": "by_skeleton", "value": "by_value", "SRBench's rule": "by_srbench"}
Groups = Mapping[str, Sequence[Row]]


def newest(rows: Sequence[Row]) -> list[Row]:
    """Those of the source that came last."""
    last = rows[-1]["task"]["source"]
    return [row for row in rows if row["task"]["source"] == last]


def share(rows: Sequence[Row], rule: str) -> str:
    """In how many of the rows an entry holds; a dash where there are none."""
    return rate(sum(bool(row[rule]) for row in rows), len(rows)) if rows else "-"


def rules(groups: Groups) -> Iterator[list[str]]:
    """A line for each rule, a cell for each group."""
    for title, rule in RULES.items():
        yield [title, *(share(rows, rule) for rows in groups.values())]


def claims(groups: Groups) -> Iterator[list[str]]:
    """How many were said to be laws, and how many of those are not."""
    yield ["said to be a law", *(share(rows, "verified") for rows in groups.values())]
    wrong = (sum(row["verified"] and not row["by_skeleton"] for row in rows) for rows in groups.values())
    yield ["of those with a wrong skeleton", *map(str, wrong)]


def seconds(groups: Groups, together: bool = False) -> Iterator[list[str]]:
    """Median and largest seconds by both clocks, with their sum where it is asked for."""
    for clock in ("wall", "cpu"):
        title = f"{clock} s: median, largest" + ", together" * together
        yield [title, *(_seconds(rows, clock, together) for rows in groups.values())]


def cuts(groups: Groups) -> list[str]:
    """How many met the time budget."""
    return ["cut by the time budget", *(str(sum(bool(row["cut"]) for row in rows)) for rows in groups.values())]


def sources(groups: Groups) -> list[str]:
    """Which source was measured."""
    return ["source", *(", ".join(sorted({row["task"]["source"] for row in rows})) for rows in groups.values())]


def measured(groups: Groups) -> str:
    """All of it as one table."""
    return table(["", *groups], [*rules(groups), *claims(groups), *seconds(groups), cuts(groups), sources(groups)])


def missed(rows: Sequence[Row], what: str = "") -> str:
    """The runs that recovered no law, with the formula they put first; empty where there are none."""
    lines = [
        [
            row["task"]["law"], row["task"]["seed"], row["inside"], row["outside"], row["skeleton"],
            f"{row['size']} of {row['truth_size']}", "yes" if row["verified"] else "no",
            f"`{row['truth']}`", f"`{row['formula']}`",
        ]
        for row in rows
        if not row["recovered"]
    ]  # fmt: skip
    head = ["law", "seed", "inside", "outside", "skeleton", "size", "called a law", "truth", "formula put first"]
    return f"Not recovered{what and ', '}{what}:\n\n{table(head, lines)}" if lines else ""


def _seconds(rows: Sequence[Row], clock: str, together: bool) -> str:
    taken = [row[clock] for row in rows]
    return f"{median_of(rows, clock):.2f}, {max(taken):.1f}" + f", {sum(taken):.0f}" * together
