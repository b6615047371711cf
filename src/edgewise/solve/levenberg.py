"""Levenberg-Marquardt for many starts at once.

Each start has its own damping, and one program moves them all. The damping follows Nielsen's rule: it falls
smoothly with the gain ratio (how much of the promised decrease came true) and doubles its factor at each refusal
(H. B. Nielsen, "Damping parameter in Marquardt's method", IMM-REP-1999-05, 1999).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.autograd import forward_ad

from edgewise.errors import TrainingError

from .curvature import Curvature, Dense

GUESSES = 20  # at which parameters a step leads to their least values
RESTING = 1e16  # of the largest damping: that of a parameter that is to stay


@runtime_checkable
class LeastSquares(Protocol):
    """A sum of squares to be made small, seen from R starts with P parameters each."""

    def loss(self, theta: Float[Tensor, "starts parameters"]) -> Float[Tensor, " starts"]:
        """Half the mean squared residual."""
        ...

    def normal_equations(self, theta: Float[Tensor, "starts parameters"]) -> tuple[Tensor, Tensor, Tensor | Curvature]:
        """The loss (R,), its gradient J'r / N (R, P) and the curvature J'J / N (R, P, P), or what solves with it."""
        ...


@dataclass(frozen=True)
class Solution:
    """Where Levenberg-Marquardt ended: ``theta`` (R, P), ``loss`` (R,), which starts ``converged`` (R,), steps taken."""

    theta: Tensor
    loss: Tensor
    converged: Tensor
    steps: int


class Residuals:
    """The least squares of a callable: theta (R, P) -> residuals (R, N), its Jacobian by automatic differentiation."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        self.function = function

    def loss(self, theta: Float[Tensor, "starts parameters"]) -> Float[Tensor, " starts"]:
        """Half the mean squared residual."""
        with torch.no_grad():
            return self.function(theta).square().mean(-1) / 2

    def normal_equations(self, theta: Float[Tensor, "starts parameters"]) -> tuple[Tensor, Tensor, Tensor]:
        """Loss, gradient and curvature; a start's residuals depend on its own parameters alone."""
        eye = torch.eye(theta.shape[1], dtype=theta.dtype, device=theta.device)
        jacobian = torch.stack([self._slope(theta, direction) for direction in eye], -1)
        residuals = self.function(theta).detach()
        n = residuals.shape[-1]
        gradient = (jacobian.mT @ residuals.unsqueeze(-1)).squeeze(-1) / n
        return residuals.square().mean(-1) / 2, gradient, jacobian.mT @ jacobian / n

    def _slope(self, theta: Tensor, direction: Tensor) -> Tensor:
        """How the residuals of every start change along one direction: (R, N)."""
        with forward_ad.dual_level():
            dual = forward_ad.make_dual(theta.detach(), direction.expand_as(theta).contiguous())
            tangent = forward_ad.unpack_dual(self.function(dual)).tangent
        return torch.zeros_like(self.function(theta)) if tangent is None else tangent.detach()


@dataclass
class _State:
    """The damped walk: one row a start."""

    theta: Tensor
    loss: Tensor
    gradient: Tensor
    curvature: Any
    damping: Tensor
    factor: Tensor
    quiet: Tensor  # steps in a row that brought next to nothing
    lower: Tensor  # what each parameter is at least


def levenberg_marquardt(
    problem: LeastSquares,
    start: Float[Tensor, "starts parameters"],
    *,
    steps: int = 100,
    tolerance: float = 1e-6,
    patience: int = 3,
    floor: float = 0.0,
    stop: Callable[[], bool] | None = None,
    lower: Float[Tensor, " parameters"] | None = None,
) -> Solution:
    """Make the loss of each start small.

    A start has converged when ``patience`` steps in a row lowered its loss by less than the share ``tolerance``, or
    when the loss is at most ``floor``. ``stop()`` is asked before each step (a time budget, say). A step that is not
    finite is refused and damped. No parameter goes below ``lower``: each step is the best damped one above it (M. Hintermueller,
    K. Ito, K. Kunisch, "The primal-dual active set strategy as a semismooth Newton method", SIAM J. Optim. 13, 2002); the
    curvature must then be a matrix. Raises TrainingError when no start is finite to begin with.
    """
    if not start.shape[-1]:
        loss = problem.loss(start)
        return Solution(start, loss, torch.ones_like(loss, dtype=torch.bool), 0)  # nothing can move
    least = torch.full_like(start[0], -torch.inf) if lower is None else lower
    state = _begin(problem, torch.maximum(start, least), least)
    taken = 0
    while taken < steps:
        active = (state.quiet < patience) & (state.loss > floor)
        if not bool(active.any()) or (stop is not None and stop()):
            break
        _step(problem, state, active, tolerance)
        taken += 1
    converged = state.loss.isfinite() & ((state.quiet >= patience) | (state.loss <= floor))
    return Solution(state.theta, state.loss, converged, taken)


