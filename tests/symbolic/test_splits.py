"""Inputs that act apart: sums and products of curves, of any sign."""

from collections.abc import Callable

import numpy as np
import pytest

from edgewise.formula import evaluate
from edgewise.symbolic.problem import first_problem, relative
from edgewise.symbolic.splits import splits

LAWS: dict[str, tuple[int, Callable[..., np.ndarray]]] = {
    "a bell times a wave": (2, lambda x, w: np.exp(-(x**2)) * np.sin(3 * w)),
    "a product beside a constant": (2, lambda x, w: 1.5 + 2 * np.exp(0.7 * x) * np.cos(2.3 * w + 0.4)),
    "a sum below one": (2, lambda x, w: 1 / (3 + x + np.sin(w))),
    "three factors": (3, lambda x, w, z: np.tanh(2 * x) * np.cos(w) * (1 + z**2)),
    "three terms": (3, lambda x, w, z: np.sin(2 * x + 1) + w**3 - w + 1 / (1 + z**2)),
}


def columns(inputs: int, rows: int = 300) -> dict[str, np.ndarray]:
    x = np.random.default_rng(5).uniform(-2, 2, (inputs, rows))
    return {f"x{i}": column for i, column in enumerate(x)}


@pytest.mark.parametrize("name", LAWS)
def test_inputs_of_any_sign_are_told_apart(name: str) -> None:
    inputs, law = LAWS[name]
    seen = columns(inputs)
    problem = first_problem(seen, law(*seen.values()))
    found = next(splits(problem, 0.05))
    fresh = np.random.default_rng(6).uniform(-2, 2, (inputs, 200))
    told = evaluate(found, {s.name: column for s, column in zip(problem.symbols, fresh, strict=True)})
    assert relative(told - law(*fresh), law(*fresh)) < 1e-9


def test_noise_leaves_the_names() -> None:
    seen = columns(2, 400)
    y = LAWS["a bell times a wave"][1](*seen.values())
    noisy = y + 0.05 * y.std() * np.random.default_rng(7).normal(size=len(y))
    problem = first_problem(seen, noisy, noisy=True)
    forms = list(splits(problem, 0.3))
    errors = [
        relative(evaluate(f, dict(zip([s.name for s in problem.symbols], seen.values(), strict=True))) - y, y)
        for f in forms
    ]
    assert min(errors) < 0.01


def test_inputs_that_do_not_act_apart_give_nothing() -> None:
    seen = columns(2)
    y = np.sin(seen["x0"] * seen["x1"] + seen["x0"])
    assert list(splits(first_problem(seen, y), 0.05)) == []
