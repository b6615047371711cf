"""Engines of others propose, and are judged like all: their absence, the seam, and Operon where it is installed."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sympy
from typer.testing import CliRunner

from edgewise import KANRegressor, discover
from edgewise.cli.app import app
from edgewise.discovery import engines
from edgewise.discovery.engines import ENGINES, Engine, engine_of
from edgewise.errors import SettingsError, UnknownNameError
from edgewise.formula import evaluate, parse
from edgewise.symbolic import polish

GENERATOR = np.random.default_rng(0)
X, NOISE = GENERATOR.uniform(1, 3, 40), GENERATOR.standard_normal(40)
TABLE = {"x": X, "y": NOISE}


def proposing(*texts: str) -> Engine:
    def propose(*_: Any) -> Iterator[sympy.Expr]:
        yield from map(parse, texts)

    return Engine("fake", "numpy", propose)


# ---- what is not there


def test_a_missing_package_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"'operon' needs the package pyoperon.*pip install 'edgewise\[operon\]'"):
        discover(TABLE, "y", engine="operon")
    with pytest.raises(SettingsError, match="pyoperon"):
        KANRegressor(engine="operon").fit(X[:, None], NOISE)


def test_the_command_line_says_it_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    (tmp_path / "t.csv").write_text("x,y\n1,2\n2,3\n3,5\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["discover", str(tmp_path / "t.csv"), "--target", "y", "--engine", "operon"])
    assert isinstance(done.exception, SettingsError)  # which the entry point turns into a line and 2


def test_an_unknown_engine_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'operon'"):
        engine_of("operan")
    assert engine_of(None) is None


# ---- the seam


def test_proposals_are_refitted_and_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENGINES, "fake", proposing("1.5*sin(1.9*x) + 0.9*x*sin(5.1*x)**2", "x**7"))
    y = 1.7 * np.sin(2 * X) + X * np.sin(5 * X) ** 2 + np.where(X > 2, 0.3 * NOISE, 0.0)
    found = discover({"x": X, "y": y}, "y", engine="fake", effort=0.05, time_budget=30)
    assert "fake" in [step.name for step in found.steps]
    texts = [formula.text for formula in found.front]
    near = [text for text in texts if text.count("sin") == 2 and "**2" in text]
    assert near, texts
    assert "1.5*sin(1.9*x)" not in near[0]  # its constants are ours
    assert not found.verified


def test_what_is_not_permitted_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENGINES, "fake", proposing("1.5*sin(1.9*x) + tan(x)"))
    found = discover(TABLE, "y", engine="fake", without=["tan"], effort=0.05, time_budget=30)
    assert "tan" not in " ".join(formula.text for formula in found.front)


@pytest.mark.slow
def test_it_is_not_asked_where_a_law_is_known_nor_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENGINES, "fake", proposing("x"))
    known = discover({"x": X, "y": 2 * X**2}, "y", engine="fake", effort=0.05, time_budget=30)
    assert known.verified
    plain = discover(TABLE, "y", effort=0.05, time_budget=30)
    for found in (known, plain):
        assert "fake" not in [step.name for step in found.steps]


# ---- Operon itself


def operon(columns: dict[str, np.ndarray], y: np.ndarray, *primitives: str, seed: int = 0) -> list[sympy.Expr]:
    pytest.importorskip("pyoperon", reason="pyoperon is not installed here: pip install 'edgewise[operon]'")
    return list(ENGINES["operon"].propose(columns, y, primitives, seed, 0.1, 30.0))


def test_operon_proposes_the_same_again_and_comes_near() -> None:
    x, z = GENERATOR.uniform(1, 3, (2, 200))
    y = x * np.sin(z) + np.exp(-x)
    y.flags.writeable = False
    found = operon({"x": x, "z": z}, y, "sin", "exp")
    assert found == operon({"x": x, "z": z}, y, "sin", "exp")
    assert found != operon({"x": x, "z": z}, y, "sin", "exp", seed=1)
    best = min(polish(expression, {"x": x, "z": z}, y).rmse for expression in found)
    assert best < 0.05 * y.std()
    assert all(np.isfinite(evaluate(expression, {"x": x, "z": z})).all() for expression in found)


def test_operon_has_only_what_is_permitted() -> None:
    x = GENERATOR.uniform(1, 3, 100)
    for expression in operon({"x": x}, np.sin(3 * x), "x^2", "1/x"):
        assert not expression.atoms(sympy.core.function.Application)


def test_operon_goes_through_discover() -> None:
    pytest.importorskip("pyoperon", reason="pyoperon is not installed here: pip install 'edgewise[operon]'")
    found = discover(TABLE, "y", engine="operon", effort=0.02, time_budget=30)
    assert "operon" in [step.name for step in found.steps]
    assert not found.verified
