"""Ways to evaluate a layer: a formula, which is the truth, and faster ones, which must agree with it.

``weighted_sums`` chooses by what is at hand: compiled kernels for B-splines of degree 1 to 5 in float32 or float64 (by numba
on the CPU, by Triton on a GPU) when the work is worth it, else tensor operations that keep x alone for the way back
("eager"), and the formula itself for other bases and wherever torch looks on (compilers, torch.func, forward mode). Edges that
are straight lines need no basis: they are a matrix product.
``with use("eager"):`` forces one.

>>> with use("eager"):
...     status()
'eager'
"""

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

import torch
from torch import Tensor

from edgewise.basis.base import Basis
from edgewise.basis.bspline import BSpline
from edgewise.basis.residuals import Residual
from edgewise.errors import EdgewiseWarning, SettingsError, unknown

from . import straight, tensors
from .check import largest_error
from .plain import not_traced
from .rule import Evaluation, WeightedSums

__all__ = ["not_traced", "status", "use", "weighted_sums"]

Way = Literal["auto", "eager", "compiled"]
WAYS = ("auto", "eager", "compiled")
COMPILERS = {"cpu": "numba", "cuda": "triton"}
# (row, input, output) triples; the kernels take some seconds to compile, once for each machine
WORTH_IT = {"cpu": 100_000, "cuda": 10_000_000}
_way: ContextVar[Way] = ContextVar("edgewise_kernels", default="auto")
_known: dict[str, str] = {}
_asking = threading.Lock()


@contextmanager
def use(way: Way) -> Iterator[None]:
    """Within, layers are evaluated in this way: "auto" (the default), "eager", or "compiled" whatever the size.

    "compiled" raises SettingsError where the kernels cannot: another family or degree, a device, a dtype, a machine on
    which they do not work. Threads that are started within choose for themselves.
    """
    if way not in WAYS:
        raise unknown("way to evaluate", way, WAYS)
    token = _way.set(way)
    try:
        yield
    finally:
        _way.reset(token)


def status() -> str:
    """The way in force; where kernels were tried and do not work here, why."""
    return _way.get() + "".join(f" (eager: {reason})" for reason in _known.values() if reason)


def weighted_sums(
    basis: Basis, x: Tensor, weight: Tensor, residual: Residual, formula: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """The basis and the residual function of every input, times the weights, added up.

    x (*batch, n_in), weight (n_in, n_basis + 1, n_out) -> (*batch, n_out). ``formula(x, weight)`` is the eager way.
    """
    plain = not_traced(x, weight) and not torch.is_autocast_enabled(x.device.type)  # which wants the products to itself
    if plain and _way.get() == "auto" and straight.are(basis, residual):
        return straight.sums(basis, x, weight)
    chosen = _chosen(basis, x, weight) if plain and not _cannot_be_kept(x, weight, basis.knots) else None
    if chosen is None or not isinstance(basis, BSpline):
        return formula(x, weight)
    basis.require_inside(x)
    rows = x.reshape(-1, x.shape[-1]).contiguous()
    y: Tensor = WeightedSums.apply(rows, weight, basis, residual, chosen)  # type: ignore[no-untyped-call]
    return y.view(*x.shape[:-1], weight.shape[-1])


def _chosen(basis: Basis, x: Tensor, weight: Tensor) -> Evaluation | None:
    """The compiled kernels, or tensor operations; None where the formula alone can do it, or where there are no rows."""
    if x.numel() == 0:
        return None
    way, reason, kind = _way.get(), _cannot(basis, x, weight), x.device.type
    worth_it = not reason and x.numel() * weight.shape[-1] >= WORTH_IT[kind]
    if way == "compiled" or (way == "auto" and worth_it):
        reason = reason or fault(kind)
        if not reason:
            return _kernels(kind)
        if way == "compiled":
            raise SettingsError(
                f"the compiled kernels cannot evaluate this layer: {reason}. Leave the choice to 'auto'."
            )
    alike = x.dtype == weight.dtype == basis.knots.dtype and x.is_floating_point()
    return tensors if isinstance(basis, BSpline) and alike else None


def _cannot_be_kept(*tensors: Tensor) -> bool:
    """Whether a way back is asked for through tensors of inference mode, which may not be kept for it."""
    return torch.is_grad_enabled() and any(one.is_inference() for one in tensors)


def _cannot(basis: Basis, x: Tensor, weight: Tensor) -> str:
    """Why the kernels cannot do this; nothing if they can."""
    if not isinstance(basis, BSpline):
        return f"its basis is {basis.name}"
    if not 1 <= basis.degree <= 5:
        return f"its degree is {basis.degree}"
    if x.device.type not in WORTH_IT or not x.device == weight.device == basis.knots.device:
        return f"x is on {x.device}, the weights on {weight.device}, the knots on {basis.knots.device}"
    if not (x.dtype == weight.dtype == basis.knots.dtype and x.dtype in (torch.float32, torch.float64)):
        return f"x is {x.dtype}, the weights are {weight.dtype}, the knots {basis.knots.dtype}"
    return ""


def _kernels(kind: str) -> Evaluation:
    """The compiled kernels for devices of this kind."""
    if kind == "cuda":
        from . import gpu

        return gpu
    from . import fused

    return fused


def fault(kind: str = "cpu") -> str:
    """Why the kernels do not work on this machine; nothing if they do. Asked once, at the first use, and then said once."""
    with _asking:
        if kind not in _known:
            _known[kind] = _find_fault(kind)
            if _known[kind]:
                warnings.warn(
                    f"the compiled kernels do not work here ({_known[kind]}); layers are evaluated by the eager formula, "
                    f"more slowly.",
                    EdgewiseWarning,
                    stacklevel=4,
                )
        return _known[kind]


def _find_fault(kind: str) -> str:
    try:
        kernels = _kernels(kind)
        off = largest_error(kernels, kind)
    except ImportError as missing:
        return f"{COMPILERS[kind]} cannot be imported: {missing}"
    except Exception as trouble:  # noqa: BLE001 - whatever a compiler on a foreign machine may raise
        return f"{type(trouble).__name__}: {trouble}"
    rounded = kind == "cuda" and getattr(kernels, "tf32_allowed", bool)()
    return "" if off < (2e-2 if rounded else 1e-4) else f"a test layer is off by {off:.1e}"
