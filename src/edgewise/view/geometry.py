"""Where everything of a network's picture stands. Both writers, SVG and matplotlib, only draw what is decided here.

As in the KAN papers, inputs stand at the bottom, outputs at the top, and between two levels of nodes the curve of each
edge sits on the edge, in a small box. Where many edges meet, boxes shrink and stand in several rows; wires to the
upper rows then run in lanes between the boxes, so that no wire passes behind a box that is not its own.

Lengths are CSS pixels, y grows downwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, tanh
from typing import Literal

import numpy as np
from scipy.optimize import isotonic_regression
from torch import Tensor

from edgewise.nn import KAN, EdgeId, Model
from edgewise.nn.scores import ScoreKind
from edgewise.train import EdgeBands

from .curves import Content, EdgeCurve, read_content
from .text import ELLIPSIS, GLUE, label_width, shorten, text_width, true_minus, wrap

Point = tuple[float, float]
Level = Literal["input", "hidden", "output"]

NARROWEST, WIDEST = 300.0, 980.0  # of the picture, margins excluded
MARGIN = 28.0
HEAD, FOOT = 30.0, 18.0  # added for a title, and for a note
NODE_ROOM, BOX_ROOM = 88.0, 82.0  # what a node, and a box, would like to have along a row
LEAST_NODE_ROOM = 18.0
LARGEST_BOX, READABLE_BOX, LEAST_BOX, WIDEST_CARD = 62.0, 30.0, 16.0, 140.0
ROW_GAP, LANE = 9.0, 1.3
MOST_BAND = 2.0  # of a band that is shown on either side of a curve, in heights of the curve
BEND = 0.38  # 0: wires run straight, as in the paper; 0.5: as upright as can be
FACTOR_RISE, FACTOR_STEP = 24.0, 18.0  # from the factors of a product up to its node, and between factors
NAME_SIZE, NAME_GAP, LABEL_SIZE, LINE = 13.0, 16.0, 10.5, 1.25
SHIFT_GAP = 8.0  # from the middle of a sum's dot to the constant beside it


@dataclass(frozen=True)
class NodeMark:
    """A node at (x, y): a dot; a circle with a × and one small dot a factor below it where the node multiplies.

    ``used`` is False for a node that no edge leaves, outputs excepted. ``name`` holds the lines of an input's or output's
    name and ``full_name`` the whole of it; ``turned`` names read upwards. ``shifts`` has the constant that each sum adds, or
    nothing, in the order of ``sums``.
    """

    level: int
    index: int
    kind: Level
    x: float
    y: float
    factors: tuple[Point, ...] = ()
    used: bool = True
    name: tuple[str, ...] = ()
    full_name: str = ""
    turned: bool = False
    shifts: tuple[str, ...] = ("",)

    @property
    def sums(self) -> tuple[Point, ...]:
        """Where edges arrive: at the node, or at its factors."""
        return self.factors or ((self.x, self.y),)


@dataclass(frozen=True)
class EdgeMark:
    """An edge: the box with its curve, the wires before and behind, the formula if it is fixed, and how strong it is.

    ``left``, ``top``, ``width``, ``height`` are the box; ``curve`` holds the pieces of the curve as points in it, broken
    where the function is not finite; ``band`` the outlines of its band, if there is one. A wire is a row of points, joined
    by curves that are vertical at each point. ``label`` holds the lines of the formula, or of its function's name where the
    formula is too long. ``opacity`` is tanh(contrast * score) (the paper, section 6.2, with beta = 3).
    """

    id: EdgeId
    kind: str
    left: float
    top: float
    width: float
    height: float
    curve: tuple[tuple[Point, ...], ...]
    wires: tuple[tuple[Point, ...], ...]
    label: tuple[str, ...]
    full_label: str
    label_at: Point
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    score: float
    opacity: float
    band: tuple[tuple[Point, ...], ...] = ()


@dataclass(frozen=True)
class Drawing:
    """A network's picture before it is written: ``width`` x ``height`` pixels, marks, what was left out, and what bands
    are."""

    width: float
    height: float
    shape: tuple[int, ...]
    nodes: tuple[NodeMark, ...]
    edges: tuple[EdgeMark, ...]
    left_out: int = 0
    bands: EdgeBands | None = None

    @property
    def note(self) -> str:
        """What the reader must know about edges that are not drawn, and about bands, or nothing."""
        drawn = len(self.edges)
        parts = [f"the strongest {drawn} of {drawn + self.left_out} edges"] if self.left_out else []
        if self.bands is not None:
            parts.append(f"shaded: {100 * self.bands.coverage:g} % bands of {self.bands.runs} trainings")
        return "; ".join(parts)


@dataclass(frozen=True)
class _Grid:
    """How the boxes between two levels are laid out: rows, the box's size (caption included), and distances."""

    rows: int
    box: float
    curve_height: float
    caption: float
    lanes: float

    @property
    def pitch(self) -> float:
        """From one column of boxes to the next."""
        return self.box + self.lanes

    @property
    def row_height(self) -> float:
        """From one row of boxes to the next."""
        return self.curve_height + self.caption + ROW_GAP

    @property
    def height(self) -> float:
        """All rows."""
        return self.rows * self.row_height - ROW_GAP


