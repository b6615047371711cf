"""Taking off one term or one factor that depends on an input in a known way.

Term: y = c x^p H(x_i) + rest, where the rest does not know x_i, means f_i / H'(x_i) = c x^p over the other inputs: a
log-linear fit finds p, a joint fit with a polynomial for the rest finds c, and y - c x^p H(x_i) has one input less.
Factor: y = H(x_i) rest means f_i H = f H'.

Both cut sums and products of unlike parts into pieces, which is what scale symmetries cannot do.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from .atoms import FUNCTIONS, Atom, power
from .coefficients import constant, fraction, rational
from .problem import TARGET, Array, Problem, reduced
from .surrogate import Decomposition, Surrogate

_X = sympy.Symbol("x")
TERM_ATOMS: tuple[Atom, ...] = (
    power(sympy.Integer(1)),
    power(sympy.Integer(2)),
    power(sympy.Integer(-1)),
    *(atom for atom in FUNCTIONS if atom.name in ("sin", "cos", "exp", "exp(-x)", "log", "sin^2")),
)
FACTOR_ATOMS: tuple[Atom, ...] = tuple(
    atom
    for atom in FUNCTIONS
    if atom.name in ("sin", "cos", "exp", "exp(-x)", "log", "sin^2", "cos^2", "tan", "tanh", "1/(1+x)")
)
TOLERANCE = 0.1


@dataclass(frozen=True, eq=False)
class _Term:
    """c x^p H(x_i) with c still to be fitted: values without c, the expression, and how badly the slopes agree."""

    expression: sympy.Expr
    values: Array
    misfit: float


def factor_peels(problem: Problem, surrogate: Surrogate) -> Iterator[Problem]:
    """Problems without input i, for every atom H with f_i H = f H'."""
    for i in range(problem.inputs):
        for atom in FACTOR_ATOMS:
            values, slope = _with_slope(atom, problem.x[:, i])
            if values is None or np.any(np.abs(values) < 1e-9 * np.max(np.abs(values))):
                continue
            left, right = surrogate.gradient[:, i] * values, problem.y * slope
            misfit = float(np.median(np.abs(left - right)) / max(float(np.median(np.abs(right))), 1e-300))
            if misfit < TOLERANCE:
                factor = atom.expression(problem.symbols[i])
                yield reduced(problem, "factor", _others(problem, i), problem.y / values, factor * TARGET, misfit)


def term_peels(problem: Problem, surrogate: Surrogate) -> Iterator[Problem]:
    """Problems without input i, one for each term found, the one whose slopes agree best first."""
    found: list[tuple[float, int, int, _Term]] = []
    for i in range(problem.inputs):
        for atom in TERM_ATOMS:
            term = _term(problem, surrogate, i, atom)
            if term is not None:
                found.append((term.misfit, len(found), i, term))
    for misfit, _, i, term in sorted(found, key=lambda row: row[:2])[:4]:
        others = _others(problem, i)
        c = _coefficient(problem, others, term)
        if c is not None:
            yield reduced(
                problem, "term", others, problem.y - float(c) * term.values, TARGET + c * term.expression, misfit
            )


def _others(problem: Problem, i: int) -> list[tuple[sympy.Expr, Array]]:
    return [(problem.symbols[j], problem.x[:, j]) for j in range(problem.inputs) if j != i]


def _with_slope(atom: Atom, x: Array) -> tuple[Array | None, Array]:
    if atom.positive and np.any(x <= 0):
        return None, x
    with np.errstate(all="ignore"):
        values = atom.value(x)
        slope = sympy.lambdify(_X, sympy.diff(atom.expression(_X), _X), "numpy")(x) * np.ones_like(x)
    return (values if np.all(np.isfinite(values)) and np.all(np.isfinite(slope)) else None), slope


def _term(problem: Problem, surrogate: Surrogate, i: int, atom: Atom) -> _Term | None:
    values, slope = _with_slope(atom, problem.x[:, i])
    if values is None or np.any(problem.x == 0):
        return None
    with np.errstate(all="ignore"):
        quotient = surrogate.gradient[:, i] / slope
        logs, target = np.log(np.abs(problem.x)), np.log(np.abs(quotient))
    good = np.isfinite(target) & (np.abs(slope) > 0.05 * np.max(np.abs(slope)))
    if good.sum() < 20 * problem.inputs:
        return None
    powers, misfit = _robust(np.column_stack([logs[good], np.ones(good.sum())]), target[good])
    if misfit > TOLERANCE or abs(powers[i]) > 0.1:
        return None
    snapped = [fraction(float(p), 2, 0.12) for p in np.delete(powers[:-1], i)]
    if any(p is None for p in snapped):
        return None
    expression, product = atom.expression(problem.symbols[i]), values
    for (symbol, column), p in zip(_others(problem, i), snapped, strict=True):
        if p is None or (p.denominator > 1 and np.any(column < 0)):
            return None
        expression = expression * symbol ** rational(p)
        product = product * (column ** int(p) if p.denominator == 1 else column ** float(p))
    return _Term(expression, product, misfit)


def _robust(matrix: Array, target: Array) -> tuple[Array, float]:
    """Least absolute deviations by reweighting; the median residual."""
    weights = np.ones(len(target))
    for _ in range(6):
        found = np.linalg.lstsq(matrix * weights[:, None], target * weights, rcond=None)[0]
        rest = np.abs(target - matrix @ found)
        weights = 1 / np.sqrt(rest + 0.2 * np.median(rest) + 1e-12)
    return found, float(np.median(rest))


def _coefficient(problem: Problem, others: list[tuple[sympy.Expr, Array]], term: _Term) -> sympy.Expr | None:
    """c of the joint fit with a polynomial in the other inputs, rounded as far as the fit is good."""
    rest = reduced(problem, "rest", others, problem.y, TARGET)
    spanned = Decomposition(rest, "x", min(200, problem.rows // 4)).q
    clear = term.values - spanned @ (spanned.T @ term.values)
    left = problem.y - spanned @ (spanned.T @ problem.y)
    c = float(clear @ left / (clear @ clear))
    error = float(np.linalg.norm(left - c * clear) / max(abs(c) * float(np.linalg.norm(clear)), 1e-300))
    rounded = fraction(c, 16, min(1e-2, 3 * error + 1e-12) * max(1.0, abs(c)))
    if rounded:
        return rational(rounded)
    return constant(c) if error < 1e-6 and c else None
