"""One input beside the rest, and functions of one input that are built of a few others."""

import numpy as np
import pytest

from edgewise.formula import evaluate, parse
from edgewise.symbolic import Work, ladder
from edgewise.symbolic.beside import beside
from edgewise.symbolic.compositions import Compositions, all_forms, composition, size_of, values_of_form, written
from edgewise.symbolic.problem import first_problem, relative
from edgewise.symbolic.surrogate import fit

ROWS = 600


def columns(names: str, seed: int = 0, rows: int = ROWS) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {name: generator.uniform(0.5, 3, rows) for name in names}


@pytest.mark.parametrize(
    "truth", ["a*tanh(a)", "3*sqrt(a + sin(a)) - 1", "exp(tanh(cos(a)))", "sin(a)/a + 2*sqrt(a)*a"]
)
def test_a_curve_is_read_as_what_it_is_built_of(truth: str) -> None:
    seen = columns("a")
    problem = first_problem(seen, evaluate(parse(truth), seen))
    found = next(composition(problem))
    fresh = np.linspace(0.4, 3.5, 200)
    told = evaluate(found, {problem.symbols[0].name: fresh})
    assert relative(told - evaluate(parse(truth), {"a": fresh}), told) < 1e-9


def test_a_curve_of_another_kind_is_not_read() -> None:
    seen = columns("a")
    assert list(composition(first_problem(seen, evaluate(parse("sin(2.37*a)*exp(0.61*a)"), seen)))) == []


def test_forms_are_what_they_are_written_as() -> None:
    x = np.linspace(0.6, 2.9, 50)
    symbol = parse("x")
    for form in all_forms()[::97]:
        with np.errstate(all="ignore"):
            mine, theirs = values_of_form(form, x), evaluate(written(form, symbol), {"x": x})
        finite = np.isfinite(mine)
        np.testing.assert_allclose(np.broadcast_to(theirs, x.shape)[finite], mine[finite], rtol=1e-10)
    sizes = [size_of(form) for form in Compositions.of(x).forms]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize(
    ("truth", "name", "rest"),
    [
        ("tanh(a) + sin(b*c)", "a", "sin(b*c)"),  # a term
        ("(log(a) + 2)*cos(b + c)", "a", "cos(b + c)"),  # a factor, offset and all
    ],
)
def test_what_is_left_beside_a_curve_is_of_the_others(truth: str, name: str, rest: str) -> None:
    seen = columns("abc")
    problem = first_problem(seen, evaluate(parse(truth), seen))
    surrogate = fit(problem)
    assert surrogate is not None
    wanted = evaluate(parse(rest), seen)
    children = [child for child in beside(problem, surrogate.error) if child.inputs == 2]
    left = [child.y for child in children if np.corrcoef(child.y, wanted)[0, 1] ** 2 > 1 - 1e-9]
    assert left, f"{len(children)} children, none without {name}"


@pytest.mark.parametrize("truth", ["b*tanh(a) + exp(b)/c", "a*tanh(a) + sin(b)/c"])
def test_unlike_parts_become_a_law(truth: str) -> None:
    seen = columns("abc")
    y = evaluate(parse(truth), seen)
    *_, last = ladder(seen, y, work=Work(12000))
    assert last.exact
    fresh = columns("abc", seed=1)
    wanted = evaluate(parse(truth), fresh)
    assert relative(evaluate(last.expression, fresh) - wanted, wanted) < 1e-9
