"""MNIST: networks of splines, perceptrons of as many parameters, logistic regression; all on the same rows and schedule.

    EDGEWISE_DATA_DIR=... python -m benchmarks.mnist --epochs 30 --seeds 1

Of the 60,000 images 5,000 are held out and say which epoch is kept; the 10,000 test images are looked at once. An epoch sees each
image moved by up to a pixel, for every network alike. Adam in batches of 256, in float32, its rate falling along a cosine from
2e-3, 4e-3 or 8e-3: the cubic network, lines and perceptrons each have the one with the least loss on the images held out, after
six epochs. The constants of a KAN's edges are left to its biases. Published: KANs 96.1 %, an MLP 97.9 %, at 2e5 parameters.
"""

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.common import Clock, Runs, table, write_report
from edgewise.data import fetch_arrays
from edgewise.nn import KAN, KANLayer
from edgewise.train import Chunks, Gradient, Objective, TrainingData, gradient

HERE = Path(__file__).parent
BATCH = 256
SIDE, PIXELS, CLASSES, HELD, PART = 28, 784, 10, 5000, 5000
MOST_TIME = 1.5  # of an epoch, in those of the perceptron of as many parameters


@dataclass(frozen=True)
class Case:
    """What is trained: a maker of networks, Adam's first rate, and what is compared with it."""

    name: str
    make: Callable[[torch.Generator], nn.Module]
    rate: float
    beside: str = ""


class Moved:
    """Images moved by up to a pixel up or down, left or right, drawn anew each time they are asked for."""

    def __init__(self, x: Tensor, y: Tensor, seed: int) -> None:
        self.images = nn.functional.pad(x.view(-1, SIDE, SIDE), (1, 1, 1, 1), value=-1.0)
        self.labels, self.generator = y, torch.Generator().manual_seed(seed)

    def __call__(self) -> tuple[Tensor, Tensor]:
        """(images, 784) and labels (images, 1)."""
        drawn = torch.randint(9, (len(self.images),), generator=self.generator)
        x = torch.empty(len(self.images), SIDE, SIDE)
        for number in range(9):
            down, right = divmod(number, 3)
            chosen = drawn == number
            x[chosen] = self.images[chosen, down : down + SIDE, right : right + SIDE]
        return x.flatten(1), self.labels


def splines(width: int, intervals: int, degree: int, generator: torch.Generator) -> KAN:
    """Pixels by few pieces of a low degree, since most are black or white; hidden nodes by eight cubic pieces."""
    first = KANLayer(PIXELS, width, intervals=intervals, degree=degree, residual="none", generator=generator)
    return KAN.of([first, KANLayer(width, CLASSES, intervals=8, degree=3, low=-4, high=4, generator=generator)])


def cubic(width: int, generator: torch.Generator) -> KAN:
    """Cubic pieces everywhere, as in the papers; pixels begin as a silu: what is drawn at random stays where no pixel is."""
    first = KANLayer(PIXELS, width, init="paper", generator=generator)
    return KAN.of([first, KANLayer(width, CLASSES, low=-4, high=4, generator=generator)])


def perceptron(width: int, generator: torch.Generator) -> nn.Module:
    """One hidden level of SiLU."""
    model = nn.Sequential(nn.Linear(PIXELS, width), nn.SiLU(), nn.Linear(width, CLASSES))
    with torch.no_grad():
        for linear in (model[0], model[2]):
            linear.weight.normal_(0, linear.in_features**-0.5, generator=generator)
            linear.bias.zero_()
    return model


def linear(generator: torch.Generator) -> nn.Module:
    """Logistic regression."""
    model = nn.Linear(PIXELS, CLASSES)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    return model


SMALL, LARGE = "MLP [784, 245, 10]", "MLP [784, 582, 10]"
CASES = (
    Case("KAN [784, 80, 10], quadratic pixels", partial(splines, 80, 1, 2), 4e-3, SMALL),
    Case("KAN [784, 115, 10], a line for each pixel", partial(splines, 115, 1, 1), 4e-3, SMALL),
    Case(SMALL, partial(perceptron, 245), 2e-3),
    Case("KAN [784, 64, 10], cubic", partial(cubic, 64), 8e-3, LARGE),
    Case("KAN [784, 270, 10], a line for each pixel", partial(splines, 270, 1, 1), 4e-3, LARGE),
    Case(LARGE, partial(perceptron, 582), 2e-3),
    Case("logistic regression", linear, 2e-3),
)


