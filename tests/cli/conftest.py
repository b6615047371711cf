"""A discovery that costs nothing, to stand where the search would."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

import edgewise
from edgewise.cli import run
from edgewise.data import Table
from edgewise.formula import Formula, Front


@dataclass
class Found:
    """What the command line asks of a Discovery."""

    table: Table
    formula: Formula | None
    model: str | None = "a network"
    cut: tuple[str, ...] = ()
    seconds: float = 0.1

    saved: ClassVar[dict[Path, "Found"]] = {}

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.table.inputs

    @property
    def levels(self) -> Mapping[str, tuple[str, ...]]:
        return self.table.levels

    @property
    def target(self) -> str:
        return self.table.target

    @property
    def sample(self) -> np.ndarray:
        return self.table.x

    @property
    def front(self) -> Front:
        return Front([self.formula] if self.formula else [])

    @property
    def trusted(self) -> str:
        return "network" if self.formula is None else "formula"

    def to_json(self) -> dict[str, Any]:
        return {"target": self.table.target, "formula": self.formula and self.formula.text, "rmse": float("nan")}

    def predict(self, x: dict[str, np.ndarray], use: str, index: int | None = None) -> np.ndarray:
        assert use in ("formula", "network")
        assert index in (None, 0)
        return self.formula.predict(x) if use == "formula" and self.formula else sum(x.values())

    def interval(self, x: dict[str, np.ndarray], coverage: float, use: str) -> tuple[np.ndarray, np.ndarray]:
        answers = self.predict(x, use)
        return answers - coverage, answers + coverage

    def svg(self, use: str) -> str | None:
        drawn = self.formula if use == "formula" else self.model
        return drawn and f"<svg>{drawn}, {len(self.sample)} rows</svg>\n"

    def save(self, folder: Path, pictures: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "network.safetensors").write_text("a network")
        (folder / "formula.json").write_text('{"formulas": []}')
        for use in ("formula", "network"):
            if pictures and (picture := self.svg(use)):
                (folder / f"{use}.svg").write_text(picture)
        self.saved[folder] = self

    @classmethod
    def load(cls, folder: Path) -> "Found":
        return cls.saved[folder]

    def __str__(self) -> str:
        return str(Front([self.formula] if self.formula else []))


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Replaces the search; holds the arguments of its last call, and ``change`` for its result."""
    call: dict[str, Any] = {"change": {}}

    def discover(table: Table, *, progress: Callable[..., None], **settings: Any) -> Found:
        call.update(table=table, **settings)
        progress("fitting", 0.5, "T = 2*L")
        formula = Formula.from_text("2*" + table.inputs[0], table.target, table.inputs, rmse=0.0, r2=1.0)
        return Found(**{"table": table, "formula": formula, **call["change"]})

    for name, stub in {"discover": discover, "Discovery": Found}.items():
        monkeypatch.setitem(vars(edgewise), name, stub)  # not setattr, which would first load the real one, and torch
    return call


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., SimpleNamespace]:
    """Runs a command line in this process: ``code``, ``out`` and ``err``."""

    def command(*words: object) -> SimpleNamespace:
        code = run([str(word) for word in words])
        out, err = capsys.readouterr()
        return SimpleNamespace(code=code, out=out, err=err)

    return command


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("swing.csv")
    path.write_text("name,L [m],g,T\na,1,9.8,2\nb,2,9.7,4\nc,3,9.6,6\n")
    return path
