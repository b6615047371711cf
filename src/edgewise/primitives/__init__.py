"""The named functions that an edge may become.

Two tables. ``FUNCTIONS`` holds the elementary functions and says, in strings that are resolved when first needed,
how each back-end calls them. ``PRIMITIVES`` holds the candidates for an edge, each written once over any back-end. Beside
each stands one of special functions (``SPECIAL_FUNCTIONS``, ``SPECIAL``), which are candidates only where they are named:

>>> PRIMITIVES["gaussian"]("numpy", 0.0)
np.float64(1.0)
>>> PRIMITIVES["sin"].complexity
1

A new primitive is one row; tests/laws/ checks every row against every back-end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib import import_module
from math import inf, pi
from typing import Any

from edgewise.errors import unknown

from . import special


@dataclass(frozen=True)
class Function:
    """A function and its name in each back-end (``module:attribute``), or what computes it there."""

    name: str
    numpy: str | Callable[[Any], Any]
    torch: str | Callable[[Any], Any]
    sympy: str | Callable[[Any], Any]


FUNCTIONS: dict[str, Function] = {
    row.name: row
    for row in (
        Function("sqrt", "numpy:sqrt", "torch:sqrt", "sympy:sqrt"),
        Function("exp", "numpy:exp", "torch:exp", "sympy:exp"),
        Function("log", "numpy:log", "torch:log", "sympy:log"),
        Function("sin", "numpy:sin", "torch:sin", "sympy:sin"),
        Function("cos", "numpy:cos", "torch:cos", "sympy:cos"),
        Function("tan", "numpy:tan", "torch:tan", "sympy:tan"),
        Function("sinh", "numpy:sinh", "torch:sinh", "sympy:sinh"),
        Function("cosh", "numpy:cosh", "torch:cosh", "sympy:cosh"),
        Function("tanh", "numpy:tanh", "torch:tanh", "sympy:tanh"),
        Function("asin", "numpy:arcsin", "torch:asin", "sympy:asin"),
        Function("acos", "numpy:arccos", "torch:acos", "sympy:acos"),
        Function("atan", "numpy:arctan", "torch:atan", "sympy:atan"),
        Function("atanh", "numpy:arctanh", "torch:atanh", "sympy:atanh"),
        Function("abs", "numpy:abs", "torch:abs", "sympy:Abs"),
        Function("sign", "numpy:sign", "torch:sign", "sympy:sign"),
        Function(
            "step",
            "edgewise.primitives:_numpy_step",
            "edgewise.primitives:_torch_step",
            "edgewise.primitives:_sympy_step",
        ),
        Function("relu", "edgewise.primitives:_numpy_relu", "torch:relu", "edgewise.primitives:_sympy_relu"),
        Function("sigmoid", "scipy.special:expit", "torch:sigmoid", "edgewise.primitives:_sympy_sigmoid"),
        Function(
            "softplus",
            "edgewise.primitives:_numpy_softplus",
            "torch.nn.functional:softplus",
            "edgewise.primitives:_sympy_softplus",
        ),
    )
}
SPECIAL_FUNCTIONS: dict[str, Function] = {
    row.name: Function(row.name, row.numpy, row.torch, row.sympy) for row in special.ROWS
}


def _numpy_step(x: Any) -> Any:
    return import_module("numpy").heaviside(x, 1.0)


def _torch_step(x: Any) -> Any:
    return (x >= 0).to(x.dtype)


def _sympy_step(x: Any) -> Any:
    return import_module("sympy").Heaviside(x, 1)


def _numpy_relu(x: Any) -> Any:
    return import_module("numpy").maximum(x, 0.0)


def _sympy_relu(x: Any) -> Any:
    return import_module("sympy").Max(x, 0)


def _sympy_sigmoid(x: Any) -> Any:
    return 1 / (1 + import_module("sympy").exp(-x))


def _numpy_softplus(x: Any) -> Any:
    return import_module("numpy").logaddexp(x, 0.0)


def _sympy_softplus(x: Any) -> Any:
    sympy = import_module("sympy")
    return sympy.log(1 + sympy.exp(x))


def _resolved(place: str) -> Callable[[Any], Any]:
    module, attribute = place.split(":")
    found: Callable[[Any], Any] = getattr(import_module(module), attribute)
    return found


class Backend:
    """The functions of one back-end as attributes: ``backend("torch").sin``, ``backend("numpy").j0``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, function: str) -> Callable[[Any], Any]:
        row = FUNCTIONS.get(function) or SPECIAL_FUNCTIONS.get(function)
        if row is None:
            raise AttributeError(function)
        said: str | Callable[[Any], Any] = getattr(row, self.name)
        found = said if callable(said) else _resolved(said)
        setattr(self, function, found)
        return found


@cache
def backend(name: str) -> Backend:
    """The elementary functions of ``"numpy"``, ``"torch"`` or ``"sympy"``."""
    if name not in ("numpy", "torch", "sympy"):
        raise unknown("back-end", name, ("numpy", "torch", "sympy"))
    return Backend(name)


