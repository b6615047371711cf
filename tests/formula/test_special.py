"""Special functions in formulas: values and slopes against mpmath, text, networks, other languages."""

import copy
import importlib
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
import torch

from edgewise.errors import FormulaError, ParseError, SettingsError
from edgewise.formula import Formula, complexity, evaluate, identifiers, parse, symbol, to_text
from edgewise.formula.languages import LANGUAGES
from edgewise.nn import Model
from edgewise.primitives import PRIMITIVES, SPECIAL, find, special
from edgewise.symbolic import compile_model
from tests.formula.test_languages import ran, tool

WITNESS: dict[str, Callable[[Any], Any]] = {
    **{f"j{n}": lambda x, n=n: mpmath.besselj(n, x) for n in range(6)},
    **{f"y{n}": lambda x, n=n: mpmath.bessely(n, x) for n in range(2)},
    "erf": mpmath.erf,
    "gamma": mpmath.gamma,
    "loggamma": mpmath.loggamma,
    "digamma": mpmath.digamma,
    "airyai": mpmath.airyai,
    "airybi": mpmath.airybi,
    "ellipk": mpmath.ellipk,
    "ellipe": mpmath.ellipe,
    "lambertw": mpmath.lambertw,
    "zeta": mpmath.zeta,
}
each = pytest.mark.parametrize("name", list(SPECIAL))


def points(name: str) -> np.ndarray:
    """Some within the domain, 0 among them where it belongs to it."""
    low, high = SPECIAL[name].domain
    low, high = max(low, -2.0), min(high, 4.0)
    inner = np.linspace(low, high, 14)[1:-1]
    return np.append(inner, 0.0) if low < 0 < high else inner


def test_they_are_the_ones_that_are_known() -> None:
    assert list(SPECIAL) == list(WITNESS)
    assert not set(SPECIAL) & set(PRIMITIVES)
    assert all(find(name) is row for name, row in SPECIAL.items())


