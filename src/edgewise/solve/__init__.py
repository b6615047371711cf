"""Least squares: linear ones in one step, others by Levenberg-Marquardt, many starts at once."""

from .curvature import Blocks, Curvature, Rows
from .levenberg import LeastSquares, Residuals, Solution, levenberg_marquardt
from .linear import fit_linear

__all__ = ["Blocks", "Curvature", "LeastSquares", "Residuals", "Rows", "Solution", "fit_linear", "levenberg_marquardt"]
