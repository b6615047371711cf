"""Oscillations of one input whose height changes."""

import numpy as np
import pytest

from edgewise.formula import evaluate, parse, symbol
from edgewise.symbolic import polish, snap, waves

LAWS = (
    "3*exp(-2*t/5)*cos(5*t)",
    "1 + 3*exp(-2*t/5)*cos(5*t + 3/10)",
    "t*sin(3*t)",
    "sin(7*t)/sqrt(t)",
    "2*exp(t/5)*sin(2*t)",
)


@pytest.mark.parametrize("law", LAWS)
def test_a_wave_is_found_and_snapped(law: str) -> None:
    t = np.random.default_rng(0).uniform(0.05, 10, 400)
    y = evaluate(parse(law), {"t": t})
    polished = min((polish(found, {"t": t}, y) for found in waves(t, y, symbol("t"))), key=lambda one: one.rmse)
    assert polished.rmse < 1e-9 * y.std()
    found = snap(polished.expression, {"t": t}, y)
    further = np.linspace(0.05, 12, 200)
    truth = evaluate(parse(law), {"t": further})
    np.testing.assert_allclose(evaluate(found, {"t": further}), truth, atol=1e-8 * np.abs(truth).max())


def test_few_rows_and_a_constant_input_give_nothing() -> None:
    assert not list(waves(np.arange(5.0), np.arange(5.0), symbol("t")))
    assert not list(waves(np.ones(50), np.arange(50.0), symbol("t")))
