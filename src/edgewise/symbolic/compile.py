"""A formula as the network that it is: every function an edge, every sum and product a node.

The way back from `closed_form`. Each part of the expression is a node on the first level where all that it needs is
there; what is needed later is carried along identity edges. ``x0*sin(2*x1)`` is a node that multiplies two sums, one
with the edge x from x0, one with the edge sin(2 x) from x1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import sympy
import torch

from edgewise.errors import FormulaError
from edgewise.formula.anatomy import call
from edgewise.nn import KAN, Constants, KANLayer, Model, Scaling
from edgewise.primitives import PRIMITIVES, SPECIAL

POWERS = {
    sympy.Rational(1, 2): "sqrt",
    sympy.Rational(-1, 2): "1/sqrt",
    sympy.Rational(3, 2): "x^1.5",
    sympy.Integer(-1): "1/x",
}
POWERS |= {sympy.Integer(n): f"x^{n}" for n in (2, 3, 4, 5)} | {sympy.Integer(-n): f"1/x^{n}" for n in (2, 3, 4, 5)}
CALLS = {
    sympy.exp: "exp",
    sympy.log: "log",
    sympy.sin: "sin",
    sympy.cos: "cos",
    sympy.tan: "tan",
    sympy.sinh: "sinh",
    sympy.cosh: "cosh",
    sympy.tanh: "tanh",
    sympy.asin: "arcsin",
    sympy.acos: "arccos",
    sympy.atan: "arctan",
    sympy.atanh: "arctanh",
    sympy.Abs: "abs",
    sympy.sign: "sign",
    sympy.Heaviside: "step",
}


@dataclass(frozen=True)
class Wire:
    """One edge to be: ``outer_scale * f(inner_scale * source + inner_shift)`` of an earlier part of the expression."""

    source: sympy.Expr
    primitive: str
    constants: Constants


@dataclass(frozen=True)
class Sum:
    """Wires that meet, and a constant."""

    wires: tuple[Wire, ...]
    shift: float


def compile_formula(expression: sympy.Expr, inputs: Sequence[sympy.Symbol]) -> KAN:
    """The network of named edges (float64) that computes the expression of ``inputs``.

    Raises FormulaError for a function that is no primitive, and for an expression without inputs.
    """
    if not expression.free_symbols:
        raise FormulaError(f"{expression} is a constant; a network needs an input to start from.")
    top = max(1, _level(expression))  # a bare input is an identity edge
    levels: list[list[sympy.Expr]] = [[] for _ in range(top + 1)]
    levels[top] = [expression]
    for number in range(top, 0, -1):
        needed = [wire.source for node in levels[number] for total in _sums(node, number) for wire in total.wires]
        levels[number - 1] = sorted(dict.fromkeys(needed), key=sympy.default_sort_key)
    levels[0] = list(inputs)
    return KAN.of([_layer(levels[number], levels[number + 1], number + 1) for number in range(top)])


def compile_model(
    expression: sympy.Expr, symbols: Mapping[str, str], target: str, units: Mapping[str, str] | None = None
) -> Model:
    """`compile_formula` with names: ``symbols`` maps the expression's identifiers to columns, in their order."""
    network = compile_formula(expression, [sympy.Symbol(name, real=True) for name in symbols])
    plain = Scaling((0.0,) * len(symbols), (1.0,) * len(symbols))
    return Model(network, tuple(symbols.values()), (target,), plain, Scaling((0.0,), (1.0,)), units or {})


def _layer(sources: list[sympy.Expr], nodes: list[sympy.Expr], number: int) -> KANLayer:
    groups = [_sums(node, number) for node in nodes]
    layer = KANLayer(
        len(sources), arity=[len(group) for group in groups], intervals=1, init="zero", dtype=torch.float64
    )
    layer.mask.zero_()
    totals = [total for group in groups for total in group]
    for target, total in enumerate(totals):
        with torch.no_grad():
            layer.bias[target] = total.shift
        for wire in total.wires:
            layer.set_edge(sources.index(wire.source), target, wire.primitive, wire.constants)
    return layer


@cache
def _level(expression: sympy.Expr) -> int:
    """The first level on which this part can be a node; inputs are level 0."""
    if expression.is_Symbol:
        return 0
    return 1 + max(_level(wire.source) for total in _parts(expression) for wire in total.wires)


