"""A discovery by hand, after section 7 of the paper: train with sparsification, prune, name, fix, polish, print.

The table holds y = exp(sin(pi x1) + x2**2); the network starts as [2, 5, 1] and ends as three named edges.
``edgewise.discover`` does this and more in one call; here each step is yours to look at and to change.
"""

import math

import sympy
import torch

from edgewise.nn import KAN, Model, Scaling, trace
from edgewise.surgery import fix, prune, refine
from edgewise.symbolic import closed_form, match, snap
from edgewise.train import Gradient, Objective, Penalty, TrainingData, gradient, levenberg


def table() -> TrainingData:
    """400 rows, a fifth of them held out."""
    x = 2 * torch.rand(400, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 1
    y = torch.exp(torch.sin(math.pi * x[:, :1]) + x[:, 1:] ** 2)
    return TrainingData.split(x, y, held_out=0.2)


def sparsify(data: TrainingData, seed: int = 5) -> KAN:
    """Train [2, 5, 1] with the l1 and entropy penalties. Of the seeds 0 to 5, not every one ends sparse: try a few."""
    start = KAN([2, 5, 1], generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    objective = Objective(penalty=Penalty(1e-2, entropy=5.0))
    return gradient(start, data, objective, Gradient("lbfgs", rounds=4, follow=3)).network


def cut_and_sharpen(network: KAN, data: TrainingData) -> KAN:
    """Prune, then refine: a finer grid keeps the function, and training lowers its error."""
    network = prune(network, data.x).network
    for intervals in (5, 10, 20):
        network = levenberg(refine(network, intervals), data, fresh=False).network
    return network


def name_edges(network: KAN, data: TrainingData) -> KAN:
    """Fix every edge to the primitive that tells best what flows through it, then train the constants that are left."""
    layers = trace(network, data.x).layers
    for edge_id, edge in list(network.edges()):
        layer, source, target = edge_id
        flow = layers[layer]
        best = match(flow.preactivations[:, source], flow.postactivations[:, target, source])[0]
        print(f"edge {edge_id} was a {edge.kind}, is {best.text}   (r2 {best.r2:.8f})")
        constants = (best.inner_scale, best.inner_shift, best.outer_scale, best.outer_shift, best.exponent or 1.0)
        network = fix(network, edge_id, best.primitive, constants)
    return levenberg(network, data, fresh=False).network


def formula(network: KAN, data: TrainingData) -> sympy.Expr:
    """The network written out in the columns' names, its constants as people write them."""
    as_it_is = Scaling((0.0, 0.0), (1.0, 1.0)), Scaling((0.0,), (1.0,))
    model = Model(network, ("x1", "x2"), ("y",), *as_it_is)
    columns = {"x1": data.x[:, 0].numpy(), "x2": data.x[:, 1].numpy()}
    return snap(closed_form(model)[0], columns, data.y[:, 0].numpy())


def main() -> None:
    """All the steps."""
    data = table()
    network = cut_and_sharpen(sparsify(data), data)
    print(f"pruned to {network.shape}")
    print(f"y = {formula(name_edges(network, data), data)}")


if __name__ == "__main__":
    main()
