"""One layer on a GPU beside the same arithmetic by torch's own products: ``python -m benchmarks.speed --device cuda``."""

from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor

from benchmarks.common.report import table
from edgewise.basis.kernels import status, use
from edgewise.nn import KANLayer

from .steps import Case, Step

CASES = (Case((256, 256), 1024, inner=True), Case((4096, 4096), 4096, inner=True))
YARDSTICK = "dense products (cuBLAS), the basis given"
WAYS = ("compiled", "eager")


def on_a_gpu(rounds: int) -> str:
    """The whole report, as text; says so and measures nothing where there is no GPU."""
    if not torch.cuda.is_available():
        return "no GPU here"
    device = torch.device("cuda")
    parts = [f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}, float32, products as torch is set to."]
    for case in CASES:
        for kind, candidates in (("forward", _forward(case)), ("forward and backward", _training(case))):
            times = _in_turns(candidates, rounds)
            least = min(times[YARDSTICK])
            rows = [[name, 1e3 * min(each), min(each) / least, 1e3 * median(each)] for name, each in times.items()]
            head = [kind, "least ms", "over the products", "median ms"]
            parts.append(f"## {case.name}\n\n" + table(head, rows))
    return "\n\n".join([*parts, f"Kernels: {status()}."])


def _layer(case: Case) -> KANLayer:
    return KANLayer(*case.widths, intervals=case.intervals, generator=torch.Generator().manual_seed(1)).to("cuda")


def _operands(case: Case) -> tuple[Tensor, Tensor, Tensor]:
    """The basis, the weights and the upstream gradient of the yardstick."""
    n_in, n_out = case.widths
    features = n_in * (case.intervals + 4)
    return tuple(torch.rand(*shape, device="cuda") for shape in ((case.batch, features), (features, n_out), (case.batch, n_out)))  # type: ignore[return-value]  # fmt: skip


def _forward(case: Case) -> dict[str, Step]:
    layer, x = _layer(case), case.data()[0].detach().to("cuda")
    phi, weight, _ = _operands(case)

    @torch.no_grad()
    def ours(way: str) -> None:
        with use(way):
            layer(x)

    return {YARDSTICK: lambda: phi @ weight, **{f"edgewise, {way}": _bound(ours, way) for way in WAYS}}


def _training(case: Case) -> dict[str, Step]:
    layer, (x, g) = _layer(case), (part.detach().to("cuda") for part in case.data())
    x.requires_grad_()
    phi, weight, upstream = _operands(case)

    def dense() -> None:
        phi @ weight
        phi.T @ upstream
        upstream @ weight.T

    def ours(way: str) -> None:
        x.grad = layer.weight.grad = None
        with use(way):
            layer(x).backward(g)

    return {YARDSTICK: dense, **{f"edgewise, {way}": _bound(ours, way) for way in WAYS}}


def _bound(function: Callable[[str], None], way: str) -> Step:
    return lambda: function(way)


def _in_turns(steps: dict[str, Step], rounds: int) -> dict[str, list[float]]:
    """Seconds of each step by the device's clock, candidates taking turns; the first calls compile and are not counted."""
    for step in (*steps.values(), *steps.values()):
        step()
    found: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            start.record()
            step()
            end.record()
            end.synchronize()
            found[name].append(start.elapsed_time(end) / 1e3)
    return found
