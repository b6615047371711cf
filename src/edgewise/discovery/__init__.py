"""From a table to a front of formulas: the only room that knows the order of the steps."""

from .architecture import Architecture, Trial, find_architecture
from .classification import Classification, LogOdds
from .classify import classify
from .pipeline import discover
from .result import Discovery, Step

__all__ = [
    "Architecture",
    "Classification",
    "Discovery",
    "LogOdds",
    "Step",
    "Trial",
    "classify",
    "discover",
    "find_architecture",
]
