"""Tables without a law: 60 to 1,000 rows of one to six inputs, by kind and seed."""

import numpy as np

from edgewise import Table

KINDS = {
    "noise": "the target has nothing to do with the inputs",
    "trend": "a straight line of one input explains a tenth of the variance, the rest is noise",
    "smooth": "a sum of 40 random waves of all inputs, without noise: smooth, and no short formula",
    "smooth, noisy": "the same with 5 % of noise",
}


def drawn(kind: str, seed: int) -> Table:
    """The table of a kind and a seed."""
    generator = np.random.default_rng([sorted(KINDS).index(kind), seed])
    rows, inputs = round(60 * (1000 / 60) ** generator.uniform()), int(generator.integers(1, 7))
    x = generator.uniform(1, 3, (rows, inputs))
    noise = generator.normal(size=rows)
    if kind == "noise":
        y = noise
    elif kind == "trend":
        y = (x[:, 0] - 2) * np.sqrt(3) / 3 + noise
    else:
        waves = generator.normal(size=(inputs, 40)) / np.sqrt(inputs)
        y = np.cos(x @ waves + generator.uniform(0, 2 * np.pi, 40)) @ generator.normal(size=40) / np.sqrt(40)
        y = y + (0.05 * y.std() * noise if kind == "smooth, noisy" else 0.0)
    return Table.from_arrays(x, y)
