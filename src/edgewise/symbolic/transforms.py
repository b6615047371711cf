"""What may be done to a target before it is looked at: T(y) together with its way back.

Each row is an edge after the last node of a network: if T(y) has a simple form then y is T's inverse of that form.
``inverse`` takes the form and the sign of y, since y**2 and log|y| forget it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy

from .problem import TARGET, Array, Problem, reduced


@dataclass(frozen=True)
class Transform:
    """T(y), its derivative T'(y), the inverse as an expression and of numbers (given the sign of y), and the targets it may be
    applied to without loss."""

    name: str
    forward: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    inverse: Callable[[sympy.Expr, int], sympy.Expr]
    back: Callable[[Array, int], Array]
    allowed: Callable[[Array], bool]


def one_sign(y: Array) -> bool:
    return bool(np.all(y > 0) or np.all(y < 0))


def _within(low: float, high: float) -> Callable[[Array], bool]:
    return lambda y: bool(np.all(y >= low) and np.all(y <= high))


def _anything(y: Array) -> bool:
    return True


_HALF_PI = np.pi / 2

TRANSFORMS: dict[str, Transform] = {
    row.name: row
    for row in (
        Transform("y", lambda y: y, np.ones_like, lambda e, s: e, lambda g, s: g, _anything),
        Transform(
            "log",
            lambda y: np.log(np.abs(y)),
            lambda y: 1 / y,
            lambda e, s: s * sympy.exp(e),
            lambda g, s: s * np.exp(g),
            one_sign,
        ),
        Transform(
            "1/y",
            lambda y: 1 / y,
            lambda y: -1 / y**2,
            lambda e, s: 1 / e,
            lambda g, s: 1 / g,
            lambda y: bool(np.all(y != 0)),
        ),
        Transform(
            "y^2",
            lambda y: y**2,
            lambda y: 2 * y,
            lambda e, s: s * sympy.sqrt(e),
            lambda g, s: s * np.sqrt(g),
            one_sign,
        ),
        Transform(
            "1/y^2",
            lambda y: y**-2.0,
            lambda y: -2 * y**-3.0,
            lambda e, s: s / sympy.sqrt(e),
            lambda g, s: s / np.sqrt(g),
            one_sign,
        ),
        Transform(
            "sqrt",
            lambda y: np.sqrt(np.abs(y)),
            lambda y: 0.5 / np.sqrt(np.abs(y)),
            lambda e, s: s * e**2,
            lambda g, s: s * g**2,
            one_sign,
        ),
        Transform("exp", np.exp, np.exp, lambda e, s: sympy.log(e), lambda g, s: np.log(g), _within(-30, 30)),
        Transform(
            "sin",
            np.sin,
            np.cos,
            lambda e, s: sympy.asin(e),
            lambda g, s: np.arcsin(g),
            _within(-_HALF_PI, _HALF_PI),
        ),
        Transform(
            "cos",
            np.cos,
            lambda y: -np.sin(y),
            lambda e, s: sympy.acos(e),
            lambda g, s: np.arccos(g),
            _within(0, np.pi),
        ),
        Transform(
            "tan",
            np.tan,
            lambda y: 1 / np.cos(y) ** 2,
            lambda e, s: sympy.atan(e),
            lambda g, s: np.arctan(g),
            _within(-_HALF_PI, _HALF_PI),
        ),
        Transform(
            "asin",
            np.arcsin,
            lambda y: 1 / np.sqrt(1 - y**2),
            lambda e, s: sympy.sin(e),
            lambda g, s: np.sin(g),
            _within(-1, 1),
        ),
        Transform(
            "acos",
            np.arccos,
            lambda y: -1 / np.sqrt(1 - y**2),
            lambda e, s: sympy.cos(e),
            lambda g, s: np.cos(g),
            _within(-1, 1),
        ),
        Transform(
            "atanh",
            np.arctanh,
            lambda y: 1 / (1 - y**2),
            lambda e, s: sympy.tanh(e),
            lambda g, s: np.tanh(g),
            _within(-1, 1),
        ),
        Transform(
            "tanh",
            np.tanh,
            lambda y: 1 - np.tanh(y) ** 2,
            lambda e, s: sympy.atanh(e),
            lambda g, s: np.arctanh(g),
            _within(-3, 3),
        ),
    )
}


def sign_of(y: Array) -> int:
    return 1 if np.median(y) >= 0 else -1


def transformed(problem: Problem, name: str) -> Problem | None:
    """The problem of T(y) over the same variables, or None where T loses something or is not finite."""
    transform = TRANSFORMS[name]
    if not transform.allowed(problem.y):
        return None
    with np.errstate(all="ignore"):
        target = transform.forward(problem.y)
    if not np.all(np.isfinite(target)) or np.ptp(target) == 0:
        return None
    columns = list(zip(problem.symbols, problem.x.T, strict=True))
    return reduced(problem, f"transform {name}", columns, target, transform.inverse(TARGET, sign_of(problem.y)))
