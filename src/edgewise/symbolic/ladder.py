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
from functools import cached_property

import numpy as np
import sympy

from edgewise.formula import evaluate, symbol

from .additive import additive, posynomial, transformed_monomial
from .arguments import argument_reductions
from .dictionary import argument_dictionary
from .factors import factor_products
from .gauge import settle_gauge
from .identify import identify, powers_and_exponentials
from .monomial import monomial
from .noisy import families, noisy_monomial, short_sums, white
from .peel import factor_peels, term_peels
from .polish import polish
from .problem import EXACT, Array, Candidate, Problem, first_problem, lift, relative
from .rational import rational_function
from .ridge import ridge_reductions
from .separable import separable
from .snap import snap
from .surrogate import Surrogate, fit
from .symmetry import merge_reductions, scale_reductions
from .transforms import transformed

MOST_ROWS = 2000
STRONG, FLOOR, ROUGH = 0.2, 1e-4, 1e-3
SURPASSED = 1.0
LAST_ORDERS = 0.6
"""With noise: how much dearer tasks may still be once a formula leaves only noise; a simpler one may be among them."""
NEARLY = 1e-5
"""Relative error below which a formula is polished and snapped before it is judged."""


@dataclass(frozen=True, eq=False)
class Node:
    """A problem in the queue: what believing it has cost, and the surrogate once fitted."""

    problem: Problem
    price: float
    fitted: Surrogate | None = None
    strong: bool = True

    @cached_property
    def surrogate(self) -> Surrogate | None:
        return self.fitted or fit(self.problem)


@dataclass(order=True)
class Task:
    key: float
    order: int
    stage: "Stage" = field(compare=False)
    node: Node = field(compare=False)
    deferred: bool = field(default=False, compare=False)


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
    noisy = bool(noise)
    judge = _NoisyJudge(columns, y) if noisy else _Judge(columns, y)
    queue = _Queue(NOISY_STAGES if noisy else STAGES)
    queue.add(Node(_sample(columns, y, noisy), 0.0))
    for stage, node in queue:
        for found in stage.run(node):
            if isinstance(found, Node):
                judge.learn(found)
                queue.add(found)
                continue
            candidate = judge(node.problem, found, stage.name)
            if candidate is not None:
                yield candidate
                if candidate.exact:
                    return
                if judge.done(candidate):
                    queue.close(LAST_ORDERS)
            if deadline is not None and time.monotonic() > deadline:
                return
        if deadline is not None and time.monotonic() > deadline:
            return


def _sample(columns: Mapping[str, Array], y: Array, noisy: bool) -> Problem:
    """The first problem, on evenly spread rows of a long table."""
    rows = np.linspace(0, len(y) - 1, min(MOST_ROWS, len(y))).astype(int)
    return first_problem(
        {name: np.asarray(column)[rows] for name, column in columns.items()}, np.asarray(y)[rows], noisy
    )