@dataclass(frozen=True)
class Primitive:
    """A candidate for an edge: ``c f(a x + b) + d`` with ``f`` from here.

    ``formula(m, x)`` writes f over the back-end ``m``; ``domain`` is the open interval on which f is finite (``inside``
    tells whether its borders belong to it); ``complexity`` counts the functions, operators and numbers that f adds to a
    printed formula; ``period`` is None for a function that does not repeat; ``parity`` is +1 (even), -1 (odd) or 0.
    ``exponent=True`` marks the one primitive whose f takes a fitted exponent as a third argument; ``waves=True`` one that
    oscillates without a period.
    """

    name: str
    formula: Callable[..., Any]
    complexity: int = 1
    domain: tuple[float, float] = (-inf, inf)
    inside: bool = False
    period: float | None = None
    parity: int = 0
    smooth: bool = True
    pole: bool = False
    exponent: bool = False
    waves: bool = False

    def __call__(self, back_end: str, x: Any, *exponent: Any) -> Any:
        """f(x) in the given back-end: an array, a tensor or a SymPy expression."""
        return self.formula(backend(back_end), x, *exponent)

    @property
    def listed(self) -> bool:
        """Whether it is a row of a table here, and none of the user's own."""
        return (PRIMITIVES | SPECIAL).get(self.name) is self

    def __reduce__(self) -> Any:
        """A row of the table travels as its name; a user's own primitive as its parts."""
        if self.listed:
            return find, (self.name,)
        return Primitive, tuple(getattr(self, field.name) for field in fields(self))


def _inverse_power(n: int) -> Primitive:
    return Primitive(
        "1/x" if n == 1 else f"1/x^{n}", lambda m, x: x**-n, 2 if n == 1 else 4, pole=True, parity=(-1) ** n
    )


def _power(n: int) -> Primitive:
    return Primitive(f"x^{n}", lambda m, x: x**n, 2, parity=(-1) ** n)


PRIMITIVES: dict[str, Primitive] = {
    row.name: row
    for row in (
        Primitive("0", lambda m, x: 0 * x, 0, parity=1),
        Primitive("x", lambda m, x: x, 0, parity=-1),
        *(_power(n) for n in (2, 3, 4, 5)),
        *(_inverse_power(n) for n in (1, 2, 3, 4, 5)),
        Primitive("sqrt", lambda m, x: m.sqrt(x), 1, domain=(0.0, inf), inside=True),
        Primitive("x^1.5", lambda m, x: x * m.sqrt(x), 2, domain=(0.0, inf), inside=True),
        Primitive("1/sqrt", lambda m, x: 1 / m.sqrt(x), 3, domain=(0.0, inf)),
        Primitive("power", lambda m, x, p: x**p, 2, domain=(0.0, inf), exponent=True),
        Primitive("exp", lambda m, x: m.exp(x)),
        Primitive("log", lambda m, x: m.log(x), domain=(0.0, inf)),
        Primitive("sin", lambda m, x: m.sin(x), period=2 * pi, parity=-1),
        Primitive("cos", lambda m, x: m.cos(x), period=2 * pi, parity=1),
        Primitive("tan", lambda m, x: m.tan(x), period=pi, parity=-1, pole=True),
        Primitive("sinh", lambda m, x: m.sinh(x), parity=-1),
        Primitive("cosh", lambda m, x: m.cosh(x), parity=1),
        Primitive("tanh", lambda m, x: m.tanh(x), parity=-1),
        Primitive("arcsin", lambda m, x: m.asin(x), domain=(-1.0, 1.0), inside=True, parity=-1),
        Primitive("arccos", lambda m, x: m.acos(x), domain=(-1.0, 1.0), inside=True),
        Primitive("arctan", lambda m, x: m.atan(x), parity=-1),
        Primitive("arctanh", lambda m, x: m.atanh(x), domain=(-1.0, 1.0), parity=-1),
        Primitive("gaussian", lambda m, x: m.exp(-(x**2)), 3, parity=1),
        Primitive("sigmoid", lambda m, x: m.sigmoid(x), 5),
        Primitive("softplus", lambda m, x: m.softplus(x), 4),
        Primitive("abs", lambda m, x: m.abs(x), parity=1, smooth=False),
        Primitive("sign", lambda m, x: m.sign(x), parity=-1, smooth=False),
        Primitive("step", lambda m, x: m.step(x), smooth=False),
        Primitive("relu", lambda m, x: m.relu(x), smooth=False),
    )
}


def _special(row: special.Special) -> Primitive:
    return Primitive(
        row.name,
        lambda m, x: getattr(m, row.name)(x),
        domain=row.domain,
        inside=row.inside,
        parity=row.parity,
        waves=row.waves,
    )


SPECIAL: dict[str, Primitive] = {row.name: _special(row) for row in special.ROWS}


def find(name: str, extra: Mapping[str, Primitive] | None = None) -> Primitive:
    """The primitive of that name, from ``extra`` (the user's own) first; of special functions, too.

    Raises UnknownNameError with the closest known name.
    """
    known = {**PRIMITIVES, **SPECIAL, **(extra or {})}
    if name not in known:
        raise unknown("primitive", name, known)
    return known[name]
