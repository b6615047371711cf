"""What leaves a formula as it is: compared with what is known of each law."""

import pytest

from edgewise.formula import Formula, symmetries

KNOWN = [
    ("sqrt(L/g)", {"L": (0.1, 2.0), "g": (1.0, 20.0)}, "k times L: y times k^(1/2)"),
    ("sqrt(L/g)", {"L": (0.1, 2.0), "g": (1.0, 20.0)}, "y rises with L and falls with g"),
    ("m/((a-b)**2+m**2)", {"m": (1.0, 2.0), "a": (1.0, 5.0), "b": (1.0, 5.0)}, "adding c to a and c to b: y as it is"),
    ("m/((a-b)**2+m**2)", {"m": (1.0, 2.0), "a": (1.0, 5.0), "b": (1.0, 5.0)}, "a and b exchanged: y stays"),
    (
        "m/((a-b)**2+m**2)",
        {"m": (1.0, 2.0), "a": (1.0, 5.0), "b": (1.0, 5.0)},
        "k times m and k times a and k times b: y times 1/k",
    ),
    ("a - b", {"a": (-1.0, 1.0), "b": (-1.0, 1.0)}, "a and b exchanged: y changes its sign"),
    ("cos(3*x)*z", {"x": (-1.0, 2.0), "z": (-1.0, 1.0)}, "y is even in x"),
    ("cos(3*x)*z", {"x": (-1.0, 2.0), "z": (-1.0, 1.0)}, "y is odd in z"),
    ("cos(3*x)*z", {"x": (-1.0, 3.0), "z": (-1.0, 1.0)}, "y has the period 2*pi/3 in x"),
    ("cos(3*x)**2", {"x": (-1.0, 2.0)}, "y has the period pi/3 in x"),
    ("sin(pi*x/2)", {"x": (0.0, 7.0)}, "y has the period 4 in x"),
    ("cos(3.1*x)", {"x": (-1.0, 3.0)}, "y has the period 2.02683 in x"),
]


@pytest.mark.parametrize(("text", "box", "sentence"), KNOWN)
def test_a_known_symmetry_is_told(text: str, box: dict[str, tuple[float, float]], sentence: str) -> None:
    assert sentence in symmetries(Formula.from_text(text, "y", list(box)), box)


@pytest.mark.parametrize("text", ["x**2 + x + 0.3*z", "exp(x) + sin(z)"])
def test_no_symmetry_is_invented(text: str) -> None:
    told = symmetries(Formula.from_text(text, "y", ["x", "z"]), {"x": (-1.0, 2.0), "z": (-1.0, 0.5)})
    assert not [line for line in told if "times" in line or "even" in line or "odd" in line or "exchanged" in line]


def test_constants_and_formulas_without_values_say_nothing() -> None:
    assert symmetries(Formula.from_text("3", "y", ["x"]), {"x": (0.0, 1.0)}) == ()
    assert symmetries(Formula.from_text("log(x)", "y", ["x"]), {"x": (-2.0, -1.0)}) == ()


@pytest.mark.parametrize("high", [1.2, 6.0, 9.0])
def test_a_period_is_claimed_where_one_and_a_half_were_seen(high: float) -> None:
    formula = Formula.from_text("3 - cos(theta)", "T", ["theta"])
    assert not [line for line in symmetries(formula, {"theta": (0.1, high)}) if "period" in line]
    assert "T has the period 2*pi in theta" in symmetries(formula, {"theta": (0.1, 9.6)})
