"""Fitting a network to rows.

levenberg   least squares to machine precision: restarts, refinement, the rate that certifies a graph
gradient    LBFGS or Adam with any loss and the paper's penalties, early stopping, checkpoints
"""

from .gradient import Descent, Gradient, Round, gradient
from .history import Fit, History, Stage, TrainingData
from .levenberg import Levenberg, levenberg
from .objective import LOSSES, Objective
from .penalties import Penalty, edge_magnitudes, entropy

__all__ = [
    "LOSSES",
    "Descent",
    "Fit",
    "Gradient",
    "History",
    "Levenberg",
    "Objective",
    "Penalty",
    "Round",
    "Stage",
    "TrainingData",
    "edge_magnitudes",
    "entropy",
    "gradient",
    "levenberg",
]
