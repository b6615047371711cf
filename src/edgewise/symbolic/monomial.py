"""A single power product, y = c x1^b1 ... xn^bn, by one linear least squares in the logarithms.

The exponents come out to rounding when there is no noise, so they are snapped to fractions and the product is then
judged on the rows themselves. Signs: with integer exponents (or odd denominators) x may be negative; then |y| is
fitted and the sign of the product must agree.
"""

import numpy as np
import sympy

from .coefficients import constant, fraction, rational
from .problem import Array, Problem, relative

LARGEST_DENOMINATOR = 6


def power_product(x: Array, exponents: list[sympy.Rational]) -> Array:
    """prod x_i^b_i with the real root of negative numbers where the denominator is odd, nan where there is none."""
    result = np.ones(len(x))
    with np.errstate(all="ignore"):
        for column, b in zip(x.T, exponents, strict=True):
            factor = np.abs(column) ** float(b)
            if b.q % 2 == 0:
                factor = np.where(column < 0, np.nan, factor)
            elif b.p % 2:
                factor = np.sign(column) * factor
            result = result * factor
    return result


def monomial(problem: Problem) -> sympy.Expr | None:
    """c prod x_i^b_i over the problem's symbols if that is the target to its tolerance, else None.

    >>> x = np.linspace(1, 2, 20)
    >>> from .problem import first_problem
    >>> monomial(first_problem({"a": x, "b": x[::-1] ** 2}, 3 * x / x[::-1]))
    3*v0_0/sqrt(v0_1)
    """
    exponents = _exponents(problem)
    if exponents is None:
        return None
    values = power_product(problem.x, exponents)
    if not np.all(np.isfinite(values)) or not np.any(values):
        return None
    scale = float(values @ problem.y / (values @ values))
    if relative(problem.y - scale * values, problem.y) > problem.tolerance:
        return None
    return constant(scale) * sympy.Mul(*(s**b for s, b in zip(problem.symbols, exponents, strict=True)))


def _exponents(problem: Problem) -> list[sympy.Rational] | None:
    used = np.all(problem.x != 0, axis=1) & (problem.y != 0)
    if used.sum() < problem.inputs + 2:
        return None
    matrix = np.column_stack([np.log(np.abs(problem.x[used])), np.ones(used.sum())])
    logs = np.log(np.abs(problem.y[used]))
    found, *_ = np.linalg.lstsq(matrix, logs, rcond=None)
    if np.sqrt(np.mean((matrix @ found - logs) ** 2)) > max(1e-6, 100 * problem.accuracy):
        return None
    snapped = [fraction(float(b), LARGEST_DENOMINATOR, 1e-4) for b in found[:-1]]
    if any(b is None for b in snapped):
        return None
    return [rational(b) for b in snapped if b is not None]
