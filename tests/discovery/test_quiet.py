"""Candidates may overflow; the user never hears of it."""

import warnings

import numpy as np

from edgewise import Table, discover


def test_overflowing_candidates_are_no_warnings() -> None:
    # with these rows a candidate of the ladder overflows
    x = np.random.default_rng([0, 10]).uniform(-1, 1, (2, 1000)).T
    table = Table.from_arrays(x, np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2), ["x", "y"], "f")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = discover(table, time_budget=600, effort=0.3)
    assert found.formula is not None
