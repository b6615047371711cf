"""The normal equations of a stack of spline networks, compiled: one pass over the rows instead of many tensors.

The same numbers as `jacobian`, to rounding. At a row only ``degree + 1`` functions of an input are not zero, so a row of
the Jacobian has few entries however many pieces there are; where they are few beside all parameters they go straight into
J'J, elsewhere a dense block of J does by BLAS. numba is imported when this is first asked for; compiling takes some
seconds once, and is kept beside the package.
"""

from functools import cache
from typing import Any

import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor

from edgewise.basis import BSpline
from edgewise.basis.base import MARGIN
from edgewise.basis.kernels.pieces import polynomials

from .jacobian import StackLeastSquares
from .stack import LayerStack, Stack

FEW = 4  # J'J entry by entry where P^2 is more than this times (entries of a row)^2; BLAS is that much quicker an entry
BLOCK = 64e6  # bytes of a dense block of J
RESIDUAL_CODES = {"none": 0, "silu": 1, "identity": 2}


def can_compile(stack: Stack) -> bool:
    """Whether all edges are splines that the compiled rows know: B-splines in float64, on a CPU."""
    return all(_known(layer) for layer in stack.layers)


def _known(layer: LayerStack) -> bool:
    basis, weight = layer.basis, layer.weight
    plain = isinstance(basis, BSpline) and basis.extrapolation != "error" and not layer.template.fixed
    return plain and weight.dtype == torch.float64 and weight.device.type == "cpu"


