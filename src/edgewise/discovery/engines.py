"""Search engines of other projects: they only propose, and what they propose is judged like everything else.

A row of ``ENGINES`` says which package an engine needs and how it proposes. Whatever it may know of accuracy or rank stays
outside: its formulas come as text, are read by our own parser, refitted in float64 and put on the same front.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from math import ceil
from typing import Any

import numpy as np
import sympy

from edgewise.errors import FormulaError, SettingsError, unknown
from edgewise.formula import parse, symbol

Columns = Mapping[str, np.ndarray]
EVALUATIONS = 200_000  # of formulas, for an effort of 1
POPULATION, LENGTH = 500, 25
STEPS = 5  # of least squares for the constants of each formula
FUNCTIONS = {
    "exp": "exp",
    "log": "log",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "tanh": "tanh",
    "sqrt": "sqrt",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "abs": "abs",
    "x^2": "square",
    "1/x": "div",
    "power": "pow",
}
"""Our primitives and Operon's symbols for them. Sums and products are always there."""


@dataclass(frozen=True)
class Engine:
    """``propose(columns, y, primitives, seed, effort, seconds)`` yields expressions; (N,) each column and y."""

    name: str
    package: str
    propose: Callable[[Columns, np.ndarray, Collection[str], int, float, float], Iterator[sympy.Expr]]

    @property
    def version(self) -> str:
        """Name and version of its package."""
        return f"{self.package} {version(self.package)}"


def engine_of(name: str | None) -> Engine | None:
    """The engine of that name; None for none. Raises UnknownNameError, and SettingsError where its package is not here."""
    if name is None:
        return None
    if name not in ENGINES:
        raise unknown("engine", str(name), ENGINES)
    engine = ENGINES[name]
    if find_spec(engine.package) is None:
        raise SettingsError(
            f"the engine {name!r} needs the package {engine.package}, which is not installed. Install it with "
            f"pip install 'edgewise[{name}]', or leave engine out."
        )
    return engine


def _operon(
    columns: Columns, y: np.ndarray, primitives: Collection[str], seed: int, effort: float, seconds: float
) -> Iterator[sympy.Expr]:
    """Operon's front of error and length (B. Burlacu, G. Kronberger, M. Kommenda 2020, GECCO), by a count of evaluations:
    one thread and one seed, so that equal tables give equal formulas unless the time ends."""
    regressor: Any = import_module("pyoperon.sklearn").SymbolicRegressor
    symbols = [told for name, told in FUNCTIONS.items() if name in primitives]
    model = regressor(
        allowed_symbols=",".join(["add", "sub", "mul", *symbols, "constant", "variable"]),
        objectives=["r2", "length"],
        model_selection_criterion="mean_squared_error",
        max_evaluations=max(1000, round(EVALUATIONS * effort)),
        generations=1_000_000,
        population_size=POPULATION,
        pool_size=POPULATION,
        max_length=LENGTH,
        optimizer_iterations=STEPS,
        max_time=max(1, ceil(seconds)),
        n_threads=1,
        random_state=seed,
    )
    names = [f"v{number}" for number in range(len(columns))]
    own = {symbol(name): symbol(column) for name, column in zip(names, columns, strict=True)}
    with np.errstate(all="ignore"):
        model.fit(np.column_stack(list(columns.values())), y.copy())  # it refuses arrays that cannot be written to
    for found in model.pareto_front_:
        try:
            yield parse(model.get_model_string(found["tree"], 17, names), names).xreplace(own)
        except FormulaError:
            continue  # nothing that a formula may hold, or no real value


ENGINES: dict[str, Engine] = {row.name: row for row in (Engine("operon", "pyoperon", _operon),)}
