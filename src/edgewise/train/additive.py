"""A network without hidden nodes as the log-odds of classes: one function of each column, added up.

Its likelihood is concave in the coefficients, so one fit is enough. Two penalties keep it honest, and finite where the
classes can be separated: ``ridge`` on the variance of each function over the rows (on straight lines this is the usual
ridge on standardised columns) and ``roughness`` on second differences of its coefficients (P. H. C. Eilers and
B. D. Marx, "Flexible smoothing with B-splines and penalties", 1996), whose null space are the straight lines.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray as Array
from scipy.linalg import block_diag

from edgewise.errors import SettingsError, ValuesError
from edgewise.nn import KAN

from .softmax import SoftmaxProblem, fit_softmax

TINY = 1e-7  # weight of what no row sees: constants that move from one function to the next


@dataclass(frozen=True)
class Smoothing:
    """How stiff the functions are: pieces an edge, and the strengths of the two penalties (mean loss per row)."""

    intervals: int = 3
    ridge: float = 1e-2
    roughness: float = 1e-2

    def __post_init__(self) -> None:
        if not (0 <= self.ridge < np.inf and 0 <= self.roughness < np.inf):
            raise SettingsError(
                f"ridge and roughness must be finite and 0 or more, got ridge={self.ridge}, roughness={self.roughness}."
            )


def fit_additive(
    x: Float[Array, "rows n_in"],
    shares: Float[Array, "rows classes"],
    weights: Float[Array, " rows"],
    smoothing: Smoothing = Smoothing(),
) -> KAN:
    """A network [n_in, classes] whose softmax tells the classes apart; [n_in, 1], a sigmoid's log-odds, where they are two.

    ``x`` are inputs scaled to [-1, 1], ``shares`` is one at each row's class, ``weights`` say how much each row counts.
    Raises ValuesError unless a row counts, and for weights below 0 and values that are not finite.
    """
    if not (weights >= 0).all() or not weights.any():
        raise ValuesError("weights of rows must be 0 or more, and one of them above 0.")
    n_in, classes = x.shape[1], shares.shape[1]
    outputs = 1 if classes == 2 else classes
    network = KAN(
        [n_in, outputs],
        intervals=smoothing.intervals,
        residual="none",
        init="zero",
        extrapolation="linear",
        dtype=torch.float64,
    )
    layer = network[0]
    basis = layer.features(torch.as_tensor(x)).detach().numpy()[:, :, :-1]
    share = weights / weights.sum()
    centre = np.einsum("r,rif->if", share, basis)
    design = (basis - centre).reshape(len(x), -1)
    n_basis = basis.shape[2]
    problem = SoftmaxProblem(
        np.column_stack([np.ones(len(x)), design]),
        shares,
        weights,
        _penalty(design, share, n_basis, smoothing),
        _free(design.shape[1] + 1, classes),
    )
    theta = fit_softmax(problem)[:, classes - outputs :]
    coefficients = theta[1:].reshape(n_in, n_basis, outputs)
    with torch.no_grad():
        layer.weight[:, :-1] = torch.as_tensor(coefficients)
        layer.bias.copy_(torch.as_tensor(theta[0] - np.einsum("if,ifk->k", centre, coefficients)))
    return network


def _free(features: int, classes: int) -> Array:
    free = np.ones((features, classes), dtype=bool)
    if classes == 2:
        free[:, 0] = False
    return free


def _penalty(design: Array, share: Array, n_basis: int, smoothing: Smoothing) -> Array:
    """The quadratic penalty of one class: nothing for the bias, a block for each column."""
    difference = np.diff(np.eye(n_basis), n=2, axis=0)
    rough = smoothing.roughness * difference.T @ difference + TINY * np.eye(n_basis)
    blocks = [np.full((1, 1), TINY)]
    for at in range(0, design.shape[1], n_basis):
        part = design[:, at : at + n_basis]
        blocks.append(smoothing.ridge * (part * share[:, None]).T @ part + rough)
    return block_diag(*blocks)
