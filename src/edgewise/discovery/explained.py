"""Why the pick is the pick, and what kind of law it is, in words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import sympy

from edgewise.formula import Formula, evaluate, symmetries
from edgewise.symbolic import polish

from .judge import Judge, Judged
from .prepare import Prepared
from .weighing import rms

if TYPE_CHECKING:
    from .result import Discovery

OUTER = 0.2  # of the rows, those furthest from the middle of the box
LEAST_ROWS = 20
WIDER = 0.5  # of the box's width, on each side
POINTS = 1000
TIED = 5.0  # nats: as much as two symbols and a digit
MOST_TIED = 3
UNLIKE, ALIKE = 2.0, 1e-6  # formulas differ by more than that, in units of the pick's rmse and of the spread
MOST_LISTED = 8  # names in a line
LONG = re.compile(r"\d+\.\d{5,}(?:e[-+]?\d+)?")


@dataclass(frozen=True)
class Reason:
    """What spoke for the pick: the formula of the front that came next and how many nats more it takes to tell the target
    with it (``next_best`` is empty where the pick stands alone), the number of candidates that were measured, and the rmse
    on the rows furthest out in the box of a pick whose constants know the other rows alone, beside the rmse on those (nan
    in tables that are too small)."""

    next_best: str
    nats: float
    candidates: int
    inner_rmse: float
    outer_rmse: float


def reason_for(pick: Judged, judge: Judge, prepared: Prepared) -> Reason:
    """The pick among its rivals, and as one that has to go beyond its rows."""
    rivals = [(length, formula.equation) for formula, length in judge.lengths() if formula is not pick.formula]
    nats, next_best = min(rivals, default=(np.nan, ""))
    return Reason(next_best, nats - judge.length(pick), len(judge.judged), *_outward(pick, prepared))


def _outward(pick: Judged, prepared: Prepared) -> tuple[float, float]:
    """rmse inside and outside of a pick fitted again without the outermost rows: how it does where it has to go on."""
    train, names = prepared.train, {symbol.name for symbol in pick.formula.expression.free_symbols}
    used = [i for i, name in enumerate(prepared.symbols) if name in names]
    if train.rows < LEAST_ROWS or not used:
        return np.nan, np.nan
    x = train.x[:, used]
    middle, half = (x.max(0) + x.min(0)) / 2, (x.max(0) - x.min(0)) / 2
    out = np.abs((x - middle) / np.where(half > 0, half, 1.0)).max(1)
    order = np.argsort(out, kind="stable")
    parts = np.split(order, [round((1 - OUTER) * train.rows)])
    weights = [None if train.weights is None else train.weights[rows] for rows in parts]
    columns = [{name: column[rows] for name, column in prepared.columns(train).items()} for rows in parts]
    expression = polish(pick.formula.expression, columns[0], train.y[parts[0]], weights=weights[0]).expression
    inner, outer = (
        rms(train.y[rows] - np.broadcast_to(evaluate(expression, seen), len(rows)), weight)
        for rows, seen, weight in zip(parts, columns, weights, strict=True)
    )
    return inner, outer


def ties(pick: Judged, judge: Judge, prepared: Prepared) -> tuple[str, ...]:
    """A note on formulas that tell the target in as few nats, but for a few, and are others outside the rows."""
    own, formula = judge.length(pick), pick.formula
    form = _form(formula.expression)
    near = [(length, one.formula) for one in judge.judged if (length := judge.length(one)) <= own + TIED]
    near = [(length, other) for length, other in near if _form(other.expression) != form]
    near.sort(key=lambda one: (one[0], one[1].complexity))
    outside = _outside(prepared)
    least = max(UNLIKE * formula.rmse, ALIKE * prepared.spread)
    told: list[np.ndarray] = [_answers(formula, outside)]
    others: list[str] = []
    for _, other in near:
        values = _answers(other, outside)
        if all(_apart(values, known) > least for known in told):
            told.append(values)
            others.append(other.equation)
        if len(others) == MOST_TIED:
            break
    if not others:
        return ()
    return (f"these fit as well, within {TIED:g} nats, and differ outside the rows: {'; '.join(others)}.",)


def _form(expression: sympy.Expr) -> sympy.Expr:
    """The expression without its numbers, but for plain exponents: the same formula with other constants is no rival."""
    if expression.is_Number:
        return sympy.Integer(1)
    if expression.is_Pow and expression.exp.is_Number:
        power = sympy.Symbol("power") if expression.exp.is_Float else expression.exp
        return sympy.Pow(_form(expression.base), power)
    if expression.is_Add or expression.is_Mul:
        return expression.func(*(_form(part) for part in expression.args if not part.is_Number))
    parts = [part if part.is_Number else _form(part) for part in expression.args]  # an order is part of a function
    return expression.func(*parts) if parts else expression


def _outside(prepared: Prepared) -> dict[str, np.ndarray]:
    """Columns of points in a box twice as wide as the rows', but not in theirs."""
    low, high = np.array([prepared.ranges[column] for column in prepared.symbols.values()]).T
    width = high - low
    x = np.random.default_rng(0).uniform(low - WIDER * width, high + WIDER * width, (POINTS, len(low)))
    x = x[((x < low) | (x > high)).any(1)]
    return dict(zip(prepared.symbols, x.T, strict=True))


