"""Bands are shaded behind their curves, inside their boxes, and said in words."""

import numpy as np
import pytest
import torch

from edgewise.nn import KAN, EdgeId, Model, Scaling, trace
from edgewise.train import EdgeBand, EdgeBands
from edgewise.view import draw_network, network_svg, plot_edge, plot_network


def network() -> KAN:
    return KAN([2, 2, 1], generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def rows() -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (50, 2))


def bands(half: float) -> EdgeBands:
    """As wide as ``half`` around every edge."""
    model, found = network(), []
    flow = trace(model, torch.as_tensor(rows()))
    for edge_id, edge in model.edges():
        seen = flow.layers[edge_id.layer].preactivations[:, edge_id.source]
        x = torch.linspace(float(seen.min()), float(seen.max()), 65, dtype=torch.float64)
        y = edge(x).numpy()
        found.append(EdgeBand(edge_id, x.numpy(), y, y - half, y + half))
    return EdgeBands(tuple(found), 0.9, 20, stuck=1)


@pytest.mark.parametrize("half", [0.0, 0.01, 100.0])
def test_bands_lie_in_their_boxes_around_their_curves(half: float) -> None:
    for edge in draw_network(network(), rows(), bands=bands(half)).edges:
        (outline,) = edge.band
        xs, ys = np.array(outline).T
        assert edge.left <= xs.min() <= xs.max() <= edge.left + edge.width
        assert edge.top - 1e-9 <= ys.min() <= ys.max() <= edge.top + edge.height + 1e-9
        (curve,) = edge.curve
        above, below = np.split(ys, 2)
        heights = np.array(curve)[:, 1]
        assert (above <= heights + 1e-9).all()
        assert (below[::-1] >= heights - 1e-9).all()


def test_a_wide_band_leaves_the_curve_to_be_seen() -> None:
    plain, wide = (draw_network(network(), rows(), bands=b).edges for b in (None, bands(1e6)))
    for before, after in zip(plain, wide, strict=True):
        heights = [np.ptp([y for piece in edge.curve for _, y in piece]) for edge in (before, after)]
        assert heights[1] == pytest.approx(heights[0] / 5)


def test_the_first_layer_is_shaded_in_the_units_of_its_columns() -> None:
    scaling = Scaling((10.0, 20.0), (5.0, 5.0))
    model = Model(network(), ("a", "b"), ("c",), scaling, Scaling((0.0,), (1.0,)))
    by_model = draw_network(model, scaling.back(rows()), bands=bands(0.1)).edges
    by_network = draw_network(network(), rows(), bands=bands(0.1)).edges
    for one, other in zip(by_model, by_network, strict=True):
        np.testing.assert_allclose(one.band, other.band, atol=1e-6)


def test_the_writers_shade_and_say_so() -> None:
    svg = network_svg(network(), rows(), bands=bands(0.05))
    assert svg.count('<polygon class="ew-spline-band"') == 6
    assert "shaded: 90 % bands of 20 trainings" in svg
    assert "Shaded are 90 % bands of 6 edges, 20 trainings on rows drawn again, 1 more were stuck." in svg
    assert "band" not in network_svg(network(), rows())
    axes = plot_network(network(), rows(), bands=bands(0.05))
    assert len(axes.patches) - len(plot_network(network(), rows()).patches) == 6


def test_beside_a_band_that_ends_early_the_curve_goes_on() -> None:
    (first, *others) = bands(0.1).bands
    short = EdgeBand(first.id, first.x[20:40], first.mean[20:40], first.low[20:40], first.high[20:40])
    shown, *plain = draw_network(network(), rows(), bands=EdgeBands((short,), 0.9, 20)).edges
    assert np.ptp([x for x, _ in shown.band[0]]) < 0.5 * np.ptp([x for x, _ in shown.curve[0]])
    assert not any(edge.band for edge in plain)
    assert len(others) == len(plain)


def test_the_plot_of_an_edge_has_its_band() -> None:
    band = bands(0.1).of(EdgeId(0, 1, 0))
    axes = plot_edge(network()[0].edge(1, 0), band=band)
    (shade,) = axes.collections
    corners = shade.get_paths()[0].vertices
    assert band is not None
    assert corners[:, 1].max() == pytest.approx(band.high.max())
    assert len(axes.lines) == 2
