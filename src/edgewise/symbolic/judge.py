"""What counts in the end: the formula over the user's columns, evaluated on the user's rows."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
import sympy

from edgewise.errors import FormulaError
from edgewise.formula import Dimensions, complexity, evaluate, symbol

from .gauge import settle_gauge
from .noisy import white
from .polish import polish
from .problem import EXACT, LOOSE, Array, Candidate, Problem, first_problem, lift, relative
from .queue import Node
from .rewrite import everywhere, gather_roots
from .shorten import decimals, written_briefly
from .snap import snap

NO_NUMBERS = (sympy.nan, sympy.zoo, sympy.oo, -sympy.oo, sympy.AccumBounds)
Names = Mapping[sympy.Symbol, sympy.Symbol]

NEARLY = 1e-5
"""Relative error below which a formula is polished and snapped before it is judged."""


ROUGHLY = 1.5
"""In noise, what an error may be, before its constants are fitted together, in units of what it must be then."""

HOPE, NEAR = 40.0, 12.0
"""Nats by which a formula may be longer than the shortest before its constants are plain numbers, and after."""


class Judge(ABC):
    """Turns an expression of a problem into a candidate: over the user's columns, with its error on the user's rows."""

    def __init__(self, columns: Mapping[str, Array], y: Array, accuracy: float = 0.0) -> None:
        self.accuracy = accuracy
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
        if expression.has(*NO_NUMBERS):  # a constant has left the floats
            return None
        try:
            weighed = self._weigh(expression, names)
        except FormulaError:  # SymPy rewrites by itself, now and then into a function that is none of ours
            return None
        if weighed is None:
            return None
        expression, error = weighed
        self.best = min(error, self.best)
        return Candidate(expression, error, stage, problem.trail, self.accuracy)

    @abstractmethod
    def _weigh(self, expression: sympy.Expr, names: Names) -> tuple[sympy.Expr, float] | None:
        """The expression as it is to be shown, and its error; None where it is not worth showing."""

    @abstractmethod
    def learn(self, node: Node) -> None:
        """What a new problem tells about the error that can be reached."""

    @abstractmethod
    def done(self, candidate: Candidate) -> bool:
        """Whether there is nothing left to explain."""

    def _error(self, expression: sympy.Expr) -> float:
        return relative(evaluate(expression, self.columns) - self.y, self.y)


class ExactJudge(Judge):
    """Without noise: what is nearly exact is polished and snapped, and must then be exact."""

    def _weigh(self, expression: sympy.Expr, names: Names) -> tuple[sympy.Expr, float] | None:
        error = self._error(expression)
        exactly = max(EXACT, 2 * self.accuracy)
        if error > exactly and error > 0.5 * self.best:
            return None
        if error <= max(NEARLY, LOOSE * self.accuracy):
            snapped = snap(expression, self.columns, self.y)
            signed = {outer: inner for inner, outer in names.items()}
            values = {inner.name: self.columns[outer.name] for inner, outer in names.items()}
            snapped = settle_gauge(snapped.xreplace(signed), values, self.y).xreplace(names)
            exact = self._error(snapped)
            expression, error = (snapped, exact) if exact <= max(error, exactly) else (expression, error)
        return expression, error

    def learn(self, node: Node) -> None:
        """Nothing: the level to reach is rounding."""

    def done(self, candidate: Candidate) -> bool:
        """Exact is the end."""
        return candidate.exact


class NoisyJudge(Judge):
    """With noise: constants polished and snapped, candidates weighed by error, a stop when nothing is left."""

    def __init__(self, columns: Mapping[str, Array], y: Array, dimensions: Dimensions | None = None) -> None:
        super().__init__(columns, y)
        self.dimensions = dimensions
        self.floor = np.inf
        self.shortest = np.inf
        self.seen: set[sympy.Expr] = set()
        self.unsigned = {
            symbol(name): sympy.Symbol(name, positive=True) if np.all(x > 0) else sympy.Symbol(name, nonnegative=True)
            for name, x in self.columns.items()
            if np.all(x >= 0)
        }
        self.problem = first_problem(self.columns, self.y, noisy=True)
        self.learn(Node(self.problem, 0.0))

    def _weigh(self, expression: sympy.Expr, names: Names) -> tuple[sympy.Expr, float] | None:
        if not self._error(expression) < ROUGHLY * max(1.2 * self.floor, 0.9 * self.best):
            return None
        expression = self._briefly(polish(expression, self.columns, self.y).expression)
        if not self._error(expression) < max(1.2 * self.floor, 0.9 * self.best):
            return None
        if not self._nats(expression) < self.shortest + HOPE:
            return None
        expression = self._briefly(snap(expression, self.columns, self.y, short=False))
        nats = self._nats(expression)
        if nats > self.shortest + NEAR or (mark := expression.xreplace(_rounded(expression))) in self.seen:
            return None
        self.seen.add(mark)
        self.shortest = min(nats, self.shortest)
        return expression, self._error(expression)

    def _briefly(self, expression: sympy.Expr) -> sympy.Expr:
        """The expression written briefly, where columns without negative values are their own moduli: sqrt(c a²) and c |a|
        are c a. sqrt(1 - v²/c²) stays and is not sqrt(c² - v²)/c, which is another one for c < 0. Itself where that is no
        shorter."""
        plain = {unsigned: column for column, unsigned in self.unsigned.items()}
        brief = written_briefly(expression.xreplace(self.unsigned).xreplace(plain))
        gathered = everywhere(gather_roots)(brief)
        return min((expression, brief, gathered), key=lambda one: (decimals(one), complexity(one)))

    def _nats(self, expression: sympy.Expr) -> float:
        """A rough message: the residuals, two nats a symbol, half the logarithm of the rows for each decimal."""
        rows, decimals = len(self.y), len(expression.atoms(sympy.Float))
        error = max(self._error(expression), 1e-12)
        odd = 0.0 if self.dimensions is None else self.dimensions.nats(expression)
        return float(rows * np.log(error) + 2 * complexity(expression) + 0.5 * np.log(rows) * decimals + odd)

    def learn(self, node: Node) -> None:
        """The smallest leave-one-out error of any surrogate, in units of rms(y), is the level of the noise."""
        if node.surrogate is not None and node.problem.weights is not None:
            spread = float(np.std(node.problem.y * node.problem.weights))
            self.floor = min(self.floor, node.surrogate.error * spread / float(np.sqrt(np.mean(self.y**2))))

    def done(self, candidate: Candidate) -> bool:
        """The residual is white and as small as that of the best surrogate."""
        residual = self.y - evaluate(candidate.expression, self.columns)
        return candidate.rmse <= 1.02 * self.floor and white(residual, self.problem)


def _rounded(expression: sympy.Expr) -> dict[sympy.Expr, sympy.Expr]:
    """Its decimals to eight significant digits: two ways to one formula differ in the last ones."""
    return {number: sympy.Float(f"{float(number):.8g}") for number in expression.atoms(sympy.Float)}
