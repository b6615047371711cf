"""Squares of what changes its sign."""

from dataclasses import replace

import numpy as np
import pytest
import sympy

from edgewise.formula import evaluate
from edgewise.symbolic import ladder
from edgewise.symbolic.problem import Aside, Question, first_problem, lift
from edgewise.symbolic.roots import signed_root

ROWS = 600
CHANGING = {
    "a - b": lambda a, b, c: a - b,
    "a + a/b - b c": lambda a, b, c: a + a / b - b * c,
    "log(a b) - c/2": lambda a, b, c: np.log(a * b) - c / 2,
}


def columns(seed: int = 0) -> dict[str, np.ndarray]:
    return dict(zip("abc", np.random.default_rng(seed).uniform(0.5, 3, (3, ROWS)), strict=True))


@pytest.mark.parametrize("law", CHANGING)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_signs_of_a_root_are_found(law: str, sign: int) -> None:
    table = columns()
    inner = CHANGING[law](**table)
    child = signed_root(first_problem(table, sign * inner**2))
    assert child is not None
    assert child.rows > 0.95 * ROWS
    own = CHANGING[law](*child.x.T)
    turned = np.sign(child.y[0] * own[0])
    np.testing.assert_allclose(child.y, turned * own, rtol=1e-9, atol=1e-12)
    assert lift(child, sympy.Symbol("A")) == sign * sympy.Symbol("A") ** 2


def test_roots_that_keep_their_sign_need_none() -> None:
    table = columns()
    assert signed_root(first_problem(table, (table["a"] + table["b"]) ** 2)) is None
    assert signed_root(first_problem(table, table["a"] - table["b"])) is None
    assert signed_root(first_problem(table, np.random.default_rng(1).normal(size=ROWS) ** 2)) is None


def test_what_a_problem_is_for_and_how_well_it_is_known_stays() -> None:
    table = columns()
    whole = first_problem(table, (table["a"] - table["b"]) ** 2, accuracy=1e-6)
    part = replace(whole, aside=Aside(Question(), lambda found: iter(())))
    child = signed_root(part)
    assert child is not None
    assert child.root is part
    assert child.accuracy > part.accuracy


@pytest.mark.parametrize("rows", [40, 90])
def test_few_rows_and_a_column_of_both_signs(rows: int) -> None:
    rng = np.random.default_rng(7)
    x, y = rng.uniform(-1, 1, (2, rows))
    child = signed_root(first_problem({"x": x, "y": y}, (x - y / 2) ** 2))
    assert child is not None
    own = child.x @ [1, -0.5]
    np.testing.assert_allclose(child.y, np.sign(child.y[0] * own[0]) * own, rtol=1e-9, atol=1e-12)


def test_a_square_with_a_crease_is_found_as_a_law() -> None:
    table = columns(2)
    y = (table["a"] + table["a"] / table["b"] - table["b"]) ** 2
    found = [one for one in ladder(table, y) if one.exact]
    assert found
    fresh = columns(3)
    law = (fresh["a"] + fresh["a"] / fresh["b"] - fresh["b"]) ** 2
    np.testing.assert_allclose(evaluate(found[-1].expression, fresh), law, rtol=1e-9, atol=1e-12)


def test_a_law_inside_a_tanh_is_found() -> None:
    table = columns(4)
    inner = table["a"] / 5 + np.sin(table["b"]) * table["c"] / 4
    found = [one for one in ladder(table, np.tanh(inner)) if one.exact]
    assert found
    fresh = columns(5)
    law = np.tanh(fresh["a"] / 5 + np.sin(fresh["b"]) * fresh["c"] / 4)
    np.testing.assert_allclose(evaluate(found[-1].expression, fresh), law, rtol=1e-9)
