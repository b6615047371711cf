"""Levenberg-Marquardt training: the theory's rate, restarts, polishing, and what must not happen."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.optimize import least_squares
from torch import Tensor

from edgewise.errors import SettingsError, ShapeError, TrainingError, ValuesError
from edgewise.nn import KAN
from edgewise.solve import levenberg_marquardt
from edgewise.surgery import fix
from edgewise.train import History, Levenberg, Stage, TrainingData, levenberg
from edgewise.train.jacobian import StackLeastSquares
from edgewise.train.stack import Stack

SMALL = Levenberg(restarts=3, intervals=(3, 6), bouts=3)


def sample(function: object, n_in: int = 2, count: int = 400, seed: int = 0) -> TrainingData:
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(count, n_in, generator=generator, dtype=torch.float64) * 2 - 1
    return TrainingData.split(x, function(x)[:, None], seed=seed)


def toy(x: Tensor) -> Tensor:
    return torch.exp(torch.sin(math.pi * x[:, 0]) + x[:, 1] ** 2)


def numbers(network: KAN) -> list[Tensor]:
    return [value for value in network.state_dict().values() if isinstance(value, Tensor)]


def test_the_right_graph_falls_at_the_rate_of_the_theory() -> None:
    settings = Levenberg(restarts=4, intervals=(5, 10, 20, 40), tolerance=1e-3)
    history = levenberg(KAN([2, 1, 1]), sample(toy, count=3000), settings).history
    assert len(history.stages) == 4
    mean = math.log2(history.stages[1].held_out_rmse / history.stages[3].held_out_rmse) / 2
    assert mean == pytest.approx(4.0, abs=0.5)
    assert history.rate > 3.5
    assert history.best is history.stages[-1]


def test_a_graph_that_cannot_hold_the_function_stays_where_it_is() -> None:
    history = levenberg(KAN([2, 1]), sample(lambda x: x[:, 0] * x[:, 1]), Levenberg(restarts=2, intervals=(3, 6, 12)))
    assert history.history.rate < 1


PRODUCT_OR_SUM: list[list] = [[2, (0, 1), 1], [2, 1, 1]]


def test_one_product_node_is_the_product() -> None:
    data = sample(lambda x: x[:, 0] * x[:, 1])
    product, sums = (levenberg(KAN(shape), data, Levenberg(restarts=4, intervals=(3, 6))) for shape in PRODUCT_OR_SUM)
    assert product.held_out_rmse < 1e-3
    assert product.held_out_rmse < 0.01 * sums.held_out_rmse


def test_two_outputs_are_fitted_together() -> None:
    x = sample(toy).x
    y = torch.stack([torch.sin(2 * x[:, 0]), x[:, 1] ** 3 - x[:, 0]], 1)
    fit = levenberg(KAN([2, 2]), TrainingData.split(x, y), Levenberg(restarts=1, intervals=(3, 6, 12)))
    assert fit.held_out_rmse < 1e-4


@pytest.mark.parametrize("shape", [[2, 1, 1], [2, (0, 1)]])
def test_no_worse_than_scipy_from_the_same_start(shape: list) -> None:
    """An independent witness: SciPy's trust region on the same residuals, Jacobian by its own differences."""
    network = KAN(shape, intervals=1, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    data = sample(toy, count=40)
    stack = Stack.of([network])
    problem = StackLeastSquares(stack, data.x, data.y)

    def residuals(theta: np.ndarray) -> np.ndarray:
        problem.write(torch.as_tensor(theta)[None])
        return (stack.activations(data.x)[-1][0] - data.y).flatten().numpy()

    start = problem.theta()
    theirs = least_squares(residuals, start[0].numpy(), method="trf", max_nfev=30)
    ours = levenberg_marquardt(problem, start, steps=100, tolerance=1e-8)
    assert float(ours.loss[0]) <= 1.02 * theirs.cost / len(data.x) + 1e-12


def test_restarts_together_walk_as_each_alone() -> None:
    data = sample(toy, count=100)
    starts = [
        KAN([2, 2, 1], intervals=3, dtype=torch.float64, generator=torch.Generator().manual_seed(s)) for s in (0, 1, 2)
    ]
    problem = StackLeastSquares(Stack.of(starts), data.x, data.y)
    together = levenberg_marquardt(problem, problem.theta(), steps=8)
    for number, start in enumerate(starts):
        single = StackLeastSquares(Stack.of([start]), data.x, data.y)
        alone = levenberg_marquardt(single, single.theta(), steps=8)
        torch.testing.assert_close(alone.loss[0], together.loss[number], rtol=1e-7, atol=0)


def test_one_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    data = sample(toy, count=150)
    first, again, other = (levenberg(KAN([2, 1, 1]), data, SMALL, seed=seed) for seed in (5, 5, 6))
    assert all(torch.equal(a, b) for a, b in zip(numbers(first.network), numbers(again.network), strict=True))
    assert first.history == again.history
    assert not all(torch.equal(a, b) for a, b in zip(numbers(first.network), numbers(other.network), strict=True))


def test_fewer_go_on_and_the_one_chosen_late_is_no_worse() -> None:
    settings = Levenberg(restarts=4, keep=(3, 2, 1))
    assert [settings.kept(stage) for stage in range(5)] == [3, 2, 1, 1, 1]
    data = sample(toy, count=200)
    early, late = (
        levenberg(KAN([2, 2, 1]), data, Levenberg(restarts=4, intervals=(2, 4), bouts=2, keep=keep), seed=2)
        for keep in (1, (4, 1))
    )
    assert late.held_out_rmse <= early.held_out_rmse * (1 + 1e-6)


def test_training_leaves_the_global_generator_and_the_network_alone() -> None:
    network, data = KAN([2, 1, 1], generator=torch.Generator().manual_seed(0)), sample(toy, count=100)
    before, state = [n.clone() for n in numbers(network)], torch.get_rng_state()
    for fresh in (True, False):
        levenberg(network, data, SMALL, fresh=fresh)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(before, numbers(network), strict=True))


