"""Labels and names in the room that there is."""

import pytest

from edgewise.nn import Constants
from edgewise.primitives import PRIMITIVES, find
from edgewise.view.labels import edge_label
from edgewise.view.text import raised, shorten, text_width, wrap


@pytest.mark.parametrize(
    ("name", "constants", "label"),
    [
        ("sin", Constants(inner_scale=3.14159), "sin(3.14 x)"),
        ("log", Constants(), "log"),
        ("x^2", Constants(2.0, -1.0, 0.5, 3.0), "0.5 (2 x - 1)^2 + 3"),
        ("x", Constants(2.0, 1.0, 3.0, -1.0), "6 x + 2"),
        ("x", Constants(outer_scale=-1.0), "-x"),
        ("1/x", Constants(outer_scale=2.0), "2/x"),
        ("1/x", Constants(0.5, 1.0), "1/(0.5 x + 1)"),
        ("1/sqrt", Constants(2.0), "1/sqrt(2 x)"),
        ("power", Constants(exponent=-1.5), "x^-1.5"),
        ("power", Constants(2.0, 1.0, 3.0, 0.0, 0.5), "3 (2 x + 1)^0.5"),
        ("exp", Constants(1.0, 1e-9, -1.0, 1e-12), "-exp(x)"),
        ("0", Constants(outer_shift=2.5), "2.5"),
        ("sin", Constants(outer_scale=0.0, outer_shift=4.0), "4"),
        ("gaussian", Constants(-1.0), "gaussian(-x)"),
    ],
)
def test_labels(name: str, constants: Constants, label: str) -> None:
    assert edge_label(find(name), constants) == label


@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_primitive_has_a_label(name: str) -> None:
    assert edge_label(find(name), Constants(2.0, 1.0, 3.0, 4.0, 1.5))
    assert name in ("power", edge_label(find(name), Constants()))


def test_exponents_are_raised_and_what_follows_is_not() -> None:
    assert raised("0.5 (2 x - 1)^2 + 3") == [("0.5 (2 x - 1)", False), ("2", True), (" + 3", False)]
    assert raised("x^-1.5") == [("x", False), ("-1.5", True)]


def test_wrapping_loses_no_word_and_keeps_to_the_room() -> None:
    lines = wrap("suction side displacement thickness [m]", 12, 110)
    assert " ".join(lines) == "suction side displacement thickness [m]"
    assert all(text_width(line, 12) <= 110 for line in lines)
    assert wrap("", 12, 110) == ()


def test_a_word_that_is_too_long_is_shortened() -> None:
    assert shorten("displacement", 12, 50).endswith("…")
    assert text_width(shorten("温度温度温度温度", 12, 50), 12) <= 50


def test_wide_letters_are_wide() -> None:
    assert text_width("温度", 10) == 20
