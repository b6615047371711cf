"""Law or approximation."""

from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
import sympy

from edgewise.formula import Formula, split_constants
from edgewise.symbolic import by_polynomial

from .architecture import Architecture
from .explained import ties
from .judge import Judge, Judged, beats
from .prepare import SMALL, Prepared
from .weighing import rms
from .white import is_white

CLEAR = 0.2  # noise above a fifth of the target's spread leaves no law to be sure of ...
CLEAR_ROWS = 500  # ... from so many different rows on, and less with fewer: more forms fit then
CLEAR_IN_FEW_ROWS = 0.01
ROWS_A_SYMBOL = 2
NEARLY = 2.0  # times the error of what is better: a formula below that is near it, though not as good
TELLS = 0.7  # of the spread: a network below that has seen something (r2 above a half)
SHORT = 8  # digits that a constant may have and still be a number that somebody set ...
SPARE = 100  # ... where the rows tell it so many times more finely than it is written
MOST_FITTED = 4
MOST_FITTED_IN_FEW_ROWS = 2
FREE = 3
"""Fitted constants from which on, in noise, a formula follows any gentle curve; it then has to leave all others behind."""


@dataclass(frozen=True)
class Verdict:
    """The front's pick, whether it is at the noise floor, and what to know about it."""

    pick: Judged | None
    verified: bool
    warnings: tuple[str, ...] = ()


def decide(judge: Judge, architecture: Architecture | None, prepared: Prepared) -> Verdict:
    """A pick is verified when its held-out error is rounding; or when, in noisy data, nothing flexible does better and
    what it leaves behind looks like noise (no trend in any input)."""
    pick = judge.settle()
    if pick is None:
        refused = "all formulas were refused for their shape: no law is left. Ask for less, or look at the rows."
        unread = "no candidate had finite values on the rows held out."
        return Verdict(None, False, (refused if judge.refused else unread,))
    if not pick.formula.expression.free_symbols and (share := _error_of(architecture, prepared)) < TELLS:
        note = (
            f"no formula tells more than the mean does; the network does, with an error of {share:.2g} of the spread."
        )
        return Verdict(pick, False, (note,))
    doubt = _too_free(pick, prepared) or _untold(pick.formula)
    if doubt:
        return Verdict(pick, False, (doubt,))
    if pick.exact:
        return Verdict(pick, True)
    if architecture is None:
        note = "no network stands beside the formula (too few rows, or the time was over): it is not verified."
        return Verdict(pick, False, (note,))
    held = prepared.network_held
    by_formula = held.y - pick.formula.predict(held)
    by_network = held.y - architecture.model.predict(held.x)
    if beats(by_network, by_formula, held.weights):
        ratio = rms(by_formula, held.weights) / rms(by_network, held.weights)
        return Verdict(pick, False, (_outdone("the network", ratio),))
    by_rows = _by_polynomial(prepared)
    if by_rows is not None and beats(held.y - by_rows, by_formula, held.weights):
        ratio = rms(by_formula, held.weights) / rms(held.y - by_rows, held.weights)
        return Verdict(pick, False, (_outdone("a polynomial of the inputs", ratio),))
    if architecture.certified and pick.error > 1e-6:
        return Verdict(
            pick, False, ("the network still improves with finer splines, so the formula is not at the floor.",)
        )
    left = max(pick.error, float(np.sqrt(max(1 - pick.formula.r2, 0.0))))
    if left > _clear(prepared):
        return Verdict(pick, False, (_unclear(left, prepared),))
    if not is_white(pick, prepared):
        return Verdict(pick, False, ("what it leaves still depends on the inputs, so it is not noise alone.",))
    odd = [f"{float(power):g}" for power in fitted_powers(pick.formula.expression)]
    if odd:
        note = f"the rows tell the exponent {', '.join(odd)} from a plain number; uneven noise or rounding may do that."
        return Verdict(pick, False, (note,))
    if len(_fitted(pick.formula)) >= FREE and (rivals := ties(pick, judge, prepared)):
        return Verdict(pick, False, rivals)
    return Verdict(pick, True)


def _outdone(by: str, ratio: float) -> str:
    """What to say where something flexible errs less, by more than chance."""
    if ratio < NEARLY:
        return f"{by} is nearer by more than chance: the formula's error is {ratio:.3g} times as large."
    return f"no formula comes near {by}: the best one's error is {ratio:.3g} times as large."


