"""The tests as a table: what each one costs and the problems it is for.

A reduction is believed when it lets the surrogate's leave-one-out error drop; those that do not are kept for later.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import sympy

from .additive import additive, posynomial, transformed_monomial
from .arguments import argument_reductions, factor_reductions
from .beside import beside
from .compositions import composition
from .curves import curve_reductions, power_reductions
from .dictionary import argument_dictionary
from .factors import factor_products
from .identify import identify, powers_and_exponentials
from .likely import likely_shapes
from .monomial import monomial
from .noisy import (
    argument_sums,
    curve_of_monomial,
    noisy_monomial,
    plain_sums,
    products_of_atoms,
    saturating_sums,
    short_sums,
    weighted_transform,
)
from .peel import factor_peels, term_peels
from .problem import Aside, Problem, lift
from .quadratic import quadratic_forms
from .queue import Node, Stage
from .rational import rational_function
from .ridge import ridge_reductions
from .roots import signed_root
from .separable import separable
from .series import plain_polynomial, sums_over_inputs, waves_of_powers
from .splits import splits
from .surrogate import Surrogate, fit
from .symmetry import merge_reductions, scale_reductions
from .transforms import transformed
from .work import Cost

STRONG, FLOOR, ROUGH = 0.2, 1e-4, 1e-3
"""Leave-one-out errors: the drop that makes a hypothesis strong, what is small anyway, what is too rough."""


def _monomial(node: Node) -> Iterator[sympy.Expr]:
    found = monomial(node.problem)
    if found is not None:
        yield found


def _rational(node: Node) -> Iterator[sympy.Expr | Node]:
    for name in ("y", "y^2", "log", "cos", "sin", "exp"):
        child = node.problem if name == "y" else transformed(node.problem, name)
        found = None if child is None else rational_function(child)
        if child is None or found is None:
            continue
        if child is not node.problem and child.hypothesis is not None:
            found = lift_once(child, found)
        yield found


def lift_once(child: Problem, found: sympy.Expr) -> sympy.Expr:
    """An expression for the child's target as one for the parent's."""
    alone = replace(child, parent=replace(child.parent, parent=None, hypothesis=None)) if child.parent else child
    return lift(alone, found)


def _scales(node: Node) -> Iterator[Node]:
    """The children of the scale null space, the largest symmetry first, until one is strong."""
    surrogate = node.surrogate
    if surrogate is None:
        return
    size = 0
    for child in scale_reductions(node.problem, surrogate):
        if size and child.inputs > size:
            return
        judged = _judged(child, node, surrogate, 0.0)
        size = child.inputs if judged.price <= node.price + 0.5 + 0.1 * child.inputs else size
        yield judged


def _sums(node: Node) -> Iterator[Node]:
    """The children in which groups of inputs act through one sum."""
    surrogate = node.surrogate
    if surrogate is not None:
        for child in merge_reductions(node.problem, surrogate):
            yield _judged(child, node, surrogate, 0.2)


def _ridges(node: Node) -> Iterator[Node]:
    """The children found by fitting the exponents, where the surrogate alone is too rough for its gradient."""
    surrogate = node.surrogate
    if surrogate is not None and surrogate.error > ROUGH:
        for child in ridge_reductions(node.problem, surrogate):
            yield _judged(child, node, surrogate, 0.0)


def _peels(node: Node) -> Iterator[Node]:
    """The children without one input, after a term or factor of it has been taken off."""
    surrogate = node.surrogate
    if surrogate is not None:
        for peels in (factor_peels, term_peels):
            for child in peels(node.problem, surrogate):
                yield _judged(child, node, surrogate, 0.3)


def _beside(node: Node) -> Iterator[Node]:
    """The children without one input, whose curves beside the rest have been named; coefficients to be named aside."""
    surrogate = node.surrogate
    if surrogate is not None:
        for child in beside(node.problem, surrogate.error):
            if child.aside is not None:
                yield Node(replace(child, aside=replace(child.aside, price=node.price)), node.price + ASIDE)
            else:
                yield _judged(child, node, surrogate, 0.1)


def answers(node: Node, aside: Aside, found: sympy.Expr) -> Iterator[Node]:
    """The problems that follow from a name for a part of another one; the first that hold settle it."""
    for child in aside.answer(lift(node.problem, found)):
        aside.question.settled = True
        yield Node(child, aside.price + 0.1 + 0.1 * child.inputs)


def _transforms(node: Node) -> Iterator[Node]:
    """The same inputs for T(y), where T was not tried by the surrogate."""
    problem = node.problem
    if problem.hypothesis is not None and problem.hypothesis.kind.startswith("transform"):
        return
    for name in ("y^2", "log", "exp", "sin", "cos", "tan"):
        child = transformed(problem, name)
        if child is not None:
            yield Node(child, node.price + 2.5, strong=False)


def _outer(node: Node) -> Iterator[Node]:
    """A(x) where y = f(A), f a square, tanh, logarithm, sine or cosine, and a polynomial tells A much better than y."""
    problem, surrogate = node.problem, node.surrogate
    if surrogate is None or surrogate.error < EXACTLY:
        return
    last = "" if problem.hypothesis is None else problem.hypothesis.kind
    for name, price in OUTER.items():
        if name in last or (name in ROOTS and any(root in last for root in ROOTS)):  # the same once more
            continue
        child = signed_root(problem) if name == "signed root" else transformed(problem, name)
        after = None if child is None else fit(child)
        if child is not None and after is not None and after.error < STRONG * surrogate.error:
            yield Node(child, node.price + price, after)


def _arguments(node: Node) -> Iterator[Node]:
    """The children of the argument scan: one input each."""
    if _waving(node):
        for child in argument_reductions(node.problem):
            yield Node(child, node.price + 0.2, strong=False)


def _factors(node: Node) -> Iterator[Node]:
    """The children whose factor of one input oscillates: one input each."""
    for child in factor_reductions(node.problem):
        yield Node(child, node.price + 0.2, strong=False)


def _curves(node: Node) -> Iterator[Node]:
    """The children of the curve scan: one input each, or two."""
    if node.surrogate is not None:
        for child in curve_reductions(node.problem):
            yield _judged(child, node, node.surrogate, 0.0)


def _powers(node: Node) -> Iterator[Node]:
    """The child without the inputs that act by a power alone."""
    if node.surrogate is not None:
        for child in power_reductions(node.problem):
            yield _judged(child, node, node.surrogate, 0.0)


def _curve_of_monomial(node: Node) -> Iterator[Node]:
    """The child whose one input the nearest power product hints at."""
    child = None if node.surrogate is None else curve_of_monomial(node.problem)
    if child is not None and node.surrogate is not None:
        yield _judged(child, node, node.surrogate, 0.0)


def _smoother(node: Node) -> Iterator[Node]:
    """T(y) where a polynomial tells it clearly better than y."""
    problem = node.problem
    if node.surrogate is None or (problem.hypothesis is not None and problem.hypothesis.kind.startswith("transform")):
        return
    for name in ("1/y", "y^2", "1/y^2", "log"):
        child = weighted_transform(problem, name)
        after = None if child is None else fit(child)
        if child is None or after is None or child.weights is None or problem.weights is None:
            continue
        before = node.surrogate.error * np.std(problem.y * problem.weights)
        if after.error * np.std(child.y * child.weights) < SMOOTHER * before:
            yield Node(child, node.price + 0.1, after)


def _splits(node: Node) -> Iterator[sympy.Expr]:
    """Curves of single inputs: where the target is noisy no worse than the surrogate, else clearly good."""
    error = np.inf if node.surrogate is None else node.surrogate.error
    yield from splits(node.problem, APART if node.problem.weights is None else 1.1 * error)


def _early_dictionary(node: Node) -> Iterator[sympy.Expr]:
    if _waving(node):
        yield from argument_dictionary(node.problem)


def _argument_sums(node: Node) -> Iterator[sympy.Expr]:
    if _waving(node):
        yield from argument_sums(node.problem)


def _late_argument_sums(node: Node) -> Iterator[sympy.Expr]:
    if not _waving(node):
        yield from argument_sums(node.problem)


def _limit(node: Node) -> float:
    """An rmse in the user's y that is clearly worse than that of the surrogate."""
    if node.surrogate is None or node.problem.weights is None:
        return float("inf")
    return 1.5 * node.surrogate.error * float(np.std(node.problem.y * node.problem.weights))


