"""Five peaks learned one after the other: local splines keep what they learned."""

import torch

from edgewise.pykan import KAN

CENTRES = (-0.8, -0.4, 0.0, 0.4, 0.8)


def f(x: torch.Tensor) -> torch.Tensor:
    """Five Gaussian peaks."""
    return torch.stack([torch.exp(-((x - centre) ** 2) / 0.01) for centre in CENTRES]).sum(0)


def main() -> list[float]:
    """After all five stages, the error around each peak."""
    model = KAN(width=[1, 1], grid=200, k=3, base_fun="zero", seed=0)
    model.network[0].bias.requires_grad_(False)  # all peaks would share it
    for centre in CENTRES:
        x = torch.linspace(centre - 0.2, centre + 0.2, 300, dtype=torch.float64)[:, None]
        model.fit(
            {"train_input": x, "train_label": f(x), "test_input": x, "test_label": f(x)}, steps=10, update_grid=False
        )
    errors = []
    for centre in CENTRES:
        x = torch.linspace(centre - 0.18, centre + 0.18, 99, dtype=torch.float64)[:, None]
        with torch.no_grad():
            errors.append(float((model(x) - f(x)).abs().max()))
        print(f"around {centre:4}: largest error {errors[-1]:.1e}")
    return errors


if __name__ == "__main__":
    main()
