"""The curvature of least squares, and how to solve with it damped: as a matrix, or by the rows where these are fewer.

With P parameters and n rows, n < P, the damped step (J'J + M) s = g needs no P x P matrix: by the identity of Woodbury

    s = M^-1 g - M^-1 J' (1 + J M^-1 J')^-1 J M^-1 g

where M (damping and penalty) falls into small blocks. Source: N. Higham, *Accuracy and Stability of Numerical Algorithms*,
2002, problem 26.2 for the identity; the same step as by the matrix, to rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@runtime_checkable
class Curvature(Protocol):
    """What Levenberg-Marquardt asks of J'J (+ a penalty), for R starts at once."""

    def diagonal(self) -> Float[Tensor, "starts parameters"]:
        """Its diagonal."""
        ...

    def solve(
        self, damping: Float[Tensor, "starts parameters"], right: Float[Tensor, "starts parameters"]
    ) -> Float[Tensor, "starts parameters"]:
        """(curvature + diag(damping))^-1 right; not a number where that has no Cholesky factor."""
        ...

    def replaced(self, moved: Bool[Tensor, " starts"], fresh: Any) -> Any:
        """``fresh`` where a start has moved."""
        ...


@dataclass(frozen=True)
class Dense:
    """The matrix itself, (R, P, P)."""

    matrix: Float[Tensor, "starts parameters parameters"]

    def diagonal(self) -> Tensor:
        """Its diagonal."""
        return self.matrix.diagonal(dim1=-2, dim2=-1)

    def solve(self, damping: Tensor, right: Tensor) -> Tensor:
        """By Cholesky."""
        return _solve(self.matrix + torch.diag_embed(damping), right.unsqueeze(-1)).squeeze(-1)

    def replaced(self, moved: Tensor, fresh: "Dense") -> "Dense":
        """``fresh`` where a start has moved."""
        return Dense(torch.where(moved[:, None, None], fresh.matrix, self.matrix))


@dataclass(frozen=True)
class Blocks:
    """Part of a block-diagonal penalty: ``matrix`` (R or 1, blocks, F, F) on the parameters ``places`` (blocks, F).

    A place that equals the number of parameters is none.
    """

    places: Int[Tensor, "blocks entries"]
    matrix: Float[Tensor, "some blocks entries entries"]

    def times(self, vector: Float[Tensor, "starts parameters"]) -> Float[Tensor, "starts parameters"]:
        """The penalty's matrix times a vector."""
        inside = (self.matrix @ self._taken(vector.unsqueeze(1))).squeeze(-1)
        return self._put(torch.zeros_like(vector).unsqueeze(1), inside.unsqueeze(-1)).squeeze(1)

    def diagonal(self, like: Float[Tensor, "starts parameters"]) -> Float[Tensor, "starts parameters"]:
        """The diagonal, 0 where there is no block."""
        entries = self.matrix.diagonal(dim1=-2, dim2=-1).expand(len(like), -1, -1)
        return self._put(torch.zeros_like(like).unsqueeze(1), entries.unsqueeze(-1)).squeeze(1)

    def solve_into(
        self,
        answers: Float[Tensor, "starts lines parameters"],
        damping: Float[Tensor, "starts parameters"],
        lines: Float[Tensor, "starts lines parameters"],
    ) -> Float[Tensor, "starts lines parameters"]:
        """The answers, with (penalty + diag(damping))^-1 of each line on the parameters of the blocks."""
        padded = torch.cat([damping, torch.ones_like(damping[:, :1])], 1)
        return self._put(answers, _solve(self.matrix + torch.diag_embed(padded[:, self.places]), self._taken(lines)))

    def _taken(self, lines: Tensor) -> Tensor:
        """(R, lines, P) -> (R, blocks, F, lines)."""
        padded = torch.cat([lines, torch.zeros_like(lines[..., :1])], -1)
        return padded[..., self.places].permute(0, 2, 3, 1)

    def _put(self, lines: Tensor, inside: Tensor) -> Tensor:
        """The way back, over what is in ``lines``."""
        padded = torch.cat([lines, torch.zeros_like(lines[..., :1])], -1)
        padded[..., self.places] = inside.permute(0, 3, 1, 2)
        return padded[..., :-1]


@dataclass(frozen=True)
class Rows:
    """J'J + penalty by its factors: ``jacobian`` (R, n, P), with n below P."""

    jacobian: Float[Tensor, "starts rows parameters"]
    penalty: Sequence[Blocks] = ()

    def diagonal(self) -> Tensor:
        """The squares of each column, and the penalty's diagonal."""
        squares = self.jacobian.square().sum(1)
        return squares + sum((blocks.diagonal(squares) for blocks in self.penalty), torch.zeros_like(squares))

    def solve(self, damping: Tensor, right: Tensor) -> Tensor:
        """By the identity above."""
        lines = torch.cat([self.jacobian, right.unsqueeze(1)], 1)
        answers = lines / damping.unsqueeze(1)
        for blocks in self.penalty:
            answers = blocks.solve_into(answers, damping, lines)
        by_rows, plain = answers[:, :-1], answers[:, -1:].mT
        inner = self.jacobian @ by_rows.mT + torch.eye(self.jacobian.shape[1], dtype=right.dtype, device=right.device)
        return (plain - by_rows.mT @ _solve(inner, self.jacobian @ plain)).squeeze(-1)

    def replaced(self, moved: Tensor, fresh: "Rows") -> "Rows":
        """``fresh`` where a start has moved."""
        return Rows(torch.where(moved[:, None, None], fresh.jacobian, self.jacobian), self.penalty)


def _solve(matrix: Tensor, right: Tensor) -> Tensor:
    """By Cholesky; where a matrix is not positive definite the answer is not a number, and so refused."""
    factor, info = torch.linalg.cholesky_ex(matrix)
    return torch.where((info == 0)[..., None, None], torch.cholesky_solve(right, factor), torch.nan)
