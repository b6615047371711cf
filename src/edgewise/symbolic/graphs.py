"""Named graphs tried outright: [n, 1, 1] networks whose every edge is a primitive, by linear least squares.

For a few dozen rows no spline can be trusted, but a graph with n + 1 constants can be fitted and judged row by row.
T(y) = sum c_i f_i(x_i) (+ c_0) covers affine laws, power laws (logs inside, exp outside), and the scales on which
people plot their data.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import sympy

from edgewise.formula import symbol
from edgewise.primitives import PRIMITIVES, Primitive

Columns = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Scale:
    """A primitive and the one that undoes it: y = outer(T) when T = inner(y)."""

    inner: str
    outer: str


SCALES = (Scale("x", "x"), Scale("log", "exp"), Scale("x^2", "sqrt"), Scale("1/x", "1/x"), Scale("sqrt", "x^2"))
INNER = ("x", "log", "x^2", "sqrt", "1/x", "exp")


def named_graphs(
    columns: Columns, y: np.ndarray, primitives: Mapping[str, Primitive] = PRIMITIVES
) -> Iterator[sympy.Expr]:
    """Expressions for y with constants fitted on the scale T(y); those of fewer primitives first.

    Every input has the same primitive, or, up to two inputs, each its own. Only primitives in the given table are used.
    """
    names = list(columns)
    inner = [name for name in INNER if name in primitives]
    mixed = list(product(inner, repeat=len(names))) if len(names) <= 2 else [(name,) * len(names) for name in inner]
    for scale in SCALES:
        if scale.outer not in primitives or (target := _values(scale.inner, y)) is None:
            continue
        for edges in mixed:
            features = [_values(edge, columns[name]) for edge, name in zip(edges, names, strict=True)]
            if any(feature is None for feature in features):
                continue
            terms = [PRIMITIVES[edge]("sympy", symbol(name)) for edge, name in zip(edges, names, strict=True)]
            yield from _fitted(np.column_stack([f for f in features if f is not None]), target, terms, scale)


def _fitted(design: np.ndarray, target: np.ndarray, terms: list[sympy.Expr], scale: Scale) -> Iterator[sympy.Expr]:
    """With and without an intercept; logs on both sides become a power law."""
    for intercept in (False, True):
        matrix = np.column_stack([design, np.ones(len(target))]) if intercept else design
        if matrix.shape[1] >= len(target):
            continue
        c = np.linalg.lstsq(matrix, target, rcond=None)[0]
        if not np.isfinite(c).all():
            continue
        inner = sympy.Add(*(sympy.Float(value) * term for value, term in zip(c, terms, strict=False)))
        if scale.outer == "exp":
            powers = [_exponentiated(float(value), term) for value, term in zip(c, terms, strict=False)]
            constant = [sympy.Float(float(np.exp(np.clip(c[-1], -700, 700))))] if intercept else []
            yield sympy.Mul(*constant, *powers)
        else:
            yield PRIMITIVES[scale.outer]("sympy", inner + sympy.Float(c[-1]) if intercept else inner)


def _exponentiated(value: float, term: sympy.Expr) -> sympy.Expr:
    """exp(value * term), as a power where the term is a logarithm."""
    if isinstance(term, sympy.log):
        return term.args[0] ** sympy.Float(value)
    return sympy.exp(sympy.Float(value) * term)


def _values(name: str, x: np.ndarray) -> np.ndarray | None:
    """f(x), or None where it is not finite for every row."""
    primitive = PRIMITIVES[name]
    low, high = primitive.domain
    if x.min() < low or x.max() > high or (not primitive.inside and (x.min() <= low or x.max() >= high)):
        return None
    if primitive.pole and (x == 0).any():
        return None
    with np.errstate(all="ignore"):
        values = np.asarray(primitive("numpy", x), dtype=float)
    return values if np.isfinite(values).all() else None
