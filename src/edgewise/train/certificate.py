"""What a training says about its graph: how fast the error fell, and whether what is left is noise.

A graph that can hold the function gains a factor of 2^(degree + 1) when its pieces double (de Boor), one that cannot gains
next to nothing, until the error is the noise's own. What is left of a graph that cannot hold the function is a function of
the inputs, so rows near each other miss alike; noise misses at random. The difference between neighbours tells the two
apart (J. von Neumann's ratio, *Annals of Mathematical Statistics* 12, 1941, with nearest neighbours for successive terms).
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

MOST_ROWS = 4000
NOISE = 0.8


@dataclass(frozen=True)
class Certificate:
    """The best observed ``rate`` of two successive stages beside the ``theory``'s degree + 1, and the ``noise_share``.

    ``noise_share`` is 1 where neighbouring rows miss independently, near 0 where they miss alike. In many dimensions
    nearest rows are far, and it is near 1 whatever the graph: a low share proves that structure is left, a high one
    proves noise only where rows are dense.
    """

    rate: float
    theory: int
    noise_share: float

    @property
    def holds(self) -> bool:
        """Whether the error fell at the rate of a graph that can hold the function (within 1)."""
        return self.rate >= self.theory - 1

    @property
    def at_noise(self) -> bool:
        """Whether what is left looks like noise."""
        return self.noise_share >= NOISE


def noise_share(x: Float[Tensor, "rows n_in"], residuals: Float[Tensor, "rows n_out"]) -> float:
    """Mean squared difference of the residuals of nearest rows, over twice their mean square; 1 if there is no residual."""
    from scipy.spatial import cKDTree

    step = max(1, -(-len(x) // MOST_ROWS))
    points, left = x[::step].numpy(force=True), residuals[::step].numpy(force=True)
    size = float((left**2).sum())
    if len(points) < 2 or size == 0.0:
        return 1.0
    nearest = cKDTree(points).query(points, k=2)[1]
    other = np.where(nearest[:, 0] == np.arange(len(points)), nearest[:, 1], nearest[:, 0])
    return float(((left - left[other]) ** 2).sum() / (2 * size))


def residuals_of(network: torch.nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """What the network misses."""
    with torch.no_grad():
        return network(x) - y