def images() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pixels in [-1, 1] (images, 784) and labels (images, 1), to learn from and to test."""
    parts = fetch_arrays("mnist")

    def pixels(name: str) -> Tensor:
        return torch.from_numpy(parts[name].reshape(len(parts[name]), -1).astype(np.float32)) / 127.5 - 1

    def labels(name: str) -> Tensor:
        return torch.from_numpy(parts[name].astype(np.float32)).unsqueeze(1)

    return pixels("train_images"), labels("train_labels"), pixels("test_images"), labels("test_labels")


def trained(name: str, epochs: int, seed: int) -> dict[str, Any]:
    """One network: accuracy on the test images, parameters that are used, seconds of an epoch."""
    case = next(case for case in CASES if case.name == name)
    x, y, x_test, y_test = images()
    data = moving(TrainingData.split(x, y, held_out=HELD / len(x), seed=seed), seed)
    model = case.make(torch.Generator().manual_seed(seed))
    train = _by_gradient if isinstance(model, KAN) else _by_hand
    with Clock() as clock:
        best = train(model, data, epochs, case.rate, seed)
    with torch.no_grad():
        right = (best(x_test).argmax(1) == y_test[:, 0]).float().mean()
    return {
        "accuracy": float(right),
        "parameters": _used(model),
        "cpu": clock.cpu / epochs,
        "wall": clock.wall / epochs,
    }


def moving(data: TrainingData, seed: int) -> Chunks:
    """The training images in parts that move."""
    parts = [
        Moved(x, y, seed * 1000 + n)
        for n, (x, y) in enumerate(zip(data.x.split(PART), data.y.split(PART), strict=True))
    ]
    return Chunks(parts, data.x_held, data.y_held)


def _by_gradient(model: KAN, data: Chunks, epochs: int, rate: float, seed: int) -> nn.Module:
    settings = Gradient(rounds=epochs, batch=BATCH, rate=rate, clip=1.0, patience=epochs, anchored=True)
    return gradient(model, data, Objective("cross_entropy"), settings, seed=seed).network


def _by_hand(model: nn.Module, data: Chunks, epochs: int, rate: float, seed: int) -> nn.Module:
    """The same schedule for any module."""
    optimiser = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    data = data.like(data.x_held)  # the same checks of every part
    loss, least, best = nn.CrossEntropyLoss(), math.inf, {}
    for epoch in range(epochs):
        for group in optimiser.param_groups:
            group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * epoch / epochs))
        for x, y, _ in data.batches(BATCH, torch.Generator().manual_seed(seed * 100_003 + epoch)):
            optimiser.zero_grad()
            loss(model(x), y[:, 0].long()).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
        with torch.no_grad():
            held = float(loss(model(data.x_held), data.y_held[:, 0].long()))
        if held < least:
            least, best = held, {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(best)
    return model


def _used(model: nn.Module) -> int:
    unused = (
        sum(layer.weight[:, -1].numel() for layer in model if layer.residual == "none") if isinstance(model, KAN) else 0
    )
    return sum(p.numel() for p in model.parameters()) - unused


def told(runs: list[dict[str, Any]]) -> str:
    """One line a network, beside the perceptron of as many parameters; then each target, met or not."""
    by_name = {case.name: [run for run in runs if run["task"]["name"] == case.name] for case in CASES}
    epochs = {name: median(run["cpu"] for run in mine) for name, mine in by_name.items()}
    middle = {name: 100 * median(run["accuracy"] for run in mine) for name, mine in by_name.items()}
    lines, targets = [], []
    for case in CASES:
        mine, other = by_name[case.name], case.beside
        ratio = epochs[case.name] / epochs[other] if other else ""
        accuracies = ", ".join(f"{100 * run['accuracy']:.2f}" for run in mine)
        lines.append([case.name, mine[0]["parameters"], accuracies, epochs[case.name], other, ratio])
        if other:
            targets += judged(case.name, mine[0]["parameters"], middle[case.name], middle[other], ratio)
    head = ["network", "parameters", "test accuracy, % (a seed each)", "CPU s an epoch", "beside", "over the MLP's"]
    trained = (
        "Every network is trained on images moved by up to a pixel. Of 10,000 images an accuracy has a standard error of 0.1 "
        "points. 'beside' names the perceptron of as many parameters."
    )
    heading = f"## Targets, medians of the seeds\n\n{table(['network', 'target', 'reached', 'verdict'], targets)}"
    return f"{table(head, lines)}\n\n{trained}\n\n{heading}"


def judged(name: str, parameters: int, accuracy: float, others: float, ratio: float) -> list[list[str]]:
    """A network of splines against the targets: a line each, which says whether it is met."""
    least, most = (97.9, "2e5") if parameters <= 2e5 else (98.3, "5e5")
    targets = [
        (
            f"at least {least} % with at most {most} parameters",
            f"{accuracy:.2f}",
            accuracy >= least and parameters <= 5e5,
        ),
        ("not below the MLP of as many parameters", f"{accuracy:.2f} beside {others:.2f}", accuracy >= others),
        (f"an epoch of at most {MOST_TIME} MLP's", f"{ratio:.3g}", ratio <= MOST_TIME),
    ]
    return [[name, target, reached, "met" if good else "**not met**"] for target, reached, good in targets]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mnist", description="Handwritten digits")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--fresh", action="store_true", help="forget all earlier runs")
    options = parser.parse_args()
    torch.set_num_threads(1)
    kept = Runs(HERE, options.fresh)
    runs = [
        kept(partial(trained, case.name, options.epochs, seed), name=case.name, epochs=options.epochs, seed=seed)
        for seed in range(options.seeds)
        for case in CASES
    ]
    write_report(HERE, "Handwritten digits (MNIST)", f"0 to {options.seeds - 1}", [told(runs)])


if __name__ == "__main__":
    main()
