"""How much of the output's spread flows through each column."""

import torch

from edgewise.pykan import KAN, create_dataset


def f(x: torch.Tensor) -> torch.Tensor:
    """x1^2 + 0.3 x2 + 0.1 x3^3; the fourth column says nothing."""
    return x[:, [0]] ** 2 + 0.3 * x[:, [1]] + 0.1 * x[:, [2]] ** 3


def main() -> list[float]:
    """The scores, columns first to last."""
    dataset = create_dataset(f, n_var=4, train_num=500, test_num=500)
    model = KAN(width=[4, 1, 1], grid=3, k=3, seed=0)
    model.fit(dataset, steps=20)
    scores = [float(score) for score in model.feature_score]
    print("   ".join(f"x{place} {score:.3f}" for place, score in enumerate(scores, 1)))
    return scores


if __name__ == "__main__":
    main()
