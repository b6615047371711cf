"""The page: each claim with the paper's number, the KAN paper's, ours, and who is ahead."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median

from benchmarks.common import read_tables, table
from benchmarks.common.chart import dots

BENCHMARKS = Path(__file__).parents[1]
PAGE = BENCHMARKS.parent / "docs" / "results.md"
IMAGES = PAGE.parent / "images"
HEAD = """\
# Results beside the paper's

Written by `make results` from the `results.md` that each benchmark left in its folder of `benchmarks`; dates, seeds, versions
and commands stand at the head of each. The paper is the one that [paper.md](paper.md) goes through; the KAN paper is Z. Liu et
al., arXiv:2404.19756. "Behind" is printed as plainly as "ahead". A dash: that paper gives no number.
"""
NEAR = 0.3  # of the theory, for a slope
ACCURACY = "test accuracy, % (a seed each)"
Line = list[object]


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(part() for part in PARTS)])


def summary() -> str:
    """Every claim on one line. I.15.3x counts once, as in the benchmark: by its four inputs."""
    rows = [row for row in _feynman() if "(" not in str(row["row"])]
    count = f"of {len(rows)} rows"

    def below(ours: str, theirs: str) -> int:
        return sum(row[ours] < row[theirs] for row in rows)

    lines: list[Line] = [
        [
            "table 1, network",
            "its best",
            "-",
            f"{below('network', 'paper')} {count} below",
            judged(below("network", "paper"), len(rows)),
        ],
        [
            "table 1, network",
            "-",
            "its best",
            f"{below('network', 'KAN paper')} {count} below",
            judged(below("network", "KAN paper"), len(rows)),
        ],
        [
            "table 1, network",
            "-",
            "-",
            f"{below('network', 'our MLP')} {count} below our MLP",
            judged(below("network", "our MLP"), len(rows)),
        ],
        [
            "table 1, formula",
            "its best",
            "-",
            f"{below('formula', 'paper')} {count} below",
            judged(below("formula", "paper"), len(rows)),
        ],
    ]
    for heading, laws in read_tables(BENCHMARKS / "kan_paper").items():
        found = sum(number(row["ours"]) < number(row["paper's best"]) for row in laws)
        lines.append([heading, "-", "its best", f"{found} of {len(laws)} below", judged(found, len(laws))])
    near, whole = _slopes()
    trained = next(r for h, r in read_tables(BENCHMARKS / "scaling").items() if h.startswith("Trained"))
    held = sum(abs(number(row["slope in intervals"]) - number(row["degree"]) - 1) <= NEAR for row in trained)
    toys = _counted("toy", "exp(sin(pi x)")[0]["recovered"]
    above = [_accuracy(one) > _accuracy(other) for one, other in _pairs()]
    targets = [row["verdict"] == "met" for row in _counted("mnist", "Targets")]
    lines += [
        [
            "theorem 1, m = 0, 1, 2",
            "k + 1 - m, stated",
            "-",
            f"{near} of {whole} slopes within {NEAR}",
            holds(near, whole),
        ],
        [
            "alpha = k + 1",
            "stated",
            "near 4, cubic",
            f"{held} of {len(trained)} networks within {NEAR}",
            holds(held, len(trained)),
        ],
        [
            "section 7, by discover",
            "shown once",
            "shown once",
            f"{toys} seeds",
            judged(*_of(toys)),
        ],
        [
            "section 8, its listings",
            "shown once",
            "-",
            "{} of {} seeds".format(*_listed()),
            judged(*_listed()),
        ],
        [
            "MNIST",
            "no number",
            "-",
            f"{sum(above)} of {len(above)} networks above our MLP of as many parameters",
            judged(sum(above), len(above)),
        ],
        ["MNIST, targets", "-", "-", f"{sum(targets)} of {len(targets)} met", holds(sum(targets), len(targets))],
    ]
    return table(["claim", "paper", "KAN paper", "ours", "verdict"], lines) + "\n"


def _slopes() -> tuple[int, int]:
    """How many of theorem 1's slopes are near the theory's, which stands behind them in brackets."""
    rows = next(
        rows for heading, rows in read_tables(BENCHMARKS / "scaling").items() if heading.startswith("Theorem 1")
    )
    pairs = [row[f"m = {m}"].rstrip(")").split(" (") for row in rows for m in range(3) if row[f"m = {m}"]]
    return sum(abs(float(found) - float(theory)) <= NEAR for found, theory in pairs), len(pairs)


def pictures() -> dict[Path, str]:
    """The page's own pictures; those of single benchmarks lie with them."""
    return {
        IMAGES / "results-feynman.svg": dots(
            "Table 1 of the paper: test RMSE", _feynman_dots(), "RMSE, the law's own units"
        ),
        IMAGES / "results-kan-paper.svg": dots("Tables of the KAN paper: test RMSE", _kan_paper_dots(), "RMSE"),
    }


