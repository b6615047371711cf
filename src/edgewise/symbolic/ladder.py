"""From a table to a law by exact tests, the cheapest first.

A queue holds tasks: one stage on one problem. A stage either names the law (expressions for the problem's target) or
makes smaller problems (hypotheses). The key of a task is what the problem has cost in belief so far plus the price of
the stage, so that no branch is followed to its end while a better one waits: a wrong reduction costs time but never
blocks the way. What counts in the end is only the formula, evaluated on the user's rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from edgewise.formula import Dimensions
from edgewise.primitives import Primitive

from .judge import ExactJudge, NoisyJudge
from .problem import Array, Candidate, Problem, first_problem
from .queue import Node, Queue
from .special import special_stages
from .stages import NOISY_STAGES, STAGES, answers
from .surrogate import best_polynomial, fit
from .units import dimensionless_problems
from .work import Work

MOST_ROWS = 2000
FOR_ONE_TEST = 0.5  # of the work that is left: one dear test does not take the turn of all others
TOLD, CLEAR = 0.3, 0.01
"""Leave-one-out errors of the surrogate: from the one on it knows little of the law, from the other on all but all."""
MOST_DECIMALS = 4
LAST_ORDERS, MORE_ORDERS, FEW_DECIMALS = 0.9, 1.2, 2
"""With noise: how much dearer tasks may still be once a formula leaves only noise; a simpler one may be among them, the more
so where that one has more than a few decimals."""


def ladder(
    columns: Mapping[str, Array],
    y: Array,
    *,
    noise: float | None = None,
    deadline: float | None = None,
    work: Work | None = None,
    dimensions: Dimensions | None = None,
    accuracy: float = 0.0,
    functions: Sequence[Primitive] = (),
) -> Iterator[Candidate]:
    """Candidates for y as a function of ``columns``, each as soon as it is found; an exact one ends the search.

    ``columns`` maps names to arrays (N,); ``deadline`` is a value of time.monotonic() after which no new test begins.
    ``work`` limits the tests by what they cost (it may hold a deadline too). Where ``dimensions`` of the columns and of y
    are known, the problem in dimensionless variables goes first, and in noise a formula that contradicts them must be the
    better for it. ``accuracy`` says how well y is known, relative to rms(y), where that is worse than rounding: tests
    without noise ask no more. ``functions`` are special ones that a law may hold. What is drawn at random has a seed
    of its own: equal tables and limits give equal answers.
    """
    work = work or Work(deadline=np.inf if deadline is None else deadline)
    noisy = bool(noise)
    judge = NoisyJudge(columns, y, dimensions) if noisy else ExactJudge(columns, y, accuracy)
    queue = Queue((*(NOISY_STAGES if noisy else STAGES), *special_stages(functions)))
    first = _sample(columns, y, noisy, accuracy)
    queue.add(Node(first, 0.0))
    for child in dimensionless_problems(first, list(columns), dimensions) if dimensions else ():
        queue.add(Node(child, 0.0))
    for stage, node in queue:
        if work.late():
            return
        if (aside := node.problem.root.aside) is not None and aside.question.settled:
            continue
        if not work.pays(stage.cost(node.problem.inputs, node.problem.rows), FOR_ONE_TEST):
            continue
        for found in _quiet(stage.run(node)):
            if isinstance(found, Node):
                judge.learn(found)
                queue.add(found)
                continue
            if (aside := node.problem.root.aside) is not None:
                for following in answers(node, aside, found):
                    queue.add(following)
                if aside.question.settled:
                    break
                continue
            candidate = judge(node.problem, found, stage.name)
            if candidate is not None:
                yield candidate
                if candidate.exact and not _free(candidate):
                    return
                if judge.done(candidate):
                    queue.close(LAST_ORDERS if _decimals(candidate) <= FEW_DECIMALS else MORE_ORDERS)
            if work.late():
                return


def _free(candidate: Candidate) -> bool:
    """Whether a formula has so many decimals that it may follow a smooth curve to rounding without being the law."""
    return _decimals(candidate) > MOST_DECIMALS


def _decimals(candidate: Candidate) -> int:
    return len(candidate.expression.atoms(sympy.Float))


@dataclass(frozen=True)
class Outlook:
    """What the first polynomial tells of a table.

    ``promise`` says how likely it is that the ladder finds an exact law: 0 where a polynomial foretells little of the
    rows that it has not seen (noise, or too few rows to tell), 1 where it foretells nearly all. ``noisy`` says that what
    it leaves looks like noise: then exact tests are lost labour, and the likelihood decides.
    """

    promise: float
    noisy: bool


def outlook(columns: Mapping[str, Array], y: Array) -> Outlook:
    """Look before climbing; shapes as in `ladder`; costs one surrogate."""
    problem = _sample(columns, y, noisy=False)
    with np.errstate(all="ignore"):
        fitted, polynomial = fit(problem), best_polynomial(problem)
    if fitted is None or not np.isfinite(fitted.error):
        return Outlook(0.0, False)
    likely = float(np.clip(np.log(TOLD / max(fitted.error, 1e-300)) / np.log(TOLD / CLEAR), 0.0, 1.0))
    return Outlook(likely, polynomial is not None and polynomial.noisy and polynomial.error < TOLD)


def by_polynomial(columns: Mapping[str, Array], y: Array, others: Mapping[str, Array]) -> Array | None:
    """What a polynomial of the columns, its degree chosen by leaving rows out, says of ``others`` (the same columns on
    other rows); None for too few rows."""
    with np.errstate(all="ignore"):
        polynomial = best_polynomial(_sample(columns, y, noisy=False))
        return None if polynomial is None else polynomial(np.column_stack([others[name] for name in columns]))


def _quiet(found: Iterator[sympy.Expr | Node]) -> Iterator[sympy.Expr | Node]:
    """What a stage finds, without warnings: overflow in a trial is no news, and a degenerate matrix ends the stage."""
    while True:
        with np.errstate(all="ignore"):
            try:
                item = next(found, None)
            except np.linalg.LinAlgError:
                return
        if item is None:
            return
        yield item


def _sample(columns: Mapping[str, Array], y: Array, noisy: bool, accuracy: float = 0.0) -> Problem:
    """The first problem, on evenly spread rows of a long table."""
    rows = np.linspace(0, len(y) - 1, min(MOST_ROWS, len(y))).astype(int)
    return first_problem(
        {name: np.asarray(column)[rows] for name, column in columns.items()}, np.asarray(y)[rows], noisy, accuracy
    )
