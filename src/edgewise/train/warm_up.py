"""Adam for many restarts of one small network, all steps compiled: a start for what needs a good one.

A network of a few edges spends its time on the way from one tensor operation to the next. Here there is no way: the loop
of steps is one function, and the functions of the inputs, which no step changes, are evaluated once. numba is imported
when this is first asked for; compiling takes some seconds once, and is kept beside the package.
"""

from functools import cache
from typing import Any

import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor

from edgewise.basis import RESIDUALS, BSpline
from edgewise.basis.base import MARGIN
from edgewise.basis.kernels.pieces import polynomials
from edgewise.errors import SettingsError

from .compiled import RESIDUAL_CODES
from .history import TrainingData
from .lost import nothing_finite
from .stack import LayerStack, Stack


def can_warm_up(stack: Stack) -> bool:
    """Whether all edges are B-splines on a CPU, of degree 1 to 5, and none is fixed."""
    return all(_known(layer) for layer in stack.layers)


def _known(layer: LayerStack) -> bool:
    basis = layer.basis
    plain = isinstance(basis, BSpline) and basis.extrapolation != "error" and 1 <= basis.degree <= 5
    return plain and not layer.template.fixed and layer.weight.device.type == "cpu"


def warm_up(stack: Stack, data: TrainingData, steps: int, rate: float = 1e-2) -> Tensor:
    """Take ``steps`` steps of Adam at ``rate`` on all rows, each restart for itself, and write the weights into the stack.

    Weights and biases move, knots stay. Gives back the mean squared error (summed over outputs) before each step,
    (restarts, steps). The numbers are those of ``torch.optim.Adam`` on the same network in float64; a float32 stack is
    computed in float64 and rounded at the end.

    Raises SettingsError where `can_warm_up` says no, ShapeError if the columns do not fit the networks, TrainingError when
    no restart has a finite error before the last step.
    """
    if not can_warm_up(stack):
        raise SettingsError(
            "warm_up takes B-splines of degree 1 to 5 on a CPU, without fixed edges and with an extrapolation other than "
            "'error'; this network has something else. Take gradient, or Levenberg(warm_up=0)."
        )
    if steps < 1 or rate <= 0:
        raise SettingsError(f"steps must be 1 or more and rate above 0, got steps={steps}, rate={rate}.")
    first, last = stack.layers[0].template, stack.layers[-1].template
    data.require_columns(first.n_in, last.n_out)  # the compiled loop would read past the end of the targets
    whole_loop, net = _kernel(), _Net(stack)
    y, roots = _grouped(data)
    losses = np.empty((stack.starts, steps))
    for start in range(stack.starts):
        values, places = net.first(start, data.x, len(roots))
        theta = net.theta(start)
        parameters = (theta, np.empty_like(theta), net.free, np.zeros_like(theta), np.zeros_like(theta))
        whole_loop(net.of(start), (values, places, y, roots), parameters, net.scratch(), losses[start], rate)
        net.write(start, theta)
    if not np.isfinite(losses[:, -1]).any():
        raise nothing_finite(stack, data, f"error after {steps} steps of Adam at rate {rate:g}")
    return torch.from_numpy(losses)


