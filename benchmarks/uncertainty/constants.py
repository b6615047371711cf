"""How often two standard errors around a fitted constant hold the true one."""

import numpy as np

from edgewise.formula import constants, parse
from edgewise.symbolic import polish

from .drawn import Law, draw


def covered(law: Law, noise: str, rows: int, seeds: range) -> np.ndarray:
    """Whether each constant's two standard errors hold the truth, (seeds, constants); the form is the true one."""
    true = parse(law.text)
    inside = []
    for seed in seeds:
        columns, y = draw(law, noise, rows, seed)
        fitted = polish(true, columns, y)
        off = np.array(list(constants(fitted.expression).values())) - np.array(list(law.constants.values()))
        inside.append(np.abs(off) <= 2 * np.array(list(fitted.errors.values())))
    return np.array(inside)