@pytest.mark.parametrize("number", range(40))
def test_never_a_number_that_is_none(number: int) -> None:
    """Small random problems, their columns and targets between 1e-6 and 1e6, a few rows or many, noise or law."""
    draw = np.random.default_rng(number)
    shape = [[2, 1], [2, 1, 1], [2, (0, 1), 1], [1, 2, 1], [2, 2, 2]][number % 5]
    count = int(draw.integers(5, 60))
    low = torch.as_tensor(10 ** draw.uniform(-6, 6, shape[0]))
    x = torch.as_tensor(draw.uniform(-1, 1, (count, shape[0]))) * low
    y = torch.as_tensor(draw.normal(size=(count, shape[-1]))) * 10 ** draw.uniform(-6, 6)
    if number % 3 == 0:
        x[:, 0] = x[0, 0]
    if number % 4 == 0:
        y = (x / low).exp().sum(1, keepdim=True).expand(-1, shape[-1]) * y.std()
    fit = levenberg(KAN(shape), TrainingData.split(x, y), Levenberg(restarts=2, intervals=(2, 4), bouts=2), seed=number)
    assert math.isfinite(fit.held_out_rmse)
    assert bool(fit.network(x).isfinite().all())
    assert all(bool(n.isfinite().all()) for n in numbers(fit.network))


def test_finished_constants_are_polished_to_the_last_digit() -> None:
    network = KAN([2, 1, 1], dtype=torch.float64)
    for edge, name, constants in (
        ((0, 0, 0), "sin", (3.1, 0.02, 0.97, 0.0)),
        ((0, 1, 0), "x^2", (1.0, 0.03, 1.05, 0.01)),
        ((1, 0, 0), "exp", (0.98, 0.0, 1.02, 0.0)),
    ):
        network = fix(network, edge, name, constants)
    data = sample(toy)
    fit = levenberg(network, data, Levenberg(bouts=4, steps=50), fresh=False)
    assert fit.held_out_rmse < 1e-12
    scale = fit.network[0].edge(0, 0).constants.inner_scale
    assert abs(scale) == pytest.approx(math.pi, abs=1e-10)
    assert [edge.kind for _, edge in fit.network.edges()] == ["fixed"] * 3
    assert [edge.kind for _, edge in levenberg(network, data, SMALL).network.edges()] == ["fixed"] * 3


