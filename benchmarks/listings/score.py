"""Whether a formula is exp(sin(pi x) + y^2) up to constants that are right."""

import math

import numpy as np
import sympy


def grid(reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Points on a square."""
    axis = np.linspace(-reach, reach, 101)
    x, y = np.meshgrid(axis, axis)
    return x.ravel(), y.ravel()


def structure(expression: sympy.Expr, variables: list[sympy.Symbol]) -> bool:
    """One exp, one sin or cos of the first variable alone, no function of the second but powers."""
    x, y = variables
    waves = list(expression.atoms(sympy.sin, sympy.cos))
    others = expression.atoms(sympy.Function) - set(waves)
    if (
        len(waves) != 1
        or waves[0].free_symbols != {x}
        or len(others) != 1
        or not isinstance(next(iter(others)), sympy.exp)
    ):
        return False
    inside = sympy.Poly(sympy.expand(next(iter(others)).args[0].subs(waves[0], sympy.Dummy("wave"))), y)
    return inside.degree() == 2


def score(expression: sympy.Expr, variables: list[sympy.Symbol]) -> tuple[float, float, bool]:
    """(rmse on [-1, 1]^2, error on [-1.5, 1.5]^2 as a share of the spread there, recovered)."""
    f = sympy.lambdify(variables, expression, "numpy")
    errors = []
    for reach in (1.0, 1.5):
        x, y = grid(reach)
        true = np.exp(np.sin(math.pi * x) + y**2)
        rmse = float(np.sqrt(np.mean((f(x, y) - true) ** 2)))
        errors.append(rmse if reach == 1.0 else rmse / float(true.std()))
    inside, outside = errors
    return inside, outside, bool(structure(expression, variables) and inside < 1e-5 and outside < 1e-4)
