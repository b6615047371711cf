"""A network whose every edge has a name, written out."""

from collections.abc import Sequence

import sympy

from edgewise.formula import identifiers, symbol
from edgewise.nn import KAN, Edge, KANLayer, Model, Scaling

from .normal import normal_form


def closed_form(model: Model) -> list[sympy.Expr]:
    """The expression of each output in the columns' identifiers and original units.

    Raises NotSymbolicError, naming the edges, while an edge is still a spline.
    """
    names = identifiers(model.inputs)
    scaled = [
        (symbol(names[column]) - sympy.Float(shift)) / sympy.Float(scale)
        for column, shift, scale in zip(model.inputs, *_parts(model.input_scaling), strict=True)
    ]
    outputs = network_form(model.network, scaled)
    return [
        normal_form(sympy.Float(scale) * output + sympy.Float(shift))
        for output, shift, scale in zip(outputs, *_parts(model.target_scaling), strict=True)
    ]


def network_form(network: KAN, inputs: Sequence[sympy.Expr]) -> list[sympy.Expr]:
    """The expression of each output over expressions for the inputs."""
    network.require_symbolic()
    flow = list(inputs)
    for layer in network:
        flow = _layer_form(layer, flow)
    return flow


def _layer_form(layer: KANLayer, inputs: Sequence[sympy.Expr]) -> list[sympy.Expr]:
    sums = [sympy.Float(float(b)) if b else sympy.Integer(0) for b in layer.bias.tolist()]
    for source, target, _ in layer.fixed:
        sums[target] += edge_form(layer.edge(source, target), inputs[source])
    nodes, at = [], 0
    for arity in layer.arity:
        nodes.append(sympy.Mul(*sums[at : at + arity]))
        at += arity
    return nodes


def edge_form(edge: Edge, x: sympy.Expr) -> sympy.Expr:
    """``c f(a x + b) + d`` of a fixed edge."""
    assert edge.primitive is not None
    assert edge.constants is not None
    a, b, c, d, p = (number(value) for value in edge.constants)
    inner = sympy.expand_mul(a * x + b)
    f = edge.primitive("sympy", inner, p) if edge.primitive.exponent else edge.primitive("sympy", inner)
    return c * f + d


def number(value: float) -> sympy.Expr:
    """0 and +-1 as integers, so that they vanish from products and sums; anything else as a constant to be fitted."""
    return sympy.Integer(int(value)) if value in (0.0, 1.0, -1.0) else sympy.Float(value)


def _parts(scaling: Scaling) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return scaling.shift, scaling.scale
