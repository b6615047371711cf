"""What is to be seen of a network on a batch of rows: the curve, the formula and the weight of every edge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from edgewise.errors import ShapeError, ValuesError
from edgewise.nn import KAN, Constants, Edge, EdgeId, KANLayer, Model, Scaling, edge_scores, trace
from edgewise.nn.scores import ScoreKind
from edgewise.nn.trace import LayerTrace
from edgewise.train import EdgeBand, EdgeBands

from .labels import edge_label, edge_shift

POINTS = 65


@dataclass(frozen=True)
class EdgeCurve:
    """One edge: ``x`` and ``y`` (points,) over the range that its preactivations take, primitive (and whether
    it has a pole), formula and score.

    ``x`` of the first layer stands in the column's own units, ``y`` in the network's; ``band`` holds the ends of its band
    (points,) each, nan where it is not known, or nothing.
    """

    id: EdgeId
    kind: str
    x: np.ndarray
    y: np.ndarray
    name: str
    label: str
    pole: bool
    score: float
    band: tuple[np.ndarray, np.ndarray] | None = None


@dataclass(frozen=True)
class Content:
    """A network as it is to be drawn: names of inputs and targets, arity of each node of each layer, curves.

    ``shifts`` has a text for each sum of each layer: the constant that it adds where all that arrives has a name (a spline
    can hold any constant, so that none can be told from it), else nothing.
    """

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    arities: tuple[tuple[int, ...], ...]
    curves: tuple[EdgeCurve, ...]
    shifts: tuple[tuple[str, ...], ...]


def read_content(
    model: Model | KAN,
    x: np.ndarray | Tensor,
    inputs: Sequence[str] | None = None,
    targets: Sequence[str] | None = None,
    score: ScoreKind = "share",
    bands: EdgeBands | None = None,
) -> Content:
    """Send the rows ``x`` (rows, inputs) through and keep what is to be seen.

    ``x`` is in original units for a Model. Raises ShapeError for rows or names that do not fit and ValuesError for
    rows that are not finite.
    """
    network, scaling = (model.network, model.input_scaling) if isinstance(model, Model) else (model, None)
    rows = _rows(network, model, x)
    names = _names(model, inputs, targets)
    seen = trace(network, rows)
    curves: list[EdgeCurve] = []
    for number, (layer, scores) in enumerate(zip(network, edge_scores(seen, score), strict=True)):
        entering, first = seen.layers[number].preactivations, None if number else scaling
        curves += _layer_curves(number, layer, entering, scores, first, bands)
    shifts = tuple(map(_shifts, network, seen.layers))
    return Content(*names, tuple(layer.arity for layer in network), tuple(curves), shifts)


def _rows(network: KAN, model: Model | KAN, x: np.ndarray | Tensor) -> Tensor:
    width = network.shape[0]
    if x.ndim != 2 or x.shape[1] != width or not len(x):
        columns = f" ({', '.join(model.inputs)})" if isinstance(model, Model) else ""
        raise ShapeError(
            f"a picture needs rows of {width} columns{columns} to send through the network, got {tuple(x.shape)}."
        )
    if isinstance(model, Model):
        rows = model.scaled(x.detach().cpu().numpy() if isinstance(x, Tensor) else x)
    else:
        rows = torch.as_tensor(x).to(network[0].weight)
    bad = (~rows.isfinite()).any(1).sum()
    if bad:
        raise ValuesError(f"{int(bad)} of {len(rows)} rows hold cells that are no finite numbers. Drop those rows.")
    return rows


def _names(
    model: Model | KAN, inputs: Sequence[str] | None, targets: Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if isinstance(model, Model):
        return with_units(inputs or model.inputs, model.units), with_units(targets or model.targets, model.units)
    n_in, n_out = model.shape[0], model.shape[-1]
    inputs = inputs or [f"x{i + 1}" for i in range(n_in)]
    targets = targets or (["y"] if n_out == 1 else [f"y{i + 1}" for i in range(n_out)])
    if (len(inputs), len(targets)) != (n_in, n_out):
        raise ShapeError(
            f"the network has {n_in} inputs and {n_out} outputs but {len(inputs)} and {len(targets)} names came."
        )
    return tuple(inputs), tuple(targets)


def with_units(names: Sequence[str], units: Mapping[str, str]) -> tuple[str, ...]:
    """``L`` in metres -> ``L [m]``."""
    return tuple(f"{name} [{units[name]}]" if units.get(name) else name for name in names)


def _layer_curves(
    number: int,
    layer: KANLayer,
    entering: Tensor,
    scores: Tensor,
    scaling: Scaling | None,
    bands: EdgeBands | None,
) -> list[EdgeCurve]:
    points = _points(entering)
    heights = trace(KAN.of([layer]), points).layers[0].postactivations.double().cpu().numpy()
    shown = points.double().cpu().numpy()
    curves = []
    for edge_id, edge in _edges(number, layer):
        x, y = shown[:, edge.source], heights[:, edge.target, edge.source]
        band = _band_at(bands.of(edge_id) if bands else None, x)
        shift, scale = (scaling.shift[edge.source], scaling.scale[edge.source]) if scaling else (0.0, 1.0)
        x = x * scale + shift
        score = float(scores[edge.target, edge.source])
        name, pole = (edge.primitive.name, edge.primitive.pole) if edge.primitive else ("", False)
        curves.append(EdgeCurve(edge_id, edge.kind, x, y, name, _label(edge, x, shift, scale), pole, score, band))
    return curves


def _shifts(layer: KANLayer, seen: LayerTrace) -> tuple[str, ...]:
    """What each sum adds to named edges, where that is more than a thousandth of what the sum reaches."""
    named = {target for _, target, _ in layer.fixed}
    splines = {edge.target for _, edge in _edges(0, layer) if edge.primitive is None}
    reach = seen.sums.abs().amax(0).tolist()
    return tuple(
        edge_shift(bias, reach[target]) if target in named - splines else ""
        for target, bias in enumerate(layer.bias.tolist())
    )


def _band_at(band: EdgeBand | None, x: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The ends of a band at other points; nan beyond its own."""
    if band is None:
        return None
    spare = 1e-6 * np.ptp(x)  # rows that were scaled and scaled back
    beyond = (x < band.x[0] - spare) | (x > band.x[-1] + spare)
    low, high = (np.where(beyond, np.nan, np.interp(x, band.x, end)) for end in (band.low, band.high))
    return low, high


