"""Where the milliseconds of a layer's step go: what stands in the way of the aims that are missed.

    python -m benchmarks.speed --parts

Each part is timed by itself, all in turns in one process, and told as a share of the whole step in the same rounds.
"""

import numpy as np
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from benchmarks.common import table
from edgewise.basis.kernels import use
from edgewise.nn import KAN

from .steps import Case, Step, network, training
from .timing import in_turns

ROUNDS = 30
PRODUCTS = ("aten::mm", "aten::addmm", "aten::addmm_", "aten::bmm")
OUTPUTS = (64, 128, 256, 512)
SHAPES = (
    Case((64, 64), 1024, 5, inner=True),
    Case((64, 64), 1024, 20, inner=True),
    Case((64, 64), 1024, 200, inner=True),
    Case((256, 256), 1024, 5, inner=True),
)


def shares() -> str:
    """Forward, both gradients and Adam, over the whole step."""
    rows = []
    for case in SHAPES:
        model = network(case)
        times = {name: least for name, (least, _) in in_turns(_steps(model, case), ROUNDS).items()}
        whole = times["step"]
        rows.append([case.name, 1e3 * whole, *(times[name] / whole for name in ("forward", "backward", "Adam"))])
    head = ["layer", "a step, ms", "forward", "both gradients", "Adam"]
    return f"## Shares of a step, uniform knots, compiled\n\n{table(head, rows)}"


def _steps(model: KAN, case: Case) -> dict[str, Step]:
    x, g = case.data()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)

    def forward() -> None:
        with torch.no_grad(), use("compiled"):
            model(x)

    held: list[Tensor] = []

    def backward() -> None:
        held[0].backward(g, retain_graph=True)

    with use("compiled"):
        held.append(model(x))
    backward()
    return {"step": training(model, case, "compiled"), "forward": forward, "backward": backward, "Adam": optimiser.step}


def values() -> str:
    """What finding the values costs, in tiles of 64 outputs: the forward pass as a line in the number of outputs."""
    seconds = []
    for outputs in OUTPUTS:
        case = Case((64, outputs), 1024)
        seconds.append(in_turns({"forward": _steps(network(case), case)["forward"]}, ROUNDS)["forward"][0])
    a_tile, at_none = np.polyfit(np.array(OUTPUTS) / 64, seconds, 1)
    rows = [[outputs, 1e3 * taken] for outputs, taken in zip(OUTPUTS, seconds, strict=True)]
    return (
        f"## Values and tiles\n\n64 inputs, batch 1024, 5 intervals, forward. A line through the times has {1e3 * a_tile:.3g} "
        f"ms for each tile of 64 outputs and {1e3 * at_none:.3g} ms for none: what a row takes before the first tile (its "
        f"piece, its values, the call) costs as much as {at_none / a_tile:.2g} tiles, and a layer of 64 outputs has one.\n\n"
        + table(["outputs", "forward, ms"], rows)
    )


def eager() -> str:
    """The operations of an eager step, the dearest first."""
    case = SHAPES[-1]
    step = training(network(case), case, "eager")
    step()
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        for _ in range(5):
            step()
    events = sorted(seen.key_averages(), key=lambda event: -event.self_cpu_time_total)
    whole = sum(event.self_cpu_time_total for event in events)
    rows = [[event.key, event.count / 5, event.self_cpu_time_total / whole] for event in events[:10]]
    products = (
        sum(e.self_cpu_time_total for e in events if e.key in ("aten::mm", "aten::addmm_", "aten::addmm", "aten::bmm"))
        / whole
    )
    return (
        f"## The eager step, {case.name}\n\nMatrix products take {products:.0%} of it; the other operations pass over arrays "
        "of the size of the basis.\n\n" + table(["operation", "calls a step", "share"], rows)
    )


def where_it_goes() -> list[str]:
    """The page's parts."""
    return [shares(), values(), eager()]
