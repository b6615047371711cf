"""What a candidate is worth: its constants refitted and snapped, its error on rows that it has not seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import sympy

from edgewise.data import Table
from edgewise.errors import StorageError
from edgewise.formula import Formula, Front, complexity, evaluate, join_constants, round_constants, split_constants
from edgewise.symbolic import polish, snap

from .binary import apart, binary, straightened
from .prepare import Prepared
from .weighing import Weights, effective, joined, r2, rms

NATS_A_SYMBOL = 2.0
MOST_SYMBOLS = 80  # nobody reads more, and refitting takes longer than it is worth
EXACT = 1e-9  # held-out rmse over the target's spread below which a law is exact
NEAR = 6  # steps to the constants of a whole table from those of a sample


@dataclass(frozen=True)
class Judged:
    """A candidate after its trial: the formula, the stage that proposed it, its error over the target's spread, and its
    residuals on the rows held out and on all rows, which count by ``weights``. ``floor`` is the error below which nothing is
    left to explain."""

    formula: Formula
    stage: str
    error: float
    residuals: np.ndarray
    all_residuals: np.ndarray
    weights: Weights = None
    floor: float = EXACT

    @property
    def exact(self) -> bool:
        """Whether the held-out error is rounding, or no larger than the target is uncertain."""
        return self.error <= self.floor


@dataclass(frozen=True)
class Entered:
    """A candidate came to the front's door, its constants fitted."""

    expression: sympy.Expr
    errors: dict[str, float]
    stage: str


@dataclass(frozen=True)
class Replaced:
    """One of those judged (by number) took the place of an older one on the front."""

    old: int
    new: int


Event = Entered | Replaced


