"""Naming laws in noise: least squares in the units of y, few constants, and a stop when the residual is white.

With noise nothing can be exact, and free constants fit many wrong names equally well. So those with the fewest constants
are offered first: a power product c x^b (exponents fitted in y, since the logarithm of small y is all noise), and short
sums T(y) = sum c a(u) b(v) of terms without inner constants, for T that people invert (a root, a ratio, an exponential); the
caller weighs error against length. Curves of one input are named in `likely`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import product

import numpy as np
import sympy

from .additive import power_products
from .arguments import small_arguments
from .atoms import by_name, values_of
from .coefficients import constant, fraction, rational
from .dictionary import small_factors
from .numbers import choices
from .polish import descend
from .problem import TARGET, Array, Problem, reduced
from .sparse import Support, best_supports, likely_supports
from .surrogate import Decomposition
from .transforms import TRANSFORMS, Transform, sign_of

TARGETS = ("y", "1/y", "y^2", "1/y^2", "log")
WAVING_TARGETS = ("y", "y^2")
FREQUENCIES, STEP = 160, 0.5  # of k, and the phase by which the ends of a table part at each
STEEPEST = 20.0
ROOTS, POLES = ("y^2", "1/y^2"), ("1/y", "1/y^2")
IN_Y = 8  # steps of a fit in y
LEAST = (
    0.01  # of the median of |y|, what the fit may come down to, and the size by which the square of a smaller y counts
)
PLAINLY, FEW_BITS, ABOUT = 2.5, 4.0, 0.05
"""Fractions of so few bits within so much of a coefficient may take its place, if the rows lose no more than so many standard
errors for each."""
WRONG = 0.02  # of the rows, which noise may have given the other sign
BEST = 2  # of each number of terms
KEPT = 6
SCANNED = 4  # constants for each denominator of a saturating sum
WIDE, PAIRED = 30, 3  # pairs that are followed, and triples whose pairs are exchanged, where hundreds look alike
FEW_INPUTS = 4  # up to which products of all of them may stand before a wave
PLAIN = 30
PLAIN_POWERS = (-2, -1, 0, 1, 2)  # what has others acts by a curve that only looks like a power
WAVES = by_name("sin", "cos", "sin^2", "cos^2")
ATOMS = by_name(
    "x^0", "x^1", "x^2", "x^-1", "x^-2", "x^1/2", "x^-1/2", "sin", "cos", "sin^2", "exp", "exp(-x)", "log", "tanh",
    "1/(1+x)", "1/(1-x)", "1/(1+x^2)", "1/(1-x^2)", "sqrt(1+x^2)", "sqrt(1-x^2)", "1/sqrt(1+x^2)", "1/sqrt(1-x^2)",
    "x/sqrt(1+x^2)", "x/sqrt(1-x^2)", "x/(1+x)", "x/(1-x)", "tan", "1/tan",
)  # fmt: skip


def noisy_monomial(problem: Problem) -> Iterator[sympy.Expr]:
    """c prod x^b, c alone without inputs."""
    powers = _powers(problem) if problem.inputs else ()
    if powers is not None:
        expression, values = _monomial(problem, powers)
        yield constant(_scale(values, problem.y, _weights(problem))) * expression


def curve_of_monomial(problem: Problem) -> Problem | None:
    """The problem of one input that the power product nearest to the target hints at. It is the product itself, for asin(m),
    log(1 + m) and m / (1 + m) are nearly m where m is small; where exponents are unusual, the product of what has them, for
    1 / (x - 1) is nearly x^(-3/2). None where there is no such product, or unusual exponents of several sizes."""
    powers = _powers(problem)
    if powers is None or not any(powers):
        return None
    unusual = [Fraction(0) if power in PLAIN_POWERS else power for power in powers]
    if len({abs(power) for power in unusual if power}) > 1:
        return None
    inside = [Fraction((power > 0) - (power < 0)) for power in unusual] if any(unusual) else powers
    outside = [Fraction(0) if p else power for p, power in zip(inside, powers, strict=True)]
    variable, (factor, values) = _monomial(problem, inside), _monomial(problem, outside)
    return reduced(problem, "curve of a power product", [variable], problem.y / values, factor * TARGET, 0.0, values)


def _monomial(problem: Problem, powers: Sequence[Fraction]) -> tuple[sympy.Expr, Array]:
    """prod x^b and its values (N,)."""
    expression = sympy.Mul(*(s ** rational(p) for s, p in zip(problem.symbols, powers, strict=True) if p))
    return expression, np.prod(problem.x ** np.array([float(p) for p in powers]), axis=1)


def _powers(problem: Problem) -> list[Fraction] | None:
    """The exponents of the power product nearest to the target: log-linear on the larger rows, Gauss-Newton in y, rounded;
    None where they are no halves of integers."""
    weights = _weights(problem)
    if not all(problem.positive):
        return None
    logs = np.log(problem.x)
    large = np.abs(problem.y * weights) > 0.05 * np.sqrt(np.mean((problem.y * weights) ** 2))
    sign = 1.0 if np.median(problem.y[large]) > 0 else -1.0
    large &= sign * problem.y > 0
    if large.sum() < problem.inputs + 5:
        return None
    matrix = np.column_stack([logs, np.ones(problem.rows)])
    theta = np.linalg.lstsq(matrix[large], np.log(sign * problem.y[large]), rcond=None)[0]
    for _ in range(20):
        value = sign * np.exp(np.clip(matrix @ theta, -300, 300))
        step = np.linalg.lstsq(matrix * (value * weights)[:, None], (problem.y - value) * weights, rcond=None)[0]
        theta = theta + np.clip(step, -0.5, 0.5)
    powers = [fraction(float(b), 2, 0.1) for b in theta[:-1]]
    return [p for p in powers if p is not None] if None not in powers else None


def short_sums(problem: Problem, most: int, limit: float) -> Iterator[sympy.Expr]:
    """T(y) as a sum of one to ``most`` power products, those that lower the squared error most."""
    terms = power_products(problem)
    with np.errstate(all="ignore"):
        columns = np.prod(problem.x[:, None, :] ** np.array(terms)[None, :, :], axis=2)
    expressions = [sympy.Mul(*(s**p for s, p in zip(problem.symbols, term, strict=True))) for term in terms]
    yield from likely_sums(problem, columns, expressions, most, limit)


def plain_sums(problem: Problem, limit: float) -> Iterator[sympy.Expr]:
    """T(y) as a sum of one to four of the plainest power products, the best of all combinations: products of degree two
    first, so that no look-alike of a greater vocabulary stands in the way."""
    terms = sorted(
        power_products(problem), key=lambda term: (min(term) < 0 or sum(term) > 2, sum(map(abs, term)), term)
    )
    terms = terms[:PLAIN]
    with np.errstate(all="ignore"):
        columns = np.prod(problem.x[:, None, :] ** np.array(terms)[None, :, :], axis=2)
    expressions = [sympy.Mul(*(s**p for s, p in zip(problem.symbols, term, strict=True))) for term in terms]
    yield from likely_sums(problem, columns, expressions, 4, limit, best_supports)


def products_of_atoms(problem: Problem, limit: float) -> Iterator[sympy.Expr]:
    """T(y) as a sum of at most three products a(u) b(v) of functions without constants; for one or two inputs."""
    words = [values_of(column, ATOMS) for column in problem.x.T]
    terms = list(product(*words))
    columns = np.column_stack([np.prod([values for _, values in term], axis=0) for term in terms])
    expressions = [
        sympy.Mul(*(atom.expression(s) for (atom, _), s in zip(term, problem.symbols, strict=True))) for term in terms
    ]
    yield from likely_sums(problem, columns, expressions, 3, limit, partial(likely_supports, beam=WIDE, paired=PAIRED))


def saturating_sums(problem: Problem) -> Iterator[sympy.Expr]:
    """Sums of at most four terms m and m / (1 + c v), where m and v are power products of degree two at most: what
    saturates, in noise. c is searched on a grid; all terms share the one denominator."""
    degrees = [p for p in product(range(3), repeat=problem.inputs) if sum(p) <= 2]
    names = [sympy.Mul(*(s**p for s, p in zip(problem.symbols, powers, strict=True))) for powers in degrees]
    parts = [np.prod(problem.x**powers, axis=1) for powers in map(np.array, degrees)]
    weights = _weights(problem)[:, None]
    goal = problem.y * weights[:, 0]
    scanned: list[tuple[float, int, float, sympy.Expr, Array]] = []
    for name, values in zip(names, parts, strict=True):
        if name.is_number or not np.any(values) or not (name.is_Pow or np.all(values >= 0)):
            continue
        own: list[tuple[float, int, float, sympy.Expr, Array]] = []
        for c in np.geomspace(0.03, 30, 25) / float(np.median(np.abs(values[values != 0]))):
            columns = np.column_stack([*parts, *(part / (1 + c * values) for part in parts)]) * weights
            own.append((_left(columns, goal), len(own), float(c), name, columns))
        scanned += sorted(own, key=lambda one: one[:2])[:SCANNED]
    found: list[tuple[float, int, sympy.Expr]] = []
    for _, _, c, name, columns in scanned:
        written = [*names, *(part / (1 + sympy.Float(c) * name) for part in names)]
        for rest, support, a in likely_supports(columns, goal, 4, 1, beam=6):
            if max(support) < len(names):
                continue
            form = sympy.Add(*(constant(b) * written[i] for i, b in zip(support, a, strict=True)))
            found.append((rest * (1 + 10 / problem.rows) ** len(support), len(found), form))
    for _, _, form in sorted(found)[:KEPT]:
        yield form


def _left(columns: Array, goal: Array) -> float:
    """What all columns together leave of the squared goal."""
    part = columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-300)
    inner = part.T @ goal
    return float(goal @ goal - inner @ np.linalg.solve(part.T @ part + 1e-10 * np.eye(len(inner)), inner))


def argument_sums(problem: Problem) -> Iterator[sympy.Expr]:
    """T(y) as a sum of at most three terms c x^p f(u) with one inner argument u, for laws that oscillate: the best few of
    all u. f is a wave of u, or of k u with the k that a periodogram shows."""
    factors = small_factors(problem, 4 if problem.inputs <= FEW_INPUTS else 2)
    smooth = np.linalg.qr(np.column_stack([values for _, values in factors]))[0]
    left = problem.y - smooth @ (smooth.T @ problem.y)
    goals = [goal for name in WAVING_TARGETS if (goal := goal_of(problem, name)) is not None]
    found: list[tuple[float, int, Transform, list[sympy.Expr], Array, Array]] = []
    for argument, values in small_arguments(problem):
        words = [(sympy.Integer(1), np.ones(problem.rows))]
        words += [(atom.expression(argument), v) for atom, v in values_of(values, WAVES)]
        k = _frequency(values, left)
        words += [(atom.expression(sympy.Float(k) * argument), v) for atom, v in values_of(k * values, WAVES[:2])]
        terms = list(product(factors, words))
        columns = np.column_stack([f[1] * w[1] for f, w in terms])
        for transform, target, weights in goals:
            for rest, support, c in likely_supports(columns * weights[:, None], target * weights, 3, 1):
                names = [terms[i][0][0] * terms[i][1][0] for i in support]
                order = rest * (1 + 10 / problem.rows) ** len(support)
                found.append((order, len(found), transform, names, columns[:, support], c))
    for _, _, transform, names, chosen, c in sorted(found, key=lambda one: one[:2])[:KEPT]:
        yield _sum_of(problem, transform, names, chosen, c)[0]


def _frequency(values: Array, left: Array) -> float:
    """The k whose waves sin(k u), cos(k u) tell most of what is left, between the steps of a grid as well."""
    width = np.ptp(values) or 1.0
    grid = np.arange(2, FREQUENCIES) * (STEP / width)
    for _ in range(3):
        waves = np.exp(1j * np.outer(grid, values))
        k = float(grid[np.argmax(np.abs(waves @ left))])
        grid = k + np.linspace(-1, 1, 9) * (grid[1] - grid[0])
    return k


def likely_sums(
    problem: Problem,
    columns: Array,
    expressions: list[sympy.Expr],
    most: int,
    limit: float,
    supports: Callable[[Array, Array, int, int], Iterator[tuple[float, Support, Array]]] = likely_supports,
) -> Iterator[sympy.Expr]:
    """T(y) = sum of at most ``most`` of the columns, the best of each T and number of terms; least squares in y.

    Those with an rmse above ``limit``, in the user's y, are not worth a look.
    """
    for name in TARGETS:
        goal = goal_of(problem, name)
        if goal is None:
            continue
        transform, target, weights = goal
        for _, support, c in supports(columns * weights[:, None], target * weights, most, BEST):
            form, rest = _sum_of(problem, transform, [expressions[i] for i in support], columns[:, support], c)
            if rest <= limit**2 * problem.rows:
                yield form


def _sum_of(
    problem: Problem, transform: Transform, names: list[sympy.Expr], columns: Array, c: Array
) -> tuple[sympy.Expr, float]:
    """T⁻¹ of the sum of columns (N, p) as an expression, c fitted in y, and the squared error in y. Where the sum stands under
    a root and is negative somewhere, coefficients are plain numbers as far as the rows allow it: a² + b² - 2.01 a b is no
    square of anything."""
    written: list[sympy.Expr]
    if transform.name == "y":
        written = [constant(a) for a in c]
    else:
        c = fitted_in_y(problem, transform, columns, c)
        written = [constant(a) for a in c]
        if transform.name in ROOTS and not np.all(columns @ c > 0):
            c, written = _plainly(problem, transform, columns, c)
    form = sympy.Add(*(a * name for a, name in zip(written, names, strict=True)))
    restored = transform.inverse(TARGET, sign_of(problem.y)).xreplace({TARGET: form})
    return restored, _rest(problem, transform, columns @ c)


def _plainly(problem: Problem, transform: Transform, columns: Array, c: Array) -> tuple[Array, list[sympy.Expr]]:
    """c with one coefficient after the other a fraction of few bits, the plainest first, and the others fitted again, as long
    as that costs no more than chance."""
    least = _rest(problem, transform, columns @ c)
    fixed: dict[int, sympy.Expr] = {}
    while len(fixed) < len(c):
        free = [i for i in range(len(c)) if i not in fixed]
        near = [
            (choice.bits, i, choice)
            for i in free
            for choice in choices(float(c[i]), ABOUT * abs(float(c[i])), count=2)
            if choice.number.is_Rational and choice.bits <= FEW_BITS
        ]
        for _, i, choice in sorted(near, key=lambda one: one[:2]):
            others = [k for k in free if k != i]
            trial = c.copy()
            trial[i] = choice.value
            if others:
                beside = columns @ trial - columns[:, others] @ trial[others]
                trial[others] = fitted_in_y(problem, transform, columns[:, others], trial[others], beside)
            dearer = _rest(problem, transform, columns @ trial) / least - 1
            if dearer <= PLAINLY**2 * (len(fixed) + 1) / problem.rows:
                c, fixed[i] = trial, choice.number
                break
        else:
            break
    return c, [fixed.get(i, constant(a)) for i, a in enumerate(c)]


def fitted_in_y(problem: Problem, transform: Transform, columns: Array, c: Array, beside: Array | float = 0.0) -> Array:
    """c (p,) moved so that T⁻¹(columns c + beside) is nearest to y: regression of T(y) takes T where noise has put y, so that
    a small y that is smaller by chance counts for much more than it tells, or for less.

    Source: P. McCullagh and J. A. Nelder, Generalized Linear Models (1989), section 2.5, with T as the link.
    """
    own = _weights(problem)

    return descend(
        lambda c: (_near(problem, transform, columns @ c + beside) - problem.y) * own,
        lambda c: columns * _slopes(problem, transform, columns @ c + beside)[:, None],
        c,
        steps=IN_Y,
        resolution=1e-12,
    )[0]


def _rest(problem: Problem, transform: Transform, values: Array) -> float:
    """The squared error in y of T⁻¹(values)."""
    return float(np.sum(((problem.y - _near(problem, transform, values)) * _weights(problem)) ** 2))


def _near(problem: Problem, transform: Transform, values: Array) -> Array:
    """T⁻¹ of values (N,), no nearer to 0 than `LEAST` and no farther than twice the largest y, also where it does not exist;
    values that are those of y itself stay."""
    if transform.name == "y":
        return values
    least, most = _limits(problem)
    with np.errstate(all="ignore"):
        y = transform.back(values, sign_of(problem.y))
    there = np.isfinite(y) & (y != 0)
    y = np.where(there, y, sign_of(problem.y) * (most if transform.name in POLES else least))
    return np.asarray(np.sign(y) * np.clip(np.abs(y), least, most))


def _slopes(problem: Problem, transform: Transform, values: Array) -> Array:
    """How `_near` moves with the values, by the weights of the rows: not at all where it stands at a limit."""
    at = _near(problem, transform, values)
    least, most = _limits(problem)
    moving = (np.abs(at) > least) & (np.abs(at) < most)
    return np.asarray(np.where(moving, _weights(problem) / transform.derivative(at), 0.0))


def _limits(problem: Problem) -> tuple[float, float]:
    size = np.abs(problem.y)
    return LEAST * float(np.median(size)), 2 * float(np.max(size))


def goal_at(problem: Problem, transform: Transform, values: Array) -> tuple[Array, Array]:
    """The target and weights of `goal_of`, but T taken where a fit of T(y) by ``values`` (N,) is and not at the noisy y."""
    at = _near(problem, transform, values)
    slopes = transform.derivative(at)
    weights = _weights(problem) / np.abs(slopes)
    return transform.forward(at) + slopes * (problem.y - at), np.minimum(weights, STEEPEST * np.median(weights))


def goal_of(problem: Problem, name: str) -> tuple[Transform, Array, Array] | None:
    """T, T(y), and the weights that make its squared error that of y; None where T(y) does not exist. Squares are taken of a
    few small values of the other sign as well: noise has made them."""
    transform = TRANSFORMS[name]
    size = np.abs(problem.y)
    squared = name == "y^2" and _one_sign_but_for_noise(problem.y)
    if not (transform.allowed(problem.y) or squared):
        return None
    with np.errstate(all="ignore"):
        target = transform.forward(problem.y)
        slopes = transform.derivative(np.maximum(size, LEAST * np.median(size)) if squared else problem.y)
        weights = _weights(problem) / np.abs(slopes)
    if not (np.all(np.isfinite(target)) and np.all(np.isfinite(weights))):
        return None
    # where T is flat, y says all but nothing of it
    return transform, target, np.minimum(weights, STEEPEST * np.median(weights))


def _one_sign_but_for_noise(y: Array) -> bool:
    """Whether all but a few values have one sign, and those few are small."""
    wrong = y * sign_of(y) <= 0
    return bool(np.mean(wrong) <= WRONG and np.max(np.abs(y[wrong]), initial=0.0) < np.median(np.abs(y)))


def weighted_transform(problem: Problem, name: str) -> Problem | None:
    """The problem of T(y) over the same variables, its rows weighed so that errors are those of y."""
    goal = goal_of(problem, name) if TRANSFORMS[name].allowed(problem.y) else None
    if goal is None or np.ptp(goal[1]) == 0:
        return None
    transform, target, weights = goal
    columns = list(zip(problem.symbols, problem.x.T, strict=True))
    child = reduced(problem, f"transform {name}", columns, target, transform.inverse(TARGET, sign_of(problem.y)))
    return replace(child, weights=weights)


def white(residual: Array, problem: Problem) -> bool:
    """Whether a polynomial of the inputs explains no more of the residual than it would of noise: R2 near p / N."""
    fitted = Decomposition(problem, "x", min(100, problem.rows // 8))
    p, rows = fitted.q.shape[1], problem.rows
    explained = float(np.sum((fitted.q.T @ residual) ** 2) / np.sum(residual**2))
    return explained < p / rows + 5 * np.sqrt(2 * p) / rows


def _weights(problem: Problem) -> Array:
    return np.ones(problem.rows) if problem.weights is None else problem.weights


def _scale(part: Array, y: Array, weights: Array) -> float:
    return float((part * weights) @ (y * weights) / np.sum((part * weights) ** 2))
