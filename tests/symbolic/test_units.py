"""Dimensionless groups: what units leave of a problem."""

from fractions import Fraction

import numpy as np
import pytest

from edgewise.data.laws import law, laws_of, sample
from edgewise.formula import Dimensions, dimension
from edgewise.symbolic import Work, ladder, within_reach
from edgewise.symbolic.problem import Problem, first_problem
from edgewise.symbolic.units import dimensionless_problems


def dimensions_of(name: str) -> Dimensions:
    chosen = law(name)
    inputs = {column: dimension(chosen.units.get(column, "1")) for column in chosen.variables}
    return Dimensions(inputs, dimension(chosen.units.get(chosen.output, "1")))


def problems(name: str) -> list[Problem]:
    chosen = law(name)
    table = sample(chosen, 40)
    first = first_problem({column: table.columns[column] for column in chosen.variables}, table.y)
    return list(dimensionless_problems(first, chosen.variables, dimensions_of(name)))


@pytest.mark.parametrize(
    ("name", "left"), [("I.14.3", 0), ("I.10.7", 1), ("I.40.1", 2), ("II.11.3", 1), ("II.36.38", 3), ("I.9.18", 6)]
)
def test_as_many_groups_are_left_as_buckingham_says(name: str, left: int) -> None:
    """Inputs less the rank of their dimensions, by NumPy."""
    known = dimensions_of(name)
    rank = np.linalg.matrix_rank([[float(p) for p in one.powers] for one in known.variables.values()])
    assert left == len(known.variables) - rank
    assert {problem.inputs for problem in problems(name)} == {left}


@pytest.mark.parametrize("name", [row.name for row in laws_of("feynman") if row.units][::9])
def test_scaling_the_base_units_changes_no_group(name: str) -> None:
    chosen, known = law(name), dimensions_of(name)
    scale = np.array([2.0, 3.0, 5.0, 7.0, 0.5, 1.5, 0.3])

    def factor(powers: tuple[Fraction, ...]) -> float:
        return float(np.prod(scale ** np.array([float(p) for p in powers])))

    table = sample(chosen, 40)
    columns = {column: table.columns[column] for column in chosen.variables}
    scaled = {column: values * factor(known.variables[column].powers) for column, values in columns.items()}
    one = dimensionless_problems(first_problem(columns, table.y), chosen.variables, known)
    other = dimensionless_problems(
        first_problem(scaled, table.y * factor(known.target.powers)), chosen.variables, known
    )
    for before, after in zip(one, other, strict=True):
        np.testing.assert_allclose(before.x, after.x, rtol=1e-9)
        np.testing.assert_allclose(before.y, after.y, rtol=1e-9)


def test_out_of_reach_is_what_no_product_of_inputs_is_in() -> None:
    time, length = dimension("s"), dimension("m")
    assert not within_reach(Dimensions({"t": time}, length))
    assert within_reach(Dimensions({"t": time, "v": length / time}, length))
    assert within_reach(Dimensions({"t": time}, dimension("1")))
    assert not within_reach(Dimensions({"n": dimension("1")}, length))


def test_within_reach_is_told_by_the_rank_however_many_inputs_are_alike() -> None:
    length, time = dimension("m"), dimension("s")
    many = {f"l{number}": length for number in range(110)}
    assert within_reach(Dimensions({**many, "t": time}, length / time))
    assert not within_reach(Dimensions(many, length / time))


def test_the_ladder_finds_in_noise_what_units_leave_over() -> None:
    """A ratio of masses: without units the rows prefer another name for it."""
    known = Dimensions({"m": dimension("kg"), "v": dimension("m/s"), "c": dimension("m/s")}, dimension("J"))
    draw = np.random.default_rng(0)
    columns = {name: draw.uniform(1, 3, 400) for name in ("m", "v", "c")}
    y = 0.5 * columns["m"] * (columns["v"] ** 2 + columns["c"] ** 2)
    y = y + 0.1 * y.std() * draw.standard_normal(400)
    found = list(ladder(columns, y, noise=0.1 * y.std(), work=Work(3.0), dimensions=known))
    assert any(known.agree(one.expression) and one.rmse < 0.11 for one in found)
