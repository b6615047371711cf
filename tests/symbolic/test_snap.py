"""Constants become numbers, formulas become short; every witness is a law that is known."""

from math import exp

import numpy as np
import pytest
import sympy

from edgewise.formula import complexity, evaluate, parse, to_text
from edgewise.symbolic.numbers import choices
from edgewise.symbolic.shorten import shorten
from edgewise.symbolic.snap import snap

ROWS = 400


@pytest.fixture
def columns():
    generator = np.random.default_rng(0)
    ranges = dict.fromkeys("abcdmnr", (1, 5)) | {"t": (0.1, 1), "u": (1, 2), "x": (5, 10), "z": (-2, 2)}
    return {name: generator.uniform(*bounds, ROWS) for name, bounds in ranges.items()}


def with_noise(truth: str, columns: dict, noise: float, seed: int = 0) -> np.ndarray:
    y = evaluate(parse(truth), columns)
    return y + noise * np.sqrt(np.mean(y**2)) * np.random.default_rng(seed).normal(size=ROWS)


@pytest.mark.parametrize(
    "number",
    [
        *("2", "-3", "1/3", "127/128", "pi/2", "-3/(8*pi)", "1/(4*pi**2)", "2/sqrt(pi)", "pi**2/6"),
        *("sqrt(2)", "sqrt(3)/2", "sqrt(5/7)", "1/sqrt(2*pi)", "exp(1)/2"),
    ],
)
def test_numbers_of_laws_are_found_first(number):
    exact = parse(number)
    value = float(exact)
    assert sympy.simplify(choices(value, 1e-9 * abs(value))[0].number - exact) == 0


def test_choices_are_near_and_ordered():
    found = choices(0.71, 0.01)
    assert all(abs(choice.value - 0.71) <= 0.01 for choice in found)
    assert [choice.bits for choice in found] == sorted(choice.bits for choice in found)
    assert choices(0.123456789, 1e-9) == []
    assert choices(0.0, 1.0) == []


@pytest.mark.parametrize(
    ("start", "truth"),
    [
        ("0.4*exp(-0.49*z**2)", "exp(-z**2/2)/sqrt(2*pi)"),
        ("exp(-0.9 - 0.49*z**2)", "exp(-z**2/2)/sqrt(2*pi)"),
        ("0.08*a*b/(c*d**1.95)", "a*b/(4*pi*c*d**2)"),
        ("1.1*a/sqrt(1.0 - b**1.99/(40.1*d**2))", "a/sqrt(1 - b**2/(36*d**2))"),
        ("8.3*a*b/c", "8.314*a*b/c"),
        ("6.6e-11*a*b/c**2.01", "6.674e-11*a*b/c**2"),
        ("2.9e8*a", "299792458*a"),
        ("1.1*m*n/(2.1*m + 1.9*n)", "m*n/(m + n)"),
        ("1.0*sin(3.1*z + 0.01)*a**1.01 + 0.26*b", "a*sin(pi*z) + b/4"),
        ("6.1*sqrt(a/b) + 0.01*c", "2*pi*sqrt(a/b)"),
        ("sqrt(1.0*r**2 + 1.01*a**2*b**2 - 2.01*b/c + 1.0/(c**2.02*a**2))", "sqrt(r**2 + (a*b - 1/(a*c))**2)"),
        ("sqrt(1.0*x**2 - 1.95*x*u*t + u**2*t**2)/sqrt(1.0 - 0.011*u**2)", "(x - u*t)/sqrt(1 - u**2/100)"),
    ],
)
def test_exact_laws_come_out_exact(columns, start, truth):
    y = with_noise(truth, columns, 0.0)
    found = snap(parse(start), columns, y)
    assert complexity(found) <= complexity(parse(truth))
    wide = {name: x + 0.25 * (x - x.mean()) for name, x in columns.items()}
    for rows in (columns, wide):
        np.testing.assert_allclose(evaluate(found, rows), evaluate(parse(truth), rows), rtol=1e-12)


def test_constants_that_are_no_numbers_stay(columns):
    found = snap(parse("1.2*sin(2.9*z)"), columns, 1.23456789012345 * np.sin(3 * columns["z"]))
    assert to_text(found) == "1.23456789012345*sin(3*z)"


@pytest.mark.parametrize("noise", [1e-3, 1e-2, 3e-2])
def test_noise_does_not_hide_plain_numbers(columns, noise):
    found = snap(parse("6.1*sqrt(a/b)"), columns, with_noise("2*pi*sqrt(a/b)", columns, noise))
    assert found == parse("2*pi*sqrt(a/b)")
    found = snap(parse("0.34*a*b**0.7"), columns, with_noise("a*b**0.75/3", columns, noise / 2))
    assert found == parse("a*b**(3/4)/3")


def test_noise_singles_out_no_odd_number():
    """A constant that is no number at all should rarely be given a name."""
    generator = np.random.default_rng(3)
    named = 0
    for _ in range(40):
        value = generator.uniform(1, 4)
        x = generator.uniform(1, 2, 200)
        y = value * x + generator.normal(0, 0.01, 200)
        named += not snap(parse("2.0*x"), {"x": x}, y).atoms(sympy.Float)
    assert named <= 3