def _points(entering: Tensor) -> Tensor:
    """(POINTS, n_in) points over what each input takes; a constant input gets some room around it."""
    low, high = entering.amin(0), entering.amax(0)
    room = torch.where(high > low, 0.0, 0.5 * low.abs().clamp_min(1.0))
    steps = torch.linspace(0, 1, POINTS, dtype=entering.dtype, device=entering.device).unsqueeze(1)
    return torch.lerp(low - room, high + room, steps)


def _edges(number: int, layer: KANLayer) -> list[tuple[EdgeId, Edge]]:
    ids = [EdgeId(number, source, target) for source in range(layer.n_in) for target in range(layer.n_sums)]
    found = [(edge_id, layer.edge(edge_id.source, edge_id.target)) for edge_id in ids]
    return [(edge_id, edge) for edge_id, edge in found if edge.kind != "absent"]


def _label(edge: Edge, x: np.ndarray, shift: float, scale: float) -> str:
    """The formula in the units of ``x``: f(a (x - shift) / scale + b) = f(a/scale x + b - a shift / scale)."""
    if edge.primitive is None or edge.constants is None:
        return ""
    a, b, *outer = edge.constants
    return edge_label(edge.primitive, Constants(a / scale, b - a * shift / scale, *outer), float(np.abs(x).max()))
