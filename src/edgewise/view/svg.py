"""A network as SVG text: one self-contained file, no scripts, no fonts, no links; readable on light and dark pages."""

from collections.abc import Iterator, Sequence
from typing import Literal
from xml.sax.saxutils import escape

import numpy as np
from torch import Tensor

from edgewise.errors import unknown
from edgewise.nn import KAN, Model
from edgewise.train import EdgeBands

from .geometry import (
    FOOT,
    HEAD,
    LABEL_SIZE,
    LINE,
    NAME_SIZE,
    Drawing,
    EdgeMark,
    NodeMark,
    Point,
    bends,
    draw_network,
    name_lines,
    shift_marks,
)
from .style import BAND, DARK, LIGHT, READABLE, UNUSED, Palette, visible
from .text import RAISED_BY, RAISED_SIZE, raised

Theme = Literal["auto", "light", "dark"]


def network_svg(
    model: Model | KAN,
    x: np.ndarray | Tensor,
    *,
    inputs: Sequence[str] | None = None,
    targets: Sequence[str] | None = None,
    title: str = "",
    theme: Theme = "auto",
    bands: EdgeBands | None = None,
) -> str:
    """The picture of a network on the rows ``x`` (rows, inputs) as SVG text; ``bands`` are shaded.

    ``theme="auto"`` follows the reader's light or dark setting on a transparent ground. For other settings write
    ``to_svg(draw_network(model, x, ...))``.
    """
    return to_svg(draw_network(model, x, inputs=inputs, targets=targets, bands=bands), title, theme)


def to_svg(drawing: Drawing, title: str = "", theme: Theme = "auto") -> str:
    """The SVG text of a drawing. Raises UnknownNameError for a theme other than auto, light and dark."""
    if theme not in ("auto", "light", "dark"):
        raise unknown("theme", theme, ("auto", "light", "dark"))
    head = HEAD if title else 0.0
    foot = FOOT if drawing.note else 0.0
    width, height = drawing.width, drawing.height + head + foot
    body = "\n".join(_body(drawing))
    heading = _text(width / 2, 24, _safe(title), 16, "ew-ink", ' font-weight="600"') + "\n" if title else ""
    note = _text(width / 2, height - 8, _safe(drawing.note), 11, "ew-ink ew-note") + "\n" if drawing.note else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ew-network" role="img" viewBox="0 0 {_n(width)} {_n(height)}" '
        f'width="{_n(width)}" height="{_n(height)}" font-family="Helvetica, Arial, sans-serif">\n'
        f"<title>{_safe(title or _name(drawing))}</title>\n<desc>{_safe(describe(drawing))}</desc>\n"
        f"<style>{_style(theme, drawing.bands is not None)}</style>\n{heading}"
        f'<g transform="translate(0 {_n(head)})">\n{body}\n</g>\n{note}</svg>\n'
    )


def describe(drawing: Drawing) -> str:
    """The picture in words, for those who do not see it."""
    by_kind = {kind: [n.full_name for n in drawing.nodes if n.kind == kind] for kind in ("input", "output")}
    named = [f"{e.id} is {e.full_label}" for e in drawing.edges if e.full_label]
    added = [f"node {n.index} of level {n.level} {shift}" for n in drawing.nodes for shift in n.shifts if shift]
    strongest = sorted(drawing.edges, key=lambda edge: -edge.score)[:5]
    parts = [
        f"A network of one-dimensional functions from {', '.join(by_kind['input'])} to {', '.join(by_kind['output'])}.",
        f"{len(drawing.edges)} edges are drawn.",
        f"Fixed edges: {'; '.join(named)}." if named else "",
        f"Added constants: {'; '.join(added)}." if added else "",
        f"Shaded are {drawing.bands}." if drawing.bands else "",
        f"Strongest: {', '.join(f'{e.id} {e.score:.2f}' for e in strongest)}." if strongest else "",
    ]
    return " ".join(part for part in parts if part)


def _name(drawing: Drawing) -> str:
    return f"Kolmogorov-Arnold network {list(drawing.shape)}"


def _style(theme: Theme, bands: bool) -> str:
    def rules(palette: Palette) -> str:
        return _rules(palette) + (_band_rules(palette) if bands else "")

    light = rules(DARK if theme == "dark" else LIGHT)
    return f"{light}@media(prefers-color-scheme:dark){{{rules(DARK)}}}" if theme == "auto" else light


def _band_rules(palette: Palette) -> str:
    return (
        f".ew-network .ew-spline-band{{fill:{palette.spline};fill-opacity:{BAND}}}"
        f".ew-network .ew-fixed-band{{fill:{palette.fixed};fill-opacity:{BAND}}}"
    )


def _rules(palette: Palette) -> str:
    return (
        f".ew-network .ew-ink{{fill:{palette.ink}}}"
        f".ew-network .ew-wire{{fill:none;stroke:{palette.wire}}}"
        f".ew-network .ew-box{{fill:{palette.box};stroke:{palette.frame}}}"
        f".ew-network .ew-spline{{fill:none;stroke:{palette.spline}}}"
        f".ew-network .ew-fixed{{fill:none;stroke:{palette.fixed}}}"
        f".ew-network .ew-label{{fill:{palette.fixed}}}"
        f".ew-network .ew-ring{{fill:{palette.box};stroke:{palette.ink}}}"
        ".ew-network .ew-note{opacity:.65}"
    )


