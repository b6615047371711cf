"""What is exported computes what the formula computes: all built-in laws, all functions, names that languages keep."""

import json
import math
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import sympy
import torch

from edgewise.data.laws import LAWS, sample
from edgewise.formula import EXPORTERS, Formula, evaluate, parse
from edgewise.primitives import FUNCTIONS, PRIMITIVES

ROWS = 4
CLOSE = {"rtol": 1e-9, "atol": 1e-12}
AWKWARD = [
    *(f"{name}(a)" for name in FUNCTIONS),
    *(f"{name}(b)" for name in ("abs", "sign", "step", "relu", "sigmoid", "softplus", "atan")),
    *("max(a, b)", "min(a, b, 0.3)", "pi*a**1.5/b**2", "2*(a + b)/3", "a**b", "1/a", "exp(1)*a", "2/3", "sqrt(2)*a"),
    *("b**3", "b**-2", "a**(1/3)", "1.2345678901234567e-11*a", "3*10**20*a", "log(b)", "2**a", "max(0.1, a)", "4"),
    " + ".join(f"{n}.123456789*a**{n}*sin({n}*b)" for n in range(1, 30)),
]
# columns named as a word, a function, a constant of some language, or in another alphabet, or alike but for capitals
NAMES = ["double", "function", "end", "y0", "fn", "Math", "im", "np", "torch", "T", "t", "θ0", "温度", "bed depth", "é"]


def formulas() -> Iterator[tuple[Formula, np.ndarray]]:
    """Each formula under a name of its own, and rows (ROWS, inputs) to ask it at."""
    for number, law in enumerate(LAWS.values()):
        table = sample(law, rows=ROWS, seed=1)
        yield Formula.from_text(law.formula, f"law_{number}", table.inputs, units=table.units), table.x
    x = np.array([[0.1, -1.5], [0.5, 0.4], [0.9, 2.0], [0.3, 0.0]])
    for number, text in enumerate(AWKWARD):
        yield Formula.from_text(text, f"awkward_{number}", ["a", "b"]), x
    for number, primitive in enumerate(PRIMITIVES.values()):
        names = {"a": "a", "b": "b"}
        a, b = sympy.Symbol("a", real=True), sympy.Symbol("b", real=True)
        expression = sympy.sympify(primitive("sympy", a, *([b] if primitive.exponent else [])))
        yield Formula(f"primitive_{number}", expression, names), x
    symbols = Formula.from_text("0", "t", NAMES).symbols
    total = " + ".join(f"{n}*{name}" for n, name in enumerate(symbols, 1))
    rows = np.arange(1.0, 1 + ROWS * len(NAMES)).reshape(ROWS, -1)
    yield Formula("names", parse(total, symbols), symbols), rows


FORMULAS = list(formulas())
EXPECTED = np.array([formula.predict(x) for formula, x in FORMULAS])


def called(call: Callable[[Formula, list[float]], str]) -> list[str]:
    return [call(formula, row) for formula, x in FORMULAS for row in x.tolist()]


def numbers(text: str) -> np.ndarray:
    values = [math.nan if "nan" in word.lower() else float(word) for word in text.split()]
    return np.array(values).reshape(EXPECTED.shape)


def require(tool: str) -> str:
    if (path := shutil.which(tool)) is None:
        pytest.skip(f"{tool} is not installed, so this language was not run here")
    return path


def ran(*words: object, cwd: Path) -> str:
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:3000]
    return done.stdout


@pytest.mark.parametrize("to", ["numpy", "torch"])
def test_in_this_process(to: str) -> None:
    found = []
    for formula, x in FORMULAS:
        scope: dict[str, Callable[..., object]] = {}
        exec(formula.export(to), scope)
        columns = x.T if to == "numpy" else torch.tensor(x.T.copy())
        with np.errstate(all="ignore"):
            found.append(np.asarray(scope[formula.target](*columns)) + np.zeros(ROWS))
    np.testing.assert_allclose(np.array(found), EXPECTED, **CLOSE)


def test_sympy() -> None:
    found = []
    for formula, x in FORMULAS:
        scope: dict[str, sympy.Expr] = {}
        exec(formula.export("sympy"), scope)
        found.append(evaluate(sympy.sympify(scope[formula.target]), dict(zip(formula.inputs, x.T, strict=True))))
    np.testing.assert_allclose(np.array(found), EXPECTED, **CLOSE)


def test_c(tmp_path: Path) -> None:
    compiler = require("gcc")
    calls = called(lambda formula, row: f'printf("%.17g\\n", {formula.target}({", ".join(map(repr, row))}));')
    text = "\n".join([*(f.export("c") for f, _ in FORMULAS), "#include <stdio.h>", "int main(void) {", *calls, "}"])
    (tmp_path / "all.c").write_text(text, encoding="utf-8")
    ran(compiler, "-std=c99", "-Wall", "-Werror", "-O0", "all.c", "-lm", "-o", "all", cwd=tmp_path)
    np.testing.assert_allclose(numbers(ran(tmp_path / "all", cwd=tmp_path)), EXPECTED, **CLOSE)