def _late_dictionary(node: Node) -> Iterator[sympy.Expr]:
    if not _waving(node):
        yield from argument_dictionary(node.problem)


def _judged(child: Problem, node: Node, surrogate: Surrogate, price: float) -> Node:
    """A child is strong where the error drops (or is small anyway), else it waits."""
    again = fit(child) if child.inputs else None
    after = _spread(child, node.problem) if child.inputs == 0 else np.inf if again is None else again.error
    # noise does not drop: fewer inputs without a larger error is then all there is to see
    if child.weights is None:
        enough = max(STRONG * surrogate.error, FLOOR)
    else:
        enough = (CLEARLY if node.rough else 1.05) * surrogate.error
    strong = after <= enough
    weak = after <= 1.5 * surrogate.error + FLOOR
    if child.hypothesis is not None:
        child = replace(child, hypothesis=replace(child.hypothesis, before=surrogate.error, after=float(after)))
    price = node.price + price + (0.1 if strong else 1.5 if weak else 4.0) + 0.1 * child.inputs
    # in noise a constant ends nothing: power products were tried before, and one may only look like the law
    return Node(child, price, again, strong and (child.inputs > 0 or child.weights is None))


def _spread(child: Problem, parent: Problem) -> float:
    """What a constant leaves of a target: over its size, and in noise, as a surrogate's error, over the parent's spread."""
    if child.weights is None or parent.weights is None:
        return float(np.std(child.y) / max(abs(float(np.mean(child.y))), 1e-300))
    left = child.y - np.average(child.y, weights=child.weights**2)
    return float(np.sqrt(np.mean((left * child.weights) ** 2)) / max(float(np.std(parent.y * parent.weights)), 1e-300))


