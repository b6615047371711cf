"""How much each edge and each node matters."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from edgewise.errors import unknown

from .trace import LayerTrace, Trace

ScoreKind = Literal["share", "l1"]


def edge_scores(trace: Trace, kind: ScoreKind = "share") -> tuple[Float[Tensor, "n_sums n_in"], ...]:
    """The importance of every edge, one (n_sums, n_in) tensor a layer.

    ``"share"`` (default) is free of scale and lies in [0, 1]: the share of the output's spread that flows through the
    edge. Each output starts with 1; a sum hands its score to its edges in proportion to their standard deviations, a
    product hands its whole score to each of its factors. ``"l1"`` is the paper's equation 2: the mean magnitude.
    """
    if kind == "l1":
        return tuple(layer.postactivations.abs().mean(0) for layer in trace.layers)
    if kind != "share":
        raise unknown("kind of score", kind, ("share", "l1"))
    node = torch.ones_like(trace.output[0])
    scores = []
    for layer in reversed(trace.layers):
        shares = _shares(layer) * torch.repeat_interleave(node, torch.tensor(layer.arity, device=node.device))[:, None]
        scores.append(shares)
        node = shares.sum(0).clamp_max(1.0)
    return tuple(reversed(scores))


def node_scores(trace: Trace) -> tuple[Float[Tensor, " nodes"], ...]:
    """The importance of every node, inputs first: the scores of the edges that leave it, at most 1; outputs have 1."""
    leaving = [scores.sum(0).clamp_max(1.0) for scores in edge_scores(trace)]
    return (*leaving, torch.ones_like(trace.output[0]))


def _shares(layer: LayerTrace) -> Tensor:
    spread = layer.postactivations.std(0, correction=0)
    total = spread.sum(1, keepdim=True)
    return torch.where(total > 0, spread / total.clamp_min(torch.finfo(spread.dtype).tiny), 0)
