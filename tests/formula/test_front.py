"""A front falls: more to read, less error."""

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgewise.errors import FormulaError, SettingsError
from edgewise.formula import Formula, Front


def formula(complexity: int, rmse: float) -> Formula:
    """A sum of as many x as make an odd complexity, or of their sine for an even one."""
    text = "*".join(f"x{i}" for i in range((complexity + 1) // 2))
    return Formula.from_text(
        text if complexity % 2 else f"sin({'*'.join(f'x{i}' for i in range(complexity // 2))})",
        "y",
        [f"x{i}" for i in range(40)],
        rmse=rmse,
    )


points = st.lists(st.tuples(st.integers(1, 30), st.sampled_from([1e-9, 1e-3, 0.1, 0.2, 0.5, 1.0]) | st.floats(0, 2)))


@given(points)
@settings(derandomize=True, database=None, deadline=None, max_examples=50)
def test_the_front_falls_and_nothing_beats_it(points: list[tuple[int, float]]) -> None:
    front = Front(formula(*point) for point in points)
    kept = [(f.complexity, f.rmse) for f in front]
    assert all(a[0] < b[0] and a[1] > b[1] for a, b in pairwise(kept))
    assert all(any(c <= complexity and e <= rmse for c, e in kept) for complexity, rmse in points)
    assert all(row["score"] >= 0 for row in front.rows())
    if points:
        assert front.best.rmse <= kept[-1][1] * 1.05


@given(points.filter(lambda p: len(set(p)) == len(p)), st.randoms(use_true_random=False))
@settings(derandomize=True, database=None, deadline=None, max_examples=30)
def test_the_order_of_adding_changes_nothing(points: list[tuple[int, float]], random: Random) -> None:
    shuffled = sorted(points, key=lambda _: random.random())
    assert Front(formula(*p) for p in points).rows() == Front(formula(*p) for p in shuffled).rows()


def test_the_first_of_equals_stays() -> None:
    one, two = (Formula.from_text(text, "y", ["a", "x"], rmse=0.1) for text in ("a*x", "a + x"))
    front = Front([one])
    assert not front.add(two)
    assert list(front) == [one]


def test_the_score_is_the_drop_of_log_rmse() -> None:
    first, second, third = Front([formula(3, 1e-1), formula(5, 1e-3), formula(9, 5e-4)]).rows()
    assert first["score"] == 0
    assert second["score"] == pytest.approx(math.log(100) / 2)
    assert third["score"] == pytest.approx(math.log(2) / 4)
    assert list(first) == ["complexity", "rmse", "r2", "score", "equation"]


def test_the_pick_is_the_simplest_within_the_tolerance() -> None:
    candidates = [formula(3, 0.013), formula(5, 0.0102), formula(7, 0.0100), formula(15, 0.0099)]
    assert Front(candidates).best.complexity == 5
    assert Front(candidates, tolerance=0.0).best.complexity == 15
    assert Front(candidates, tolerance=0.5).best.complexity == 3


def test_below_the_floor_all_errors_are_the_same() -> None:
    candidates = [formula(3, 0.1), formula(5, 3e-15), formula(15, 1e-16), formula(21, 0.0)]
    assert Front(candidates).best.complexity == 21
    front = Front(candidates, floor=1e-12)
    assert front.best.complexity == 5
    assert [row["score"] for row in front.rows()][2:] == [0, 0]


@pytest.mark.parametrize("rmse", [math.nan, math.inf])
def test_a_formula_without_an_error_is_not_taken(rmse: float) -> None:
    assert not Front().add(formula(3, rmse))


def test_an_empty_front_has_no_best() -> None:
    with pytest.raises(FormulaError, match="empty"):
        _ = Front().best
    assert Front().rows() == []
    assert str(Front()).endswith("equation")
    assert list(Front().to_frame().columns) == ["complexity", "rmse", "r2", "score", "equation"]


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(SettingsError, match="got -1"):
        Front(floor=-1)


def test_looks_like_a_table_with_the_pick_marked() -> None:
    front = Front([formula(3, 0.3), formula(5, 1e-6)])
    lines = str(front).split("\n")
    assert [line[:2] for line in lines] == ["  ", "  ", ">>"]
    assert lines[2].endswith("y = x0*x1*x2")
    assert len(front) == 2
    assert front[1] is front.best
    assert front.to_frame()["complexity"].tolist() == [3, 5]


def test_a_law_written_better_takes_the_place_of_the_old_one() -> None:
    old, better = formula(3, 0.1), formula(6, 0.1)
    front = Front([formula(1, 0.5), old, formula(9, 0.01)])
    front.replace(old, better)
    assert [f.complexity for f in front] == [1, 6, 9]


@pytest.mark.parametrize("size", [5, 8], ids=["as long", "longer"])
def test_a_law_written_better_does_not_push_beside_one_that_beats_it(size: int) -> None:
    old, known = formula(3, 0.2), formula(5, 0.1)
    front = Front([old, known])
    front.replace(old, formula(size, 0.15))
    assert list(front) == [old, known]
    assert str(front)


def test_who_keeps_a_formula_out_and_who_would_leave_for_it() -> None:
    rough, fine = (Formula.from_text(text, "y", ["x"], rmse=rmse) for text, rmse in (("2*x", 0.5), ("2*x + 1", 0.1)))
    front = Front([rough, fine])
    worse = Formula.from_text("3*x + 1", "y", ["x"], rmse=0.2)
    assert front.beating(worse) == [fine]
    assert front.beaten_by(Formula.from_text("3*x", "y", ["x"], rmse=0.05)) == [rough, fine]
    front.discard(fine)
    assert list(front) == [rough]