class CompiledLeastSquares:
    """What `StackLeastSquares` is, for a stack that `can_compile` accepts."""

    def __init__(self, stack: Stack, x: Tensor, y: Tensor, penalty: float = 0.0, weights: Tensor | None = None) -> None:
        self.plain = StackLeastSquares(stack, x, y, penalty, weights)
        self.rows = _Rows(self.plain)

    @property
    def accepted(self) -> Tensor:
        """The parameters of the last normal equations."""
        return self.plain.accepted

    def theta(self) -> Tensor:
        """The parameters as they are in the stack."""
        return self.plain.theta()

    def write(self, theta: Tensor) -> None:
        """Put parameters into the stack."""
        self.plain.write(theta)

    def loss(self, theta: Tensor) -> Tensor:
        """Half the mean squared residual, plus the penalty."""
        squares = [self.rows.squares(number, row) for number, row in enumerate(theta.numpy())]
        return torch.tensor(squares, dtype=theta.dtype) / (2 * len(self.plain.y)) + self.plain.penalty_loss(theta)

    def normal_equations(self, theta: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Loss, gradient and curvature."""
        self.plain.accepted = theta
        parts = [self.rows.normal_equations(number, row) for number, row in enumerate(theta.numpy())]
        loss, gradient, curvature = (torch.as_tensor(np.stack(part)) for part in zip(*parts, strict=True))
        return self.plain.penalised(theta, loss, gradient, curvature)


class _Rows:
    """The stack as flat arrays: what the compiled rows read."""

    def __init__(self, problem: StackLeastSquares) -> None:
        layers = problem.stack.layers
        self.starts, self.parameters = problem.accepted.shape
        self.x, self.y = problem.x.contiguous().numpy(), problem.y.contiguous().numpy()
        self.roots = problem.root_weights.contiguous().numpy()
        self.meta, self.margins = _meta(layers)
        self.arity = np.concatenate([layer.template.arity for layer in layers]).astype(np.int64)
        self.breaks = _by_start([_breaks(layer.basis) for layer in layers], self.starts)
        self.tables = _by_start([_tables(layer.basis) for layer in layers], self.starts)
        self.ends = _by_start([_ends(layer.basis) for layer in layers], self.starts).astype(np.int64)
        self.bias = np.concatenate([layer.bias.numpy() for layer in layers], 1)
        self.number = np.full(sum(layer.weight[0].numel() for layer in layers), -1, dtype=np.int64)
        first = at = 0
        for layer, used in zip(layers, problem.used, strict=True):
            self.number[first + used.numpy()] = np.arange(at, at + len(used))
            first, at = first + layer.weight[0].numel(), at + len(used)
        per_row = sum(layer.weight[0].numel() // layer.weight.shape[2] * (layer.basis.degree + 2) for layer in layers)
        self.few = self.parameters**2 > FEW * per_row**2
        self.per_row = per_row
        self.block = max(16, int(BLOCK / (8 * max(1, self.parameters * self.y.shape[1]))))

    def _arguments(self, start: int, theta: Array) -> tuple[Any, ...]:
        weights = np.where(self.number >= 0, theta[self.number], 0.0)
        own = (self.bias[start], self.breaks[start], self.tables[start], self.ends[start])
        return (self.meta, self.margins, self.arity, self.number, *own), weights

    def squares(self, start: int, theta: Array) -> float:
        """The sum of squared residuals of one restart."""
        nothing = np.empty((0, 0, 0)), np.empty((0, 0)), np.empty(0)
        residuals = np.empty(self.y.shape)
        _kernel()(*self._arguments(start, theta), self.x, self.y, self.roots, residuals, *nothing, 0)
        return float((residuals**2).sum())

    def normal_equations(self, start: int, theta: Array) -> tuple[float, Array, Array]:
        """Half the sum of squares, J'r and J'J of one restart."""
        arguments = self._arguments(start, theta)
        gradient, curvature = np.zeros(self.parameters), np.zeros((self.parameters, self.parameters))
        squares = 0.0
        for at in range(0, len(self.x), self.block):
            rows = slice(at, at + self.block)
            residuals = np.empty(self.y[rows].shape)
            jacobian = np.zeros((0, 0, 0) if self.few else (*residuals.shape, self.parameters))
            data = (self.x[rows], self.y[rows], self.roots[rows], residuals, jacobian, curvature, gradient)
            _kernel()(*arguments, *data, 2 if self.few else 1)
            squares += float((residuals**2).sum())
            if not self.few:
                flat = jacobian.reshape(-1, self.parameters)
                gradient += residuals.reshape(-1) @ flat
                curvature += flat.T @ flat
        if self.few:
            curvature = curvature + curvature.T - np.diag(curvature.diagonal())
        return squares / 2, gradient, curvature


def _meta(layers: list[LayerStack]) -> tuple[Array, Array]:
    """A row a layer: inputs, sums, nodes, features, degree, residual; and how far beyond its border a spline goes
    on as it is, in shares of the range (-1: not at all, it is held)."""
    rows = []
    for layer in layers:
        n_in, features, n_sums = layer.weight.shape[1:]
        kind = layer.template.residual
        rows.append([n_in, n_sums, layer.template.n_out, features, layer.basis.degree, RESIDUAL_CODES[kind]])
    meta = np.array(rows, dtype=np.int64)
    margins = [
        -1.0 if layer.basis.extrapolation == "constant" else MARGIN[layer.basis.extrapolation] for layer in layers
    ]
    return meta, np.array(margins)


def _by_start(parts: list[Tensor], starts: int) -> Array:
    """(R * n_in, columns) of each layer -> (R, all)."""
    return np.ascontiguousarray(np.concatenate([part.numpy().reshape(starts, -1) for part in parts], 1))


def _breaks(basis: Any) -> Tensor:
    return basis.breaks


def _tables(basis: Any) -> Tensor:
    return polynomials(basis.knots, basis.degree, basis.intervals)


def _ends(basis: Any) -> Tensor:
    """The first and the last piece with a width, of each input."""
    return torch.stack([basis.piece(basis.low.unsqueeze(0))[0], basis.piece(basis.high.unsqueeze(0))[0]], 1)


@cache
def _kernel() -> Any:
    from .rowwise import rows

    return rows
