"""Tables that searches are tried on, and a search that is interrupted."""

from collections.abc import Callable, Iterator

import numpy as np

from edgewise.data import Table

PLENTY = 600.0  # seconds: no budget of these tests is reached, so that nothing depends on the machine's speed


def toy_table(rows: int = 200, seed: int = 0) -> Table:
    a, b = np.random.default_rng(seed).uniform(-1, 1, (2, rows))
    return Table.from_arrays(np.c_[a, b], np.exp(np.sin(np.pi * a) + b**2), names=["a", "b"], target="y")


def line_table(rows: int = 80) -> Table:
    a, b = np.random.default_rng(0).uniform(1, 2, (2, rows))
    return Table.from_arrays(np.c_[a, b], 2 * a + 1, names=["a", "b"])


def noise_table(rows: int = 120) -> Table:
    rng = np.random.default_rng(3)
    return Table.from_arrays(rng.uniform(-1, 1, (rows, 2)), rng.normal(size=rows), names=["a", "b"])


def flow_table(noise: float, rows: int = 300) -> Table:
    """3.7 lambda^2 / depth under names that no language likes."""
    rng = np.random.default_rng(1)
    x = rng.uniform(1, 5, (rows, 2))
    y = 3.7 * x[:, 0] ** 2 / x[:, 1]
    y = y + noise * y.std() * rng.normal(size=rows)
    return Table.from_arrays(x, y, names=["lambda", "bed depth [cm]"], target="flow", units={"flow": "m/s"})


def interrupted_at(call: int) -> Callable[..., None]:
    calls: Iterator[int] = iter(range(1, 10**6))

    def progress(*_: object) -> None:
        if next(calls) == call:
            raise KeyboardInterrupt

    return progress
