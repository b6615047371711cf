"""Tables that nobody would hand over on purpose: never a traceback, never a number that is none, nothing left behind."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.fuzz.tables import draw
from benchmarks.fuzz.trial import trial

Command = Callable[..., Any]
ROWS = 30
A, B = np.random.default_rng(0).uniform(0.5, 3, (2, ROWS))
NOISE = np.random.default_rng(1).normal(size=(ROWS, 40))
SYMPY = (
    "E",
    "I",
    "S",
    "N",
    "O",
    "Q",
    "pi",
    "beta",
    "gamma",
    "zeta",
    "lambda",
    "oo",
    "zoo",
    "nan",
    "sin",
    "exp",
    "Symbol",
    "Integer",
)
NOT_A_NUMBER = re.compile(r"\b(nan|inf|oo|zoo|NaN|Infinity)\b")
TABLES: dict[str, Mapping[str, np.ndarray]] = {
    "equal contents": {"a": A, "again": A, "b": B, "y": A * B},
    "constants": {"a": A, "zero": np.zeros(ROWS), "huge": np.full(ROWS, 1e30), "y": 2 * A},
    "1e30": {"a": 1e30 * A, "b": B, "y": A * B},
    "1e-30": {"a": 1e-30 * A, "b": B, "y": A * B},
    "a target of 1e30": {"a": A, "b": B, "y": 1e30 * A * B},
    "a target of 1e-30": {"a": A, "b": B, "y": 1e-30 * A * B},
    "sizes that leave the floats": {"a": 1e200 * A, "b": B, "y": A * B},
    "words of Python": {"lambda": A, "None": B, "import": NOISE[:, 0], "y": A * B},
    "spaces, units, pictures": {"mass of it [kg]": A, "😀": B, " lead": NOISE[:, 0], "y": A * B},
    "names that are numbers": {"1": A, "1e5": B, "-": NOISE[:, 0], "y": A * B},
    **{
        f"{one} and {other}": {one: A, other: B, "y": A * B}
        for one, other in zip(SYMPY[::2], (*SYMPY[1::2], SYMPY[0])[: len(SYMPY[::2])], strict=True)
    },
}


def written(columns: Mapping[str, np.ndarray], path: str = "table.csv") -> None:
    lines = [",".join(columns), *(",".join(map(repr, row)) for row in np.column_stack(list(columns.values())).tolist())]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_a_law_in_an_odd_table(name: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answered or refused by name; every one of these laws but those out of all range is found."""
    monkeypatch.chdir(tmp_path)
    written(TABLES[name])
    told = command("discover", "table.csv", "--target", "y", "--effort", 0.02, "--time-budget", 600, "--json")
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
    if name == "sizes that leave the floats":
        assert (told.code, told.out) == (2, "")
        assert "another unit" in told.err
        return
    assert told.code == 0, told.err
    answer = json.loads(told.out)
    assert answer["verified"], answer["formula"]
    names = {*answer["inputs"], *answer["symbols"]}
    for row in answer["front"]:
        assert not set(NOT_A_NUMBER.findall(row["equation"])) - names
        assert np.isfinite([row["rmse"], row["complexity"]]).all()


def test_two_columns_of_one_name(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text("a,a,y\n" + "".join(f"{i},{i * i},{i}\n" for i in range(1, 30)))
    told = command("discover", "table.csv", "--target", "y")
    assert (told.code, told.out) == (2, "")
    assert "'a'" in told.err


def check(number: int) -> None:
    """The table of that number, as `python -m benchmarks.fuzz --first NUMBER --tables 1`."""
    told = trial(draw(number), deep=number % 5 == 0)
    assert told["faults"] == []
    assert not (told["noise"] and told["outcome"] == "law")


@pytest.mark.parametrize("number", range(500_000, 500_010))
def test_random_tables(number: int) -> None:
    check(number)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(600_000, 600_300))
def test_many_random_tables(number: int) -> None:
    check(number)
