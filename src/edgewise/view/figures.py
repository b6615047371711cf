"""The same pictures, and the usual plots, on matplotlib axes.

matplotlib is imported when a function is called, without pyplot: no backend, no style and no global state is touched.
A function draws on ``ax``, or on a Figure of its own, and returns the Axes; ``ax.figure.savefig(...)`` is the caller's.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor

from edgewise.errors import ShapeError
from edgewise.nn import KAN, Edge, Model
from edgewise.train import EdgeBand, EdgeBands

from .fonts import families
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
from .labels import edge_label
from .style import BAND, DARK, LIGHT, READABLE, UNUSED, Palette, visible
from .text import ELLIPSIS, raised, true_minus

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PIXEL = 1 / 100  # inches; a picture of 840 px is 8.4 inches wide
LONGEST = 48  # letters of an equation beside a front
PICKED = "\u25cb "  # the ring before the line of the pick


class HasEquation(Protocol):
    """A formula, as far as a picture needs it."""

    @property
    def equation(self) -> str:
        """``T = 2*pi*sqrt(L/g)``."""
        ...


class HasRows(Protocol):
    """A front of formulas: ``rows()`` gives complexity, rmse, r2, score and equation of each, ``best`` is the pick."""

    @property
    def best(self) -> HasEquation:
        """The pick."""
        ...

    def rows(self) -> list[dict[str, Any]]:
        """One dict a formula."""
        ...


def plot_network(
    model: Model | KAN,
    x: np.ndarray | Tensor,
    ax: "Axes | None" = None,
    *,
    inputs: Sequence[str] | None = None,
    targets: Sequence[str] | None = None,
    title: str = "",
    bands: EdgeBands | None = None,
) -> "Axes":
    """The picture of a network on the rows ``x`` (rows, inputs), in original units for a Model; ``bands`` are shaded.

    >>> from edgewise.nn import KAN
    >>> ax = plot_network(KAN([2, 5, 1]), torch.rand(100, 2))
    >>> ax.figure.savefig("network.pdf")  # doctest: +SKIP
    """
    return plot_drawing(draw_network(model, x, inputs=inputs, targets=targets, bands=bands), ax, title=title)


def plot_drawing(drawing: Drawing, ax: "Axes | None" = None, *, title: str = "", dark: bool = False) -> "Axes":
    """A drawing on axes. On axes of the caller's, lines and letters keep their size in the picture's own proportions."""
    top, bottom = -(HEAD if title else 0.0), drawing.height + (FOOT if drawing.note else 0.0)
    ax = ax or _own_axes(drawing.width * PIXEL, (bottom - top) * PIXEL, bare=True)
    ax.set_xlim(0, drawing.width)
    ax.set_ylim(bottom, top)
    ax.set_aspect("equal")
    ax.set_axis_off()
    pen = _Pen(ax, DARK if dark else LIGHT, _scale(ax, drawing.width, bottom - top))
    for edge in sorted(drawing.edges, key=lambda edge: edge.opacity):
        _draw_edge(pen, edge)
    for node in drawing.nodes:
        _draw_node(pen, node)
    if drawing.note:
        pen.text(drawing.width / 2, bottom - 8, drawing.note, 11, alpha=0.65)
    if title:
        pen.text(drawing.width / 2, top + 24, title, 16, weight="bold")
    return ax


def plot_predictions(
    measured: np.ndarray, predicted: np.ndarray, ax: "Axes | None" = None, *, name: str = "", colour: str = LIGHT.spline
) -> "Axes":
    """Predicted against measured, (rows,) each, with the diagonal, the rmse and r2; ``name`` is the column's."""
    measured, predicted = _pair(measured, predicted)
    ax = ax or _own_axes(4.6, 4.6)
    low, high = _limits(np.concatenate([measured, predicted]))
    ax.plot([low, high], [low, high], color=LIGHT.frame, linewidth=1, zorder=1)
    ax.plot(measured, predicted, color=colour, zorder=2, **_dots(len(measured)))
    ax.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    rest = measured - predicted
    rmse, spread = np.sqrt(np.mean(rest**2)), np.mean((measured - measured.mean()) ** 2)
    lines = [f"rmse {rmse:.3g}", f"r² {1 - rmse**2 / spread:.6g}" if spread > 0 else ""]
    _annotate(ax, "\n".join(lines).strip())
    return _labelled(ax, f"{name} measured".strip(), f"{name} predicted".strip())


