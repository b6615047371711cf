"""The laws of the AI Feynman list solved for each of their inputs: written once into ``solved.csv``.

    python -m benchmarks.turned.solve

SymPy solves; a solution is kept where one branch alone gives the input back on all of 2,000 rows of the published box,
and no other branch has a real value within the input's range on any of them. It is written as short as
`edgewise.symbolic.shorten` can, so that nothing found is measured by a long way of writing the truth. What is not kept has
its reason beside it.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import sympy

from benchmarks.common.score import at_most
from edgewise.data.laws import Law, laws_of
from edgewise.errors import FormulaError
from edgewise.formula import evaluate, parse, symbol, to_text
from edgewise.symbolic.shorten import shorten

SOLVED = Path(__file__).with_name("solved.csv")
HEAD = ("law", "input", "formula", "reason")
SECONDS = 60  # for SymPy to solve one
ROWS = 2000
NEAR = 1e-7  # of the input's range: roots of large numbers cancel


def solved(law: Law, name: str) -> tuple[str, str]:
    """The law as a formula for one of its inputs over the others and its output, or the reason why there is none."""
    signed = {symbol(n): _dummy(n, low >= 0) for n, (low, _) in law.ranges.items()}
    rows = _rows(law)
    signed[symbol(law.output)] = _dummy(law.output, bool(np.all(rows[law.output] > 0)))
    equation = parse(law.formula, law.variables).xreplace(signed) - signed[symbol(law.output)]
    try:
        with at_most(SECONDS):
            branches = sympy.solve(equation, signed[symbol(name)])
    except TimeoutError:
        return "", f"not solved in {SECONDS} s"
    except NotImplementedError:
        return "", "no closed form"
    back = {inner: outer for outer, inner in signed.items()}
    return _only_branch([branch.xreplace(back) for branch in branches], law, name, rows)


def _dummy(name: str, positive: bool) -> sympy.Symbol:
    return sympy.Symbol(name, positive=True) if positive else sympy.Symbol(name, real=True)


def _rows(law: Law) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    drawn = {name: generator.uniform(low, high, ROWS) for name, (low, high) in law.ranges.items()}
    return {**drawn, law.output: law.evaluate(drawn)}


def _only_branch(branches: list[sympy.Expr], law: Law, name: str, rows: dict[str, np.ndarray]) -> tuple[str, str]:
    low, high = law.ranges[name]
    spare = NEAR * (high - low)
    true, others = [], 0
    for branch in branches:
        try:
            text = to_text(branch)
            values = evaluate(parse(text, [*law.variables, law.output]), rows)
        except FormulaError:
            continue  # complex, or in functions that are not ours
        if np.all(np.abs(values - rows[name]) <= spare):
            true.append(branch)
        else:
            others += bool(np.any((values >= low - spare) & (values <= high + spare)))
    if len(true) == 1 and not others:
        inputs = {column: values for column, values in rows.items() if column != name}
        return to_text(shorten(true[0], inputs, rows[name])), ""
    return "", "more than one branch in the box" if true or others else "no branch in our functions"


def _all() -> Iterator[tuple[str, str, str, str]]:
    for law in laws_of("feynman"):
        for name in law.variables:
            yield (law.name, name, *solved(law, name))


if __name__ == "__main__":
    with SOLVED.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEAD)
        writer.writerows(_all())
