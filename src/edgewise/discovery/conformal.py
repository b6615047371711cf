"""Prediction intervals that hold as often as they say, whatever the noise looks like.

Split conformal prediction: with n residuals of rows that the answer did not learn from, the interval
``answer ± q`` with q the ceil((n + 1) coverage)-th smallest size of a residual contains a new row of the same kind with
at least the probability ``coverage``; the probability is over tables and rows together, not for each x by itself.
Rows with weights count by their share, and n is then the number of equal rows that tell as much (Kish's).

Source: V. Vovk, A. Gammerman and G. Shafer, Algorithmic Learning in a Random World (2005), chapter 4; J. Lei et al.,
Distribution-free predictive inference for regression, JASA 113 (2018), 1094-1111, theorem 2.2.
"""

import math

import numpy as np

from edgewise.errors import SettingsError, ValuesError

from .weighing import Weights, effective


def half_width(residuals: np.ndarray, coverage: float, weights: Weights = None) -> float:
    """What to add and take away so that a share ``coverage`` of new rows lies between.

    Raises SettingsError for a coverage outside (0, 1), ValuesError where there are too few residuals for it: no finite
    interval then keeps its word.

    >>> half_width(np.arange(-9.0, 10.0), 0.9)
    9.0
    """
    if not 0 < coverage < 1:
        raise SettingsError(f"coverage is a share between 0 and 1, like 0.9; got {coverage}.")
    sizes = np.abs(residuals)
    counts = np.ones(len(sizes)) if weights is None else weights
    total = effective(weights, len(sizes))
    level = coverage * (1 + 1 / total) * (1 - 1e-12)  # 0.9 of 10 is to be 9, not the next number above it
    if level > 1:
        least = math.ceil(coverage / (1 - coverage) * (1 - 1e-12))
        raise ValuesError(
            f"an interval of coverage {coverage:g} needs {least} calibration rows, and there are {total:.4g}. "
            f"Give more rows, or ask for at most {math.floor(1000 * total / (total + 1)) / 1000:g}."
        )
    order = np.argsort(sizes, kind="stable")
    place = int(np.searchsorted(np.cumsum(counts[order]), level * counts.sum()))
    return float(sizes[order][min(place, len(order) - 1)])
