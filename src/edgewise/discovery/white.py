"""Whether what a formula leaves behind looks like noise.

Polynomials look for what is left: of the inputs, and of the formula's own arguments. A formula of x1/x3 and x0 - x2 has two
variables where the table has four, and in two a few hundred rows lie densely: what a wrong form errs by shows there.
"""

from collections.abc import Mapping
from itertools import combinations_with_replacement
from math import comb

import numpy as np
import sympy

from edgewise.formula import complexity, evaluate

from .judge import Judged
from .prepare import Prepared
from .weighing import effective, variance

ROWS_A_TERM = 8  # of a polynomial
MOST_DEGREE = 6  # of one of the formula's arguments
MOST_ARGUMENTS = 3
LONGEST = 11  # complexity of an argument
ALIKE = 0.99  # correlation (up to sign) from which two arguments are one


def is_white(pick: Judged, prepared: Prepared) -> bool:
    """Whether no polynomial of the inputs, nor of the formula's own arguments, explains more of the residuals than chance
    would.

    That of the inputs is a full cubic where the rows afford one, a quadratic or a cubic of each input alone where they do
    not: a wrong form with fitted constants errs between the inputs more than along one of them.
    """
    train = prepared.train
    columns = prepared.columns(train)
    expression = pick.formula.expression
    residuals = train.y - np.broadcast_to(evaluate(expression, columns), train.y.shape)
    most = effective(train.weights, train.rows) / ROWS_A_TERM
    designs = [_polynomial(train.x, most)]
    own = arguments(expression, columns)
    designs += [_full(own, most)] if own.shape[1] else []
    return all(_is_chance(design, residuals, train.weights) for design in designs)


def arguments(expression: sympy.Expr, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Values (rows, n) of the plainest parts of a formula that hold two or more variables, at most three of them."""
    parts = {part for part in sympy.preorder_traversal(expression) if part.args and len(part.free_symbols) >= 2}
    found: list[np.ndarray] = []
    for part in sorted(parts - {expression}, key=lambda part: (complexity(part), str(part))):
        if len(found) == MOST_ARGUMENTS or complexity(part) > LONGEST:
            break
        values = np.asarray(evaluate(part, columns), dtype=float)
        if not np.all(np.isfinite(values)) or np.ptp(values) == 0:
            continue
        if all(abs(np.corrcoef(_ranks(values), _ranks(other))[0, 1]) < ALIKE for other in found):
            found.append(values)
    return np.column_stack(found) if found else np.empty((len(next(iter(columns.values()))), 0))


def _ranks(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values))


def _is_chance(design: np.ndarray, residuals: np.ndarray, weights: np.ndarray | None) -> bool:
    root = np.ones(len(design)) if weights is None else np.sqrt(weights)
    explained = design @ np.linalg.lstsq(design * root[:, None], residuals * root, rcond=None)[0]
    share = variance(explained, weights) / variance(residuals, weights)
    terms, rows = design.shape[1] - 1, effective(weights, len(design))
    return bool(share < terms / rows + 3 * np.sqrt(2 * terms) / rows)


def _polynomial(x: np.ndarray, most: float) -> np.ndarray:
    """Columns of the fullest polynomial of degree 3 or 2 that has at most ``most`` terms, else of cubics of each input."""
    x = _scaled(x)
    n_in = x.shape[1]
    columns = [np.ones(len(x)), *(x**power for power in (1, 2, 3))]
    degree = max((d for d in (2, 3) if comb(n_in + d, d) - 1 + (3 - d) * n_in <= most), default=1)
    for mixed in range(2, degree + 1):
        chosen = (which for which in combinations_with_replacement(range(n_in), mixed) if len(set(which)) > 1)
        columns += [x[:, list(which)].prod(1, keepdims=True) for which in chosen]
    return np.column_stack(columns)


def _full(x: np.ndarray, most: float) -> np.ndarray:
    """All products of powers up to the largest total degree that has at most ``most`` terms, in places by rank."""
    x = _scaled(np.column_stack([_ranks(column) for column in x.T]).astype(float))
    n_in = x.shape[1]
    degree = max((d for d in range(1, MOST_DEGREE + 1) if comb(n_in + d, d) - 1 <= most), default=1)
    products = (which for d in range(1, degree + 1) for which in combinations_with_replacement(range(n_in), d))
    return np.column_stack([np.ones(len(x)), *(x[:, list(which)].prod(1) for which in products)])


def _scaled(x: np.ndarray) -> np.ndarray:
    x = x - x.mean(0)
    return np.asarray(x / np.abs(x).max(0))
