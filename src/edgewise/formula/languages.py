"""The programming languages that a formula can be exported to: a row each.

A row says how the language writes numbers, powers and functions, which of our functions it lacks (these are written
out as helpers, only where they are used), which names it keeps for itself, and what stands around the expression.
Numbers are float64 literals throughout, so that 1/2 is a half everywhere, and read back to the last bit. Where the
formula has no real value the functions give nan, as `Formula.predict` does.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

import sympy

from edgewise.errors import FormulaError
from edgewise.primitives import FUNCTIONS

from .text import ATOM, Dialect, Piece


def float64(digits: str) -> str:
    """The number as a float64 literal that reads back to the last bit."""
    value = float(digits)
    if not isfinite(value):
        raise FormulaError(f"the number {digits[:20]}... does not fit in a float64, so no code can hold it.")
    return repr(value)


MOST = 32  # integer powers up to this one are multiplications, larger ones a call of the language's pow


@dataclass(frozen=True)
class Language:
    """How one language writes a formula. ``calls`` maps our functions to its own, as texts with {} for the arguments."""

    title: str
    comment: str
    calls: Mapping[str, str]
    frame: Callable[[str, Sequence[str], str, str], str]
    pi: str = "3.141592653589793"
    helpers: Mapping[str, str] = field(default_factory=dict)
    reserved: frozenset[str] = frozenset()
    digits: Callable[[str], str] = float64
    integer_power: str = "({}**{})"
    power: str = "({}**{})"
    folds: bool = False
    ignores_case: bool = False
    ascii: bool = True

    def dialect(self, names: Mapping[str, str]) -> Dialect:
        """The writer's settings, with ``names`` in place of the formula's own."""
        return Dialect(
            function=self._call,
            pi=self.pi,
            digits=self.digits,
            name=lambda name: names[name],
            power=self._power,
            folds=self.folds,
        )

    def _call(self, name: str, arguments: str) -> str:
        if name not in self.calls:
            known = ", ".join(row.title for row in LANGUAGES.values() if name in row.calls)
            raise FormulaError(
                f"{self.title} has no {name}, so it cannot hold this formula. NumPy (with SciPy) and SymPy have it"
                + (f", and so have: {known}." if known else ".")
            )
        return self.calls[name].format(arguments)

    def _power(self, base: Piece, exponent: sympy.Expr, text: Piece) -> Piece:
        whole = exponent.is_Integer and 0 < exponent <= MOST
        pattern, right = (self.integer_power, str(exponent)) if whole else (self.power, text.within(ATOM))
        return Piece(pattern.format(base.within(ATOM), right), ATOM)


_NAMES = tuple(
    sorted((set(FUNCTIONS) - {"sigmoid", "softplus"}) | {"maximum", "minimum"})
)  # SymPy writes these two with exp


def _calls(pattern: str, **others: str) -> dict[str, str]:
    return {name: pattern.format(name) + "({})" for name in _NAMES} | others


def _unused(arguments: Sequence[str], body: str) -> list[str]:
    """Those that the formula does not need: compilers warn of them unless they are named."""
    return [argument for argument in arguments if not re.search(rf"\b{argument}\b", body)]


def _indented(text: str, by: str = "    ") -> str:
    return "".join(f"{by}{line}\n" for line in text.splitlines() if line)


# ---- Python with tensors

_TORCH_HELPERS = {
    "_floating": (  # powers of integers overflow
        "def _floating(x):\n"
        "    return x.to(torch.float64) if isinstance(x, torch.Tensor) and not x.is_floating_point() else x\n"
    ),
    "_tensor": (
        "def _tensor(value):\n"
        "    return value if isinstance(value, torch.Tensor) else torch.tensor(value, dtype=torch.float64)\n"
    ),
    "_step": "def _step(x):\n    return torch.where(torch.isnan(x), x, (x >= 0).to(x.dtype))\n",
    "_maximum": "def _maximum(x, y):\n    return torch.maximum(_tensor(x), _tensor(y))\n",
    "_minimum": "def _minimum(x, y):\n    return torch.minimum(_tensor(x), _tensor(y))\n",
    "_sign": "def _sign(x):\n    return torch.where(torch.isnan(x), x, torch.sign(x))\n",
}


def _torch_frame(name: str, arguments: Sequence[str], body: str, helpers: str) -> str:
    unused = _unused(arguments, body)
    used = [x for x in arguments if x not in unused]
    floating = "".join(f"    {x} = _floating({x})\n" for x in used)
    parts = [
        "import torch\n",
        *([_TORCH_HELPERS["_floating"]] if used else []),
        *helpers.split("\n\n"),
        f"def {name}({', '.join(arguments)}):\n{floating}    return {body}",
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts if part) + "\n"


# ---- C

_C_HELPERS = {
    "edgewise_power": (
        "static double edgewise_power(double x, int n)\n{\n    double y = 1.0;\n"
        "    for (; n > 0; n /= 2, x *= x)\n        if (n % 2) y *= x;\n    return y;\n}\n"
    ),
    "edgewise_sign": "static double edgewise_sign(double x) { return x != x ? x : (double)((x > 0) - (x < 0)); }\n",
    "edgewise_step": "static double edgewise_step(double x) { return x != x ? x : (double)(x >= 0); }\n",
    "edgewise_max": "static double edgewise_max(double x, double y) { return (x != x || x > y) ? x : y; }\n",
    "edgewise_min": "static double edgewise_min(double x, double y) { return (x != x || x < y) ? x : y; }\n",
}
_C_KEYWORDS = (
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool true false "
    "nullptr constexpr typeof alignas alignof thread_local static_assert asm main class new delete template this public "
    "private protected virtual namespace using try catch throw operator friend and or not xor linux unix"
)
_C_MATH = (
    "acos asin atan atan2 ceil cos cosh exp fabs floor fmod frexp ldexp log log10 modf pow sin sinh sqrt tan tanh acosh "
    "asinh atanh cbrt copysign erf erfc exp2 expm1 fdim fma fmax fmin hypot ilogb lgamma llrint log1p log2 logb lrint "
    "lround nan nearbyint nextafter remainder remquo rint round scalbn tgamma trunc gamma signgam isnan isinf isfinite "
    "signbit fpclassify j0 j1 jn y0 y1 yn drem significand scalb abs div labs exit abort printf"
)


def _c_frame(name: str, arguments: Sequence[str], body: str, helpers: str) -> str:
    taken = ", ".join(f"double {argument}" for argument in arguments) or "void"
    unused = "".join(f"    (void){argument};\n" for argument in _unused(arguments, body))
    return f"#include <math.h>\n\n{helpers}\ndouble {name}({taken})\n{{\n{unused}    return {body};\n}}\n"


def _guarded(helpers: Mapping[str, str]) -> dict[str, str]:
    """Each helper once, however many formulas one file holds."""
    return {name: f"#ifndef {name.upper()}\n#define {name.upper()}\n{text}#endif\n" for name, text in helpers.items()}


# ---- JavaScript

_JS_WORDS = (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends false "
    "finally for function if implements import in instanceof interface let new null package private protected public "
    "return static super switch this throw true try typeof undefined var void while with yield NaN Infinity Math Number "
    "Object Array async of"
)


def _js_frame(name: str, arguments: Sequence[str], body: str, helpers: str) -> str:
    return f"function {name}({', '.join(arguments)}) {{\n{_indented(helpers)}    return {body};\n}}\n"


# ---- Julia

_JULIA_HELPERS = {
    "edgewise_power": "edgewise_power(x, y) = x < 0 && !isinteger(y) ? NaN : x^y\n",
    **{f"edgewise_{f}": f"edgewise_{f}(x) = x < 0 ? NaN : {f}(x)\n" for f in ("sqrt", "log")},
    **{f"edgewise_{f}": f"edgewise_{f}(x) = abs(x) > 1 ? NaN : {f}(x)\n" for f in ("asin", "acos", "atanh")},
    **{f"edgewise_{f}": f"edgewise_{f}(x) = isinf(x) ? NaN : {f}(x)\n" for f in ("sin", "cos", "tan")},
    "edgewise_step": "edgewise_step(x) = isnan(x) ? x : (x >= 0 ? 1.0 : 0.0)\n",
}
_JULIA_WORDS = (
    "baremodule begin break catch const continue do else elseif end export false finally for function global if import "
    "in isa let local macro module mutable primitive quote return struct true try type using where while abstract outer "
    "pi im exp sinh cosh tanh atan abs sign max min sqrt log asin acos atanh sin cos tan float isinf isnan isinteger NaN "
    "Inf Float64"
)


def _julia_frame(name: str, arguments: Sequence[str], body: str, helpers: str) -> str:
    floats = "".join(f"    {argument} = float({argument})\n" for argument in arguments)
    return f"{helpers}\nfunction {name}({', '.join(arguments)})\n{floats}    return {body}\nend\n"


# ---- Fortran

_FORTRAN_HEAD = "    elemental real(dp) function {0}\n        real(dp), intent(in) :: {1}\n"
_FORTRAN_HELPERS = {
    "edgewise_sign": (
        _FORTRAN_HEAD.format("edgewise_sign(x)", "x")
        + "        edgewise_sign = merge(x, merge(1.0_dp, 0.0_dp, x > 0) - merge(1.0_dp, 0.0_dp, x < 0), x /= x)\n"
        + "    end function\n"
    ),
    "edgewise_step": (
        _FORTRAN_HEAD.format("edgewise_step(x)", "x")
        + "        edgewise_step = merge(x, merge(1.0_dp, 0.0_dp, x >= 0), x /= x)\n    end function\n"
    ),
    "edgewise_max": (
        _FORTRAN_HEAD.format("edgewise_max(x, y)", "x, y")
        + "        edgewise_max = merge(x, y, x /= x .or. x > y)\n    end function\n"
    ),
    "edgewise_min": (
        _FORTRAN_HEAD.format("edgewise_min(x, y)", "x, y")
        + "        edgewise_min = merge(x, y, x /= x .or. x < y)\n    end function\n"
    ),
}
_FORTRAN_WORDS = (
    "bessel_j0 bessel_j1 bessel_jn bessel_y0 bessel_y1 erf gamma "
    "dp real64 iso_fortran_env real integer elemental function module contains implicit none private public end merge "
    "sqrt exp log sin cos tan sinh cosh tanh asin acos atan atanh abs if do intent use parameter"
)


def _fortran_frame(name: str, arguments: Sequence[str], body: str, helpers: str) -> str:
    def lines(text: str) -> str:
        return "&\n        &".join(text[i : i + 90] for i in range(0, len(text), 90))  # a line ends after 132 letters

    listed = ", ".join(arguments)
    declared = lines(f"real(dp), intent(in) :: {listed}") if arguments else ""
    return (
        f"module {name}_m\n    use, intrinsic :: iso_fortran_env, only: dp => real64\n    implicit none\n    private\n"
        f"    public :: {name}\ncontains\n{helpers}\n    elemental real(dp) function {lines(f'{name}({listed})')}\n"
        f"        {declared}\n        {lines(f'{name} = {body}')}\n    end function\nend module\n"
    )


# ---- Rust

_RUST_HELPERS = {
    "edgewise_sign": (
        "fn edgewise_sign(x: f64) -> f64 { if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { x.abs() } }\n"
    ),
    "edgewise_step": ("fn edgewise_step(x: f64) -> f64 { if x >= 0.0 { 1.0 } else if x < 0.0 { 0.0 } else { x } }\n"),
    "edgewise_max": "fn edgewise_max(x: f64, y: f64) -> f64 { if x.is_nan() || x > y { x } else { y } }\n",
    "edgewise_min": "fn edgewise_min(x: f64, y: f64) -> f64 { if x.is_nan() || x < y { x } else { y } }\n",
}
_RUST_WORDS = (
    "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut "
    "pub ref return self Self static struct super trait true type unsafe use where while abstract become box do final "
    "macro override priv try typeof unsized virtual yield gen f64 std main"
)


def _rust_frame(name: str, arguments: Sequence[str], body: str, helpers: str) -> str:
    taken = ", ".join(f"{argument}: f64" for argument in arguments)
    allowed = "#[allow(non_snake_case, unused_variables, unused_parens)]\n"
    return f"{allowed}pub fn {name}({taken}) -> f64 {{\n{_indented(helpers)}    {body}\n}}\n"


def _words(*lists: str) -> frozenset[str]:
    return frozenset(" ".join(lists).split())


_EXTREMES = {
    "sign": "edgewise_sign({})",
    "step": "edgewise_step({})",
    "relu": "edgewise_max({}, 0.0)",
    "maximum": "edgewise_max({})",
    "minimum": "edgewise_min({})",
}

LANGUAGES: dict[str, Language] = {
    "torch": Language(
        "torch",
        "#",
        _calls("torch.{}", sign="_sign({})", step="_step({})", maximum="_maximum({})", minimum="_minimum({})")
        | {name: f"torch.special.bessel_{name}({{}})" for name in ("j0", "j1", "y0", "y1")}
        | {"erf": "torch.erf({})", "digamma": "torch.digamma({})", "airyai": "torch.special.airy_ai({})"},
        _torch_frame,
        helpers=_TORCH_HELPERS,
        reserved=_words("torch True False None " + " ".join(_TORCH_HELPERS)),
        digits=lambda digits: float64(digits) if len(digits) > 15 else digits,  # tensors take no longer integers
        folds=True,
        ascii=False,
    ),
    "c": Language(
        "C",
        "//",
        _calls("{}", abs="fabs({})", **_EXTREMES) | {"erf": "erf({})", "gamma": "tgamma({})"},
        _c_frame,
        helpers=_guarded(_C_HELPERS),
        reserved=_words(_C_KEYWORDS, _C_MATH),
        integer_power="edgewise_power({}, {})",
        power="pow({}, {})",
    ),
    "javascript": Language(
        "JavaScript",
        "//",
        _calls(
            "Math.{}",
            maximum="Math.max({})",
            minimum="Math.min({})",
            relu="Math.max({}, 0.0)",
            step="edgewise_step({})",
        ),
        _js_frame,
        pi="Math.PI",
        helpers={"edgewise_step": "const edgewise_step = (x) => (Number.isNaN(x) ? x : x >= 0 ? 1 : 0);\n"},
        reserved=_words(_JS_WORDS),
        integer_power="Math.pow({}, {})",
        power="Math.pow({}, {})",
    ),
    "julia": Language(
        "Julia (without packages)",
        "#",
        _calls("{}", maximum="max({})", minimum="min({})", relu="max({}, 0.0)")
        | {name.removeprefix("edgewise_"): name + "({})" for name in _JULIA_HELPERS if name != "edgewise_power"},
        _julia_frame,
        helpers=_JULIA_HELPERS,
        reserved=_words(_JULIA_WORDS),
        integer_power="({}^{})",
        power="edgewise_power({}, {})",
    ),
    "fortran": Language(
        "Fortran",
        "!",
        _calls("{}", **_EXTREMES)
        | {"relu": "edgewise_max({}, 0.0_dp)", "erf": "erf({})", "gamma": "gamma({})"}
        | {name: f"bessel_{name}({{}})" for name in ("j0", "j1", "y0", "y1")}
        | {f"j{n}": f"bessel_jn({n}, {{}})" for n in range(2, 6)},
        _fortran_frame,
        pi="3.141592653589793_dp",
        helpers=_FORTRAN_HELPERS,
        reserved=_words(_FORTRAN_WORDS),
        digits=lambda digits: f"{float64(digits)}_dp",
        ignores_case=True,
        folds=True,  # the compiler refuses what it can see to have no value
    ),
    "rust": Language(
        "Rust",
        "//",
        _calls("f64::{}", log="f64::ln({})", **_EXTREMES),
        _rust_frame,
        pi="std::f64::consts::PI",
        helpers=_RUST_HELPERS,
        reserved=_words(_RUST_WORDS),
        integer_power="f64::powi({}, {})",
        power="f64::powf({}, {})",
    ),
}
