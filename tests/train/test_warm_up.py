"""The compiled loop takes the steps that torch's own Adam takes."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from numba import njit
from torch import Tensor

from edgewise.basis import BSpline
from edgewise.basis.kernels.arithmetic import exponential
from edgewise.basis.kernels.compiling import stamp
from edgewise.basis.kernels.vectors import load, store
from edgewise.errors import SettingsError, ShapeError, TrainingError
from edgewise.nn import KAN
from edgewise.surgery import fix, place_knots, remove
from edgewise.train import Levenberg, Objective, TrainingData, levenberg, whole_loop
from edgewise.train.stack import Stack
from edgewise.train.warm_up import warm_up

STEPS = 12
NETWORKS: list[tuple[list, dict]] = [
    ([2, 5, 1], {}),
    ([2, 3, 2], {"degree": 1, "extrapolation": "constant"}),
    ([2, (1, 2), 1], {"degree": 2, "residual": "none"}),
    ([2, [1, 3], 3, 1], {"degree": 4, "residual": "identity", "extrapolation": "linear"}),
    ([2, 2], {"degree": 5, "intervals": 9}),
]


def data(rows: int = 75, outputs: int = 1, weighed: bool = True) -> TrainingData:
    generator = torch.Generator().manual_seed(3)
    x = torch.rand(rows, 2, generator=generator, dtype=torch.float64) * 2.4 - 1.2  # some rows lie beyond the knots
    y = torch.randn(rows, outputs, generator=generator, dtype=torch.float64)
    weights = torch.rand(rows, generator=generator, dtype=torch.float64) + 0.1
    return TrainingData(x, y, x[:0], y[:0], weights if weighed else None)


def network(shape: list, seed: int, settings: dict, dtype: torch.dtype = torch.float64) -> KAN:
    return KAN(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed), **settings)


def by_torch(network: KAN, data: TrainingData, steps: int, rate: float) -> Tensor:
    optimiser = torch.optim.Adam(network.parameters(), lr=rate)
    losses = []
    for _ in range(steps):
        optimiser.zero_grad()
        loss = Objective()(network, data.x, data.y, data.weights)
        loss.backward()
        optimiser.step()
        losses.append(loss.detach())
    return torch.stack(losses)


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize(("shape", "settings"), NETWORKS)
def test_the_steps_are_those_of_adam_in_torch(shape: list, settings: dict, uneven: bool) -> None:
    rows = data(outputs=shape[-1])
    networks = [remove(network(shape, seed, settings), (0, 1, 0)) for seed in (0, 1)]
    if uneven:
        networks = [place_knots(one, rows.x, rows.y) for one in networks]
    stack = Stack.of(networks)
    losses = warm_up(stack, rows, STEPS, 0.03)
    for number, one in enumerate(networks):
        torch.testing.assert_close(losses[number], by_torch(one, rows, STEPS, 0.03), rtol=1e-10, atol=0)
        torch.testing.assert_close(stack.unstack(number)(rows.x), one(rows.x), rtol=1e-9, atol=1e-11)


def test_knots_that_meet_take_the_same_steps() -> None:
    rows = data(weighed=False)
    one = network([2, 2, 1], 0, {})
    for layer in one:
        breaks = torch.tensor([[-1.0, -0.5, 0.2, 0.2, 0.6, 1.0]], dtype=torch.float64).repeat(layer.n_in, 1)
        layer.basis = BSpline.at(breaks, 3)
    losses = warm_up(Stack.of([one]), rows, STEPS, 0.03)
    torch.testing.assert_close(losses[0], by_torch(one, rows, STEPS, 0.03), rtol=1e-10, atol=0)


def test_what_is_kept_of_the_loop_is_found_by_the_files_it_is_made_of() -> None:
    """numba alone looks at the date of whole_loop.py: a mended exponential would not be noticed."""
    source = Path(whole_loop.__file__).read_text()
    parts = [name for name in ("arithmetic", "vectors", "splines", "pieces") if f"kernels.{name} import" in source]
    closed = [cell.cell_contents for cell in whole_loop.whole_loop.py_func.__closure__]
    assert closed == [stamp(*(f"{name}.py" for name in parts))]
    assert len({stamp("arithmetic.py"), stamp("vectors.py"), *closed}) == 3


def test_a_network_in_float32_gets_the_same_steps_rounded() -> None:
    rows = data(weighed=False)
    stack = Stack.of([network([2, 3, 1], 0, {}, torch.float32)])
    exact = stack.unstack(0).double()
    losses = warm_up(stack, rows, STEPS, 0.03)
    torch.testing.assert_close(losses[0], by_torch(exact, rows, STEPS, 0.03), rtol=1e-7, atol=0)
    assert stack.layers[0].weight.dtype == torch.float32
    torch.testing.assert_close(stack.unstack(0)(rows.x.float()), exact(rows.x).float(), rtol=1e-4, atol=1e-5)


def test_the_exponential_is_that_of_numpy() -> None:
    @njit
    def all_of(x, y):  # type: ignore[no-untyped-def]
        for k in range(0, x.size, 4):
            store(y, k, exponential(load(x, k, 4)))

    x = np.concatenate([np.linspace(-708, 708, 4000), np.linspace(-1, 1, 1000), [0.0, -0.0, np.nan, 1e9]])
    y = np.empty_like(x)
    all_of(x, y)
    np.testing.assert_allclose(y[:-2], np.exp(x[:-2]), rtol=5e-16)
    assert math.isnan(y[-2])
    assert y[-1] == pytest.approx(math.exp(708.0))


def test_levenberg_begins_where_the_warm_up_ends() -> None:
    rows = TrainingData.split(data(200).x, torch.sin(3 * data(200).x[:, :1]))
    held = [
        levenberg(KAN([2, 1, 1]), rows, Levenberg(restarts=2, intervals=(3,), steps=1, bouts=1, warm_up=steps))
        for steps in (0, 100)
    ]
    assert held[1].history.stages[0].rmse < held[0].history.stages[0].rmse


def test_what_it_cannot_do_is_said() -> None:
    named = fix(network([2, 1, 1], 0, {}), (0, 0, 0), "sin", (1.0, 0.0, 1.0, 0.0))
    with pytest.raises(SettingsError, match="without fixed edges"):
        warm_up(Stack.of([named]), data(), 3)
    with pytest.raises(SettingsError, match="steps=0"):
        warm_up(Stack.of([network([2, 1], 0, {})]), data(), 0)
    for outputs in (1, 2):  # the compiled loop checks no bounds
        with pytest.raises(ShapeError, match="outputs"):
            warm_up(Stack.of([network([2, 3 - outputs], 0, {})]), data(outputs=outputs), 3)
    huge = TrainingData(data().x, data().y * 1e300, data().x[:0], data().y[:0])
    with pytest.raises(TrainingError, match="no restart of 1 has a finite error after 3 steps"):
        warm_up(Stack.of([network([2, 1], 0, {})]), huge, 3)
