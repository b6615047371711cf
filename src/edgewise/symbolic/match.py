"""Name one edge: which primitive f makes ``y = c f(a x + b) + d``?

>>> x = np.linspace(-1, 1, 200)
>>> match(x, 3 * np.sin(20 * x) + 1)[0].text
'3*sin(20*x) + 1'

Every primitive is fitted to machine precision; then all are ranked by one number, the length in nats of a message that
tells the samples: residuals (as far as the samples are accurate), symbols, and digits that cancel. So look-alikes are
separated by their error where the samples can tell, and by what a reader would call simple where they cannot.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import copysign, exp, inf, isfinite, log, log10
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgewise.errors import SettingsError, ShapeError, ValuesError
from edgewise.primitives import PRIMITIVES, Primitive, find

from .polish import descend
from .scan import differences, exponent_slope, scan
from .starts import Array, gauge, value

A, B, C, D, P = range(5)  # inner_scale, inner_shift, outer_scale, outer_shift, exponent
FINALISTS = 9  # primitives that see all samples
NATS_PER_SYMBOL = 2.0
HOPELESS = 60.0  # nats: farther behind than simpler constants could ever win back
EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Match:
    """``outer_scale * f(inner_scale * x + inner_shift) + outer_shift`` and how well it tells the samples.

    ``rmse`` (in y's unit) and ``r2`` are of all samples; ``held_out_rmse`` is of those that the fit had not seen;
    ``complexity`` counts what a reader sees, constants that are 0 or 1 not being seen; ``evidence`` is the length of
    the message in nats by which the list is ordered (only differences mean something; less is better).
    """

    primitive: str
    inner_scale: float
    inner_shift: float
    outer_scale: float
    outer_shift: float
    exponent: float | None
    rmse: float
    r2: float
    held_out_rmse: float
    complexity: int
    evidence: float
    function: Primitive = field(repr=False, compare=False)

    def __call__(self, x: ArrayLike) -> Array:
        """The named edge at x, any shape; nan outside its domain."""
        return _evaluate(self.function, self._constants(), np.asarray(x, dtype=np.float64))

    def expression(self, x: Any) -> Any:
        """The same as a SymPy expression of ``x``; constants that are 0, 1 or -1 are exact, all others Floats."""
        f, theta = self.function, [_number(constant) for constant in self._constants()]
        inner = theta[A] * x + theta[B]
        outer = f("sympy", inner, theta[P]) if f.exponent else f("sympy", inner)
        return theta[C] * outer + theta[D]

    @property
    def text(self) -> str:
        """The formula of one variable, constants to six digits."""
        from sympy import Float, Integer

        from edgewise.formula import symbol, to_text

        def short(number: Any) -> Any:
            rounded = float(f"{float(number):.6g}")
            return Integer(int(rounded)) if rounded.is_integer() and abs(rounded) < 1e6 else Float(rounded)

        expression = self.expression(symbol("x"))
        return to_text(expression.xreplace({n: short(n) for n in expression.atoms(Float)}))

    def _constants(self) -> Array:
        return np.array([self.inner_scale, self.inner_shift, self.outer_scale, self.outer_shift, self.exponent or 1.0])


def match(
    x: ArrayLike,
    y: ArrayLike,
    *,
    primitives: Mapping[str, Primitive] | Iterable[str] | None = None,
    weights: ArrayLike | None = None,
    noise: float | None = None,
    held_out: float = 0.2,
    top: int = 5,
) -> list[Match]:
    """The ``top`` primitives that tell the samples best, the best first.

    x, y (N,): five samples or more, in any order and of any magnitude. ``primitives``: names of the table, or the
    user's own rows by name; all of the table by default. ``weights`` (N,): how much each sample counts. ``noise``: the
    rmse of y itself where it is known (of a spline: its error); a primitive is not preferred for fitting better than
    that. ``held_out``: the fraction of samples, evenly spread, that only judge.

    Raises ShapeError, ValuesError, SettingsError or UnknownNameError.
    """
    rows = _rows(primitives)
    samples = _Samples.of(x, y, weights, noise, held_out)
    if samples.std == 0.0 or samples.half == 0.0:
        return [_finish(PRIMITIVES["0"], np.array([1.0, 0.0, 0.0, samples.mean, 1.0]), samples, float(len(samples.x)))]
    fitted = [_fit(primitive, start, samples) for primitive, start in _finalists(rows, samples)]
    independent = samples.independent(*min(fitted, key=lambda one: samples.error(*one)))
    lengths = [_message(primitive, theta, samples, independent) for primitive, theta in fitted]
    found = []
    for i in np.argsort(lengths, kind="stable")[: 2 * top]:
        primitive, theta = fitted[i]
        if lengths[i] < min(lengths) + HOPELESS:
            theta = _simplify(primitive, theta, samples, independent)
        found.append(_finish(_christened(primitive, theta, rows), theta, samples, independent))
    best: dict[str, Match] = {}
    for named in sorted(found, key=lambda named: named.evidence):
        best.setdefault(named.primitive, named)
    return list(best.values())[:top]


def _rows(primitives: Mapping[str, Primitive] | Iterable[str] | None) -> list[Primitive]:
    if primitives is None:
        return list(PRIMITIVES.values())
    if isinstance(primitives, Mapping):
        return list(primitives.values())
    return [find(name) for name in primitives]


@dataclass(frozen=True)
class _Samples:
    """Samples in ascending x, standardised: x = middle + half t, y = mean + std z."""

    x: Array
    y: Array
    weights: Array
    seen: NDArray[np.bool_]
    middle: float
    half: float
    mean: float
    std: float
    floor: float  # relative to std

    @classmethod
    def of(
        cls, x: ArrayLike, y: ArrayLike, weights: ArrayLike | None, noise: float | None, held_out: float
    ) -> "_Samples":
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        w = np.ones(x.shape) if weights is None else np.asarray(weights, dtype=np.float64)
        _check(x, y, w, noise, held_out)
        order = np.argsort(x, kind="stable")
        x, y, w = x[order], y[order], w[order] / w.sum()
        every = max(2, round(1 / held_out)) if held_out else len(x) + 1
        seen = np.arange(len(x)) % every != every // 2
        middle, half = x[0] / 2 + x[-1] / 2, x[-1] / 2 - x[0] / 2
        size = np.max(np.abs(y)) or 1.0  # squares of 1e-200 would vanish
        mean = float(w @ (y / size)) * size
        std = float(np.sqrt(w @ ((y - mean) / size) ** 2)) * size
        if std <= 4 * EPS * abs(mean):
            std = 0.0
        if std == 0.0 or half == 0.0:
            return cls(x, y, w, seen, middle, half, mean, 0.0, 1.0)
        slope = np.diff((y - mean) / std) / np.maximum(np.diff((x - middle) / half), EPS)
        rounding = np.max(np.abs(y)) / std + np.sqrt(np.mean(slope**2)) * (1 + abs(middle) / half)
        return cls(x, y, w, seen, middle, half, mean, std, max(8 * EPS * rounding, (noise or 0.0) / std))

    @property
    def t(self) -> Array:
        return (self.x - self.middle) / self.half

    @property
    def z(self) -> Array:
        return (self.y - self.mean) / self.std

    def residual(self, primitive: Primitive, theta: Array) -> Array:
        """In units of std, (N,)."""
        with np.errstate(all="ignore"):
            return (_evaluate(primitive, theta, self.x) - self.y) / self.std

    def error(self, primitive: Primitive, theta: Array) -> float:
        """Root mean square over all samples, in units of std."""
        with np.errstate(all="ignore"):
            mean_square = self.weights @ self.residual(primitive, theta) ** 2
        return float(np.sqrt(mean_square)) if np.isfinite(mean_square) else inf

    def independent(self, primitive: Primitive, theta: Array) -> float:
        """How many of the residuals are news: a misfit, like the error of a spline, is alike at neighbours.

        From the correlation of neighbouring residuals, as for a first-order autoregression.
        """
        r = self.residual(primitive, theta)
        total = float(r @ r)
        alike = min(max(float(r[1:] @ r[:-1]) / total, 0.0), 0.99) if total > 0 else 0.0
        return max(len(r) * (1 - alike) / (1 + alike), 8.0)


def _check(x: Array, y: Array, weights: Array, noise: float | None, held_out: float) -> None:
    if x.ndim != 1 or x.shape != y.shape or x.shape != weights.shape:
        raise ShapeError(
            f"x, y and weights must be one column each, of equal length; got {x.shape}, {y.shape}, {weights.shape}."
        )
    if len(x) < 5:
        raise ValuesError(f"naming an edge needs at least 5 samples, got {len(x)}. Trace the network on more rows.")
    bad = int(np.sum(~(np.isfinite(x) & np.isfinite(y) & np.isfinite(weights) & (weights >= 0))))
    if bad or weights.sum() == 0:
        raise ValuesError(f"{bad} of {len(x)} samples are not finite or have no weight >= 0. Drop them first.")
    if not 0 <= held_out <= 0.5:
        raise SettingsError(f"held_out must be a fraction from 0 to 0.5, got {held_out}.")
    if noise is not None and not noise >= 0:
        raise SettingsError(f"noise must be the rmse of y, 0 or more, got {noise}.")


def _finalists(rows: list[Primitive], samples: _Samples) -> list[tuple[Primitive, Array]]:
    """The starts worth a full fit: the shortest messages of the scan, at most two starts a primitive."""
    seen = samples.seen
    weights = samples.weights[seen] / samples.weights[seen].sum()
    scanned = scan(rows, samples.t[seen], samples.z[seen], weights, samples.middle, samples.half)
    few = min(len(samples.x), 150) / 2
    floor = samples.floor**2
    scanned.sort(key=lambda one: few * log(max(one[2], floor)) + NATS_PER_SYMBOL * one[0].complexity)
    kept: dict[str, list[Array]] = {}
    for primitive, start, _ in scanned:
        if primitive.name not in kept and len(kept) == FINALISTS:
            continue
        starts = kept.setdefault(primitive.name, [])
        if len(starts) < 2 and not any(np.allclose(start, other, rtol=1e-6, atol=1e-9) for other in starts):
            starts.append(start)
    named = {primitive.name: primitive for primitive in rows}
    return [(named[name], start) for name, starts in kept.items() for start in starts]


# --- the five constants in the samples' own units ---------------------------------------------------------------------


def _evaluate(primitive: Primitive, theta: Array, x: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(theta[C] * value(primitive, theta[A] * x + theta[B], theta[P]) + theta[D])


def _fit(primitive: Primitive, start: Array, samples: _Samples) -> tuple[Primitive, Array]:
    """All constants from a start of the scan, then written in the plainest way."""
    scale, shift, exponent = start
    f = value(primitive, scale * samples.t + shift, exponent)
    w = samples.weights * samples.seen
    centred = f - (w @ f) / w.sum()
    spread = w @ centred**2
    slope = w @ (centred * samples.z) / spread if spread > 0 else 0.0
    offset = (w @ samples.z - slope * (w @ f)) / w.sum()
    theta = np.array([scale, shift, slope, offset, exponent])
    free = np.eye(5)[:, [True, True, primitive.name != "0", True, primitive.exponent]]
    theta = _descend(primitive, theta, free, samples)
    return primitive, _plain(primitive, _unscaled(theta, samples), samples)


def _descend(primitive: Primitive, theta: Array, free: Array, samples: _Samples, everything: bool = False) -> Array:
    """Least squares in standardised units; ``theta`` moves along the columns of ``free`` (5, k)."""
    rows = slice(None) if everything else samples.seen
    t, z, root = samples.t[rows], samples.z[rows], np.sqrt(samples.weights[rows])

    def residual(phi: Array) -> Array:
        return root * (_evaluate(primitive, theta + free @ phi, t) - z)

    def jacobian(phi: Array) -> Array:
        a, b, c, _, p = theta + free @ phi
        u = a * t + b
        du = differences(u)
        with np.errstate(all="ignore"):
            slope = c * (value(primitive, u + du, p) - value(primitive, u - du, p)) / (2 * du)
            power = c * exponent_slope(primitive, u, p) if primitive.exponent else 0 * t
            columns = [slope * t, slope, value(primitive, u, p), np.ones_like(t), power]
        matrix = root[:, None] * (np.stack(columns, axis=1) @ free)
        return np.where(np.isfinite(matrix), matrix, 0.0)

    phi, _ = descend(residual, jacobian, np.zeros(free.shape[1]))
    return np.asarray(theta + free @ phi)


def _unscaled(theta: Array, samples: _Samples) -> Array:
    a, b, c, d, p = theta
    inner = a / samples.half
    return np.array([inner, b - inner * samples.middle, c * samples.std, samples.mean + d * samples.std, p])


def _scaled(theta: Array, samples: _Samples) -> Array:
    a, b, c, d, p = theta
    return np.array([a * samples.half, b + a * samples.middle, c / samples.std, (d - samples.mean) / samples.std, p])


def _plain(primitive: Primitive, theta: Array, samples: _Samples) -> Array:
    """The same function with as few constants as its symmetries allow: a = 1 for powers, b = 0 for exp, b near 0."""
    a, b, c, d, p = theta
    kind, k = gauge(primitive, float(p) if primitive.exponent else 1.37)
    if primitive.name == "0":
        return np.array([1.0, 0.0, 0.0, d, 1.0])
    if primitive.name == "x":
        return np.array([1.0, 0.0, c * a, c * b + d, 1.0])
    if kind in ("homogeneous", "logarithmic") and _moderate(k * log10(abs(a))):
        size = abs(a)
        c, d = (c * size**k, d) if kind == "homogeneous" else (c, d + c * k * log(size))
        a, b = copysign(1.0, a), b / size
    if kind == "exponential" and _moderate(k * b / 2.3 + log10(abs(c) or 1.0)):
        b, c = 0.0, c * exp(k * b)
    if primitive.parity and a < 0:
        a, b, c = -a, -b, c * primitive.parity
    if primitive.period:
        turns = round(b / primitive.period)
        b -= turns * primitive.period
        half_turn = primitive.period / 2
        flips = np.allclose(value(primitive, np.array([0.3, 1.1]) + half_turn), -value(primitive, np.array([0.3, 1.1])))
        if flips and abs(b) > half_turn / 2:
            b, c = b - copysign(half_turn, b), -c
    plain = np.array([a, b, c, d, p])
    if not primitive.smooth and kind == "homogeneous":
        plain[B] = _round_break(primitive, plain, samples)
    return plain if samples.error(primitive, plain) < inf else theta


def _moderate(decades: float) -> bool:
    return bool(abs(decades) < 200)


def _round_break(primitive: Primitive, theta: Array, samples: _Samples) -> float:
    """The roundest place for a break between two samples, where none is better than another (sign, step)."""
    place = -theta[B] / theta[A]
    i = int(np.clip(np.searchsorted(samples.x, place), 1, len(samples.x) - 1))
    low, high = samples.x[i - 1], samples.x[i]
    limit = samples.error(primitive, theta) * (1 + 1e-9)
    choices = [0.0] if low <= 0 <= high else []
    for digits in range(-int(np.ceil(log10(high - low))) - 1, 18) if high > low else ():
        rounded = round(place, digits)
        if low < rounded < high:
            choices.append(rounded)
            break
    for choice in choices:
        trial = theta.copy()
        trial[B] = -theta[A] * choice + 0.0
        if samples.error(primitive, trial) <= limit:
            return float(trial[B])
    return float(theta[B])


# --- what is simple ---------------------------------------------------------------------------------------------------


def _message(primitive: Primitive, theta: Array, samples: _Samples, independent: float) -> float:
    """Length in nats of residuals, symbols and cancelling digits (minimum description length, Rissanen 1978)."""
    error = samples.error(primitive, theta)
    if error == inf:
        return inf
    reach = np.max(np.abs(theta[C] * value(primitive, theta[A] * samples.x + theta[B], theta[P]))) / samples.std
    cancelled = reach * samples.std / np.max(np.abs(samples.y))
    floor = max(samples.floor, 8 * EPS * reach)
    length = independent * log(max(error, floor)) + NATS_PER_SYMBOL * _complexity(primitive, theta)
    shifts = log(1 + abs(theta[B])) + log(1 + abs(theta[D]) / samples.std)
    scales = sum(abs(log10(abs(constant))) for constant in (theta[A], theta[C]) if constant)
    odd = NATS_PER_SYMBOL if primitive.exponent and round(theta[P] * 6) != theta[P] * 6 else 0.0
    return (
        length + max(0.0, log(cancelled or 1.0)) + 0.05 * (shifts + scales) + odd + _wildness(primitive, theta, samples)
    )


def _wildness(primitive: Primitive, theta: Array, samples: _Samples) -> float:
    """A small handicap for what is undefined or explodes a quarter of the width beyond the samples."""
    beyond = samples.half * np.linspace(0.05, 0.5, 6)
    y = _evaluate(primitive, theta, np.concatenate([samples.x[0] - beyond, samples.x[-1] + beyond]))
    with np.errstate(all="ignore"):
        tame = np.abs(y - samples.mean) < 10 * np.ptp(samples.y)
    return 0.0 if np.all(tame) else 1.0


def _complexity(primitive: Primitive, theta: Array) -> int:
    a, b, c, d, _ = theta
    if primitive.name == "0":
        return 1
    shown = [abs(a) != 1, b != 0, abs(c) != 1, d != 0]
    return 1 + primitive.complexity + 2 * sum(map(int, shown))


def _simplify(primitive: Primitive, theta: Array, samples: _Samples, independent: float) -> Array:
    """Set constants to 0, 1 or a small fraction, refit the rest, keep what makes the message shorter."""
    kind, _ = gauge(primitive, float(theta[P]) if primitive.exponent else 1.37)
    free = np.array([kind not in ("homogeneous", "logarithmic"), kind != "exponential", True, True, primitive.exponent])
    if primitive.name in ("0", "x") or (kind == "homogeneous" and value(primitive, np.array(3.0)) == 1):
        free[:2] = False
    if primitive.name == "0":
        free[C] = False
    length = _message(primitive, theta, samples, independent)
    for index, goal in _goals(primitive, theta, free, samples):
        trial, still = theta.copy(), free.copy()
        trial[index], still[index] = goal, False
        trial = _refit(primitive, trial, still, samples)
        new = _message(primitive, trial, samples, independent)
        if new <= length + 1e-6:
            theta, free, length = trial, still, new
    return _refit(primitive, theta, free, samples, everything=True)


def _goals(primitive: Primitive, theta: Array, free: Array, samples: _Samples) -> list[tuple[int, float]]:
    """(which, value): simple values near enough that a refit may reach them."""
    fraction = round(theta[P] * 6) / 6
    goals = [(P, fraction), (B, 0.0), (D, 0.0), (A, copysign(1.0, theta[A])), (C, copysign(1.0, theta[C]))]
    near = {P: 0.1, B: 1.0 + abs(theta[A]) * samples.half, D: 3 * samples.std + abs(samples.mean), A: 0.2, C: 0.2}
    return [(i, goal) for i, goal in goals if free[i] and abs(theta[i] - goal) <= near[i]]


def _refit(
    primitive: Primitive, theta: Array, free: NDArray[np.bool_], samples: _Samples, everything: bool = False
) -> Array:
    """Least squares over the free constants; never longer than it was; the fixed ones keep their digits."""
    directions = np.eye(5)
    directions[B, A] = 0.0 if free[B] else samples.middle / samples.half  # b stays: scale and shift of t move together
    moved = _descend(primitive, _scaled(theta, samples), directions[:, free], samples, everything)
    fitted = np.where(free, _unscaled(moved, samples), theta)
    return fitted if samples.error(primitive, fitted) <= samples.error(primitive, theta) else theta


def _finish(primitive: Primitive, theta: Array, samples: _Samples, independent: float) -> Match:
    residual = np.zeros(1)
    if samples.std:
        residual = samples.residual(primitive, theta)
    weights = samples.weights if samples.std else np.ones(1)
    error = float(np.sqrt(weights @ residual**2))
    hidden = ~samples.seen if samples.std and not samples.seen.all() else np.ones(len(residual), dtype=bool)
    judged = float(np.sqrt(weights[hidden] @ residual[hidden] ** 2 / max(weights[hidden].sum(), EPS)))
    length = _message(primitive, theta, samples, independent) if samples.std else 0.0
    a, b, c, d, p = (float(constant) for constant in theta)
    exponent = p if primitive.exponent else None
    scores = (error * samples.std, 1 - error**2 if samples.std else 1.0, judged * samples.std)
    return Match(primitive.name, a, b, c, d, exponent, *scores, _complexity(primitive, theta), length, primitive)


def _christened(primitive: Primitive, theta: Array, rows: list[Primitive]) -> Primitive:
    """A power with the exponent of a primitive that has a name of its own gets that name."""
    if primitive.exponent:
        for twin in rows:
            if twin.smooth and not twin.exponent and gauge(twin) == ("homogeneous", theta[P]):
                return twin
    return primitive


def _number(constant: float) -> Any:
    """0, 1, -1 and simple fractions exactly, everything else as a Float of all its digits."""
    from sympy import Float, Rational

    sixths = round(constant * 6)
    if constant * 6 == sixths and isfinite(constant) and abs(sixths) in (0, 6):
        return Rational(sixths, 6)
    return Float(constant, 17)