def plot_residuals(
    measured: np.ndarray, predicted: np.ndarray, ax: "Axes | None" = None, *, name: str = "", colour: str = LIGHT.spline
) -> "Axes":
    """Measured minus predicted against predicted, (rows,) each, with the zero line and the band of one rmse."""
    measured, predicted = _pair(measured, predicted)
    ax = ax or _own_axes(5.6, 3.6)
    rest = measured - predicted
    rmse = float(np.sqrt(np.mean(rest**2)))
    ax.axhspan(-rmse, rmse, color=colour, alpha=0.08, linewidth=0)
    ax.axhline(0, color=LIGHT.frame, linewidth=1)
    ax.plot(predicted, rest, color=colour, **_dots(len(rest)))
    _annotate(ax, f"rmse {rmse:.3g}")
    return _labelled(ax, f"{name} predicted".strip(), "measured − predicted")


def plot_front(front: HasRows, ax: "Axes | None" = None, *, equations: int = 6) -> "Axes":
    """Held-out error against complexity, one dot a formula, a ring around the pick; beside it the pick and the formulas of
    best score, ``equations`` in all. An error of zero lies on the axis below."""
    from matplotlib.ticker import MaxNLocator

    rows = sorted(front.rows(), key=lambda row: row["complexity"])
    if not rows:
        raise ShapeError("the front is empty: there is no formula to draw.")
    ax = ax or _own_axes(9.0, 4.2)
    complexity = [row["complexity"] for row in rows]
    rmse = np.array([row["rmse"] for row in rows])
    if (above := rmse[rmse > 0]).size:
        ax.set_yscale("log")
        lowest = above.min() / 10
        rmse = np.maximum(rmse, lowest)
    ax.step(complexity, rmse, where="post", color=LIGHT.frame, linewidth=1, zorder=1)
    ax.plot(complexity, rmse, "o", color=LIGHT.fixed, markersize=6, zorder=2, clip_on=False)
    picked = next((i for i, row in enumerate(rows) if row["equation"] == front.best.equation), 0)
    ring: dict[str, Any] = {"markersize": 12, "markerfacecolor": "none", "markeredgecolor": LIGHT.ink, "clip_on": False}
    ax.plot(complexity[picked], rmse[picked], "o", **ring)
    if rmse.min() < above.min(initial=np.inf):
        ax.set_ylim(bottom=rmse.min())
    shown = sorted(range(len(rows)), key=lambda i: (i != picked, -rows[i]["score"]))[:equations]
    listed = "\n".join(_listed(rows[i], i == picked) for i in sorted(shown))
    ax.text(
        1.02, 1.0, listed, transform=ax.transAxes, ha="left", va="top", multialignment="left", linespacing=1.6,
        **_plain(listed, 8.5, LIGHT.ink),
    )  # fmt: skip
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return _labelled(ax, "complexity", "rmse, held out")


