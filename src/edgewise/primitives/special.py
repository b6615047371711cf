"""Special functions of one variable: how each back-end computes them, and their slopes.

They are off unless named (``functions=["j0"]`` of `edgewise.discover`). NumPy's values are SciPy's. So are torch's on a CPU,
since torch's own Bessel functions are good to ten digits only; elsewhere torch.special computes what it has, and the rest
goes through the CPU. The slopes are SciPy's, and are known once.
Sources of the slopes: NIST Digital Library of Mathematical Functions, 10.6, 5.4, 7.10, 9.2, 19.4, 4.13.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from math import e, inf
from typing import Any

STEP = 1e-5  # of a central difference, where no slope is known


@dataclass(frozen=True)
class Special:
    """One function: its values and slope over NumPy, torch's own where there is one (``module:attribute``), SymPy's.

    ``domain``, ``inside`` and ``parity`` as for `Primitive`; ``waves`` where it oscillates without a period.
    """

    name: str
    numpy: Callable[[Any], Any]
    slope: Callable[[Any], Any]
    sympy: Callable[[Any], Any]
    native: str = ""
    domain: tuple[float, float] = (-inf, inf)
    inside: bool = False
    parity: int = 0
    waves: bool = False

    def torch(self, x: Any) -> Any:
        """The values of a tensor, with a gradient."""
        return _differentiable().apply(x, self)


def _scipy(name: str, *before: Any) -> Callable[[Any], Any]:
    """``scipy.special.NAME(*before, x)``."""
    return lambda x: getattr(import_module("scipy.special"), name)(*before, x)


def _sympy(name: str, *before: Any) -> Callable[[Any], Any]:
    return lambda x: getattr(import_module("sympy"), name)(*before, x)


def _airy(part: int) -> Callable[[Any], Any]:
    """Ai, Ai', Bi or Bi'."""
    return lambda x: _scipy("airy")(x)[part]


def _bessel(n: int) -> Special:
    value, before, after = (_scipy("jv", order) for order in (n, n - 1, n + 1))
    return Special(
        f"j{n}",
        _scipy(f"j{n}") if n < 2 else value,
        lambda x: (before(x) - after(x)) / 2,
        _sympy("besselj", n),
        f"torch.special:bessel_j{n}" if n < 2 else "",
        parity=(-1) ** n,
        waves=True,
    )


def _second_bessel(n: int) -> Special:
    before, after = (_scipy("yv", order) for order in (n - 1, n + 1))
    return Special(
        f"y{n}",
        _scipy(f"y{n}"),
        lambda x: (before(x) - after(x)) / 2,
        _sympy("bessely", n),
        f"torch.special:bessel_y{n}",
        domain=(0.0, inf),
        waves=True,
    )


def _lambertw(x: Any) -> Any:
    """The branch that is real from -1/e on and passes through 0; nan below, and at -1/e itself."""
    numpy = import_module("numpy")
    return numpy.where(numpy.asarray(x) > -1 / e, _scipy("lambertw")(x).real, numpy.nan)[()]


def _slope_of_lambertw(x: Any) -> Any:
    w = _lambertw(x)
    return import_module("numpy").exp(-w) / (1 + w)


def _slope_of_ellipk(m: Any) -> Any:
    """At m = 0 the limit, pi / 8."""
    numpy = import_module("numpy")
    m = numpy.asarray(m)
    safe = numpy.where(m == 0, 0.5, m)
    slope = (_scipy("ellipe")(safe) - (1 - safe) * _scipy("ellipk")(safe)) / (2 * safe * (1 - safe))
    return numpy.where(m == 0, numpy.pi / 8, slope)


def _slope_of_ellipe(m: Any) -> Any:
    """At m = 0 the limit, -pi / 8."""
    numpy = import_module("numpy")
    m = numpy.asarray(m)
    safe = numpy.where(m == 0, 0.5, m)
    return numpy.where(m == 0, -numpy.pi / 8, (_scipy("ellipe")(safe) - _scipy("ellipk")(safe)) / (2 * safe))


def _slope_of_erf(x: Any) -> Any:
    numpy = import_module("numpy")
    return 2 / numpy.sqrt(numpy.pi) * numpy.exp(-(numpy.asarray(x) ** 2))


def _slope_of_zeta(x: Any) -> Any:
    value = _scipy("zeta")
    return (value(x + STEP) - value(x - STEP)) / (2 * STEP)


def _valued(name: str, value: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """SymPy's function, with a number in the place of a number's value: SymPy writes some with constants of their own."""

    def written(x: Any) -> Any:
        sympy = import_module("sympy")
        x = sympy.sympify(x, strict=True)
        return sympy.Float(float(value(float(x)))) if x.is_Number else getattr(sympy, name)(x)

    return written


ROWS: tuple[Special, ...] = (
    *(_bessel(n) for n in range(6)),
    *(_second_bessel(n) for n in range(2)),
    Special("erf", _scipy("erf"), _slope_of_erf, _sympy("erf"), "torch:erf", parity=-1),
    Special(
        "gamma",
        _scipy("gamma"),
        lambda x: _scipy("gamma")(x) * _scipy("digamma")(x),
        _sympy("gamma"),
        domain=(0.0, inf),
    ),
    Special("loggamma", _scipy("loggamma"), _scipy("digamma"), _sympy("loggamma"), domain=(0.0, inf)),
    Special(
        "digamma",
        _scipy("digamma"),
        _scipy("polygamma", 1),
        _valued("digamma", _scipy("digamma")),
        "torch:digamma",
        domain=(0.0, inf),
    ),
    Special("airyai", _airy(0), _airy(1), _sympy("airyai"), "torch.special:airy_ai", waves=True),
    Special("airybi", _airy(2), _airy(3), _sympy("airybi"), waves=True),
    Special("ellipk", _scipy("ellipk"), _slope_of_ellipk, _sympy("elliptic_k"), domain=(-inf, 1.0)),
    Special("ellipe", _scipy("ellipe"), _slope_of_ellipe, _sympy("elliptic_e"), domain=(-inf, 1.0), inside=True),
    Special("lambertw", _lambertw, _slope_of_lambertw, _sympy("LambertW"), domain=(-1 / e, inf)),
    Special("zeta", _scipy("zeta"), _slope_of_zeta, _valued("zeta", _scipy("zeta")), domain=(1.0, inf)),
)


@cache
def _differentiable() -> Any:
    """The class through which torch computes them; made when torch is needed."""
    torch: Any = import_module("torch")
    base: Any = torch.autograd.Function

    def through_scipy(function: Callable[[Any], Any], x: Any) -> Any:
        return torch.as_tensor(function(x.detach().cpu().numpy()), dtype=x.dtype, device=x.device)

    class Differentiable(base):
        @staticmethod
        def forward(ctx: Any, x: Any, row: Special) -> Any:
            ctx.row = row
            ctx.save_for_backward(x)
            ctx.save_for_forward(x)
            if not row.native or x.device.type == "cpu":
                return through_scipy(row.numpy, x)
            module, name = row.native.split(":")
            return getattr(import_module(module), name)(x.detach())

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx: Any, gradient: Any) -> Any:
            (x,) = ctx.saved_tensors
            return gradient * through_scipy(ctx.row.slope, x), None

        @staticmethod
        def jvp(ctx: Any, tangent: Any, _: Any) -> Any:
            (x,) = ctx.saved_tensors
            return tangent * through_scipy(ctx.row.slope, x)

    return Differentiable
