"""What is said of a pick: what holds of it, which columns it leaves out, what else fits as well."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sympy

from edgewise.data import Table
from edgewise.discovery import discover
from edgewise.discovery.explained import _form, idle, idle_line, ties, words
from edgewise.discovery.judge import Judge
from edgewise.discovery.prepare import prepare
from edgewise.formula import Formula, parse

BOX = {"L": (0.2, 2.0), "g": (2.0, 12.0), "theta0": (0.1, 1.2), "m": (1.0, 5.0), "c": (0.0, 9.0)}


def found_with(text: str, verified: bool = True) -> Any:
    """As much of a discovery as is asked for."""
    names = tuple(BOX)
    return SimpleNamespace(
        formula=Formula.from_text(text, "T", list(names)),
        verified=verified,
        verdict="",
        steps=(),
        reason=None,
        model=None,
        target="T",
        inputs=names,
        sample=np.array(list(BOX.values())).T,
        ranges=BOX,
    )


def test_what_holds_of_a_law_and_of_an_approximation() -> None:
    text = "sqrt(L/g)*(7.25 - cos(theta0))"
    assert "What holds of it:\n" in words(found_with(text))
    assert "What holds of it:" not in words(found_with(text, verified=False))
    assert "What holds of the formula, which is no law:\n" in words(found_with(text, verified=False))
    assert "period" not in words(found_with(text))
    assert "T has the period 2*pi in c" not in words(found_with("cos(c)"))
    assert "T has the period pi in c" in words(found_with("cos(2*c)"))


def test_columns_that_do_not_matter_are_named() -> None:
    found = found_with("2*pi*sqrt(L/g)")
    assert idle(found) == ("theta0", "m", "c")
    assert list(idle_line(found)) == ["idle     theta0, m and c do not matter"]
    assert "T does not depend on theta0, m and c" in words(found)
    assert list(idle_line(found_with("L*g*theta0*m"))) == ["idle     c does not matter"]
    assert list(idle_line(found_with("L*g*theta0*m", verified=False))) == ["idle     c is not in it"]
    assert list(idle_line(found_with("L*g*theta0*m*c"))) == []
    assert list(idle_line(found_with("3.5"))) == []


def test_an_idle_column_stands_on_the_page() -> None:
    a, b = np.random.default_rng(0).uniform(1, 3, (2, 40))
    found = discover({"a": a, "b": b, "y": 2 * a**2}, "y", time_budget=20, effort=0.05)
    assert found.verified
    assert "\nidle     b does not matter" in str(found)
    assert "y does not depend on b" in found.explain()


@pytest.fixture
def judge() -> Judge:
    rng = np.random.default_rng(42)
    x = {name: rng.uniform(*BOX[name], 200) for name in ("L", "g", "theta0")}
    length, gravity, angle = x.values()
    period = 2 * np.pi * np.sqrt(length / gravity) * (1 + angle**2 / 16 + 11 * angle**4 / 3072)
    y = period * (1 + 0.01 * rng.standard_normal(200))
    return Judge(prepare(Table({**x, "T": y}, "T", tuple(x)), 0))


def test_formulas_that_fit_as_well_are_told(judge: Judge) -> None:
    judge(parse("2*pi*sqrt(L/g)*cosh(0.36*theta0)"), "test")
    pick = judge(parse("sqrt(L/g)*(7.2526 - cos(theta0))"), "test")
    judge(parse("7.0*sqrt(L/g)"), "test")
    assert pick is not None
    (note,) = ties(pick, judge, judge.prepared)
    assert note.startswith("these fit as well, within 5 nats, and differ outside the rows: T = 2*pi*sqrt(L/g)*cosh(")
    assert ";" not in note


def test_the_same_values_written_otherwise_are_no_tie(judge: Judge) -> None:
    pick = judge(parse("6.5*sqrt(L/g)"), "test")
    judge(parse("6.5*sqrt(L)/sqrt(g)"), "test")
    judge(parse("sqrt(42.2*L/g)"), "test")
    assert pick is not None
    assert ties(pick, judge, judge.prepared) == ()


def test_the_form_of_a_formula_is_it_without_its_fitted_numbers() -> None:
    def form(text: str) -> object:
        return _form(parse(text))

    assert form("1.5*x**2 + 3*sin(2*x) - 1") == form("-0.7*x**2 + sin(0.3*x) + 8")
    assert form("x**2") != form("x**3")
    assert form("1.5*x**2") != form("1.5*x**2.1")
    assert form("sin(x)") != form("cos(x)")
    x = sympy.Symbol("x")
    assert _form(sympy.besselj(0, 2 * x)) == _form(sympy.besselj(0, 3 * x)) != _form(sympy.besselj(1, 3 * x))
