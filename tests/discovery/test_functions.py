"""Special functions by name, from the public doors."""

from pathlib import Path

import numpy as np
import pytest
from scipy import special
from typer.testing import CliRunner

from edgewise import KANRegressor, discover
from edgewise.cli.app import app
from edgewise.data import as_table
from edgewise.discovery import Discovery
from edgewise.discovery.knowledge import knowledge
from edgewise.errors import SettingsError, StorageError, UnknownNameError

GENERATOR = np.random.default_rng(0)
X, Z = GENERATOR.uniform((-2, 1), (2, 5), (200, 2)).T
LONG = GENERATOR.uniform(0, 10, 100)


def test_a_law_with_a_bessel_function(tmp_path: Path) -> None:
    table = {"x": LONG, "y": 2 * special.j0(3 * LONG) + 1}
    found = discover(table, "y", functions=["j0"], time_budget=30, effort=0.2)
    assert found.formula.text == "2*j0(3*x) + 1"
    assert found.verified
    found.save(tmp_path / "run")
    again = Discovery.load(tmp_path / "run")
    assert again.formula.text == found.formula.text
    np.testing.assert_allclose(again.predict({"x": [0.5, 1.0]}), 2 * special.j0([1.5, 3.0]) + 1, rtol=1e-12)


@pytest.mark.slow
def test_a_law_with_the_error_function_and_its_unfinished_run(tmp_path: Path) -> None:
    table = {"x": X[:60], "z": Z[:60], "y": (Z * special.erf(X))[:60]}
    settings = {"time_budget": 30, "effort": 0.3, "checkpoint": tmp_path}
    found = discover(table, "y", functions=["erf", "j0"], **settings)
    assert found.formula.text == "z*erf(x)"
    assert found.verified
    again = discover(table, "y", functions=["j0", "erf"], resume=True, **settings)
    assert again.formula.text == found.formula.text
    with pytest.raises(StorageError, match="functions"):
        discover(table, "y", functions=["j0"], resume=True, **settings)


@pytest.mark.slow
def test_what_is_not_named_is_not_found() -> None:
    found = discover({"x": X[:60], "y": special.erf(X[:60])}, "y", time_budget=5, effort=0.05)
    assert "erf" not in " ".join(formula.text for formula in found.front)


def test_they_go_with_what_else_is_known() -> None:
    table = as_table({"x": X, "z": Z, "y": X}, "y")
    _, told = knowledge(table, primitives=["sin"], functions=["j0"], preferred=["j0"])
    assert set(told.named) == {"sin", "j0"}
    assert set(told.primitives) == {"sin"}
    assert told.restricted
    assert "set of special functions (functions)" in told.as_entry()
    _, plain = knowledge(table)
    assert not plain.functions
    assert not plain.as_entry()


@pytest.mark.parametrize(
    ("functions", "error", "words"),
    [
        (["j9"], UnknownNameError, "no special function 'j9'"),
        (["sin"], UnknownNameError, "special function 'sin'"),
        ("j0", SettingsError, r"Write \['j0'\]"),
        (["gamma"], SettingsError, "functions names 'gamma', which is a column, too"),
    ],
)
def test_names_that_cannot_be(functions: object, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        discover({"gamma": X, "y": Z}, "y", functions=functions)


def test_the_command_line_and_the_estimator(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    rows = "\n".join(f"{x!r},{y!r}" for x, y in zip(Z.tolist(), special.gamma(Z).tolist(), strict=True))
    table.write_text(f"n,y\n{rows}\n", encoding="utf-8")
    words = ["discover", str(table), "--target", "y", "--functions", "gamma,erf", "--effort", "0.1", "--json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "gamma(n)" in done.stdout
    model = KANRegressor(functions=["gamma"], effort=0.1, time_budget=30).fit(Z[:, None], special.gamma(Z))
    assert str(model.formula_) == "gamma(x0)"