def test_javascript(tmp_path: Path) -> None:
    node = require("node")
    calls = called(lambda formula, row: f"console.log(String({formula.target}({json.dumps(row)[1:-1]})));")
    text = "\n".join(['"use strict";', *(f.export("javascript") for f, _ in FORMULAS), *calls])
    (tmp_path / "all.js").write_text(text, encoding="utf-8")
    np.testing.assert_allclose(numbers(ran(node, "all.js", cwd=tmp_path)), EXPECTED, **CLOSE)


def test_rust(tmp_path: Path) -> None:
    compiler = require("rustc")
    calls = called(lambda formula, row: f'println!("{{:e}}", {formula.target}({", ".join(map(repr, row))}));')
    text = "\n".join([*(f.export("rust") for f, _ in FORMULAS), "fn main() {", *calls, "}"])
    (tmp_path / "all.rs").write_text(text, encoding="utf-8")
    ran(compiler, "--edition=2021", "all.rs", "-o", "all", cwd=tmp_path)
    np.testing.assert_allclose(numbers(ran(tmp_path / "all", cwd=tmp_path)), EXPECTED, **CLOSE)


def test_fortran(tmp_path: Path) -> None:
    compiler = require("gfortran")

    def call(formula: Formula, row: list[float]) -> str:
        arguments = ", &\n".join(repr(value).replace("e", "d") + ("" if "e" in repr(value) else "d0") for value in row)
        return f"print '(es25.17e3)', {formula.target}({arguments})"

    uses = [f"use {formula.target}_formula" for formula, _ in FORMULAS]
    text = "\n".join([*(f.export("fortran") for f, _ in FORMULAS), "program all", *uses, *called(call), "end program"])
    (tmp_path / "all.f90").write_text(text, encoding="utf-8")
    ran(compiler, "-std=f2008", "-Wall", "-O0", "all.f90", "-o", "all", cwd=tmp_path)
    np.testing.assert_allclose(numbers(ran(tmp_path / "all", cwd=tmp_path)), EXPECTED, **CLOSE)


def test_julia(tmp_path: Path) -> None:
    julia = require("julia")
    calls = called(
        lambda formula, row: (
            f"println(try {formula.target}({json.dumps(row)[1:-1]}) catch e e isa DomainError ? NaN : rethrow() end)"
        )
    )
    (tmp_path / "all.jl").write_text("\n".join([*(f.export("julia") for f, _ in FORMULAS), *calls]), encoding="utf-8")
    np.testing.assert_allclose(numbers(ran(julia, "all.jl", cwd=tmp_path)), EXPECTED, **CLOSE)


def test_mathml_is_xml_that_holds_every_number() -> None:
    for formula, _ in FORMULAS:
        tree = ElementTree.fromstring(formula.export("mathml"))
        digits = "".join(element.text or "" for element in tree.iter() if element.tag.endswith("}mn"))
        assert all(repr(value).split("e")[0].lstrip("-") in digits for value in formula.constants.values())
    pendulum = Formula.from_text("2*pi*sqrt(L/g)", "T", ["L", "g"]).export("mathml")
    assert "<msqrt><mfrac><mrow><mi>L</mi></mrow><mrow><mi>g</mi></mrow></mfrac></msqrt>" in pendulum


@pytest.mark.parametrize("to", [name for name in EXPORTERS if name not in ("text", "latex", "mathml")])
def test_source_says_what_it_is(to: str) -> None:
    known = {"rmse": 3.1e-6, "units": {"T": "s", "L": "m"}}
    text = Formula.from_text("2*pi*sqrt(L/g)", "T", ["L", "g"], **known).export(to)
    assert "T = 2*pi*sqrt(L/g)" in text
    assert "T [s], held-out rmse 3.1e-06" in text
    assert "L [m]" in text


def test_a_name_cannot_end_a_comment() -> None:
    named = Formula("T", parse("2*x", ["x"]), {"x": "col\numn\u2028 \\"}, units={"T": "\\"})
    for to in ("c", "javascript", "rust", "fortran", "julia", "numpy", "torch"):
        written = named.export(to).splitlines()
        assert sum("col umn" in line for line in written) == 1
        assert not any(line.endswith("\\") for line in written)


def test_targets_get_names_of_their_own() -> None:
    law = Formula.from_text("2*x", "double", ["x"])
    assert "double double_(double x)" in law.export("c")
    assert "def double(x)" in law.export("numpy")
    both = Formula.from_text("2*T", "t", ["T"])
    assert "elemental double precision function t_(T)" in both.export("fortran")
    assert "double t(double T)" in both.export("c")


def test_constants_are_written_so_that_they_come_back() -> None:
    value = 0.1 + 0.2
    law = Formula("y", sympy.Float(value) * sympy.Symbol("x", real=True), {"x": "x"})
    for to in ("c", "javascript", "rust", "julia", "numpy", "torch", "sympy"):
        assert repr(value) in law.export(to)
    assert repr(value) + "d0" in law.export("fortran")
