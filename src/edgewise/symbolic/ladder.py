"""From a table to a law by exact tests, the cheapest first.

A queue holds tasks: one stage on one problem. A stage either names the law (expressions for the problem's target) or makes
smaller problems (hypotheses). The key of a task is what the problem has cost in belief so far plus the price of the
stage, so that no branch is followed to its end while a better one waits: a wrong reduction costs time but never blocks the way.

A reduction is believed when it lets the surrogate's leave-one-out error drop; those that do not are kept and come
later. What counts in the end is only the formula, evaluated on the user's rows.
"""

import heapq
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import sympy

from edgewise.formula import evaluate, symbol

from .additive import additive, posynomial, transformed_monomial
from .identify import identify
from .monomial import monomial
from .problem import EXACT, Array, Candidate, Problem, first_problem, lift, relative
from .rational import rational_function
from .separable import separable
from .shorten import shorten
from .surrogate import Surrogate, fit
from .symmetry import merge_reductions, scale_reductions
from .transforms import transformed

MOST_ROWS = 2000
STRONG, FLOOR = 0.2, 1e-4


@dataclass(frozen=True, eq=False)
class Node:
    """A problem in the queue: what believing it has cost, and the surrogate once fitted."""

    problem: Problem
    price: float
    surrogate: Surrogate | None = None


@dataclass(order=True)
class Task:
    key: float
    order: int
    stage: "Stage" = field(compare=False)
    node: Node = field(compare=False)


@dataclass(frozen=True)
class Stage:
    """A test: its price beside those of the others, the problems it is for, and what it finds there."""

    name: str
    price: float
    wanted: Callable[[Node], bool]
    run: Callable[[Node], Iterator[sympy.Expr | Node]]


def ladder(
    columns: Mapping[str, Array], y: Array, *, noise: float | None = None, deadline: float | None = None
) -> Iterator[Candidate]:
    """Candidates for y as a function of ``columns``, each as soon as it is found; an exact one ends the search.

    ``columns`` maps names to arrays (N,); ``deadline`` is a value of time.monotonic() after which no new test begins.
    Nothing is drawn at random: equal tables give equal answers.
    """
    judge = _Judge(columns, y)
    queue = _Queue(_expand_stages())
    queue.add(Node(_sample(columns, y), 0.0))
    for stage, node in queue:
        for found in stage.run(node):
            if isinstance(found, Node):
                queue.add(found)
                continue
            candidate = judge(node.problem, found, stage.name)
            if candidate is not None:
                yield candidate
                if candidate.exact:
                    return
            if deadline is not None and time.monotonic() > deadline:
                return
        if deadline is not None and time.monotonic() > deadline:
            return


def _sample(columns: Mapping[str, Array], y: Array) -> Problem:
    """The first problem, on evenly spread rows of a long table."""
    rows = np.linspace(0, len(y) - 1, min(MOST_ROWS, len(y))).astype(int)
    return first_problem({name: np.asarray(column)[rows] for name, column in columns.items()}, np.asarray(y)[rows])


class _Queue:
    """Tasks in the order of their keys; equal keys in the order in which they came."""

    def __init__(self, stages: tuple[Stage, ...]) -> None:
        self.stages = stages
        self.heap: list[Task] = []
        self.count = 0
        self.seen: set[tuple] = set()

    def add(self, node: Node) -> None:
        mark = _mark(node.problem)
        if mark in self.seen:
            return
        self.seen.add(mark)
        for stage in self.stages:
            if stage.wanted(node):
                self.count += 1
                heapq.heappush(self.heap, Task(node.price + stage.price, self.count, stage, node))

    def __iter__(self) -> Iterator[tuple[Stage, Node]]:
        while self.heap:
            task = heapq.heappop(self.heap)
            yield task.stage, task.node


def _mark(problem: Problem) -> tuple:
    """Equal for problems that say the same, whatever way led to them."""
    columns = sorted(f"{np.abs(column[0]):.9e} {np.abs(column[-1]):.9e}" for column in problem.x.T)
    return (*columns, f"{problem.y[0]:.9e} {problem.y[-1]:.9e}")


class _Judge:
    """Turns an expression of a problem into a candidate: over the user's columns, with its error on the user's rows."""

    def __init__(self, columns: Mapping[str, Array], y: Array) -> None:
        self.columns = {name: np.asarray(values, dtype=float) for name, values in columns.items()}
        self.y = np.asarray(y, dtype=float)
        self.best = np.inf
        self.names: dict[sympy.Symbol, sympy.Symbol] = {}

    def __call__(self, problem: Problem, found: sympy.Expr, stage: str) -> Candidate | None:
        lifted = lift(problem, found)
        first = problem
        while first.parent is not None:
            first = first.parent
        inner = {s.name: values for s, values in zip(first.symbols, self.columns.values(), strict=True)}
        error = relative(evaluate(lifted, inner) - self.y, self.y)
        if error > EXACT and error > 0.5 * self.best:
            return None
        self.best = min(error, self.best)
        if error <= EXACT:
            lifted = shorten(lifted, inner, self.y)
        names = {s: symbol(name) for s, name in zip(first.symbols, self.columns, strict=True)}
        expression = lifted.xreplace(names)
        error = relative(evaluate(expression, self.columns) - self.y, self.y)
        return Candidate(expression, error, stage, problem.trail)


# the stages ---------------------------------------------------------------------------------------------------------


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


def _symmetries(node: Node) -> Iterator[Node]:
    """Fit the surrogate, then the children it suggests, each judged by fitting again."""
    surrogate = node.surrogate or fit(node.problem)
    if surrogate is None:
        return
    for reductions, price in ((scale_reductions, 0.0), (merge_reductions, 0.3)):
        for child in reductions(node.problem, surrogate):
            judged = _judged(child, node, surrogate, price)
            yield judged
            if judged.price - node.price < 1.0 and reductions is scale_reductions:
                return


def _judged(child: Problem, node: Node, surrogate: Surrogate, price: float) -> Node:
    """A child is strong where the error drops (or is small anyway), else it waits."""
    if child.inputs == 0:
        return Node(child, node.price)
    again = fit(child)
    after = np.inf if again is None else again.error
    strong = after <= max(STRONG * surrogate.error, FLOOR)
    weak = after <= 1.5 * surrogate.error + FLOOR
    if child.hypothesis is not None:
        child = replace(child, hypothesis=replace(child.hypothesis, before=surrogate.error, after=float(after)))
    return Node(child, node.price + price + (0.1 if strong else 1.5 if weak else 4.0) + 0.1 * child.inputs, again)


def _inputs(low: int, high: int) -> Callable[[Node], bool]:
    return lambda node: low <= node.problem.inputs <= high


def _on_problem(test: Callable[[Problem], Iterator[sympy.Expr]]) -> Callable[[Node], Iterator[sympy.Expr]]:
    return lambda node: test(node.problem)


def _expand_stages() -> tuple[Stage, ...]:
    return (
        Stage("monomial", 0.0, lambda node: True, _monomial),
        Stage("transformed monomial", 0.1, _inputs(1, 20), _on_problem(transformed_monomial)),
        Stage("additive", 0.2, _inputs(1, 20), _on_problem(additive)),
        Stage("symmetry", 0.5, _inputs(2, 20), _symmetries),
        Stage("identify", 0.6, _inputs(1, 1), _on_problem(identify)),
        Stage("rational", 0.7, _inputs(1, 4), _rational),
        Stage("separable", 1.5, _inputs(2, 3), _on_problem(separable)),
        Stage("posynomial", 1.0, _inputs(2, 6), _on_problem(posynomial)),
    )
