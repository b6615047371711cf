"""Kepler's third law from the orbits of 18 bodies: a table in, a law out."""

import edgewise as ew


def main() -> None:
    """Find the law, then ask it for a body that is not in the table."""
    table = ew.data.load_table("kepler")
    found = ew.discover(table, seed=0, time_budget=60)
    print(found)
    period = found.predict({"axis": [39.1]})[0]
    print(f"a body at 39.1 AU goes round in {period:.0f} years")


if __name__ == "__main__":
    main()
