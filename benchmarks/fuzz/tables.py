"""Tables that nobody would hand over on purpose, and some that they would: each drawn by its number."""

import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

NAMES = (
    *(
        "x",
        "y",
        "I",
        "E",
        "S",
        "N",
        "O",
        "Q",
        "pi",
        "e",
        "beta",
        "gamma",
        "zeta",
        "lambda",
        "exp",
        "sin",
        "sqrt",
        "Symbol",
    ),
    *("import", "None", "nan", "inf", "x y", "x  ", " x", "a,b", 'say "hi"', "l'eau", "a;b", "a|b", "x\\y", "$x^2$"),
    *(
        "<b>",
        "&amp;",
        "</script>",
        "θ",
        "温度",
        "é",
        "ﬁ",
        "😀",
        "L [m]",
        "L (m)",
        "[m]",
        "m/s",
        "x_1",
        "_",
        "__",
        "1",
        "1e5",
        "-",
    ),
    *("", "x" * 300, "%s", "{0}", "../x", "\t", "0x10", "#x", "=1+1", "x\u200b", "\u202ex"),
)
DELIMITERS = (",", ",", ",", ";", "\t", "|", " ")
ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1")
SUFFIXES = (".csv", ".csv", ".csv", ".tsv", ".txt", "", ".xlsx", ".parquet", ".json", ".csv.gz", ".npy")


@dataclass(frozen=True)
class Case:
    """A file and the column to explain; ``noise`` says that nothing in it explains anything."""

    content: bytes
    suffix: str
    target: str
    kind: str
    noise: bool = False


def draw(number: int) -> Case:
    """The table of that number; the same one each time."""
    rng = np.random.default_rng((2026, number))
    return KINDS[int(rng.choice(len(KINDS), p=SHARES))](rng)


def plain_noise(rng: np.random.Generator) -> Case:
    """Numbers without a law: a verdict of "law" here is a false one."""
    rows, inputs = _rows(rng), int(rng.integers(1, 11))
    columns = {f"x{i}": rng.normal(size=rows) for i in range(inputs)}
    columns["y"] = rng.normal(size=rows) * 10.0 ** rng.integers(-3, 4)
    return Case(_csv(columns, ",").encode(), ".csv", "y", "noise", noise=rows > 2)


def plain_law(rng: np.random.Generator) -> Case:
    """A simple law, sometimes with noise, of some of the inputs."""
    rows, inputs = _rows(rng), int(rng.integers(1, 6))
    columns = {f"x{i}": rng.uniform(0.5, 3, rows) for i in range(inputs)}
    a, b = (columns[f"x{int(rng.integers(inputs))}"] for _ in range(2))
    laws = (a * b, a + b, np.sin(a) * b, a**2 / b, np.exp(-a) + b, 3 * a, np.sqrt(a * b), np.abs(a - b), np.sign(a - b))
    y = laws[int(rng.integers(len(laws)))]
    columns["y"] = y + rng.choice([0.0, 0.01, 0.3]) * rng.normal(size=rows)
    return Case(_csv(columns, ",").encode(), ".csv", "y", "law")


def odd_columns(rng: np.random.Generator) -> Case:
    """Clean cells of odd kinds under odd names: constants, copies, integers, sizes from 1e-30 to 1e30."""
    rows, inputs = _rows(rng), int(rng.integers(1, 31))
    names = _names(rng, inputs + 1)
    columns: dict[str, np.ndarray] = {}
    for name in names:
        columns[name] = _numbers(rng, rows, list(columns.values()))
    return Case(_file(rng, columns, ","), ".csv", names[-1].strip(), "odd columns")


def odd_cells(rng: np.random.Generator) -> Case:
    """Words, dates, booleans, missing and infinite cells, here and there or a whole column."""
    rows, inputs = _rows(rng), int(rng.integers(1, 9))
    columns: dict[str, np.ndarray] = {f"x{i}": rng.normal(size=rows).astype(object) for i in range(inputs)}
    columns["y"] = rng.normal(size=rows).astype(object)
    odd = (
        "",
        "NA",
        "nan",
        "inf",
        "-inf",
        "1,5",
        "1e999",
        "red",
        "2024-01-31",
        "true",
        "0x1F",
        "1_000",
        "--",
        "1 2",
        "½",
        "1e",
    )
    for _ in range(int(rng.integers(1, 4))):
        column = columns[str(rng.choice(list(columns)))]
        chosen = rng.random(rows) < rng.choice([0.02, 0.5, 1.0])
        words = rng.choice(odd, size=int(rng.integers(1, 4)))
        column[chosen] = rng.choice(words, size=int(chosen.sum()))
    return Case(_csv(columns, ",").encode(), ".csv", "y", "odd cells")