def _sums(node: sympy.Expr, number: int) -> tuple[Sum, ...]:
    """What makes a node of that level; one that was ready earlier is carried by an identity edge."""
    if _level(node) < number:
        return (Sum((Wire(node, "x", Constants()),), 0.0),)
    return _parts(node)


@cache
def _parts(expression: sympy.Expr) -> tuple[Sum, ...]:
    """One sum, or the factors of a product as sums; terms that would share a source with another get a node of their own."""
    scale, factors = _scaled(expression)
    if len(factors) > 1 and not expression.is_Add:
        first, *others = [_sum(factor) for factor in factors]
        scaled = Sum(tuple(_times(wire, scale) for wire in first.wires), scale * first.shift)
        return (scaled, *others)
    return (_sum(expression),)


def _times(wire: Wire, scale: float) -> Wire:
    return Wire(wire.source, wire.primitive, wire.constants._replace(outer_scale=scale * wire.constants.outer_scale))


def _sum(expression: sympy.Expr) -> Sum:
    wires: list[Wire] = []
    shift = 0.0
    for term in sympy.Add.make_args(expression):
        if not term.free_symbols:
            shift += float(term)
            continue
        wire = _wire(term)
        if any(wire.source == known.source for known in wires):
            wire = _behind(term)
        wires.append(wire)
    return Sum(tuple(wires), shift)


def _behind(term: sympy.Expr) -> Wire:
    """The term as a node of its own, where its source has an edge to the same sum already."""
    scale, factors = _scaled(term)
    return Wire(sympy.Mul(*factors), "x", Constants(outer_scale=scale))


def _wire(term: sympy.Expr) -> Wire:
    """``c f(a u + b)`` with u the part that varies."""
    scale, factors = _scaled(term)
    if len(factors) > 1:
        return Wire(sympy.Mul(*factors), "x", Constants(outer_scale=scale))
    core = factors[0]
    if core.is_Symbol:
        return Wire(core, "x", Constants(outer_scale=scale))
    name, inner, exponent = _named(core)
    inner_scale, inner_shift, source = _affine(inner)
    return Wire(source, name, Constants(inner_scale, inner_shift, scale, 0.0, exponent))


def _named(core: sympy.Expr) -> tuple[str, sympy.Expr, float]:
    """(primitive, its argument, exponent) of a function of one argument."""
    if core.is_Pow and core.exp.is_number:
        if core.exp in POWERS:
            return POWERS[core.exp], core.base, 1.0
        return "power", core.base, float(core.exp)
    if core.is_Pow:
        return "exp", core.exp * sympy.log(core.base), 1.0
    if core.func in CALLS:
        return CALLS[core.func], core.args[0], 1.0
    if isinstance(core, sympy.Max) and sympy.S.Zero in core.args:
        return "relu", sympy.Max(*(argument for argument in core.args if argument != 0)), 1.0
    if core.is_Add:
        return "x", core, 1.0
    called = call(core)
    if called and called[0] in SPECIAL:
        return called[0], called[1][0], 1.0
    raise FormulaError(f"{core.func.__name__} is no primitive of an edge. Known: {', '.join(sorted(PRIMITIVES))}.")


def _affine(inner: sympy.Expr) -> tuple[float, float, sympy.Expr]:
    """(a, b, u) with inner = a u + b and no constant in front of or beside u."""
    shift = sympy.Add(*(term for term in sympy.Add.make_args(inner) if not term.free_symbols))
    varying = [term for term in sympy.Add.make_args(inner) if term.free_symbols]
    if len(varying) > 1:
        return 1.0, float(shift), sympy.Add(*varying)
    scale, factors = _scaled(varying[0])
    return scale, float(shift), sympy.Mul(*factors)


def _scaled(term: sympy.Expr) -> tuple[float, list[sympy.Expr]]:
    """The number and the varying factors of a term."""
    numbers = [factor for factor in sympy.Mul.make_args(term) if not factor.free_symbols]
    return float(sympy.Mul(*numbers)), [factor for factor in sympy.Mul.make_args(term) if factor.free_symbols]