class _Queue:
    """Tasks in the order of their keys; equal keys in the order in which they came."""

    def __init__(self, stages: tuple[Stage, ...]) -> None:
        self.stages = stages
        self.heap: list[Task] = []
        self.count = 0
        self.seen: set[tuple] = set()
        self.surpassed: set[int] = set()
        self.key = 0.0
        self.last = np.inf

    def add(self, node: Node) -> None:
        mark = _mark(node.problem)
        if mark in self.seen:
            return
        self.seen.add(mark)
        node = self._beside(node)
        for stage in self.stages:
            if stage.wanted(node):
                self.count += 1
                heapq.heappush(self.heap, Task(node.price + stage.price, self.count, stage, node))

    def __iter__(self) -> Iterator[tuple[Stage, Node]]:
        while self.heap:
            task = heapq.heappop(self.heap)
            if task.key > self.last:
                return
            if id(task.node.problem) in self.surpassed and not task.deferred:
                heapq.heappush(self.heap, replace(task, key=task.key + SURPASSED, deferred=True))
                continue
            self.key = task.key
            yield task.stage, task.node

    def close(self, further: float) -> None:
        """End after the tasks that cost at most so much more than the present one."""
        self.last = min(self.last, self.key + further)

    def _beside(self, node: Node) -> Node:
        """The parent of a strong child waits from now on, and so do further strong children of the same parent."""
        parent = node.problem.parent
        if parent is None or not node.strong:
            return node
        if id(parent) in self.surpassed:
            return replace(node, price=node.price + SURPASSED / 2)
        self.surpassed.add(id(parent))
        return node


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

    def __call__(self, problem: Problem, found: sympy.Expr, stage: str) -> Candidate | None:
        """The candidate, or None where it is not finite or no better than what came before."""
        first = problem
        while first.parent is not None:
            first = first.parent
        names = {inner: symbol(name) for inner, name in zip(first.symbols, self.columns, strict=True)}
        expression = lift(problem, found).xreplace(names)
        error = self._error(expression)
        if error > EXACT and error > 0.5 * self.best:
            return None
        if error <= NEARLY:
            snapped = snap(expression, self.columns, self.y)
            signed = {outer: inner for inner, outer in names.items()}
            values = {inner.name: self.columns[outer.name] for inner, outer in names.items()}
            snapped = settle_gauge(snapped.xreplace(signed), values, self.y).xreplace(names)
            exact = self._error(snapped)
            expression, error = (snapped, exact) if exact <= max(error, EXACT) else (expression, error)
        self.best = min(error, self.best)
        return Candidate(expression, error, stage, problem.trail)

    def done(self, candidate: Candidate) -> bool:
        """Whether there is nothing left to explain."""
        return candidate.exact

    def learn(self, node: Node) -> None:
        """What a new problem tells about the error that can be reached."""

    def _error(self, expression: sympy.Expr) -> float:
        return relative(evaluate(expression, self.columns) - self.y, self.y)


class _NoisyJudge(_Judge):
    """With noise: constants polished and snapped, candidates weighed by error and length, a stop when nothing is left."""

    def __init__(self, columns: Mapping[str, Array], y: Array) -> None:
        super().__init__(columns, y)
        self.floor = np.inf
        self.problem = first_problem(self.columns, self.y, noisy=True)
        self.learn(Node(self.problem, 0.0))

    def __call__(self, problem: Problem, found: sympy.Expr, stage: str) -> Candidate | None:
        first = problem
        while first.parent is not None:
            first = first.parent
        names = {inner: symbol(name) for inner, name in zip(first.symbols, self.columns, strict=True)}
        expression = lift(problem, found).xreplace(names)
        expression = polish(expression, self.columns, self.y).expression
        error = self._error(expression)
        if not error < max(1.2 * self.floor, 0.9 * self.best):
            return None
        expression = snap(expression, self.columns, self.y)
        error = self._error(expression)
        self.best = min(error, self.best)
        return Candidate(expression, error, stage, problem.trail)

    def learn(self, node: Node) -> None:
        """The smallest leave-one-out error of any surrogate, in units of rms(y), is the level of the noise."""
        if node.surrogate is not None and node.problem.weights is not None:
            spread = float(np.std(node.problem.y * node.problem.weights))
            self.floor = min(self.floor, node.surrogate.error * spread / float(np.sqrt(np.mean(self.y**2))))

    def done(self, candidate: Candidate) -> bool:
        """The residual is white and as small as that of the best surrogate."""
        residual = self.y - evaluate(candidate.expression, self.columns)
        return candidate.rmse <= 1.02 * self.floor and white(residual, self.problem)


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


def _transforms(node: Node) -> Iterator[Node]:
    """The same inputs for T(y), where T was not tried by the surrogate."""
    problem = node.problem
    if problem.hypothesis is not None and problem.hypothesis.kind.startswith("transform"):
        return
    for name in ("y^2", "log", "exp", "sin", "cos", "tan"):
        child = transformed(problem, name)
        if child is not None:
            yield Node(child, node.price + 2.5, strong=False)


