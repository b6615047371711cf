"""What a candidate is worth: its constants refitted and snapped, its error on rows that it has not seen."""

from dataclasses import dataclass, field

import numpy as np
import sympy

from edgewise.formula import Formula, Front, evaluate, join_constants, split_constants
from edgewise.symbolic import polish, snap

from .prepare import Prepared

EXACT = 1e-9  # held-out rmse over the target's spread below which a law is exact


@dataclass(frozen=True)
class Judged:
    """A candidate after its trial: the formula, the stage that proposed it, its error over the target's spread, and its
    residuals on the rows held out."""

    formula: Formula
    stage: str
    error: float
    residuals: np.ndarray

    @property
    def exact(self) -> bool:
        """Whether the held-out error is rounding."""
        return self.error <= EXACT


@dataclass
class Judge:
    """Refits candidates on the training rows, measures them on the others, and keeps the front."""

    prepared: Prepared
    front: Front = field(init=False)
    judged: list[Judged] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.front = Front(floor=1e-10 * self.prepared.spread)

    def __call__(self, expression: sympy.Expr, stage: str, *, refit: bool = True) -> Judged | None:
        """The candidate with its constants refitted on the training rows; None where it has no finite values."""
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
        return found

    def rough_error(self, expression: sympy.Expr) -> float:
        """The error on the training rows as the candidate stands; infinite where it is not finite."""
        train = self.prepared.train
        residuals = train.y - evaluate(expression, self.prepared.columns(train))
        return float(np.sqrt(np.mean(residuals**2))) if np.isfinite(residuals).all() else np.inf

    @property
    def best(self) -> Judged | None:
        """The simplest formula of the front that the rows held out cannot tell from the most accurate one.

        Two formulas are compared row by row: the difference of their squared residuals must be larger than its own
        standard error. Errors that are all rounding are alike.
        """
        if not len(self.front):
            return None
        known = {id(j.formula): j for j in self.judged}
        on_front = [known[id(formula)] for formula in self.front]
        sharpest = min(on_front, key=lambda j: j.error)
        return next(j for j in on_front if not tells_apart(j, sharpest))

    def settle(self) -> Judged | None:
        """Mark the best as the front's pick."""
        best = self.best
        if best is not None:
            self.front.pick(best.formula)
        return best

    def _enter(self, expression: sympy.Expr, errors: dict[str, float], stage: str) -> Judged | None:
        residuals = self._residuals(expression)
        if residuals is None:
            return None
        table, held = self.prepared.table, self.prepared.held
        rmse = float(np.sqrt(np.mean(residuals**2)))
        r2 = 1 - rmse**2 / max(float(held.y.var()), np.finfo(float).tiny)
        formula = Formula(table.target, expression, self.prepared.symbols, table.units, rmse, r2, errors)
        found = Judged(formula, stage, rmse / self.prepared.spread, residuals)
        self.judged.append(found)
        self.front.add(formula)
        return found

    def _residuals(self, expression: sympy.Expr) -> np.ndarray | None:
        """Residuals on the rows held out (in small tables each row is left out once), None where one is not finite."""
        held, columns = self.prepared.held, self.prepared.columns(self.prepared.held)
        residuals = held.y - np.broadcast_to(evaluate(expression, columns), held.y.shape)
        if not np.isfinite(residuals).all():
            return None
        return residuals / (1 - leverages(expression, columns, held.rows)) if self.prepared.small else residuals


def tells_apart(one: Judged, sharper: Judged) -> bool:
    """Whether the rows held out say that ``sharper`` is better than ``one`` by more than chance."""
    if one is sharper or one.exact:
        return False
    gain = one.residuals**2 - sharper.residuals**2
    return bool(gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)))


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