def test_terms_without_evidence_go(columns):
    found = snap(parse("2.1*a*b + 0.01*c"), columns, with_noise("2*a*b", columns, 0.01))
    assert found == parse("2*a*b")


def test_held_out_rows_are_asked(columns):
    y = 2.004 * columns["a"] + np.random.default_rng(0).normal(0, 0.2, ROWS)
    hidden = {"a": np.linspace(1, 5, 400)}
    assert snap(parse("2.0*a"), columns, y) == parse("2*a")
    kept = snap(parse("2.0*a"), columns, y, held_out=(hidden, float(polished_slope(columns["a"], y)) * hidden["a"]))
    assert kept.atoms(sympy.Float)


def polished_slope(x: np.ndarray, y: np.ndarray) -> float:
    return (x @ y) / (x @ x)


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("sqrt(x**2 - 2*u*x + u**2)", "x - u"),
        ("sqrt((u - x)**2/(1 - t**2/x**2))", "(x - u)/sqrt(1 - t**2/x**2)"),
        ("abs(u - x)", "x - u"),
        ("sqrt(r**2 + a**2*b**2 - 2*b/c + 1/(a**2*c**2))", "sqrt(r**2 + (a*b - 1/(a*c))**2)"),
        ("sin(z)**2 + cos(z)**2 + b", "b + 1"),
        ("a*m/(m + n) + n*b/(m + n)", "(a*m + b*n)/(m + n)"),
        ("1/(1/m + 1/n)", "m*n/(m + n)"),
        ("(exp(z) - exp(-z))/(exp(z) + exp(-z))", "tanh(z)"),
        ("sqrt(m)*sqrt(n)/sqrt(r)", "sqrt(m*n/r)"),
        ("m*r*cos(z)**2 + 2*m*r*sin(z)**2", "m*r*(sin(z)**2 + 1)"),
        ("1.0*m*n/(2.0*m + 2.0*n)", "0.5*m*n/(m + n)"),
        ("exp(2.0 - z)*3.0", f"{3 * exp(2)}*exp(-z)"),
        ("2*m*n*(1 - cos(z))/r", "2*m*n*(1 - cos(z))/r"),
    ],
)
def test_shorter_and_the_same(columns, long, short):
    found = shorten(parse(long), columns, evaluate(parse(long), columns))
    assert complexity(found) <= complexity(parse(short))
    np.testing.assert_allclose(evaluate(found, columns), evaluate(parse(short), columns), rtol=1e-11)


def test_a_modulus_that_is_needed_stays(columns):
    assert shorten(parse("abs(z)"), columns, columns["z"]) == parse("abs(z)")
    assert shorten(parse("sqrt(z**2)"), columns, columns["z"]) == parse("abs(z)")


def test_what_cannot_be_rewritten_comes_back(columns):
    for text in ("3.5", "a", "2*a + b"):
        assert shorten(parse(text), columns, columns["a"]) == parse(text)


def test_a_division_that_can_be_cancelled_is_no_pole_of_the_law() -> None:
    generator = np.random.default_rng(0)
    columns = {name: generator.uniform(0.1, 9, 100) for name in ("h", "m", "v")}
    expression = parse("h*m*(981/100 + v**2/(2*h))")
    found = shorten(expression, columns, evaluate(expression, columns))
    assert evaluate(found, {"h": 0.0, "m": 1.0, "v": 2.0}) == pytest.approx(2.0)
    assert shorten(parse("h/m"), columns, columns["h"] / columns["m"]) == parse("h/m")


def test_a_root_keeps_its_branch_where_another_is_hardly_shorter() -> None:
    """(x - u t)/sqrt(1 - v^2) goes on for c < 0, c (x - u t)/sqrt(c^2 - u^2) changes its sign there."""
    generator = np.random.default_rng(0)
    columns = {
        name: generator.uniform(*bounds, 300) for name, bounds in {"c": (3, 20), "u": (1, 2), "x": (5, 9)}.items()
    }
    truth = parse("(x - u)/sqrt(1 - u**2/c**2)")
    forms = [
        "(x - u)/sqrt(1 - u**2/c**2)",
        "u*(x/u - 1)/sqrt(1 - u**2/c**2)",
        "x/sqrt(1 - u**2/c**2) - u/sqrt(1 - u**2/c**2)",
    ]
    for form in forms:
        found = shorten(parse(form), columns, evaluate(truth, columns))
        mirrored = columns | {"c": -columns["c"]}
        np.testing.assert_allclose(evaluate(found, mirrored), evaluate(truth, mirrored), rtol=1e-12)


def test_one_row_that_tells_otherwise_is_enough() -> None:
    z = np.linspace(0.1, 2, 1500)
    z[701] = -0.4
    assert shorten(parse("abs(z) + 1"), {"z": z}, abs(z) + 1) == parse("abs(z) + 1")
