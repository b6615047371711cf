"""Poisson's equation u'' = -pi^2 sin(pi x) on [-1, 1] with u = 0 at both ends, from the equation alone."""

import math

import torch

from edgewise.nn import KAN


def main() -> float:
    """The largest error of the solution."""
    network = KAN([1, 1], degree=5, intervals=10, residual="none", dtype=torch.float64)
    x = torch.linspace(-1, 1, 60, dtype=torch.float64)[:, None].requires_grad_()
    ends = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)
    optimiser = torch.optim.LBFGS(network.parameters(), max_iter=300, line_search_fn="strong_wolfe", history_size=50)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        (slope,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
        (bend,) = torch.autograd.grad(slope.sum(), x, create_graph=True)
        inside = (bend + math.pi**2 * torch.sin(math.pi * x)).square().mean()
        loss = 1e-3 * inside + network(ends).square().mean()
        loss.backward()
        return loss

    optimiser.step(closure)
    with torch.no_grad():
        error = float((network(x) - torch.sin(math.pi * x)).abs().max())
    print(f"largest error {error:.1e}")
    return error


if __name__ == "__main__":
    main()