def plot_edge(
    edge: Edge, ax: "Axes | None" = None, *, x: np.ndarray | Tensor | None = None, band: EdgeBand | None = None
) -> "Axes":
    """The function of one edge over its knots, or over the range of its preactivations ``x`` (rows,), which are ticked.

    ``band`` (of `edgewise.train.edge_bands`) is shaded, its mean dashed.
    """
    ax = ax or _own_axes(4.2, 3.0)
    seen = None if x is None else torch.as_tensor(x).detach().to(edge.layer.weight)
    low, high = edge.range if seen is None else (float(seen.min()), float(seen.max()))
    points = torch.linspace(low, high, 400).to(edge.layer.weight)
    fixed = edge.primitive is not None
    if band is not None:
        colour = LIGHT.fixed if fixed else LIGHT.spline
        ax.fill_between(band.x, band.low, band.high, color=colour, alpha=BAND, linewidth=0)
        ax.plot(band.x, band.mean, "--", color=colour, linewidth=1, alpha=0.7)
    ax.plot(points.cpu(), edge(points).cpu(), color=LIGHT.fixed if fixed else LIGHT.spline, linewidth=2)
    if seen is not None:
        ax.plot(
            seen.cpu(), np.zeros(len(seen)), "|", color=LIGHT.frame, transform=ax.get_xaxis_transform(), markersize=7
        )
    if edge.primitive is not None and edge.constants is not None:
        label = edge_label(edge.primitive, edge.constants, max(abs(low), abs(high)))
        ax.set_title(_maths(label), fontsize=11, color=LIGHT.fixed, usetex=False)
    return _labelled(ax, f"x, node {edge.source}", f"φ(x), into sum {edge.target}")


# -- the network -----------------------------------------------------------------------------------------------------


