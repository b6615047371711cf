"""Exported code computes what the formula predicts, in every language whose tools are here."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from edgewise.data.laws import LAWS
from edgewise.errors import FormulaError, SettingsError
from edgewise.formula import EXPORTERS, Formula
from edgewise.formula.languages import LANGUAGES
from edgewise.formula.names import safe_names
from edgewise.primitives import FUNCTIONS, SPECIAL_FUNCTIONS
from tests.formula.test_random_expressions import NAMES, expressions

ROWS = 20
AWKWARD = ["int", "温度", "L", "l", "end", "y1", "bed depth [cm]", "fn"]
PHYSICS = [law for law in LAWS.values() if law.family in ("feynman", "bonus", "paper")]
FORMS = [
    *(f"{name}(0.3*L) + 1/2*l**3" for name in FUNCTIONS),
    "maximum(L, minimum(l, 0.5)) - relu(L - 1/3)",
    "(L - 1)**(1/3) + l**2.5",  # nan where the base is negative
    "sqrt(2*L - 1)/3 + log(l - 0.5)",
    "asin(2*L) + acos(l) + atanh(2*l)",
    "-L**2 - (-l)**3 + 2**(-L) + L**(-3) + 1/(L*l)",
    "y1/end*bed_depth_cm*pi**2/7 + int**33 + fn*1e-300 + 温度*0.1",
    "step(0*L) + sign(0*l) + maximum(2, 3)**L + 2/3",
    "7",
]


def formulas() -> list[tuple[Formula, np.ndarray]]:
    """Every law of physics and every function, each with rows to evaluate it on."""
    generator, made = np.random.default_rng(0), []
    for number, law in enumerate(PHYSICS):
        formula = Formula.from_text(law.formula, f"law{number}", list(law.variables), rmse=0.1, units={"m": "kg"})
        made.append((formula, np.column_stack([generator.uniform(*ends, ROWS) for ends in law.ranges.values()])))
    for number, text in enumerate(FORMS):
        formula = Formula.from_text(text, f"form{number}", AWKWARD)
        made.append((formula, generator.uniform(0.05, 1.2, (ROWS, len(AWKWARD)))))
    return made


def check(answers: list[np.ndarray]) -> None:
    for (formula, x), got in zip(formulas(), answers, strict=True):
        expected = formula.predict(x)
        size = np.nanmax(np.abs(expected))
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9 * size, equal_nan=True, err_msg=str(formula))


def tool(*names: str) -> str:
    """The first of these programs that is here; else the test is skipped and says which are not."""
    homes = (None, str(Path.home() / ".cargo" / "bin"))
    found = next((at for name in names for home in homes if (at := shutil.which(name, path=home))), None)
    if found is None:
        pytest.skip(f"{' or '.join(names)} is not installed here")
    return found


def ran(*command: object, cwd: Path) -> str:
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def numbers(printed: str) -> list[np.ndarray]:
    """One value a line, ``ROWS`` for each formula."""
    values = [float("nan" if "nan" in line.lower() else line) for line in printed.split()]
    return list(np.reshape(values, (-1, ROWS)))


def calls(write: Callable[[str, str], str], number: Callable[[float], str] = repr) -> str:
    """A line of the main program for every row of every formula; ``write(name, arguments)``."""
    return "\n".join(
        write(formula.target, ", ".join(number(float(v)) for v in row)) for formula, x in formulas() for row in x
    )


def code(to: str) -> str:
    return "\n".join(formula.export(to) for formula, _ in formulas())


def test_c(tmp_path: Path) -> None:
    gcc = tool("gcc", "cc")
    main = calls(lambda name, arguments: f'printf("%.17g\\n", {name}({arguments}));')
    (tmp_path / "all.c").write_text(f"#include <stdio.h>\n{code('c')}\nint main(void) {{\n{main}\nreturn 0;}}\n")
    ran(
        gcc,
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-Werror",
        "all.c",
        "-o",
        "all",
        "-lm",
        cwd=tmp_path,
    )
    check(numbers(ran("./all", cwd=tmp_path)))


def test_javascript(tmp_path: Path) -> None:
    node = tool("node")
    main = calls(lambda name, arguments: f"console.log({name}({arguments}));")
    (tmp_path / "all.js").write_text(f'"use strict";\n{code("javascript")}\n{main}\n')
    check(numbers(ran(node, "all.js", cwd=tmp_path)))


def test_fortran(tmp_path: Path) -> None:
    gfortran = tool("gfortran")
    uses = "\n".join(f"use {formula.target}_m" for formula, _ in formulas())
    values = "\n".join(" ".join(repr(float(v)) for v in row) for _, x in formulas() for row in x)
    blocks = "\n".join(
        f"do i = 1, {ROWS}\nread (*, *) x(1:{x.shape[1]})\n"
        f"print *, {formula.target}({', '.join(f'x({i + 1})' for i in range(x.shape[1]))})\nend do"
        for formula, x in formulas()
    )
    program = f"program main\n{uses}\nimplicit none\ninteger :: i\ndouble precision :: x(20)\n{blocks}\nend program\n"
    (tmp_path / "all.f90").write_text(f"{code('fortran')}\n{program}", encoding="utf-8")
    (tmp_path / "rows.txt").write_text(values)
    ran(gfortran, "-std=f2018", "-O0", "all.f90", "-o", "all", cwd=tmp_path)
    check(numbers(ran("sh", "-c", "./all < rows.txt", cwd=tmp_path)))


def test_rust(tmp_path: Path) -> None:
    rustc = tool("rustc")
    main = calls(lambda name, arguments: f'println!("{{:e}}", {name}({arguments}));')
    (tmp_path / "all.rs").write_text(f"{code('rust')}\nfn main() {{\n{main}\n}}\n", encoding="utf-8")
    ran(rustc, "-D", "warnings", "all.rs", "-o", "all", cwd=tmp_path)
    check(numbers(ran("./all", cwd=tmp_path)))


def test_julia(tmp_path: Path) -> None:
    julia = tool("julia")
    main = calls(lambda name, arguments: f"println({name}({arguments}))")
    (tmp_path / "all.jl").write_text(f"{code('julia')}\n{main}\n", encoding="utf-8")
    check(numbers(ran(julia, "all.jl", cwd=tmp_path)))


def run_python(formula: Formula, to: str, columns: list[object]) -> np.ndarray:
    scope: dict[str, Callable[..., object]] = {}
    exec(formula.export(to), scope)
    with np.errstate(all="ignore"):
        return np.broadcast_to(np.asarray(scope[formula.target](*columns)), (ROWS,))


def test_numpy() -> None:
    check([run_python(formula, "numpy", list(x.T)) for formula, x in formulas()])


def test_torch() -> None:
    check([run_python(formula, "torch", list(torch.as_tensor(x.T.copy()))) for formula, x in formulas()])


def test_torch_has_gradients() -> None:
    scope: dict[str, Callable[..., torch.Tensor]] = {}
    exec(Formula.from_text("2*pi*sqrt(L/g) + maximum(L, 2)", "T", ["L", "g"]).export("torch"), scope)
    length = torch.tensor([1.0, 3.0], dtype=torch.float64, requires_grad=True)
    scope["T"](length, 9.81).sum().backward()
    expected = np.pi / np.sqrt(np.array([1.0, 3.0]) * 9.81) + [0, 1]
    np.testing.assert_allclose(length.grad.numpy(), expected)


def test_sympy_says_the_same_law() -> None:
    for formula, x in formulas()[: len(PHYSICS)]:
        scope: dict[str, object] = {}
        exec(formula.export("sympy"), scope)
        again = Formula(formula.target, scope[formula.target], {name: name for name in formula.inputs})
        np.testing.assert_allclose(again.predict(x), formula.predict(x), rtol=1e-9)


def test_an_expression_in_torch_and_numpy() -> None:
    seen = 0

    @settings(derandomize=True, database=None, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
    @given(expressions())
    def one(expression: object) -> None:
        nonlocal seen
        formula = Formula("out", expression, {name: name for name in NAMES})
        x = np.random.default_rng(0).uniform(0.2, 2.0, (ROWS, len(NAMES)))
        expected = formula.predict(x)
        assume(np.all(np.isfinite(expected)) and np.all(np.abs(expected) < 1e100))
        size = np.max(np.abs(expected))
        for to, columns in (("numpy", list(x.T)), ("torch", list(torch.as_tensor(x.T.copy())))):
            got = run_python(formula, to, columns)
            np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-7 * size, err_msg=formula.export(to))
        seen += 1

    one()
    assert seen > 20


def test_mathml_is_xml_in_the_columns_names() -> None:
    for formula, _ in formulas():
        tree = ElementTree.fromstring(formula.export("mathml"))
        assert tree.tag == "{http://www.w3.org/1998/Math/MathML}math"
    odd = Formula.from_text("a_b*2", "T <s>", ["a&b"])
    assert "".join(ElementTree.fromstring(odd.export("mathml")).itertext()).startswith("T <s>=2")


@pytest.mark.parametrize("to", sorted(LANGUAGES))
def test_a_comment_says_what_it_is(to: str) -> None:
    mark = LANGUAGES[to].comment
    formula = Formula.from_text("2*a", "T\nreturn", ["a"], units={"a": "m\\", "T\nreturn": "s"}, rmse=0.012)
    comment = [line for line in formula.export(to).splitlines() if line.startswith(mark)]
    text = "\n".join(comment)
    assert "T return [s] = 2*a" in text
    assert "held-out rmse 0.012; written by edgewise" in text
    assert not re.search(r"\\$", text, re.MULTILINE)
    assert "\nreturn" not in formula.export(to)


@pytest.mark.parametrize("to", [*sorted(LANGUAGES), "numpy", "sympy"])
def test_constants_are_written_to_the_last_bit(to: str) -> None:
    value = 0.1 + 0.2
    assert repr(value) in Formula.from_text(f"{value!r}*x", "y", ["x"]).export(to)


def test_what_fits_in_no_float_is_refused() -> None:
    with pytest.raises(FormulaError, match=r"float64|finite"):
        Formula.from_text("x + exp(1000)", "y", ["x"]).export("torch")


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=5, unique=True))
@settings(derandomize=True, database=None, max_examples=50)
def test_names_are_letters_and_different(names: list[str]) -> None:
    chosen = safe_names(["x" + name for name in names], {"int"}, ignore_case=True)
    assert len({name.lower() for name in chosen}) == len(names)
    assert all(re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name) for name in chosen)


def test_every_language_calls_every_function() -> None:
    assert set(LANGUAGES) < set(EXPORTERS)
    names = {name for language in LANGUAGES.values() for name in language.calls}
    for language in LANGUAGES.values():
        assert set(language.calls) - set(SPECIAL_FUNCTIONS) == names - set(SPECIAL_FUNCTIONS)
    assert set(FUNCTIONS) - names == {"sigmoid", "softplus"}  # SymPy writes both with exp


@pytest.mark.parametrize("to", ["numpy", "torch"])
def test_integers_do_not_overflow(to: str) -> None:
    formula, numbers = Formula.from_text("1/x**2 + x**3 + 0*L", "y", ["x", "L", "unused"]), np.array([10**7, 1])
    scope: dict[str, Any] = {}
    exec(formula.export(to), scope)
    x = torch.as_tensor(numbers) if to == "torch" else numbers
    np.testing.assert_allclose(scope["y"](x, x, None), [1e21, 2])
    np.testing.assert_allclose(formula.predict({"x": numbers, "L": 1, "unused": 1}), [1e21, 2])


def test_single_precision_stays_so_in_torch() -> None:
    scope: dict[str, Any] = {}
    exec(Formula.from_text("x**2", "y", ["x"]).export("torch"), scope)
    assert scope["y"](torch.ones(2, dtype=torch.float32)).dtype == torch.float32


def test_numbers_alone_are_no_tensors() -> None:
    formula = Formula.from_text("exp(1)*a + sqrt(2)*a + max(0.1, a) + 3*10**20*a", "y", ["a"])
    scope: dict[str, Any] = {}
    exec(formula.export("torch"), scope)
    a = np.array([0.05, 0.5, 0.9])
    np.testing.assert_allclose(scope["y"](torch.tensor(a)).numpy(), formula.predict({"a": a}), rtol=1e-15)


def test_no_line_of_fortran_is_longer_than_it_may_be() -> None:
    names = [f"quite_a_long_name_{number}" for number in range(20)]
    source = Formula.from_text(" + ".join(names), "y", names).export("fortran")
    assert max(len(line) for line in source.splitlines() if not line.lstrip().startswith("!")) <= 132


def test_networks_go_another_way() -> None:
    law = Formula.from_text("2*x", "y", ["x"])
    with pytest.raises(SettingsError, match=r"ONNX holds networks.*to_onnx"):
        law.export("onnx")
