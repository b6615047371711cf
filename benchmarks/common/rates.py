"""Shares with their 95 % intervals."""

from math import sqrt

NORMAL = 1.959964  # of a standard normal, 2.5 % lie beyond


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The interval of a share by E. B. Wilson (J. Am. Stat. Assoc. 22, 1927); (0, 1) where nothing was tried.

    >>> [round(bound, 3) for bound in wilson(9, 10)]
    [0.596, 0.982]
    """
    if not trials:
        return 0.0, 1.0
    share, z = successes / trials, NORMAL**2 / trials
    middle = (share + z / 2) / (1 + z)
    reach = sqrt(z * (share * (1 - share) + z / 4)) / (1 + z)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def rate(successes: int, trials: int) -> str:
    """``49 of 50 (98.0 %, 89.5 to 99.6)``."""
    low, high = wilson(successes, trials)
    share = 100 * successes / max(trials, 1)
    return f"{successes} of {trials} ({share:.1f} %, {100 * low:.1f} to {100 * high:.1f})"
