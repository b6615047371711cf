"""Text becomes exactly the expression that it writes, and nothing else ever runs."""

import numpy as np
import pytest
import sympy

from edgewise.errors import ParseError
from edgewise.formula import complexity, evaluate, parse, symbol, to_text

x, y, z, length, g = (symbol(name) for name in ("x", "y", "z", "L", "g"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2*pi*sqrt(L/g)", 2 * sympy.pi * sympy.sqrt(length / g)),
        ("x**y**z", x ** (y**z)),
        ("x^y^z", x ** (y**z)),
        ("-x**2", -(x**2)),
        ("(-x)**3", -(x**3)),
        ("2**-x", 2 ** (-x)),
        ("x - y - z", x - y - z),
        ("x/y/z", x / (y * z)),
        ("x/y*z", x * z / y),
        ("+x - -y", x + y),
        ("3/2", sympy.Rational(3, 2)),
        ("x**(1/2)", sympy.sqrt(x)),
        ("1.5", sympy.Float(1.5)),
        (".5*x + 1.", x * sympy.Float(0.5) + sympy.Float(1.0)),
        ("1e3", sympy.Float(1000.0)),
        ("2.5E-3*x", x * sympy.Float(0.0025)),
        ("arcsin(x) + ln(y) + Abs(z)", sympy.asin(x) + sympy.log(y) + sympy.Abs(z)),
        ("max(x, y, z) - Min(x, y)", sympy.Max(x, y, z) - sympy.Min(x, y)),
        ("step(x)*relu(y)", sympy.Heaviside(x, 1) * sympy.Max(0, y)),
        ("  x\n+\ty ", x + y),
        ("温度*x", symbol("温度") * x),
    ],
)
def test_means_what_it_says(text: str, expected: sympy.Expr) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize("value", [0.1, 1 / 3, 9.80665, 6.02214076e23, 1.602176634e-19, 2.2250738585072014e-308])
def test_decimals_are_the_same_float64(value: float) -> None:
    assert float(parse(repr(value))) == value
    assert to_text(parse(repr(value))) == repr(value)


@pytest.mark.parametrize("text", ["2*(x + y)", "-(x + y)", "z - (x + y)", "(x + y)/2", "1/(2*(x + y))", "3*(x + y)/2"])
def test_a_factored_sum_stays_factored(text: str) -> None:
    assert to_text(parse(text)) == text
    assert sympy.expand(parse(text) - parse(str(sympy.expand(parse(text))))) == 0


@pytest.mark.parametrize("name", ["e", "pi", "E", "I", "S", "N", "lambda", "Q", "zoo", "oo", "sin"])
def test_a_column_comes_before_a_constant(name: str) -> None:
    assert parse(f"2*{name} + x", [name, "x"]) == 2 * symbol(name) + x


def test_e_is_a_variable_unless_the_variables_are_known() -> None:
    assert parse("e*x") == symbol("e") * x
    assert parse("e**x", ["x"]) == sympy.exp(x)
    assert parse("pi*x") == sympy.pi * x


def test_all_variables_are_real() -> None:
    assert parse("sqrt(x**2)") == sympy.Abs(x)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("2x", r"Write \* for a product"),
        ("x y", r"Write \* for a product"),
        ("2(x + y)", r"Write \* for a product"),
        ("x(y)", r"no function 'x'"),
        ("(x y)", r"Write \* for a product"),
        ("sine(x)", "Did you mean 'sin'"),
        ("sin", r"write sin\(...\)"),
        ("sin()", "expected, not '\\)'"),
        ("sin(x, y)", "takes one argument"),
        ("max(x)", "two or more"),
        ("(x", "never closed"),
        ("x)", "closes nothing"),
        ("x, y", "comma"),
        ("x +", "ends too early"),
        ("* x", "expected, not '\\*'"),
        ("T = x", "right-hand side"),
        ("x == y", "right-hand side"),
        ("lambda", "word of Python"),
        ("lambda v: v", "':' has no meaning"),
        ("x if y else z", r"Write \* for a product"),
        ("x.real", "'.' has no meaning"),
        ("x[0]", "round parentheses"),
        ("{x}", "round parentheses"),
        ("'x'", "no meaning"),
        ("x; y", "no meaning"),
        ("x := y", "no meaning"),
        ("x @ y", "no meaning"),
        ("x // y", "expected, not '/'"),
        ("x % y", "no meaning"),
        ("x\\y", "no meaning"),
        ("x\x00", "no meaning"),
        ("x # y", "no meaning"),
        ("__import__('os').system('true')", "no meaning"),
        ("__import__(x)", "no function"),
        ("eval(x)", "no function"),
        ("0x10", r"Write \* for a product"),
        ("1_000", r"Write \* for a product"),
        ("1..2", r"Write \* for a product"),
        ("x − y", "Write - for minus"),
        ("x × y", "Write \\* for times"),
        ("x²", r"Write \*\*2"),
        ("ѕin(x)", "no function 'ѕin'"),
        ("x**２", "no meaning"),
        ("1/0", "no finite real value"),
        ("1.0/0.0", "no finite real value"),
        ("x/(y - y)", "no finite real value"),
        ("log(0)", "no finite real value"),
        ("sqrt(-2)*x", "no finite real value"),
        ("(-8)**(1/3)", "no finite real value"),
        ("max(x, sqrt(-x**2))", "no finite real value"),
        ("1e400", "no finite real value"),
        ("1e308*10.0*x*10.0*1e308", "no finite real value|larger"),
        ("(1e300*x)**2", "larger than any float64"),
    ],
)
def test_what_is_no_formula_is_refused_and_shown(text: str, message: str) -> None:
    with pytest.raises(ParseError, match=message) as refused:
        parse(text)
    if text.strip():
        *_, line, caret = str(refused.value).split("\n")
        assert line.startswith("    ")
        assert caret.strip() == "^"
        assert len(caret) <= len(line) + 1


