"""Hidden nodes that the function does not need, switched off before the pieces get fine.

A network wider than its function is easy to train and hard to finish: its surplus nodes share the function among them,
their sums err at rates of their own, and each brings corners of the box that few rows reach. So a wide network finds the
valley, and then gives up nodes one at a time, the least important first, as long as training brings the held-out error
back near where it was (backward elimination; M. Efroymson in *Mathematical Methods for Digital Computers*, 1960, does it
for linear regression). Penalties on groups of weights are the usual way to the same end; they left three to five of five
nodes on here.
"""

import math
from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor

from edgewise.nn import KAN, edge_scores, trace
from edgewise.surgery import nodes_on, switch_off

WORSE = 3.0  # times the held-out error that a network with a node less may have: what it lacks, finer pieces give back
TRIES = 3  # the least important nodes that are tried before all others count as needed

Trained = Callable[[KAN], tuple[KAN, float]]


def thin(network: KAN, error: float, x: Float[Tensor, "rows n_in"], trained: Trained) -> KAN | None:
    """The network without the hidden nodes that it can do without; None where it needs them all.

    ``error`` is its held-out error; ``trained(network)`` trains and tells the new one (infinity ends the search).
    """
    lean = None
    while (found := _without_one(lean or network, error, x, trained)) is not None:
        lean, error = found
    return lean


def _without_one(network: KAN, error: float, x: Tensor, trained: Trained) -> tuple[KAN, float] | None:
    for level, node in _least_important(network, x)[:TRIES]:
        lean, reached = trained(switch_off(network, x, level, node))
        if reached == math.inf:
            return None
        if reached <= WORSE * error:
            return lean, reached
    return None


def _least_important(network: KAN, x: Tensor) -> list[tuple[int, int]]:
    """Hidden nodes with another one beside them, by the share of the output's spread that flows through them."""
    scores = edge_scores(trace(network, x), "share")
    there = [
        (float(scores[level][:, node].amax()), level, node)
        for level, nodes in enumerate(nodes_on(network), start=1)
        for node in nodes
        if len(nodes) > 1
    ]
    return [(level, node) for _, level, node in sorted(there)]
