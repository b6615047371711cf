"""scikit-learn's front door: discoveries as estimators."""

from .base import DiscoveryEstimator
from .regressor import KANRegressor

__all__ = ["DiscoveryEstimator", "KANRegressor"]
