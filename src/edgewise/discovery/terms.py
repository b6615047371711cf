"""What log-odds are added up of: columns, functions of one column, products of two."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import sympy
from numpy import ndarray as Array

from edgewise.formula import evaluate, symbol
from edgewise.formula.constants import round_to

from .labels import Labelled

MOST_PAIRED = 12  # columns up to which products are looked at
SHAPES: tuple[tuple[Callable[[sympy.Symbol], sympy.Expr], float], ...] = (
    # the term, and the value above which the column must lie
    (lambda x: x**2, -np.inf),
    (lambda x: x**3, -np.inf),
    (sympy.log, 0.0),
    (sympy.sqrt, 0.0),
    (lambda x: 1 / x, 0.0),
)
Allowed = Callable[[sympy.Expr], bool]


@dataclass(frozen=True)
class Terms:
    """Terms of the columns and their ``values`` (rows, terms), shifted by ``centre`` and divided by ``spread``.

    Constants ``theta`` (1 + terms, classes) belong to these values; the first row are the intercepts.
    """

    expressions: tuple[sympy.Expr, ...]
    values: Array
    centre: Array
    spread: Array

    def outputs(self, theta: Array, where: Array) -> Array:
        """Log-odds (rows, classes)."""
        return theta[0] + self.values[where] @ theta[1:]

    def of_columns(self) -> Array:
        """Which terms are columns as they are: (terms,)."""
        return np.array([expression.is_Symbol for expression in self.expressions], dtype=bool)

    def expression(self, theta: Array, errors: Array | None = None) -> sympy.Expr:
        """The formula of one class, from its constants (1 + terms,), in the columns' own units.

        With ``errors`` (1 + terms,) the constants have the digits that these leave; the intercept follows the slopes as
        they were rounded.
        """
        noise = np.zeros(len(theta)) if errors is None else errors

        def rounded(value: float, error: float) -> float:
            return value if errors is None else round_to(value, error, 3)

        constant, parts = float(theta[0]), []
        for at in np.flatnonzero(theta[1:]):
            spread = float(self.spread[at])
            slope = rounded(float(theta[1 + at]) / spread, float(noise[1 + at]) / spread)
            parts.append(sympy.Float(slope) * self.expressions[at])
            constant -= slope * float(self.centre[at])
        return sympy.Add(*parts, sympy.Float(rounded(constant, float(noise[0]))))


def terms_of(data: Labelled, symbols: Mapping[str, str], allowed: Allowed | None) -> Terms:
    """Every term that has a value in all rows, and not the same in all of them."""
    columns = dict(zip(symbols, data.x.T, strict=True))
    kept, values = [], []
    for expression in _candidates(columns, allowed):
        value = evaluate(expression, columns)
        wide = float(np.std(value)) if (np.abs(value) < 1e100).all() else 0.0
        if wide > 1e-9 * float(np.abs(value).max()):
            kept.append(expression)
            values.append(value)
    matrix = np.stack(values, 1) if values else np.zeros((len(data.x), 0))
    centre = np.average(matrix, axis=0, weights=data.weights)
    spread = np.sqrt(np.average((matrix - centre) ** 2, axis=0, weights=data.weights))
    return Terms(tuple(kept), (matrix - centre) / spread, centre, spread)


def _candidates(columns: Mapping[str, Array], allowed: Allowed | None) -> Iterator[sympy.Expr]:
    for name in columns:
        yield symbol(name)
    for name, values in columns.items():
        for term, low in SHAPES:
            if (allowed is None or allowed(term(symbol(name)))) and (values > low).all():
                yield term(symbol(name))
    if len(columns) <= MOST_PAIRED:
        for one, other in combinations(columns, 2):
            yield symbol(one) * symbol(other)