def draw_network(
    model: Model | KAN,
    x: np.ndarray | Tensor,
    *,
    inputs: Sequence[str] | None = None,
    targets: Sequence[str] | None = None,
    score: ScoreKind = "share",
    contrast: float = 3.0,
    at_most: int = 240,
    bands: EdgeBands | None = None,
) -> Drawing:
    """The picture of a network on the rows ``x`` (rows, inputs), in original units for a Model.

    Curves run over the range that the preactivations really take. Of more than ``at_most`` edges in a layer only the
    strongest are drawn, and `Drawing.note` says so. ``bands`` (of `edgewise.train.edge_bands`) are shaded. Raises ShapeError
    or ValuesError for rows that cannot be sent through.
    """
    content = read_content(model, x, inputs, targets, score, bands)
    layers = [[c for c in content.curves if c.id.layer == layer] for layer in range(len(content.arities))]
    kept = [sorted(sorted(layer, key=lambda c: -c.score)[:at_most], key=lambda c: c.id) for layer in layers]
    return replace(_lay_out(content, kept, contrast), bands=bands)


def _lay_out(content: Content, layers: list[list[EdgeCurve]], contrast: float) -> Drawing:
    width = _full_width(content, layers)
    grids = [_grid(layer, width) for layer in layers]
    below, above = _names(content.inputs, width), _names(content.targets, width)
    levels, bands = _heights(content.arities, grids, width, MARGIN / 2 + above.height)
    nodes = _nodes(content, layers, width, levels, below, above)
    edges: list[EdgeMark] = []
    for number, (grid, band) in enumerate(zip(grids, bands, strict=True)):
        starts = [(node.x, node.y) for node in nodes[number]]
        ends = [point for node in nodes[number + 1] for point in node.sums]
        edges += _edges(layers[number], starts, ends, grid, band, width, contrast)
    return Drawing(
        width + 2 * MARGIN,
        levels[0] + below.height + MARGIN / 2,
        tuple(len(level) for level in nodes),
        tuple(node for level in nodes for node in level),
        tuple(edges),
        len(content.curves) - len(edges),
    )


def bends(points: Sequence[Point]) -> list[tuple[Point, Point, Point]]:
    """A wire as cubic Bézier segments behind its first point: two control points and an end each, upright at the ends."""
    return [
        ((x0, y0 + BEND * (y1 - y0)), (x1, y1 - BEND * (y1 - y0)), (x1, y1)) for (x0, y0), (x1, y1) in pairwise(points)
    ]


def name_lines(node: NodeMark) -> list[tuple[float, float, str]]:
    """(x, baseline, text) of each line of a node's name, below inputs and above outputs."""
    step, down = NAME_SIZE * LINE, node.kind == "input"
    if node.turned:
        return [(node.x + 0.35 * NAME_SIZE, node.y + (NAME_GAP - 4 if down else 4 - NAME_GAP), node.name[0])]
    first = node.y + NAME_GAP + 0.6 * NAME_SIZE if down else node.y - NAME_GAP - (len(node.name) - 1) * step + 2
    return [(node.x, first + i * step, line) for i, line in enumerate(node.name)]


def shift_marks(node: NodeMark) -> list[tuple[float, float, str]]:
    """(left end, baseline, text) of the constants that a node's sums add, each on the right of its dot."""
    places = zip(node.sums, node.shifts, strict=True)
    return [(x + SHIFT_GAP, y + 0.35 * LABEL_SIZE, shift) for (x, y), shift in places if shift]


# -- distances -------------------------------------------------------------------------------------------------------


