"""Whether a formula is the law: value inside and outside the box, and size."""

from dataclasses import dataclass

import numpy as np
import sympy

from edgewise.formula import complexity, evaluate, parse, to_text

from .laws import Disguised

FRESH = 2000
WIDEN = 0.25


@dataclass(frozen=True)
class Score:
    inside: float
    outside: float
    size: int
    truth_size: int
    recovered: bool


def score(text: str, law: Disguised, seed: int, noise: float, rows: int) -> Score:
    """Judge the printed formula, parsed again."""
    expression = parse(text)
    generator = np.random.default_rng([seed, 3])
    limit = 1e-8 if noise == 0 else 30 * noise / np.sqrt(rows)
    inside = _largest_error(expression, law, law.draw(FRESH, generator))
    outside = _largest_error(expression, law, law.draw(FRESH, generator, WIDEN))
    size, truth_size = complexity(expression), complexity(parse(to_text(law.truth)))
    recovered = bool(max(inside, outside) <= limit and size <= 2 * truth_size)
    return Score(inside, outside, size, truth_size, recovered)


def _largest_error(expression: sympy.Expr, law: Disguised, columns: dict[str, np.ndarray]) -> float:
    truth = law.value(columns)
    kept = np.isfinite(truth)
    kept &= np.abs(truth) <= 1e3 * np.sqrt(np.median(truth[kept] ** 2)) * 1e3
    truth = truth[kept]
    rms = np.sqrt(np.mean(truth**2))
    kept_again = np.abs(truth) <= 1e3 * rms
    found = np.broadcast_to(evaluate(expression, columns), kept.shape)[kept][kept_again]
    truth = truth[kept_again]
    finite = np.isfinite(found)
    if np.mean(~finite) > 0.02:
        return float("inf")
    return float(np.max(np.abs(found - truth)[finite] / np.maximum(np.abs(truth[finite]), rms)))