@dataclass
class Judge:
    """Refits candidates on the training rows, measures them on the others, and keeps the front.

    ``permitted`` says of an expression whether it may be proposed at all (see `permitted`), ``nats`` by how much the rows
    must speak for it beyond its message, for reasons that they do not tell, and ``refuses`` why it is not to be had at all
    (see `Knowledge`; empty where it is): such formulas stand in ``refused``. ``events`` are what made the
    front: another judge of the same rows that replays them has the same one, without any fitting.
    ``accuracy`` is how well the target is known, in its own unit.
    """

    prepared: Prepared
    permitted: Callable[[sympy.Expr], bool] = lambda expression: True
    nats: Callable[[sympy.Expr], float] = lambda expression: 0.0
    refuses: Callable[[sympy.Expr], str] = lambda expression: ""
    accuracy: float = 0.0
    front: Front = field(init=False)
    judged: list[Judged] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    refused: list[tuple[Formula, str]] = field(default_factory=list)
    _lengths: dict[int, float] = field(default_factory=dict)  # judged ones live as long as the judge

    def __post_init__(self) -> None:
        columns = self.prepared.columns(self.prepared.table)
        self._binary, self._apart = binary(columns), apart(columns)
        self.floor = max(EXACT, 2 * self.accuracy / self.prepared.spread)
        self.front = Front(floor=0.1 * self.floor * self.prepared.spread)

    def __call__(self, expression: sympy.Expr, stage: str, *, refit: bool = True) -> Judged | None:
        """The candidate with its constants refitted on the training rows (with ``refit=False`` only where functions of columns
        of 0 and 1 became straight lines); None where it has no finite values or is not permitted."""
        columns, y, weights = self._rows
        straight = straightened(expression, self._binary, self._apart)
        if refit or straight != expression:
            expression = straight
            polished = polish(expression, columns, y, weights=weights)
            expression, errors = polished.expression, polished.errors
        else:
            errors = {}
        return self._enter(expression, errors, stage)

    def snapped(self, candidate: Judged, noise: float | None = None) -> Judged:
        """The candidate with the constants that the data singles out as plain numbers; itself if that costs accuracy."""
        columns, y, weights = self._rows
        expression = snap(
            candidate.formula.expression, columns, y, noise=noise, weights=weights, permitted=self.permitted
        )
        if expression == candidate.formula.expression:
            return candidate
        errors = polish(expression, columns, y, weights=weights).errors
        return self._instead(candidate, self._enter(expression, errors, candidate.stage))

    def finished(self, candidate: Judged) -> Judged:
        """The candidate with its constants refitted on all training rows of a table of which the search saw a sample."""
        constants, inputs = candidate.formula.constants, self._inputs_of(candidate.formula)
        if self.prepared.whole is None or not constants or not inputs:
            return candidate
        table = self.prepared.whole(inputs)
        columns = self.prepared.columns(table)
        polished = polish(candidate.formula.expression, columns, table.y, weights=table.weights, steps=NEAR)
        return self._instead(candidate, self._enter(polished.expression, polished.errors, candidate.stage))

    def _inputs_of(self, formula: Formula) -> list[str]:
        used = {symbol.name for symbol in formula.expression.free_symbols}
        return [column for name, column in self.prepared.symbols.items() if name in used]

    @property
    def _rows(self) -> tuple[dict[str, np.ndarray], np.ndarray, Weights]:
        train = self.prepared.train
        return self.prepared.columns(train), train.y, train.weights

    def _instead(self, candidate: Judged, found: Judged | None) -> Judged:
        if found is None or found.error > max(1.05 * candidate.error, self.floor):
            return candidate
        old, new = (next(i for i, judged in enumerate(self.judged) if judged is one) for one in (candidate, found))
        self._replace(Replaced(old, new))
        return found

    def replay(self, events: Sequence[Event]) -> None:
        """Do again what another judge of the same rows did. Raises StorageError where that cannot be."""
        for event in events:
            known = len(self.events)
            if isinstance(event, Replaced):
                self._replace(event)
            elif self._enter(event.expression, event.errors, event.stage) is None and len(self.events) == known:
                raise StorageError(
                    f"the unfinished search holds {event.expression}, which has no finite values on the rows of this table. "
                    "Leave out resume to begin anew."
                )

    def _replace(self, event: Replaced) -> None:
        self.front.replace(self.judged[event.old].formula, self.judged[event.new].formula)
        self.events.append(event)

    def rough_error(self, expression: sympy.Expr) -> float:
        """The error on the training rows as the candidate stands; infinite where it is not finite."""
        train = self.prepared.train
        residuals = train.y - evaluate(expression, self.prepared.columns(train))
        return rms(residuals, train.weights) if (np.abs(residuals) < 1e150).all() else np.inf

    @property
    def best(self) -> Judged | None:
        """The formula of the front with the shortest message (see `message_length`)."""
        if not len(self.front):
            return None
        known = {id(j.formula): j for j in self.judged}
        return min((known[id(formula)] for formula in self.front), key=self.length)

    def length(self, candidate: Judged) -> float:
        """Nats to tell the target with it (`message_length`) and the further ``nats``; found once for each candidate."""
        if id(candidate) not in self._lengths:
            length = message_length(candidate, self.prepared)
            self._lengths[id(candidate)] = length + self.nats(candidate.formula.expression)
        return self._lengths[id(candidate)]

    def lengths(self) -> list[tuple[Formula, float]]:
        """The formulas of the front with their messages' nats, of which only differences mean something."""
        known = {id(j.formula): j for j in self.judged}
        return [(formula, self.length(known[id(formula)])) for formula in self.front]

    def settle(self) -> Judged | None:
        """Mark the best as the front's pick."""
        best = self.best
        if best is not None:
            self.front.pick(best.formula)
        return best

    def _enter(self, expression: sympy.Expr, errors: dict[str, float], stage: str) -> Judged | None:
        event = Entered(expression, errors, stage)
        expression = round_constants(expression, errors)
        if complexity(expression) > MOST_SYMBOLS or not self.permitted(expression):
            return None
        table, held = self.prepared.table, self.prepared.held
        residuals = self._residuals(expression, held)
        if residuals is None:
            return None
        rmse, explained = rms(residuals, held.weights), r2(residuals, held.y, held.weights)
        formula = Formula(table.target, expression, self.prepared.symbols, table.units, rmse, explained, errors)
        if reason := self.refuses(expression):
            self.refused.append((formula, reason))
            self.events.append(event)
            return None
        every, weights = self._everywhere(expression, residuals)
        found = Judged(formula, stage, rmse / self.prepared.spread, residuals, every, weights, self.floor)
        self.judged.append(found)
        self.events.append(event)
        self._offer(found)
        return found

    def _offer(self, new: Judged) -> None:
        """Bring a formula to the front. Simpler and nearer is better, but not by more fitted constants alone: their digits
        count in the message and not among the symbols, so the shorter message keeps its place, or takes it. The same
        holds of what speaks against a formula beside the rows."""
        known = {id(j.formula): j for j in self.judged}
        beating, beaten = (
            [known[id(formula)] for formula in some(new.formula)] for some in (self.front.beating, self.front.beaten_by)
        )
        if any(self._is_no_gain(new, other) for other in beaten):
            return
        if all(self._is_no_gain(other, new) for other in beating):
            for other in beating:
                self.front.discard(other.formula)
        self.front.add(new.formula)

    def _is_no_gain(self, one: Judged, other: Judged) -> bool:
        more = len(one.formula.constants) > len(other.formula.constants) and not one.exact
        odder = self.nats(one.formula.expression) > self.nats(other.formula.expression)
        return (more or odder) and self.length(one) > self.length(other)

    def _residuals(self, expression: sympy.Expr, table: Table) -> np.ndarray | None:
        """Residuals on some rows (in small tables each row is left out once), None where one is not finite."""
        columns = self.prepared.columns(table)
        residuals = table.y - np.broadcast_to(evaluate(expression, columns), table.y.shape)
        if not (np.abs(residuals) < 1e150).all():
            return None
        if not self.prepared.small:
            return residuals
        return residuals / (1 - leverages(expression, columns, table.rows, table.weights))

    def _everywhere(self, expression: sympy.Expr, residuals: np.ndarray) -> tuple[np.ndarray, Weights]:
        """Residuals and weights of the rows held out and those trained on (the same rows in a small table)."""
        held, train = self.prepared.held, self.prepared.train
        trained = None if self.prepared.small else self._residuals(expression, train)
        if trained is None:
            return residuals, held.weights
        return np.concatenate([residuals, trained]), joined(held.weights, train.weights)


