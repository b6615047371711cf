"""What is written is read back, bit by bit."""

import sys
from pathlib import Path

import sympy
from hypothesis import given

sys.path.insert(0, str(Path(__file__).parent))
from expressions import expressions

from edgewise.formula import parse, to_text


@given(expressions)
def test_round_trip(expression: sympy.Expr) -> None:
    assert parse(to_text(expression)) == expression