def _full_width(content: Content, layers: list[list[EdgeCurve]]) -> float:
    """As wide as nodes, boxes and names wish, between limits; wider than that only if boxes would vanish."""
    nodes = max(len(content.inputs), *(sum(map(_share, arity)) for arity in content.arities))
    boxes = max(len(layer) * max(map(_wish, layer), default=0.0) for layer in layers)
    names = max(
        len(names) * min(150.0, max(text_width(name, NAME_SIZE) for name in names) + 16)
        for names in (content.inputs, content.targets)
    )
    wished = float(np.clip(max(nodes * NODE_ROOM, boxes, names), NARROWEST, WIDEST))
    return max(wished, nodes * LEAST_NODE_ROOM, *(_least_width(len(layer)) for layer in layers))


def _share(arity: int) -> float:
    """The room of a node, in those of an adding one."""
    return max(1.0, 0.4 * arity)


def _least_width(count: int) -> float:
    """The width at which ``count`` boxes in about as many rows as columns are still to be seen."""
    rows = max(1, round(count**0.5))
    return ceil(count / rows) * (LEAST_BOX + _lanes(count, rows))


def _wish(curve: EdgeCurve) -> float:
    return float(np.clip(label_width(curve.label, LABEL_SIZE) + 26, BOX_ROOM, WIDEST_CARD + 20))


def _grid(curves: list[EdgeCurve], width: float) -> _Grid:
    """The fewest rows that leave a box readable; where none does, the rows that leave it largest."""
    labels = [label_width(c.label, LABEL_SIZE) + 12 for c in curves if c.label]
    widest = min(max([LARGEST_BOX, *labels]), WIDEST_CARD)
    rows = _rows_of_boxes(len(curves), width)
    room = width / max(1, ceil(len(curves) / rows)) - _lanes(len(curves), rows)
    box = min(room, widest)
    lines = max((len(_label_lines(c, box)) for c in curves), default=0) if box > 40 else 0
    caption = LABEL_SIZE * (0.25 + LINE * lines) if lines else 0.0
    return _Grid(rows, box, min(box * 0.8, LARGEST_BOX * 0.8), caption, _lanes(len(curves), rows))


def _rows_of_boxes(count: int, width: float) -> int:
    rooms = {rows: width / max(1, ceil(count / rows)) - _lanes(count, rows) for rows in range(1, 2 + round(count**0.5))}
    fitting = [rows for rows, room in rooms.items() if room >= READABLE_BOX]
    if not fitting:
        return max(rooms, key=lambda rows: rooms[rows])
    return min(fitting[:3], key=lambda rows: -count % rows)  # the last column as full as can be


def _lanes(count: int, rows: int) -> float:
    """What the wires to other rows, or plain air, take between two boxes."""
    return max(4.0 + 2 * LANE * (rows - 1), 14.0 if count < 12 else 0.0)


def _heights(
    arities: Sequence[Sequence[int]], grids: list[_Grid], width: float, top: float
) -> tuple[list[float], list[float]]:
    """y of each level of nodes, inputs first, and of the top of each band of boxes."""
    fan = float(np.clip(0.085 * width, 34, 90))
    levels, bands, y = [top], [], top
    for arity, grid in zip(reversed(arities), reversed(grids), strict=True):
        y += fan + (FACTOR_RISE if max(arity) > 1 else 0)
        bands.append(y)
        y += grid.height + fan
        levels.append(y)
    return levels[::-1], bands[::-1]


@dataclass(frozen=True)
class _Names:
    """The names along one side: lines of each, turned upwards or not, and the height that they take."""

    lines: list[tuple[str, ...]]
    turned: bool
    height: float


def _names(names: tuple[str, ...], width: float) -> _Names:
    """Names in up to three lines; turned where that would cut one."""
    room = min(190.0, (width + MARGIN) / len(names) - 8)
    lines = [wrap(name, NAME_SIZE, room) for name in names]
    if not any(line.endswith(ELLIPSIS) for name in lines for line in name):
        return _Names(lines, False, NAME_GAP + max(map(len, lines)) * NAME_SIZE * LINE)
    lines = [(shorten(name, NAME_SIZE, 190.0),) for name in names]
    return _Names(lines, True, NAME_GAP + 6 + max(text_width(name, NAME_SIZE) for (name,) in lines))


# -- nodes -----------------------------------------------------------------------------------------------------------


