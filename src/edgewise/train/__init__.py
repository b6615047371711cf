"""Fitting a network to rows.

levenberg   least squares to machine precision: restarts, refinement, the rate that certifies a graph
gradient    LBFGS or Adam with any loss and the paper's penalties, early stopping, checkpoints
warm_up     many restarts of one small network by Adam, all steps compiled
bands       how far the edges might be others: the same graph trained again on rows drawn again
additive    class probabilities by functions of single columns, to the maximum of the penalised likelihood
"""

from .additive import Smoothing, fit_additive
from .bands import EdgeBand, EdgeBands, edge_bands
from .certificate import Certificate, noise_share
from .chunks import Chunks
from .gradient import Descent, Gradient, Round, gradient
from .history import Fit, History, Stage, TrainingData
from .levenberg import Levenberg, levenberg
from .objective import LOSSES, Objective
from .penalties import Penalty, edge_magnitudes, entropy
from .softmax import SoftmaxProblem, fit_softmax
from .stack import Stack
from .warm_up import warm_up

__all__ = [
    "LOSSES",
    "Certificate",
    "Chunks",
    "Descent",
    "EdgeBand",
    "EdgeBands",
    "Fit",
    "Gradient",
    "History",
    "Levenberg",
    "Objective",
    "Penalty",
    "Round",
    "Smoothing",
    "SoftmaxProblem",
    "Stack",
    "Stage",
    "TrainingData",
    "edge_bands",
    "edge_magnitudes",
    "entropy",
    "fit_additive",
    "fit_softmax",
    "gradient",
    "levenberg",
    "noise_share",
    "warm_up",
]
