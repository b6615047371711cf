"""Special functions that the user names: T(g z^m) = c0 + c1 f(k z^s), and g or 1/g = c f(a z + b) + d.

The first is the test of `identify` with other shapes, the second that of an edge by `match`. Both are for one input (the
first also beside a power of another); what leads there are the reductions that all laws share, which know no function.
Nothing of this is tried unless it is asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import sympy

from edgewise.primitives import Primitive, special

from .families import Shape
from .identify import identify
from .match import match
from .problem import TARGET, Problem, reduced
from .queue import Node, Stage
from .stages import lift_once
from .transforms import TRANSFORMS, sign_of
from .work import Cost

SHAPES = {
    row.name: Shape(row.name, row.numpy, row.slope, row.sympy, largest=row.domain[1], waves=row.waves)
    for row in special.ROWS
}
TOP = 3
POWERS = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
SHAPE, EDGE = Cost(10), Cost(60, 1, 2000)  # for each function


def special_stages(functions: Sequence[Primitive]) -> tuple[Stage, ...]:
    """The tests for these functions; none where there are none."""
    if not functions:
        return ()
    shapes = tuple(SHAPES[row.name] for row in functions)
    named = {row.name: row for row in functions}
    one = len(named)
    return (
        Stage("special shapes", 0.55, _one_input, lambda node: _shapes(node.problem, shapes), _times(SHAPE, one)),
        Stage(
            "special products",
            1.0,
            lambda node: node.problem.inputs == 2,
            lambda node: _products(node.problem, shapes),
            _times(SHAPE, 2 * len(POWERS) * one),
        ),
        Stage("special edge", 0.58, _one_input, lambda node: _edges(node.problem, named), _times(EDGE, one)),
    )


def _products(problem: Problem, shapes: tuple[Shape, ...]) -> Iterator[sympy.Expr]:
    """A shape of one input times a small power of the other: few rows show no symmetry, but may be looked at."""
    if problem.weights is not None:
        return
    for i, j in ((0, 1), (1, 0)):
        other, values = problem.symbols[j], problem.x[:, j]
        for m in POWERS:
            if np.any(values == 0) or (m != int(m) and np.any(values < 0)):
                continue
            power = other ** sympy.Rational(m)
            column = (problem.symbols[i], problem.x[:, i])
            child = reduced(problem, "power", [column], problem.y / values**m, power * TARGET)
            for found in identify(child, shapes):
                yield lift_once(child, found)


def _times(cost: Cost, number: int) -> Cost:
    """The cost of so many."""
    return replace(cost, base=number * cost.base)


def _one_input(node: Node) -> bool:
    return node.problem.inputs == 1


def _shapes(problem: Problem, shapes: tuple[Shape, ...]) -> Iterator[sympy.Expr]:
    """Exact ones; in noise they would be too many."""
    if problem.weights is None:
        yield from identify(problem, shapes)


def _edges(problem: Problem, functions: Mapping[str, Primitive]) -> Iterator[sympy.Expr]:
    weights = None if problem.weights is None else problem.weights**2
    for name in ("y",) if problem.weights is not None else ("y", "1/y"):
        transform = TRANSFORMS[name]
        if not transform.allowed(problem.y):
            continue
        target = transform.forward(problem.y)
        for found in match(problem.x[:, 0], target, primitives=functions, weights=weights, top=TOP):
            if np.isfinite(found.rmse) and found.outer_scale:
                form = found.expression(problem.symbols[0])
                yield transform.inverse(TARGET, sign_of(problem.y)).xreplace({TARGET: form})
