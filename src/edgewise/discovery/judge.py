"""What a candidate is worth: its constants refitted and snapped, its error on rows that it has not seen."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import sympy

from edgewise.data import Table
from edgewise.formula import Formula, Front, complexity, evaluate, join_constants, round_constants, split_constants
from edgewise.symbolic import polish, snap

from .prepare import Prepared

NATS_A_SYMBOL = 2.0
MOST_SYMBOLS = 80  # nobody reads more, and refitting takes longer than it is worth
EXACT = 1e-9  # held-out rmse over the target's spread below which a law is exact


@dataclass(frozen=True)
class Judged:
    """A candidate after its trial: the formula, the stage that proposed it, its error over the target's spread, and its
    residuals on the rows held out and on all rows."""

    formula: Formula
    stage: str
    error: float
    residuals: np.ndarray
    all_residuals: np.ndarray

    @property
    def exact(self) -> bool:
        """Whether the held-out error is rounding."""
        return self.error <= EXACT


@dataclass
class Judge:
    """Refits candidates on the training rows, measures them on the others, and keeps the front.

    ``permitted`` says of an expression whether it may be proposed at all (see `permitted`).
    """

    prepared: Prepared
    permitted: Callable[[sympy.Expr], bool] = lambda expression: True
    front: Front = field(init=False)
    judged: list[Judged] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.front = Front(floor=1e-10 * self.prepared.spread)

    def __call__(self, expression: sympy.Expr, stage: str, *, refit: bool = True) -> Judged | None:
        """The candidate with its constants refitted on the training rows; None where it has no finite values or is not
        permitted."""
        columns, y = self.prepared.columns(self.prepared.train), self.prepared.train.y
        if refit:
            polished = polish(expression, columns, y)
            expression, errors = polished.expression, polished.errors
        else:
            errors = {}
        return self._enter(expression, errors, stage)

    def snapped(self, candidate: Judged, noise: float | None = None) -> Judged:
        """The candidate with the constants that the data singles out as plain numbers; itself if that costs accuracy."""
        columns, y = self.prepared.columns(self.prepared.train), self.prepared.train.y
        expression = snap(candidate.formula.expression, columns, y, noise=noise)
        if expression == candidate.formula.expression:
            return candidate
        errors = polish(expression, columns, y).errors
        found = self._enter(expression, errors, candidate.stage)
        if found is None or found.error > max(1.05 * candidate.error, EXACT):
            return candidate
        self.front.replace(candidate.formula, found.formula)
        return found

    def rough_error(self, expression: sympy.Expr) -> float:
        """The error on the training rows as the candidate stands; infinite where it is not finite."""
        train = self.prepared.train
        residuals = train.y - evaluate(expression, self.prepared.columns(train))
        return float(np.sqrt(np.mean(residuals**2))) if (np.abs(residuals) < 1e150).all() else np.inf

    @property
    def best(self) -> Judged | None:
        """The formula of the front with the shortest message (see `message_length`)."""
        if not len(self.front):
            return None
        known = {id(j.formula): j for j in self.judged}
        return min((known[id(formula)] for formula in self.front), key=lambda j: message_length(j, self.prepared))

    def settle(self) -> Judged | None:
        """Mark the best as the front's pick."""
        best = self.best
        if best is not None:
            self.front.pick(best.formula)
        return best

    def _enter(self, expression: sympy.Expr, errors: dict[str, float], stage: str) -> Judged | None:
        expression = round_constants(expression, errors)
        if complexity(expression) > MOST_SYMBOLS or not self.permitted(expression):
            return None
        table, held = self.prepared.table, self.prepared.held
        residuals = self._residuals(expression, held)
        if residuals is None:
            return None
        rmse = float(np.sqrt(np.mean(residuals**2)))
        r2 = 1 - rmse**2 / max(float(held.y.var()), np.finfo(float).tiny)
        formula = Formula(table.target, expression, self.prepared.symbols, table.units, rmse, r2, errors)
        found = Judged(formula, stage, rmse / self.prepared.spread, residuals, self._everywhere(expression, residuals))
        self.judged.append(found)
        self.front.add(formula)
        return found

    def _residuals(self, expression: sympy.Expr, table: Table) -> np.ndarray | None:
        """Residuals on some rows (in small tables each row is left out once), None where one is not finite."""
        columns = self.prepared.columns(table)
        residuals = table.y - np.broadcast_to(evaluate(expression, columns), table.y.shape)
        if not (np.abs(residuals) < 1e150).all():
            return None
        return residuals / (1 - leverages(expression, columns, table.rows)) if self.prepared.small else residuals

    def _everywhere(self, expression: sympy.Expr, held: np.ndarray) -> np.ndarray:
        """Residuals on the rows held out and those trained on (the same rows in a small table)."""
        if self.prepared.small:
            return held
        trained = self._residuals(expression, self.prepared.train)
        return held if trained is None else np.concatenate([held, trained])


def message_length(candidate: Judged, prepared: Prepared) -> float:
    """Nats to tell somebody the target: the residuals of all rows, two a symbol of the formula, each constant to the
    digits that it has.

    Only differences mean something. A second formula is worth its extra symbols when the rows say so; errors that are
    all rounding are alike, and then the shorter formula wins (J. Rissanen, "Modeling by shortest data description",
    Automatica 14, 1978).
    """
    rows = len(candidate.all_residuals)
    spread = float(np.sqrt(np.mean(candidate.all_residuals**2))) / prepared.spread
    formula = candidate.formula
    told = NATS_A_SYMBOL * formula.complexity + sum(_digits(formula, name, rows) for name in formula.constants)
    return float(rows * np.log(max(spread, EXACT)) + told)


def _digits(formula: Formula, name: str, rows: int) -> float:
    """Nats of a constant: log of value over standard error, at least log(rows) / 2, at most what a float holds."""
    value, error = abs(formula.constants[name]), formula.constant_errors.get(name, np.inf)
    known = np.log(value / max(error, 1e-16 * value)) if value > 0 and np.isfinite(error) else 0.0
    return float(max(known, 0.5 * np.log(rows)))


def beats(ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Whether residuals are smaller than others on the same rows: by mean square, by more than two standard errors."""
    gain = theirs**2 - ours**2
    return bool(gain.mean() > 2 * gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else bool(gain.mean() > 0)


def leverages(expression: sympy.Expr, columns: dict[str, np.ndarray], rows: int) -> np.ndarray:
    """How much each row pulls its own prediction, by the linearised fit of the constants: residual / (1 - leverage) is
    the residual that the row would have if it were left out."""
    template, values = split_constants(expression)
    slopes = []
    for parameter, value in values.items():
        step = 1e-6 * max(abs(value), 1e-6)
        up, down = (
            np.broadcast_to(evaluate(join_constants(template, {**values, parameter: value + s}), columns), (rows,))
            for s in (step, -step)
        )
        slopes.append((up - down) / (2 * step))
    if not slopes:
        return np.zeros(rows)
    jacobian = np.stack(slopes, 1)
    scale = np.linalg.norm(jacobian, axis=0)
    if not np.isfinite(jacobian).all() or not (scale > 0).any():
        return np.zeros(rows)
    q, _ = np.linalg.qr(jacobian[:, scale > 0] / scale[scale > 0])
    return np.minimum((q**2).sum(1), 0.999)
