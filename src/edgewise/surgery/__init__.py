"""A network goes in, another comes out; nothing is trained and nothing that came in is changed."""

from .edges import fix, release, remove
from .grow import grow
from .knots import place_knots
from .prune import Pruned, drop_inputs, nodes_on, prune, switch_off
from .refine import move_knots, refine
from .reorder import reorder

__all__ = [
    "Pruned",
    "drop_inputs",
    "fix",
    "grow",
    "move_knots",
    "nodes_on",
    "place_knots",
    "prune",
    "refine",
    "release",
    "remove",
    "reorder",
    "switch_off",
]