@each
def test_values_are_those_of_mpmath(name: str) -> None:
    x = points(name)
    wanted = np.array([float(mpmath.re(WITNESS[name](value))) for value in x])
    np.testing.assert_allclose(evaluate(parse(f"{name}(x)"), {"x": x}), wanted, rtol=1e-12, atol=1e-14)
    of_torch = SPECIAL[name]("torch", torch.from_numpy(x))
    np.testing.assert_allclose(of_torch.numpy(), wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("row", [row for row in special.ROWS if row.native], ids=lambda row: row.name)
def test_torchs_own_say_the_same(row: special.Special) -> None:
    """What a GPU computes; torch's Bessel functions have ten digits."""
    module, name = row.native.split(":")
    x = points(row.name)
    got = getattr(importlib.import_module(module), name)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(got, row.numpy(x), rtol=1e-8, atol=1e-9)


@each
def test_slopes_are_those_of_mpmath(name: str) -> None:
    x = points(name)
    wanted = [float(mpmath.re(mpmath.diff(WITNESS[name], value))) for value in x]
    inner = torch.tensor(x, requires_grad=True)
    (slope,) = torch.autograd.grad(SPECIAL[name]("torch", inner).sum(), inner)
    np.testing.assert_allclose(slope.numpy(), wanted, rtol=1e-7, atol=1e-9)


@each
def test_torch_follows_them_forwards_and_backwards(name: str) -> None:
    x = torch.tensor(points(name)[:5] + 1e-3, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: SPECIAL[name]("torch", t), (x,), atol=1e-5, check_forward_ad=True)


@each
def test_domain_and_parity(name: str) -> None:
    row = SPECIAL[name]
    with np.errstate(all="ignore"):
        assert np.isfinite(row("numpy", points(name))).all()
        here, there = (row("numpy", sign * np.array([0.2, 0.3])) for sign in (1, -1))
        for border in row.domain:
            if np.isfinite(border):
                assert np.isfinite(row("numpy", np.array(border))) == row.inside
    if row.domain == (-np.inf, np.inf):
        assert row.parity == int(np.allclose(here, there)) - int(np.allclose(here, -there))


@each
def test_written_and_read_back(name: str) -> None:
    text = f"3*{name}(2.5*x + 1/3)**2 - {name}(z)/x"
    expression = parse(text)
    assert parse(to_text(expression)) == expression
    assert complexity(parse(f"{name}(x)")) == 2
    assert copy.copy(SPECIAL[name]) is SPECIAL[name]  # as a row that travels to another process
    with np.errstate(all="ignore"):
        assert np.isfinite(evaluate(parse(f"{name}(0.5)" if name != "zeta" else "zeta(1.5)"), {}))


@each
def test_sympy_holds_the_same_function(name: str) -> None:
    expression = parse(f"{name}(x)")
    assert len(expression.atoms(sympy.core.function.Application)) == 1
    exact = float(sympy.re(sympy.N(expression.subs(symbol("x"), sympy.Rational(1, 2)), 30))) if name != "zeta" else 0
    if name != "zeta":
        assert evaluate(expression, {"x": 0.5}) == pytest.approx(exact, rel=1e-12)
    again = Formula("y", expression, {"x": "x"})
    scope: dict[str, Any] = {}
    exec(again.export("sympy"), scope)
    assert scope["y"] == again.sympy()
    assert again.export("latex").startswith("y = ")
    assert again.export("mathml").startswith("<math")


# ---- names


def test_a_column_may_have_their_name() -> None:
    assert identifiers(["gamma", "zeta", "sin"]) == {"gamma": "gamma", "zeta": "zeta", "sin": "sin_"}
    assert to_text(parse("gamma*v")) == "gamma*v"
    assert to_text(parse("gamma*v", ["gamma", "v"])) == "gamma*v"
    assert evaluate(parse("gamma(v + 1)", ["v"]), {"v": 3.0}) == pytest.approx(6.0)
    with pytest.raises(ParseError, match=r"gamma is a variable here, and a function. For a product write gamma\*"):
        parse("gamma(v + 1)", ["gamma", "v"])
    assert parse("airy(x)") == parse("airyai(x)")


# ---- networks


@each
def test_a_formula_is_a_network(name: str, tmp_path: Path) -> None:
    x = points(name)
    expression = parse(f"2*z*{name}(x) + 1")
    model = compile_model(expression, {"x": "x", "z": "z"}, "y")
    rows = np.column_stack([x, np.linspace(1, 2, len(x))])
    np.testing.assert_allclose(
        model.predict(rows), evaluate(expression, {"x": x, "z": rows[:, 1]}), rtol=1e-9, atol=1e-10
    )
    model.save(tmp_path / "model.kan")
    np.testing.assert_array_equal(Model.load(tmp_path / "model.kan").predict(rows), model.predict(rows))


def test_onnx_says_what_it_lacks(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    model = compile_model(parse("j0(x)"), {"x": "x"}, "y")
    with pytest.raises(SettingsError, match="ONNX has no j0"):
        model.to_onnx(tmp_path / "model.onnx")


# ---- languages


@each
def test_numpy_code_computes_the_same(name: str) -> None:
    x, scope = points(name), {}
    formula = Formula.from_text(f"2*{name}(x) + scipy_", "y", ["x", "scipy"])
    exec(formula.export("numpy"), scope)
    np.testing.assert_allclose(scope["y"](x, 1.0), formula.predict({"x": x, "scipy": 1.0}), rtol=1e-14)


@each
@pytest.mark.parametrize("to", list(LANGUAGES))
def test_a_language_has_it_or_says_so(name: str, to: str) -> None:
    formula, language = Formula.from_text(f"2*{name}(x)", "y", ["x"]), LANGUAGES[to]
    if name in language.calls:
        assert formula.export(to)
    else:
        with pytest.raises(FormulaError, match=rf"has no {name}, so it cannot hold this formula. NumPy"):
            formula.export(to)


def test_torch_code_computes_the_same() -> None:
    for name in SPECIAL.keys() & LANGUAGES["torch"].calls.keys():
        x, scope = points(name), {}
        formula = Formula.from_text(f"2*{name}(x)", "y", ["x"])
        exec(formula.export("torch"), scope)
        got = scope["y"](torch.from_numpy(x)).numpy()
        np.testing.assert_allclose(got, formula.predict({"x": x}), rtol=1e-8, atol=1e-9)


def test_c_code_computes_the_same(tmp_path: Path) -> None:
    gcc = tool("gcc", "cc")
    formula = Formula.from_text("2*erf(x) + gamma(x)", "y", ["x"])
    main = '\nint main(void) { printf("%.17g", y(0.7)); return 0; }\n'
    (tmp_path / "y.c").write_text(f"#include <stdio.h>\n{formula.export('c')}{main}")
    ran(gcc, "-std=c99", "-Wall", "-Werror", "y.c", "-o", "y", "-lm", cwd=tmp_path)
    assert float(subprocess.check_output([tmp_path / "y"])) == pytest.approx(formula.predict({"x": [0.7]})[0])


def test_fortran_code_computes_the_same(tmp_path: Path) -> None:
    gfortran = tool("gfortran")
    names = SPECIAL.keys() & LANGUAGES["fortran"].calls.keys()
    assert {"j0", "j5", "y1", "erf", "gamma"} <= names
    formula = Formula.from_text(" + ".join(f"{name}(x)" for name in sorted(names)), "y", ["x"])
    program = "program main\nuse y_m\nimplicit none\nprint *, y(0.7d0)\nend program\n"
    (tmp_path / "y.f90").write_text(f"{formula.export('fortran')}\n{program}")
    ran(gfortran, "-std=f2018", "y.f90", "-o", "y", cwd=tmp_path)
    assert float(subprocess.check_output([tmp_path / "y"])) == pytest.approx(formula.predict({"x": [0.7]})[0])
