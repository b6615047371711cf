"""Fit a function with ever finer grids: the error falls with the fourth power of the pieces."""

import math

import torch

from edgewise.pykan import KAN, create_dataset


def f(x: torch.Tensor) -> torch.Tensor:
    """exp(sin(pi x) + y^2)."""
    return torch.exp(torch.sin(math.pi * x[:, [0]]) + x[:, [1]] ** 2)


def main() -> list[float]:
    """The test errors, a grid each."""
    dataset = create_dataset(f, n_var=2, train_num=600, test_num=600)
    model, errors = KAN(width=[2, 1, 1], grid=3, k=3, seed=0), []
    for grid in (3, 6, 12):
        model = model.refine(grid)
        errors.append(model.fit(dataset, opt="LBFGS", steps=15)["test_loss"][-1])
        print(f"grid {grid:2}   test rmse {errors[-1]:.1e}")
    return errors


if __name__ == "__main__":
    main()
