"""Velocities add by the sum of rapidities: the three functions of a [2, 1, 1] network say so."""

import torch

from edgewise.nn import KAN
from edgewise.train import Levenberg, TrainingData, levenberg
from examples.toy_by_hand import name_edges


def main() -> tuple[list[str], float]:
    """The names of the edges of (v + w)/(1 + v w), and the error on the rows held out."""
    v = 1.8 * torch.rand(1000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 0.9
    data = TrainingData.split(v, v.sum(1, keepdim=True) / (1 + v.prod(1, keepdim=True)))
    trained = levenberg(KAN([2, 1, 1]), data, Levenberg(restarts=4, intervals=(3, 6, 12, 24, 48))).network
    named = name_edges(trained, data)
    names = [primitive.name for layer in named for _, _, primitive in layer.fixed]
    with torch.no_grad():
        error = float((named(data.x_held) - data.y_held).square().mean().sqrt())
    print(f"rmse of the named network {error:.1e}")
    return names, error


if __name__ == "__main__":
    main()
