"""The Lagrangian of a pendulum from accelerations: L = a(q) + b(q'), two edges, their equations solved for q''."""

import torch

from edgewise.nn import KAN


def acceleration(network: torch.nn.Module, state: torch.Tensor) -> torch.Tensor:
    """Euler and Lagrange: (dL/dq - q' d2L/dq dq') / d2L/dq'^2 at states (rows, 2)."""
    (slope,) = torch.autograd.grad(network(state).sum(), state, create_graph=True)
    (bend,) = torch.autograd.grad(slope[:, 1].sum(), state, create_graph=True)
    return (slope[:, 0] - state[:, 1] * bend[:, 0]) / bend[:, 1]


def main() -> float:
    """The rmse of the accelerations on fresh states; the truth is q'' = -sin q."""
    generator = torch.Generator().manual_seed(0)
    states = [2 * torch.rand(300, 2, generator=generator, dtype=torch.float64) - 1 for _ in range(2)]
    state, fresh = (part.requires_grad_() for part in states)
    network = KAN([2, 1], degree=4, generator=generator, dtype=torch.float64)
    with torch.no_grad():  # begin where kinetic energy is v^2/2: a Lagrangian without it has no accelerations
        points = network[0].basis.points(per_interval=10)[:, 1]
        design = network[0].basis(points[:, None].expand(-1, 2))[:, 1]
        kinetic = torch.linalg.lstsq(design, (points**2 / 2)[:, None], driver="gelsd").solution[:, 0]
        network[0].set_edge(1, 0, torch.cat([kinetic, kinetic.new_zeros(1)]))
    optimiser = torch.optim.LBFGS(network.parameters(), max_iter=200, line_search_fn="strong_wolfe", history_size=50)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = (acceleration(network, state) + torch.sin(state[:, 0])).square().mean()
        loss.backward()
        return loss

    optimiser.step(closure)
    missed = (acceleration(network, fresh) + torch.sin(fresh[:, 0])).detach()
    error = float(missed.square().mean().sqrt())
    print(f"rmse of the acceleration {error:.1e}")
    return error


if __name__ == "__main__":
    main()