def test_going_on_keeps_the_pieces_and_never_gets_worse() -> None:
    data = sample(toy, count=200)
    rough = levenberg(KAN([2, 1, 1]), data, Levenberg(restarts=4, intervals=(4,), bouts=1, steps=5))
    further = levenberg(rough.network, data, Levenberg(), fresh=False)
    assert further.network[0].basis.intervals == 4
    assert further.history.stages[0].rmse <= rough.history.stages[0].rmse * (1 + 1e-12)


def test_weights_say_which_rows_count() -> None:
    x = torch.linspace(-1, 1, 60, dtype=torch.float64)[:, None]
    y = torch.sin(3 * x)
    spoiled = y.clone()
    spoiled[::3] += 5
    weights = torch.ones(60, dtype=torch.float64)
    weights[::3] = 0
    data = TrainingData(x, spoiled, x, y, weights)
    fit = levenberg(KAN([1, 1]), data, Levenberg(restarts=1, intervals=(6,)))
    assert fit.held_out_rmse < 1e-2
    assert (
        levenberg(KAN([1, 1]), TrainingData(x, spoiled, x, y), Levenberg(restarts=1, intervals=(6,))).held_out_rmse
        > 0.5
    )


def test_the_penalty_tames_pieces_without_rows() -> None:
    # few of these rows come near the largest sum, where the outer function's last pieces lie
    rows = torch.from_numpy(np.random.default_rng([4, 10]).uniform(-1, 1, (2, 1000)).T)
    fresh = torch.from_numpy(np.random.default_rng([4, 12]).uniform(-1, 1, (2, 1000)).T)

    def fresh_error(penalty: float) -> float:
        settings = Levenberg(restarts=4, intervals=(3, 6, 12, 24, 48, 96), penalty=penalty)
        network = levenberg(KAN([2, 1, 1]), TrainingData.split(rows, toy(rows)[:, None]), settings).network
        return float((network(fresh)[:, 0] - toy(fresh)).detach().square().mean().sqrt())

    assert fresh_error(Levenberg().penalty) < 0.2 * fresh_error(0.0)


def test_a_large_penalty_leaves_a_cubic() -> None:
    x = torch.linspace(-1, 1, 200, dtype=torch.float64)[:, None]
    y = torch.sin(8 * x)
    settings = Levenberg(restarts=1, intervals=(20,), penalty=1e4)
    network = levenberg(KAN([1, 1], residual="none"), TrainingData(x, y, x, y), settings).network
    cubic = np.polynomial.polynomial.Polynomial.fit(x[:, 0].numpy(), y[:, 0].numpy(), 3)
    np.testing.assert_allclose(network(x)[:, 0].detach().numpy(), cubic(x[:, 0].numpy()), atol=2e-3)


