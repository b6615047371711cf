"""A step of Adam on a tiny network, [2, 5, 1] on 1,000 rows: the compiled loop, torch on our network, pykan.

Candidates take turns; a turn is ``STEPS`` steps, and the loop's are divided by its restarts as well, so all numbers are CPU
milliseconds a step of one network. What the loop evaluates before its first step is part of its turn.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.common.report import table
from edgewise.basis.kernels import use
from edgewise.nn import KAN
from edgewise.train import Stack, TrainingData, warm_up

from .steps import _module
from .timing import in_turns

WIDTHS, ROWS, STEPS, RESTARTS, RATE = [2, 5, 1], 1000, 200, 8, 1e-3
LOOP = f"edgewise, the whole loop compiled, {RESTARTS} restarts"
SLOWER = 10  # the others take so many times fewer steps a turn


def tiny(rounds: int) -> str:
    """The section of the report."""
    x, y = _rows(torch.float64)
    off = _gate(x, y)
    if off > 1e-10:
        raise SystemExit(f"the compiled loop is off torch's Adam by {off:.1e}; nothing is timed.")
    turns = {LOOP: partial(warm_up, Stack.of([_network() for _ in range(RESTARTS)]), _data(x, y), STEPS, RATE)}
    turns |= {name: step for name, step in _others().items() if step is not None}
    times = in_turns(turns, rounds, slow=60.0)
    least, middle = (1e3 * seconds / (STEPS * RESTARTS) for seconds in times[LOOP])
    rows = [[LOOP, least, 1.0, middle, 1.0]]
    for name in list(turns)[1:]:
        low, mid = (1e3 * seconds / (STEPS // SLOWER) for seconds in times[name])
        rows.append([name, low, low / least, mid, mid / middle])
    head = ["a step of one network", "least ms", "over the loop", "median ms", "over the loop"]
    return (
        f"## A step of a tiny network, {WIDTHS}, {ROWS} rows, float64\n\n"
        f"The loop's losses against torch's Adam, before timing: {off:.1e}.\n\n{table(head, rows)}"
    )


def _rows(dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    x = torch.rand(ROWS, WIDTHS[0], generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1
    return x.to(dtype), torch.exp(torch.sin(torch.pi * x[:, :1]) + x[:, 1:] ** 2).to(dtype)


def _network(dtype: torch.dtype = torch.float64) -> KAN:
    return KAN(WIDTHS, generator=torch.Generator().manual_seed(1), dtype=dtype)


def _data(x: Tensor, y: Tensor) -> TrainingData:
    return TrainingData(x, y, x[:0], y[:0])


def _gate(x: Tensor, y: Tensor) -> float:
    """The largest relative difference of 20 losses."""
    losses = warm_up(Stack.of([_network()]), _data(x, y), STEPS // SLOWER, RATE)[0]
    theirs = torch.stack(_adam(_network(), x, y)())
    return float((losses / theirs - 1).abs().max())


def _adam(model: nn.Module, x: Tensor, y: Tensor, way: str = "eager") -> Callable[[], list[Tensor]]:
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)

    def steps() -> list[Tensor]:
        losses = []
        with use(way):
            for _ in range(STEPS // SLOWER):
                optimiser.zero_grad()
                loss = (model(x) - y).square().sum(-1).mean()
                loss.backward()
                optimiser.step()
                losses.append(loss.detach())
        return losses

    return steps


def _others() -> dict[str, Callable[[], list[Tensor]] | None]:
    """torch's Adam on our network by formula and by kernels, and on pykan's as it is made and with speed(), in float32."""
    x, y = _rows(torch.float32)
    return {
        "edgewise, eager, torch's Adam (float64)": _adam(_network(), *_rows(torch.float64)),
        "edgewise, eager, torch's Adam (float32)": _adam(_network(torch.float32), x, y),
        "edgewise, kernels, torch's Adam (float32)": _adam(_network(torch.float32), x, y, "compiled"),
        "pykan (float32)": _pykan(x, y, fast=False),
        "pykan, speed() (float32)": _pykan(x, y, fast=True),
    }


def _pykan(x: Tensor, y: Tensor, fast: bool) -> Callable[[], list[Tensor]] | None:
    module = _module("kan")
    if module is None:
        return None
    model = module.KAN(list(WIDTHS), grid=5, k=3, auto_save=False)
    if fast:
        model.speed()
    return _adam(model, x, y)
