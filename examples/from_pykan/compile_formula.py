"""What is known becomes the network to start from: a formula is compiled, and data correct its constants."""

import sympy
import torch

from edgewise.pykan import create_dataset, kanpiler


def main() -> tuple[float, float]:
    """The error before (the spring's constant is guessed as 1) and after fitting."""
    m, v, u = sympy.symbols("m v u")
    dataset = create_dataset(lambda x: x[:, [0]] * x[:, [1]] ** 2 / 2 + 1.7 * x[:, [2]] ** 2, n_var=3, ranges=(0.5, 2))
    model = kanpiler((m, v, u), m * v**2 / 2 + u**2)
    with torch.no_grad():
        before = float((model(dataset["test_input"]) - dataset["test_label"]).square().mean().sqrt())
    after = model.fit(dataset, steps=20)["test_loss"][-1]
    print(f"test rmse {before:.2f} as compiled, {after:.1e} after fitting")
    return before, after


if __name__ == "__main__":
    main()
