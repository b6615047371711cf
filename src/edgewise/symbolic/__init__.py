"""symbolic."""

from .ladder import ladder
from .problem import Candidate, Hypothesis, Problem

__all__ = ["Candidate", "Hypothesis", "Problem", "ladder"]
