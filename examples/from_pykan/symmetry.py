"""Does a trained network depend on x - y alone? Its gradient tells."""

import torch

from edgewise.nn import KAN
from edgewise.train import Levenberg, TrainingData, levenberg


def main() -> tuple[float, float]:
    """|df/dx + df/dy| and |df/dx - df/dy| over |df/dx|, medians: the first is 0 where only x - y matters."""
    x = 2 * torch.rand(600, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 1
    y = torch.exp(-((x[:, :1] - x[:, 1:2]) ** 2)) + torch.sin(2 * x[:, 2:])
    network = levenberg(KAN([3, 2, 1]), TrainingData.split(x, y), Levenberg(restarts=4, intervals=(3, 6, 12))).network
    (slopes,) = torch.autograd.grad(network(x.requires_grad_()).sum(), x)
    apart, alike, size = slopes[:, 0] + slopes[:, 1], slopes[:, 0] - slopes[:, 1], slopes[:, 0].abs()
    told = float((apart.abs() / size).median()), float((alike.abs() / size).median())
    print(f"x - y: {told[0]:.1e}   x + y: {told[1]:.1e}")
    return told


if __name__ == "__main__":
    main()
