"""A network as an ONNX file: a graph of plain operators in float64, written node by node.

The primitives are written once over any back-end (edgewise.primitives); here the back-end is a graph that grows.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise.errors import SettingsError
from edgewise.primitives import SPECIAL_FUNCTIONS

if TYPE_CHECKING:
    from .layer import KANLayer
    from .model import Model

OPSET, IR_VERSION = 18, 9


def save_onnx(model: "Model", path: str | Path) -> None:
    """Write the model: input ``x`` (rows, inputs) and output ``y`` (rows, targets), float64, in original units."""
    try:
        onnx = import_module("onnx")
    except ImportError as error:
        raise SettingsError("ONNX files need the package onnx: pip install 'edgewise[onnx]'.") from error
    graph = _Graph(onnx)
    scaling = model.input_scaling
    x = graph.input - np.array(scaling.shift)
    if scaling.period:
        period = np.array(scaling.period)
        x = x - period * graph.node("Floor", x / np.where(period > 0, period, 1.0) + 0.5)
    x = x / np.array(scaling.scale)
    for layer in model.network:
        x = _layer(graph, layer, x)
    graph.node("Identity", x * np.array(model.target_scaling.scale) + np.array(model.target_scaling.shift), name="y")
    onnx.save(graph.model(model), str(path))


class _Value:
    """A tensor of the graph; arithmetic on it adds nodes."""

    def __init__(self, graph: "_Graph", name: str) -> None:
        self.graph, self.name = graph, name

    def __add__(self, other: Any) -> "_Value":
        return self.graph.node("Add", self, other)

    def __radd__(self, other: Any) -> "_Value":
        return self.graph.node("Add", other, self)

    def __sub__(self, other: Any) -> "_Value":
        return self.graph.node("Sub", self, other)

    def __rsub__(self, other: Any) -> "_Value":
        return self.graph.node("Sub", other, self)

    def __mul__(self, other: Any) -> "_Value":
        return self.graph.node("Mul", self, other)

    def __rmul__(self, other: Any) -> "_Value":
        return self.graph.node("Mul", other, self)

    def __truediv__(self, other: Any) -> "_Value":
        return self.graph.node("Div", self, other)

    def __rtruediv__(self, other: Any) -> "_Value":
        return self.graph.node("Div", other, self)

    def __pow__(self, exponent: Any) -> "_Value":
        return self.graph.node("Pow", self, exponent)

    def __neg__(self) -> "_Value":
        return self.graph.node("Neg", self)

    __array_ufunc__ = None  # NumPy leaves ``array - value`` to us


class _Graph:
    """Nodes and constants so far; also the back-end of the primitives (``sin``, ``exp`` ...)."""

    def __init__(self, onnx: Any) -> None:
        self._onnx = onnx
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self.input = _Value(self, "x")

    def node(self, kind: str, *values: Any, name: str = "", **settings: Any) -> "_Value":
        """Add one operator; numbers and arrays among ``values`` become constants."""
        name = name or f"v{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(kind, [self._name(v) for v in values], [name], **settings))
        return _Value(self, name)

    def axes(self, *numbers: int) -> "_Value":
        """A constant of whole numbers."""
        return self._constant(np.array(numbers, dtype=np.int64))

    def cast(self, value: _Value, kind: str) -> "_Value":
        """The value as FLOAT or DOUBLE."""
        return self.node("Cast", value, to=getattr(self._onnx.TensorProto, kind))

    def __getattr__(self, function: str) -> Callable[[_Value], _Value]:
        if function in SPECIAL_FUNCTIONS and function not in _FUNCTIONS:
            raise SettingsError(
                f"ONNX has no {function}, so it cannot hold this network. Save it with model.save(path)."
            )
        if function not in _FUNCTIONS:
            raise AttributeError(function)
        return lambda x: _FUNCTIONS[function](self, x)

    def model(self, model: "Model") -> Any:
        """The finished graph, checked."""
        helper, double = self._onnx.helper, self._onnx.TensorProto.DOUBLE
        x = helper.make_tensor_value_info("x", double, ["rows", len(model.inputs)])
        y = helper.make_tensor_value_info("y", double, ["rows", len(model.targets)])
        graph = helper.make_graph(self._nodes, "edgewise", [x], [y], self._constants)
        opsets = [helper.make_opsetid("", OPSET)]
        made = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="edgewise")
        helper.set_model_props(made, {"inputs": ", ".join(model.inputs), "targets": ", ".join(model.targets)})
        self._onnx.checker.check_model(made, full_check=True)
        return made

    def _name(self, value: Any) -> str:
        return value.name if isinstance(value, _Value) else self._constant(np.asarray(value, dtype=np.float64)).name

    def _constant(self, array: np.ndarray) -> "_Value":
        name = f"c{len(self._constants)}"
        self._constants.append(self._onnx.numpy_helper.from_array(array, name))
        return _Value(self, name)


# ---- functions: what runtimes offer in float64; the others are written out


def _plain(kind: str) -> Callable[[_Graph, _Value], _Value]:
    return lambda graph, x: graph.node(kind, x)


def _tan(m: _Graph, x: _Value) -> "_Value":
    return m.sin(x) / m.cos(x)


def _atan(m: _Graph, x: _Value) -> "_Value":
    """In float32, then one step that triples the digits: atan x = a + atan((x - tan a) / (1 + x tan a))."""
    a = m.cast(m.node("Atan", m.cast(x, "FLOAT")), "DOUBLE")
    return a + (x * m.cos(a) - m.sin(a)) / (m.cos(a) + x * m.sin(a))


def _asin(m: _Graph, x: _Value) -> "_Value":
    return 2.0 * _atan(m, x / (1.0 + m.sqrt((1.0 - x) * (1.0 + x))))


def _sinh(m: _Graph, x: _Value) -> "_Value":
    """By exponentials; near 0, where their difference keeps no digits, by the series."""
    half = m.exp(0.5 * x)
    grown = (half - 1.0 / half) * (half + 1.0 / half) / 2.0
    small = x * (1.0 + x**2.0 / 6.0 * (1.0 + x**2.0 / 20.0 * (1.0 + x**2.0 / 42.0)))
    return m.node("Where", m.node("Less", m.abs(x), 0.03), small, grown)


def _step(m: _Graph, x: _Value) -> "_Value":
    return m.cast(m.node("GreaterOrEqual", x, 0.0), "DOUBLE")


_FUNCTIONS: dict[str, Callable[[_Graph, _Value], _Value]] = {
    **{name: _plain(name.capitalize()) for name in ("sqrt", "exp", "log", "sin", "cos", "tanh", "abs", "sign")},
    "tan": _tan,
    "sinh": _sinh,
    "cosh": lambda m, x: (m.exp(x) + m.exp(-x)) / 2.0,
    "asin": _asin,
    "acos": lambda m, x: np.pi / 2 - _asin(m, x),
    "atan": _atan,
    "atanh": lambda m, x: 0.5 * m.log((1.0 + x) / (1.0 - x)),
    "step": _step,
    "relu": lambda m, x: m.node("Max", x, 0.0),
    "sigmoid": lambda m, x: 1.0 / (1.0 + m.exp(-x)),
    "softplus": lambda m, x: m.node("Max", x, 0.0) + m.log(1.0 + m.exp(-m.abs(x))),
}


# ---- layers


def _array(tensor: Any) -> np.ndarray:
    return np.asarray(tensor.detach().cpu().double().numpy())


def _layer(graph: _Graph, layer: "KANLayer", x: _Value) -> "_Value":
    features = [_splines(graph, layer, x)] if bool(layer.mask.any()) else []
    weight = _array(layer.effective_weight())
    bias = _array(layer.bias)
    sums = graph.node("Mul", graph.node("ReduceSum", x, graph.axes(1), keepdims=1), np.zeros(layer.n_sums)) + bias
    for values in features:
        flat = graph.node("Reshape", values, graph.axes(-1, layer.n_in * layer.basis.n_basis))
        sums = sums + graph.node("MatMul", flat, weight[:, :-1].reshape(-1, layer.n_sums))
        if layer.residual != "none":
            bent = x if layer.residual == "identity" else x * graph.sigmoid(x)
            sums = sums + graph.node("MatMul", bent, weight[:, -1])
    for (source, target, primitive), numbers in zip(layer.fixed, _array(layer.constants), strict=True):
        a, b, c, d, exponent = numbers.tolist()
        inner = a * graph.node("Gather", x, graph.axes(source), axis=1) + b
        made = primitive.formula(graph, inner, *([exponent] if primitive.exponent else []))
        sums = sums + (c * made + d) * np.eye(layer.n_sums)[target]
    return _combined(graph, layer, sums)


def _combined(graph: _Graph, layer: "KANLayer", sums: _Value) -> "_Value":
    if layer.n_sums == layer.n_out:
        return sums
    ends = np.cumsum(layer.arity)
    nodes = [
        graph.node(
            "ReduceProd",
            graph.node("Gather", sums, graph.axes(*range(end - n, end)), axis=1),
            graph.axes(1),
            keepdims=1,
        )
        for n, end in zip(layer.arity, ends.tolist(), strict=True)
    ]
    return graph.node("Concat", *nodes, axis=1)


def _splines(graph: _Graph, layer: "KANLayer", x: _Value) -> "_Value":
    """(rows, n_in, n_basis): the recursion of Cox and de Boor over all pieces at once, and the line beyond the borders."""
    from edgewise.basis import BSpline
    from edgewise.basis.base import MARGIN

    basis = layer.basis
    if not isinstance(basis, BSpline) or basis.extrapolation == "error":
        raise SettingsError(
            f"basis {basis.name!r} with extrapolation {basis.extrapolation!r} is not written to ONNX; "
            "B-splines that continue beyond their knots are (basis='bspline', extrapolation 'continue' or another)."
        )
    low, high, knots = _array(basis.low), _array(basis.high), _array(basis.knots)
    margin = MARGIN[basis.extrapolation] * (high - low)
    near = graph.node("Min", graph.node("Max", x, low - margin), high + margin)
    at = graph.node("Unsqueeze", near, graph.axes(2))
    row, lower = _pieces(graph, layer, at, knots), None
    for degree in range(1, basis.degree + 1):
        lower = row
        row = _raised(graph, row, at, knots, degree)
    if basis.extrapolation == "constant" or lower is None:
        return row
    beyond = graph.node("Unsqueeze", x - near, graph.axes(2))
    shares = lower * _inverse(knots, basis.degree)
    slopes = float(basis.degree) * (_part(graph, shares, 0, -1) - _part(graph, shares, 1, None))
    return row + slopes * beyond


def _pieces(graph: _Graph, layer: "KANLayer", at: _Value, knots: np.ndarray) -> "_Value":
    """One in the piece that holds x, (rows, n_in, n_knots - 1); border pieces reach to infinity, empty ones hold none."""
    basis: Any = layer.basis
    low, high = _array(basis.low)[:, None], _array(basis.high)[:, None]
    inner = _array(basis.breaks)[:, 1:-1]
    inner = np.where(inner <= low, -np.inf, np.where(inner >= high, np.inf, inner))
    never, always = np.full((len(inner), basis.degree + 1), np.inf), np.full((len(inner), basis.degree + 1), -np.inf)
    borders = np.hstack([always, inner, never])
    passed = graph.cast(graph.node("GreaterOrEqual", at, borders[:, basis.degree :]), "DOUBLE")
    first = graph.cast(graph.node("GreaterOrEqual", at, borders[:, :1]), "DOUBLE")
    count = basis.intervals
    held = _part(graph, passed, 0, count) - _part(graph, passed, 1, count + 1)
    empty = first * np.zeros((knots.shape[0], basis.degree))
    return graph.node("Concat", empty, held, empty, axis=2)


def _raised(graph: _Graph, row: _Value, at: _Value, knots: np.ndarray, degree: int) -> "_Value":
    """The functions of a degree more, one fewer of them."""
    shares = row * _inverse(knots, degree)
    rising = (at - knots[:, : -degree - 1]) * _part(graph, shares, 0, -1)
    return rising + (knots[:, degree + 1 :] - at) * _part(graph, shares, 1, None)


def _inverse(knots: np.ndarray, degree: int) -> np.ndarray:
    """1 / (t[i + degree] - t[i]), and 0 where knots meet."""
    width = knots[:, degree:] - knots[:, :-degree]
    return np.divide(1.0, width, out=np.zeros_like(width), where=width > 0)


def _part(graph: _Graph, value: _Value, start: int, stop: int | None) -> "_Value":
    end = np.iinfo(np.int64).max if stop is None else stop
    return graph.node("Slice", value, graph.axes(start), graph.axes(int(end)), graph.axes(2))
