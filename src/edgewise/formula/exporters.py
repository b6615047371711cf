r"""A formula as source text in other languages: one table, one function a row.

>>> export(Formula.from_text("theta0**2/l", "T", ["theta0", "l"]), "latex")
'T = \\frac{\\theta_{0}^{2}}{l}'
"""

import html
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from keyword import kwlist
from math import isfinite
from typing import TYPE_CHECKING

import sympy

from edgewise.errors import SettingsError, unknown
from edgewise.primitives import SPECIAL_FUNCTIONS

from .languages import LANGUAGES
from .names import identifiers, safe_names
from .text import Dialect, to_text

if TYPE_CHECKING:
    from .formula import Formula


def export(formula: "Formula", to: str) -> str:
    """The formula as source text in the language ``to``: one of ``EXPORTERS``."""
    if to not in EXPORTERS:
        if to == "onnx":
            raise SettingsError(
                "ONNX holds networks, not formulas: found.model.to_onnx(path) writes one (pip install 'edgewise[onnx]')."
            )
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
    **{name: f"scipy.special.{name}({{}})" for name in SPECIAL_FUNCTIONS},
    **{f"j{n}": f"scipy.special.jv({n}, {{}})" for n in range(2, 6)},
    "airyai": "scipy.special.airy({})[0]",
    "airybi": "scipy.special.airy({})[2]",
    "lambertw": "np.where({0} > -np.exp(-1.0), scipy.special.lambertw({0}).real, np.nan)",
}
_IN_SYMPY = {
    "abs": "sympy.Abs({})",
    "relu": "sympy.Max({}, 0)",
    "maximum": "sympy.Max({})",
    "minimum": "sympy.Min({})",
    "step": "sympy.Heaviside({}, 1)",
    **{f"j{n}": f"sympy.besselj({n}, {{}})" for n in range(6)},
    **{f"y{n}": f"sympy.bessely({n}, {{}})" for n in range(2)},
    "ellipk": "sympy.elliptic_k({})",
    "ellipe": "sympy.elliptic_e({})",
    "lambertw": "sympy.LambertW({})",
}


def _dialect(module: str, calls: dict[str, str]) -> Dialect:
    def function(name: str, arguments: str) -> str:
        return calls.get(name, f"{module}.{name}({{}})").format(arguments)

    return Dialect(function, f"{module}.pi")


NUMPY, SYMPY = _dialect("np", _IN_NUMPY), _dialect("sympy", _IN_SYMPY)


def _numpy(formula: "Formula") -> str:
    name = identifiers([formula.target])[formula.target]
    used = {variable.name for variable in formula.expression.free_symbols}
    body = to_text(formula.expression, NUMPY)
    imported = "import scipy.special\n" if "scipy.special." in body else ""
    floats = (f"    {x} = np.asarray({x}, dtype=np.float64)\n" for x in formula.symbols if x in used)
    return (
        f"{_comment(formula, list(formula.symbols), '#')}import numpy as np\n{imported}\n\n"
        f"def {name}({', '.join(formula.symbols)}):\n"
        f"{''.join(floats)}"  # powers of integers overflow
        f"    return {body}\n"
    )


def _sympy(formula: "Formula") -> str:
    name = identifiers([formula.target])[formula.target]
    declared = (
        f"{identifier} = sympy.Symbol({column!r}, real=True)\n" for identifier, column in formula.symbols.items()
    )
    comment = _comment(formula, list(formula.symbols), "#")
    return f"{comment}import sympy\n\n{''.join(declared)}{name} = {to_text(formula.expression, SYMPY)}\n"


# ---- presentation MathML, and the programming languages


def _mathml(formula: "Formula") -> str:
    names = {s: _shown(formula.symbols[s.name]) for s in formula.expression.free_symbols}
    right = sympy.mathml(formula.expression.xreplace(names), printer="presentation")
    left = sympy.mathml(_shown(formula.target), printer="presentation")
    written = f'<math xmlns="http://www.w3.org/1998/Math/MathML"><mrow>{left}<mo>=</mo>{right}</mrow></math>'
    return re.sub(r"&([A-Za-z]+);", _letter, written) + "\n"


def _shown(column: str) -> sympy.Symbol:
    return sympy.Symbol(html.escape(column, quote=False))  # SymPy writes names as they are


def _letter(entity: re.Match[str]) -> str:
    """XML itself knows five names of letters, HTML's &pi; is none of them."""
    return entity[0] if entity[1] in ("amp", "lt", "gt", "quot", "apos") else html.unescape(entity[0])


def _code(to: str, formula: "Formula") -> str:
    language = LANGUAGES[to]
    reserved = {*language.reserved, *language.helpers, *([] if language.ascii else kwlist)}
    wanted = [*formula.symbols, identifiers([formula.target])[formula.target]]
    *arguments, name = safe_names(wanted, reserved, ascii_only=language.ascii, ignore_case=language.ignores_case)
    body = to_text(formula.expression, language.dialect(dict(zip(formula.symbols, arguments, strict=True))))
    called: list[str] = []
    for helper in reversed(list(language.helpers)):  # a helper stands above those that call it
        if any(re.search(rf"\b{helper}\(", text) for text in (body, *(language.helpers[h] for h in called))):
            called.insert(0, helper)
    code = language.frame(name, arguments, body, "\n".join(language.helpers[helper] for helper in called))
    return _comment(formula, arguments, language.comment) + code


def _comment(formula: "Formula", arguments: list[str], mark: str) -> str:
    """What the code is, as comment lines that no name of a column can end."""
    lines = [line for said in _about(formula, arguments) for line in textwrap.wrap(said, 100)]
    printable = ("".join(c if c.isprintable() else " " for c in line) for line in lines)
    # a backslash at the end of a line would go on into the next one in C
    return "".join(f"{mark} {line}{'.' if line.endswith(chr(92)) else ''}\n" for line in printable)


def _about(formula: "Formula", arguments: list[str]) -> Iterator[str]:
    def unit(column: str) -> str:
        return f" [{formula.units[column]}]" if formula.units.get(column) else ""

    yield f"{formula.target}{unit(formula.target)} = {formula.text}"
    for argument, column in zip(arguments, formula.inputs, strict=True):
        if argument != column or unit(column):
            yield f"{argument}: {column}{unit(column)}"
    yield (f"held-out rmse {formula.rmse:.3g}; " if isfinite(formula.rmse) else "") + "written by edgewise"


EXPORTERS: dict[str, Callable[["Formula"], str]] = {
    "text": lambda formula: formula.equation,
    "latex": _latex,
    "mathml": _mathml,
    "sympy": _sympy,
    "numpy": _numpy,
    **{name: partial(_code, name) for name in LANGUAGES},
}
