"""Encouraging linearity: a residual branch x and a penalty on bends leave straight edges straight."""

import torch

from edgewise.pykan import KAN, create_dataset


def f(x: torch.Tensor) -> torch.Tensor:
    """3 x + exp(y)."""
    return 3 * x[:, [0]] + torch.exp(x[:, [1]])


def main() -> tuple[float, float]:
    """How far each edge is from the straight line through it, over its spread."""
    dataset = create_dataset(f, n_var=2, train_num=300, test_num=300)
    model = KAN(width=[2, 1], grid=5, k=3, base_fun="identity", seed=0)
    model.fit(dataset, steps=30, lamb=1e-4, lamb_l1=0.0, lamb_entropy=0.0, lamb_coefdiff=1.0)
    bends = []
    for source in range(2):
        x, y = (torch.as_tensor(part).flatten() for part in model.get_fun(0, source, 0))
        line = torch.stack([x, torch.ones_like(x)], 1)
        missed = y - line @ torch.linalg.lstsq(line, y[:, None], driver="gelsd").solution[:, 0]
        bends.append(float(missed.std() / y.std()))
    print(f"bend of x: {bends[0]:.1e}, of y: {bends[1]:.1e}")
    return bends[0], bends[1]


if __name__ == "__main__":
    main()
