"""The normal equations of a stack of networks, by the analytic Jacobian of each layer.

The output's derivative with respect to a weight is (what the weight multiplies) x (the output's derivative with respect
to the sum that it feeds). The second factor is carried backwards from layer to layer; no graph is recorded.
"""

from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from .differences import penalty_matrix
from .stack import LayerStack, Stack

MEMORY = 256e6  # bytes that one block of the Jacobian may take


class StackLeastSquares:
    """The mean squared error of a stack on (x, y), as the parameters of each restart in one vector.

    The vector holds, layer by layer, the weights of edges that are splines and the constants of edges that are fixed.
    Biases stay: every edge can carry a constant. ``penalty`` is the strength of the difference penalty (order
    degree + 1, whose null space are the polynomials of the spline's own degree). ``weights`` (rows,) weigh the rows.
    ``accepted`` are the parameters of the last normal equations: a solver asks for these where it means to stay.
    """

    def __init__(
        self,
        stack: Stack,
        x: Float[Tensor, "rows n_in"],
        y: Float[Tensor, "rows n_out"],
        penalty: float = 0.0,
        weights: Float[Tensor, " rows"] | None = None,
    ) -> None:
        self.stack, self.x, self.y = stack, x, y
        share = torch.ones_like(y[:, 0]) if weights is None else weights * (len(weights) / weights.sum())
        self.root_weights = share.sqrt()
        self.used = [_used(layer) for layer in stack.layers]
        self.penalty = penalty_matrix(stack, self.used, penalty) if penalty > 0 else None
        self.accepted = self.theta()
        self.block = max(16, int(MEMORY / (8 * stack.starts * max(1, self.accepted.shape[1]))))

    @cached_property
    def first_features(self) -> tuple[Tensor, Tensor]:
        """Features of the inputs, which no step changes."""
        return self.stack.layers[0].features(self.x.unsqueeze(0).expand(self.stack.starts, -1, -1))

    def theta(self) -> Float[Tensor, "starts parameters"]:
        """The parameters as they are in the stack."""
        parts = []
        for layer, used in zip(self.stack.layers, self.used, strict=True):
            parts += [layer.weight.flatten(1)[:, used], layer.constants.flatten(1)]
        return torch.cat(parts, 1)

    def write(self, theta: Float[Tensor, "starts parameters"]) -> None:
        """Put parameters into the stack."""
        at = 0
        for layer, used in zip(self.stack.layers, self.used, strict=True):
            n_weights, n_constants = len(used), layer.constants[0].numel()
            flat = torch.zeros_like(layer.weight).flatten(1)
            flat[:, used] = theta[:, at : at + n_weights]
            layer.weight = flat.view_as(layer.weight)
            layer.constants = theta[:, at + n_weights : at + n_weights + n_constants].view_as(layer.constants)
            at += n_weights + n_constants

    def loss(self, theta: Float[Tensor, "starts parameters"]) -> Float[Tensor, " starts"]:
        """Half the mean squared residual, plus the penalty."""
        self.write(theta)
        residuals = (self._outputs() - self.y) * self.root_weights[:, None]
        return residuals.square().sum((1, 2)) / (2 * len(self.y)) + self.penalty_loss(theta)

    def normal_equations(self, theta: Float[Tensor, "starts parameters"]) -> tuple[Tensor, Tensor, Tensor]:
        """Loss, gradient and curvature, summed over blocks of rows."""
        self.write(theta)
        self.accepted = theta
        starts, parameters = theta.shape
        loss, gradient = theta.new_zeros(starts), theta.new_zeros(starts, parameters)
        curvature = theta.new_zeros(starts, parameters, parameters)
        for rows in torch.arange(len(self.x)).split(self.block):
            for residuals, jacobian in self.blocks(rows):
                loss += residuals.square().sum(1) / 2
                gradient += (jacobian.mT @ residuals.unsqueeze(-1)).squeeze(-1)
                curvature += jacobian.mT @ jacobian
        return self.penalised(theta, loss, gradient, curvature)

    def penalised(
        self, theta: Tensor, loss: Tensor, gradient: Tensor, curvature: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Sums over the rows as means, with the penalty."""
        n = len(self.x)
        loss, gradient, curvature = loss / n, gradient / n, curvature / n
        if self.penalty is not None:
            gradient = gradient + self._pull(theta)
            curvature = curvature + self.penalty
        return loss + self.penalty_loss(theta), gradient, curvature

    def penalty_loss(self, theta: Tensor) -> Tensor | float:
        """The penalty of each restart."""
        return 0.0 if self.penalty is None else (self._pull(theta) * theta).sum(1) / 2

    def _pull(self, theta: Tensor) -> Tensor:
        assert self.penalty is not None
        return (self.penalty @ theta.unsqueeze(-1)).squeeze(-1)

    def _outputs(self) -> Tensor:
        flow = self.x.unsqueeze(0).expand(self.stack.starts, -1, -1)
        for number, layer in enumerate(self.stack.layers):
            features = self.first_features[0] if number == 0 else layer.features(flow)[0]
            flow = layer.template.combine(layer.sums(features, flow))
        return flow

    def blocks(self, rows: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Residuals (R, rows) and Jacobian (R, rows, parameters) of each output, on some rows."""
        flow = self.x[rows].unsqueeze(0).expand(self.stack.starts, -1, -1)
        kept = []
        for number, layer in enumerate(self.stack.layers):
            first = tuple(part[:, rows] for part in self.first_features) if number == 0 else None
            values, slopes = first or layer.features(flow)
            fixed = layer.fixed_parts(flow) if layer.template.fixed else None
            sums = layer.sums(values, flow)
            kept.append((layer, values, slopes, fixed, sums))
            flow = layer.template.combine(sums)
        roots = self.root_weights[rows]
        blocks = []
        for output in range(flow.shape[-1]):
            seed = torch.zeros_like(flow)
            seed[..., output] = roots
            residuals = (flow[..., output] - self.y[rows, output]) * roots
            blocks.append((residuals, self._backward(kept, seed)))
        return blocks

    def _backward(self, kept: list, nodes: Tensor) -> Tensor:
        columns: list[Tensor] = []
        for number in reversed(range(len(kept))):
            layer, values, slopes, fixed, sums = kept[number]
            upstream = _through_nodes(layer, sums, nodes)
            by_weight = (values.unsqueeze(-1) * upstream[:, :, None, None, :]).flatten(2)
            used = self.used[number]
            parts = [by_weight if len(used) == by_weight.shape[-1] else by_weight[..., used]]
            if fixed is not None:
                at_edge = upstream @ layer.template.fixed_targets().to(upstream).T
                parts.append((at_edge.unsqueeze(-1) * fixed[2]).flatten(2))
            columns = parts + columns
            if number:
                nodes = _through_edges(layer, upstream, slopes, fixed)
        return torch.cat(columns, -1)


def _used(layer: LayerStack) -> Tensor:
    """Which entries of the flattened weights belong to splines."""
    template = layer.template
    mask = template.mask.T.unsqueeze(1).expand(template.n_in, layer.weight.shape[2], template.n_sums).clone()
    if template.residual == "none":
        mask[:, -1] = 0
    return mask.flatten().nonzero().squeeze(1)


def _through_nodes(layer: LayerStack, sums: Tensor, nodes: Tensor) -> Tensor:
    """Derivatives with respect to nodes -> with respect to sums."""
    arity = layer.template.arity
    if layer.template.n_sums == layer.template.n_out:
        return nodes
    parts = []
    for number, group in enumerate(torch.split(sums, list(arity), -1)):
        others = [torch.cat([group[..., :k], group[..., k + 1 :]], -1).prod(-1) for k in range(arity[number])]
        parts.append(torch.stack(others, -1) * nodes[..., number : number + 1])
    return torch.cat(parts, -1)


def _through_edges(layer: LayerStack, upstream: Tensor, slopes: Tensor, fixed: tuple[Tensor, ...] | None) -> Tensor:
    """Derivatives with respect to sums -> with respect to the nodes that come in."""
    by_feature = (upstream @ layer.weight.flatten(1, 2).mT).view_as(slopes)
    nodes = (by_feature * slopes).sum(-1)
    if fixed is not None:
        sources = torch.nn.functional.one_hot(
            torch.tensor([s for s, _, _ in layer.template.fixed]), layer.template.n_in
        )
        at_edge = upstream @ layer.template.fixed_targets().to(upstream).T
        nodes = nodes + (at_edge * fixed[1]) @ sources.to(upstream)
    return nodes
