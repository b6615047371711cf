"""Random expressions for the property tests, and columns to evaluate them on."""

from typing import Any

import numpy as np
import sympy
from hypothesis import strategies as st

from edgewise.formula import symbol
from edgewise.primitives import FUNCTIONS, backend

NAMES = ("x", "y", "theta0", "温度")

numbers = st.one_of(
    st.integers(-20, 20).map(sympy.Integer),
    st.builds(sympy.Rational, st.integers(-9, 9), st.integers(1, 9)),
    st.floats(-1e6, 1e6, allow_subnormal=False).map(sympy.Float),
    st.just(sympy.pi),
)
leaves = st.one_of(st.sampled_from(NAMES).map(symbol), numbers)


def _larger(smaller: st.SearchStrategy[sympy.Expr]) -> st.SearchStrategy[sympy.Expr]:
    exponents = st.one_of(
        st.integers(-4, 4).map(sympy.Integer),
        st.sampled_from([sympy.Rational(p, q) for p in (-3, -1, 1, 2) for q in (2, 3)]),
        st.sampled_from([-2.5, -0.5, 0.5, 1.7]).map(sympy.Float),
        st.sampled_from(NAMES).map(symbol),
    )
    return st.one_of(
        st.builds(lambda *a: sympy.Add(*a), smaller, smaller, smaller),
        st.builds(lambda *a: sympy.Mul(*a), smaller, smaller),
        st.builds(lambda a, b: a / b, smaller, smaller),
        st.builds(lambda a, n: sympy.Pow(a, n), smaller, exponents),
        st.builds(lambda name, a: getattr(backend("sympy"), name)(a), st.sampled_from(sorted(FUNCTIONS)), smaller),
    )


def is_real(expression: Any) -> bool:
    """No imaginary or infinite number, and no number beyond float64, came out of SymPy's own simplifications."""
    if expression.has(sympy.I, sympy.oo, -sympy.oo, sympy.zoo, sympy.nan):
        return False
    constant = (part for part in sympy.preorder_traversal(expression) if part.is_number)
    return all(part.is_extended_real is not False and 1e-250 < abs(sympy.N(part) or 1) < 1e250 for part in constant)


expressions = st.recursive(leaves, _larger, max_leaves=8).filter(is_real)


def columns(rows: int = 50, seed: int = 0) -> dict[str, np.ndarray]:
    """A positive and a mixed sign column for each of ``NAMES``."""
    generator = np.random.default_rng(seed)
    return {name: generator.uniform(-2 * (i % 2), 3, rows) for i, name in enumerate(NAMES)}
