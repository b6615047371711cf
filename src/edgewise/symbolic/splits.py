"""Laws whose inputs act apart: T(y) = c + g1(x1) g2(x2) .., and T(y) = c + g1(x1) + g2(x2) + ..

Each g is a polynomial of its own input; a sum is one regression, a product alternates between its factors, each of which
is a regression while the others stand. No logarithm of an input is taken, so inputs and target may have any sign. The
degree is chosen on rows that the fit has not seen. Then each curve gets its likeliest names, and the combinations, refitted
together, are the candidates: the curves need to be known only so well that the right names are among the likeliest.

Sources: Hastie & Tibshirani (1986), Stat. Sci. 1, on additive models; Beylkin & Mohlenkamp (2005), SIAM J. Sci. Comput.
26, on the alternating fit of separable ones.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice

import numpy as np
import sympy

from edgewise.formula import complexity, evaluate

from .combinations import combinations
from .identify import identify, powers_and_exponentials
from .likely import likely_shapes
from .match import match
from .noisy import short_sums
from .normal import split_scale
from .polish import Polished, polish
from .problem import TARGET, Array, Problem
from .surrogate import legendre
from .transforms import TRANSFORMS, Transform, sign_of

DEGREES = (3, 6, 10, 15, 22)
ROWS_A_CONSTANT = 4
EVERY = 5  # a row in five judges
SWEEPS, STARTS = 60, 3
SETTLED = 1e-4  # relative change of the error in a sweep
LOOSEST = 0.3  # error over the spread of what is still a structure
ROUGH = 1e-2  # from this error on a curve is too rough for exact names
GRID = 200
NAMES, NAMED = 4, 12
FITTED_ON = 400  # rows
SUMS, PRODUCTS = ("y", "1/y", "y^2", "log"), ("y", "log")


@dataclass(frozen=True, eq=False)
class _Split:
    """T(y) = constant + the sum or product of one curve an input; ``error`` over the spread of T(y), on rows unseen."""

    transform: Transform
    join: Callable[[Array, Array], Array]
    constant: float
    curves: list[Array]
    bases: list["_Basis"]
    error: float

    @property
    def beside(self) -> sympy.Expr:
        """The constant as a term; 0 where it is not worth one."""
        return sympy.Float(self.constant) if self.constant else sympy.Integer(0)


@dataclass(frozen=True, eq=False)
class _Basis:
    """Legendre polynomials on the range of one input."""

    low: float
    high: float

    def __call__(self, x: Array, degree: int) -> Array:
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        return legendre((x - middle) / (half or 1.0), degree)[0]

    @property
    def grid(self) -> Array:
        return np.linspace(self.low, self.high, GRID)


def splits(problem: Problem, limit: float) -> Iterator[sympy.Expr]:
    """Expressions for the target of a problem whose inputs act apart, with an error of at most ``limit`` over its spread
    before they have names; the nearest first."""
    found = [*_sums(problem), *_products(problem)]
    for split in sorted(found, key=lambda split: split.error):
        if split.error > min(limit, LOOSEST):
            return
        yield from _named(problem, split)


def _sums(problem: Problem) -> Iterator[_Split]:
    for transform, target, weights in _targets(problem, SUMS):
        bases = _bases(problem)
        best: _Split | None = None
        for degree in _degrees(problem):
            blocks = [basis(x, degree)[:, 1:] for basis, x in zip(bases, problem.x.T, strict=True)]
            matrix = np.column_stack([np.ones(problem.rows), *blocks])
            seen = _seen(problem.rows)
            found = np.linalg.lstsq((matrix * weights[:, None])[seen], (target * weights)[seen], rcond=1e-12)[0]
            error = _error(target - matrix @ found, target, weights, ~seen)
            curves = [np.concatenate([[0.0], part]) for part in np.split(found[1:], problem.inputs)]
            if best is not None and error > 0.9 * best.error:
                break
            best = _Split(transform, np.add, float(found[0]), curves, bases, error)
        if best is not None:
            yield best


def _products(problem: Problem) -> Iterator[_Split]:
    for transform, target, weights in _targets(problem, PRODUCTS):
        bases = _bases(problem)
        best: _Split | None = None
        for degree in _degrees(problem):
            blocks = [basis(x, degree) for basis, x in zip(bases, problem.x.T, strict=True)]
            seen = _seen(problem.rows)
            constant, curves = _alternated(
                [block[seen] for block in blocks], target[seen], weights[seen], None if best is None else best.curves
            )
            values = constant + reduce(np.multiply, (b @ c for b, c in zip(blocks, curves, strict=True)))
            error = _error(target - values, target, weights, ~seen)
            if best is not None and error > 0.9 * best.error:
                break
            if abs(constant) < 5 * error * float(np.std(target)) / np.sqrt(problem.rows):
                constant = 0.0
            best = _Split(transform, np.multiply, constant, curves, bases, error)
        if best is not None:
            yield best


def _alternated(
    blocks: list[Array], target: Array, weights: Array, known: list[Array] | None
) -> tuple[float, list[Array]]:
    """constant and factors of the best product: from the factors of a lower degree, else from the best of a few starts."""
    degree = blocks[0].shape[1]
    starts = [[np.pad(curve, (0, degree - len(curve))) for curve in known]] if known else _starts(degree, len(blocks))
    fits = [_settled(blocks, target, weights, start) for start in starts]
    return min(fits, key=lambda fit: fit[0])[1:]


def _starts(degree: int, factors: int) -> list[list[Array]]:
    draw = np.random.default_rng(0)
    fade = 0.5 ** np.arange(degree)
    return [[draw.normal(size=degree) * fade for _ in range(factors)] for _ in range(STARTS)]


def _settled(
    blocks: list[Array], target: Array, weights: Array, curves: list[Array]
) -> tuple[float, float, list[Array]]:
    """(squared error, constant, factors) after sweeps over the factors until the error stays."""
    curves, constant, before = list(curves), 0.0, np.inf
    values = [block @ curve for block, curve in zip(blocks, curves, strict=True)]
    rest = np.inf
    for _ in range(SWEEPS):
        for i, block in enumerate(blocks):
            others = reduce(np.multiply, (v for j, v in enumerate(values) if j != i), weights.copy())
            matrix = np.column_stack([block * others[:, None], weights])
            found = np.linalg.lstsq(matrix, target * weights, rcond=1e-12)[0]
            rest = float(np.sum((target * weights - matrix @ found) ** 2))
            curves[i], constant = found[:-1], float(found[-1])
            values[i] = block @ curves[i]
            size = float(np.sqrt(np.mean(values[i] ** 2))) or 1.0
            if i < len(blocks) - 1:  # the last one carries the scale
                curves[i], values[i] = curves[i] / size, values[i] / size
        if rest > (1 - SETTLED) * before:
            break
        before = rest
    return rest, constant, curves


def _named(problem: Problem, split: _Split) -> Iterator[sympy.Expr]:
    """The combinations of the likeliest names, refitted together on some rows; the shortest messages first."""
    curves = [
        _names(symbol, basis, basis(basis.grid, len(curve) - 1) @ curve, split)
        for symbol, basis, curve in zip(problem.symbols, split.bases, split.curves, strict=True)
    ]
    rows = np.linspace(0, problem.rows - 1, min(FITTED_ON, problem.rows)).astype(int)
    columns = {s.name: problem.x[rows, i] for i, s in enumerate(problem.symbols)}
    weights = None if problem.weights is None else problem.weights[rows] ** 2
    least = 1e-12 * float(np.sqrt(np.mean(problem.y[rows] ** 2)))
    found: list[tuple[float, int, sympy.Expr]] = []
    for choice in combinations([len(names) for names in curves], NAMED):
        parts = [names[i] for names, i in zip(curves, choice, strict=True)]
        whole = sympy.Add(*parts) if split.join is np.add else _product(parts)
        form = split.transform.inverse(TARGET, sign_of(problem.y)).xreplace({TARGET: whole + split.beside})
        polished = polish(form, columns, problem.y[rows], weights=weights)
        if np.isfinite(polished.rmse):
            found.append((_nats(polished, least, len(rows)), len(found), polished.expression))
        if polished.rmse <= least:
            break
    for _, _, form in sorted(found)[:NAMES]:
        yield form


def _product(parts: list[sympy.Expr]) -> sympy.Expr:
    """One factor for all parts, in front: what each of them has for its own cannot be told apart."""
    scales, rests = zip(*map(split_scale, parts), strict=True)
    return sympy.Mul(*scales) * sympy.Mul(*rests)


def _nats(polished: Polished, least: float, rows: int) -> float:
    """A rough message: residuals, two nats a symbol, half the logarithm of the rows for each decimal."""
    decimals = len(polished.expression.atoms(sympy.Float))
    told = 2 * complexity(polished.expression) + 0.5 * np.log(rows) * decimals
    return float(rows * np.log(max(polished.rmse, least)) + told)


def _names(symbol: sympy.Symbol, basis: _Basis, values: Array, split: _Split) -> list[sympy.Expr]:
    """The likeliest names of one curve: those of the primitives, sums of two powers, and where it is known well enough those
    of exact curves."""
    z, size = basis.grid, float(np.std(values))
    if size <= 1e-9 * float(np.abs(values).max(initial=0.0)):
        return [sympy.Float(float(values.mean()))]
    curve = Problem((symbol,), z[:, None], values, accuracy=split.error)
    least = max(split.error, 1e-9)

    def told(form: sympy.Expr) -> tuple[float, float]:
        """The rough message and the error over the spread."""
        error = float(np.sqrt(np.mean((evaluate(form, {symbol.name: z}) - values) ** 2))) / size
        return GRID / 4 * np.log(max(error, least)) + 2 * complexity(form), error

    forms: list[tuple[float, int, sympy.Expr]] = []
    for names in _namers(curve, least * size):
        for form in names:
            length, error = told(form)
            if np.isfinite(error):
                forms.append((length, len(forms), form))
            if split.error < ROUGH and error < 2 * least:
                return [form]
    return [form for _, _, form in sorted(forms)[:NAMES]]


def _namers(curve: Problem, noise: float) -> Iterator[Iterator[sympy.Expr]]:
    """Ways to name a curve, those of one function first."""
    z, symbol = curve.x[:, 0], curve.symbols[0]
    weighed = Problem(curve.symbols, curve.x, curve.y, weights=np.ones(curve.rows))
    yield (named.expression(symbol) for named in match(z, curve.y, noise=noise, top=NAMES))
    yield islice(short_sums(weighed, 3, np.inf), 3)
    if curve.accuracy < ROUGH:
        yield islice(identify(curve), 3)
        yield islice(powers_and_exponentials(curve), 1)
    yield islice(likely_shapes(weighed), 3)


def _targets(problem: Problem, names: Sequence[str]) -> Iterator[tuple[Transform, Array, Array]]:
    """T(y) where it is finite, and what a unit of it is worth in units of y."""
    for name in names:
        transform = TRANSFORMS[name]
        if not transform.allowed(problem.y):
            continue
        with np.errstate(all="ignore"):
            target, slope = transform.forward(problem.y), transform.derivative(problem.y)
            weights = (1.0 if problem.weights is None else problem.weights) / np.abs(slope)
        weights = np.ones(problem.rows) if problem.weights is None else weights
        if np.isfinite(target).all() and np.isfinite(weights).all() and np.ptp(target) > 0:
            yield transform, target, weights


def _bases(problem: Problem) -> list[_Basis]:
    return [_Basis(float(x.min()), float(x.max())) for x in problem.x.T]


def _degrees(problem: Problem) -> list[int]:
    most = problem.rows / ROWS_A_CONSTANT / problem.inputs
    return [degree for degree in DEGREES if degree + 1 <= most]


def _seen(rows: int) -> Array:
    return np.arange(rows) % EVERY != 0


def _error(residual: Array, target: Array, weights: Array, rows: Array) -> float:
    goal = (target * weights)[rows]
    return float(np.sqrt(np.mean((residual * weights)[rows] ** 2)) / max(float(np.std(goal)), 1e-300))
