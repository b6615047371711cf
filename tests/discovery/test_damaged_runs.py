"""A run's folder that was damaged, forged or written twice: a named error, never a stray one and never a wrong answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgewise import Discovery, Table, discover
from edgewise.cli import run
from edgewise.errors import EdgewiseError, StorageError

VALUES = (None, 0, -1, 1e308, "x", "__import__('os')", "9**9**9", "(" * 30_000, [], {}, [1], [[1]], {"a": 1}, True)
KEYS = (
    "target", "inputs", "formulas", "pick", "floor", "verified", "network", "rows", "seconds", "seed", "cut",
    "warnings", "steps", "sample", "ranges", "test", "calibration",
)  # fmt: skip
OF_A_FORMULA = ("target", "text", "symbols", "units", "rmse", "r2", "constant_errors")
PLENTY = 60.0


@pytest.fixture(scope="module")
def found() -> Discovery:
    x = np.random.default_rng(0).uniform(0.5, 3, (60, 2))
    return discover(Table.from_arrays(x, x[:, 0] * x[:, 1] ** 2, names=["a", "b"]), time_budget=PLENTY)


@pytest.fixture
def folder(found: Discovery, tmp_path: Path) -> Path:
    found.save(tmp_path / "run")
    return tmp_path / "run"


def used(folder: Path) -> None:
    """Read, and everything that reads on."""
    found = Discovery.load(folder)
    assert str(found)
    assert found.to_json()
    assert found.graph() is None or found.svg()
    assert np.isfinite(found.predict(found.sample)).all()


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "formula.json"
    saved = json.loads(path.read_text())
    change(saved)
    path.write_text(json.dumps(saved))


def test_an_untouched_run_is_read(folder: Path) -> None:
    changed(folder, lambda saved: None)
    used(folder)


@pytest.mark.parametrize("key", KEYS)
def test_forged_entries_are_refused_by_name_or_harmless(key: str, folder: Path) -> None:
    original, refused = (folder / "formula.json").read_text(), 0
    for value in VALUES:
        (folder / "formula.json").write_text(original)
        changed(folder, lambda saved, value=value: saved.update({key: value}))
        try:
            used(folder)
        except EdgewiseError:
            refused += 1
    assert refused


@pytest.mark.parametrize("key", OF_A_FORMULA)
def test_forged_formulas_are_refused_by_name_or_harmless(key: str, folder: Path) -> None:
    original, refused = (folder / "formula.json").read_text(), 0
    for value in VALUES:
        (folder / "formula.json").write_text(original)
        changed(folder, lambda saved, value=value: saved["formulas"][0].update({key: value}))
        try:
            used(folder)
        except EdgewiseError:
            refused += 1
    assert refused


FORGERIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "a pick beyond the front": lambda saved: saved.update(pick=99),
    "a pick from behind": lambda saved: saved.update(pick=-1),
    "no formulas but a pick": lambda saved: saved.update(formulas=[]),
    "the same formula twice": lambda saved: saved["formulas"].append(saved["formulas"][0]),
    "a sample of other columns": lambda saved: saved.update(sample=[[1.0]]),
    "other columns": lambda saved: saved.update(inputs=["c", "d"]),
    "a number that is none": lambda saved: saved.update(floor=float("nan")),
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES)
def test_forged_runs_are_refused(change: Callable[[dict[str, Any]], object], folder: Path) -> None:
    changed(folder, change)
    with pytest.raises(StorageError, match="holds no discovery"):
        Discovery.load(folder)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"formulas": [', "\x00", "NaN"])
def test_hostile_json_is_refused_by_the_command(text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "formula.json").write_text(text)
    assert run(["show", str(folder)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.startswith("error: "), err.count("\n")) == ("", True, 1)


def test_files_of_two_runs_are_not_mixed(found: Discovery, folder: Path) -> None:
    """As after two processes that wrote in one folder at once, or one that was killed between the two files."""
    assert found.model is not None
    network = found.model.network[0]
    before = network.bias.clone()
    try:
        network.bias.data.add_(1.0)
        found.model.save(folder / "network.safetensors")
    finally:
        network.bias.data.copy_(before)
    with pytest.raises(StorageError, match="different runs"):
        Discovery.load(folder)
