r"""A formula as source text in other languages: one table, one function a row.

>>> export(Formula.from_text("theta0**2/l", "T", ["theta0", "l"]), "latex")
'T = \\frac{\\theta_{0}^{2}}{l}'
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import sympy

from edgewise.errors import unknown

from .names import identifiers
from .text import Dialect, to_text

if TYPE_CHECKING:
    from .formula import Formula


def export(formula: "Formula", to: str) -> str:
    """The formula as source text in the language ``to``: one of ``EXPORTERS``."""
    if to not in EXPORTERS:
        raise unknown("exporter", to, EXPORTERS)
    return EXPORTERS[to](formula)


# ---- LaTeX

_GREEK = re.findall(
    r"\w+",
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega",
)
_SHORT = re.compile(rf"([A-Za-z]|{'|'.join(_GREEK)})_?([0-9]*|(?<=_)[A-Za-z0-9]+)")
_ESCAPES = {c: f"\\{c}" for c in "_%&#${} "} | {"\\": r"\backslash{}", "~": r"\sim{}", "^": r"\wedge{}"}


def _latex(formula: "Formula") -> str:
    names = {s: latex_name(formula.symbols[s.name]) for s in formula.expression.free_symbols}
    return f"{latex_name(formula.target)} = {sympy.latex(formula.expression, symbol_names=names)}"


def latex_name(name: str) -> str:
    r"""A letter, Greek or not, with its index as in mathematics; any other name upright and escaped.

    >>> [latex_name(n) for n in ("x", "theta0", "m_max", "bed depth")]
    ['x', '\\theta_{0}', 'm_{\\mathrm{max}}', '\\mathrm{bed\\ depth}']
    """
    short = _SHORT.fullmatch(name)
    if not short:
        return f"\\mathrm{{{''.join(_ESCAPES.get(c, c) for c in name)}}}"
    letter, index = short.groups()
    letter = f"\\{letter}" if letter in _GREEK else letter
    if not index:
        return letter
    return f"{letter}_{{{index}}}" if index.isdigit() or len(index) == 1 else f"{letter}_{{\\mathrm{{{index}}}}}"


# ---- Python

_IN_NUMPY = {
    "asin": "np.arcsin({})",
    "acos": "np.arccos({})",
    "atan": "np.arctan({})",
    "atanh": "np.arctanh({})",
    "relu": "np.maximum({}, 0.0)",
    "step": "np.heaviside({}, 1.0)",
}
_IN_SYMPY = {
    "abs": "sympy.Abs({})",
    "relu": "sympy.Max({}, 0)",
    "maximum": "sympy.Max({})",
    "minimum": "sympy.Min({})",
    "step": "sympy.Heaviside({}, 1)",
}


def _dialect(module: str, calls: dict[str, str]) -> Dialect:
    def function(name: str, arguments: str) -> str:
        return calls.get(name, f"{module}.{name}({{}})").format(arguments)

    return Dialect(function, f"{module}.pi")


NUMPY, SYMPY = _dialect("np", _IN_NUMPY), _dialect("sympy", _IN_SYMPY)


def _numpy(formula: "Formula") -> str:
    name = identifiers([formula.target])[formula.target]
    return (
        "import numpy as np\n\n\n"
        f"def {name}({', '.join(formula.symbols)}):\n"
        f"    return {to_text(formula.expression, NUMPY)}\n"
    )


def _sympy(formula: "Formula") -> str:
    name = identifiers([formula.target])[formula.target]
    declared = (
        f"{identifier} = sympy.Symbol({column!r}, real=True)\n" for identifier, column in formula.symbols.items()
    )
    return f"import sympy\n\n{''.join(declared)}{name} = {to_text(formula.expression, SYMPY)}\n"


EXPORTERS: dict[str, Callable[["Formula"], str]] = {
    "text": lambda formula: formula.equation,
    "latex": _latex,
    "sympy": _sympy,
    "numpy": _numpy,
}
