"""The order of the work: tasks by their price, hypotheses that were surpassed wait."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import sympy

from .problem import Array, Problem
from .surrogate import Surrogate, best_polynomial, fit
from .work import Cost

MUCH = 0.1  # of the spread, what a surrogate leaves where it may be too poor to judge by
SURPASSED = 1.0
"""What the remaining tasks of a problem cost more once a strong hypothesis has made it simpler."""


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

    @cached_property
    def rough(self) -> bool:
        """Whether the surrogate leaves much that is not noise: it then tells little of the law, which may oscillate."""
        if self.surrogate is None or self.surrogate.error < MUCH:
            return False
        found = best_polynomial(self.problem)
        return found is not None and not found.noisy


@dataclass(order=True)
class Task:
    key: float
    order: int
    stage: "Stage" = field(compare=False)
    node: Node = field(compare=False)
    deferred: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Stage:
    """A test: its price beside those of the others, the problems it is for, what it finds there, and what work it is.

    The price is belief and makes the order; the cost is time and makes the end.
    """

    name: str
    price: float
    wanted: Callable[[Node], bool]
    run: Callable[[Node], Iterator[sympy.Expr | Node]]
    cost: Cost


class Queue:
    """Tasks in the order of their keys; equal keys in the order in which they came."""

    def __init__(self, stages: tuple[Stage, ...]) -> None:
        self.stages = stages
        self.heap: list[Task] = []
        self.count = 0
        self.seen: set[tuple] = set()
        self.surpassed: set[Problem] = set()
        self.key = 0.0
        self.last = np.inf

    def add(self, node: Node) -> None:
        mark = _mark(node.problem)
        finite = np.all(np.isfinite(node.problem.x)) and np.all(np.isfinite(node.problem.y))
        if mark in self.seen or not finite:
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
            if task.node.problem in self.surpassed and not task.deferred:
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
        if parent in self.surpassed:
            return replace(node, price=node.price + SURPASSED / 2)
        self.surpassed.add(parent)
        return node


def _mark(problem: Problem) -> tuple:
    """Equal for problems that say the same on sixteen rows, equally well and for the same end, whatever way led to them.

    A column and its negative say the same; x, where it has both signs, and |x| do not.
    """
    rows = np.linspace(0, len(problem.y) - 1, min(16, len(problem.y))).astype(int)
    columns = sorted(_digits(_turned(column[rows])) for column in problem.x.T)
    return (*columns, _digits(problem.y[rows]), f"{problem.accuracy:.0e}", problem.root.aside is not None)


def _turned(values: Array) -> Array:
    """The values or their negatives, so that the first that is not 0 is above 0."""
    signs = np.sign(values[values != 0])
    return values * signs[0] if len(signs) else values


def _digits(values: Array) -> str:
    return " ".join(f"{value:.9e}" for value in values + 0.0)  # no -0
