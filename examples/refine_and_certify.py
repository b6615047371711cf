"""Can this graph hold the function? The rate at which the error falls answers.

A network that can represent the function gains a factor of about 2**(degree + 1) when its pieces double, so the rate
comes near degree + 1 = 4; one that cannot gains next to nothing. The data here is sin(3 (a + b)): one hidden node
is enough, none is too few.
"""

import torch

from edgewise.nn import KAN
from edgewise.train import Levenberg, TrainingData, levenberg


def main() -> None:
    """Train two shapes through the same stages and compare."""
    x = 2 * torch.rand(400, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 1
    data = TrainingData.split(x, torch.sin(3 * x.sum(1, keepdim=True)), held_out=0.2)
    for shape in ([2, 1], [2, 1, 1]):
        history = levenberg(KAN(shape), data, Levenberg(restarts=4, intervals=(3, 6, 12, 24))).history
        print(f"{shape}   rate {history.rate:.1f}")
        for stage in history.stages:
            print(f"   {stage.intervals:3} pieces   held-out rmse {stage.held_out_rmse:.1e}")


if __name__ == "__main__":
    main()