class _Net:
    """A stack as the flat arrays that the compiled loop reads (see `whole_loop` for their order)."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.layers = stack, stack.layers
        self.meta = _meta(self.layers)
        last = self.meta[-1]
        self.size = int(last[11] + _wide(len(self.layers) - 1, int(last[1])))
        self.records = int(last[14] + last[0] * last[1] * (last[3] - 1 - last[4]) * _sizes()[2])
        arities = [(1,) * self.layers[0].template.n_in, *(layer.template.arity for layer in self.layers)]
        self.arity = np.array([many for arity in arities for many in arity], dtype=np.int64)
        self.free = self._flat([layer.template.mask.double() for layer in self.layers], None)

    def of(self, start: int) -> tuple[Any, ...]:
        """What does not change over the steps of one restart."""
        lows, highs, ends, marks, tables = [], [], [], [], []
        records = np.zeros(self.records)
        for layer, row in zip(self.layers, self.meta, strict=True):
            basis = _basis_of(layer, start)
            spare = MARGIN[basis.extrapolation] * (basis.high - basis.low)
            lows.append(basis.low - spare)
            highs.append(basis.high + spare)
            ends.append(torch.stack([basis.piece(edge.unsqueeze(0))[0] for edge in (basis.low, basis.high)], 1).ravel())
            marks.append(basis.breaks.ravel())
            tables.append(polynomials(basis.knots, basis.degree, basis.intervals).ravel())
            if row[14] >= 0:
                _lay_pieces(records, basis, row)
        joined = [torch.cat(part).numpy() for part in (lows, highs, ends, marks, tables)]
        return self.meta, self.arity, tuple(joined[:3]), joined[3], joined[4], records

    def first(self, start: int, x: Tensor, rows: int) -> tuple[Array, Array]:
        """The functions of each input that are not zero at each row, and where their weights begin; the last row again and
        again up to ``rows``."""
        basis, (n_in, n_sums, _, features, degree, *_) = _basis_of(self.layers[0], start), self.meta[0]
        x = torch.cat([x, x[-1:].expand(rows - len(x), -1)]).double()
        inner = basis.piece(x)
        values = basis(x).gather(-1, inner.unsqueeze(-1) + torch.arange(degree + 1))
        residual = RESIDUALS[self.layers[0].template.residual].value(x)
        places = (torch.arange(n_in) * features + inner) * _wide(0, int(n_sums))
        return torch.cat([values, residual.unsqueeze(-1)], -1).numpy().ravel(), places.numpy().ravel()

    def theta(self, start: int) -> Array:
        """The weights and biases of one restart."""
        return self._flat(None, start)

    def write(self, start: int, theta: Array) -> None:
        """Put them back."""
        for number, (layer, row) in enumerate(zip(self.layers, self.meta, strict=True)):
            n_in, n_sums, features = int(row[0]), int(row[1]), int(row[3])
            wide = _wide(number, n_sums)
            shape = (n_in, features, wide) if number == 0 else (n_in, n_sums, features)
            weights = torch.from_numpy(theta[row[10] : row[11]]).view(shape)
            layer.weight[start] = weights[..., :n_sums] if number == 0 else weights.mT
            layer.bias[start] = torch.from_numpy(theta[row[11] : row[11] + n_sums])

    def scratch(self) -> tuple[Any, ...]:
        """Room for what lies between the layers, for one group of rows."""
        group, _, record = _sizes()
        last = self.meta[-1]
        nodes, sums, edges = int(last[15] + last[2]), int(last[8] + last[1]), int(last[9] + last[0] * last[1])
        flow, back, *kept = (np.zeros(nodes * group) for _ in range(6))
        down, up, slopes, powers = (np.zeros(n * group) for n in (sums, sums, edges, record))
        piece, turned = np.zeros(nodes * group, np.int32), np.zeros(_wide(0, int(self.meta[0, 1])) * group)
        return flow, back, down, up, tuple(kept), piece, slopes, powers, np.zeros(self.records), turned

    def _flat(self, masks: list[Tensor] | None, start: int | None) -> Array:
        """Weights and biases in one array, or (``masks``) which of them may move."""
        flat = torch.zeros(self.size, dtype=torch.float64)
        for number, (layer, row) in enumerate(zip(self.layers, self.meta, strict=True)):
            n_sums = int(row[1])
            if masks is not None:
                weight, bias = masks[number].T.unsqueeze(1).expand(layer.weight.shape[1:]), torch.ones(n_sums)
            else:
                weight, bias = layer.weight[start].double(), layer.bias[start]
            padded = torch.nn.functional.pad(weight, (0, _wide(0, n_sums) - n_sums))
            flat[row[10] : row[11]] = (padded if number == 0 else weight.mT).reshape(-1)
            flat[row[11] : row[11] + n_sums] = bias
        return flat.numpy()


def _meta(layers: list[LayerStack]) -> Array:
    """A row a layer, as `whole_loop` describes it."""
    rows: list[list[int]] = []
    node = total = edge = at = mark = table = record = 0
    for number, layer in enumerate(layers):
        n_in, features, n_sums = layer.weight.shape[1:]
        d, n_out = layer.basis.degree, layer.template.n_out
        intervals, wide = features - 1 - d, _wide(number, n_sums)
        bias = at + n_in * features * wide
        kind = [RESIDUAL_CODES[layer.template.residual], int(layer.basis.extrapolation == "constant")]
        begins = [node, total, edge, at, bias, mark, table, record if number else -1, node + n_in]
        rows.append([n_in, n_sums, n_out, features, d, *kind, *begins])
        node, total, edge, at = node + n_in, total + n_sums, edge + n_in * n_sums, bias + wide
        mark, table = mark + n_in * (intervals + 1), table + n_in * intervals * (d + 1) ** 2
        record += n_in * n_sums * intervals * _sizes()[2] if number else 0
    return np.array(rows, dtype=np.int64)


def _wide(number: int, n_sums: int) -> int:
    """The sums of a layer as they lie in memory: those of the first fill whole vectors."""
    lanes = _sizes()[1]
    return int(-(-n_sums // lanes) * lanes if number == 0 else n_sums)


def _basis_of(layer: LayerStack, start: int) -> Any:
    """The basis of one restart, in float64."""
    n_in = layer.template.n_in
    return layer.basis.with_knots(layer.basis.knots[start * n_in : (start + 1) * n_in].double())


def _lay_pieces(records: Array, basis: Any, row: Array) -> None:
    """The left end of each piece of each edge, and 1 / its width."""
    n_in, n_sums = row[:2]
    widths = basis.breaks.diff(dim=1)
    ends = torch.stack([basis.breaks[:, :-1], torch.where(widths > 0, 1 / widths, 0.0)], -1).unsqueeze(1)
    size = _sizes()[2]
    count = n_in * n_sums * basis.intervals * size
    shape = (n_in, n_sums, basis.intervals, size)
    records[row[14] : row[14] + count].reshape(shape)[..., :2] = ends.expand(-1, int(n_sums), -1, -1).numpy()


def _grouped(data: TrainingData) -> tuple[Array, Array]:
    """Targets by groups of rows, (groups, outputs, rows of a group), and the share of each row; rows that fill the last
    group have none."""
    group, rows = _sizes()[0], len(data.x)
    spare = -rows % group
    share = torch.ones(rows, dtype=torch.float64) if data.weights is None else data.weights.double()
    y = torch.cat([data.y, data.y[-1:].expand(spare, -1)]).double()
    grouped = y.view(-1, group, y.shape[1]).mT.contiguous()
    return grouped.numpy().ravel(), torch.nn.functional.pad(share / share.sum(), (0, spare)).numpy()


def _sizes() -> tuple[int, int, int]:
    """Rows of a group, lanes of a vector, numbers of a record."""
    from edgewise.basis.kernels.arithmetic import RECORD

    from .whole_loop import GROUP, LANES

    return GROUP, LANES, RECORD


@cache
def _kernel() -> Any:
    from .whole_loop import whole_loop

    return whole_loop
