"""sin(log x + log y): the logarithms bend hard at the border, and get their names all the same."""

import torch

from edgewise.nn import KAN
from edgewise.train import Levenberg, TrainingData, levenberg
from examples.toy_by_hand import name_edges


def main() -> tuple[list[str], float]:
    """The names of the edges, and the error on the rows held out."""
    x = 0.2 + 4.8 * torch.rand(1000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    data = TrainingData.split(x, torch.sin(x.log().sum(1, keepdim=True)))
    trained = levenberg(KAN([2, 1, 1]), data, Levenberg(restarts=8, keep=(4, 2), intervals=(3, 6, 12, 24, 48))).network
    named = name_edges(trained, data)
    names = [primitive.name for layer in named for _, _, primitive in layer.fixed]
    with torch.no_grad():
        error = float((named(data.x_held) - data.y_held).square().mean().sqrt())
    print(f"rmse of the named network {error:.1e}")
    return names, error


if __name__ == "__main__":
    main()
