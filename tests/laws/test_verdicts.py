"""What a law must never be: tables that hold none, and the word that discover must not say."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.special

from edgewise import Table, discover

BUDGET = 20.0


def repeated() -> Table:
    rng = np.random.default_rng(1)
    return Table.from_arrays(np.tile(np.arange(1.0, 9.0), 25), np.tile(rng.normal(size=8), 25))


def outlier() -> Table:
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, 70)
    y = np.sin(3 * x)
    y[5] = 1e4
    return Table.from_arrays(x, y)


def special(function: Callable[[np.ndarray], np.ndarray], rows: int, low: float, high: float) -> Table:
    x = np.random.default_rng(rows).uniform(low, high, rows)
    return Table.from_arrays(x, function(x))


def noise(rows: int, columns: int) -> Table:
    rng = np.random.default_rng(rows)
    return Table.from_arrays(rng.uniform(size=(rows, columns)), rng.normal(size=rows))


def three_rows() -> Table:
    return Table.from_arrays(np.array([1.0, 2.0, 4.0]), np.array([0.0, 2.0, 6.0]))


NO_LAWS = {
    "eight random values, 25 times each": repeated,
    "one outlier": outlier,
    "gamma, 40 rows": lambda: special(scipy.special.gamma, 40, 2, 3),
    "airy, 30 rows": lambda: special(lambda x: scipy.special.airy(x)[0], 30, 0, 2),
    "j0, 24 rows": lambda: special(scipy.special.j0, 24, 0, 5),
    "noise, 100 rows": lambda: noise(100, 2),
    "noise, 20 rows": lambda: noise(20, 1),
    "three rows": three_rows,
}


@pytest.mark.parametrize("name", NO_LAWS)
def test_no_law_is_said_where_there_is_none(name: str) -> None:
    found = discover(NO_LAWS[name](), time_budget=BUDGET)
    assert not found.verified, found.formula
