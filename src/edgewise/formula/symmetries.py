"""What leaves a formula as it is, or multiplies it: read from the formula itself, by its values at random points.

>>> law = Formula.from_text("2*pi*sqrt(L/g)", "T", ["L", "g"])
>>> print(*symmetries(law, {"L": (0.1, 2), "g": (1, 20)}), sep="\\n")
k times L: T times k^(1/2)
k times g: T times 1/k^(1/2)
T rises with L and falls with g
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import combinations

import numpy as np
import sympy

from .evaluate import evaluate
from .formula import Formula
from .text import to_text

POINTS = 200
NEAR = 1e-6  # of the values: equal, for slopes that are differences
DENOMINATORS = 4  # of the powers that are told
SNAP = 1e-3
PERIODS = 1.5  # of a wave that a box must hold to have seen that it comes back
Box = Mapping[str, tuple[float, float]]


def symmetries(formula: Formula, box: Box) -> tuple[str, ...]:
    """Sentences on a formula in the names of its columns: powers of a scale, shifts, signs, periods (of which the ``box``
    holds one and a half), exchanges, and along which columns it rises or falls all over the box (lower and upper end by column).

    Columns that the formula does not hold are left out. Empty where it has too few finite values in the box, or is constant.
    """
    used = sorted(symbol.name for symbol in formula.expression.free_symbols)
    names = [name for name in formula.symbols if name in used]
    if not names:
        return ()
    seen = _Seen(formula, names, {name: box[formula.symbols[name]] for name in names})
    if seen.rows < POINTS // 4:
        return ()
    return tuple(line for lines in (_scales, _shifts, _signs, _periods, _exchanges, _slopes) for line in lines(seen))


class _Seen:
    """Values and slopes of a formula at random points of a box, where all are finite."""

    def __init__(self, formula: Formula, names: list[str], box: Box) -> None:
        self.formula, self.names, self.box = formula, names, box
        self.columns = [formula.symbols[name] for name in names]
        low, high = np.array([box[name] for name in names]).T
        x = np.random.default_rng(0).uniform(low, high, (POINTS, len(names)))
        values, slopes = self.at(x), self._gradient(x, high - low)
        sound = np.isfinite(values) & np.isfinite(slopes).all(1)
        self.x, self.values, self.slopes = x[sound], values[sound], slopes[sound]
        self.rows = int(sound.sum())
        self.size = float(np.abs(self.values).max(initial=0.0))

    def at(self, x: np.ndarray) -> np.ndarray:
        return evaluate(self.formula.expression, dict(zip(self.names, x.T, strict=True)))

    def _gradient(self, x: np.ndarray, widths: np.ndarray) -> np.ndarray:
        """Central differences in each column, (rows, columns)."""
        slopes = []
        for column, width in enumerate(widths):
            step = np.zeros(len(widths))
            step[column] = 1e-5 * (width or 1.0)
            slopes.append((self.at(x + step) - self.at(x - step)) / (2 * step[column]))
        return np.column_stack(slopes)

    def sign_of(self, x: np.ndarray) -> int:
        """1 or -1 where the formula's values at ``x`` are its values, or their negatives; 0 for neither."""
        other = self.at(x)
        return next(
            (sign for sign in (1, -1) if np.allclose(other, sign * self.values, rtol=0, atol=NEAR * self.size)), 0
        )


def _scales(seen: _Seen) -> Iterator[str]:
    """Powers b and a with f(k^b x) = k^a f(x): the null space of the rows [x_i f_i | -f]."""
    for vector in _null_vectors(np.column_stack([seen.x * seen.slopes, -seen.values])):
        *powers, of_target = vector
        scaled = [_times(column, power) for column, power in zip(seen.columns, powers, strict=True) if power]
        if scaled:
            becomes = f"times {_power(of_target)}" if of_target else "as it is"
            yield f"{' and '.join(scaled)}: {seen.formula.target} {becomes}"


def _shifts(seen: _Seen) -> Iterator[str]:
    """Numbers b with f(x + c b) = f(x): the null space of the slopes."""
    for vector in _null_vectors(seen.slopes):
        parts = [f"{_multiple(b)} to {column}" for column, b in zip(seen.columns, vector, strict=True) if b]
        if len(parts) > 1:
            yield f"adding {' and '.join(parts)}: {seen.formula.target} as it is"


