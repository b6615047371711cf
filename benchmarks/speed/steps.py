"""One training step of each candidate: forward, backward, fused Adam."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from edgewise.basis import BSpline
from edgewise.basis.kernels import use
from edgewise.nn import KAN

Step = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """Layers of these widths, on a batch of random rows; ``inner``: x is a hidden layer's, so its gradient is asked for."""

    widths: tuple[int, ...]
    batch: int
    intervals: int = 5
    inner: bool = False

    @property
    def name(self) -> str:
        """As the table calls it."""
        return f"{'-'.join(map(str, self.widths))}, batch {self.batch}, {self.intervals} intervals"

    def data(self) -> tuple[Tensor, Tensor]:
        """x inside [-1, 1], and the gradient that comes from above."""
        generator = torch.Generator().manual_seed(0)
        x = torch.empty(self.batch, self.widths[0]).uniform_(-1, 1, generator=generator)
        g = torch.empty(self.batch, self.widths[-1]).normal_(generator=generator)
        return x.requires_grad_(self.inner), g


def network(case: Case, free: bool = False, dtype: torch.dtype = torch.float32) -> KAN:
    """The same weights each time; ``free`` moves every inner knot a little."""
    generator = torch.Generator().manual_seed(1)
    made = KAN(list(case.widths), intervals=case.intervals, generator=generator, dtype=dtype)
    if free:
        for layer in made:
            breaks = layer.basis.breaks.clone()
            width = 2 / case.intervals
            breaks[:, 1:-1] += 0.3 * width * torch.empty_like(breaks[:, 1:-1]).uniform_(-1, 1, generator=generator)
            layer.basis = BSpline.at(breaks, 3)
    return made


def training(model: nn.Module, case: Case, way: str = "auto") -> Step:
    """A step of any module."""
    x, g = case.data()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)

    def step() -> None:
        with use(way):
            optimiser.zero_grad()
            x.grad = None
            model(x).backward(g)
            optimiser.step()

    return step


def dense(case: Case, needed_only: bool = False) -> Step:
    """The yardstick: for each layer Phi W, Phi^T g and g W^T with the basis Phi given, then Adam on as many weights.

    ``needed_only`` leaves out g W^T where nobody asks for the gradient of x.
    """
    layers = []
    for number, (n_in, n_out) in enumerate(pairwise(case.widths)):
        features = n_in * (case.intervals + 4)
        phi, weight = torch.rand(case.batch, features), nn.Parameter(torch.rand(features, n_out))
        layers.append((phi, weight, torch.rand(case.batch, n_out), number > 0 or case.inner or not needed_only))
    optimiser = torch.optim.Adam([weight for _, weight, _, _ in layers], lr=1e-4, fused=True)

    @torch.no_grad()
    def step() -> None:
        for phi, weight, g, back in layers:
            phi @ weight
            weight.grad = phi.T @ g
            if back:
                g @ weight.T
        optimiser.step()

    return step


def candidates(case: Case, threads: int = 1) -> dict[str, Step]:
    """Every step that can be taken here, ours and those of libraries that can be imported."""
    steps: dict[str, Step] = {
        "dense products": dense(case),
        "edgewise, compiled, uniform knots": training(network(case), case, "compiled"),
        "edgewise, compiled, free knots": training(network(case, free=True), case, "compiled"),
        "edgewise, eager": training(network(case), case, "eager"),
        "MLP of as many parameters": training(_mlp(case), case),
    }
    if not case.inner:
        steps["dense products that are needed"] = dense(case, needed_only=True)
    for name, make in PEERS.items():
        model = make(case)
        if model is not None:
            steps[name] = training(model, case)
    return steps


def _mlp(case: Case) -> nn.Module:
    """One layer of ours becomes two linear ones of the same number of weights in all."""
    parts: list[nn.Module] = []
    for n_in, n_out in pairwise(case.widths):
        hidden = max(1, round(n_in * n_out * (case.intervals + 4) / (n_in + n_out)))
        parts += [nn.Linear(n_in, hidden), nn.SiLU(), nn.Linear(hidden, n_out)]
    return nn.Sequential(*parts)


def _efficient_kan(case: Case) -> nn.Module | None:
    module = _module("efficient_kan")
    return module and module.KAN(list(case.widths), grid_size=case.intervals)


def _fast_kan(case: Case) -> nn.Module | None:
    module = _module("fastkan")
    return module and module.FastKAN(list(case.widths), num_grids=case.intervals + 3)


def _pykan(case: Case) -> nn.Module | None:
    module = _module("kan")
    if module is None or max(case.widths) > 256:  # minutes a step
        return None
    model = module.KAN(list(case.widths), grid=case.intervals, k=3, auto_save=False)
    model.speed()
    return model


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


PEERS: dict[str, Callable[[Case], nn.Module | None]] = {
    "efficient-kan": _efficient_kan,
    "fast-kan (Gaussians, not splines)": _fast_kan,
    "pykan, speed()": _pykan,
}


def missing() -> list[str]:
    """Libraries that would be measured if they could be imported."""
    return [name for name, module in (("efficient-kan", "efficient_kan"), ("fast-kan", "fastkan"), ("pykan", "kan"))
            if _module(module) is None]  # fmt: skip


def gate(case: Case) -> float:
    """The largest relative difference of values and gradients between kernels (float32) and formula (float64)."""
    worst = 0.0
    for free in (False, True):
        answers = []
        for dtype, way in ((torch.float64, "eager"), (torch.float32, "compiled")):
            model = network(case, free).to(dtype)
            x, g = (part.detach().to(dtype) for part in case.data())
            x.requires_grad_()
            with use(way):
                y = model(x)
                answers.append([y.detach(), *torch.autograd.grad(y, [x, *(layer.weight for layer in model)], g)])
        for right, found in zip(*answers, strict=True):
            worst = max(worst, float((right - found).abs().max() / right.abs().max()))
    return worst
