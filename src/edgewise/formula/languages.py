"""Programming languages as rows of a table: how a function of columns is laid out, and what a formula is made of there.

Every constant is written with the digits that give the same float64 back, whole numbers as floats where a language
would divide them as integers. What a language lacks stands beside the function as a helper.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from keyword import kwlist

from .text import ATOM, POWER, Piece

HELPED = ("sign", "step", "relu", "maximum", "minimum")


def _python_power(base: Piece, exponent: Piece) -> Piece:
    return Piece(f"{base.within(ATOM)}**{exponent.within(ATOM)}", POWER)


def _caret(base: Piece, exponent: Piece) -> Piece:
    return Piece(f"{base.within(ATOM)}^{exponent.within(ATOM)}", POWER)


def _called(function: str) -> Callable[[Piece, Piece], Piece]:
    return lambda base, exponent: Piece(f"{function}({base.text}, {exponent.text})", ATOM)


def _double_precision_power(base: Piece, exponent: Piece) -> Piece:
    """Fortran takes whole powers of negative numbers only where the exponent is an integer."""
    sign, digits = ("-", exponent.text[1:]) if exponent.text.startswith("-") else ("", exponent.text)
    whole = digits.removesuffix(".0d0")
    written = Piece(sign + whole, exponent.binding) if whole.isdigit() and len(whole) < 9 else exponent
    return _python_power(base, written)


def as_float(digits: str) -> str:
    """The digits of a number as a float: ``2`` -> ``2.0``."""
    return f"{digits}.0" if digits.isdigit() else digits


def _moderate(digits: str) -> str:
    """Whole numbers stay so while they are exact in a float64."""
    return digits if not digits.isdigit() or int(digits) <= 2**53 else as_float(digits)


def _double_precision(digits: str) -> str:
    return as_float(digits).replace("e", "d") if "e" in digits else f"{as_float(digits)}d0"


@dataclass(frozen=True)
class Language:
    """One language. ``layout`` takes comment, name, arguments, result and helpers; ``argument`` is the pattern of one
    argument; ``calls`` holds the patterns of functions that are not simply ``call``; ``helpers`` the source of what the
    language lacks, ``{f}`` standing for the helper's name, which is ``helper`` filled with the function's name.

    ``plain`` languages get names in ASCII; where not ``case`` names differ by more than capitals.
    """

    comment: str
    layout: str
    argument: str = "{}"
    call: str = "{}"
    calls: Mapping[str, str] = field(default_factory=dict)
    pi: str = "3.141592653589793"
    number: Callable[[str], str] = as_float
    power: Callable[[Piece, Piece], Piece] = _python_power
    fold: bool = False
    reserved: frozenset[str] = frozenset()
    helpers: Mapping[str, str] = field(default_factory=dict)
    helper: str = "{helper}"
    plain: bool = False
    case: bool = True
    width: int = 0


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ARCS = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atanh": "arctanh"}

# the same five in every language that compares with a question mark; nan stays nan
_QUESTIONS = {
    "sign": "{x} > 0.0 ? 1.0 : {x} < 0.0 ? -1.0 : {x}",
    "step": "{x} >= 0.0 ? 1.0 : {x} < 0.0 ? 0.0 : {x}",
    "relu": "{x} < 0.0 ? 0.0 : {x}",
    "maximum": "{x} > {y} || {x} != {x} ? {x} : {y}",
    "minimum": "{x} < {y} || {x} != {x} ? {x} : {y}",
}
_BRANCHES = {
    "sign": "if x > 0.0 {{ 1.0 }} else if x < 0.0 {{ -1.0 }} else {{ x }}",
    "step": "if x >= 0.0 {{ 1.0 }} else if x < 0.0 {{ 0.0 }} else {{ x }}",
    "relu": "if x < 0.0 {{ 0.0 }} else {{ x }}",
    "maximum": "if x > y || x.is_nan() {{ x }} else {{ y }}",
    "minimum": "if x < y || x.is_nan() {{ x }} else {{ y }}",
}
_MERGES = {
    "sign": "merge(x, sign(1.0d0, x), x /= x .or. x == 0.0d0)",
    "step": "merge(x, merge(1.0d0, 0.0d0, x >= 0.0d0), x /= x)",
    "relu": "merge(0.0d0, x, x < 0.0d0)",
    "maximum": "merge(x, y, x > y .or. x /= x)",
    "minimum": "merge(x, y, x < y .or. x /= x)",
}
_TENSORS = {
    "sign": "torch.where(x != x, x, torch.sign(x))",
    "step": "torch.where(x != x, x, (x >= 0).to(x.dtype))",
    "relu": "torch.where(x < 0, 0.0, x)",
    "maximum": "torch.where((x > y) | (x != x), x, y)",
    "minimum": "torch.where((x < y) | (x != x), x, y)",
}


def _helpers(bodies: Mapping[str, str], layout: str, x: str = "x", y: str = "y", joined: str = ", ") -> dict[str, str]:
    def arguments(name: str) -> str:
        return joined.join((x, y) if name in ("maximum", "minimum") else (x,))

    return {
        name: layout.replace("{arguments}", arguments(name)).replace("{body}", body).replace("{names}", names(name))
        for name, body in bodies.items()
    }


def names(helper: str) -> str:
    """The names of a helper's arguments."""
    return "x, y" if helper in ("maximum", "minimum") else "x"


