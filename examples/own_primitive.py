"""A function of your own among the candidates: sinc, which is not in the table."""

import numpy as np

import edgewise as ew
from edgewise.primitives import PRIMITIVES, Primitive
from edgewise.symbolic import match

# Written once over any back-end m: it has m.sin, m.exp, ... for NumPy, torch and SymPy alike.
SINC = Primitive("sinc", lambda m, x: m.sin(x) / x, complexity=3, parity=1)


def main() -> None:
    """Name samples of one edge with it, then let a whole discovery use it."""
    x = np.linspace(0.1, 9.0, 200)
    y = 2.0 * np.sin(3.0 * x) / (3.0 * x) + 1.0
    candidates = {**PRIMITIVES, "sinc": SINC}
    best = match(x, y, primitives=candidates)[0]
    print(f"{best.primitive}: {best.text}   rmse {best.rmse:.1e}")

    table = ew.Table.from_arrays(x[:, None], y, ["angle"], "brightness")
    found = ew.discover(table, primitives=candidates, time_budget=60)
    print(found.formula)


if __name__ == "__main__":
    main()