def message_length(candidate: Judged, prepared: Prepared) -> float:
    """Nats to tell somebody the target: the residuals of all rows, two a symbol of the formula, each constant to the
    digits that it has.

    Rows of unequal weight tell as much as `effective` many equal ones.

    Only differences mean something. A second formula is worth its extra symbols when the rows say so; errors that are
    all rounding are alike, and then the shorter formula wins (J. Rissanen, "Modeling by shortest data description",
    Automatica 14, 1978).
    """
    rows = effective(candidate.weights, len(candidate.all_residuals))
    spread = rms(candidate.all_residuals, candidate.weights) / prepared.spread
    formula = candidate.formula
    told = NATS_A_SYMBOL * formula.complexity + sum(_digits(formula, name, rows) for name in formula.constants)
    return float(rows * np.log(max(spread, candidate.floor)) + told)


def _digits(formula: Formula, name: str, rows: float) -> float:
    """Nats of a constant: log of value over standard error, at least log(rows) / 2, at most what a float holds."""
    value, error = abs(formula.constants[name]), formula.constant_errors.get(name, np.inf)
    known = np.log(value / max(error, 1e-16 * value)) if value > 0 and np.isfinite(error) else 0.0
    return float(max(known, 0.5 * np.log(rows)))


def beats(ours: np.ndarray, theirs: np.ndarray, weights: Weights = None) -> bool:
    """Whether residuals are smaller than others on the same rows: by mean square, by more than two standard errors."""
    gain = theirs**2 - ours**2
    share = np.full(len(gain), 1 / len(gain)) if weights is None else weights / weights.sum()
    lead, rows = float(share @ gain), len(gain)
    scatter = float(np.sqrt(np.sum((share * (gain - lead)) ** 2) * rows / max(rows - 1, 1)))
    return lead > (2 * scatter if rows > 1 else 0.0)


def leverages(expression: sympy.Expr, columns: dict[str, np.ndarray], rows: int, weights: Weights = None) -> np.ndarray:
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
    jacobian = np.stack(slopes, 1) * (1.0 if weights is None else np.sqrt(weights)[:, None])
    scale = np.linalg.norm(jacobian, axis=0)
    if not np.isfinite(jacobian).all() or not (scale > 0).any():
        return np.zeros(rows)
    q, _ = np.linalg.qr(jacobian[:, scale > 0] / scale[scale > 0])
    return np.minimum((q**2).sum(1), 0.999)
