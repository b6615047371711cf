"""Thirty laws drawn by a seed from those that can be solved, each for one of its inputs, and disguised."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.common import Truth
from edgewise.data.laws import law as law_of
from edgewise.formula import parse, symbol, to_text

from .solve import SOLVED


@dataclass(frozen=True)
class Turned:
    """The law ``law`` as a formula for ``input`` over its other inputs and its output; none, and why, where ``reason``."""

    law: str
    input: str
    formula: str
    reason: str

    @property
    def name(self) -> str:
        return f"{self.law} for {self.input}"


@cache
def solutions() -> tuple[Turned, ...]:
    """All laws of the list for all of their inputs, as ``solved.csv`` holds them."""
    with SOLVED.open(encoding="utf-8", newline="") as file:
        return tuple(Turned(**row) for row in csv.DictReader(file))


def chosen(seed: int, count: int) -> tuple[Turned, ...]:
    """So many different laws in an order drawn by the seed, each for an input drawn among those it can be solved for."""
    generator = np.random.default_rng([seed, 6])
    ways: dict[str, list[Turned]] = {}
    for one in solutions():
        if not one.reason:
            ways.setdefault(one.law, []).append(one)
    order = generator.permutation(sorted(ways))[:count]
    return tuple(ways[law][generator.integers(len(ways[law]))] for law in order)


def left_out() -> Iterator[tuple[str, str]]:
    """Each law with the inputs that it is not solved for, and why, in words."""
    reasons: dict[str, dict[str, list[str]]] = {}
    for one in solutions():
        if one.reason:
            reasons.setdefault(one.law, {}).setdefault(one.reason, []).append(one.input)
    for law, said in reasons.items():
        yield law, "; ".join(f"{', '.join(names)}: {reason}" for reason, names in said.items())


def named(name: str) -> Turned:
    """The one of that name."""
    return next(one for one in solutions() if one.name == name)


def disguised(turned: Turned, seed: int) -> Truth:
    """The solved law over x0, x1, ... in an order drawn by the seed: its other inputs are drawn in their published box, as is
    the input that is to be found (z), and the output follows from all of them."""
    law = law_of(turned.law)
    columns = [*(name for name in law.variables if name != turned.input), law.output]
    order = [columns[place] for place in np.random.default_rng([seed, 1]).permutation(len(columns))]
    renamed = {name: f"x{number}" for number, name in enumerate(order)}
    text = _renamed(turned.formula, renamed)
    drawn = {**renamed, turned.input: "z"}
    return Truth(
        text,
        {drawn[name]: law.ranges[name] for name in law.variables},
        {renamed[law.output]: _renamed(law.formula, drawn)},
        tuple(renamed.values()),
    )


def _renamed(text: str, names: dict[str, str]) -> str:
    expression = parse(text, names)
    return to_text(expression.xreplace({symbol(old): symbol(new) for old, new in names.items()}))
