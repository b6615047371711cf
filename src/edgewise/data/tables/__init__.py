"""Small tables of real measurements that come with the package: public facts, with their sources.

>>> load_table("hubble")
Table(24 rows, distance [Mpc] -> velocity [km/s])

A new table is one CSV file here and one row below.
"""

from dataclasses import dataclass
from importlib.resources import as_file, files

from edgewise.data.readers import read_table
from edgewise.data.table import Table
from edgewise.errors import unknown


@dataclass(frozen=True)
class Bundled:
    """A table that comes along: what it holds, what is explained by what, where it is from, and what may be done."""

    name: str
    about: str
    target: str
    inputs: tuple[str, ...]
    source: str
    licence: str = "public facts"


TABLES: dict[str, Bundled] = {
    row.name: row
    for row in (
        Bundled(
            "kepler",
            "Semi-major axis and period of 18 planets, dwarf planets, asteroids and a comet (Kepler's third law)",
            "period",
            ("axis",),
            "Planets and Pluto: NASA planetary fact sheets (mean elements J2000, sidereal periods). "
            "Others: osculating elements of the JPL Small-Body Database, rounded",
        ),
        Bundled(
            "hubble",
            "Distance and velocity of 24 nebulae, as published (the expanding universe)",
            "velocity",
            ("distance",),
            "E. Hubble (1929), A relation between distance and radial velocity among extra-galactic nebulae, "
            "Proc. Natl. Acad. Sci. 15, 168, table 1",
        ),
        Bundled(
            "leavitt",
            "Period and photographic magnitudes of 25 variable stars in the Small Magellanic Cloud (a star's distance)",
            "maximum",
            ("period",),
            "H. S. Leavitt and E. C. Pickering (1912), Periods of 25 variable stars in the Small Magellanic Cloud, "
            "Harvard College Observatory Circular 173, table 1",
        ),
        Bundled(
            "tully_fisher",
            "Width of the 21 cm line and absolute magnitude of 18 spiral galaxies (turning fast, shining bright)",
            "magnitude",
            ("width",),
            "R. B. Tully and J. R. Fisher (1977), A new method of determining distances to galaxies, "
            "Astron. Astrophys. 54, 661, figure 5a, "
            "read off the figure for the EmpiricalBench of M. Cranmer (2023, arXiv:2305.01582), rounded",
            "public facts (the reading of the figure: MIT, M. Cranmer)",
        ),
    )
}


def load_table(name: str) -> Table:
    """The table of that name; UnknownNameError with the closest one where there is none."""
    if name not in TABLES:
        raise unknown("table", name, TABLES)
    row = TABLES[name]
    with as_file(files(__name__) / f"{name}.csv") as path:
        return read_table(path, row.target, inputs=row.inputs, source=row.source)
