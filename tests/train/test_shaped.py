"""Networks that are trained to a shape keep it everywhere, and explain what has it as well as free ones do."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import lsq_linear
from torch import Tensor

from edgewise.basis import BSpline, cone
from edgewise.errors import SettingsError, ShapeError, TrainingError
from edgewise.nn import KAN, Shaping
from edgewise.train import Levenberg, TrainingData, levenberg

GOOD = Levenberg(restarts=4, intervals=(3, 6, 12))
SUM = Levenberg(restarts=1, intervals=(3, 6, 12))  # of one layer, which has no dead ends
ROUGH = Levenberg(restarts=1, intervals=(3, 6), bouts=1, steps=4)
POINTS = 100_000
ROUNDING = 1e-13


def data_of(f: Callable[[Tensor], Tensor], noise: float = 0.0) -> TrainingData:
    draw = np.random.default_rng(0)
    x = torch.as_tensor(draw.uniform(-1, 1, (400, 2)))
    y = f(x)[:, None]
    y = y + noise * y.std() * torch.as_tensor(draw.standard_normal(y.shape))
    return TrainingData(x[:300], y[:300], x[300:], y[300:])


def trained(shape: list[int], data: TrainingData, shaping: Shaping | None, settings: Levenberg = ROUGH) -> KAN:
    return levenberg(KAN(shape, init="zero", dtype=torch.float64), data, settings, shaping=shaping).network


def violations(network: KAN, word: str, i: int = 0) -> int:
    """Of 100,000 points of a box, and beyond it, those at which the shape does not hold."""
    x = torch.as_tensor(np.random.default_rng(1).uniform(-1.3, 1.3, (POINTS, 2)))
    ahead, there, back = x.clone(), x.clone(), x.clone()
    step = torch.as_tensor(np.random.default_rng(2).uniform(1e-3, 0.5, POINTS))
    ahead[:, i], back[:, i], there[:, i] = x[:, i] + step, x[:, i] - step, -x[:, i]
    with torch.no_grad():
        here, f_ahead, f_back, f_there, f_turned = (network(p)[:, 0] for p in (x, ahead, back, there, x.flip(1)))
    broken = {
        "increasing": here - f_ahead,
        "decreasing": f_ahead - here,
        "convex": 2 * here - f_ahead - f_back,
        "concave": f_ahead + f_back - 2 * here,
        "even": (here - f_there).abs(),
        "odd": (here + f_there).abs(),
        "symmetric": (here - f_turned).abs(),
    }
    if word == "positive":
        return int((here <= 0).sum())
    return int((broken[word] > ROUNDING * here.abs().max()).sum())


CASES: list[tuple[str, list[int], dict[int, str], dict, Callable[[Tensor], Tensor]]] = [
    ("increasing", [2, 1], {0: "increasing"}, {}, lambda x: torch.tanh(3 * x[:, 0]) + x[:, 1] ** 2),
    ("decreasing", [2, 1, 1], {0: "decreasing"}, {}, lambda x: torch.exp(x[:, 1] ** 2 - x[:, 0])),
    ("convex", [2, 3, 1], {0: "convex"}, {}, lambda x: x[:, 0] ** 2 * (1.5 + x[:, 1])),
    ("concave", [2, 1], {0: "concave"}, {}, lambda x: torch.sin(3 * x[:, 1]) - torch.exp(x[:, 0])),
    ("even", [2, 2, 1], {0: "even"}, {}, lambda x: torch.cos(2 * x[:, 0]) * torch.exp(x[:, 1])),
    ("odd", [2, 2, 1], {0: "odd"}, {}, lambda x: torch.sin(2 * x[:, 0]) * torch.exp(x[:, 1])),
    ("odd", [2, 1], {0: "odd"}, {}, lambda x: torch.sin(2 * x[:, 0])),
    ("odd", [2, 1, 1], {0: "odd", 1: "odd"}, {}, lambda x: torch.sin(2 * x[:, 0]) * x[:, 1]),
    ("symmetric", [2, 2, 1], {}, {"pairs": [(0, 1)]}, lambda x: torch.exp(x[:, 0] * x[:, 1])),
    ("positive", [2, 1], {}, {"positive": True}, lambda x: torch.exp(2 * x[:, 0] - x[:, 1] ** 2)),
    ("positive", [2, 1], {0: "convex"}, {"positive": True}, lambda x: (x[:, 0] - 0.4) ** 2 + 0.1 * torch.exp(x[:, 1])),
    ("positive", [2, 1], {0: "concave"}, {"positive": True}, lambda x: torch.log(x[:, 0] + 2.5) + x[:, 1] ** 2),
]


@pytest.mark.parametrize(("word", "shape", "words", "more", "f"), CASES)
def test_no_point_breaks_the_shape(
    word: str, shape: list[int], words: dict[int, str], more: dict, f: Callable[[Tensor], Tensor]
) -> None:
    network = trained(shape, data_of(f), Shaping.of(2, words, **more))
    for asked in {word, *words.values()}:
        assert violations(network, asked) == 0, asked


@pytest.mark.parametrize(
    ("shape", "words", "more", "f"),
    [pytest.param(*case[1:], marks=[pytest.mark.slow] if len(case[1]) > 2 else []) for case in CASES],
)
def test_what_has_the_shape_is_fitted_as_well_as_by_a_free_network(
    shape: list[int], words: dict[int, str], more: dict, f: Callable[[Tensor], Tensor]
) -> None:
    data = data_of(f)
    bent, free = (
        trained(shape, data, shaping, GOOD if len(shape) > 2 else SUM)
        for shaping in (Shaping.of(2, words, **more), None)
    )
    x = torch.as_tensor(np.random.default_rng(3).uniform(-1, 1, (POINTS, 2)))
    with torch.no_grad():
        errors = [float((network(x)[:, 0] - f(x)).square().mean().sqrt()) for network in (bent, free)]
    assert errors[0] < 2 * errors[1] + 1e-4 * float(f(x).std())


def test_noisy_rows_break_free_networks_and_not_bent_ones() -> None:
    data = data_of(lambda x: torch.tanh(2 * x[:, 0]) + 0.5 * x[:, 1], noise=0.5)
    free = trained([2, 1], data, None, SUM)
    bent = trained([2, 1], data, Shaping.of(2, {0: "increasing", 1: "increasing and convex"}), SUM)
    assert violations(free, "increasing") > 0
    assert [violations(bent, "increasing", i) for i in (0, 1)] == [0, 0]
    assert violations(bent, "convex", 1) == 0


def test_what_repeats_goes_on_smoothly_where_its_knots_end() -> None:
    data = data_of(lambda x: torch.sin(np.pi * x[:, 0]) * torch.exp(x[:, 1]))
    network = trained([2, 2, 1], data, Shaping.of(2, {0: "periodic"}))
    ends = torch.as_tensor(np.random.default_rng(1).uniform(-1, 1, (POINTS, 2)))
    values = []
    for end in (-1.0, 1.0):
        ends[:, 0] = end
        x = ends.clone().requires_grad_()
        (slope,) = torch.autograd.grad(network(x).sum(), x)
        values.append(torch.cat([network(x)[:, 0].detach(), slope[:, 0], slope[:, 1]]))
    torch.testing.assert_close(values[0], values[1], atol=1e-11, rtol=0)


def test_a_sum_of_rising_functions_is_that_of_scipy() -> None:
    data = data_of(lambda x: torch.tanh(3 * x[:, 0]) + x[:, 1] ** 2, noise=0.3)
    settings = Levenberg(restarts=1, intervals=(6,), bouts=30, steps=30, tolerance=1e-9, penalty=0.0)
    shaping = Shaping.of(2, {0: "increasing"})
    fit = levenberg(KAN([2, 1], init="zero", dtype=torch.float64), data, settings, shaping=shaping)
    basis = BSpline.over(-torch.ones(2).double(), torch.ones(2).double(), 6, 3)
    spanned = cone(frozenset(["increasing"]), 9, 3)
    design = torch.cat([basis(data.x)[:, 0] @ spanned.generators, basis(data.x)[:, 1]], 1).numpy()
    lower = np.concatenate([spanned.lower.numpy(), np.full(9, -np.inf)])
    best = lsq_linear(design, data.y[:, 0].numpy(), (lower, np.inf), tol=1e-14)
    assert fit.history.best.rmse == pytest.approx(np.sqrt(2 * best.cost / 300), rel=1e-4)


@pytest.mark.parametrize(
    ("words", "more", "message"),
    [
        ({0: "even and increasing"}, {}, "even and increasing in 'input 0': only a constant"),
        ({0: "even and odd"}, {}, "only a constant"),
        ({0: "periodic and convex"}, {}, "only a constant"),
        ({0: "odd and convex"}, {}, "only a straight line"),
        ({0: "odd", 1: "increasing"}, {}, "increasing becomes decreasing"),
        ({0: "odd"}, {"positive": True}, "of one sign"),
        ({0: "increasing", 1: "decreasing"}, {"pairs": [(0, 1)]}, "only a constant"),
    ],
)
def test_shapes_that_leave_nothing(words: dict[int, str], more: dict, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Shaping.of(2, words, **more)


@pytest.mark.parametrize(
    ("shape", "settings", "words", "more", "message"),
    [
        ([2, 2, 1], {}, {0: "concave"}, {"positive": True}, "only a network of one layer"),
        ([2, 1], {}, {0: "odd", 1: "odd"}, {}, "a network with a hidden level"),
        ([2, (0, 1), 1], {}, {0: "increasing"}, {}, "nodes that multiply"),
        ([2, 1], {"basis": "chebyshev"}, {0: "increasing"}, {}, "networks of B-splines"),
        ([2, 2], {}, {}, {"positive": True}, "a network of one output"),
        ([3, 1], {}, {0: "increasing"}, {}, "said of 2 inputs"),
    ],
)
def test_networks_that_cannot_have_a_shape(
    shape: list, settings: dict, words: dict[int, str], more: dict, message: str
) -> None:
    with pytest.raises((SettingsError, ShapeError), match=message):
        Shaping.of(2, words, **more).build(KAN(shape, **settings))


def test_settings_that_move_knots_unevenly_are_refused() -> None:
    data = data_of(lambda x: x[:, 0])
    with pytest.raises(SettingsError, match="evenly spaced"):
        levenberg(KAN([2, 1]), data, Levenberg(placements=2), shaping=Shaping.of(2, {0: "increasing"}))
    with pytest.raises(SettingsError, match="fresh=True"):
        levenberg(KAN([2, 1]), data, fresh=False, shaping=Shaping.of(2, {0: "increasing"}))


def test_memory_is_kept_to_by_fewer_restarts_at_once() -> None:
    data, shaping = data_of(lambda x: torch.tanh(x[:, 0]) * x[:, 1]), Shaping.of(2, {0: "odd"})
    empty = KAN([2, 2, 1], init="zero", dtype=torch.float64)
    settings = replace(ROUGH, restarts=3)
    whole = levenberg(empty, data, settings, shaping=shaping).network
    parts = levenberg(empty, data, replace(settings, memory=1.2e6), shaping=shaping).network
    torch.testing.assert_close(whole(data.x), parts(data.x), atol=1e-9, rtol=0)
    with pytest.raises(TrainingError, match="needs"):
        levenberg(empty, data, replace(settings, memory=1e4), shaping=shaping)