def _unclear(left: float, prepared: Prepared) -> str:
    """What is left, what may be, and the rows that it would take."""
    rows, most = prepared.distinct, _clear(prepared)
    needed = max(SMALL, ceil(left / CLEAR * CLEAR_ROWS))
    told = (
        f"it leaves {left:.2g} of the target's spread; with {rows} different rows at most {most:.2g} tells forms apart"
    )
    if left > CLEAR:
        return f"{told}, and with any number {CLEAR:g}: other formulas may fit as well."
    return f"{told}: other formulas may fit as well. Give about {needed} different rows."


def _error_of(architecture: Architecture | None, prepared: Prepared) -> float:
    """The network's error on its rows held out, over their spread; infinite without a network."""
    held = prepared.network_held
    if architecture is None or not held.rows or not held.y.std():
        return np.inf
    return rms(held.y - architecture.model.predict(held.x), held.weights) / float(held.y.std())


def leaves_noise(pick: Judged, prepared: Prepared) -> bool:
    """Whether a formula leaves little, nothing of a trend, and no more than a polynomial of the inputs does.

    What `decide` asks of a law in noise, but for the network that then has to fail as well.
    """
    if pick.error > _clear(prepared) or _too_free(pick, prepared) or not is_white(pick, prepared):
        return False
    held, found = prepared.network_held, _by_polynomial(prepared)
    return found is None or not beats(held.y - found, held.y - pick.formula.predict(held), held.weights)


def _clear(prepared: Prepared) -> float:
    """The share of the target's spread that noise may have for one form to stand out among the others."""
    if prepared.small:
        return CLEAR_IN_FEW_ROWS
    return max(CLEAR_IN_FEW_ROWS, CLEAR * min(1.0, prepared.distinct / CLEAR_ROWS))


def _by_polynomial(prepared: Prepared) -> np.ndarray | None:
    train, held = prepared.network_train, prepared.network_held
    found = by_polynomial(prepared.columns(train), train.y, prepared.columns(held))
    return found if found is not None and np.isfinite(found).all() else None


def _too_free(pick: Judged, prepared: Prepared) -> str:
    """Why a formula could come this near without being a law; empty if it could not.

    Smooth functions are interpolated to the last digit by polynomials with enough fitted constants, and a few rows by
    many a short formula; a law has few constants, most of them numbers that people know.
    """
    rows, size = prepared.distinct, pick.formula.complexity
    if not pick.formula.expression.free_symbols:
        return "the best formula is a constant: these rows do not tell how the target depends on the inputs."
    if rows < ROWS_A_SYMBOL * size:
        return f"{rows} different rows cannot verify a formula of {size} symbols; {ROWS_A_SYMBOL * size} are the least."
    formula, used = pick.formula, len(pick.formula.expression.free_symbols)
    most = MOST_FITTED_IN_FEW_ROWS if prepared.small else max(MOST_FITTED, used + 1)
    counted = len(formula.constants) if prepared.small and not pick.exact else len(_fitted(formula))
    if counted > most:
        return f"{counted} fitted constants may interpolate any smooth function: a law would have fewer."
    return ""


def _fitted(formula: Formula) -> list[str]:
    return [name for name in formula.constants if _is_fitted(formula, name)]


def _is_fitted(formula: Formula, name: str) -> bool:
    """Whether a constant has the digits that the rows left it, and not those of a number that somebody set."""
    value, error = abs(formula.constants[name]), formula.constant_errors.get(name, 0.0)
    digits = len(repr(value).split("e")[0].replace(".", "").strip("0"))
    last = 10.0 ** (floor(log10(value)) - digits + 1) if value else 1.0
    return digits > SHORT or not SPARE * error <= last


def _untold(formula: Formula) -> str:
    """Which constants the rows do not tell; empty where they tell all of them.

    Where something jumps they tell a constant to a row, though no slope shows it.
    """
    template, values = split_constants(formula.expression)
    of_jumps = {part for jump in template.atoms(sympy.sign, sympy.Heaviside) for part in jump.free_symbols}
    rows = {row["name"]: row for row in formula.constants_rows()}
    vague = [
        rows[parameter.name]
        for parameter, value in values.items()
        if parameter not in of_jumps and rows[parameter.name]["error"] > abs(value)
    ]
    if not vague:
        return ""
    named = ", ".join(f"{row['name']} = {row['text']}" for row in vague)
    return (
        f"the rows do not tell {named}: another formula without {'it' if len(vague) == 1 else 'them'} may fit as well."
    )


def fitted_powers(expression: sympy.Expr) -> list[sympy.Float]:
    """Exponents that are still decimals: a law's are plain numbers."""
    return sorted({power.exp for power in expression.atoms(sympy.Pow) if power.exp.is_Float})