def _signed(node: Node) -> bool:
    """Whether an input has negative values, so that the tests by logarithms are not for it."""
    return node.problem.inputs > 0 and not all(node.problem.positive)


def _waving(node: Node) -> bool:
    """The surrogate is no good, so the law may oscillate."""
    return node.surrogate is None or node.surrogate.error > 0.02


def _inputs(low: int, high: int) -> Callable[[Node], bool]:
    return lambda node: low <= node.problem.inputs <= high


def _smooth(low: int, high: int) -> Callable[[Node], bool]:
    """Problems near at hand that a polynomial tells well."""
    return lambda node: low <= node.problem.inputs <= high and node.price <= NEAR and not _waving(node)


def _near(low: int, high: int) -> Callable[[Node], bool]:
    """Problems near at hand."""
    return lambda node: low <= node.problem.inputs <= high and node.price <= NEAR


def _on_problem(test: Callable[[Problem], Iterator[sympy.Expr]]) -> Callable[[Node], Iterator[sympy.Expr]]:
    return lambda node: test(node.problem)


NEAR = 2.0  # what believing in a problem may have cost before a surrogate is fitted only to see whether it is smooth
OUTER = {"signed root": 0.2, "sqrt": 0.2, "atanh": 0.2, "exp": 0.2, "asin": 0.2, "acos": 1.2}
"""Inverses of outer functions and what to believe in them costs; the arc cosine is the arc sine to a constant."""
ROOTS = ("signed root", "sqrt")
EXACTLY = 1e-9  # of the spread, what a polynomial leaves of itself
ASIDE = 0.3  # what believing in a part costs
CLEARLY = 0.7  # of a rough surrogate's error in noise, what fewer inputs may leave
SMOOTHER = 0.9  # of the error in the user's units
APART = 0.05  # error over the spread of inputs that act apart, without noise
SPLITS = Cost(900, 1.4)
DICTIONARY = Cost(90, 2.0, 4000)
ARGUMENT_SUMS = Cost(400, 1.65, 4000)
# The costs were measured on noise with 1 to 12 inputs and 50 to 2,000 rows; a factor of two off is no harm.
STAGES: tuple[Stage, ...] = (
    Stage("monomial", 0.0, lambda node: True, _monomial, Cost(0.5, 1.05, 4000)),
    Stage("transformed monomial", 0.1, _inputs(1, 20), _on_problem(transformed_monomial), Cost(1, 1.05, 2000)),
    Stage("additive", 0.2, _inputs(1, 20), _on_problem(additive), Cost(1, 1.15, 500)),
    Stage("scale", 0.5, _inputs(2, 20), _scales, Cost(5, 1.3, 100)),
    Stage("powers alone", 1.05, _inputs(2, 12), _powers, Cost(5, 1.5, 700)),
    Stage("ridge", 0.9, _inputs(2, 12), _ridges, Cost(5, 1.3, 1000)),
    Stage("factors", 1.4, _inputs(1, 8), _on_problem(factor_products), Cost(35, 2.15)),
    Stage("outer", 0.72, _near(1, 8), _outer, Cost(100, 1.3, 700)),
    Stage("transform", 2.2, _inputs(1, 8), _transforms, Cost(0.5)),
    Stage("beside", 1.15, _smooth(2, 8), _beside, Cost(400, 1.8)),
    Stage("compositions", 0.65, _smooth(1, 1), _on_problem(composition), Cost(250)),
    Stage("peel", 1.3, _inputs(2, 12), _peels, Cost(30, 1.15)),
    Stage("argument scan", 1.2, _inputs(2, 6), _arguments, Cost(7, 2.8, 600)),
    Stage("factor scan", 1.45, _inputs(2, 4), _factors, Cost(40, 1.8, 600)),
    Stage("argument dictionary", 2.0, _inputs(2, 6), _early_dictionary, DICTIONARY),
    Stage("argument dictionary", 5.0, _inputs(2, 6), _late_dictionary, DICTIONARY),
    Stage("sum", 0.8, _inputs(2, 20), _sums, Cost(1, 1.3, 100)),
    Stage("identify", 0.6, _inputs(1, 1), _on_problem(identify), Cost(80)),
    Stage("powers", 0.9, _inputs(1, 1), _on_problem(powers_and_exponentials), Cost(25, 1, 1000)),
    Stage("rational", 0.7, _inputs(1, 4), _rational, Cost(2, 2, 1000)),
    Stage("long polynomial", 0.75, _inputs(1, 1), _on_problem(plain_polynomial), Cost(1)),
    Stage("waves of powers", 1.1, _inputs(1, 1), _on_problem(waves_of_powers), Cost(40, 1, 1000)),
    Stage("sums over inputs", 1.45, _inputs(2, 3), _on_problem(sums_over_inputs), Cost(40, 1.5, 1000)),
    Stage("separable", 1.5, _inputs(2, 3), _on_problem(separable), Cost(100, 2, 2000)),
    Stage("splits", 1.6, _inputs(2, 8), _splits, SPLITS),
    Stage("posynomial", 1.0, _inputs(2, 6), _on_problem(posynomial), Cost(10, 1.7, 1000)),
)

