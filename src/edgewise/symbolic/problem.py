"""What is known so far about an unknown law: a table, and how it was made from the table before it.

A :class:`Problem` is a table of variables and a target. A :class:`Hypothesis` says in one line how it follows from the
problem before it: the reduced variables and the target as expressions of the older ones, and the statistic that
made us believe it. Every hypothesis is a move on a Kolmogorov-Arnold network: a monomial is a node of log edges, a
merge of two inputs is a sum node, a transformed target is the edge after the last node.

Inside a problem every variable is a symbol of its own, positive where its values are. SymPy may then write
sqrt(u**2) as u; :func:`lift` goes back to the columns of the user at the very end.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy

Array = np.ndarray

TARGET = sympy.Symbol("target")
"""Stands for the target of the newer problem inside :attr:`Hypothesis.restore`."""

EXACT = 1e-10
"""Relative residual on all rows below which a formula counts as the law when there is no noise."""

LOOSE = 30.0
"""Transforms and ratios magnify what the target is uncertain by: so many times its accuracy a test may miss by."""


@dataclass(frozen=True)
class Hypothesis:
    """One believed step from a problem to a simpler one.

    ``definitions`` writes each new variable over the older ones; ``restore`` writes the older target over the newer
    one (:data:`TARGET`) and the older variables; ``statistic`` is the error that was found, in units of what a wrong
    hypothesis would give (0 = certain); ``before`` and ``after`` are the leave-one-out errors of the polynomial
    surrogate.
    """

    kind: str
    definitions: Mapping[sympy.Symbol, sympy.Expr]
    restore: sympy.Expr
    statistic: float = 0.0
    before: float = float("nan")
    after: float = float("nan")

    def __str__(self) -> str:
        told = ", ".join(f"{new} = {old}" for new, old in self.definitions.items() if new != old)
        return f"{self.kind}: target = {self.restore}" + (f" with {told}" if told else "")


@dataclass(eq=False)
class Question:
    """Several parts of a problem may be asked for; ``settled`` once a name for one of them has been believed."""

    settled: bool = False


@dataclass(frozen=True, eq=False)
class Aside:
    """What a problem is for that is only a part of another one: ``answer`` makes problems of a name for its target."""

    question: Question
    answer: Callable[[sympy.Expr], Iterator["Problem"]]
    price: float = 0.0


@dataclass(frozen=True, eq=False)
class Problem:
    """A table (N, d) of variables with their symbols, a target (N,), and the way back to the problem it came from.

    ``weights`` (N,) are there only when the data are noisy: what a unit of the target is worth in units of the user's
    y. ``accuracy`` says how well the target is known, relative to its size; 0 means to rounding. ``aside`` is there where
    the first problem's target is not the user's but a part of a larger problem.
    """

    symbols: tuple[sympy.Symbol, ...]
    x: Array
    y: Array
    hypothesis: Hypothesis | None = None
    parent: "Problem | None" = None
    weights: Array | None = None
    accuracy: float = 0.0
    aside: Aside | None = None

    @property
    def root(self) -> "Problem":
        """The problem from which this one follows."""
        return self if self.parent is None else self.parent.root

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.y)

    @property
    def inputs(self) -> int:
        """The number of variables."""
        return self.x.shape[1]

    @property
    def tolerance(self) -> float:
        """The relative residual up to which a test without noise believes what it finds."""
        return max(1e-9, LOOSE * self.accuracy)

    @cached_property
    def depth(self) -> int:
        """How many reductions lie between the user's table and this."""
        return 0 if self.parent is None else self.parent.depth + 1

    @cached_property
    def positive(self) -> tuple[bool, ...]:
        """Which variables have only positive values, so that logarithms and roots of them exist."""
        return tuple(bool(np.all(column > 0)) for column in self.x.T)

    @cached_property
    def trail(self) -> tuple[Hypothesis, ...]:
        """The hypotheses from the user's table to here, the first one first."""
        if self.parent is None or self.hypothesis is None:
            return ()
        return (*self.parent.trail, self.hypothesis)


@dataclass(frozen=True)
class Candidate:
    """A formula for the user's target over the user's columns.

    ``rmse`` is over all rows, relative to rms(y); ``stage`` names the test that found it and ``trail`` the
    hypotheses it rests on; ``accuracy`` is how well y is known.
    """

    expression: sympy.Expr
    rmse: float
    stage: str
    trail: tuple[Hypothesis, ...] = ()
    accuracy: float = 0.0

    @property
    def exact(self) -> bool:
        """Whether the error is rounding, or no larger than y is uncertain."""
        return self.rmse <= max(EXACT, 2 * self.accuracy)


def first_problem(columns: Mapping[str, Array], y: Array, noisy: bool = False, accuracy: float = 0.0) -> Problem:
    """The problem as the user states it."""
    x = np.column_stack([np.asarray(column, dtype=float) for column in columns.values()])
    weights = np.ones(len(x)) if noisy else None
    return Problem(fresh_symbols(0, x), x, np.asarray(y, dtype=float), weights=weights, accuracy=accuracy)


def fresh_symbols(depth: int, x: Array) -> tuple[sympy.Symbol, ...]:
    """Symbols for the columns of ``x``, positive where the column is, named apart from those of other depths."""
    return tuple(
        sympy.Symbol(f"v{depth}_{index}", positive=True)
        if np.all(column > 0)
        else sympy.Symbol(f"v{depth}_{index}", real=True)
        for index, column in enumerate(x.T)
    )


def reduced(
    parent: Problem,
    kind: str,
    columns: Sequence[tuple[sympy.Expr, Array]],
    target: Array,
    restore: sympy.Expr,
    statistic: float = 0.0,
    factor: Array | None = None,
) -> Problem:
    """The problem in which ``columns`` (expressions over the parent's symbols, with their values) explain
    ``target``.
    """
    x = np.column_stack([values for _, values in columns]) if columns else np.empty((len(target), 0))
    symbols = fresh_symbols(parent.depth + 1, x)
    weights = parent.weights if parent.weights is None or factor is None else parent.weights * np.abs(factor)
    definitions = {symbol: expression for symbol, (expression, _) in zip(symbols, columns, strict=True)}
    hypothesis = Hypothesis(kind, definitions, restore, statistic)
    return Problem(symbols, x, target, hypothesis, parent, weights, parent.accuracy)


def lift(problem: Problem, expression: sympy.Expr) -> sympy.Expr:
    """An expression for the target of ``problem`` as one for the target of the first problem, over its symbols."""
    while problem.parent is not None and problem.hypothesis is not None:
        expression = expression.xreplace(dict(problem.hypothesis.definitions))
        expression = problem.hypothesis.restore.xreplace({TARGET: expression})
        problem = problem.parent
    return expression


def relative(residual: Array, y: Array) -> float:
    """rms(residual) / rms(y), infinite where anything is not finite."""
    with np.errstate(all="ignore"):
        value = float(np.sqrt(np.mean(residual**2) / np.mean(y**2)))
    return value if np.isfinite(value) else float("inf")
