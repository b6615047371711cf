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
from math import log

import numpy as np
import sympy
from numpy.typing import ArrayLike

from edgewise.formula import symbol, to_text
from edgewise.primitives import PRIMITIVES, Primitive, find

from .edge import P, fit
from .evidence import NATS_PER_SYMBOL, complexity, message, simplify
from .samples import EPS, Samples
from .scan import scan, starts_of
from .starts import Array, evaluate, gauge

FINALISTS = 9  # primitives that see all samples
HOPELESS = 60.0  # nats: farther behind than simpler constants could ever win back


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
        return evaluate(self.function, self._constants(), np.asarray(x, dtype=np.float64))

    def expression(self, x: sympy.Expr) -> sympy.Expr:
        """The same as an expression of ``x``; constants that are 0, 1 or -1 are exact, all others Floats."""
        a, b, c, d, p = map(_number, self._constants())
        f = self.function
        return c * (f("sympy", a * x + b, p) if f.exponent else f("sympy", a * x + b)) + d

    @property
    def text(self) -> str:
        """The formula of one variable, constants to six digits."""
        expression = self.expression(symbol("x"))
        return to_text(expression.xreplace({number: _short(number) for number in expression.atoms(sympy.Float)}))

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
    samples = Samples.of(x, y, weights, noise, held_out)
    if samples.std == 0.0 or samples.half == 0.0:
        constant = np.array([1.0, 0.0, 0.0, samples.mean, 1.0])
        return [_finish(PRIMITIVES["0"], constant, constant, samples, float(len(samples.x)))]
    fitted = [fit(primitive, start, samples) for primitive, start in _finalists(rows, samples)]
    independent = samples.independent(*min(fitted, key=lambda one: samples.error(*one)))
    lengths = [message(primitive, theta, samples, independent) for primitive, theta in fitted]
    found = []
    for i in np.argsort(lengths, kind="stable")[: 2 * top]:
        primitive, blind = fitted[i]
        theta = blind
        if lengths[i] < min(lengths) + HOPELESS:
            blind, theta = simplify(primitive, blind, samples, independent)
        found.append(_finish(_christened(primitive, theta, rows), blind, theta, samples, independent))
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


def _finalists(rows: list[Primitive], samples: Samples) -> list[tuple[Primitive, Array]]:
    """The starts worth a full fit: the shortest messages of the scan, at most two starts a primitive, more of
    a special function."""
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
        if len(starts) < starts_of(primitive) and not any(
            np.allclose(start, other, rtol=1e-6, atol=1e-9) for other in starts
        ):
            starts.append(start)
    named = {primitive.name: primitive for primitive in rows}
    return [(named[name], start) for name, starts in kept.items() for start in starts]


def _finish(primitive: Primitive, blind: Array, theta: Array, samples: Samples, independent: float) -> Match:
    """``blind``: the constants as fitted without the held-out samples."""
    hidden = ~samples.seen if not samples.seen.all() else samples.seen
    judged = samples.residual(primitive, blind)[hidden]
    held_out = float(np.sqrt(np.average(judged**2, weights=samples.weights[hidden] + EPS / len(samples.x))))
    error = samples.error(primitive, theta)
    a, b, c, d, p = map(float, theta)
    return Match(
        primitive.name,
        *(a, b, c, d, p if primitive.exponent else None),
        rmse=error * samples.unit,
        r2=1 - error**2 if samples.std else 1.0,
        held_out_rmse=held_out * samples.unit,
        complexity=complexity(primitive, theta),
        evidence=message(primitive, theta, samples, independent),
        function=primitive,
    )


def _christened(primitive: Primitive, theta: Array, rows: list[Primitive]) -> Primitive:
    """A power with the exponent of a primitive that has a name of its own gets that name."""
    if primitive.exponent:
        for twin in rows:
            if twin.smooth and not twin.exponent and gauge(twin) == ("homogeneous", theta[P]):
                return twin
    return primitive


def _number(constant: float) -> sympy.Number:
    """0, 1 and -1 exactly, everything else as a Float of all its digits."""
    if constant in (0.0, 1.0, -1.0):
        return sympy.Integer(int(constant))
    return sympy.Float(float(constant))


def _short(number: sympy.Float) -> sympy.Number:
    rounded = float(f"{float(number):.6g}")
    return sympy.Integer(int(rounded)) if rounded.is_integer() and abs(rounded) < 1e6 else sympy.Float(rounded)
