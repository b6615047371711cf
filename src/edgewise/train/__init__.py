"""Fitting a network to rows."""

from .history import Fit, History, Stage, TrainingData
from .levenberg import Levenberg, levenberg

__all__ = ["Fit", "History", "Levenberg", "Stage", "TrainingData", "levenberg"]
