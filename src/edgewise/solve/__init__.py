"""Least squares: linear ones in one step, others by Levenberg-Marquardt, many starts at once."""

from .levenberg import LeastSquares, Residuals, Solution, levenberg_marquardt
from .linear import fit_linear

__all__ = ["LeastSquares", "Residuals", "Solution", "fit_linear", "levenberg_marquardt"]