def _arguments(node: Node) -> Iterator[Node]:
    """The children of the argument scan: one input each."""
    if _waving(node):
        for child in argument_reductions(node.problem):
            yield Node(child, node.price + 0.2, strong=False)


def _early_dictionary(node: Node) -> Iterator[sympy.Expr]:
    if _waving(node):
        yield from argument_dictionary(node.problem)


def _late_dictionary(node: Node) -> Iterator[sympy.Expr]:
    if not _waving(node):
        yield from argument_dictionary(node.problem)


def _judged(child: Problem, node: Node, surrogate: Surrogate, price: float) -> Node:
    """A child is strong where the error drops (or is small anyway), else it waits."""
    again = fit(child) if child.inputs else None
    after = _spread(child.y) if child.inputs == 0 else np.inf if again is None else again.error
    if child.weights is None:
        strong = after <= max(STRONG * surrogate.error, FLOOR)
    else:  # the noise does not drop: fewer inputs without a larger error is all there is to see
        strong = after <= 1.05 * surrogate.error
    weak = after <= 1.5 * surrogate.error + FLOOR
    if child.hypothesis is not None:
        child = replace(child, hypothesis=replace(child.hypothesis, before=surrogate.error, after=float(after)))
    return Node(
        child, node.price + price + (0.1 if strong else 1.5 if weak else 4.0) + 0.1 * child.inputs, again, strong
    )


def _spread(y: Array) -> float:
    return float(np.std(y) / max(abs(float(np.mean(y))), 1e-300))


def _waving(node: Node) -> bool:
    """The surrogate is no good, so the law may oscillate."""
    return node.surrogate is None or node.surrogate.error > 0.02


def _inputs(low: int, high: int) -> Callable[[Node], bool]:
    return lambda node: low <= node.problem.inputs <= high


def _on_problem(test: Callable[[Problem], Iterator[sympy.Expr]]) -> Callable[[Node], Iterator[sympy.Expr]]:
    return lambda node: test(node.problem)


STAGES: tuple[Stage, ...] = (
    Stage("monomial", 0.0, lambda node: True, _monomial),
    Stage("transformed monomial", 0.1, _inputs(1, 20), _on_problem(transformed_monomial)),
    Stage("additive", 0.2, _inputs(1, 20), _on_problem(additive)),
    Stage("scale", 0.5, _inputs(2, 20), _scales),
    Stage("ridge", 0.9, _inputs(2, 12), _ridges),
    Stage("factors", 1.4, _inputs(1, 8), _on_problem(factor_products)),
    Stage("transform", 2.2, _inputs(1, 8), _transforms),
    Stage("peel", 1.3, _inputs(2, 12), _peels),
    Stage("argument scan", 1.2, _inputs(2, 6), _arguments),
    Stage("argument dictionary", 2.0, _inputs(2, 6), _early_dictionary),
    Stage("argument dictionary", 5.0, _inputs(2, 6), _late_dictionary),
    Stage("sum", 0.8, _inputs(2, 20), _sums),
    Stage("identify", 0.6, _inputs(1, 1), _on_problem(identify)),
    Stage("powers", 0.9, _inputs(1, 1), _on_problem(powers_and_exponentials)),
    Stage("rational", 0.7, _inputs(1, 4), _rational),
    Stage("separable", 1.5, _inputs(2, 3), _on_problem(separable)),
    Stage("posynomial", 1.0, _inputs(2, 6), _on_problem(posynomial)),
)

NOISY_STAGES: tuple[Stage, ...] = (
    Stage("monomial", 0.0, _inputs(1, 20), _on_problem(noisy_monomial)),
    Stage("scale", 0.5, _inputs(2, 20), _scales),
    Stage("families", 0.6, _inputs(1, 1), _on_problem(families)),
    Stage("sum", 0.8, _inputs(2, 20), _sums),
    Stage("ridge", 0.9, _inputs(2, 12), _ridges),
    Stage("two terms", 0.55, _inputs(1, 6), lambda node: short_sums(node.problem, 2)),
    Stage("short sums", 2.5, _inputs(1, 6), lambda node: short_sums(node.problem, 4)),
)
