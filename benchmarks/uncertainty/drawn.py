"""Tables drawn from short laws with noise of many kinds, of which the truth is known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgewise.formula import constants, evaluate, parse

SHARE = 0.1  # noise over the spread of the law


@dataclass(frozen=True)
class Law:
    """A law with constants that are no plain numbers, and the range of every input."""

    name: str
    text: str
    low: float
    high: float

    @property
    def inputs(self) -> list[str]:
        """Its columns."""
        return sorted(symbol.name for symbol in parse(self.text).free_symbols)

    @property
    def constants(self) -> dict[str, float]:
        """The true constants by name."""
        return constants(parse(self.text))


LAWS = {
    row.name: row
    for row in (
        Law("line", "2.4173*x + 1.2781", 0, 2),
        Law("fall", "4.9053*x**2", 0.5, 3),
        Law("power", "1.5417*x**2.2614", 0.5, 3),
        Law("decay", "3.2231*exp(-0.7129*x) + 0.4177", 0, 5),
        Law("wave", "1.3291*sin(2.1173*x + 0.4319)", 0, 5),
        Law("saturation", "2.4127*x/(x + 1.3179)", 0, 6),
        Law("surface", "0.8273*x*y + 1.7129*y**2 - 0.6431*x", 0, 2),
    )
}

Noise = Callable[[np.random.Generator, np.ndarray, np.ndarray], np.ndarray]


def _along(x: np.ndarray) -> np.ndarray:
    return (x - x.min()) / np.ptp(x)


NOISES: dict[str, Noise] = {
    "even, normal": lambda rng, x, f: SHARE * f.std() * rng.normal(size=len(x)),
    "even, uniform": lambda rng, x, f: SHARE * f.std() * rng.uniform(-1, 1, len(x)) * 3**0.5,
    "even, Student's t with 3": lambda rng, x, f: SHARE * f.std() * rng.standard_t(3, len(x)) / 3**0.5,
    "growing with x": lambda rng, x, f: SHARE * f.std() * rng.normal(size=len(x)) * (0.2 + 2 * _along(x)),
    "a tenth of the value": lambda rng, x, f: SHARE * np.abs(f) * rng.normal(size=len(x)),
    "growing with x cubed": lambda rng, x, f: SHARE * f.std() * rng.normal(size=len(x)) * (0.05 + 4 * _along(x) ** 3),
}
"""(generator, first input, values of the law) -> what is added."""


def draw(law: Law, noise: str, rows: int, seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Columns, each uniform over the law's range, and the noisy target."""
    rng = np.random.default_rng([seed, rows])
    columns = {name: rng.uniform(law.low, law.high, rows) for name in law.inputs}
    values = evaluate(parse(law.text), columns)
    return columns, values + NOISES[noise](rng, columns["x"], values)
