"""Means in which rows count by their weights; ``None`` counts all alike."""

import numpy as np

Weights = np.ndarray | None


def mean(values: np.ndarray, weights: Weights = None) -> float:
    """The weighted mean."""
    return float(values.mean() if weights is None else (weights @ values) / weights.sum())


def rms(residuals: np.ndarray, weights: Weights = None) -> float:
    """The root of the weighted mean square."""
    return float(np.sqrt(mean(residuals**2, weights)))


def variance(values: np.ndarray, weights: Weights = None) -> float:
    """The weighted mean square around the weighted mean."""
    return float(values.var()) if weights is None else mean((values - mean(values, weights)) ** 2, weights)


def r2(residuals: np.ndarray, values: np.ndarray, weights: Weights = None) -> float:
    """The share of the variance that is explained."""
    return 1 - rms(residuals, weights) ** 2 / max(variance(values, weights), float(np.finfo(float).tiny))


def effective(weights: Weights, rows: int) -> float:
    """As many equal rows tell as much: (sum w)^2 / sum w^2 (L. Kish, Survey Sampling, 1965)."""
    return float(rows) if weights is None else float(weights.sum() ** 2 / (weights @ weights))


def joined(one: Weights, other: Weights) -> Weights:
    """The weights of two sets of rows, one after the other."""
    return None if one is None or other is None else np.concatenate([one, other])
