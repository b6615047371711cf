"""Searches whose results many tests look at."""

import pytest

from edgewise.data import load_table
from edgewise.discovery import Discovery, discover
from tests.support.searches import PLENTY, flow_table, noise_table, toy_table


@pytest.fixture(scope="session")
def toy() -> Discovery:
    return discover(toy_table(), seed=0, time_budget=PLENTY)


@pytest.fixture(scope="session")
def kepler() -> Discovery:
    return discover(load_table("kepler"), seed=0, time_budget=PLENTY)


@pytest.fixture(scope="session")
def noisy() -> Discovery:
    return discover(flow_table(0.01), seed=0, time_budget=PLENTY, effort=0.2)


@pytest.fixture(scope="session")
def noise() -> Discovery:
    return discover(noise_table(), seed=0, time_budget=PLENTY, effort=0.1)


@pytest.fixture(scope="session", params=["toy", "kepler", "noisy", "noise"])
def any_discovery(request: pytest.FixtureRequest) -> Discovery:
    found: Discovery = request.getfixturevalue(request.param)
    return found