class _Pen:
    """Axes, colours, and how many printed points a pixel of the drawing is."""

    def __init__(self, ax: "Axes", palette: Palette, scale: float) -> None:
        self.ax, self.palette, self.scale = ax, palette, scale

    def text(self, x: float, y: float, text: str, size: float, *, colour: str = "", **more: Any) -> None:
        """Text whose baseline is at y."""
        plain = _plain(text, size * self.scale, colour or self.palette.ink)
        self.ax.text(x, y, text, **{"ha": "center", "va": "baseline", **plain, **more})

    def wire(self, points: Sequence[Point], width: float, alpha: float) -> None:
        """A wire through the points."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        corners = [points[0], *(corner for segment in bends(points) for corner in segment)]
        path = Path(corners, [Path.MOVETO] + [Path.CURVE4] * (len(corners) - 1))
        self.ax.add_patch(
            PathPatch(path, fill=False, edgecolor=self.palette.wire, linewidth=width * self.scale, alpha=alpha)
        )

    def dot(self, x: float, y: float, radius: float, **more: Any) -> None:
        """A filled circle."""
        from matplotlib.patches import Circle

        style = {"facecolor": self.palette.ink, "edgecolor": "none", "zorder": 3, **more}
        self.ax.add_patch(Circle((x, y), radius, **style))


def _draw_edge(pen: _Pen, edge: EdgeMark) -> None:
    from matplotlib.patches import FancyBboxPatch

    alpha, thin = visible(edge.opacity), min(1.0, max(0.35, edge.width / 50))
    for wire in edge.wires:
        pen.wire(wire, 1.4 * thin, alpha)
    corner = min(5.0, edge.width / 8)
    pen.ax.add_patch(
        FancyBboxPatch(
            (edge.left, edge.top), edge.width, edge.height, boxstyle=f"round,pad=0,rounding_size={corner}",
            facecolor=pen.palette.box, edgecolor=pen.palette.frame, linewidth=thin * pen.scale, alpha=alpha, zorder=2,
        )
    )  # fmt: skip
    colour = pen.palette.fixed if edge.kind == "fixed" else pen.palette.spline
    for outline in edge.band:
        xs, ys = zip(*outline, strict=True)
        pen.ax.fill(xs, ys, color=colour, alpha=alpha * BAND, linewidth=0, zorder=2.4)
    for piece in edge.curve:
        xs, ys = zip(*piece, strict=True)
        pen.ax.plot(
            xs, ys, color=colour, linewidth=2 * thin * pen.scale, alpha=alpha, zorder=2.5, solid_capstyle="round"
        )
    for i, line in enumerate(edge.label):
        x, y = edge.label_at
        pen.text(
            x, y + i * LABEL_SIZE * LINE, _maths(line), LABEL_SIZE, colour=colour, alpha=max(alpha, READABLE),
            parse_math=True, zorder=4,
        )  # fmt: skip


def _draw_node(pen: _Pen, node: NodeMark) -> None:
    alpha = 1.0 if node.used else UNUSED
    for x, y in node.factors:
        pen.wire(((x, y), (node.x, node.y)), 1.4, alpha)
        pen.dot(x, y, 3, alpha=alpha)
    if node.factors:
        pen.dot(node.x, node.y, 8, facecolor=pen.palette.box, edgecolor=pen.palette.ink, linewidth=1.4 * pen.scale)
        for rise in (-3.4, 3.4):
            pen.ax.plot(
                [node.x - 3.4, node.x + 3.4], [node.y - rise, node.y + rise],
                color=pen.palette.ink, linewidth=1.6 * pen.scale, zorder=4,
            )  # fmt: skip
    else:
        pen.dot(node.x, node.y, 4.5, alpha=alpha)
    for x, y, line in name_lines(node):
        turned: dict[str, Any] = {"rotation": 90, "ha": "right", "va": "top" if node.kind == "input" else "bottom"}
        pen.text(x, y, line, NAME_SIZE, alpha=alpha, **(turned if node.turned else {}))
    for x, y, shift in shift_marks(node):
        pen.text(x, y, shift, LABEL_SIZE, colour=pen.palette.fixed, ha="left")


def _scale(ax: "Axes", width: float, height: float) -> float:
    """Printed points to a pixel of the drawing, once it is fitted into the axes."""
    box = ax.get_window_extent()
    return min(box.width / width, box.height / height) * 72 / ax.figure.dpi


# -- common ----------------------------------------------------------------------------------------------------------


def _listed(row: dict[str, Any], picked: bool) -> str:
    """A line beside a front."""
    equation = row["equation"]
    cut = equation if len(equation) <= LONGEST else equation[: LONGEST - 1] + ELLIPSIS
    return f"{PICKED if picked else ''}{row['complexity']}   {cut}"


def _own_axes(width: float, height: float, bare: bool = False) -> "Axes":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout=None if bare else "constrained")
    return figure.add_axes((0, 0, 1, 1)) if bare else figure.add_subplot()


def _plain(text: str, size: float, colour: str) -> dict[str, Any]:
    """Names are text: a $ in them is no formula, and their letters need a font that has them."""
    return {"fontsize": size, "color": colour, "parse_math": False, "usetex": False, "fontfamily": families(text)}


def _maths(label: str) -> str:
    """A formula of ours with its exponents raised by mathtext, in the font of the text around."""
    pieces = raised(true_minus(label))
    if not any(up for _, up in pieces):
        return true_minus(label).replace("$", r"\$")
    written = (text.replace(" ", r"\ ").replace("$", r"\$").replace("_", r"\_") for text, _ in pieces)
    marked = (f"^{{{text}}}" if up else text for text, (_, up) in zip(written, pieces, strict=True))
    return rf"$\mathregular{{{''.join(marked)}}}$"


def _pair(measured: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.asarray(measured, dtype=float), np.asarray(predicted, dtype=float)
    if first.ndim != 1 or first.shape != second.shape or not len(first):
        raise ShapeError(f"as many predicted as measured values were expected, got {first.shape} and {second.shape}.")
    return first, second


def _limits(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = 0.04 * (high - low) or 0.5 * max(abs(low), 1.0)
    return low - room, high + room


def _dots(count: int) -> dict[str, Any]:
    """Many dots are small and let through what lies below; rasterised, so that a PDF stays small."""
    return {
        "linestyle": "none", "marker": "o", "markeredgewidth": 0, "markersize": float(np.clip(60 / count**0.5, 2.0, 6.0)),
        "alpha": float(np.clip(30 / count**0.5, 0.25, 0.85)), "rasterized": count > 5000,
    }  # fmt: skip


def _annotate(ax: "Axes", text: str) -> None:
    ax.text(0.04, 0.96, text, transform=ax.transAxes, va="top", **_plain(text, 9.5, LIGHT.ink))


def _labelled(ax: "Axes", x: str, y: str) -> "Axes":
    ax.set_xlabel(x, **_plain(x, 10.5, LIGHT.ink))
    ax.set_ylabel(y, **_plain(y, 10.5, LIGHT.ink))
    ax.spines[["top", "right"]].set_visible(False)
    return ax
