"""Functions of one variable that are built of a few others without constants: x tanh(x), sqrt(x + sin(x)), tanh(cos(x)).

There are about two thousand up to an offset and a scale, few enough to compare a curve with all of them at once. What is
known to rounding is then named beyond doubt; what is known less well gets the few names that follow it as closely.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement

import numpy as np
import sympy
from numpy.typing import NDArray

from .additive import inverse_of, targets_of
from .coefficients import linear_combination
from .problem import Array, Problem

LARGEST = 1e7
SAMPLES = 160
TARGETS = ("y", "1/y", "log", "y^2", "sqrt", "exp", "atanh", "asin", "acos")
SUMMED = ("y", "1/y", "log", "y^2")
WORDS = 1000  # the shortest compositions are the words of sums
LOOSEST = 1e-6  # a target known less well is the sum of many pairs
TRIED = 12  # pairs that explain most, looked at more closely

Form = tuple[str, "Form", "Form"] | tuple[str, "Form"] | tuple[str]
UNARY: dict[str, tuple[Callable[[Array], Array], Callable[[sympy.Expr], sympy.Expr]]] = {
    "sin": (np.sin, sympy.sin),
    "cos": (np.cos, sympy.cos),
    "exp": (np.exp, sympy.exp),
    "log": (np.log, sympy.log),
    "sqrt": (np.sqrt, sympy.sqrt),
    "square": (np.square, lambda e: e**2),
    "tanh": (np.tanh, sympy.tanh),
    "1/": (lambda v: 1 / v, lambda e: 1 / e),
    "-": (lambda v: -v, lambda e: -e),
}
BINARY: dict[str, tuple[Callable[[Array, Array], Array], Callable[[sympy.Expr, sympy.Expr], sympy.Expr]]] = {
    "*": (np.multiply, lambda a, b: a * b),
    "/": (np.divide, lambda a, b: a / b),
    "+": (np.add, lambda a, b: a + b),
    "-": (np.subtract, lambda a, b: a - b),
}

BESIDE: tuple[Form | None, ...] = (
    None,
    ("x",),
    *((name, ("x",)) for name in ("square", "1/", "log", "sqrt", "exp", "sin", "cos")),
)
"""Third terms that are tried beside each pair."""


@dataclass(frozen=True, eq=False)
class Compositions:
    """Forms with their values (rows, n) on some rows of one column, the shortest first; no two differ by an offset and a
    scale alone. ``unit`` are the values without their means, of unit norm."""

    forms: list[Form]
    values: Array
    unit: Array

    @classmethod
    def of(cls, x: Array) -> "Compositions":
        """All that are finite, moderate and not constant on x (rows,)."""
        with np.errstate(all="ignore"):
            values = _values(x)
            centred = values - values.mean(axis=1, keepdims=True)
            size, largest = np.sqrt(np.mean(centred**2, axis=1)), np.max(np.abs(values), axis=1)
            good = np.flatnonzero(np.isfinite(largest) & (largest < LARGEST) & (size > 1e-7 * largest))
            few = (centred[good] / size[good, None])[:, :: max(1, len(x) // 9)]
        few = np.round(few * np.sign(few[np.arange(len(few)), np.argmax(np.abs(few), axis=1)])[:, None], 6) + 0.0
        first = good[np.sort(np.unique(few, axis=0, return_index=True)[1])]
        unit = centred[first] / np.linalg.norm(centred[first], axis=1, keepdims=True)
        return cls([all_forms()[i] for i in first], values[first].T, unit.T)


@lru_cache(maxsize=1)
def all_forms() -> tuple[Form, ...]:
    """The grammar: functions of functions, of sums, of products, of ratios of two of them; the shortest first."""
    x: Form = ("x",)
    first: list[Form] = [x, *((f, x) for f in UNARY if f != "-"), ("exp", ("-", x))]
    second: list[Form] = [(f, g) for f in UNARY if f != "-" for g in first[1:]]
    joined: list[Form] = [
        (op, *((a, b) if way else (b, a)))
        for a, b in combinations_with_replacement(first, 2)
        for op in BINARY
        for way in ((True, False) if op == "/" else (True,))
    ]
    beside: list[Form] = [
        (op, *pair) for a in first for b in second for op, pair in (("*", (a, b)), ("/", (a, b)), ("/", (b, a)))
    ]
    outer: list[Form] = [(f, g) for f in UNARY if f != "-" for g in (*second, *joined)]
    third: list[Form] = [("square", (f, g)) for f in UNARY if f not in ("-", "square") for g in second]
    everything = dict.fromkeys((*first, *second, *joined, *beside, *outer, *third))
    return tuple(sorted(everything, key=size_of))


def size_of(form: Form) -> int:
    """The symbols of a form, a square counted as an operator and a number."""
    extra = {"square": 1, "1/": 1}.get(form[0], 0) if len(form) == 2 else 0
    return 1 + extra + sum(size_of(part) for part in form[1:])


def written(form: Form, symbol: sympy.Expr) -> sympy.Expr:
    """A form as an expression of the symbol."""
    parts = [written(part, symbol) for part in form[1:]]
    if not parts:
        return symbol
    return UNARY[form[0]][1](*parts) if len(parts) == 1 else BINARY[form[0]][1](*parts)


def values_of_form(form: Form, x: Array) -> Array:
    """A form on a column x (N,)."""
    parts = [values_of_form(part, x) for part in form[1:]]
    if not parts:
        return x
    return UNARY[form[0]][0](*parts) if len(parts) == 1 else BINARY[form[0]][0](*parts)


def composition(problem: Problem) -> Iterator[sympy.Expr]:
    """T(y) = c0 + c1 F(x) with F of the grammar, or with two such terms, short ones, or with three."""
    x = problem.x[:, 0]
    rows = spread_rows(x)
    known = Compositions.of(x[rows])
    for transform, target in targets_of(problem, TARGETS):
        goal = target[rows] - target[rows].mean()
        goal /= max(float(np.linalg.norm(goal)), 1e-300)
        rest = np.sqrt(np.maximum(1 - (goal @ known.unit) ** 2, 0.0))
        near = np.flatnonzero(rest < max(30 * problem.tolerance, 1e-7))[:TRIED]
        found = _first(problem, target, [[known.forms[i]] for i in near])
        if found is not None:
            yield inverse_of(transform, problem, found)
    if problem.tolerance > LOOSEST:
        return
    words = known.unit[:, :WORDS]
    for transform, target in targets_of(problem, SUMMED):
        for beside in BESIDE:
            own = None if beside is None else values_of_form(beside, x[rows])
            pairs = _pairs(words, target[rows], own)
            given = [] if beside is None else [beside]
            found = _first(problem, target, [[*given, known.forms[i], known.forms[j]] for i, j in pairs])
            if found is not None:
                yield inverse_of(transform, problem, found)
                break


def spread_rows(x: Array) -> NDArray[np.intp]:
    """Some rows, in ascending order of x and evenly spread in it."""
    return np.argsort(x, kind="stable")[np.linspace(0, len(x) - 1, min(SAMPLES, len(x))).astype(int)]


def _first(problem: Problem, target: Array, choices: Sequence[Sequence[Form]]) -> sympy.Expr | None:
    """The first choice of terms of which the target is a combination, to its tolerance; an offset only where needed."""
    for forms in choices:
        terms = [values_of_form(form, problem.x[:, 0]) for form in forms]
        for offset in ([], [np.ones(problem.rows)]):
            matrix = np.column_stack([*terms, *offset])
            if not np.all(np.isfinite(matrix)):
                break
            size = np.linalg.norm(matrix, axis=0)
            c = np.linalg.lstsq(matrix / size, target, rcond=None)[0] / size
            spread = target - target.mean()
            if np.linalg.norm(target - matrix @ c) <= problem.tolerance * np.linalg.norm(spread):
                named = [written(form, problem.symbols[0]) for form in forms]
                return linear_combination(c, [*named, *[sympy.Integer(1)] * len(offset)])
    return None


def _pairs(words: Array, target: Array, beside: Array | None) -> list[tuple[int, int]]:
    """The pairs of words that explain most of the target beside an offset and another term."""
    base = np.column_stack([np.ones(len(target)), *([] if beside is None else [beside])])
    q = np.linalg.qr(base)[0]
    clear = words - q @ (q.T @ words)
    size = np.linalg.norm(clear, axis=0)
    usable = np.flatnonzero(size > 1e-5)
    clear = clear[:, usable] / size[usable]
    goal = target - q @ (q.T @ target)
    goal /= max(float(np.linalg.norm(goal)), 1e-300)
    i, j = np.triu_indices(len(usable), 1)
    g, inner = (clear.T @ clear)[i, j], clear.T @ goal
    apart = 1 - g**2
    with np.errstate(all="ignore"):
        explained = (inner[i] ** 2 - 2 * g * inner[i] * inner[j] + inner[j] ** 2) / apart
    explained[apart < 1e-8] = -np.inf
    most = np.argpartition(-explained, min(TRIED, len(explained) - 1))[:TRIED]
    top = [int(k) for k in most[np.argsort(-explained[most])] if explained[k] > 1 - 1e-5]
    top.sort(key=lambda k: int(i[k] + j[k]))
    return [(int(usable[i[k]]), int(usable[j[k]])) for k in top]


@lru_cache(maxsize=1)
def _program() -> tuple[list[tuple[str, Array, Array]], Array]:
    """(function or operation, places of its arguments) in an order in which arguments come first, and where each form of
    `all_forms` then stands."""
    places: dict[Form, int] = {("x",): 0}
    batches: dict[tuple[int, str, int], list[Form]] = {}

    def depth(form: Form) -> int:
        return 0 if len(form) == 1 else 1 + max(depth(part) for part in form[1:])

    def collect(form: Form) -> None:
        for part in form[1:]:
            collect(part)
        if len(form) > 1:
            batch = batches.setdefault((depth(form), form[0], len(form)), [])
            if form not in places:
                places[form] = -1
                batch.append(form)

    for form in all_forms():
        collect(form)
    steps = []
    count = 1
    for (_, name, _), forms in sorted(batches.items()):
        if not forms:
            continue
        for form in forms:
            places[form] = count
            count += 1
        one = np.array([places[part] for form in forms for part in form[1:2]])
        other = np.array([places[part] for form in forms for part in form[2:]], dtype=int)
        steps.append((name, one, other))
    return steps, np.array([places[form] for form in all_forms()])


def _values(x: Array) -> Array:
    """All forms on x, (n, rows)."""
    steps, places = _program()
    parts = np.empty((1 + sum(len(one) for _, one, _ in steps), len(x)))
    parts[0], count = x, 1
    for name, one, other in steps:
        new = BINARY[name][0](parts[one], parts[other]) if len(other) else UNARY[name][0](parts[one])
        parts[count : count + len(new)] = new
        count += len(new)
    return parts[places]
