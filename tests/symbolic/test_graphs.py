"""Small networks of named edges, fitted outright: laws that a few rows can tell."""

import warnings

import numpy as np
import pytest

from edgewise.data import load_table
from edgewise.formula import evaluate
from edgewise.primitives import PRIMITIVES
from edgewise.symbolic import named_graphs
from edgewise.symbolic.graphs import SCALES

RNG = np.random.default_rng(0)
A, B = RNG.uniform(0.5, 3, (2, 14))

LAWS = {
    "line": ({"a": A}, 2 * A - 0.7),
    "plane": ({"a": A, "b": B}, 2 * A - 0.7 * B + 4),
    "power law": ({"a": A, "b": B}, 3.1 * A**1.5 * B**-2),
    "exponential growth": ({"a": A}, 0.3 * np.exp(1.7 * A)),
    "parallel resistors": ({"a": A, "b": B}, 1 / (1 / A + 1 / B)),
    "root of squares": ({"a": A, "b": B}, np.sqrt(2 * A**2 + 3 * B**2)),
    "square of a sum": ({"a": A}, (0.5 * A + 1) ** 2),
    "mixed": ({"a": A, "b": B}, 2 * A**2 - 3 / B),
}


def best_error(columns: dict[str, np.ndarray], y: np.ndarray) -> float:
    errors = [np.abs(evaluate(e, columns) - y).max() for e in named_graphs(columns, y)]
    return float(np.nanmin(errors) / np.abs(y).max())


@pytest.mark.parametrize("name", LAWS)
def test_a_law_of_few_rows_is_among_them(name: str) -> None:
    assert best_error(*LAWS[name]) < 1e-10


def test_keplers_exponent_is_among_them() -> None:
    table = load_table("kepler")
    columns = {"axis": table.columns["axis"]}
    exponents = [
        float(p.exp)
        for e in named_graphs(columns, table.y)
        for p in e.atoms(type(e))
        if p.is_Pow and p.base.is_Symbol and p.exp.is_Float
    ]
    assert any(abs(exponent - 1.5) < 0.002 for exponent in exponents)


def test_constants_are_those_of_least_squares() -> None:
    """A witness: numpy's own fit of a plane to noisy rows."""
    y = 2 * A - B + 0.3 * RNG.normal(size=14)
    design = np.column_stack([A, B, np.ones(14)])
    residual = np.sqrt(np.linalg.lstsq(design, y, rcond=None)[1][0] / 14)
    errors = [
        float(np.sqrt(np.mean((evaluate(e, {"a": A, "b": B}) - y) ** 2))) for e in named_graphs({"a": A, "b": B}, y)
    ]
    assert min(abs(error - residual) for error in errors) < 1e-12


def test_only_the_given_primitives_are_used() -> None:
    chosen = {name: PRIMITIVES[name] for name in ("x", "sqrt")}
    found = [str(e) for e in named_graphs({"a": A}, 2 * A + 1, chosen)]
    assert found
    assert not any("exp" in text or "log" in text or "/a" in text for text in found)
    assert list(named_graphs({"a": A}, A, {"sin": PRIMITIVES["sin"]})) == []


@pytest.mark.parametrize(
    "column", [np.zeros(9), np.r_[0.0, A[:8]], -A[:9], np.full(9, 1e300), np.linspace(-800, 800, 9)]
)
def test_columns_out_of_a_domain_are_left_aside(column: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for expression in named_graphs({"a": column}, np.linspace(-1, 1, 9)):
            assert expression.free_symbols or expression.is_number


def test_rows_as_few_as_constants_fit_nothing() -> None:
    assert all(len(e.free_symbols) == 1 for e in named_graphs({"a": A[:2]}, B[:2]))
    assert list(named_graphs({"a": A[:1]}, B[:1])) == []


def test_the_scales_undo_each_other() -> None:
    y = np.linspace(0.5, 2, 20)
    for scale in SCALES:
        np.testing.assert_allclose(PRIMITIVES[scale.outer]("numpy", PRIMITIVES[scale.inner]("numpy", y)), y)
