"""Ways to evaluate a layer: a formula, which is the truth, and faster ones, which must agree with it.

``weighted_sums`` chooses by what is at hand: compiled kernels for B-splines of degree 1 to 5 in float32 or float64 on the
CPU when the work is worth it, else tensor operations that keep x alone for the way back ("eager"), and the formula itself
for other bases and wherever torch looks on (compilers, torch.func, forward mode). ``with use("eager"):`` forces one.

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

from . import tensors
from .plain import not_traced
from .rule import Evaluation, WeightedSums

__all__ = ["not_traced", "status", "use", "weighted_sums"]

Way = Literal["auto", "eager", "compiled"]
WAYS = ("auto", "eager", "compiled")
WORTH_IT = 100_000  # (row, input, output) triples; the kernels take some seconds to compile, once for each machine
_way: ContextVar[Way] = ContextVar("edgewise_kernels", default="auto")
_known: list[str] = []
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
    return _way.get() + "".join(f" (eager: {reason})" for reason in _known if reason)


def weighted_sums(
    basis: Basis, x: Tensor, weight: Tensor, residual: Residual, formula: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """The basis and the residual function of every input, times the weights, added up.

    x (*batch, n_in), weight (n_in, n_basis + 1, n_out) -> (*batch, n_out). ``formula(x, weight)`` is the eager way.
    """
    plain = not_traced(x, weight) and not torch.is_autocast_enabled(x.device.type)  # which wants the products to itself
    chosen = _chosen(basis, x, weight) if plain and not _cannot_be_kept(x, weight, basis.knots) else None
    if chosen is None or not isinstance(basis, BSpline):
        return formula(x, weight)
    basis.require_inside(x)
    rows = x.reshape(-1, x.shape[-1]).contiguous()
    y: Tensor = WeightedSums.apply(rows, weight, basis, residual, formula, chosen)  # type: ignore[no-untyped-call]
    return y.view(*x.shape[:-1], weight.shape[-1])


def _chosen(basis: Basis, x: Tensor, weight: Tensor) -> Evaluation | None:
    """The compiled kernels, or tensor operations; None where the formula alone can do it."""
    way, reason = _way.get(), _cannot(basis, x, weight)
    worth_it = not reason and x.numel() * weight.shape[-1] >= WORTH_IT
    if way == "compiled" or (way == "auto" and worth_it):
        reason = reason or fault()
        if not reason:
            from . import fused

            return fused
        if way == "compiled":
            raise SettingsError(
                f"the compiled kernels cannot evaluate this layer: {reason}. Leave the choice to 'auto'."
            )
    alike = x.dtype == weight.dtype == basis.knots.dtype and x.is_floating_point()
    return tensors if isinstance(basis, BSpline) and alike and x.numel() else None


def _cannot_be_kept(*tensors: Tensor) -> bool:
    """Whether a way back is asked for through tensors of inference mode, which may not be kept for it."""
    return torch.is_grad_enabled() and any(one.is_inference() for one in tensors)


def _cannot(basis: Basis, x: Tensor, weight: Tensor) -> str:
    """Why the kernels cannot do this; nothing if they can."""
    if not isinstance(basis, BSpline):
        return f"its basis is {basis.name}"
    if not 1 <= basis.degree <= 5:
        return f"its degree is {basis.degree}"
    if not all(t.device.type == "cpu" for t in (x, weight, basis.knots)):
        return f"it is on {x.device}"
    if not (x.dtype == weight.dtype == basis.knots.dtype and x.dtype in (torch.float32, torch.float64)):
        return f"x is {x.dtype}, the weights are {weight.dtype}, the knots {basis.knots.dtype}"
    if x.numel() == 0:
        return "there are no rows"
    return ""


def fault() -> str:
    """Why the kernels do not work on this machine; nothing if they do. Asked once, at the first use, and then said once."""
    with _asking:
        if not _known:
            _known.append(_find_fault())
            if _known[0]:
                warnings.warn(
                    f"the compiled kernels do not work here ({_known[0]}); layers are evaluated by the eager formula, "
                    f"more slowly.",
                    EdgewiseWarning,
                    stacklevel=4,
                )
        return _known[0]


def _find_fault() -> str:
    try:
        from .check import largest_error
    except ImportError as missing:
        return f"numba cannot be imported: {missing}"
    try:
        off = largest_error()
    except Exception as trouble:  # noqa: BLE001 - whatever a compiler on a foreign machine may raise
        return f"{type(trouble).__name__}: {trouble}"
    return "" if off < 1e-4 else f"a test layer is off by {off:.1e}"