def number(cell: str) -> float:
    """The first number of a cell, nan where there is none: ``1.5e-06 (1.5e-06)`` is 1.5e-06."""
    found = re.search(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", cell.replace(",", ""))
    return float(found[0]) if found else float("nan")


def middle(cell: str) -> float:
    """The median of a cell that holds a number of each seed: ``98.12, 98.90, 98.50`` is 98.5."""
    return median(number(part) for part in cell.split(", "))


def judged(found: int, whole: int) -> str:
    """Of what was to come out ahead in all cases."""
    return "ahead" if found == whole else f"**behind** in {whole - found}"


def holds(found: int, whole: int) -> str:
    """Of what a theory, or a target, says of all cases."""
    return "holds" if found == whole else f"**not** in {whole - found}"


def verdict(ours: float, theirs: float) -> str:
    """Of two errors."""
    if ours == theirs:
        return "equal"
    return "ahead" if ours < theirs else "**behind**" if ours > theirs else "-"


# -- the paper's table 1 ---------------------------------------------------------------------------------------------


def _feynman() -> Iterator[dict[str, float | str]]:
    tables = read_tables(BENCHMARKS / "feynman_table")
    rows = next(rows for heading, rows in tables.items() if heading.startswith("Test RMSE, 1000 rows"))
    for row in rows:
        ours = {name.removeprefix("ours: "): number(cell) for name, cell in row.items() if name.startswith("ours: ")}
        yield {
            "row": row["row"],
            "paper": min(number(row[name]) for name in ("paper's original", "unpruned", "pruned", "MLP")),
            "paper's MLP": number(row["MLP"]),
            "KAN paper": number(row["KAN paper's best"]),
            "network": min(ours["unpruned"], ours["pruned"]),
            "formula": ours["named edges"],
            "our MLP": min(error for name, error in ours.items() if name.startswith("MLP")),
        }


def _feynman_dots() -> dict[str, dict[str, float]]:
    names = {"paper": "paper's best", "KAN paper": "KAN paper's best", "our MLP": "our MLP", "network": "our network"}
    return {
        str(row["row"]): {told: float(row[name]) for name, told in names.items()}
        | {"our formula": float(row["formula"])}
        for row in _feynman()
    }


def feynman() -> str:
    """The thirteen rows, I.15.3x in two readings."""
    rows = list(_feynman())
    lines: list[Line] = [
        [
            *(row[name] for name in ("row", "paper", "KAN paper", "network", "our MLP", "formula")),
            verdict(row["network"], row["paper"]),
            verdict(row["network"], row["KAN paper"]),
            verdict(row["network"], row["our MLP"]),
            verdict(row["formula"], row["paper"]),
        ]
        for row in rows
    ]
    head = ["row", "paper's best", "KAN paper's best", "our network", "our MLP", "our formula"]
    head += ["network: paper", "network: KAN paper", "network: our MLP", "formula: paper"]
    counted = table(["what", "reached", "target"], [list(r.values()) for r in _counted("feynman_table", "Counted")])
    return (
        "## Table 1: Feynman equations\n\nBest of each side, test RMSE. The network is the better of unpruned and pruned, from "
        "1,000 rows; the formula is what `edgewise.discover` puts first on the same rows. Ranges are ours, since the paper "
        "states none (`benchmarks/feynman_table/results.md`). "
        f"{_readings(rows)}\n\n![Table 1](images/results-feynman.svg)\n\n{table(head, lines)}\n\n{counted}\n"
    )


def _readings(rows: list[dict[str, float | str]]) -> str:
    """Which of the lines count, and which rows have another name in the KAN paper."""
    twice = [str(row["row"]).partition(" (")[0] for row in rows if "(" in str(row["row"])]
    with (BENCHMARKS / "feynman_table" / "paper.csv").open(encoding="utf-8") as file:
        known = {row["row"]: row["law"].partition("/")[2] for row in csv.DictReader(file)}
    other = [f"{row} is {law}" for row, law in known.items() if "(" not in row and row != law]
    return (
        f"The table has {len(rows)} lines for the paper's {len(rows) - len(twice)} rows: {' and '.join(twice)} is read twice, "
        f"with AI Feynman's four inputs and without dimensions, and counts once, by the first. The rows have the paper's names; "
        f"in the KAN paper's table and AI Feynman's list {', '.join(other)}."
    )


# -- the KAN paper's tables --------------------------------------------------------------------------------------------


def _kan_paper_dots() -> dict[str, dict[str, float]]:
    rows = [row for rows in read_tables(BENCHMARKS / "kan_paper").values() for row in rows]
    return {
        row["law"].partition("/")[2]: {
            "KAN paper's best": number(row["paper's best"]),
            "KAN paper's MLP": number(row["paper's MLP"]),
            "ours": number(row["ours"]),
        }
        for row in rows
    }


def kan_paper() -> str:
    """27 dimensionless laws and 15 special functions."""
    parts = []
    for heading, rows in read_tables(BENCHMARKS / "kan_paper").items():
        lines: list[Line] = [
            [
                row["law"].partition("/")[2],
                row["paper's best"],
                row["paper's MLP"],
                row["ours"],
                verdict(number(row["ours"]), number(row["paper's best"])),
                verdict(number(row["ours"]), number(row["paper's MLP"])),
            ]
            for row in rows
        ]
        ahead = sum(line[4] == "ahead" for line in lines)
        head = ["law", "KAN paper's best", "its MLP", "our network", "its best", "its MLP, ours"]
        parts.append(f"### {heading}\n\nAhead of its best in {ahead} of {len(lines)}.\n\n{table(head, lines)}\n")
    missing = "" if len(parts) > 1 else " Its table of fifteen special functions is not measured yet."
    return (
        "## The KAN paper's tables\n\nNetworks without names; ranges are ours, since that paper states none for the laws."
        f"{missing}\n\n"
        "![The KAN paper's tables](images/results-kan-paper.svg)\n\n" + "\n".join(parts)
    )


# -- sections 4, 6, 7 and 8 --------------------------------------------------------------------------------------------


def toy() -> str:
    """Recovery, the five steps, the penalties."""
    runs = _counted("toy", "exp(sin(pi x)")
    found = runs[0]["recovered"]
    lines: list[Line] = [
        ["the listings as printed", "1 run shown", "-", "{} of {} seeds".format(*_listed()), judged(*_listed())],
        ["`edgewise.discover`, no setting", "-", "-", f"{found} seeds", judged(*_of(found))],
        *(
            [row[""], "-", "-", f"recovered {row['recovered']}, by value {row['value only']}", "-"]
            for row in runs
            if "pykan" in row[""]
        ),
    ]
    steps = _counted("toy", "The paper's five steps", "steps")
    sparsity = _counted("toy", "What makes", "sparsity")
    pictures = "\n".join(
        f"![{row['step']}](../benchmarks/toy/step{place}.svg)" for place, row in enumerate(steps, 1) if place != 4
    )
    return (
        "## Sections 7 and 8: exp(sin(pi x) + y^2)\n\n"
        + table(["what", "paper", "KAN paper", "ours", "verdict"], lines)
        + "\n\nThe paper's five steps by its own calls (`benchmarks/toy/steps.md`, with the check on a grid of 8.2):\n\n"
        + table(list(steps[0]), [list(row.values()) for row in steps])
        + f"\n\n{pictures}\n\n### Section 6.1: what makes a network sparse\n\n"
        + "The paper, after the KAN paper, holds that l1 alone is insufficient (`benchmarks/toy/sparsity.md`):\n\n"
        + table(list(sparsity[0]), [list(row.values()) for row in sparsity])
        + "\n"
    )


def scaling() -> str:
    """Theorem 1, exponents, section 4's example, rows."""
    tables = read_tables(BENCHMARKS / "scaling")

    def told(begin: str) -> str:
        rows = next(rows for heading, rows in tables.items() if heading.startswith(begin))
        return table(list(rows[0]), [list(row.values()) for row in rows])

    return (
        "## Section 4: approximation and scaling\n\nThe paper states theorem 1 and alpha = k + 1 without a measurement; the KAN "
        "paper measures cubic networks and says that they come near alpha = 4. Ours (`benchmarks/scaling/results.md`), "
        "the theory's slope in brackets:\n\n"
        + told("Theorem 1")
        + "\n\n![Theorem 1](../benchmarks/scaling/theorem.svg)\n\nTrained from random starts:\n\n"
        + told("Trained networks")
        + "\n\n![Scaling](../benchmarks/scaling/scaling.svg)\n\n### Two layers and three\n\nThe example that the paper prints "
        "has a smooth network of two layers, against what it says; the KAN paper's has not.\n\n"
        + told("Section 4's example")
        + "\n\n### Beside other learners\n\n"
        + told("Error against")
        + "\n\n![Rows](../benchmarks/scaling/rows.svg)\n\n![Sizes](../benchmarks/scaling/sizes.svg)\n"
    )


# -- the abstract ------------------------------------------------------------------------------------------------------


def mnist() -> str:
    """Networks of splines, each beside the MLP of as many parameters."""
    rows = _counted("mnist", "Handwritten")
    told = {one["network"]: verdict(-_accuracy(one), -_accuracy(other)) for one, other in _pairs()}
    lines: list[Line] = [
        [row["network"], row["parameters"], "-", "-", row[ACCURACY], row["beside"], told.get(row["network"], "")]
        for row in rows
    ]
    head = ["network", "parameters", "paper", "KAN paper", "ours: test accuracy, %", "its MLP", "beside it"]
    targets = _counted("mnist", "Targets")
    return (
        "## MNIST\n\nThe abstract names it, and prints no number (`benchmarks/mnist/results.md`). Each network of splines "
        "stands beside the MLP of as many parameters; of several seeds the median counts.\n\n"
        + table(head, lines)
        + "\n\nThe targets, met or not:\n\n"
        + table(list(targets[0]), [list(row.values()) for row in targets])
        + "\n"
    )


def _accuracy(row: dict[str, str]) -> float:
    return middle(row[ACCURACY])


def _pairs() -> list[tuple[dict[str, str], dict[str, str]]]:
    """Each network of splines with the MLP of as many parameters."""
    rows = {row["network"]: row for row in _counted("mnist", "Handwritten")}
    return [(row, rows[row["beside"]]) for row in rows.values() if row["beside"]]


def recovery() -> str:
    """Formulas on the whole of AI Feynman's list."""
    pages = ["results", *sorted(page.stem for page in (BENCHMARKS / "feynman").glob("[nu]*.md"))]  # of noise, and units
    tables = {key: rows for page in pages for key, rows in read_tables(BENCHMARKS / "feynman", page).items()}
    rows = next(rows for heading, rows in tables.items() if heading.startswith("Noise 0, 1000 rows, at most"))
    published = next(rows for heading, rows in tables.items() if heading.startswith("Published"))
    best = max(published, key=lambda row: number(row["noise 0"]))
    ours = [[row[""], *(cell for name, cell in row.items() if name)] for row in rows[:4]]
    head = ["without noise", *(f"ours, {name} rows" for name in rows[0] if name)]
    return (
        f"## Formulas on AI Feynman's list\n\nNeither paper measures it. The best published rate that we know is "
        f"{best['noise 0']} % ({best['per cent']}: {best['']}); the pages in `benchmarks/feynman` have the "
        f"others and ours.\n\n"
        + table(head, ours)
        + "\n\n"
        + table(["recovered", "odd rows", "even rows", "both halves", "bonus rows"], list(_by_condition(tables)))
        + "\n"
    )


def _by_condition(tables: Mapping[str, list[dict[str, str]]]) -> Iterator[list[str]]:
    """What was recovered under each condition."""
    for heading, rows in tables.items():
        if "," in heading:
            yield [heading, *(rows[0].get(half, "-") for half in ("odd", "even", "both halves", "bonus"))]


def _counted(name: str, begin: str, page: str = "results") -> list[dict[str, str]]:
    """The table of a benchmark whose heading begins so."""
    tables = read_tables(BENCHMARKS / name, page)
    return next(rows for heading, rows in tables.items() if heading.startswith(begin))


def _of(cell: str) -> tuple[int, int]:
    """``19 of 20`` in numbers."""
    found, _, whole = cell.partition(" of ")
    return int(found), int(whole)


def _listed() -> tuple[int, int]:
    """In how many seeds of how many the listings recovered the law."""
    found = [row["recovered"] == "yes" for row in read_tables(BENCHMARKS / "listings").popitem()[1]]
    return sum(found), len(found)


PARTS: tuple[Callable[[], str], ...] = (summary, feynman, kan_paper, toy, scaling, mnist, recovery)
