"""Two moons told apart by a network with two outputs and the cross entropy."""

import torch
from sklearn.datasets import make_moons

from edgewise.pykan import KAN


def main() -> float:
    """The share of test points on the right side."""
    (x, y), (x_test, y_test) = (make_moons(500, noise=0.1, random_state=seed) for seed in (0, 1))
    names = ("train_input", "train_label", "test_input", "test_label")
    dataset = dict(zip(names, map(torch.as_tensor, (x, y, x_test, y_test)), strict=True))
    model = KAN(width=[2, 2], grid=3, k=3, seed=0, grid_range=[-1.5, 2.5])
    model.fit(dataset, opt="LBFGS", steps=10, loss_fn=torch.nn.CrossEntropyLoss())
    share = float((model(dataset["test_input"]).argmax(1) == dataset["test_label"]).double().mean())
    print(f"{100 * share:.1f} % of the test points")
    return share


if __name__ == "__main__":
    main()