def _signs(seen: _Seen) -> Iterator[str]:
    for column, name in enumerate(seen.names):
        low, high = seen.box[name]
        turned = seen.x.copy()
        turned[:, column] *= -1
        if low < 0 < high and (sign := seen.sign_of(turned)):
            yield f"{seen.formula.target} is {'even' if sign > 0 else 'odd'} in {seen.columns[column]}"


def _periods(seen: _Seen) -> Iterator[str]:
    waves = seen.formula.expression.atoms(sympy.sin, sympy.cos, sympy.tan)
    for column, name in enumerate(seen.names):
        rates = {wave.args[0].diff(sympy.Symbol(name, real=True)) for wave in waves}
        low, high = seen.box[name]
        periods = {times * sympy.pi / abs(rate) for rate in rates if rate.is_number and rate for times in (1, 2)}
        for period in sorted((p for p in periods if high - low >= PERIODS * float(p)), key=float):
            moved = seen.x.copy()
            moved[:, column] += float(period)
            if seen.sign_of(moved) == 1:
                told = f"{float(period):.6g}" if period.has(sympy.Float) else to_text(period)
                yield f"{seen.formula.target} has the period {told} in {seen.columns[column]}"
                break


def _exchanges(seen: _Seen) -> Iterator[str]:
    for one, other in combinations(range(len(seen.names)), 2):
        order = list(range(len(seen.names)))
        order[one], order[other] = other, one
        if sign := seen.sign_of(seen.x[:, order]):
            becomes = "stays" if sign > 0 else "changes its sign"
            yield f"{seen.columns[one]} and {seen.columns[other]} exchanged: {seen.formula.target} {becomes}"


def _slopes(seen: _Seen) -> Iterator[str]:
    least = 1e-9 * np.abs(seen.slopes).max(0, initial=0.0)
    ways = (("rises with", (seen.slopes > -least).all(0)), ("falls with", (seen.slopes < least).all(0)))
    told = [
        f"{way} {_listed([c for c, is_so in zip(seen.columns, which, strict=True) if is_so])}"
        for way, which in ways
        if which.any()
    ]
    if told:
        yield f"{seen.formula.target} {' and '.join(told)}"


def _null_vectors(rows: np.ndarray) -> list[list[Fraction]]:
    """A basis of the vectors that all rows are orthogonal to, in plain fractions; those that are none are left out."""
    sizes = np.linalg.norm(rows, axis=1)
    rows = rows[sizes > 0] / sizes[sizes > 0, None]
    scale = np.abs(rows).max(0, initial=0.0)
    scale[scale == 0] = 1.0
    if not len(rows):
        return []
    _, singular, vectors = np.linalg.svd(rows / scale, full_matrices=True)
    singular = np.append(singular, np.zeros(len(vectors) - len(singular)))
    reduced = _echelon(vectors[singular < NEAR * np.sqrt(len(rows))] / scale)
    snapped = ([Fraction(float(value)).limit_denominator(DENOMINATORS) for value in vector] for vector in reduced)
    return [
        plain
        for plain, vector in zip(snapped, reduced, strict=True)
        if max(abs(float(p) - v) for p, v in zip(plain, vector, strict=True)) < SNAP
    ]


def _echelon(vectors: np.ndarray) -> np.ndarray:
    """The same space with a 1 in each vector where the others have 0."""
    vectors = vectors.copy()
    for row in range(len(vectors)):
        column = int(np.argmax(np.abs(vectors[row]) > 0.1 * np.abs(vectors[row:]).max()))
        vectors[row] /= vectors[row, column]
        for other in range(len(vectors)):
            if other != row:
                vectors[other] -= vectors[other, column] * vectors[row]
    return vectors


def _times(column: str, power: Fraction) -> str:
    return f"{_power(power)} times {column}"


def _power(power: Fraction) -> str:
    """``k``, ``k^2``, ``1/k^(1/2)``."""
    size = abs(power)
    raised = "k" if size == 1 else f"k^{size}" if size.denominator == 1 else f"k^({size})"
    return raised if power > 0 else f"1/{raised}"


def _multiple(factor: Fraction) -> str:
    return "c" if factor == 1 else f"{factor} c" if factor.denominator == 1 else f"({factor}) c"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
