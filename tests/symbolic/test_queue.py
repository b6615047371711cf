"""The order of the work: what comes twice is done once, what is cheap first, what was surpassed later."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import sympy

from edgewise.symbolic.problem import TARGET, Aside, Problem, Question, first_problem, reduced
from edgewise.symbolic.queue import Node, Queue, Stage
from edgewise.symbolic.work import Cost

ROWS = np.random.default_rng(0).uniform(-1, 1, (100, 2))
Y = ROWS[:, 0] ** 3 + ROWS[:, 1]


def nothing(node: Node) -> Iterator[sympy.Expr]:
    return iter(())


def stage(name: str, price: float) -> Stage:
    return Stage(name, price, lambda node: True, nothing, Cost(0.0))


def table(x: np.ndarray, y: np.ndarray = Y) -> Problem:
    return first_problem({f"x{i}": column for i, column in enumerate(x.T)}, y)


def taken(*problems: Problem) -> int:
    """How many of the problems a queue of one stage takes up."""
    queue = Queue((stage("one", 1.0),))
    for problem in problems:
        queue.add(Node(problem, 0.0))
    return len(queue.heap)


@pytest.mark.parametrize(
    "same",
    [table(ROWS), table(-ROWS), table(ROWS[:, ::-1]), table(ROWS * [1, -1]), table(ROWS * (1 + 1e-12))],
    ids=["itself", "negatives", "another order", "one negative", "rounding"],
)
def test_what_says_the_same_is_taken_once(same: Problem) -> None:
    assert taken(table(ROWS), same) == 1


@pytest.mark.parametrize(
    "other",
    [table(np.abs(ROWS)), table(ROWS, -Y), table(ROWS[:, :1]), replace(table(ROWS), accuracy=1e-4)],
    ids=["absolute values", "another target", "fewer columns", "known less well"],
)
def test_what_says_something_else_is_taken_too(other: Problem) -> None:
    assert taken(table(ROWS), other) == taken(other, table(ROWS)) == 2


def test_a_part_asked_for_aside_is_another_problem_than_the_law() -> None:
    aside = replace(table(ROWS), aside=Aside(Question(), lambda found: iter(())))
    following = reduced(aside, "sum", list(zip(aside.symbols, aside.x.T, strict=True)), aside.y, TARGET)
    assert taken(table(ROWS), aside) == taken(table(ROWS), following) == 2
    assert taken(aside, following) == 1


def test_a_column_of_zeros_and_rows_that_are_not_finite() -> None:
    zeros = ROWS * [1, 0]
    assert taken(table(zeros), table(-zeros)) == 1
    assert taken(table(ROWS, np.where(Y > 0, np.inf, Y))) == 0


def test_the_cheapest_come_first_and_equal_ones_in_their_order() -> None:
    queue = Queue((stage("dear", 2.0), stage("cheap", 1.0)))
    queue.add(Node(table(ROWS), 0.5))
    queue.add(Node(table(ROWS[:, :1]), 0.5))
    queue.add(Node(table(ROWS[:, 1:]), 0.0))
    found = [(one.name, node.problem.inputs) for one, node in queue]
    assert found == [("cheap", 1), ("cheap", 2), ("cheap", 1), ("dear", 1), ("dear", 2), ("dear", 1)]


def test_a_problem_with_a_strong_child_waits() -> None:
    queue, parent = Queue((stage("one", 1.0), stage("two", 1.2))), table(ROWS)
    queue.add(Node(parent, 0.0))
    child = reduced(parent, "sum", [(parent.symbols[0], ROWS[:, 0])], Y, TARGET)
    order = []
    for one, node in queue:
        order.append((one.name, node.problem is parent))
        if len(order) == 1:
            queue.add(Node(child, 0.1))
    assert order == [("one", True), ("one", False), ("two", False), ("two", True)]


def test_a_closed_queue_ends_after_what_costs_little_more() -> None:
    queue, found = Queue((stage("a", 1.0), stage("b", 1.3), stage("c", 2.0))), []
    queue.add(Node(table(ROWS), 0.0))
    for one, _ in queue:
        found.append(one.name)
        queue.close(0.5)
    assert found == ["a", "b"]


def test_a_surrogate_is_rough_where_it_leaves_more_than_noise() -> None:
    """Waves that a polynomial follows in part, and gentle laws in noise."""
    rng = np.random.default_rng(0)
    a, b = rng.uniform(1, 3, (2, 500))
    noise = 0.4 * rng.normal(size=500)
    for y, rough in ((np.sin(4 * a * b), True), (a + b + noise, False), (a + 0.01 * noise, False)):
        assert Node(first_problem({"a": a, "b": b}, y, noisy=True), 0.0).rough == rough
