"""Theorem 1 without training: every function of a smooth representation replaced by its own least-squares spline."""

import itertools
from typing import Any

import numpy as np
import sympy
import torch
from torch import Tensor

from edgewise.formula import evaluate, parse, symbol
from edgewise.nn import KAN, KANLayer, trace
from edgewise.surgery import release
from edgewise.symbolic import compile_formula

LADDER = (8, 11, 16, 23, 32, 45, 64, 91, 128)
FROM = 16  # intervals from which slopes are taken: below, the functions are not resolved
FLOOR = 1e-12  # times intervals^m, of the largest value: where float64 ends
POINTS = 5000
EXAMPLES = {
    "exp(sin(pi x) + y^2)": ("exp(sin(pi*x0) + x1**2)", 2),
    "exp((sin(pi(a^2+b^2)) + sin(pi(c^2+d^2)))/2)": (
        "exp((sin(pi*(x0**2 + x1**2)) + sin(pi*(x2**2 + x3**2)))/2)",
        4,
    ),
}


def errors(name: str, degree: int) -> dict[str, Any]:
    """The C^m errors, m = 0, 1, 2, of networks of that degree, one for each number of intervals; {m: [...]}."""
    formula, inputs = EXAMPLES[name]
    names, orders = [f"x{number}" for number in range(inputs)], min(degree, 2) + 1
    expression = parse(formula, names)
    x = 2 * torch.rand(POINTS, inputs, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 1
    wanted = derivatives_of(expression, names, x, orders)
    exact = compile_formula(expression, [symbol(name) for name in names])
    found: dict[str, list[float]] = {str(m): [] for m in range(orders)}
    for intervals in LADDER:
        got = derivatives_by_torch(splines(exact, x, degree, intervals), x, orders)
        for m in range(orders):
            found[str(m)].append(max(float((a - b).abs().max()) for a, b in zip(got[m], wanted[m], strict=True)))
    return {"errors": found, "largest": float(wanted[0][0].abs().max()), "shape": exact.shape}


def splines(exact: KAN, x: Tensor, degree: int, intervals: int) -> KAN:
    """The network of the same graph with a spline for each named edge, over the range that ``x`` reaches and a little more."""
    layers, reached = [], trace(exact, x).layers
    for layer, seen in zip(exact, reached, strict=True):
        low, high = float(seen.preactivations.min()), float(seen.preactivations.max())
        wider = KANLayer(
            layer.n_in,
            arity=layer.arity,
            intervals=intervals,
            degree=degree,
            residual="none",
            low=low - 1e-3 * (high - low),
            high=high + 1e-3 * (high - low),
            init="zero",
            dtype=torch.float64,
        )
        wider.mask.zero_()
        with torch.no_grad():
            wider.bias.copy_(layer.bias)
        for source, target, primitive in layer.fixed:
            edge = layer.edge(source, target)
            wider.set_edge(source, target, primitive, edge.constants)
        layers.append(wider)
    network = KAN.of(layers)
    for edge_id, _ in list(network.edges()):
        network = release(network, edge_id)
    return network


def derivatives_of(expression: sympy.Expr, names: list[str], x: Tensor, orders: int) -> list[list[Tensor]]:
    """By SymPy: for each order the derivatives of that order, on the rows."""
    columns = {name: x[:, number].numpy() for number, name in enumerate(names)}

    def values(which: tuple[str, ...]) -> Tensor:
        derived = sympy.diff(expression, *map(symbol, which)) if which else expression
        return torch.as_tensor(np.broadcast_to(evaluate(derived, columns), (len(x),)).copy())

    return [[values(which) for which in itertools.combinations_with_replacement(names, m)] for m in range(orders)]


def derivatives_by_torch(network: KAN, x: Tensor, orders: int) -> list[list[Tensor]]:
    """The same of a network, by automatic differentiation."""
    x = x.clone().requires_grad_()
    value = network(x)[:, 0]
    told = [[value.detach()]]
    if orders > 1:
        (first,) = torch.autograd.grad(value.sum(), x, create_graph=orders > 2)
        told.append([first[:, n].detach() for n in range(x.shape[1])])
    if orders > 2:
        second = [torch.autograd.grad(first[:, n].sum(), x, retain_graph=True)[0] for n in range(x.shape[1])]
        pairs = itertools.combinations_with_replacement(range(x.shape[1]), 2)
        told.append([second[a][:, b].detach() for a, b in pairs])
    return told


def slope(sizes: tuple[int, ...], values: list[float], floor: list[float], least: float = 0) -> float:
    """Minus the slope of log value against log size, where sizes are at least ``least`` and values above the floor."""
    kept = [(s, v) for s, v, low in zip(sizes, values, floor, strict=True) if s >= least and v > low]
    if len(kept) < 3:
        return float("nan")
    size, value = (np.log([pair[place] for pair in kept]) for place in (0, 1))
    return float(-np.polyfit(size, value, 1)[0])


def floors(m: int, largest: float) -> list[float]:
    """Where rounding ends the m-th derivative, for each number of intervals."""
    return [FLOOR * largest * intervals**m for intervals in LADDER]
