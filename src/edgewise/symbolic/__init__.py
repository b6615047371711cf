"""Naming: one edge from its samples, a whole law from tests of structure, constants as numbers that people know.

match          the primitives that tell one edge's samples best
named_graphs   small networks of named edges, fitted outright
waves          oscillations of one input whose height changes
ladder         a law by exact tests of its symmetries and shapes
outlook, Work  how likely there is one, and a limit of work that is the same on every machine
within_reach   whether units allow a law without numbers that carry some
pieces         kinks, jumps and regimes: breaks, and a name for each piece
combinations   choices among ranked options, the likeliest first
polish, snap   constants refitted to the last digit, then recognised, each step verified
closed_form    a network of named edges, written out
compile_formula  the way back: a formula as a network of named edges
"""

from .closed_form import closed_form, network_form
from .combinations import combinations
from .compile import compile_formula, compile_model
from .graphs import named_graphs
from .ladder import Outlook, by_polynomial, ladder, outlook
from .match import Match, match
from .pieces import pieces
from .polish import Polished, polish
from .problem import Candidate, Hypothesis, Problem
from .snap import snap
from .units import within_reach
from .waves import waves
from .work import Work

__all__ = [
    "Candidate",
    "Hypothesis",
    "Match",
    "Outlook",
    "Polished",
    "Problem",
    "Work",
    "by_polynomial",
    "closed_form",
    "combinations",
    "compile_formula",
    "compile_model",
    "ladder",
    "match",
    "named_graphs",
    "network_form",
    "outlook",
    "pieces",
    "polish",
    "snap",
    "waves",
    "within_reach",
]
