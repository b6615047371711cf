"""Random formulas of a stated grammar, drawn by a seed.

    tree     := tree (+ | - | * | /) tree | f(tree) | leaf
    f        := sin | cos | exp | log | sqrt | square | tanh
    leaf     := input (3 of 4) | constant
    constant := two digits, no zero among them: 1.1 to 9.9, or 0.11 to 0.99

The number of inputs (2 to 5) and of nodes (5 to 20, and enough for all inputs) is drawn evenly. A tree of n nodes is a
function of a tree of n - 1 nodes with probability 0.3 (and where n is 2), else an operation whose n - 1 other nodes are
split evenly at random. Operations, functions, inputs and constants are equally likely. Every input lies between 0.5 and 3.

Refused, and drawn again, is a formula
  not finite     on the whole box, by interval arithmetic: a divisor, logarithm or root whose interval holds 0 or less (a
                 divisor of either sign may), or any part beyond 1e6
  longer         than SymPy writes it down (x - x, log(exp(x)), 2*(3*x), exp(x)*exp(y)), where a simpler form is the law
  constant       in a part: one that changes by less than 1e-6 of its size on 2,000 rows
  idle           in an input: drawing it anew changes the value by less than a hundredth of its spread
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from typing import TypeAlias

import numpy as np

from benchmarks.common import Truth
from edgewise.formula import complexity, evaluate, parse, to_text

LOW, HIGH = 0.5, 3.0
INPUTS, NODES = (2, 5), (5, 20)
FUNCTION, CONSTANT = 0.3, 0.25
LARGEST, STILL, IDLE, ROWS = 1e6, 1e-6, 0.01, 2000
FUNCTIONS = ("sin", "cos", "exp", "log", "sqrt", "square", "tanh")
OPERATIONS = ("+", "-", "*", "/")

Interval: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Tree:
    """A node: an operation or function with the trees below it, or a leaf's text."""

    head: str
    below: tuple["Tree", ...] = ()

    @property
    def text(self) -> str:
        parts = [tree.text for tree in self.below]
        if len(parts) == 2:
            return f"({parts[0]} {self.head} {parts[1]})"
        if not parts:
            return self.head
        return f"({parts[0]})**2" if self.head == "square" else f"{self.head}({parts[0]})"

    @property
    def written(self) -> int:
        """The symbols that a reader sees: a square is an operator and a number."""
        return 1 + (self.head == "square") + sum(tree.written for tree in self.below)

    def parts(self) -> Iterator["Tree"]:
        """This and all trees below it."""
        yield self
        for tree in self.below:
            yield from tree.parts()

    def interval(self) -> Interval:
        """Between what its values lie on the box; (-inf, inf) where it may be infinite or undefined."""
        if not self.below:
            return (LOW, HIGH) if self.head.startswith("x") else (float(self.head), float(self.head))
        intervals = [tree.interval() for tree in self.below]
        low, high = INTERVALS[self.head](*intervals) if all(abs(end) < inf for i in intervals for end in i) else ANY
        return (low, high) if max(abs(low), abs(high)) <= LARGEST else ANY


ANY: Interval = (-inf, inf)


def _times(one: Interval, other: Interval) -> Interval:
    ends = [a * b for a in one for b in other]
    return min(ends), max(ends)


def _over(one: Interval, other: Interval) -> Interval:
    return ANY if other[0] <= 0 <= other[1] else _times(one, (1 / other[1], 1 / other[0]))


def _square(one: Interval) -> Interval:
    ends = sorted(a * a for a in one)
    return (0.0 if one[0] <= 0 <= one[1] else ends[0]), ends[1]


def _rising(f: Callable[[float], float], above: float = -inf) -> Callable[[Interval], Interval]:
    return lambda one: (float(f(one[0])), float(f(one[1]))) if one[0] > above and one[1] < 700 else ANY


INTERVALS: dict[str, Callable[..., Interval]] = {
    "+": lambda one, other: (one[0] + other[0], one[1] + other[1]),
    "-": lambda one, other: (one[0] - other[1], one[1] - other[0]),
    "*": _times,
    "/": _over,
    "sin": lambda one: (-1.0, 1.0),
    "cos": lambda one: (-1.0, 1.0),
    "exp": _rising(np.exp),
    "log": _rising(np.log, 0.0),
    "sqrt": _rising(np.sqrt, 0.0),
    "square": _square,
    "tanh": _rising(np.tanh),
}


def formulas(seed: int, count: int) -> list[Truth]:
    """So many laws over x0, x1, ... and their box."""
    generator = np.random.default_rng([seed, 7])
    found: list[Truth] = []
    while len(found) < count:
        inputs = int(generator.integers(INPUTS[0], INPUTS[1] + 1))
        nodes = int(generator.integers(max(NODES[0], 2 * inputs - 1), NODES[1] + 1))
        tree = _grown(nodes, inputs, generator)
        if not refused(tree, inputs):
            box = {f"x{number}": (LOW, HIGH) for number in range(inputs)}
            found.append(Truth(to_text(parse(tree.text, list(box))), box))
    return found


def refused(tree: Tree, inputs: int) -> str:
    """Why a formula is not taken; empty where it is."""
    names = [f"x{number}" for number in range(inputs)]
    if not {part.head for part in tree.parts()} >= set(names):
        return "idle"
    if tree.interval() == ANY:
        return "not finite"
    if complexity(parse(tree.text, names)) < tree.written:
        return "longer"
    return _on_rows(tree, names)


def _on_rows(tree: Tree, names: list[str]) -> str:
    generator = np.random.default_rng(0)
    rows, others = ({name: generator.uniform(LOW, HIGH, ROWS) for name in names} for _ in range(2))
    values = _values(tree.text, rows)
    for part in tree.parts():
        if part.below and np.ptp(inner := _values(part.text, rows)) <= STILL * np.max(np.abs(inner)):
            return "constant"
    for name in names:
        moved = _values(tree.text, {**rows, name: others[name]}) - values
        if not np.sqrt(np.mean(moved**2)) >= IDLE * np.std(values):
            return "idle"
    return ""


def _values(text: str, rows: dict[str, np.ndarray]) -> np.ndarray:
    return evaluate(parse(text, list(rows)), rows)


def _grown(nodes: int, inputs: int, generator: np.random.Generator) -> Tree:
    if nodes == 1:
        return Tree(_leaf(inputs, generator))
    if nodes == 2 or generator.random() < FUNCTION:
        return Tree(str(generator.choice(FUNCTIONS)), (_grown(nodes - 1, inputs, generator),))
    left = int(generator.integers(1, nodes - 1))
    pair = _grown(left, inputs, generator), _grown(nodes - 1 - left, inputs, generator)
    return Tree(str(generator.choice(OPERATIONS)), pair)


def _leaf(inputs: int, generator: np.random.Generator) -> str:
    if generator.random() >= CONSTANT:
        return f"x{generator.integers(inputs)}"
    digits = 10 * generator.integers(1, 10) + generator.integers(1, 10)
    return f"{digits / 10:.1f}" if generator.random() < 0.5 else f"{digits / 100:.2f}"