def _answers(formula: Formula, columns: dict[str, np.ndarray]) -> np.ndarray:
    return np.broadcast_to(evaluate(formula.expression, columns), len(next(iter(columns.values()))))


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    """By how much answers differ where they differ most: in the hundredth part of the points where both have values."""
    both = np.isfinite(one) & np.isfinite(other)
    return float(np.quantile(np.abs(one[both] - other[both]), 0.99)) if both.any() else 0.0


def words(found: "Discovery") -> str:
    """The verdict, and below it a paragraph for each question that a reader may have."""
    if found.formula is None:
        return found.verdict
    parts = [found.verdict, _how(found)]
    if found.reason is not None:
        parts += [_why(found.reason), _outer(found.reason)]
    return "\n\n".join(part for part in (*parts, _beyond(found), _symmetries(found), _network(found)) if part)


def _how(found: "Discovery") -> str:
    """The steps: what each had, and what it took."""
    lines = ["How it was found (error over the target's spread after each step):"]
    before = ""
    for step in found.steps:
        told = "" if step.found == before else f"  {LONG.sub(_short, step.found)}"
        lines.append(f"  {step.name:<18} {step.seconds:>7.2f} s  {step.error:>8.1e}{told}")
        before = step.found
    return "\n".join(lines)


def _short(decimal: re.Match[str]) -> str:
    """Five digits of a decimal of many: what stands after a step is not the answer yet."""
    return f"{float(decimal[0]):.5g}"


def _why(reason: Reason) -> str:
    measured = f"{reason.candidates} candidates were measured."
    if not reason.next_best:
        return f"Why this one: no other formula stayed on the front; {measured}"
    return (
        f"Why this one: to tell the target with the next best of the front, {reason.next_best}, takes {reason.nats:,.0f} "
        f"nats more; {measured}"
    )


def _outer(reason: Reason) -> str:
    if not np.isfinite(reason.outer_rmse):
        return ""
    return (
        f"Going on: with its constants fitted to the inner {1 - OUTER:.0%} of the rows its rmse is {reason.inner_rmse:.1e} "
        f"there and {reason.outer_rmse:.1e} on the outer {OUTER:.0%}."
    )


def _beyond(found: "Discovery") -> str:
    """Where the formula ends: points of a wider box where it has no value."""
    formula = found.formula
    assert formula is not None
    ends = np.array([_box(found)[name] for name in formula.inputs]).reshape(-1, 2)
    width = ends[:, 1] - ends[:, 0]
    x = np.random.default_rng(0).uniform(ends[:, 0] - WIDER * width, ends[:, 1] + WIDER * width, (POINTS, len(ends)))
    values = evaluate(formula.expression, dict(zip(formula.symbols, x.T, strict=True)))
    share = float(np.mean(~np.isfinite(values)))
    return f"Outside: in a box twice as wide it has no value in {share:.1%} of the points." if share else ""


def _box(found: "Discovery") -> dict[str, tuple[float, float]]:
    """The range of each input; of those that a known part alone needs, by the rows kept."""
    seen = dict(zip(found.inputs, zip(found.sample.min(0), found.sample.max(0), strict=True), strict=True))
    return {name: (float(low), float(high)) for name, (low, high) in {**seen, **found.ranges}.items()}


def _symmetries(found: "Discovery") -> str:
    assert found.formula is not None
    held = [*symmetries(found.formula, _box(found)), *_idle(found)]
    head = "What holds of it:" if found.verified else "What holds of the formula, which is no law:"
    return "\n".join([head, *(f"  {line}" for line in held)]) if held else ""


def _idle(found: "Discovery") -> tuple[str, ...]:
    names = idle(found)
    return (f"{found.target} does not depend on {_listed(names)}",) if names else ()


def idle(found: "Discovery") -> tuple[str, ...]:
    """The inputs that the formula does not hold; none where it is a constant, which tells nothing of them."""
    if found.formula is None or not found.formula.expression.free_symbols:
        return ()
    used = {found.formula.symbols[symbol.name] for symbol in found.formula.expression.free_symbols}
    return tuple(name for name in found.inputs if name not in used)


def idle_line(found: "Discovery") -> Iterator[str]:
    """``idle     b and c do not matter``; nothing where all inputs do."""
    if names := idle(found):
        one = len(names) == 1
        does_not = (
            ("does not matter" if one else "do not matter") if found.verified else f"{'is' if one else 'are'} not in it"
        )
        yield f"idle     {_listed(names)} {does_not}"


def _listed(names: tuple[str, ...]) -> str:
    few, more = names[:MOST_LISTED], len(names) - MOST_LISTED
    if more > 0:
        return f"{', '.join(few)} and {more} more"
    return " and ".join(part for part in (", ".join(few[:-1]), few[-1]) if part)


def _network(found: "Discovery") -> str:
    if found.model is None or found.formula is None:
        return ""
    told = f"The network has rmse {found.network_rmse:.1e} on the rows held out from it, the formula {found.formula.rmse:.1e}."
    if found.rate >= 3:
        return (
            f"{told} Its error falls at the rate {found.rate:.1f} with finer splines: its graph can hold the function."
        )
    return told
