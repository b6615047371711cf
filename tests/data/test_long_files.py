"""A million rows fit into memory, and an error in the last of them still names its line and column."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgewise.data import read_table
from edgewise.errors import ReadError, ValuesError

ROWS, COLUMNS = 1_000_000, 20
LIMIT = 2e9  # bytes
READ = """
import resource, sys
from edgewise.data import read_table
try:
    table = read_table(sys.argv[1], "y")
    print(table.rows, len(table.inputs), repr(float(table.x.sum())))
except Exception as error:
    print(type(error).__name__, error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def write_long(path: Path, rows: int, columns: int) -> float:
    """A file of integers in cells as long as a float's; returns the sum of the inputs."""
    total = 0.0
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join([*(f"x{i}" for i in range(columns - 1)), "y"]) + "\n")
        for block in blocks(rows, columns):
            total += float(block[:, :-1].sum())
            file.writelines(",".join(f"{cell}.0000000000000" for cell in row) + "\n" for row in block.tolist())
    return total


def blocks(rows: int, columns: int) -> Iterator[np.ndarray]:
    generator = np.random.default_rng(0)
    for _ in range(rows // 50_000):
        yield generator.integers(0, 1000, (50_000, columns))


def read(path: Path) -> tuple[str, int]:
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    said, peak = done.stdout.splitlines()
    return said, int(peak)


@pytest.mark.slow
def test_a_million_rows_of_twenty_columns_stay_under_two_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    total = write_long(path, ROWS, COLUMNS)
    said, peak = read(path)
    assert said == f"{ROWS} {COLUMNS - 1} {total!r}"
    assert peak < LIMIT
    with path.open("a", encoding="utf-8") as file:
        file.write(",".join(["1"] * 7 + ["abc"] + ["1"] * (COLUMNS - 8)) + "\n")
    said, peak = read(path)
    assert said.startswith("ValuesError column 'x7' has text in 1 of 1000001 cells, like 'abc' (line 1000002).")
    assert peak < LIMIT


@pytest.mark.parametrize(
    ("last", "error", "message"),
    [
        ("1,,3", ValuesError, r"'b' has 1 cell that is missing or infinite, of 25001 \(line 25002\)"),
        ("1,2,abc", ValuesError, r"'y' has text in 1 of 25001 cells, like 'abc' \(line 25002\)"),
        ("1,2", ReadError, r"line 25002 of .* has 2 cells, but the header has 3"),
    ],
)
def test_the_last_line_of_many_is_named(tmp_path: Path, last: str, error: type[Exception], message: str) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b,y\n" + "".join(f"{i},2,{i}\n" for i in range(25_000)) + last)
    with pytest.raises(error, match=message):
        read_table(path, "y")
