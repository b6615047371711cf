"""Many networks of one shape, trained as one program.

The restarts lie along a leading axis. A basis of ``n_in`` inputs for R restarts is a basis of ``R * n_in`` inputs, so
each restart keeps knots of its own; everything else is a batched matrix product.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from edgewise.basis import RESIDUALS, Basis, transfer
from edgewise.errors import SettingsError
from edgewise.nn import KAN, KANLayer, Shaping
from edgewise.primitives import Primitive

Rows = Float[Tensor, "starts rows n_in"]


@dataclass
class LayerStack:
    """One layer of R networks: ``weight`` (R, n_in, features, n_sums), ``constants`` (R, fixed, 5), ``bias`` (R, n_sums)."""

    template: KANLayer
    basis: Basis
    weight: Tensor
    constants: Tensor
    bias: Tensor

    @classmethod
    def of(cls, layers: list[KANLayer]) -> "LayerStack":
        """The same layer of several networks."""
        first = layers[0]
        graph = _graph(first)
        if any(_graph(layer) != graph for layer in layers[1:]):
            raise SettingsError(
                "networks side by side must be alike in nodes, basis, residual function, absent edges and fixed edges."
            )
        if first.spline_weight is not None:
            raise SettingsError(
                "Levenberg-Marquardt trains layers without a spline_weight of their own (it adds nothing to them)."
            )
        return cls(
            first,
            first.basis.with_knots(torch.cat([layer.basis.knots for layer in layers])),
            torch.stack([layer.effective_weight().detach() for layer in layers]),
            torch.stack([layer.constants.detach() for layer in layers]),
            torch.stack([layer.bias.detach() for layer in layers]),
        )

    def unstack(self, start: int) -> KANLayer:
        """The layer of one restart, as a module of its own."""
        n_in = self.template.n_in
        layer = self.template.on_basis(self.basis.with_knots(self.basis.knots[start * n_in : (start + 1) * n_in]))
        with torch.no_grad():
            layer.weight.copy_(self.weight[start])
            layer.constants.copy_(self.constants[start])
            layer.bias.copy_(self.bias[start])
        return layer

    @property
    def starts(self) -> int:
        """How many networks lie in the stack."""
        return self.weight.shape[0]

    def features(self, x: Rows) -> tuple[Tensor, Tensor]:
        """Features and their slopes, each (R, rows, n_in, features)."""
        starts, rows, n_in = x.shape
        folded = x.transpose(0, 1).reshape(rows, starts * n_in).contiguous()
        values, slopes = self.basis.values_and_slopes(folded)
        residual = RESIDUALS[self.template.residual]
        values = torch.cat([values, residual.value(folded).unsqueeze(-1)], -1)
        slopes = torch.cat([slopes, residual.slope(folded).unsqueeze(-1)], -1)
        shape = (rows, starts, n_in, values.shape[-1])
        return values.view(shape).transpose(0, 1), slopes.view(shape).transpose(0, 1)

    def sums(self, features: Tensor, x: Rows) -> Float[Tensor, "starts rows n_sums"]:
        """The sums of edges (R, rows, n_sums)."""
        sums = torch.baddbmm(self.bias.unsqueeze(1), features.flatten(2), self.weight.flatten(1, 2))
        if self.template.fixed:
            sums = sums + self.fixed_parts(x)[0] @ self.template.fixed_targets().to(x)
        return sums

    def fixed_parts(self, x: Rows) -> tuple[Tensor, Tensor, Tensor]:
        """Of each fixed edge: output (R, rows, fixed), its slope in x, and its slopes in the five constants (..., 5)."""
        parts = [_fixed_edge(p, x[..., s], self.constants[:, row]) for row, (s, _, p) in enumerate(self.template.fixed)]
        outputs, slopes, by_constant = zip(*parts, strict=True)
        return torch.stack(outputs, -1), torch.stack(slopes, -1), torch.stack(by_constant, -2)

    def move(self, basis: Basis, where: Tensor | None = None) -> None:
        """Take another basis with the functions kept; ``where`` (R,) names the restarts that move."""
        if where is not None:
            chosen = where.repeat_interleave(self.template.n_in)[:, None]
            basis = basis.with_knots(torch.where(chosen, basis.knots, self.basis.knots))
        matrix = transfer(self.basis, basis).unflatten(0, (self.starts, self.template.n_in))
        moved = matrix @ self.weight[:, :, :-1]
        if where is not None:
            moved = torch.where(where[:, None, None, None], moved, self.weight[:, :, :-1])
        self.weight = torch.cat([moved, self.weight[:, :, -1:]], 2)
        self.basis = basis


def _graph(layer: KANLayer) -> tuple[object, ...]:
    """What layers of one stack have in common: all but numbers and knots."""
    return layer.n_in, layer.arity, layer.residual, layer.basis.settings(), layer.mask.tolist(), layer.fixed_names()


def _fixed_edge(primitive: Primitive, x: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    a, b, c, d, p = constants.T.unsqueeze(-1)
    inner = a * x + b
    with torch.enable_grad():
        inner_leaf, p_leaf = inner.detach().requires_grad_(), p.expand_as(inner).detach().requires_grad_()
        f = primitive("torch", inner_leaf, p_leaf) if primitive.exponent else primitive("torch", inner_leaf)
        leaves = (inner_leaf, p_leaf)
        grads = torch.autograd.grad(f.sum(), leaves, allow_unused=True) if f.requires_grad else (None, None)
    slope, by_exponent = (torch.zeros_like(inner) if g is None else g for g in grads)
    f = f.detach()
    by_constant = torch.stack([c * slope * x, c * slope, f, torch.ones_like(f), c * by_exponent], -1)
    return c * f + d, c * slope * a, by_constant


@dataclass
class Stack:
    """R networks of one shape; with ``shaping`` their weights stay within what that allows."""

    layers: list[LayerStack]
    shaping: Shaping | None = None

    @classmethod
    def of(cls, networks: list[KAN], shaping: Shaping | None = None) -> "Stack":
        """Networks of the same shape, pieces, mask and fixed edges, side by side.

        Raises SettingsError where there is none, where they differ, or where one has a ``spline_weight``.
        """
        if not networks or any(len(network) != len(networks[0]) for network in networks):
            raise SettingsError(f"a stack needs networks of as many layers, got {[len(n) for n in networks]}.")
        layers = [LayerStack.of([network[number] for network in networks]) for number in range(len(networks[0]))]
        return cls(layers, shaping)

    def unstack(self, start: int) -> KAN:
        """One of them, as a network of its own."""
        return KAN.of([layer.unstack(start) for layer in self.layers])

    def take(self, starts: list[int]) -> "Stack":
        """Some of them."""
        return Stack.of([self.unstack(start) for start in starts], self.shaping)

    def put(self, starts: list[int], trained: "Stack") -> None:
        """Take weights and constants back from what `take` gave."""
        for layer, part in zip(self.layers, trained.layers, strict=True):
            layer.weight, layer.constants = layer.weight.clone(), layer.constants.clone()
            layer.weight[starts], layer.constants[starts] = part.weight, part.constants

    @property
    def starts(self) -> int:
        """How many."""
        return self.layers[0].starts

    @property
    def copies(self) -> int:
        """How many networks with the same weights lie side by side in each, for the sake of a shape."""
        return 1 if self.shaping is None else self.shaping.copies(len(self.layers))

    def activations(self, x: Float[Tensor, "rows n_in"]) -> list[Float[Tensor, "starts rows _"]]:
        """What enters each layer, and last what comes out: (R, rows, nodes) each."""
        flow = x.unsqueeze(0).expand(self.starts, -1, -1)
        all_flows = [flow]
        for layer in self.layers:
            flow = layer.template.combine(layer.sums(layer.features(flow)[0], flow))
            all_flows.append(flow)
        return all_flows

    def errors(
        self,
        x: Float[Tensor, "rows n_in"],
        y: Float[Tensor, "rows n_out"],
        weights: Float[Tensor, " rows"] | None = None,
    ) -> Float[Tensor, " starts"]:
        """Root mean squared error of each restart, rows weighed by ``weights``."""
        squares = (self.activations(x)[-1] - y).square()
        if weights is None:
            return squares.mean((1, 2)).sqrt()
        return ((squares.mean(2) @ weights) / weights.sum()).sqrt()
