"""A formula as a model whose every edge has a name."""

from collections.abc import Sequence

import sympy

from edgewise import nn as ours
from edgewise.errors import SettingsError
from edgewise.formula import parse, symbol
from edgewise.surgery import refine
from edgewise.symbolic import compile_formula

from .model import KAN
from .settings import whole


def kanpiler(input_variables: Sequence[sympy.Symbol | str], expr: sympy.Expr | str, grid: int = 5) -> KAN:
    """The model that computes ``expr`` of these variables, exactly; text is read by our own parser, never evaluated.

    ``grid`` is the number of pieces that an edge has once it is a spline (`KAN.unfix_symbolic`). Raises ParseError for
    text that is no formula, FormulaError for a function that no edge can be, SettingsError for a variable that is no input,
    or an input that is named twice.

    >>> kanpiler(["x", "y"], "exp(sin(pi*x) + y**2)").width_in
    [2, 1, 1]
    """
    inputs = [variable if isinstance(variable, sympy.Symbol) else symbol(variable) for variable in input_variables]
    names = [variable.name for variable in inputs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SettingsError(f"each input is named once, but {', '.join(twice)} stands there again: {names}.")
    if isinstance(expr, str):
        written = parse(expr, names)
        expr = written.xreplace({symbol(variable.name): variable for variable in inputs})
    strange = sorted(str(name) for name in expr.free_symbols - set(inputs))
    if strange:
        raise SettingsError(f"{', '.join(strange)} stands in the formula but not among the inputs {inputs}.")
    network: ours.KAN = refine(compile_formula(expr, inputs), whole("grid", grid, 1))
    return KAN.around(network)


expr2kan = kanpiler
