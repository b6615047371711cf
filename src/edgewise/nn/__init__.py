"""Layers and networks of one-dimensional functions, and what can be read off them. Plain torch modules.

>>> import torch
>>> network = KAN([2, 5, 1])
>>> network(torch.zeros(10, 2)).shape
torch.Size([10, 1])
"""

from .edge import Constants, Edge, EdgeId
from .layer import KANLayer
from .model import Model, Scaling
from .network import KAN
from .scores import edge_scores, node_scores
from .shaping import Shaping
from .trace import LayerTrace, Trace, trace

__all__ = [
    "KAN",
    "Constants",
    "Edge",
    "EdgeId",
    "KANLayer",
    "LayerTrace",
    "Model",
    "Scaling",
    "Shaping",
    "Trace",
    "edge_scores",
    "node_scores",
    "trace",
]
