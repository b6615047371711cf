"""Unsupervised: which of six columns depend on one another? Rows that were shuffled column by column tell."""

import torch

from edgewise.nn import KAN, edge_scores, trace
from edgewise.train import Gradient, Objective, TrainingData, gradient


def main() -> list[float]:
    """The importance of each column for telling rows from shuffled ones; c = exp(sin(3 a) + b^2), the rest is noise."""
    generator = torch.Generator().manual_seed(0)
    x = 2 * torch.rand(1000, 6, generator=generator, dtype=torch.float64) - 1
    x[:, 2] = torch.exp(torch.sin(3 * x[:, 0]) + x[:, 1] ** 2)
    x = (x - x.mean(0)) / x.std(0) / 2
    shuffled = torch.stack([column[torch.randperm(len(x), generator=generator)] for column in x.T], 1)
    rows, label = torch.cat([x, shuffled]), torch.cat([torch.ones(len(x), 1), torch.zeros(len(x), 1)]).double()
    data = TrainingData.split(rows, label, seed=0)
    begin = KAN([6, 1, 1], generator=generator, dtype=torch.float64)
    network = gradient(begin, data, Objective("logistic"), Gradient("lbfgs", rounds=6, follow=3)).network
    scores = edge_scores(trace(network, x))[0][0]
    print("   ".join(f"{name} {float(score):.2f}" for name, score in zip("abcdef", scores, strict=True)))
    return [float(score) for score in scores]


if __name__ == "__main__":
    main()
