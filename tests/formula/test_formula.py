"""A formula with its names, its error and its other forms."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pandas as pd
import pytest
import sympy

from edgewise.errors import ColumnError, FormulaError, ParseError, ShapeError, UnknownNameError
from edgewise.formula import EXPORTERS, Formula, symbol
from edgewise.formula.exporters import latex_name
from edgewise.primitives import FUNCTIONS

LENGTH, GRAVITY = np.array([0.5, 1.0, 2.0]), np.array([9.81, 1.62, 3.71])
PERIOD = 2 * np.pi * np.sqrt(LENGTH / GRAVITY)


@pytest.fixture
def pendulum() -> Formula:
    return Formula.from_text(
        "2*pi*sqrt(L/g)", "T", ["L", "colour", "g"], units={"L": "m", "T": "s"}, rmse=3.1e-6, r2=0.99999
    )


def awkward(text: str = "1.5*bed_depth_cm*lambda_ + 温度") -> Formula:
    return Formula.from_text(text, "out put", ["bed depth [cm]", "lambda", "温度"], rmse=0.1, r2=0.9)


def test_says_what_it_is(pendulum: Formula) -> None:
    assert str(pendulum) == pendulum.equation == "T = 2*pi*sqrt(L/g)"
    assert pendulum.text == "2*pi*sqrt(L/g)"
    assert pendulum.complexity == 8
    assert pendulum.inputs == ("L", "colour", "g")
    assert pendulum.constants == {}
    assert awkward().constants == {"c1": 1.5}
    assert awkward().inputs == ("bed depth [cm]", "lambda", "温度")


@dataclass
class Table:
    """As much of a table of the data room as a formula uses."""

    columns: dict[str, np.ndarray]


TABLES: list[Callable[[dict[str, np.ndarray]], object]] = [
    dict,
    pd.DataFrame,
    Table,
    lambda columns: np.column_stack(list(columns.values())),
    lambda columns: np.column_stack(list(columns.values())).tolist(),
]


@pytest.mark.parametrize("make", TABLES, ids=["mapping", "frame", "table", "array", "list"])
def test_predicts_from_any_table(pendulum: Formula, make: Callable[[dict[str, np.ndarray]], object]) -> None:
    table = make({"L": LENGTH, "colour": np.zeros(3), "g": GRAVITY})
    np.testing.assert_allclose(pendulum.predict(table), PERIOD, rtol=1e-15)
    np.testing.assert_allclose(pendulum.numpy()(table), PERIOD, rtol=1e-15)


def test_a_column_that_is_not_used_may_be_missing(pendulum: Formula) -> None:
    np.testing.assert_allclose(pendulum.predict({"L": LENGTH, "g": GRAVITY}), PERIOD)
    np.testing.assert_allclose(pendulum.predict(pd.DataFrame({"g": GRAVITY, "L": LENGTH})), PERIOD)


def test_a_column_that_is_not_used_may_hold_words(pendulum: Formula) -> None:
    frame = pd.DataFrame({"L": LENGTH, "colour": ["red", "red", "blue"], "g": GRAVITY})
    np.testing.assert_allclose(pendulum.predict(frame), PERIOD)


def test_a_column_that_is_used_may_not(pendulum: Formula) -> None:
    with pytest.raises(ColumnError, match="needs 'g'"):
        pendulum.predict({"L": LENGTH, "G": GRAVITY})


@pytest.mark.parametrize("shape", [(3,), (3, 2), (3, 4), (1, 3, 3)])
def test_an_array_of_another_shape_is_refused(pendulum: Formula, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"\(rows, 3\) with the columns L, colour, g"):
        pendulum.predict(np.zeros(shape))


def test_a_constant_formula_has_a_value_for_each_row() -> None:
    assert Formula.from_text("2.5", "y", ["x"]).predict(np.zeros((4, 1))).shape == (4,)
    assert Formula.from_text("2.5", "y", ["x"]).predict(pd.DataFrame({"x": [1, 2]})).shape == (2,)


def test_numpy_takes_columns_by_either_name() -> None:
    function = awkward().numpy()
    assert function(bed_depth_cm=2, lambda_=3, 温度=1) == 10
    assert function(**{"bed depth [cm]": 2, "lambda": 3, "温度": 1}) == 10


def test_sympy_names_the_columns() -> None:
    expression = awkward("2*(bed_depth_cm + lambda_)").sympy()
    assert expression.free_symbols == {symbol("bed depth [cm]"), symbol("lambda")}
    assert expression.is_Mul, "a factored sum stays factored"


def test_symbols_of_any_assumptions_become_ours() -> None:
    x = sympy.Symbol("x", positive=True)
    assert Formula("y", 2 * x, {"x": "x"}) == Formula.from_text("2*x", "y", ["x"])
    assert Formula("y", 2.5, {"x": "x"}).text == "2.5"


def test_a_symbol_without_a_column_is_refused() -> None:
    with pytest.raises(FormulaError, match="z in"):
        Formula("y", symbol("z") + symbol("x"), {"x": "x"})
    with pytest.raises(ParseError, match="no variable 'z'"):
        Formula.from_text("z", "y", ["x"])


def test_survives_copies_pickle_and_json(pendulum: Formula) -> None:
    for formula in (pendulum, awkward()):
        assert formula.complexity  # cached
        assert copy.deepcopy(formula) == formula
        assert ForkingPickler.loads(ForkingPickler.dumps(formula)) == formula, "workers get formulas"
    saved = json.loads(json.dumps(pendulum.as_dict()))
    assert saved["text"] == "2*pi*sqrt(L/g)"
    assert Formula.from_dict(saved) == pendulum


def test_rounded() -> None:
    formula = Formula.from_text("9.81234567*t**2", "s", ["t"], constant_errors={"c1": 0.0021})
    assert formula.rounded().text == "9.8123*t**2"


# ---- exporters


def test_an_unknown_exporter_is_named(pendulum: Formula) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'latex'"):
        pendulum.export("latx")


@pytest.mark.parametrize("to", list(EXPORTERS))
def test_every_exporter_writes_every_function(to: str) -> None:
    for name in FUNCTIONS:
        assert awkward(f"{name}(bed_depth_cm) + maximum(lambda_, 温度)").export(to)


TERMS = [
    *(f"{name}(a)" for name in FUNCTIONS),
    *(f"{name}(b)" for name in ("abs", "sign", "step", "relu", "sigmoid", "softplus", "atan")),
    *("max(a, b)", "min(a, b, 0.3)", "pi*a**1.5/b**2", "2*(a + b)/3", "a**b", "1/a", "exp(1)*a"),
]


@pytest.mark.parametrize("text", [*TERMS, " + ".join(TERMS)])
def test_exported_python_computes_the_same(text: str) -> None:
    formula = Formula.from_text(text, "my target", ["a", "b"])
    a, b = np.array([0.1, 0.5, 0.9]), np.array([-1.5, 0.4, 2.0])
    scope: dict[str, Callable[..., np.ndarray]] = {}
    exec(formula.export("numpy"), scope)
    np.testing.assert_allclose(scope["my_target"](a, b) + 0 * a, formula.predict({"a": a, "b": b}), rtol=1e-14)


@pytest.mark.parametrize("text", ["2*pi*sqrt(L/g)", "relu(L) + step(g) + abs(L) + max(L, g)", "asin(L)**1.5"])
def test_exported_sympy_is_the_same_expression(text: str) -> None:
    formula = Formula.from_text(text, "T", ["L", "g"])
    scope: dict[str, sympy.Expr] = {}
    exec(formula.export("sympy"), scope)
    assert scope["T"] == formula.sympy()


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"),
        ("x1", "x_{1}"),
        ("x_12", "x_{12}"),
        ("theta0", r"\theta_{0}"),
        ("theta", r"\theta"),
        ("lambda", r"\lambda"),
        ("m_max", r"m_{\mathrm{max}}"),
        ("v_x", "v_{x}"),
        ("mass", r"\mathrm{mass}"),
        ("bed depth", r"\mathrm{bed\ depth}"),
        ("bed_depth", r"\mathrm{bed\_depth}"),
        ("50% {a}", r"\mathrm{50\%\ \{a\}}"),
        ("温度", r"\mathrm{温度}"),
    ],
)
def test_latex_names(name: str, latex: str) -> None:
    assert latex_name(name) == latex


def test_latex(pendulum: Formula) -> None:
    assert pendulum.latex() == r"T = 2 \pi \sqrt{\frac{L}{g}}"
    assert r"\mathrm{bed\ depth\ [cm]}" in awkward().latex()
    assert awkward().latex().startswith(r"\mathrm{out\ put} = ")
    assert pendulum._repr_latex_().startswith("$")
