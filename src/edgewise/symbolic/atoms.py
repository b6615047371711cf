"""Functions of one variable without free constants, the words of the product dictionaries."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy

from .problem import Array


@dataclass(frozen=True)
class Atom:
    """A function of one variable as values and as an expression; ``positive`` where it needs x > 0."""

    name: str
    value: Callable[[Array], Array]
    expression: Callable[[sympy.Expr], sympy.Expr]
    positive: bool = False


def power(p: sympy.Rational) -> Atom:
    return Atom(f"x^{p}", lambda x: x ** (int(p) if p.q == 1 else float(p)), lambda x: x**p, positive=p.q != 1)


def _times(p: int, other: Atom) -> Atom:
    return Atom(
        f"x^{p} {other.name}", lambda x: x**p * other.value(x), lambda x: x**p * other.expression(x), other.positive
    )


POWERS = tuple(power(sympy.Rational(n, 2)) for n in (0, 2, 4, -2, -4, 1, -1, 3, -3, 6, -6, 8))
FUNCTIONS = (
    Atom("sin", np.sin, sympy.sin),
    Atom("cos", np.cos, sympy.cos),
    Atom("exp", np.exp, sympy.exp),
    Atom("exp(-x)", lambda x: np.exp(-x), lambda x: sympy.exp(-x)),
    Atom("log", np.log, sympy.log, positive=True),
    Atom("sin^2", lambda x: np.sin(x) ** 2, lambda x: sympy.sin(x) ** 2),
    Atom("cos^2", lambda x: np.cos(x) ** 2, lambda x: sympy.cos(x) ** 2),
    Atom("sin(2x)", lambda x: np.sin(2 * x), lambda x: sympy.sin(2 * x)),
    Atom("cos(2x)", lambda x: np.cos(2 * x), lambda x: sympy.cos(2 * x)),
    Atom("tan", np.tan, sympy.tan),
    Atom("tanh", np.tanh, sympy.tanh),
    Atom("exp(-x^2)", lambda x: np.exp(-(x**2)), lambda x: sympy.exp(-(x**2))),
    Atom("sqrt(1+x^2)", lambda x: np.sqrt(1 + x**2), lambda x: sympy.sqrt(1 + x**2)),
    Atom("sqrt(1-x^2)", lambda x: np.sqrt(1 - x**2), lambda x: sympy.sqrt(1 - x**2)),
    Atom("1/(1+x)", lambda x: 1 / (1 + x), lambda x: 1 / (1 + x)),
    Atom("1/(1+x^2)", lambda x: 1 / (1 + x**2), lambda x: 1 / (1 + x**2)),
    Atom("1/(1-x)", lambda x: 1 / (1 - x), lambda x: 1 / (1 - x)),
    Atom("1/(1-x^2)", lambda x: 1 / (1 - x**2), lambda x: 1 / (1 - x**2)),
)
SHIFTED = (
    Atom("1+x", lambda x: 1 + x, lambda x: 1 + x),
    Atom("1-x", lambda x: 1 - x, lambda x: 1 - x),
    Atom("1+x^2", lambda x: 1 + x**2, lambda x: 1 + x**2),
    Atom("1-x^2", lambda x: 1 - x**2, lambda x: 1 - x**2),
    Atom("exp(x)-1", np.expm1, lambda x: sympy.exp(x) - 1),
    Atom("exp(x)+1", lambda x: np.exp(x) + 1, lambda x: sympy.exp(x) + 1),
    Atom("1-exp(-x)", lambda x: -np.expm1(-x), lambda x: 1 - sympy.exp(-x)),
    Atom("cosh", np.cosh, sympy.cosh),
)
RECIPROCALS = (
    Atom("1/tan", lambda x: 1 / np.tan(x), lambda x: 1 / sympy.tan(x)),
    Atom("1/cos", lambda x: 1 / np.cos(x), lambda x: 1 / sympy.cos(x)),
    Atom("1/sin", lambda x: 1 / np.sin(x), lambda x: 1 / sympy.sin(x)),
    Atom("1/cos^2", lambda x: np.cos(x) ** -2.0, lambda x: sympy.cos(x) ** -2),
    Atom("1/sin^2", lambda x: np.sin(x) ** -2.0, lambda x: sympy.sin(x) ** -2),
    Atom("exp(2x)", lambda x: np.exp(2 * x), lambda x: sympy.exp(2 * x)),
    Atom("exp(-2x)", lambda x: np.exp(-2 * x), lambda x: sympy.exp(-2 * x)),
)
RATIOS = (
    Atom("1/sqrt(1+x^2)", lambda x: 1 / np.sqrt(1 + x**2), lambda x: 1 / sympy.sqrt(1 + x**2)),
    Atom("1/sqrt(1-x^2)", lambda x: 1 / np.sqrt(1 - x**2), lambda x: 1 / sympy.sqrt(1 - x**2)),
    Atom("x/sqrt(1+x^2)", lambda x: x / np.sqrt(1 + x**2), lambda x: x / sympy.sqrt(1 + x**2)),
    Atom("x/sqrt(1-x^2)", lambda x: x / np.sqrt(1 - x**2), lambda x: x / sympy.sqrt(1 - x**2)),
    Atom("x/(1+x)", lambda x: x / (1 + x), lambda x: x / (1 + x)),
    Atom("x/(1-x)", lambda x: x / (1 - x), lambda x: x / (1 - x)),
)
ATOMS: tuple[Atom, ...] = (
    *POWERS,
    *FUNCTIONS,
    *RECIPROCALS,
    *(_times(p, f) for p in (1, 2, -1) for f in FUNCTIONS[:7]),
)


def values_of(x: Array, atoms: tuple[Atom, ...] = ATOMS) -> list[tuple[Atom, Array]]:
    """The atoms that are finite and moderate on all of ``x``, with their values."""
    found = []
    positive = bool(np.all(x > 0))
    for atom in atoms:
        if atom.positive and not positive:
            continue
        with np.errstate(all="ignore"):
            values = atom.value(x)
        if np.all(np.isfinite(values)) and np.any(values != 0) and np.max(np.abs(values)) < 1e8:
            found.append((atom, values))
    return found


def by_name(*names: str) -> tuple[Atom, ...]:
    """The atoms of those names, in that order."""
    known = {atom.name: atom for atom in (*POWERS, *FUNCTIONS, *SHIFTED, *RECIPROCALS, *RATIOS)}
    return tuple(known[name] for name in names)
