"""Fitted constants become the numbers that people write, as far as the data single them out.

>>> x = np.linspace(-2, 2, 50)
>>> y = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
>>> snap(parse("0.3989422804*exp(-0.5*x**2.0)"), {"x": x}, y)
sqrt(2)*exp(-x**2/2)/(2*sqrt(pi))

One constant at a time, the fewest bits first; the others are fitted again, and the number stays if the error does. Then
the formula is written shorter, which may bring constants together, and snapped once more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf, log2

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from edgewise.formula import evaluate, split_constants

from .numbers import Choice, choices
from .polish import Polished, polish
from .rewrite import replaced
from .shorten import shorten
from .steep import jumps

Array = NDArray[np.float64]
EXACT = 1e-8  # relative residual below which rows are taken as free of noise
FLOOR = 1e-11  # relative residual that rounding alone may leave
MARGIN = 3.5  # bits by which the data must tell a constant better than its name does ...
RARITY = 1.5  # ... and more for each bit of the name, as plain numbers are likelier: one in 30 is named by chance
EXPONENT_MARGIN = 1.0  # an exponent is a small fraction to begin with
CHI2 = 4.0  # what a snapped constant may cost: two standard errors ...
MOST_CHI2 = 9.0  # ... and up to three for a name much shorter than what the data tell
DUST_CHI2 = 25.0  # a term of the size of rounding goes unless its constant is five standard errors from zero


def snap(
    expression: sympy.Expr,
    columns: Mapping[str, ArrayLike],
    y: ArrayLike,
    *,
    held_out: tuple[Mapping[str, ArrayLike], ArrayLike] | None = None,
    noise: float | None = None,
    weights: ArrayLike | None = None,
    short: bool = True,
    permitted: Callable[[sympy.Expr], bool] = lambda expression: True,
) -> sympy.Expr:
    """The expression polished, with exact numbers for the Floats that the data single out, and written short.

    ``short=False`` spares the algebra: only the numbers are exchanged, which takes a tenth of the time.

    columns: name -> (N,), y (N,). ``held_out``: rows (columns, y) on which the error must stay as well. ``noise``: the
    rmse of y where it is known; by default the residual tells it. Without noise a number stays if the residual stays at
    rounding; with noise if it lies within two standard errors and is told in fewer bits than the data tell. Terms that the
    data do not ask for go, and curves that may as well be infinitely steep become jumps, where those are ``permitted``.
    """
    judge = _Judge.of(columns, y, held_out, noise, weights)
    best = _snap(_sharpened(judge.polish(expression), judge, permitted), judge)
    for _ in range(2 if short else 0):
        shorter = shorten(best.expression, columns, y)
        if shorter == best.expression:
            break
        again = judge.polish(shorter)
        best = _snap(again if judge.accepts(best, again) else best, judge)
    return _shortest_decimals(best, judge).expression


@dataclass(frozen=True)
class _Judge:
    """What an error may be."""

    columns: Mapping[str, ArrayLike]
    y: Array
    held_out: tuple[Mapping[str, ArrayLike], Array] | None
    noise: float
    weights: ArrayLike | None
    size: float

    @classmethod
    def of(
        cls,
        columns: Mapping[str, ArrayLike],
        y: ArrayLike,
        held_out: tuple[Mapping[str, ArrayLike], ArrayLike] | None,
        noise: float | None,
        weights: ArrayLike | None,
    ) -> "_Judge":
        y = np.asarray(y, dtype=np.float64)
        largest = float(np.max(np.abs(y))) or 1.0
        size = float(np.sqrt(np.mean((y / largest) ** 2))) * largest or 1.0
        hidden = (held_out[0], np.asarray(held_out[1], dtype=np.float64)) if held_out else None
        return cls(columns, y, hidden, noise or 0.0, weights, size)

    def polish(self, expression: sympy.Expr) -> Polished:
        return polish(expression, self.columns, self.y, weights=self.weights)

    def exact(self, polished: Polished) -> bool:
        return self.noise <= EXACT * self.size and polished.rmse <= EXACT * self.size

    def accepts(self, old: Polished, new: Polished, price: float = CHI2) -> bool:
        """Whether the error stays where it was, on the rows and on those held out."""
        if self.exact(old):
            rounded = np.sqrt(1 + price / len(self.y))  # what the digits of the rows leave is noise as well
            return bool(new.rmse <= max(FLOOR * self.size, old.rmse * max(rounded, 1.001))) and self._holds(
                old, new, inf
            )
        spread = max(old.rmse, self.noise)
        loss = len(self.y) * (new.rmse / spread) ** 2 - len(self.y) * (old.rmse / spread) ** 2
        return bool(loss <= price) and self._holds(old, new, price)

    def _holds(self, old: Polished, new: Polished, chi2: float) -> bool:
        if self.held_out is None or (chi2 == inf and new.rmse <= FLOOR * self.size):
            return True
        before, after = (self._hidden_rmse(one.expression) for one in (old, new))
        rows = len(self.held_out[1])
        return bool(after <= max(before * np.sqrt(1 + 4 * chi2 / rows), FLOOR * self.size))

    def _hidden_rmse(self, expression: sympy.Expr) -> float:
        columns, y = self.held_out or (self.columns, self.y)
        with np.errstate(all="ignore"):
            rmse = np.sqrt(np.mean((evaluate(expression, columns) - y) ** 2))
        return float(rmse) if np.isfinite(rmse) else inf


def _sharpened(state: Polished, judge: _Judge, permitted: Callable[[sympy.Expr], bool]) -> Polished:
    """With jumps for the curves whose steepness the data do not tell."""
    while state.rmse < inf:
        trials = (judge.polish(trial) for trial in jumps(state.expression) if permitted(trial))
        better = next((trial for trial in trials if judge.accepts(state, trial)), None)
        if better is None:
            break
        state = better
    return state


def _snap(state: Polished, judge: _Judge) -> Polished:
    refused: set[tuple[str, str, str]] = set()
    while state.rmse < inf:
        template, values = split_constants(state.expression)
        for parameter, choice, price in _proposals(template, values, state.errors, judge.exact(state)):
            key = (parameter.name, f"{values[parameter]:.6g}", str(choice.number))
            if key in refused:
                continue
            new = _with(template, values, state.errors, parameter, choice, judge)
            if new and judge.accepts(state, new, price):
                state = new
                break
            refused.add(key)
        else:
            break
    return state


def _with(
    template: sympy.Expr,
    values: Mapping[sympy.Dummy, float],
    errors: Mapping[str, float],
    parameter: sympy.Dummy,
    choice: Choice,
    judge: _Judge,
) -> Polished | None:
    """One constant replaced and the others fitted again; None where that is no formula.

    Constants that can do each other's work (c1 x/(c2 + c3 x)) are mostly factors of one another, so they are also tried
    in the proportions that they have.
    """
    starts = [dict(values)]
    if errors[parameter.name] == inf and choice.value:
        ratio = choice.value / values[parameter]
        starts.append({p: value * ratio if errors[p.name] == inf else value for p, value in values.items()})
    trials = []
    for start in starts:
        exact = {p: sympy.Float(value) for p, value in start.items()} | {parameter: choice.number}
        trial = replaced(template, exact)
        if not trial.has(sympy.nan, sympy.zoo, sympy.oo, sympy.I):
            trials.append(judge.polish(trial))
    return min(trials, key=lambda one: one.rmse, default=None)


def _proposals(
    template: sympy.Expr, values: Mapping[sympy.Dummy, float], errors: Mapping[str, float], exact: bool
) -> list[tuple[sympy.Dummy, Choice, float]]:
    """(constant, number for it, chi2 that it may cost), the fewest bits first; zeros first where they cost least."""
    found = []
    exponents = {part for power in template.atoms(sympy.Pow) for part in (power.exp, -power.exp)}
    for parameter, value in values.items():
        error = errors[parameter.name]
        price = DUST_CHI2 if exact else MOST_CHI2  # a term less is much shorter
        if abs(value) <= max(1e-8 if exact else 0.0, np.sqrt(price) * error):
            found.append((parameter, Choice(sympy.S.Zero, 0.0, -1.0), price))
        if error == inf:  # other constants can do its work: any number is right, one is the plainest
            unit = sympy.Integer(1 if value > 0 else -1)
            found.append((parameter, Choice(unit, float(unit), 0.0), CHI2))
            continue
        tolerance = max(np.sqrt(MOST_CHI2) * error, 1e-7 * abs(value) if exact else 0.0)
        margin = EXPONENT_MARGIN if parameter in exponents else MARGIN
        told = log2(abs(value) / error) - margin if value and error else inf
        named = choices(value, tolerance, largest=1e9 if exact else 1e4)
        priced = [(choice, _price(told - RARITY * choice.bits)) for choice in named if RARITY * choice.bits <= told]
        found += [
            (parameter, choice, price)
            for choice, price in priced
            if exact or (choice.value - value) ** 2 <= price * error**2
        ]
    return sorted(found, key=lambda one: (one[1].bits, abs(values[one[0]]) / (errors[one[0].name] or 1.0)))


def _price(saved: float) -> float:
    """What a name may cost that saves so many bits: a bit of message is worth 2 log 2 of chi2."""
    return float(np.clip(2 * np.log(2) * saved, CHI2, MOST_CHI2))


def _shortest_decimals(state: Polished, judge: _Judge) -> Polished:
    """Of the remaining Floats of an exact law only the digits that are needed: 8.314 for 8.3140000000002."""
    if not judge.exact(state):
        return state
    short = {constant: _shortest_decimal(float(constant)) for constant in state.expression.atoms(sympy.Float)}
    trial = polish(replaced(state.expression, short), judge.columns, judge.y, weights=judge.weights, steps=0)
    return trial if judge.accepts(state, trial) else state


def _shortest_decimal(value: float) -> sympy.Float:
    near = (float(f"{value:.{digits}g}") for digits in range(1, 11))
    return sympy.Float(next((x for x in near if abs(x - value) <= 1e-12 * abs(value)), value))
