"""A function of your own among the candidates: sinc, which is not in the table.

Here it names an edge. A whole search takes it as well: ``ew.discover(table, primitives={**PRIMITIVES, "sinc": SINC})``.
"""

from pathlib import Path

import numpy as np

from edgewise.nn import KAN, Model, Scaling
from edgewise.primitives import PRIMITIVES, Primitive
from edgewise.surgery import fix
from edgewise.symbolic import closed_form, match

# Written once over any back-end m: it has m.sin, m.exp, ... for NumPy, torch and SymPy alike.
SINC = Primitive("sinc", lambda m, x: m.sin(x) / x, complexity=3, parity=1)


def main(file: Path = Path("brightness.safetensors")) -> None:
    """Name samples with it, put it on the edge of a network, save that, and load it again."""
    angle = np.linspace(0.1, 9.0, 200)
    brightness = 2.0 * np.sin(3.0 * angle) / (3.0 * angle) + 1.0
    best = match(angle, brightness, primitives={**PRIMITIVES, "sinc": SINC})[0]
    print(f"{best.primitive}: {best.text}   rmse {best.rmse:.1e}")

    constants = (best.inner_scale, best.inner_shift, best.outer_scale, best.outer_shift)
    network = fix(KAN([1, 1]).double(), (0, 0, 0), SINC, constants)
    as_it_is = Scaling((0.0,), (1.0,))
    Model(network, ("angle",), ("brightness",), as_it_is, as_it_is).save(file)

    loaded = Model.load(file, primitives=[SINC])  # a file holds the name; the function is yours to give
    error = np.abs(loaded.predict(angle[:, None]) - brightness).max()
    print(f"brightness = {closed_form(loaded)[0].evalf(6)}   off by {error:.1e} at most")


if __name__ == "__main__":
    main()