def _nodes(
    content: Content, layers: list[list[EdgeCurve]], width: float, levels: list[float], below: _Names, above: _Names
) -> list[list[NodeMark]]:
    last = len(levels) - 1
    placed = []
    shifts = [("",) * len(content.inputs), *map(_in_signs, content.shifts)]
    for level, arity in enumerate([(1,) * len(content.inputs), *content.arities]):
        first = np.cumsum([0, *arity])
        used = {c.id.source for c in layers[level]} if level < last else set(range(len(arity)))
        names = below if level == 0 else above if level == last else None
        full = content.inputs if level == 0 else content.targets
        row = []
        for i, x in enumerate(_along(arity, width)):
            kind: Level = "input" if level == 0 else "output" if level == last else "hidden"
            named = (names.lines[i], full[i], names.turned) if names else ((), "", False)
            added = shifts[level][first[i] : first[i + 1]]
            factors = _factors(x, levels[level], added)
            row.append(NodeMark(level, i, kind, x, levels[level], factors, i in used, *named, added))
        placed.append(row)
    return placed


def _along(arity: Sequence[int], width: float) -> list[float]:
    """Even places along the width; a node of many factors takes the room of its factors."""
    rooms = np.array([_share(a) for a in arity])
    ends = np.cumsum(rooms)
    return (MARGIN + (ends - rooms / 2) * width / ends[-1]).tolist()


def _in_signs(shifts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(true_minus, shifts))


def _factors(x: float, y: float, shifts: tuple[str, ...]) -> tuple[Point, ...]:
    """The dots of a product's factors, apart from each other by what is written beside them."""
    arity = len(shifts)
    if arity == 1:
        return ()
    widest = max(text_width(shift, LABEL_SIZE) for shift in shifts)
    step = FACTOR_STEP + (widest + SHIFT_GAP if widest else 0.0)
    return tuple((x + (i - (arity - 1) / 2) * step, y + FACTOR_RISE) for i in range(arity))


# -- edges -----------------------------------------------------------------------------------------------------------


def _edges(
    curves: list[EdgeCurve],
    starts: list[Point],
    ends: list[Point],
    grid: _Grid,
    band: float,
    width: float,
    contrast: float,
) -> list[EdgeMark]:
    """Boxes in the order of sources, each column as near to its edges as its neighbours allow, rows from below."""
    wanted = [0.62 * starts[c.id.source][0] + 0.38 * ends[c.id.target][0] for c in curves]
    columns = [wanted[i : i + grid.rows] for i in range(0, len(wanted), grid.rows)]
    centres = spread([sum(column) / len(column) for column in columns], grid.pitch, MARGIN, MARGIN + width)
    marks = []
    for i, curve in enumerate(curves):
        column, row = divmod(i, grid.rows)
        bottom = band + grid.height - row * grid.row_height
        corner = (centres[column] - grid.box / 2, bottom - grid.row_height + ROW_GAP)
        wires = (
            _wire_in(starts[curve.id.source], (centres[column], bottom), row, grid, band),
            _wire_out((centres[column], corner[1]), ends[curve.id.target], row, grid, band),
        )
        marks.append(_edge(curve, corner, grid, wires, contrast))
    return marks


def spread(wanted: Sequence[float], distance: float, low: float, high: float) -> list[float]:
    """The places nearest to ``wanted`` (least squares) that keep their order, a distance, and the borders.

    >>> [round(x) for x in spread([50, 50, 90], 20, 0, 100)]
    [40, 60, 90]
    """
    steps = distance * np.arange(len(wanted))
    if not len(steps):
        return []
    apart = isotonic_regression(np.asarray(wanted, dtype=float) - steps).x
    return (np.clip(apart, low + distance / 2, high - distance / 2 - steps[-1]) + steps).tolist()


def _wire_in(start: Point, end: Point, row: int, grid: _Grid, band: float) -> tuple[Point, ...]:
    """From a node up to the bottom of its box, past the rows below it in a lane on the left."""
    below = band + grid.height
    if row == 0:
        return (start, end)
    lane = end[0] - grid.box / 2 - 2 - LANE * (row - 1)
    return (start, (lane, below), (lane, end[1] + ROW_GAP), end)


def _wire_out(start: Point, end: Point, row: int, grid: _Grid, band: float) -> tuple[Point, ...]:
    """From the top of a box up to its sum, past the rows above it in a lane on the right."""
    if row == grid.rows - 1:
        return (start, end)
    lane = start[0] + grid.box / 2 + 2 + LANE * (grid.rows - 2 - row)
    return (start, (lane, start[1] - ROW_GAP), (lane, band), end)


