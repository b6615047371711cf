"""The quick rewritings of formulas that are only compared; `shorten` itself is tested with exact forms."""

import numpy as np
import pytest

from edgewise.formula import complexity, evaluate, parse
from edgewise.symbolic.shorten import written_briefly

NAMES = ["a", "b", "c"]


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("a**4/(b**4*(1 - a**2/b**2)**2)", "a**4/(b**2 - a**2)**2"),
        ("a*(1 - b*c/a + 0.4*c**2/b)", "a - b*c + 0.4*a*c**2/b"),
        ("a/(b*c*(1 - 1/c))", "a/(b*(c - 1))"),
        ("sqrt(1 - a**2/b**2)", "sqrt(1 - a**2/b**2)"),
        ("a*(1 - b/a)/sqrt(1 - a**2/b**2)", "(a - b)/sqrt(1 - a**2/b**2)"),
        ("2.5*a*exp(-b/c)", "2.5*a*exp(-b/c)"),
        ("0.37*a*(1 - 2*b/a)", "0.37*a*(1 - 2*b/a)"),  # one constant, not two
    ],
)
def test_a_fraction_in_a_fraction_and_a_bracket_are_opened_where_that_is_shorter(long: str, short: str) -> None:
    found = written_briefly(parse(long, NAMES))
    columns = {name: np.random.default_rng(k).uniform(2 + k, 3 + k, 50) for k, name in enumerate(NAMES)}
    np.testing.assert_allclose(evaluate(found, columns), evaluate(parse(long, NAMES), columns), rtol=1e-12)
    assert complexity(found) == complexity(parse(short, NAMES)) <= complexity(parse(long, NAMES))
