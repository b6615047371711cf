"""KANLayer where a Linear stood: any torch optimiser, any other modules around it."""

import torch
from torch import nn

from edgewise.nn import KANLayer


def main(steps: int = 200) -> None:
    """Fit two moons of points apart with a small mixed network."""
    x, label = moons(400)
    model = nn.Sequential(KANLayer(2, 6, generator=torch.Generator().manual_seed(0)), nn.LayerNorm(6), KANLayer(6, 2))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(steps):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(x), label).backward()
        optimiser.step()
    right = (model(x).argmax(1) == label).float().mean()
    print(f"{right:.1%} of the points on the right side")


def moons(rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two half circles that reach into each other: points (rows, 2) and labels (rows,)."""
    generator = torch.Generator().manual_seed(1)
    angle = torch.pi * torch.rand(rows, generator=generator)
    label = torch.arange(rows) % 2
    sign = 1.0 - 2.0 * label
    x = torch.stack([sign * angle.cos() + 0.5 * label, sign * angle.sin() - 0.25 + 0.5 * label], 1) / 1.5
    return x + 0.05 * torch.randn(rows, 2, generator=generator), label


if __name__ == "__main__":
    main()
