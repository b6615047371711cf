"""A layer of functions: every input meets every sum along an edge of its own (the paper's section 3)."""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from edgewise.basis import RESIDUALS, Basis, Extrapolation, ResidualName, make_basis
from edgewise.basis.kernels import not_traced, weighted_sums
from edgewise.errors import SettingsError, ShapeError, StorageError, unknown
from edgewise.primitives import Primitive, find

from .edge import IDENTITY, Constants, Edge, apply_primitive

INITIALISATIONS = ("variance", "paper", "zero")


class KANLayer(nn.Module):
    """A drop-in for ``nn.Linear`` whose every weight is a function of one variable.

    >>> layer = KANLayer(3, 2, intervals=5, degree=3)
    >>> layer(torch.zeros(7, 4, 3)).shape
    torch.Size([7, 4, 2])

    An edge is ``w_b silu(x) + w_s spline(x)``; a node adds the edges that reach it. ``arity=(1, 1, 2)`` makes the last of
    three nodes the product of two such sums. An edge may also be *fixed* to a named primitive, or be absent.

    ``weight`` (n_in, n_basis + 1, n_sums) holds the spline's coefficients of each edge and, as its last row, w_b: one
    matrix product evaluates the layer. From outside read ``coefficients`` (n_sums, n_in, n_basis) and ``residual_weight``
    (n_sums, n_in). w_s is part of the coefficients (1) unless ``spline_weight=True`` makes it a parameter of its own.
    ``n_sums`` equals ``n_out`` unless nodes multiply.

    Source: the paper, section 3; Z. Liu et al., "KAN: Kolmogorov-Arnold networks" (2024), section 2.2.
    """

    basis: Basis
    mask: Tensor

    def __init__(
        self,
        n_in: int,
        n_out: int | None = None,
        *,
        intervals: int = 5,
        degree: int = 3,
        basis: str = "bspline",
        arity: Sequence[int] | None = None,
        low: float = -1.0,
        high: float = 1.0,
        residual: ResidualName = "silu",
        spline_weight: bool = False,
        init: str = "variance",
        extrapolation: Extrapolation = "continue",
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.arity = _check_arity(n_in, n_out, arity)
        if residual not in RESIDUALS:
            raise unknown("residual", residual, RESIDUALS)
        border = torch.ones(n_in, device=device, dtype=dtype or torch.get_default_dtype())
        self.residual: ResidualName = residual
        self.basis = make_basis(
            basis, low=low * border, high=high * border, intervals=intervals, degree=degree, extrapolation=extrapolation
        )
        self.weight = nn.Parameter(border.new_zeros(n_in, self.basis.n_basis + 1, self.n_sums))
        self.bias = nn.Parameter(border.new_zeros(self.n_sums))
        self.spline_weight = nn.Parameter(border.new_ones(self.n_sums, n_in)) if spline_weight else None
        self.register_buffer("mask", border.new_ones(self.n_sums, n_in))
        self.constants = nn.Parameter(border.new_zeros(0, 5))
        self._fixed: tuple[tuple[int, int, Primitive], ...] = ()
        self.reset_parameters(init, generator)

    @property
    def n_in(self) -> int:
        """Nodes that come in."""
        return self.basis.n_in

    @property
    def n_out(self) -> int:
        """Nodes that go out."""
        return len(self.arity)

    @property
    def n_sums(self) -> int:
        """Sums of edges: one for a node that adds, as many as its arity for a node that multiplies."""
        return sum(self.arity)

    @property
    def coefficients(self) -> Float[Tensor, "n_sums n_in n_basis"]:
        """The spline's coefficients as seen from outside (a view)."""
        return self.weight[:, :-1].permute(2, 0, 1)

    @property
    def residual_weight(self) -> Float[Tensor, "n_sums n_in"]:
        """w_b of every edge (a view)."""
        return self.weight[:, -1].T

    @torch.no_grad()
    def reset_parameters(self, init: str = "variance", generator: torch.Generator | None = None) -> None:
        """Draw new weights.

        ``"variance"`` keeps the spread of the signal: standard deviation 1 / sqrt(n_in (n_basis + 1) E[B^2]) for
        coefficients and w_b. ``"paper"``: w_b by Xavier, w_s = 1, spline near 0. ``"zero"``: all zero.
        """
        if init not in INITIALISATIONS:
            raise unknown("initialisation", init, INITIALISATIONS)
        self.bias.zero_()
        self.weight.zero_()
        if init == "variance":
            square = self.features(self.basis.points(per_interval=4)).square().mean()
            spread = 1 / math.sqrt(self.n_in * self.weight.shape[1] * float(square))
            self.weight.normal_(0, spread, generator=generator)
        elif init == "paper":
            self.weight[:, :-1].normal_(0, 0.1 / self.basis.n_basis, generator=generator)
            nn.init.xavier_uniform_(self.weight[:, -1], generator=generator)
        if self.residual == "none":
            self.weight[:, -1] = 0

    def features(self, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch n_in features"]:
        """What the weights multiply: the basis of each input and, last, the residual function of it."""
        return torch.cat([self.basis(x), RESIDUALS[self.residual].value(x).unsqueeze(-1)], -1)

    def effective_weight(self) -> Float[Tensor, "n_in features n_sums"]:
        """The weights with the mask, and with w_s where it is a parameter."""
        weight: Tensor = self.weight
        if self.spline_weight is not None:
            weight = torch.cat([weight[:, :-1] * self.spline_weight.T.unsqueeze(1), weight[:, -1:]], 1)
        return weight * self.mask.T.unsqueeze(1)

    def sums(self, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch n_sums"]:
        """The sums of edges, before nodes multiply."""
        if x.shape[-1] != self.n_in:
            raise ShapeError(f"the layer takes {self.n_in} inputs but x has {x.shape[-1]} columns.")
        weight = self.weight if self._is_whole(x) else self.effective_weight()
        sums = weighted_sums(self.basis, x, weight, RESIDUALS[self.residual], self._dense) + self.bias
        if self._fixed:
            sums = sums + self.fixed_outputs(x) @ self.fixed_targets().to(x.dtype)
        return sums

    def _is_whole(self, x: Tensor) -> bool:
        """Whether the weights need no mask and no w_s; asked only where the answer may steer the program."""
        plain = self.spline_weight is None and self.mask.device.type == "cpu"
        return plain and not_traced(x, self.weight, self.mask) and bool((self.mask == 1).all())

    def _dense(self, x: Tensor, weight: Tensor) -> Tensor:
        """One matrix product: the formula that every faster way must agree with."""
        return self.features(x).flatten(-2) @ weight.flatten(0, 1)

    def combine(self, sums: Float[Tensor, "*batch n_sums"]) -> Float[Tensor, "*batch n_out"]:
        """Nodes out of sums: each its own, or the product of its ``arity`` sums."""
        if self.n_sums == self.n_out:
            return sums
        return torch.stack([part.prod(-1) for part in torch.split(sums, list(self.arity), -1)], -1)

    def forward(self, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch n_out"]:
        """The nodes of the next layer. Raises ShapeError when the last axis of x is not n_in."""
        return self.combine(self.sums(x))

    # -- edges ---------------------------------------------------------------------------------------------------

    @property
    def fixed(self) -> tuple[tuple[int, int, Primitive], ...]:
        """(source, target, primitive) of each fixed edge, in the order of the rows of ``constants``."""
        return self._fixed

    def fixed_targets(self) -> Int[Tensor, "fixed n_sums"]:
        """One row a fixed edge, one in the column of the sum that it reaches."""
        targets = torch.tensor([target for _, target, _ in self._fixed], device=self.weight.device, dtype=torch.long)
        return functional.one_hot(targets, self.n_sums)

    def fixed_outputs(self, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch fixed"]:
        """What each fixed edge gives, evaluated in one call for each primitive."""
        outputs, row = [], 0
        for _, group in groupby(self._fixed, key=lambda edge: edge[2].name):
            edges = list(group)
            inputs = x[..., [source for source, _, _ in edges]]
            outputs.append(apply_primitive(edges[0][2], inputs, self.constants[row : row + len(edges)].T))
            row += len(edges)
        return torch.cat(outputs, -1)

    def edge(self, source: int, target: int) -> Edge:
        """The edge from input ``source`` to sum ``target`` as a value."""
        self._check_edge(source, target)
        for row, (s, t, primitive) in enumerate(self._fixed):
            if (s, t) == (source, target):
                return Edge(self, source, target, "fixed", primitive, Constants(*self.constants[row].tolist()))
        return Edge(self, source, target, "spline" if self.mask[target, source] else "absent")

    @torch.no_grad()
    def set_edge(
        self,
        source: int,
        target: int,
        function: Primitive | str | Tensor | None,
        constants: Constants | Sequence[float] = IDENTITY,
    ) -> None:
        """Make an edge a primitive (with its constants), a spline (weights of shape (n_basis + 1,)), or absent (None).

        ``constants`` is then a new parameter: make optimisers afterwards. Raises ShapeError for an edge or weights that
        do not fit, SettingsError for constants that are not finite.
        """
        self._check_edge(source, target)
        if isinstance(function, Tensor) and function.shape != self.weight.shape[1:2]:
            raise ShapeError(f"a spline here has {self.weight.shape[1]} weights, got shape {tuple(function.shape)}.")
        if not all(math.isfinite(value) for value in constants):
            raise SettingsError(f"the constants of an edge must be finite, got {tuple(constants)}.")
        primitive = find(function) if isinstance(function, str) else function
        rows = {(s, t): (p, self.constants[row]) for row, (s, t, p) in enumerate(self._fixed)}
        rows.pop((source, target), None)
        self.mask[target, source] = 0
        self.weight[source, :, target] = 0
        if isinstance(primitive, Tensor):
            self.mask[target, source] = 1
            self.weight[source, :, target] = primitive.to(self.weight)
            if self.spline_weight is not None:
                self.spline_weight[target, source] = 1
        elif primitive is not None:
            rows[source, target] = (primitive, self.weight.new_tensor(Constants(*constants)))
        self._set_fixed(rows)

    def _set_fixed(self, rows: Mapping[tuple[int, int], tuple[Primitive, Tensor]]) -> None:
        ordered = sorted(rows.items(), key=lambda row: (row[1][0].name, row[0]))
        self._fixed = tuple((source, target, primitive) for (source, target), (primitive, _) in ordered)
        numbers = [numbers for _, (_, numbers) in ordered]
        self.constants = nn.Parameter(
            torch.stack(numbers) if numbers else self.weight.new_zeros(0, 5), self.constants.requires_grad
        )

    def _check_edge(self, source: int, target: int) -> None:
        if not (0 <= source < self.n_in and 0 <= target < self.n_sums):
            raise ShapeError(
                f"there is no edge {source}->{target}: sources run from 0 to {self.n_in - 1}, targets to {self.n_sums - 1}."
            )

    def on_basis(self, basis: Basis, weight: Tensor | None = None) -> "KANLayer":
        """A new layer with the same nodes, mask and fixed edges on another basis; zero weights unless given."""
        kind: dict[str, Any] = {"residual": self.residual, "init": "zero", "dtype": self.weight.dtype}
        copy = KANLayer(self.n_in, arity=self.arity, spline_weight=self.spline_weight is not None, **kind)
        copy.to(self.weight.device)
        copy.basis = basis
        copy.weight = nn.Parameter(self.weight.new_zeros(self.n_in, basis.n_basis + 1, self.n_sums))
        copy.mask.copy_(self.mask)
        copy._set_fixed({(s, t): (p, row.detach()) for (s, t, p), row in zip(self._fixed, self.constants, strict=True)})
        with torch.no_grad():
            copy.bias.copy_(self.bias)
            if weight is not None:
                copy.weight.copy_(weight)
            if copy.spline_weight is not None and self.spline_weight is not None:
                copy.spline_weight.copy_(self.spline_weight)
        return copy.frozen_like(self)

    def frozen_like(self, other: "KANLayer") -> "KANLayer":
        """This layer, with its parameters trainable or not as those of ``other`` are."""
        for name, parameter in other.named_parameters():
            getattr(self, name).requires_grad_(parameter.requires_grad)
        return self

    # -- storage ---------------------------------------------------------------------------------------------------

    def fixed_names(self) -> list[tuple[int, int, str]]:
        """(source, target, name) of each fixed edge."""
        return [(source, target, primitive.name) for source, target, primitive in self._fixed]

    def get_extra_state(self) -> dict[str, Any]:
        """What the numbers mean travels with them: without it the same state would be another function."""
        return {"fixed": self.fixed_names(), **self._structure()}

    def set_extra_state(self, state: Any) -> None:
        """Take the names of the fixed edges back; a primitive of the user's own must be fixed before loading.

        Raises StorageError when the state is of a layer with other nodes, residual or basis.
        """
        for name, own in self._structure().items():
            if state.get(name) != own:
                raise StorageError(f"the state is of a layer with {name} {state.get(name)}, but this one has {own}.")
        known = {primitive.name: primitive for _, _, primitive in self._fixed}
        self._fixed = tuple((int(source), int(target), find(name, known)) for source, target, name in state["fixed"])

    def _structure(self) -> dict[str, Any]:
        return {"arity": self.arity, "residual": self.residual, "basis": self.basis.settings()}

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        numbers = state_dict.get(prefix + "constants")
        if numbers is not None and numbers.shape != self.constants.shape:
            if prefix + "_extra_state" not in state_dict:
                raise StorageError(
                    "the state has fixed edges but not their names; save it with state_dict() of this layer."
                )
            self.constants = nn.Parameter(torch.zeros_like(numbers, device=self.weight.device))
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def extra_repr(self) -> str:
        """For ``print(network)``."""
        nodes = f", arity={self.arity}" if self.n_sums != self.n_out else ""
        return f"n_in={self.n_in}, n_out={self.n_out}{nodes}, fixed={len(self._fixed)}"


def _check_arity(n_in: int, n_out: int | None, arity: Sequence[int] | None) -> tuple[int, ...]:
    if n_in < 1:
        raise SettingsError(f"a layer needs an input at least, got n_in={n_in}.")
    if arity is None:
        if n_out is None or n_out < 1:
            raise SettingsError(f"a layer needs an output at least, got n_out={n_out}.")
        return (1,) * n_out
    if not arity or min(arity) < 1:
        raise SettingsError(f"each node takes the product of 1 sum or more, got arity={tuple(arity)}.")
    if n_out is not None and n_out != len(arity):
        raise ShapeError(f"n_out={n_out} but arity names {len(arity)} nodes: {tuple(arity)}.")
    return tuple(int(a) for a in arity)
