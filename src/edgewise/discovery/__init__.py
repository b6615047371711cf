"""From a table to a front of formulas: the only room that knows the order of the steps."""

from .architecture import Architecture, Trial, find_architecture
from .calibration import Calibration
from .classification import Classification, LogOdds
from .classify import classify
from .dynamics import Dynamics, discover_ode
from .each import Discoveries, discover_each
from .pipeline import discover
from .result import Discovery, Step
from .settings import checked

__all__ = [
    "Architecture",
    "Calibration",
    "Classification",
    "Discoveries",
    "Discovery",
    "Dynamics",
    "LogOdds",
    "Step",
    "Trial",
    "checked",
    "classify",
    "discover",
    "discover_each",
    "discover_ode",
    "find_architecture",
]
