"""A square of what changes its sign: y = A^2, where only |A| can be read.

A is smooth and |A| is not. So A is looked for by turns: the signs of the best polynomial for the signed roots give signed
roots, and these a polynomial, until no sign changes; from several halves of the box to begin with. Rows so near to a change
of sign that the polynomial does not tell theirs are left out.

Source: the turns are the error reduction of phase retrieval, J. R. Fienup, Applied Optics 21, 2758 (1982).
"""

from dataclasses import replace

import numpy as np

from .problem import TARGET, Array, Problem, reduced
from .surrogate import Decomposition

STARTS, TURNS = 20, 40
FEW_DEGREES = 3  # to begin with
ROWS_A_COLUMN, ROWS_A_COLUMN_AT_LAST = 6, 3
NEAR_ZERO = 0.1  # of the median root, what the least may be
CLEARER = 0.2  # times the error of roots without signs
SURE = 4.0  # times the error a root is from zero
KEPT = 0.8  # of the rows


def signed_root(problem: Problem) -> Problem | None:
    """The problem of A on the rows whose sign is sure; None where y has both signs, or roots without signs do as well."""
    sign = 1 if np.median(problem.y) >= 0 else -1
    root = np.sqrt(np.abs(problem.y))
    if (
        problem.weights is not None
        or np.any(sign * problem.y < 0)
        or not problem.inputs
        or np.min(root) > NEAR_ZERO * np.median(root)
    ):
        return None
    best: tuple[float, Array, Array] | None = None
    for coordinates in ("x", "log x") if any(problem.positive) else ("x",):
        fitted = Decomposition(problem, coordinates, problem.rows // ROWS_A_COLUMN_AT_LAST)
        most = max(FEW_DEGREES, int(fitted.degrees[min(problem.rows // ROWS_A_COLUMN, len(fitted.degrees) - 1)]) - 1)
        bases = [fitted.q[:, fitted.degrees <= degree] for degree in (FEW_DEGREES, most, fitted.degrees[-1])]
        starts = [_turned(bases[:2], root, signs) for signs in _halves(problem.x)]
        _, signs, _ = min(starts, key=lambda one: one[0])
        found = _turned(bases[2:], root, signs)
        if best is None or found[0] < best[0]:
            best, plain = found, _missed(bases[2], root)
    if best is None or best[0] > CLEARER * plain:
        return None
    missed, signs, told = best
    error = missed * float(np.sqrt(np.mean(root**2)))
    sure = (np.sign(told) == signs) & (np.minimum(np.abs(told), root) > SURE * error)
    if np.mean(sure) < KEPT:
        return None
    columns = list(zip(problem.symbols, problem.x.T, strict=True))
    child = reduced(problem, "signed root", columns, signs * root, sign * TARGET**2, missed)
    steep = np.sqrt(np.mean(problem.y**2) * np.mean(0.25 / root[sure] ** 2) / np.mean(root**2))  # of a root near zero
    return replace(child, x=child.x[sure], y=child.y[sure], accuracy=problem.accuracy * max(1.0, float(steep)))


def _halves(x: Array) -> list[Array]:
    """Signs on both sides of planes across the box, (STARTS, N)."""
    rng = np.random.default_rng(0)
    unit = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-300)
    across = [unit @ rng.normal(size=x.shape[1]) for _ in range(STARTS)]
    return [np.where(values > np.quantile(values, rng.uniform(0.15, 0.85)), 1.0, -1.0) for values in across]


def _turned(bases: list[Array], root: Array, signs: Array) -> tuple[float, Array, Array]:
    """The error over the root's size, the signs, and the polynomial's values (N,), each basis in its turn."""
    told = signs * root
    for q in bases:
        for _ in range(TURNS):
            told = q @ (q.T @ (signs * root))
            turned = np.where(told >= 0, 1.0, -1.0)
            if np.array_equal(turned, signs):
                break
            signs = turned
    return _missed(bases[-1], signs * root), signs, told


def _missed(q: Array, values: Array) -> float:
    """What a basis misses of the values, over their size."""
    return float(np.linalg.norm(values - q @ (q.T @ values)) / max(float(np.linalg.norm(values)), 1e-300))
