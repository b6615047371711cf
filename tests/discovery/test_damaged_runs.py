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
    "warnings", "steps", "sample", "ranges", "test", "calibration", "levels",
)  # fmt: skip
OF_A_FORMULA = ("target", "text", "symbols", "units", "rmse", "r2", "constant_errors")
INSIDE = [
    *[("network", key) for key in ("shape", "rmse", "r2", "rate")],
    *[("calibration", key) for key in ("kind", "x", "y", "residuals", "weights")],
    *[("test", key) for key in ("rmse", "r2")],
]
PLENTY = 600.0


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
    assert np.isfinite(found.interval(found.sample)).all()


def asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What the commands print of the run: an answer of numbers, or one line that says what is wrong."""
    rows = folder.parent / "rows.csv"
    rows.write_text("a,b\n1,2\n2,1\n")
    capsys.readouterr()
    for words in (["show", folder], ["predict", folder, rows, "--interval", "0.9"]):
        code = run(list(map(str, words)))
        out, err = capsys.readouterr()
        if code:
            assert (code, out, err.startswith("error: ")) == (2, "", True)
            return err
        assert "nan" not in out
    return ""


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


@pytest.mark.parametrize(("part", "key"), INSIDE)
def test_forged_parts_are_refused_by_name_or_harmless(
    part: str, key: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original, refused = (folder / "formula.json").read_text(), 0
    for value in VALUES:
        (folder / "formula.json").write_text(original)
        changed(folder, lambda saved, value=value: saved[part].update({key: value}))
        try:
            used(folder)
        except EdgewiseError:
            refused += 1
            assert asked(folder, capsys)
    assert refused


def test_a_rate_that_is_not_known_is_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed(folder, lambda saved: saved["network"].update(rate=None))
    used(folder)
    assert not asked(folder, capsys)


def of_calibration(saved: dict[str, Any], **entries: object) -> None:
    """The same entry in each row."""
    for name, value in entries.items():
        saved["calibration"][name] = [value] * len(saved["calibration"]["y"])


FORGERIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "a pick beyond the front": lambda saved: saved.update(pick=99),
    "a pick from behind": lambda saved: saved.update(pick=-1),
    "no formulas but a pick": lambda saved: saved.update(formulas=[]),
    "the same formula twice": lambda saved: saved["formulas"].append(saved["formulas"][0]),
    "a sample of other columns": lambda saved: saved.update(sample=[[1.0]]),
    "other columns": lambda saved: saved.update(inputs=["c", "d"]),
    "a number that is none": lambda saved: saved.update(floor=float("nan")),
    "an error beyond the floats": lambda saved: saved["network"].update(rmse=float("inf")),
    "a rate that is a word": lambda saved: saved["network"].update(rate="x"),
    "a shape that is a word": lambda saved: saved["network"].update(shape="abc"),
    "a shape of names": lambda saved: saved["network"].update(shape=[{"a": 1}, 1]),
    "no checksum": lambda saved: saved.pop("network_sha256"),
    "no levels": lambda saved: saved.pop("levels"),
    "levels of numbers": lambda saved: saved.update(levels={"a": [1, 2]}),
    "a step of numbers": lambda saved: saved["steps"][0].update(name=1),
    "a range from high to low": lambda saved: saved["ranges"].update(a=[2.0, 1.0]),
    "a residual that is none": lambda saved: of_calibration(saved, residuals=None),
    "residuals in pairs": lambda saved: of_calibration(saved, residuals=[0.0, 0.0]),
    "a weight below zero": lambda saved: of_calibration(saved, weights=-1.0),
    "weights of zero": lambda saved: of_calibration(saved, weights=0.0),
    "weights beyond the floats": lambda saved: of_calibration(saved, weights=1e200),
    "rows of one input": lambda saved: of_calibration(saved, x=[1.0]),
    "rows where the network has no answer": lambda saved: of_calibration(saved, x=[1e300, 1e300]),
    "fewer residuals than rows": lambda saved: saved["calibration"]["residuals"].pop(),
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
