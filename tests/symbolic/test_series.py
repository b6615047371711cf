"""Long sums of plain terms, exactly; what saturates, in noise; sums of angles written as one."""

import numpy as np
import pytest
import sympy

from edgewise.formula import evaluate, parse
from edgewise.symbolic import ladder
from edgewise.symbolic.noisy import saturating_sums
from edgewise.symbolic.problem import TARGET, first_problem
from edgewise.symbolic.rewrite import angles
from edgewise.symbolic.series import plain_polynomial, sums_over_inputs, waves_of_powers


def drawn(text: str, low: float = -1.0, high: float = 1.0, rows: int = 300) -> tuple[dict, np.ndarray]:
    names = sorted(symbol.name for symbol in parse(text).free_symbols)
    generator = np.random.default_rng(0)
    columns = {name: generator.uniform(low, high, rows) for name in names}
    return columns, evaluate(parse(text), columns)


@pytest.mark.parametrize(
    ("stage", "text"),
    [
        (plain_polynomial, "x**11 - x**9/2 + x**8 + x**6 + 3*x**5 + x**4 + x**3 + x**2 - x/3"),
        (waves_of_powers, "x*sin(x**3)*cos(x) - 2*x**2 + 1"),
        (sums_over_inputs, "x**3 + x**2 + x + sin(x) + cos(u**2)"),
    ],
)
def test_long_sums_are_found_exactly(stage, text: str) -> None:
    columns, y = drawn(text)
    problem = first_problem(columns, y)
    found = next(stage(problem))
    assert TARGET not in found.free_symbols
    renamed = found.xreplace({s: sympy.Symbol(name) for s, name in zip(problem.symbols, columns, strict=True)})
    np.testing.assert_allclose(evaluate(renamed, columns), y, atol=1e-9)


def test_a_smooth_curve_is_no_polynomial() -> None:
    columns, _ = drawn("x")
    for y in (np.cosh(columns["x"]), np.sin(2 * columns["x"])):
        assert not list(plain_polynomial(first_problem(columns, y)))


def test_what_only_follows_a_curve_does_not_end_the_search() -> None:
    columns, y = drawn("sin(x**2)*cos(x) - 1", rows=600)
    last = [candidate for candidate in ladder(columns, y) if candidate.exact][-1]
    assert str(last.expression) == "sin(x**2)*cos(x) - 1"


def test_what_saturates_is_found_in_noise() -> None:
    columns, y = drawn("4*x - x*u/(1 + x/2)", 0.2, 5.0, rows=150)
    y = y + 0.01 * y.std() * np.random.default_rng(1).standard_normal(len(y))
    problem = first_problem(columns, y, noisy=True)
    names = {s: sympy.Symbol(name) for s, name in zip(problem.symbols, columns, strict=True)}
    errors = [np.std(evaluate(one.xreplace(names), columns) - y) for one in saturating_sums(problem)]
    assert min(errors) < 0.015 * y.std()


def test_a_target_known_to_six_digits_is_named_with_its_accuracy() -> None:
    columns, y = drawn("(5*x**2 - x*u + 10)/(x**2/2 + 1)", 0.5, 4.0)
    rounded = np.round(y, 6)
    found = [c for c in ladder(columns, rounded, accuracy=5e-7 / float(np.sqrt(np.mean(y**2)))) if c.exact]
    np.testing.assert_allclose(evaluate(found[-1].expression, columns), y, atol=1e-5)
    assert len(found[-1].expression.atoms(sympy.Symbol)) == 2


def test_sums_of_angles() -> None:
    assert str(angles(parse("sin(x)*cos(y)/2 - sin(x) - sin(y)*cos(x)/2"))) == "-sin(x) + sin(x - y)/2"
    assert angles(parse("sin(x)*cos(y)")) == parse("sin(x)*cos(y)")
