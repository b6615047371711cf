"""Laws that are a sum of simple terms after one transformation of the target.

T(y) = c0 + sum_i sum_p c p(x_i): one dense least squares over the powers of every input, from which the terms that
carry nothing are dropped. T(y) = sum of at most four power products (a posynomial): a sparse search.
"""

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
import sympy

from .coefficients import linear_combination
from .monomial import monomial
from .problem import TARGET, Array, Problem, relative
from .sparse import Dictionary
from .transforms import TRANSFORMS, Transform, sign_of, transformed

POSYNOMIAL_TARGETS = ("y", "1/y", "y^2", "log")
MOST_COLUMNS = 700


def transformed_monomial(problem: Problem) -> Iterator[sympy.Expr]:
    """T(y) = c x^b for every transform that is not itself a power."""
    for name in ("exp", "log", "sin", "cos", "tan", "asin", "acos", "atanh", "tanh"):
        child = transformed(problem, name)
        found = None if child is None else monomial(child)
        if child is not None and found is not None:
            names = dict(zip(child.symbols, problem.symbols, strict=True))
            yield inverse_of(TRANSFORMS[name], problem, found.xreplace(names))


def additive(problem: Problem) -> Iterator[sympy.Expr]:
    """T(y) = c0 + sum c p(x_i) with p in {x, x^2, 1/x, sqrt x, log x}."""
    columns, terms = _single_terms(problem)
    if len(columns) > problem.rows // 2:
        return
    matrix = np.column_stack(columns)
    for transform, target in targets_of(problem, tuple(TRANSFORMS)):
        found = _dense(matrix, target, problem.tolerance)
        if found is not None:
            yield inverse_of(transform, problem, linear_combination(found, terms))


def posynomial(problem: Problem) -> Iterator[sympy.Expr]:
    """T(y) = sum of at most four power products."""
    if problem.inputs < 2:
        return
    terms = power_products(problem)
    if len(terms) > MOST_COLUMNS:
        return
    dictionary = Dictionary(np.prod(problem.x[:, None, :] ** np.array(terms)[None, :, :], axis=2))
    for transform, target in targets_of(problem, POSYNOMIAL_TARGETS):
        found = dictionary.combination(target, tolerance=problem.tolerance)
        if found is not None:
            chosen = [_product(problem.symbols, terms[index]) for index in found[0]]
            yield inverse_of(transform, problem, linear_combination(found[1], chosen))


def targets_of(problem: Problem, names: tuple[str, ...]) -> Iterator[tuple[Transform, Array]]:
    """T and T(y) for each of the named transforms under which the target exists and varies."""
    for name in names:
        transform = TRANSFORMS[name]
        if transform.allowed(problem.y):
            with np.errstate(all="ignore"):
                target = transform.forward(problem.y)
            if np.all(np.isfinite(target)) and np.std(target) > 1e-12 * np.max(np.abs(target)):
                yield transform, target


def inverse_of(transform: Transform, problem: Problem, form: sympy.Expr) -> sympy.Expr:
    """What ``form`` for T(y) says of y."""
    return transform.inverse(TARGET, sign_of(problem.y)).xreplace({TARGET: form})


def _single_terms(problem: Problem) -> tuple[list[Array], list[sympy.Expr]]:
    columns: list[Array] = [np.ones(problem.rows)]
    terms: list[sympy.Expr] = [sympy.Integer(1)]
    for symbol, column, positive in zip(problem.symbols, problem.x.T, problem.positive, strict=True):
        columns += [column, column**2]
        terms += [symbol, symbol**2]
        if np.all(column != 0):
            columns.append(1 / column)
            terms.append(1 / symbol)
        if positive:
            columns += [np.sqrt(column), np.log(column)]
            terms += [sympy.sqrt(symbol), sympy.log(symbol)]
    return columns, terms


def _dense(matrix: Array, target: Array, tolerance: float) -> Array | None:
    """Coefficients of the few columns that matter, or None where even all of them leave something over."""
    norms = np.linalg.norm(matrix, axis=0)
    norms[norms == 0] = 1.0  # log x where all x of this part of the table are 1
    found, *_ = np.linalg.lstsq(matrix / norms, target, rcond=None)
    spread = target - target.mean()
    if np.linalg.norm(target - matrix / norms @ found) > tolerance * np.linalg.norm(spread):
        return None
    kept = np.flatnonzero(np.abs(found) > max(1e-6, 10 * tolerance) * np.max(np.abs(found)))
    again, *_ = np.linalg.lstsq(matrix[:, kept], target, rcond=None)
    if relative(target - matrix[:, kept] @ again, target) > tolerance:
        return None
    result = np.zeros(len(norms))
    result[kept] = again
    return result


def power_products(problem: Problem) -> list[tuple[int, ...]]:
    """Exponent vectors: products of up to two inputs with exponents to 2, of up to four with exponents to 1."""
    inputs = problem.inputs
    nonzero = np.all(problem.x != 0, axis=0)
    found: set[tuple[int, ...]] = {(0,) * inputs}
    for size, largest in ((1, 3), (2, 2), (3, 1), (4, 1)):
        for places in combinations(range(inputs), size):
            for powers in product([p for p in range(-largest, largest + 1) if p], repeat=size):
                if all(p > 0 or nonzero[i] for i, p in zip(places, powers, strict=True)):
                    row = [0] * inputs
                    for i, p in zip(places, powers, strict=True):
                        row[i] = p
                    found.add(tuple(row))
        if len(found) > MOST_COLUMNS // 2:
            break
    return sorted(found, key=lambda row: (sum(map(abs, row)), row))


def _product(symbols: tuple[sympy.Symbol, ...], powers: tuple[int, ...]) -> sympy.Expr:
    return sympy.Mul(*(s**p for s, p in zip(symbols, powers, strict=True)))