def test_the_caret_stands_under_the_fault() -> None:
    with pytest.raises(ParseError) as refused:
        parse("2*x + sine(y)")
    *_, line, caret = str(refused.value).split("\n")
    assert line[caret.index("^") :] == "sine(y)"


def test_the_caret_stands_under_the_fault_of_a_long_text() -> None:
    with pytest.raises(ParseError) as refused:
        parse("x + " * 100 + "cosinus(y)" + " + x" * 100)
    *_, line, caret = str(refused.value).split("\n")
    assert line[caret.index("^") :].startswith("cosinus(y)")
    assert len(line) < 80


def test_an_unknown_variable_is_named_with_the_nearest() -> None:
    with pytest.raises(ParseError, match=r"no variable 'lenght'. Did you mean 'length'\? Known: g, length"):
        parse("lenght/g", ["length", "g"])


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9",
        "9.0**9.0**9.0**9.0",
        "x**(9**9**9)",
        "(9*x)**(10**9)",
        "((12345*x)**300)**300",
        "(1000001/1000000)**1000000",
        "(1/3)**(10**9)",
        "2**(1/2)**(-10**8)",
        "exp(exp(exp(exp(50))))",
        "max(exp(exp(exp(50))), 3)",
        "9" * 5000,
        "1e" + "9" * 30,
        "(" * 5000 + "x" + ")" * 5000,
        "-" * 5000 + "x",
        "x" + "**x" * 5000,
        "sin(" * 5000,
        "x+" * 20000,
        "(" * 19000,
        "max(" + ",".join(f"sin({i}*x)" for i in range(300)) + ")",
        "max(" * 90 + "sin(x)" + "".join(f",sin({i}*x))" for i in range(90)),
        "+".join("max(" + ",".join(f"sin({i}*x+{j})" for i in range(20)) + ")" for j in range(60)),
        "abs(x-" * 90 + "1" + ")" * 90,
        "sign(x-" * 90 + "1" + ")" * 90,
        "sqrt((x-" * 45 + "1" + ")**2)" * 45,
        "((x-" * 45 + "1" + ")**2)**0.5" * 45,
        "+".join(f"abs(x-{i})" for i in range(1500)),
    ],
)
def test_hostile_text_is_refused_at_once(text: str) -> None:
    with pytest.raises(ParseError):
        parse(text)


@pytest.mark.parametrize(
    "text", ["+".join(["x"] * 5000), "*".join(["x"] * 5000), "x" + "-1" * 5000, "/".join("x" * 999)]
)
def test_long_and_honest_text_is_read(text: str) -> None:
    assert np.isfinite(evaluate(parse(text), {"x": 1.0}))


@pytest.mark.parametrize(
    "text", ["abs(x-" * 20 + "1" + ")" * 20, "+".join(f"abs(x-{i})*sqrt(x/{i + 1}.5)" for i in range(200))]
)
def test_many_signs_and_roots_are_read(text: str) -> None:
    assert np.isfinite(evaluate(parse(text), {"x": 1.0}))


def test_nested_to_the_limit() -> None:
    expression = parse("sin(" * 90 + "x" + ")" * 90)
    assert complexity(expression) == 91
    assert parse(to_text(expression)) == expression
