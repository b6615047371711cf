"""A multilayer perceptron that is given every chance: two activations, two optimisers, restarts until the time is over."""

import contextlib
import copy
import itertools
import math
from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import least_squares
from torch import Tensor, nn

from edgewise.train import TrainingData

ACTIVATIONS = {"tanh": nn.Tanh, "silu": nn.SiLU}
MOST_BY_LEVENBERG = 2000  # parameters; J'J of more takes longer than it helps
STEPS = 200  # of either optimiser, before another start has its turn


class _Over(Exception):
    """The time is over in the middle of a start."""


def fair_mlp(shape: list[int], data: TrainingData, seed: int, over: Callable[[], bool]) -> tuple[nn.Sequential, str]:
    """The best by the rows held out, and how it came about, of the starts that the time allows (one at least)."""
    optimisers = {"LBFGS": _lbfgs, "Levenberg-Marquardt": _levenberg}
    best, least, how = None, math.inf, ""
    kinds = list(itertools.product(optimisers, ACTIVATIONS))
    for number in itertools.count():
        name, activation = kinds[number % len(kinds)]
        if number and over():
            break
        torch_seed = 1000 * seed + number
        model = _mlp(shape, activation, torch_seed)
        if name == "Levenberg-Marquardt" and sum(p.numel() for p in model.parameters()) > MOST_BY_LEVENBERG:
            continue
        with contextlib.suppress(_Over):  # the model stands where its last step left it
            optimisers[name](model, data, over)
        with torch.no_grad():
            held = float((model(data.x_held) - data.y_held).square().mean())
        if best is None or held < least:
            best, least, how = copy.deepcopy(model), held, f"{name}, {activation}"
    assert best is not None
    return best, how


def _mlp(shape: list[int], activation: str, seed: int) -> nn.Sequential:
    generator = torch.Generator().manual_seed(seed)
    parts: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(shape):
        linear = nn.Linear(n_in, n_out, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.normal_(0, n_in**-0.5, generator=generator)
            linear.bias.uniform_(-1, 1, generator=generator)
        parts += [linear, ACTIVATIONS[activation]()]
    return nn.Sequential(*parts[:-1])


def _lbfgs(model: nn.Sequential, data: TrainingData, over: Callable[[], bool]) -> None:
    optimiser = torch.optim.LBFGS(
        model.parameters(), max_iter=5 * STEPS, history_size=50, line_search_fn="strong_wolfe", tolerance_change=1e-14
    )

    def closure() -> Tensor:
        if over():
            raise _Over
        optimiser.zero_grad()
        loss = (model(data.x) - data.y).square().mean()
        loss.backward()
        return loss

    optimiser.step(closure)


def _levenberg(model: nn.Sequential, data: TrainingData, over: Callable[[], bool]) -> None:
    """SciPy's, with the exact Jacobian; the model keeps the best that was met."""
    named = {name: value.detach() for name, value in model.named_parameters()}
    sizes = [value.numel() for value in named.values()]

    def unpacked(theta: Tensor) -> dict[str, Tensor]:
        return {n: part.view(v.shape) for (n, v), part in zip(named.items(), theta.split(sizes), strict=True)}

    def answer(theta: Tensor, x: Tensor) -> Tensor:
        return torch.func.functional_call(model, unpacked(theta), (x.unsqueeze(0),))[0, 0]

    least = math.inf

    def residuals(theta: np.ndarray) -> np.ndarray:
        nonlocal least
        if over():
            raise _Over
        weights = unpacked(torch.as_tensor(theta.copy()))
        with torch.no_grad():
            missed = (torch.func.functional_call(model, weights, (data.x,)) - data.y)[:, 0].numpy()
            if (loss := float(missed @ missed)) < least:
                least = loss
                for name, value in model.named_parameters():
                    value.copy_(weights[name])
        return missed

    rows = torch.func.vmap(torch.func.grad(answer), in_dims=(None, 0))
    start = torch.cat([value.flatten() for value in named.values()]).numpy()
    least_squares(
        residuals,
        start,
        jac=lambda theta: rows(torch.as_tensor(theta), data.x).numpy(),
        method="lm" if len(data.x) >= len(start) else "trf",
        max_nfev=STEPS,
        xtol=1e-14,
        ftol=1e-14,
        gtol=1e-14,
    )
