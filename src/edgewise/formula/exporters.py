r"""A formula as source text in other languages: one table, one function a row.

>>> export(Formula.from_text("theta0**2/l", "T", ["theta0", "l"]), "latex")
'T = \\frac{\\theta_{0}^{2}}{l}'
>>> print(export(Formula.from_text("theta0**2/l", "T", ["theta0", "l"], rmse=0.01), "c"), end="")
// T = theta0**2/l
// T, held-out rmse 0.01
#include <math.h>
<BLANKLINE>
double T(double theta0, double l)
{
    return pow(theta0, 2.0)/l;
}
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import sympy

from edgewise.errors import unknown

from .greek import GREEK, letter_and_index
from .languages import LANGUAGES
from .mathml import mathml
from .names import identifiers
from .source import about, source
from .text import Dialect, to_text

if TYPE_CHECKING:
    from .formula import Formula


def export(formula: "Formula", to: str) -> str:
    """The formula as source text in the language ``to``: one of ``EXPORTERS``."""
    if to not in EXPORTERS:
        raise unknown("exporter", to, EXPORTERS)
    return EXPORTERS[to](formula)


# ---- LaTeX

_ESCAPES = {c: f"\\{c}" for c in "_%&#${} "} | {"\\": r"\backslash{}", "~": r"\sim{}", "^": r"\wedge{}"}


def _latex(formula: "Formula") -> str:
    names = {s: latex_name(formula.symbols[s.name]) for s in formula.expression.free_symbols}
    return f"{latex_name(formula.target)} = {sympy.latex(formula.expression, symbol_names=names)}"


def latex_name(name: str) -> str:
    r"""A letter, Greek or not, with its index as in mathematics; any other name upright and escaped.

    >>> [latex_name(n) for n in ("x", "theta0", "m_max", "bed depth")]
    ['x', '\\theta_{0}', 'm_{\\mathrm{max}}', '\\mathrm{bed\\ depth}']
    """
    if (short := letter_and_index(name)) is None:
        return f"\\mathrm{{{''.join(_ESCAPES.get(c, c) for c in name)}}}"
    letter, index = short
    letter = f"\\{letter}" if letter in GREEK else letter
    if not index:
        return letter
    return f"{letter}_{{{index}}}" if index.isdigit() or len(index) == 1 else f"{letter}_{{\\mathrm{{{index}}}}}"


# ---- SymPy

_IN_SYMPY = {
    "abs": "sympy.Abs({})",
    "relu": "sympy.Max({}, 0)",
    "maximum": "sympy.Max({})",
    "minimum": "sympy.Min({})",
    "step": "sympy.Heaviside({}, 1)",
}


def _ratio(p: str, q: str) -> str:
    return p if q == "1" else f"sympy.Rational({p}, {q})"


def _in_sympy(name: str, arguments: str) -> str:
    return _IN_SYMPY.get(name, f"sympy.{name}({{}})").format(arguments)


SYMPY = Dialect(_in_sympy, "sympy.pi", ratio=_ratio)


def _sympy(formula: "Formula") -> str:
    name = identifiers([formula.target])[formula.target]
    name = f"{name}_of_{len(formula.symbols)}" if name in formula.symbols else name
    declared = (
        f"{identifier} = sympy.Symbol({column!r}, real=True)\n" for identifier, column in formula.symbols.items()
    )
    comment = "".join(f"# {line}\n" for line in about(formula, {name: name for name in formula.symbols}))
    return f"import sympy\n\n{comment}{''.join(declared)}{name} = {to_text(formula.expression, SYMPY)}\n"


EXPORTERS: dict[str, Callable[["Formula"], str]] = {
    "text": lambda formula: formula.equation,
    "latex": _latex,
    "mathml": mathml,
    "sympy": _sympy,
    **{name: partial(source, language=language) for name, language in LANGUAGES.items()},
}
"""Name of a language -> the formula in it."""
