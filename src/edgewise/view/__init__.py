"""A network, its curves, its errors and a front of formulas as pictures. matplotlib is loaded by the plots alone.

>>> import torch
>>> from edgewise.nn import KAN
>>> network_svg(KAN([2, 5, 1]), torch.rand(100, 2))[:4]
'<svg'
"""

from .figures import plot_drawing, plot_edge, plot_front, plot_network, plot_predictions, plot_residuals
from .geometry import Drawing, EdgeMark, NodeMark, draw_network
from .svg import network_svg, to_svg

__all__ = [
    "Drawing",
    "EdgeMark",
    "NodeMark",
    "draw_network",
    "network_svg",
    "plot_drawing",
    "plot_edge",
    "plot_front",
    "plot_network",
    "plot_predictions",
    "plot_residuals",
    "to_svg",
]
