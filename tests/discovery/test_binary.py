"""Functions of columns of 0 and 1 are straight lines."""

import numpy as np
import pytest

from edgewise.discovery.binary import binary, straightened
from edgewise.formula import evaluate, parse

NAMES = ["a", "b", "c"]


@pytest.mark.parametrize(
    "text",
    [
        "a + sqrt(b) - 3*c**2",
        "10.6*(b - 0.397)**3 + 8.39*(c - 0.12)**2 - a",
        "exp(0.5*sqrt(a) + 0.042*sqrt(b))/(1 + c**2)",
        "a**b",
        "sin(2.5*b + 1)*c**3 + abs(b - c)",
        "log(b + 2)*log(a)",
    ],
)
def test_nothing_changes_on_rows_of_0_and_1(text: str) -> None:
    rng = np.random.default_rng(0)
    columns = {"a": rng.uniform(1, 2, 60), **{name: rng.integers(0, 2, 60).astype(float) for name in "bc"}}
    expression = parse(text, NAMES)
    found = straightened(expression, binary(columns))
    np.testing.assert_allclose(evaluate(found, columns), evaluate(expression, columns), rtol=1e-13)


def test_what_becomes_of_powers_and_what_stays() -> None:
    assert straightened(parse("a**2 + b**2 + sqrt(c)", NAMES), {"b", "c"}) == parse("a**2 + b + c", NAMES)
    for text in ("log(b)", "a/b", "7.0", "2.5*a", "b"):
        assert straightened(parse(text, NAMES), {"b"}) == parse(text, NAMES)
    assert binary({"a": np.array([0.0, 1, 1]), "b": np.array([0.0, 2]), "c": np.array([0.0, 0.5])}) == {"a"}
