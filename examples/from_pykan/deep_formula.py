"""A formula of three layers: train [4, 2, 1, 1], name every edge, train the constants that are left."""

import math

import torch

from edgewise.nn import KAN
from edgewise.train import Levenberg, TrainingData, levenberg
from examples.toy_by_hand import name_edges


def main() -> float:
    """The error of the named network on fresh rows; the truth is exp((sin(pi(a^2 + b^2)) + sin(pi(c^2 + d^2)))/2)."""
    x = 2 * torch.rand(3000, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 1
    inner = torch.sin(math.pi * (x[:, :1] ** 2 + x[:, 1:2] ** 2)) + torch.sin(
        math.pi * (x[:, 2:3] ** 2 + x[:, 3:] ** 2)
    )
    y = torch.exp(inner / 2)
    data = TrainingData.split(x[:2000], y[:2000])
    trained = levenberg(KAN([4, 2, 1, 1]), data, Levenberg(keep=(4, 1), intervals=(3, 6, 12, 24))).network
    named = name_edges(trained, data)
    with torch.no_grad():
        error = float((named(x[2000:]) - y[2000:]).square().mean().sqrt())
    print(f"rmse of the named network {error:.1e}")
    return error


if __name__ == "__main__":
    main()
