"""scikit-learn's front door."""

from .classifier import KANClassifier

__all__ = ["KANClassifier"]