def test_noise_is_not_memorised() -> None:
    """300 rows, noise of 0.1: finer pieces stop to help, and the best stage is the one that comes back."""
    x = torch.rand(300, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1
    noise = 0.1 * torch.randn(300, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    data = TrainingData.split(x, torch.sin(3 * x) + noise)
    fit = levenberg(KAN([1, 1]), data, Levenberg(restarts=1, intervals=(3, 6, 12, 24, 48, 96, 192)))
    assert fit.held_out_rmse < 0.125
    assert fit.held_out_rmse == min(stage.held_out_rmse for stage in fit.history.stages)
    assert fit.network[0].basis.intervals == fit.history.best.intervals


def test_no_stage_has_more_parameters_than_the_rows_can_tell() -> None:
    x = torch.linspace(-1, 1, 20, dtype=torch.float64)[:, None]
    stages = levenberg(KAN([1, 1]), TrainingData(x, x**2, x, x**2), Levenberg(restarts=1)).history.stages
    assert all(stage.parameters <= 0.7 * 20 + 1 for stage in stages[1:])
    assert stages[-1].intervals <= 6


def test_float32_rows_are_trained_in_float64() -> None:
    data = sample(toy, count=100)
    single = TrainingData(data.x.float(), data.y.float(), data.x_held.float(), data.y_held.float())
    fit = levenberg(KAN([2, 1, 1]), single, SMALL)
    assert fit.network[0].weight.dtype == torch.float64
    assert fit.held_out_rmse == pytest.approx(levenberg(KAN([2, 1, 1]), data, SMALL).held_out_rmse, rel=0.2)


def test_one_row_and_no_row_held_out() -> None:
    x, y = torch.tensor([[0.3, -0.2]], dtype=torch.float64), torch.tensor([[2.0]], dtype=torch.float64)
    fit = levenberg(KAN([2, 1]), TrainingData(x, y, x[:0], y[:0]), Levenberg(restarts=2, intervals=(1,)))
    assert float(fit.network(x).detach()) == pytest.approx(2.0, abs=1e-6)


# -- ends -------------------------------------------------------------------------------------------------------------


def counted(last: int, ending: type[BaseException] | None = None) -> object:
    """A stop() that ends at its ``last`` question: with True, or with an exception."""
    asked = itertools.count(1)

    def stop() -> bool:
        over = next(asked) >= last
        if over and ending is not None:
            raise ending
        return over

    return stop


@pytest.mark.parametrize("last", [1, 2, 7, 40])
def test_stop_keeps_the_best_so_far(last: int) -> None:
    data = sample(toy, count=150)
    fit = levenberg(KAN([2, 1, 1]), data, Levenberg(restarts=2, intervals=(3, 6, 12)), stop=counted(last))
    assert fit.history.cut
    assert not fit.history.interrupted
    held = (fit.network(data.x_held) - data.y_held).square().mean().sqrt().detach()
    assert float(held) == pytest.approx(fit.held_out_rmse, rel=1e-9)


@pytest.mark.parametrize("last", [1, 2, 7, 40])
def test_ctrl_c_keeps_the_best_so_far(last: int) -> None:
    data = sample(toy, count=150)
    settings = Levenberg(restarts=2, intervals=(3, 6, 12))
    fit = levenberg(KAN([2, 1, 1]), data, settings, stop=counted(last, KeyboardInterrupt))
    assert fit.history.cut
    assert fit.history.interrupted
    held = (fit.network(data.x_held) - data.y_held).square().mean().sqrt().detach()
    assert float(held) == pytest.approx(fit.held_out_rmse, rel=1e-9)
    if last == 40:
        assert fit.held_out_rmse < 0.9 * float(data.y_held.std())


# -- what training refuses ---------------------------------------------------------------------------------------------


def test_inputs_of_any_size_do_no_harm() -> None:
    x, y = torch.full((10, 1), 1e300, dtype=torch.float64), torch.arange(10.0, dtype=torch.float64)[:, None]
    fit = levenberg(KAN([1, 1, 1]), TrainingData(x, y, x, y), SMALL)
    assert float(fit.network(x)[0].detach()) == pytest.approx(4.5)


def test_the_wrong_number_of_columns_is_named() -> None:
    data = sample(toy)
    with pytest.raises(ShapeError, match=r"3 inputs.*2"):
        levenberg(KAN([3, 1, 1]), data, SMALL)
    with pytest.raises(ShapeError, match=r"2 outputs.*1"):
        levenberg(KAN([2, 1, 2]), data, SMALL)


def test_no_finite_start_is_named() -> None:
    x = torch.linspace(-1e200, 1e200, 10, dtype=torch.float64)[:, None]
    y = torch.arange(10.0, dtype=torch.float64)[:, None]
    with pytest.raises(TrainingError, match="finite"):
        levenberg(KAN([1, 1, 1]), TrainingData(x, y, x, y), SMALL)


GOOD = torch.zeros(4, 2)


@pytest.mark.against_annotations
@pytest.mark.parametrize(
    ("x", "y"),
    [
        (GOOD, torch.zeros(4)),
        (GOOD[:, 0], torch.zeros(4, 1)),
        (GOOD, torch.zeros(3, 1)),
        (GOOD[None], torch.zeros(4, 1)),
    ],
    ids=["y (N,)", "x (N,)", "fewer y", "x 3-D"],
)
def test_shapes_that_would_broadcast_are_refused(x: Tensor, y: Tensor) -> None:
    with pytest.raises(ShapeError, match="rows"):
        TrainingData(x, y, GOOD, torch.zeros(4, 1))
    with pytest.raises(ShapeError, match="held-out"):
        TrainingData(GOOD, torch.zeros(4, 1), x, y)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("part", range(5))
def test_one_cell_that_is_no_number_is_refused(bad: float, part: int) -> None:
    parts = [torch.zeros(4, 2), torch.zeros(4, 1), torch.zeros(4, 2), torch.zeros(4, 1), torch.ones(4)]
    parts[part][2] = bad
    with pytest.raises(ValuesError, match=r"NaN|finite"):
        TrainingData(*parts)


@pytest.mark.against_annotations
@pytest.mark.parametrize("weights", [torch.ones(3), torch.ones(4, 1), -torch.ones(4), torch.zeros(4)])
def test_weights_that_weigh_nothing_are_refused(weights: Tensor) -> None:
    with pytest.raises((ShapeError, ValuesError), match="weights"):
        TrainingData(GOOD, torch.zeros(4, 1), GOOD, torch.zeros(4, 1), weights)


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValuesError, match="no rows"):
        TrainingData(GOOD[:0], torch.zeros(0, 1), GOOD, torch.zeros(4, 1))


def test_a_split_is_a_partition() -> None:
    x = torch.arange(10.0)[:, None]
    data = TrainingData.split(x, -x, held_out=0.3, seed=1)
    assert len(data.x_held) == 3
    assert sorted(torch.cat([data.x, data.x_held])[:, 0].tolist()) == list(range(10))
    assert torch.equal(data.y, -data.x)
    assert torch.equal(TrainingData.split(x, -x, held_out=0.3, seed=1).x, data.x)


# -- history -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [-0.2, 1.0, 1.5, float("nan")])
def test_shares_to_hold_out_that_cannot_be(share: float) -> None:
    with pytest.raises(SettingsError, match="held_out is a share"):
        TrainingData.split(torch.rand(10, 1), torch.rand(10, 1), share)


@pytest.mark.against_annotations
@pytest.mark.parametrize("rows", [8, 12])
def test_as_many_targets_as_rows_are_split(rows: int) -> None:
    with pytest.raises(ShapeError, match="as many rows"):
        TrainingData.split(torch.rand(10, 1), torch.rand(rows, 1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"restarts": 0},
        {"keep": 0},
        {"keep": ()},
        {"keep": (2, 0)},
        {"bouts": 0},
        {"steps": 0},
        {"intervals": ()},
        {"intervals": (3, 0)},
        {"placements": -1},
        {"thin_after": -1},
        {"warm_up": -1},
        {"penalty": -1e-8},
        {"penalty": float("nan")},
        {"penalties": (1e-6, -1.0)},
        {"penalties": (float("inf"),)},
        {"tolerance": float("nan")},
        {"tolerance": -0.1},
        {"tolerance": 1.0},
        {"memory": -1.0},
        {"memory": float("nan")},
        {"most_parameters": -1.0},
        {"most_parameters": float("nan")},
        {"floor": float("nan")},
        {"floor": -1e-13},
        {"intervals": 3},
        {"intervals": (3, 6.5)},
        {"penalties": 1e-6},
        {"restarts": float("nan")},
        {"steps": 2.5},
        {"warm_up": float("nan")},
        {"keep": "2"},
    ],
    ids=str,
)
@pytest.mark.against_annotations
def test_settings_that_cannot_be(wrong: dict) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Levenberg(**wrong)


@pytest.mark.against_annotations
def test_numbers_of_numpy_will_do_and_no_limit_is_one() -> None:
    settings = Levenberg(restarts=np.int64(2), keep=(np.int64(1),), tolerance=np.float32(0.0), memory=float("inf"))
    assert settings.kept(3) == 1
    assert Levenberg(most_parameters=float("inf"), keep=np.int64(2)).kept(0) == 2


def test_rates_by_hand() -> None:
    stages = [Stage(3, 1, 1.0, 1.0, 1), Stage(6, 1, 1.0, 1 / 16, 1), Stage(12, 1, 1.0, 1 / 32, 1, cut=True)]
    history = History(tuple(stages), 3)
    assert history.rates == pytest.approx((4.0, 1.0))
    assert history.rate == pytest.approx(4.0)
    assert history.best is stages[2]
    assert history.cut
    assert History((stages[0],), 3).rate == 0
    assert History((stages[0], Stage(6, 1, 0.0, 0.0, 1)), 3).rate > 100
