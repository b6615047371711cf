"""Columns as people call them."""

import keyword

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgewise.errors import ColumnError
from edgewise.formula import identifiers, parse, symbol, to_text


@pytest.mark.parametrize(
    ("column", "identifier"),
    [
        ("L", "L"),
        ("theta0", "theta0"),
        ("E", "E"),
        ("I", "I"),
        ("S", "S"),
        ("e", "e"),
        ("pi", "pi_"),
        ("lambda", "lambda_"),
        ("None", "None_"),
        ("sin", "sin_"),
        ("max", "max_"),
        ("np", "np_"),
        ("bed depth [cm]", "bed_depth_cm"),
        ("温度", "温度"),
        ("温度 (°C)", "温度_C"),
        ("2nd", "x2nd"),
        ("", "x"),
        ("%", "x"),
        ("a.b", "a_b"),
        ("_private", "_private"),
        ("ﬁt", "fit"),
        ("x²", "x2"),
        ("match", "match"),
    ],
)
def test_one(column: str, identifier: str) -> None:
    assert identifiers([column]) == {column: identifier}


def test_names_that_clean_to_the_same_stay_apart_and_the_safe_one_stays_itself() -> None:
    assert identifiers(["a b", "a_b", "a-b", "a b "]) == {"a b": "a_b_2", "a_b": "a_b", "a-b": "a_b_3", "a b ": "a_b_4"}


def test_twice_the_same_column_is_refused() -> None:
    with pytest.raises(ColumnError, match="'x' comes twice"):
        identifiers(["x", "y", "x"])


@given(st.lists(st.text(max_size=8) | st.sampled_from(keyword.kwlist), unique=True, max_size=6))
@settings(derandomize=True, database=None)
def test_any_names_become_different_names_that_can_be_written_and_read(columns: list[str]) -> None:
    chosen = identifiers(columns)
    assert list(chosen) == columns
    assert len(set(chosen.values())) == len(columns)
    for name in chosen.values():
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        assert parse(to_text(symbol(name)), [name]) == symbol(name)
        assert parse(name) == symbol(name)
