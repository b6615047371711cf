"""Intervals from rows that were not learned from."""

import math

import numpy as np

from edgewise.errors import IntervalError, SettingsError


def conformal_margin(misses: np.ndarray, weights: np.ndarray | None, coverage: float) -> float:
    """How far around an answer an interval must reach to hold a new row's target with probability ``coverage``.

    ``misses`` (rows,) are the absolute residuals of rows that are exchangeable with the new one: the
    ceil((n + 1) coverage)-th smallest of n is the margin (split conformal; V. Vovk et al. (2005), Algorithmic Learning in
    a Random World; J. Lei et al. (2018), JASA 113, 1094). A row of weight k counts k times. Raises SettingsError for a
    coverage outside (0, 1), IntervalError for fewer rows than the coverage needs.
    """
    if not 0 < coverage < 1:
        raise SettingsError(f"coverage is a share between 0 and 1, got {coverage}.")
    counts = np.ones(len(misses)) if weights is None else weights * len(misses) / weights.sum()
    rows = len(misses)
    place = (rows + 1) * coverage - 1e-9  # the first whose count reaches it is the ceiling's; 0.9 * 10 is not 9.000...1
    if place > rows:
        needed = math.ceil(coverage / (1 - coverage) - 1e-9)
        raise IntervalError(
            f"an interval of coverage {coverage:g} needs {needed} rows that were kept apart, and there are {rows}. "
            f"Ask for {math.floor(100 * rows / (rows + 1)) / 100:g} or less, or give a longer table."
        )
    order = np.argsort(misses, kind="stable")
    reached = int(np.searchsorted(np.cumsum(counts[order]), place))
    return float(misses[order][min(reached, rows - 1)])