def _begin(problem: LeastSquares, start: Tensor, lower: Tensor) -> _State:
    loss, gradient, curvature = _equations(problem, start)
    finite = loss.isfinite() & gradient.isfinite().all(-1)
    if not bool(finite.any()):
        raise TrainingError(
            f"none of the {len(start)} starts has a finite loss. Look for huge values or poles inside the data's range."
        )
    loss = torch.where(finite, loss, torch.inf)
    quiet = torch.where(finite, 0, 10**9)
    damping, factor = torch.full_like(loss, 1e-2), torch.full_like(loss, 2.0)
    return _State(start.clone(), loss, gradient, curvature, damping, factor, quiet, lower)


def _step(problem: LeastSquares, state: _State, active: Bool[Tensor, " starts"], tolerance: float) -> None:
    diagonal = state.curvature.diagonal()
    scale = diagonal + 1e-10 * diagonal.amax(-1, keepdim=True) + torch.finfo(diagonal.dtype).tiny
    step, promised = _proposal(state, state.damping[:, None] * scale)
    trial = state.theta - step
    loss = problem.loss(trial)
    gain = (state.loss - loss) / promised
    better = active & loss.isfinite() & (loss < state.loss)
    worth = (state.loss - loss) > tolerance * state.loss
    stuck = active & ~better & (state.damping > 1e12)
    state.quiet = torch.where(active & better, torch.where(worth, 0, state.quiet + 1), state.quiet)
    state.quiet = torch.where(
        stuck | (active & ~better & (promised <= tolerance * state.loss)), state.quiet + 1, state.quiet
    )
    state.damping = torch.where(
        better,
        state.damping * torch.clamp(1 - (2 * gain - 1) ** 3, 1 / 5, 2.0),
        torch.where(active, state.damping * state.factor, state.damping),
    ).clamp(1e-16, 1e16)
    state.factor = torch.where(better, 2.0, torch.where(active, state.factor * 2, state.factor)).clamp_max(1e6)
    if bool(better.any()):
        state.theta = torch.where(better[:, None], trial, state.theta)
        _refresh(problem, state, better)


def _proposal(state: _State, damping: Tensor) -> tuple[Tensor, Tensor]:
    """The damped step, and how much less the loss is to be after it."""
    if bool((state.lower == -torch.inf).all()):
        step = state.curvature.solve(damping, state.gradient)
        return step, (step * (state.gradient + damping * step)).sum(-1) / 2
    step = _bounded(state, damping)
    return step, (step * (state.gradient - (state.curvature.matrix @ step.unsqueeze(-1)).squeeze(-1) / 2)).sum(-1)


def _bounded(state: _State, damping: Tensor) -> Tensor:
    """The best damped step that leaves every parameter at its least value or above: which of them end there is guessed, and
    guessed anew by the forces on them, until the guess holds."""
    room = state.theta - state.lower
    ending = (room <= 0) & (state.gradient > 0)
    step = torch.zeros_like(room)
    for _ in range(GUESSES):
        fixed = torch.where(ending, room, 0.0)
        left = state.gradient - (state.curvature.matrix @ fixed.unsqueeze(-1)).squeeze(-1)
        held = torch.where(ending, RESTING * damping.amax(-1, keepdim=True), damping)
        step = torch.where(ending, fixed, state.curvature.solve(held, torch.where(ending, 0.0, left)))
        force = left - damping * step - (state.curvature.matrix @ (step - fixed).unsqueeze(-1)).squeeze(-1)
        guess = torch.where(ending, force > 0, step > room)
        if bool((guess == ending).all()):
            break
        ending = guess
    return torch.minimum(step, room)


def _refresh(problem: LeastSquares, state: _State, moved: Tensor) -> None:
    loss, gradient, curvature = _equations(problem, state.theta)
    state.loss = torch.where(moved, loss, state.loss)
    state.gradient = torch.where(moved[:, None], gradient, state.gradient)
    state.curvature = state.curvature.replaced(moved, curvature)


def _equations(problem: LeastSquares, theta: Tensor) -> tuple[Tensor, Tensor, Curvature]:
    loss, gradient, curvature = problem.normal_equations(theta)
    return loss, gradient, Dense(curvature) if isinstance(curvature, Tensor) else curvature
