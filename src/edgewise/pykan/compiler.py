"""A formula as a model whose every edge has a name."""

from collections.abc import Sequence

import sympy

from edgewise import nn as ours
from edgewise.errors import SettingsError
from edgewise.formula import parse, symbol
from edgewise.surgery import refine
from edgewise.symbolic import compile_formula

from .model import KAN


def kanpiler(input_variables: Sequence[sympy.Symbol | str], expr: sympy.Expr | str, grid: int = 5) -> KAN:
    """The model that computes ``expr`` of these variables, exactly; text is read by our own parser, never evaluated.

    ``grid`` is the number of pieces that an edge has once it is a spline (`KAN.unfix_symbolic`). Raises ParseError for
    text that is no formula, FormulaError for a function that no edge can be, SettingsError for a variable that is no input.

    >>> kanpiler(["x", "y"], "exp(sin(pi*x) + y**2)").width_in
    [2, 1, 1]
    """
    inputs = [variable if isinstance(variable, sympy.Symbol) else symbol(variable) for variable in input_variables]
    if isinstance(expr, str):
        written = parse(expr, [variable.name for variable in inputs])
        expr = written.xreplace({symbol(variable.name): variable for variable in inputs})
    strange = sorted(str(name) for name in expr.free_symbols - set(inputs))
    if strange:
        raise SettingsError(f"{', '.join(strange)} stands in the formula but not among the inputs {inputs}.")
    network: ours.KAN = refine(compile_formula(expr, inputs), grid)
    return KAN.around(network)


expr2kan = kanpiler
