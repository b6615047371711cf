"""Functions of the user's own, as primitives of one model.

A name is known to the model that was told of it and to what comes out of that model, to nobody else: there is no table of the
whole process that one script could change under another.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from sympy.utilities.lambdify import implemented_function
from torch import Tensor

from edgewise.errors import SettingsError
from edgewise.primitives import PRIMITIVES, Primitive, find

Symbols = Mapping[str, Callable[[Tensor], Tensor] | Primitive]
STEP = 6e-6  # of a central difference in float64: the cube root of its precision
LISTED = {
    "x^0.5": "sqrt",
    "1/sqrt(x)": "1/sqrt",
    "1/x^0.5": "1/sqrt",
    "sgn": "sign",
}  # pykan's names for rows of our table


def own_primitive(name: str, fun: Callable[[Tensor], Tensor] | Primitive, c: int = 1) -> Primitive:
    """The primitive ``name``: a function of tensors that works element by element, or a Primitive with all its marks.

    A function that SymPy can follow, such as ``lambda x: x**7``, is written out in formulas; any other stands there by its name,
    and ``sympy.lambdify`` evaluates it. Where torch knows no derivative of it, differences are taken.
    """
    if name in PRIMITIVES or name in LISTED:
        raise SettingsError(f"{name!r} is a primitive already: take another name for your own function.")
    if c < 0:
        raise SettingsError(f"the complexity c of {name!r} must be 0 or more, got {c}.")
    if isinstance(fun, Primitive):
        return replace(fun, name=name)
    on_tensors = _differentiable(name, fun)
    named = implemented_function(name, lambda x: _on_numbers(fun, x))

    def formula(m: Any, x: Any) -> Any:
        if m.name == "torch":
            return on_tensors(x)
        return _on_numbers(fun, x) if m.name == "numpy" else _written(fun, named, x)

    return Primitive(name, formula, c)


def own_primitives(symbols: Symbols) -> dict[str, Primitive]:
    """A primitive for each name."""
    return {name: own_primitive(name, fun) for name, fun in symbols.items()}


def library(lib: Iterable[str] | None, own: Mapping[str, Primitive]) -> dict[str, Primitive]:
    """The primitives of these names, pykan's spellings among them; all of the table and all of one's own by default."""
    if lib is None:
        return {**PRIMITIVES, **own}
    names = [lib] if isinstance(lib, str) else list(lib)
    if not names:
        raise SettingsError("lib is empty: name one function at least, or leave lib out to try them all.")
    found = [find(LISTED.get(name, name), own) for name in names]
    return {primitive.name: primitive for primitive in found}


def _differentiable(name: str, fun: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The function, with differences for its slope if torch has none. Raises SettingsError unless it is element by element."""
    probe = torch.linspace(-2, 2, 9, dtype=torch.float64, requires_grad=True)
    try:
        values = fun(probe)
    except (TypeError, RuntimeError, AttributeError, ValueError) as error:
        raise SettingsError(f"{name!r} must take a tensor and give one, but calling it failed: {error}") from error
    if not isinstance(values, Tensor) or values.shape != probe.shape:
        got = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise SettingsError(f"{name!r} must give a tensor as long as the one it takes (9 numbers), got {got}.")
    try:
        torch.autograd.grad(values.sum(), probe)
    except RuntimeError:
        return lambda x: _Differences.apply(fun, x)  # type: ignore[no-untyped-call]
    return fun


class _Differences(torch.autograd.Function):
    """A function whose slope is taken by central differences."""

    @staticmethod
    def forward(ctx: Any, fun: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """fun(x)."""
        ctx.fun = fun
        ctx.save_for_backward(x)
        with torch.no_grad():
            return fun(x)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[None, Tensor]:
        """The slope at x, error about 1e-11."""
        (x,) = ctx.saved_tensors
        step = STEP * (1 + x.abs())
        return None, slopes[0] * (ctx.fun(x + step) - ctx.fun(x - step)) / (2 * step)


def _on_numbers(fun: Callable[[Tensor], Tensor], x: Any) -> Any:
    with torch.no_grad():
        return fun(torch.from_numpy(np.ascontiguousarray(x, dtype=np.float64).copy())).numpy()


def _written(fun: Callable[[Tensor], Tensor], named: Any, x: Any) -> Any:
    try:
        return fun(x)
    except (TypeError, AttributeError):
        return named(x)