NOISY_STAGES: tuple[Stage, ...] = (
    Stage("monomial", 0.0, _inputs(0, 20), _on_problem(noisy_monomial), Cost(0.8, 1.05, 1000)),
    Stage("scale", 0.5, _inputs(2, 20), _scales, Cost(8, 1.2, 500)),
    Stage("shapes", 0.6, _inputs(1, 1), _on_problem(likely_shapes), Cost(60, 1, 150)),
    Stage("powers alone", 0.51, _inputs(2, 12), _powers, Cost(5, 1.5, 700)),
    Stage("curve of a power product", 0.05, _inputs(2, 12), _curve_of_monomial, Cost(1, 1.05, 500)),
    Stage("smoother", 0.75, _inputs(2, 12), _smoother, Cost(5, 1.5, 500)),
    Stage("curves", 0.52, _inputs(2, 8), _curves, Cost(20, 1.5, 700)),
    Stage("sum", 0.8, _inputs(2, 20), _sums, Cost(10, 1.9, 700)),
    Stage("ridge", 0.9, _inputs(2, 12), _ridges, Cost(5, 1.3, 1000)),
    Stage("argument scan", 1.2, _inputs(2, 6), _arguments, Cost(7, 2.8, 600)),
    Stage("argument sums", 0.95, _inputs(2, 6), _argument_sums, ARGUMENT_SUMS),
    Stage("argument sums", 1.9, _inputs(2, 4), _late_argument_sums, ARGUMENT_SUMS),
    Stage("plain terms", 0.5, _inputs(1, 6), lambda node: plain_sums(node.problem, _limit(node)), Cost(60, 1.1)),
    Stage(
        "quadratic", 0.45, _inputs(1, 9), lambda node: quadratic_forms(node.problem, _limit(node)), Cost(10, 1.35, 700)
    ),
    Stage("two terms", 0.55, _inputs(1, 6), lambda node: short_sums(node.problem, 2, _limit(node)), Cost(2, 1.8, 300)),
    Stage("splits", 0.72, lambda node: _signed(node) and node.problem.inputs <= 8, _splits, SPLITS),
    Stage("splits", 1.15, lambda node: not _signed(node) and 2 <= node.problem.inputs <= 8, _splits, SPLITS),
    Stage(
        "products", 0.7, _inputs(1, 2), lambda node: products_of_atoms(node.problem, _limit(node)), Cost(700, 2, 1500)
    ),
    Stage("saturating sums", 0.75, _inputs(1, 2), _on_problem(saturating_sums), Cost(100, 2, 1000)),
    Stage("short sums", 2.5, _inputs(1, 6), lambda node: short_sums(node.problem, 4, _limit(node)), Cost(4, 1.8, 300)),
)
