"""How a law must depend on its inputs."""

import numpy as np
import pytest

from edgewise import Table, discover
from edgewise.discovery.knowledge import knowledge
from edgewise.discovery.shapes import Shapes
from edgewise.errors import SettingsError
from edgewise.formula import parse

SYMBOLS = {"a": "a", "b": "b"}


def table(low: float = 0.5, high: float = 3.0, rows: int = 30) -> Table:
    x = np.random.default_rng(0).uniform(low, high, (rows, 2))
    return Table.from_arrays(x, np.sqrt(x[:, 0]) / x[:, 1], names=["a", "b"], target="y")


def no_network(step: str, share: float, best: str) -> None:
    if step == "network":
        raise KeyboardInterrupt  # what was found until then is the answer


@pytest.mark.parametrize(
    ("shapes", "holds", "breaks", "why"),
    [
        ({"a": "increasing"}, "sqrt(a)/b", "sin(a)*b", "falls with 'a', near a ="),
        ({"b": "decreasing"}, "a*exp(-b)", "a*b", "rises with 'b'"),
        ({"a": "convex"}, "a**2 + b", "sqrt(a) + b", "bends down along 'a'"),
        ({"a": "concave"}, "log(a)*b", "a**2*b", "bends up along 'a'"),
        ({"a": "even"}, "cos(a)*b + abs(a)", "cos(a + 1)", "changes with the sign of 'a'"),
        ({"a": "odd"}, "b*sin(a)", "b*sin(a) + b", "does not change its sign with that of 'a'"),
        ({"a": "even"}, "a**2", "log(a)", "changes with the sign of 'a'"),
        ({"a": "periodic 2*pi"}, "sin(a) + b", "sin(1.01*a)", "does not repeat after 6.28319 of 'a'"),
        ({"a": "symmetric with b"}, "a*b + exp(a + b)", "a - b", "changes where 'a' and 'b' are exchanged"),
        ({"y": "positive"}, "exp(a - b)", "a - b", "is not positive"),
        ({"y": "negative"}, "-a*b", "a*b", "is not negative"),
        ({"a": "increasing and concave"}, "sqrt(a)", "a**2", "bends up along 'a'"),
    ],
)
def test_a_formula_has_a_shape_or_the_place_is_said(shapes: dict, holds: str, breaks: str, why: str) -> None:
    known = Shapes.read(shapes, table())
    assert known.doubt(parse(holds, SYMBOLS), SYMBOLS) == ""
    assert why in known.doubt(parse(breaks, SYMBOLS), SYMBOLS)


def test_no_rounding_breaks_a_shape() -> None:
    known = Shapes.read({"a": "increasing and convex and concave"}, table())
    assert known.doubt(parse("0.1*a + 1e6 - 0.3*b", SYMBOLS), SYMBOLS) == ""


def test_a_small_fall_beside_large_values_is_seen() -> None:
    known = Shapes.read({"a": "increasing"}, table(0.0, 1.0))
    assert "falls with 'a'" in known.doubt(parse("exp(25*a) - 1000*a", SYMBOLS), SYMBOLS)
    assert known.doubt(parse("exp(25*a) + 1e-9*a", SYMBOLS), SYMBOLS) == ""


@pytest.mark.parametrize("shapes", [{"a": "increasing"}, {"a": "convex"}, {"y": "positive"}, {"a": "even"}])
def test_what_is_no_number_within_the_box_is_refused_with_the_place(shapes: dict) -> None:
    known = Shapes.read(shapes, table())
    assert "is no finite number, near a = 0.5" in known.doubt(parse("exp(a)*sqrt(a**2 - 2)", SYMBOLS), SYMBOLS)


def test_a_shape_of_a_copy_is_asked_of_the_column_that_stays() -> None:
    a = np.linspace(0.5, 3, 30)
    twins = Table.from_arrays(np.c_[a, a, a[::-1] ** 2], a, names=["a", "copy", "b"], target="y")
    symbols = {"a": "a", "copy": "copy", "b": "b"}
    known = Shapes.read({"copy": "increasing", "b": "symmetric with copy"}, twins)
    assert "falls with" in known.doubt(parse("-a*b", symbols), symbols)
    assert "falls with" in known.doubt(parse("copy*b - 2*a*b", symbols), symbols)
    assert "exchanged" in known.doubt(parse("a + a*b", symbols), symbols)
    assert known.doubt(parse("2*copy*b - a*b", symbols), symbols) == ""


def test_constants_are_asked_for_their_shape() -> None:
    falling = Table.from_arrays(table().x, -3 - table().y, names=["a", "b"], target="y")
    found = discover(falling, shapes={"y": "positive"}, time_budget=1e-3, effort=0.02)
    assert found.formula is None
    assert any("is not positive" in warning for warning in found.warnings)
    assert any("all formulas were refused" in warning for warning in found.warnings)


def test_a_known_part_against_the_shapes_is_spoken_of() -> None:
    _, said = knowledge(table(), known="-2*a + ...", shapes={"a": "increasing"})
    assert "the known part alone is against the shapes: it falls with 'a'" in said.notes[0]
    _, said = knowledge(table(), known="2*a + ...", shapes={"a": "increasing"})
    assert said.notes == ("the shapes are of the whole law, and the network is one of the dots: it may break them.",)


def test_formulas_of_another_shape_are_refused_with_the_reason() -> None:
    found = discover(table(), shapes={"a": "decreasing"}, time_budget=20, effort=0.02, progress=no_network)
    assert all("sqrt" not in formula.text for formula in found.front)
    (note,) = [warning for warning in found.warnings if "refused" in warning]
    assert "y = sqrt(a)/b" in note
    assert "rises with 'a'" in note


def test_the_law_comes_through_where_it_has_the_shape() -> None:
    found = discover(
        table(), shapes={"a": "increasing", "y": "positive"}, time_budget=20, effort=0.02, progress=no_network
    )
    assert found.formula is not None
    assert found.formula.text == "sqrt(a)/b"


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"a": "rising"}, "Of an input these can be asked: increasing"),
        ({"a": "incresing"}, "Did you mean 'increasing'"),
        ({"c": "even"}, "'c', which is no column"),
        ({"y": "even"}, "of the target only positive or negative"),
        ({"a": "periodic -1"}, "these can be asked"),
        ({"a": "periodic b"}, "there is no variable 'b'"),
        ({"a": "symmetric with a"}, "these can be asked"),
        ({"a": "symmetric with q"}, "these can be asked"),
        (["a"], "shapes maps columns to words"),
        ({"a": ["increasing"]}, "needs words as one text, like 'increasing and concave'"),
        ({"a": None}, "shapes asks None of 'a'"),
    ],
)
def test_shapes_that_cannot_be(shapes: object, message: str) -> None:
    from edgewise.errors import ParseError

    with pytest.raises((SettingsError, ParseError), match=message):
        discover(table(), shapes=shapes, time_budget=1)  # type: ignore[arg-type]
