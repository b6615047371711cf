"""What makes [2, 5, 1] sparse: the penalties of section 6.1 one by one, a group penalty, and what we do instead."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from torch import Tensor

from benchmarks.common import Clock, shape_of, table
from edgewise import Table
from edgewise.discovery import find_architecture
from edgewise.discovery.prepare import prepare
from edgewise.nn import KAN
from edgewise.pykan.training import Steps, descend
from edgewise.surgery import nodes_on, prune
from edgewise.train import Levenberg, Objective, Penalty, TrainingData, edge_magnitudes, levenberg
from examples.paper_listings import target_function

ROWS, GOAL = 300, [2, 1, 1]
STRENGTH = 1e-2
STEPS = 30  # as the listings count them: twenty iterations of LBFGS each
SHARP = Levenberg(compiled=True, intervals=(5,), restarts=1)


@dataclass(frozen=True)
class Group:
    """The root of the squared magnitudes of all edges at a hidden node, summed over nodes (group lasso)."""

    strength: float

    def __call__(self, network: KAN, x: Tensor) -> Tensor:
        into, out = edge_magnitudes(network, x)
        together = into.square().sum(1) + out.square().sum(0)
        return self.strength * (together + 1e-12).sqrt().sum()


PENALTIES = {
    "none": lambda strength: Penalty(),
    "l1": lambda strength: Penalty(strength, l1=1.0, entropy=0.0),
    "entropy": lambda strength: Penalty(strength, l1=0.0, entropy=2.0),
    "l1 and entropy (equation 5)": lambda strength: Penalty(strength, l1=1.0, entropy=2.0),
    "group": Group,
}
OURS = ("nodes given up in training (thin_after)", "graph chosen by its rate (discover)")


def data_of(seed: int) -> tuple[TrainingData, Tensor, Tensor]:
    """Rows to train on, a fifth held out; fresh rows to judge by."""
    generator = torch.Generator().manual_seed(1000 + seed)
    x, fresh = (2 * torch.rand(ROWS, 2, generator=generator, dtype=torch.float64) - 1 for _ in range(2))
    return TrainingData.split(x, target_function(x), seed=seed), fresh, target_function(fresh)


def by_penalty(name: str, strength: float, seed: int) -> dict[str, Any]:
    """Train with it, prune at the paper's thresholds, train what is left without it."""
    data, fresh, truth = data_of(seed)
    begin = KAN([2, 5, 1], generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    with Clock() as clock:
        objective = Objective(penalty=PENALTIES[name](strength))
        dense, _ = descend(begin, data, objective, Steps("LBFGS", steps=STEPS))
        cut = prune(dense, data.x, node_threshold=1e-2, edge_threshold=3e-2).network
        sharp = levenberg(cut, data, SHARP, fresh=False).network
    return _told(sharp, fresh, truth, clock) | {"before": _rmse(dense, fresh, truth), "cut": _rmse(cut, fresh, truth)}


def by_thinning(seed: int) -> dict[str, Any]:
    """Levenberg-Marquardt that gives up nodes."""
    data, fresh, truth = data_of(seed)
    settings = Levenberg(compiled=True, keep=(4, 2), thin_after=2, intervals=(3, 6, 12, 24))
    with Clock() as clock:
        network = levenberg(KAN([2, 5, 1], dtype=torch.float64), data, settings, seed=seed).network
    told = _told(network, fresh, truth, clock)
    return told | {"shape": str([2, *(len(nodes) for nodes in nodes_on(network)), 1])}


def by_rate(seed: int) -> dict[str, Any]:
    """The search of `discover` over shapes."""
    data, fresh, truth = data_of(seed)
    x, y = torch.cat([data.x, data.x_held]).numpy(), torch.cat([data.y, data.y_held])[:, 0].numpy()
    with Clock() as clock:
        prepared = prepare(Table.from_arrays(x, y, names=["x", "y"], target="f"), seed)
        found = find_architecture(prepared, seed=seed, stop=lambda: False)
    assert found is not None
    answers = torch.as_tensor(found.model.predict(fresh.numpy())).reshape(-1, 1)
    return {
        "shape": shape_of(found.model.network),
        "rmse": float((answers - truth).square().mean().sqrt()),
        "cpu": clock.cpu,
    }


def _told(network: KAN, fresh: Tensor, truth: Tensor, clock: Clock) -> dict[str, Any]:
    return {"shape": shape_of(network), "rmse": _rmse(network, fresh, truth), "cpu": clock.cpu}


def _rmse(network: KAN, fresh: Tensor, truth: Tensor) -> float:
    with torch.no_grad():
        return float((network(fresh) - truth).square().mean().sqrt())


def told(runs: Sequence[dict[str, Any]]) -> list[str]:
    """One table: the shapes that each way leaves, and how often that is [2, 1, 1]."""
    lines = []
    for way, strength in dict.fromkeys((run["task"]["way"], run["task"].get("strength")) for run in runs):
        rows = [r for r in runs if (r["task"]["way"], r["task"].get("strength")) == (way, strength)]
        shapes = Counter(row["shape"] for row in rows).most_common()
        lines.append(
            [
                way,
                strength or "-",
                f"{sum(row['shape'] == str(GOAL) for row in rows)} of {len(rows)}",
                ", ".join(f"{shape} {count}" for shape, count in shapes),
                *(
                    median(row[name] for row in rows) if name in rows[0] else "-"
                    for name in ("before", "cut", "rmse", "cpu")
                ),
            ]
        )
    head = ["way", "strength", "[2, 1, 1]", "shapes left", "rmse, trained", "cut", "trained on", "CPU s"]
    return [
        f"[2, 5, 1], five pieces, {ROWS:,} rows; {STEPS} steps of LBFGS with the penalty, nodes below 1e-2 and edges below "
        "3e-2 cut, what is left trained on without it. Medians of the seeds on fresh rows. The last two ways need no penalty and "
        "no threshold; [2, (0, 1), 1], a node that multiplies, is exp(sin(pi x)) times exp(y^2) and as right.\n\n"
        + table(head, lines)
    ]