def _body(drawing: Drawing) -> Iterator[str]:
    """Wires first, so that boxes and nodes stand on them; the faintest first, so that the strong ones are on top."""
    order = sorted(drawing.edges, key=lambda edge: edge.opacity)
    thin = _thickness(drawing)
    for edge in order:
        path = "".join(map(_wire, edge.wires))
        yield f'<path class="ew-wire" d="{path}" stroke-width="{_n(1.4 * thin)}" {_opacity(edge)}/>'
    for edge in order:
        yield from _edge(edge, thin)
    for node in drawing.nodes:
        yield from _node(node)


def _thickness(drawing: Drawing) -> float:
    return min((min(1.0, max(0.35, edge.width / 50)) for edge in drawing.edges), default=1.0)


def _opacity(edge: EdgeMark) -> str:
    return f'opacity="{visible(edge.opacity):.3g}"'


def _edge(edge: EdgeMark, thin: float) -> Iterator[str]:
    place = f'data-layer="{edge.id.layer}" data-source="{edge.id.source}" data-target="{edge.id.target}"'
    yield f'<g class="ew-edge" {place} {_opacity(edge)}>'
    yield f"<title>{_safe(_tooltip(edge))}</title>"
    yield (
        f'<rect class="ew-box" x="{_n(edge.left)}" y="{_n(edge.top)}" width="{_n(edge.width)}" '
        f'height="{_n(edge.height)}" rx="{_n(min(5.0, edge.width / 8))}" stroke-width="{_n(thin)}"/>'
    )
    for outline in edge.band:
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in outline)
        yield f'<polygon class="ew-{edge.kind}-band" points="{points}"/>'
    for piece in edge.curve:
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in piece)
        yield (
            f'<polyline class="ew-{edge.kind}" points="{points}" stroke-width="{_n(2.0 * thin)}" '
            'stroke-linecap="round" stroke-linejoin="round"/>'
        )
    yield "</g>"
    for i, line in enumerate(edge.label):
        x, y = edge.label_at
        faded = max(visible(edge.opacity), READABLE)
        yield _text(x, y + i * LABEL_SIZE * LINE, _formula(line), LABEL_SIZE, "ew-label", f' opacity="{faded:.3g}"')


def _tooltip(edge: EdgeMark) -> str:
    formula = f"{edge.full_label}, " if edge.full_label else ""
    (a, b), (low, high) = edge.x_range, edge.y_range
    return f"{edge.id} {formula}score {edge.score:.3g}; in {a:.4g} to {b:.4g}, out {low:.4g} to {high:.4g}"


def _node(node: NodeMark) -> Iterator[str]:
    fade = "" if node.used else f' opacity="{UNUSED}"'
    yield f'<g class="ew-node"{fade}>'
    if node.full_name:
        yield f"<title>{_safe(node.full_name)}</title>"
    for x, y in node.factors:
        yield f'<path class="ew-wire" d="{_wire(((x, y), (node.x, node.y)))}" stroke-width="1.4"/>'
        yield f'<circle class="ew-ink" cx="{_n(x)}" cy="{_n(y)}" r="3"/>'
    if node.factors:
        x, y, s = node.x, node.y, 3.4
        cross = f"M{_n(x - s)} {_n(y - s)}L{_n(x + s)} {_n(y + s)}M{_n(x - s)} {_n(y + s)}L{_n(x + s)} {_n(y - s)}"
        yield f'<circle class="ew-ring" cx="{_n(x)}" cy="{_n(y)}" r="8" stroke-width="1.4"/>'
        yield f'<path class="ew-ring" d="{cross}" stroke-width="1.6" stroke-linecap="round"/>'
    else:
        yield f'<circle class="ew-ink" cx="{_n(node.x)}" cy="{_n(node.y)}" r="4.5"/>'
    yield from _node_name(node)
    for x, y, shift in shift_marks(node):
        yield _text(x, y, shift, LABEL_SIZE, "ew-label", anchor="start")
    yield "</g>"


def _node_name(node: NodeMark) -> Iterator[str]:
    for x, y, line in name_lines(node):
        if node.turned:
            turn = f' transform="rotate(-90 {_n(x)} {_n(y)})"'
            yield _text(x, y, _safe(line), NAME_SIZE, "ew-ink", turn, "end" if node.kind == "input" else "start")
        else:
            yield _text(x, y, _safe(line), NAME_SIZE, "ew-ink")


def _wire(points: tuple[Point, ...]) -> str:
    x, y = points[0]
    return f"M{_n(x)} {_n(y)}" + "".join(
        "C" + " ".join(f"{_n(px)} {_n(py)}" for px, py in segment) for segment in bends(points)
    )


def _text(x: float, y: float, content: str, size: float, css: str, more: str = "", anchor: str = "middle") -> str:
    """A text element around content that is already safe."""
    return (
        f'<text class="{css}" x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" text-anchor="{anchor}"{more}>'
        f"{content}</text>"
    )


def _formula(label: str) -> str:
    """Exponents raised; what follows them comes down again."""
    parts, up = [], 0.0
    for text, is_raised in raised(label):
        rise = RAISED_BY * LABEL_SIZE if is_raised else 0.0
        size = f' font-size="{_n(RAISED_SIZE * LABEL_SIZE)}"' if is_raised else ""
        parts.append(_safe(text) if rise == up == 0 else f'<tspan dy="{_n(up - rise)}"{size}>{_safe(text)}</tspan>')
        up = rise
    return "".join(parts)


def _safe(text: str) -> str:
    """Text that XML takes: escaped, and without the characters that XML forbids."""
    return escape("".join(c if _allowed(c) else " " for c in text))


def _allowed(c: str) -> bool:
    return c >= " " and not "\x7f" <= c <= "\x9f" and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff"


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