def odd_file(rng: np.random.Generator) -> Case:
    """Delimiters, encodings, line ends, comments, ragged lines, wrong suffixes, a target that may not exist."""
    rows, inputs = _rows(rng), int(rng.integers(1, 6))
    columns = {name: rng.normal(size=rows) for name in _names(rng, inputs + 1)}
    text = _csv(columns, str(rng.choice(DELIMITERS)))
    lines = text.split("\n")
    for change in rng.choice(len(CHANGES), size=int(rng.integers(0, 3)), replace=False):
        lines = CHANGES[int(change)](rng, lines)
    joined = str(rng.choice(["\n", "\r\n", "\r"])).join(lines)
    content = joined.encode(str(rng.choice(ENCODINGS)), errors="replace")
    suffix = str(rng.choice(SUFFIXES))
    target = str(rng.choice([*columns, "nothing"])).strip()
    return Case(gzip.compress(content) if suffix.endswith(".gz") else content, suffix, target, "odd file")


def no_table(rng: np.random.Generator) -> Case:
    """Bytes: none, random ones, a header alone, one cell, a file cut in two."""
    start = [
        b"",
        rng.bytes(int(rng.integers(1, 4000))),
        b"x,y\n",
        b"x\n1\n",
        b"\n\n\n",
        b"x,y\n1,2\n",
        b"\xff\xfe",
        b"x,y\n1,",
    ]
    return Case(start[int(rng.integers(len(start)))], str(rng.choice(SUFFIXES)), "y", "no table")


KINDS: tuple[Callable[[np.random.Generator], Case], ...] = (
    plain_noise, plain_law, odd_columns, odd_cells, odd_file, no_table,
)  # fmt: skip
SHARES = (0.2, 0.15, 0.25, 0.15, 0.15, 0.1)


def _rows(rng: np.random.Generator) -> int:
    return int(np.exp(rng.uniform(0, np.log(201))))


def _names(rng: np.random.Generator, number: int) -> list[str]:
    drawn = [str(name) for name in rng.choice(NAMES, size=number, replace=number > len(NAMES))]
    plain = rng.random(number) < 0.5
    return [f"c{i}" if is_plain else name for i, (name, is_plain) in enumerate(zip(drawn, plain, strict=True))]


def _numbers(rng: np.random.Generator, rows: int, known: list[np.ndarray]) -> np.ndarray:
    made = (
        lambda: rng.normal(size=rows),
        lambda: rng.integers(-3, 4, rows),
        lambda: np.full(rows, rng.choice([0.0, 1.0, -2.5, 1e30])),
        lambda: known[int(rng.integers(len(known)))].copy() if known else np.zeros(rows),
        lambda: rng.normal(size=rows) * 1e30,
        lambda: rng.normal(size=rows) * 1e-30,
        lambda: 10.0 ** rng.uniform(-30, 30, rows),
        lambda: 1e9 + rng.normal(size=rows),
        lambda: (rng.random(rows) < 0.5).astype(int),
        lambda: np.where(rng.random(rows) < 0.02, 1e12, rng.normal(size=rows)),
        lambda: 2 * known[0] + 1 if known else rng.normal(size=rows),
    )
    with np.errstate(over="ignore"):
        return np.asarray(made[int(rng.integers(len(made)))]())


def _csv(columns: dict[str, np.ndarray], delimiter: str) -> str:
    text = io.StringIO()
    text.write(delimiter.join(f'"{name}"' if delimiter in name or '"' in name else name for name in columns) + "\n")
    for row in zip(*(values.tolist() for values in columns.values()), strict=True):
        text.write(delimiter.join(map(str, row)) + "\n")
    return text.getvalue()


def _file(rng: np.random.Generator, columns: dict[str, np.ndarray], delimiter: str) -> bytes:
    return _csv(columns, delimiter).encode(str(rng.choice(ENCODINGS[:4])))


def _without_a_cell(rng: np.random.Generator, lines: list[str]) -> list[str]:
    place = int(rng.integers(len(lines)))
    return [line.rpartition(",")[0] if i == place else line for i, line in enumerate(lines)]


CHANGES: tuple[Callable[[np.random.Generator, list[str]], list[str]], ...] = (
    lambda rng, lines: ["# a comment", "", *lines],
    _without_a_cell,
    lambda rng, lines: [f"{line}," for line in lines],
    lambda rng, lines: lines[1:],
    lambda rng, lines: [lines[0], *lines],
    lambda rng, lines: [line.replace(".", ",") for line in lines],
    lambda rng, lines: [f"  {line}  " for line in lines],
    lambda rng, lines: [*lines, "sum,of,all"],
    lambda rng, lines: ["\x00".join(lines[:1]), *lines[1:], "\x00"],
    lambda rng, lines: [line * 50 for line in lines],
)
