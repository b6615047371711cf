"""Quadratic forms in noise: which terms are kept, which squares are seen, and what is none."""

import numpy as np
import pytest
import sympy
from scipy.optimize import curve_fit

from edgewise.formula import evaluate
from edgewise.symbolic import ladder
from edgewise.symbolic.problem import Problem, first_problem
from edgewise.symbolic.quadratic import quadratic_forms

ROWS = 600


def noisy(law, inputs: int, share: float, seed: int = 0) -> Problem:
    rng = np.random.default_rng(seed)
    x = rng.uniform(1, 4, (ROWS, inputs))
    y = law(*x.T)
    y = y + share * np.sqrt(np.mean(y**2)) * rng.normal(size=ROWS)
    return first_problem({f"x{i}": column for i, column in enumerate(x.T)}, y, noisy=True)


def told(problem: Problem, law: sympy.Expr, found: sympy.Expr) -> float:
    """How far a formula is from the law on the rows, in units of the law's spread."""
    columns = dict(zip(problem.symbols, problem.x.T, strict=True))
    values = [sympy.lambdify(list(columns), one, "numpy")(*columns.values()) * np.ones(ROWS) for one in (law, found)]
    return float(np.std(values[0] - values[1]) / np.std(values[0]))


def test_a_distance_in_six_coordinates_is_three_squares() -> None:
    problem = noisy(lambda a, b, c, d, e, f: ((a - b) ** 2 + (c - d) ** 2 + (e - f) ** 2) ** 0.5, 6, 0.01)
    found = next(quadratic_forms(problem, 0.08))
    a, b, c, d, e, f = problem.symbols
    squares = {(a - b) ** 2, (c - d) ** 2, (e - f) ** 2}
    assert {one for one in found.atoms(sympy.Pow) if one.exp == 2} == squares
    assert told(problem, sympy.sqrt(sum(squares)), found) < 0.003


@pytest.mark.parametrize("seed", range(3))
def test_terms_within_their_errors_are_left_out(seed: int) -> None:
    problem = noisy(lambda a, b, c, d, e: 3 + 2 * a * b - 0.5 * c**2 + d, 5, 0.02, seed)
    a, b, c, d, _ = problem.symbols
    (found,) = quadratic_forms(problem, 0.5)
    assert found.free_symbols == {a, b, c, d}
    assert len(sympy.Add.make_args(found)) == 4
    assert told(problem, 3 + 2 * a * b - c**2 / 2 + d, found) < 0.01


@pytest.mark.parametrize("size", [1.0, 1e-4, 1e5])
def test_units_do_not_matter(size: float) -> None:
    rng = np.random.default_rng(2)
    a, b, c = rng.uniform(1, 4, (3, ROWS))
    y = 2 * a * b + c**2
    y = (y + 0.02 * y.std() * rng.normal(size=ROWS)) * size**2
    problem = first_problem({"a": a * size, "b": b * size, "c": c * size}, y, noisy=True)
    found, *_ = quadratic_forms(problem, 0.05 * float(y.std()))
    assert len(sympy.Add.make_args(found)) == 2


def test_what_is_no_quadratic_form_is_not_called_one() -> None:
    problem = noisy(lambda a, b: np.sin(2 * a) * b, 2, 0.01)
    assert list(quadratic_forms(problem, 0.02)) == []


def test_a_field_around_a_point_is_found_in_noise() -> None:
    """k q / r^2 in the plane, all seven columns at once."""
    rng = np.random.default_rng(5)
    columns = {name: rng.uniform(1, 4, ROWS) for name in "qkabcd"}
    y = columns["q"] * columns["k"] / ((columns["a"] - columns["b"]) ** 2 + (columns["c"] + columns["d"]) ** 2)
    y = y + 0.01 * np.sqrt(np.mean(y**2)) * rng.normal(size=ROWS)
    best = min(ladder(columns, y, noise=0.01), key=lambda one: one.rmse)
    fresh = dict(zip("qkabcd", rng.uniform(1, 4, (6, 100)), strict=True))
    q, k, a, b, c, d = fresh.values()
    np.testing.assert_allclose(evaluate(best.expression, fresh), q * k / ((a - b) ** 2 + (c + d) ** 2), rtol=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_a_ratio_in_a_tenth_of_noise_is_read_where_the_fit_is(seed: int) -> None:
    """Regression of 1 / y by rows whose noise has raised y is far off; the form has to be as near as scipy's fit in y."""
    problem = noisy(lambda a, b, c, d: 1 / ((a - b) ** 2 + (c - d) ** 2 + 0.2), 4, 0.1, seed)
    x = problem.x

    def ratio(_: np.ndarray, p: float, q: float, r: float) -> np.ndarray:
        return 1 / np.maximum(p * (x[:, 0] - x[:, 1]) ** 2 + q * (x[:, 2] - x[:, 3]) ** 2 + r, 1e-3)

    best, _ = curve_fit(ratio, x[:, 0], problem.y, p0=(1, 1, 0.2))
    witness = np.sqrt(np.mean((problem.y - ratio(x[:, 0], *best)) ** 2))
    names = {symbol.name: column for symbol, column in zip(problem.symbols, x.T, strict=True)}
    errors = [
        np.sqrt(np.mean((problem.y - evaluate(one, names)) ** 2)) for one in quadratic_forms(problem, 2 * witness)
    ]
    assert min(errors) < 1.1 * witness
