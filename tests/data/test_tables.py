"""The tables that come along: as many rows as published, and the laws they are known for."""

import numpy as np
import pytest

from edgewise.data import TABLES, load_table
from edgewise.errors import UnknownNameError


@pytest.mark.parametrize("name", TABLES)
def test_every_table_can_be_read_and_says_where_it_is_from(name: str) -> None:
    table = load_table(name)
    assert table.source == TABLES[name].source
    assert set(table.units) == {*table.inputs, table.target}
    assert TABLES[name].licence.startswith("public facts")


def test_kepler() -> None:
    table = load_table("kepler")
    assert table.rows == 18
    np.testing.assert_allclose(table.y, table.columns["axis"] ** 1.5, rtol=1e-3)


def test_hubble_gives_his_own_constant() -> None:
    # Hubble (1929) found 465 +- 50 km/s/Mpc with, and near that without, the sun's motion taken off
    table = load_table("hubble")
    slope, _ = np.polyfit(table.columns["distance"], table.y, 1)
    assert table.rows == 24
    assert 415 < slope < 515


def test_leavitt_gives_her_own_slope() -> None:
    # "the logarithm of the period increases by about 0.48 for each increase of one magnitude" (1912, p. 3)
    table = load_table("leavitt")
    slope, _ = np.polyfit(np.log10(table.columns["period"]), table.y, 1)
    assert table.rows == 25
    assert -1 / slope == pytest.approx(0.48, abs=0.02)


def test_tully_fisher_gives_their_power() -> None:
    # luminosity goes with the width to the power 2.5 +- 0.3 (Tully and Fisher 1977)
    table = load_table("tully_fisher")
    slope, _ = np.polyfit(np.log10(table.columns["width"]), table.y, 1)
    assert table.rows == 18
    assert slope / -2.5 == pytest.approx(2.5, abs=0.3)


def test_a_table_that_is_not_there() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'kepler'"):
        load_table("keppler")