def _edge(
    curve: EdgeCurve, corner: Point, grid: _Grid, wires: tuple[tuple[Point, ...], ...], contrast: float
) -> EdgeMark:
    left, top = corner
    low, high = _with_band(curve, *_shown_range(curve.y, curve.pole))
    shown = _label_lines(curve, grid.box) if grid.caption else ()
    inside = (left, top, grid.box, grid.curve_height + (0 if shown else grid.caption))
    return EdgeMark(
        curve.id,
        curve.kind,
        left,
        top,
        grid.box,
        grid.curve_height + grid.caption,
        _pieces(curve.y, low, high, *inside),
        wires,
        shown,
        true_minus(curve.label),
        (left + grid.box / 2, top + grid.curve_height + grid.caption - (len(shown) - 0.35) * LABEL_SIZE * LINE),
        (float(curve.x[0]), float(curve.x[-1])),
        (low, high),
        curve.score,
        tanh(contrast * curve.score),
        _outlines(curve, low, high, *inside),
    )


def _label_lines(curve: EdgeCurve, box: float) -> tuple[str, ...]:
    """The formula in one or two lines where it fits, else the name of its function."""
    if not curve.label:
        return ()
    label, room = true_minus(curve.label), box - 8
    if label_width(label, LABEL_SIZE) <= room:
        return (label,)
    whole = label.replace(" x", f"{GLUE}x").replace("+ ", f"+{GLUE}").replace("− ", f"−{GLUE}")
    lines = wrap(whole, LABEL_SIZE, room, most=2)
    if any(line.endswith(ELLIPSIS) for line in lines):
        return (shorten(true_minus(curve.name), LABEL_SIZE, room),)
    return tuple(line.replace(GLUE, " ") for line in lines)


def _shown_range(y: np.ndarray, pole: bool) -> tuple[float, float]:
    """From the lowest to the highest value; next to a pole, a little farther than nine in ten values reach."""
    finite = y[np.isfinite(y)]
    if not len(finite):
        return 0.0, 0.0
    low, high = float(finite.min()), float(finite.max())
    near, far = np.quantile(finite, (0.05, 0.95)).tolist()
    reach = (far - near) / 4
    if pole and high - low > 2 * (far - near):
        return max(low, near - reach), min(high, far + reach)
    return low, high


def _with_band(curve: EdgeCurve, low: float, high: float) -> tuple[float, float]:
    """The range with room for the band; of one that is far wider than the curve, what leaves the curve to be seen."""
    if curve.band is None or not any(np.isfinite(end).any() for end in curve.band):
        return low, high
    reach = MOST_BAND * (high - low) or np.inf  # a flat curve is a line however small it is drawn
    lowest, highest = float(np.nanmin(curve.band[0])), float(np.nanmax(curve.band[1]))
    return max(min(low, lowest), low - reach), min(max(high, highest), high + reach)


def _outlines(
    curve: EdgeCurve, low: float, high: float, left: float, top: float, width: float, height: float
) -> tuple[tuple[Point, ...], ...]:
    """The band as outlines inside the box: along its upper end and back along the lower one."""
    if curve.band is None or high <= low:
        return ()
    ends = (np.clip(end, low, high) for end in curve.band)
    lower, upper = (_pieces(end, low, high, left, top, width, height) for end in ends)
    return tuple(above + below[::-1] for below, above in zip(lower, upper, strict=True))


def _pieces(
    y: np.ndarray, low: float, high: float, left: float, top: float, width: float, height: float
) -> tuple[tuple[Point, ...], ...]:
    """The curve as points inside its box; a small box needs fewer points, a flat curve lies in the middle."""
    inset = 0.13 * min(width, height)
    step = max(1, min(8, round(64 / (2 * width))))
    flat = high - low <= 1e-9 * max(abs(low), abs(high), 1e-30)
    share = np.full_like(y, 0.5) if flat else (y - low) / (high - low)
    share = np.where((share >= 0) & (share <= 1), share, np.nan)[::step]
    xs = np.linspace(left + inset, left + width - inset, len(share))
    ys = top + height - inset - share * (height - 2 * inset)
    breaks = [-1, *np.flatnonzero(~np.isfinite(share)).tolist(), len(share)]
    return tuple(
        tuple(zip(xs[a + 1 : b].tolist(), ys[a + 1 : b].tolist(), strict=True))
        for a, b in pairwise(breaks)
        if b - a > 2
    )
