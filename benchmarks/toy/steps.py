"""The five steps of the paper's section 7, a picture after each, and the check on a grid of its section 8.2."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.common import table
from edgewise.pykan import KAN, create_dataset, ex_round
from edgewise.view import network_svg
from examples.paper_listings import automatic, target_function

GRID = 10


@dataclass(frozen=True)
class Step:
    """One step: what was done, the network's shape and error on the test rows, its picture."""

    title: str
    shape: str
    rmse: float
    picture: str


def walk(seed: int) -> tuple[list[Step], KAN]:
    """The steps with the calls and numbers of the listings, and the model that they end at."""
    dataset = create_dataset(target_function, n_var=2, train_num=1000, test_num=1000, seed=seed)
    x = dataset["train_input"]

    def step(title: str, model: KAN) -> Step:
        with torch.no_grad():
            missed = model(dataset["test_input"]) - dataset["test_label"]
        picture = network_svg(model.network, x, inputs=("x", "y"), targets=("f",), title=title)
        return Step(title, str(model.width_in), float(missed.square().mean().sqrt()), picture)

    model = KAN(width=[2, 5, 1], grid=5, k=3, seed=seed)
    model.fit(dataset, opt="LBFGS", steps=50, lamb=1e-2)
    steps = [step("1. Trained with sparsification", model)]
    pruned = model.prune(node_th=1e-2, edge_th=3e-2)
    steps.append(step("2. Pruned", pruned))
    named = pruned.copy()
    for place, name in (((0, 0, 0), "sin"), ((0, 1, 0), "x^2"), ((1, 0, 0), "exp")):
        named.fix_symbolic(*place, name)
    steps.append(step("3. Symbolic functions set", named))
    named.fit(dataset, opt="LBFGS", steps=100, lamb=0.0)
    steps.append(step("4. Affine constants trained", named))
    automatically, _ = automatic(dataset, pruned.copy())
    formula = ex_round(automatically.symbolic_formula(var=["x", "y"])[0][0], 2)
    steps.append(step(f"5. f = {formula}", automatically))
    return steps, automatically


def validate(model: KAN) -> tuple[np.ndarray, np.ndarray]:
    """Section 8.2: the axis of a ten by ten grid over [-1, 1]^2, and |model - truth| on it."""
    axis = torch.linspace(-1, 1, GRID, dtype=torch.float64)
    xx, yy = torch.meshgrid(axis, axis, indexing="ij")
    points = torch.stack([xx.flatten(), yy.flatten()], dim=1)
    with torch.no_grad():
        missed = (model(points) - target_function(points)).abs()
    return axis.numpy(), missed.reshape(GRID, GRID).numpy()


def told(steps: list[Step], model: KAN, folder: Path) -> list[str]:
    """The page's parts; the pictures go into the folder."""
    for number, step in enumerate(steps, 1):
        (folder / f"step{number}.svg").write_text(step.picture, encoding="utf-8")
    figures = ["2", "3", "4", "", ""]
    lines = [[s.title, f or "-", s.shape, s.rmse] for s, f in zip(steps, figures, strict=True)]
    pictures = "\n\n".join(f"![{step.title}](step{number}.svg)" for number, step in enumerate(steps, 1))
    axis, missed = validate(model)
    grid = [[f"{x:.2f}", *map(float, line)] for x, line in zip(axis, missed, strict=True)]
    return [
        "The calls of `examples/paper_listings.py`: seed, strengths and steps as there. Step 3 by hand, as Alice does it; step "
        "5 from names found automatically (section 8.1).\n\n"
        + table(["step", "the paper's figure", "network", "rmse on test rows"], lines)
        + "\n\n"
        + pictures,
        f"## The formula on a grid (section 8.2)\n\nAbsolute errors on {GRID} x {GRID} points, x downwards, y across; largest "
        f"{missed.max():.2g}, mean {missed.mean():.2g}. The paper prints the listing without its numbers.\n\n"
        + table(["x, y", *(f"{y:.2f}" for y in axis)], grid),
    ]
