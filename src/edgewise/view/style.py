"""The colours of our pictures. Blue and vermilion stay apart for colour-blind readers and in print."""

from dataclasses import dataclass

BAND = 0.25  # opacity of a band, beside that of its edge
FAINTEST, READABLE, UNUSED = 0.13, 0.6, 0.3  # opacity of the weakest edge, of its formula, of a node without edges


def visible(opacity: float) -> float:
    """The opacity on paper: an edge that is there is never quite invisible."""
    return FAINTEST + (1 - FAINTEST) * opacity


@dataclass(frozen=True)
class Palette:
    """Text, wires, boxes and their frames, curves that are splines, curves that are fixed."""

    ink: str
    wire: str
    box: str
    frame: str
    spline: str
    fixed: str


LIGHT = Palette(ink="#1f2933", wire="#52606d", box="#ffffff", frame="#7b8794", spline="#1d4ed8", fixed="#c2410c")
DARK = Palette(ink="#e6edf3", wire="#9fb0c0", box="#161b22", frame="#7d8894", spline="#79b0ff", fixed="#ff9d5c")
