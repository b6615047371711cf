"""scikit-learn's front door: discoveries as estimators."""

from .base import DiscoveryEstimator
from .classifier import KANClassifier
from .regressor import KANRegressor

__all__ = ["DiscoveryEstimator", "KANClassifier", "KANRegressor"]
