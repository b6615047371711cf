"""Formulas: read, written, counted, evaluated, and kept on a front. Nothing here needs torch.

parse, to_text       text <-> expression, exactly
evaluate             an expression on columns of numbers
complexity           how much there is to read
constants            its fitted numbers: split, join, round
Formula              target = expression, with names, units and held-out error
Front                the best formula at each complexity
dimension            the dimension of a unit; Dimensions: whether a formula agrees with those of its variables
symmetries           what leaves a formula as it is
EXPORTERS            a formula as source text in other languages
"""

from .anatomy import symbol
from .complexity import complexity
from .constants import constants, join_constants, round_constants, split_constants
from .dimensions import Dimensions
from .evaluate import evaluate
from .exporters import EXPORTERS, export
from .formula import Formula
from .front import Front
from .names import identifiers
from .parse import parse
from .symmetries import symmetries
from .text import to_text
from .units import Dimension, dimension

__all__ = [
    "EXPORTERS",
    "Dimension",
    "Dimensions",
    "Formula",
    "Front",
    "complexity",
    "constants",
    "dimension",
    "evaluate",
    "export",
    "identifiers",
    "join_constants",
    "parse",
    "round_constants",
    "split_constants",
    "symbol",
    "symmetries",
    "to_text",
]