_C_WORDS = _words(
    """auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool true false
    nullptr class new delete this template typename namespace using public private protected virtual operator throw try
    catch main NAN INFINITY HUGE_VAL y0 y1 yn j0 j1 jn gamma lgamma tgamma signgam erf erfc pow fabs fmod fma fmin fmax
    ceil floor round trunc rint cbrt hypot exp2 expm1 log2 log10 log1p logb ldexp frexp modf div abs atan2 asinh acosh
    drem scalb significand remainder nextafter isnan isinf finite"""
)
_JS_WORDS = _words(
    """arguments await boolean break case catch class const continue debugger default delete do double else enum eval
    export extends false final finally float for function goto if implements import in instanceof int interface let long
    native new null package private protected public return short static super switch synchronized this throw true try
    typeof undefined var void while with yield Math NaN Infinity"""
)
_JULIA_WORDS = _words(
    """baremodule begin break catch const continue do else elseif end export false finally for function global if import
    in isa let local macro module mutable primitive quote return struct true try type using where while π ℯ im Inf NaN
    max min ifelse isnan"""
)
_FORTRAN_WORDS = _words(
    """module function contains implicit none pure elemental double precision intent in result end real integer merge
    sign do if then else call return stop use only parameter program subroutine kind dp"""
)
_RUST_WORDS = _words(
    """abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen if
    impl in let loop macro match mod move mut override priv pub ref return self Self static struct super trait true try
    type typeof unsafe unsized use virtual where while yield f64 std Some None Ok Err"""
)
_NUMPY_CALLS = {
    **{name: f"np.{arc}({{}})" for name, arc in _ARCS.items()},
    "relu": "np.maximum({}, 0.0)",
    "step": "np.heaviside({}, 1.0)",
}
_PYTHON_LAYOUT = "\n\n\n{helpers}def {name}({arguments}):\n{comment}    return {result}\n"

LANGUAGES: dict[str, Language] = {
    "numpy": Language(
        "    # ",
        f"import numpy as np{_PYTHON_LAYOUT}",
        call="np.{}",
        calls=_NUMPY_CALLS,
        pi="np.pi",
        number=_moderate,
        reserved=frozenset(kwlist) | {"np"},
    ),
    "torch": Language(
        "    # ",
        f"import math\n\nimport torch{_PYTHON_LAYOUT}",
        call="torch.{}",
        pi="math.pi",
        number=_moderate,
        fold=True,
        reserved=frozenset(kwlist) | {"torch", "math"},
        helpers=_helpers(_TENSORS, "def {f}({arguments}):\n    return {body}\n\n\n"),
        helper="_{name}_{helper}",
    ),
    "c": Language(
        "// ",
        "{comment}#include <math.h>\n\n{helpers}double {name}({arguments})\n{{\n    return {result};\n}}\n",
        argument="double {}",
        calls={"abs": "fabs({})"},
        power=_called("pow"),
        reserved=_C_WORDS,
        helpers=_helpers(
            {name: body.format(x="x", y="y") for name, body in _QUESTIONS.items()},
            "static double {f}({arguments}) {{ return {body}; }}\n\n",
            "double x",
            "double y",
        ),
        helper="{name}_{helper}",
        plain=True,
    ),
    "javascript": Language(
        "// ",
        "{comment}function {name}({arguments}) {{\n{helpers}  return {result};\n}}\n",
        call="Math.{}",
        pi="Math.PI",
        power=_called("Math.pow"),
        reserved=_JS_WORDS,
        helpers=_helpers(
            {name: body.format(x="x", y="y") for name, body in _QUESTIONS.items()},
            "  const {f} = ({arguments}) => {body};\n",
        ),
    ),
    "julia": Language(
        "# ",
        "{comment}function {name}({arguments})\n{helpers}    return {result}\nend\n",
        power=_caret,
        pi="pi",
        reserved=_JULIA_WORDS,
        calls={
            "relu": "max({}, 0.0)",
            "maximum": "max({})",
            "minimum": "min({})",
            "sign": "sign({})",
        },
        helpers=_helpers({"step": "isnan(x) ? x : (x >= 0 ? 1.0 : 0.0)"}, "    {f}({arguments}) = {body}\n"),
    ),
    "fortran": Language(
        "! ",
        "module {name}_formula\n    implicit none\ncontains\n    {comment}"
        "    elemental double precision function {name}({arguments})\n"
        "        double precision, intent(in) :: {arguments}\n        {name} = {result}\n    end function\n"
        "{helpers}end module\n",
        number=_double_precision,
        pi="3.141592653589793d0",
        power=_double_precision_power,
        reserved=_FORTRAN_WORDS,
        helpers=_helpers(
            _MERGES,
            "\n    elemental double precision function {f}({names})\n"
            "        double precision, intent(in) :: {names}\n        {f} = {body}\n    end function\n",
        ),
        helper="{name}_{helper}",
        plain=True,
        case=False,
        width=50,
    ),
    "rust": Language(
        "// ",
        "{comment}#[allow(non_snake_case, unused_variables, unused_parens)]\n"
        "pub fn {name}({arguments}) -> f64 {{\n{helpers}    {result}\n}}\n",
        argument="{}: f64",
        call="f64::{}",
        calls={"log": "f64::ln({})"},
        pi="std::f64::consts::PI",
        power=_called("f64::powf"),
        reserved=_RUST_WORDS,
        helpers=_helpers(_BRANCHES, "    fn {f}({arguments}) -> f64 {{ {body} }}\n", "x: f64", "y: f64"),
        plain=True,
    ),
}
