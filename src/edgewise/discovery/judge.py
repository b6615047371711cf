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
    """A candidate after its trial: the formula, the stage that proposed it, its error over the target's spread."""

    formula: Formula
    stage: str
    error: float

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
        """The judged candidate behind the front's pick."""
        if not len(self.front):
            return None
        pick = self.front.best
        return next(j for j in self.judged if j.formula is pick)

    def _enter(self, expression: sympy.Expr, errors: dict[str, float], stage: str) -> Judged | None:
        rmse, r2 = self._held_out(expression)
        if not np.isfinite(rmse):
            return None
        table = self.prepared.table
        formula = Formula(table.target, expression, self.prepared.symbols, table.units, rmse, r2, errors)
        found = Judged(formula, stage, rmse / self.prepared.spread)
        self.judged.append(found)
        self.front.add(formula)
        return found

    def _held_out(self, expression: sympy.Expr) -> tuple[float, float]:
        """Root mean squared error and R2 on the rows held out; in small tables each row is left out once."""
        held = self.prepared.held
        residuals = held.y - np.broadcast_to(evaluate(expression, self.prepared.columns(held)), held.y.shape)
        if not np.isfinite(residuals).all():
            return np.inf, -np.inf
        if self.prepared.small:
            residuals = residuals / (1 - leverages(expression, self.prepared.columns(held), held.rows))
        rmse = float(np.sqrt(np.mean(residuals**2)))
        return rmse, 1 - rmse**2 / max(float(held.y.var()), np.finfo(float).tiny)


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
