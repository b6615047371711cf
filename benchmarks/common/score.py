"""Whether a printed formula is the law: value inside and outside the box, skeleton, size; and SRBench's own rule.

1  value     the largest error over max(abs(truth), rms(truth)) on 2,000 fresh rows in the box and 2,000 in the box
             widened by 25 % a side is at most 1e-8, or 30 * noise / sqrt(rows) with noise
2  skeleton  the same at 1e-8 once the constants are refitted on 2,000 rows without noise
3  size      at most twice the truth's
A law is recovered when all three hold; each is told beside it, so that a right law written long is seen as that.
"""

import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

import numpy as np
import sympy

from edgewise.errors import FormulaError
from edgewise.formula import complexity, evaluate, parse
from edgewise.symbolic import polish

ROWS = 2000
WIDEN = 0.25
VALUE = 1e-8
FAR = 1e3  # rows where the truth is beyond this times its rms are left out
LOST = 0.02  # share of predictions that may be no finite number
SECONDS = 20  # for SymPy to simplify


@dataclass(frozen=True)
class Truth:
    """A law as a formula over names, and the box its variables are drawn from.

    ``computed`` are columns that are not drawn but follow from those that are, by formulas over them; ``inputs`` names the
    columns of the table in their order (all that are drawn, unless said).
    """

    text: str
    ranges: Mapping[str, tuple[float, float]]
    computed: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the table."""
        return self.inputs or tuple(self.ranges)

    @property
    def expression(self) -> sympy.Expr:
        return parse(self.text, self.names)

    def draw(self, rows: int, seed: Sequence[int], widen: float = 0.0) -> dict[str, np.ndarray]:
        """Rows uniform in the box, widened by a share of its sides on either side."""
        generator = np.random.default_rng(seed)
        drawn = {
            name: generator.uniform(low - widen * (high - low), high + widen * (high - low), rows)
            for name, (low, high) in self.ranges.items()
        }
        made = {name: evaluate(parse(text, list(self.ranges)), drawn) for name, text in self.computed.items()}
        return {name: {**drawn, **made}[name] for name in self.names}

    def value(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        rows = len(next(iter(columns.values())))
        return np.broadcast_to(evaluate(self.expression, columns), (rows,))


@dataclass(frozen=True)
class Score:
    """``inside`` and ``outside`` are the largest relative errors; ``skeleton`` the larger of both after refitting."""

    inside: float
    outside: float
    skeleton: float
    size: int
    truth_size: int
    recovered: bool
    by_value: bool
    by_skeleton: bool
    by_srbench: bool


def score(text: str | None, truth: Truth, seed: int, noise: float = 0.0, rows: int = 1000) -> Score:
    """Judge the printed formula, parsed again; None, or what cannot be parsed, is a failure."""
    wanted = truth.expression
    truth_size = complexity(wanted)
    try:
        found = parse(text or "", truth.names)
    except FormulaError:
        return Score(np.inf, np.inf, np.inf, 0, truth_size, False, False, False, False)
    inside, outside = _errors(found, truth, seed)
    fresh = truth.draw(ROWS, (seed, 5))
    refitted = polish(found, fresh, truth.value(fresh)).expression
    skeleton = min(max(_errors(refitted, truth, seed)), max(inside, outside))
    limit = VALUE if noise == 0 else 30 * noise / np.sqrt(rows)
    size = complexity(found)
    by_value, by_skeleton = bool(max(inside, outside) <= limit), bool(skeleton <= VALUE)
    recovered = by_value and by_skeleton and size <= 2 * truth_size
    by_srbench = same_by_srbench(found, wanted, fresh)
    return Score(inside, outside, skeleton, size, truth_size, recovered, by_value, by_skeleton, by_srbench)


def _errors(found: sympy.Expr, truth: Truth, seed: int) -> tuple[float, float]:
    inside, outside = (truth.draw(ROWS, (seed, 3, int(100 * widen)), widen) for widen in (0.0, WIDEN))
    return _largest_error(found, truth, inside), _largest_error(found, truth, outside)


def _largest_error(found: sympy.Expr, truth: Truth, columns: Mapping[str, np.ndarray]) -> float:
    wanted = truth.value(columns)
    kept = np.isfinite(wanted)
    # a pole must not set the rms that says what is far: the median keeps it away first
    kept &= np.abs(wanted) <= FAR**2 * np.sqrt(np.median(wanted[kept] ** 2))
    kept &= np.abs(wanted) <= FAR * np.sqrt(np.mean(wanted[kept] ** 2))
    wanted = wanted[kept]
    got = np.broadcast_to(evaluate(found, columns), kept.shape)[kept]
    finite = np.isfinite(got)
    if np.mean(~finite) > LOST:
        return float(np.inf)
    size = np.maximum(np.abs(wanted), np.sqrt(np.mean(wanted**2)))
    return float(np.max(np.abs(got - wanted)[finite] / size[finite]))


def same_by_srbench(found: sympy.Expr, wanted: sympy.Expr, columns: Mapping[str, np.ndarray] | None = None) -> bool:
    """With floats rounded to 3 decimals and both simplified, the difference or the ratio is a constant (La Cava 2021).

    ``columns`` spare SymPy the work where the numbers on these rows say that neither is.
    """
    found, wanted = _rounded(found), _rounded(wanted)
    if columns is not None and not _constant_between(found, wanted, columns):
        return False
    try:
        with at_most(SECONDS):
            if found.is_number:
                return False
            return any(sympy.simplify(e).is_number for e in (found - wanted, found / wanted))
    except (TimeoutError, ArithmeticError, ValueError, TypeError, RecursionError):
        return False


def _constant_between(found: sympy.Expr, wanted: sympy.Expr, columns: Mapping[str, np.ndarray]) -> bool:
    """Whether the difference or the ratio of two expressions is the same on all rows where both are finite."""
    one, other = (np.broadcast_to(evaluate(e, columns), (ROWS,)) for e in (found, wanted))
    both = np.isfinite(one) & np.isfinite(other) & (other != 0)
    one, other = one[both], other[both]
    if not len(one):
        return False
    size = float(np.sqrt(np.mean(other**2)))
    difference, ratio = one - other, one / other
    return bool(np.ptp(difference) <= 1e-6 * size or np.ptp(ratio) <= 1e-6 * float(np.median(np.abs(ratio))))


def _rounded(expression: sympy.Expr) -> sympy.Expr:
    numbers = expression.atoms(sympy.Float, sympy.NumberSymbol)
    return expression.xreplace({number: sympy.Float(round(float(number), 3)) for number in numbers})


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
