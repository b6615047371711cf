"""From a table to a front of formulas: the only room that knows the order of the steps."""

from .architecture import Architecture, Trial, find_architecture
from .calibration import Calibration
from .classification import Classification, LogOdds
from .classify import classify
from .pipeline import discover
from .result import Discovery, Step
from .settings import checked

__all__ = [
    "Architecture",
    "Calibration",
    "Classification",
    "Discovery",
    "LogOdds",
    "Step",
    "Trial",
    "checked",
    "classify",
    "discover",
    "find_architecture",
]
