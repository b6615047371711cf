"""Where things stand: no overlaps, the right curves, honest labels and opacities."""

from itertools import combinations, pairwise
from math import tanh

import numpy as np
import pytest
import torch

from edgewise.errors import ShapeError, ValuesError
from edgewise.nn import KAN, Constants, Model, Scaling, edge_scores, trace
from edgewise.view import Drawing, EdgeMark, draw_network, to_svg
from edgewise.view.geometry import name_lines, spread

SHAPES = [[2, 5, 1], [2, 1, 1], [8, 16, 3], [4, (2, 1), 1], [1, 1], [3, [1, 3], [2]], [40, 3, 1]]


def rows(width: int, count: int = 50) -> torch.Tensor:
    return torch.rand(count, width, generator=torch.Generator().manual_seed(0)) * 2 - 1


def network(shape: list, **settings) -> KAN:
    return KAN(shape, generator=torch.Generator().manual_seed(1), **settings)


def drawing(shape: list, **settings) -> Drawing:
    return draw_network(network(shape), rows(shape[0]), **settings)


def overlap(a: EdgeMark, b: EdgeMark) -> bool:
    return (
        min(a.left + a.width, b.left + b.width) - max(a.left, b.left) > 1e-6
        and min(a.top + a.height, b.top + b.height) - max(a.top, b.top) > 1e-6
    )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_boxes_do_not_overlap_and_stay_inside(shape: list) -> None:
    picture = drawing(shape)
    assert not [pair for pair in combinations(picture.edges, 2) if overlap(*pair)]
    for edge in picture.edges:
        assert edge.left >= 0
        assert edge.left + edge.width <= picture.width
        assert edge.top >= 0
        assert edge.top + edge.height <= picture.height


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_curves_stay_in_their_boxes(shape: list) -> None:
    for edge in drawing(shape).edges:
        points = np.array([point for piece in edge.curve for point in piece])
        assert (points >= [edge.left, edge.top]).all()
        assert (points <= [edge.left + edge.width, edge.top + edge.height]).all()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_wires_lead_from_node_to_box_to_sum(shape: list) -> None:
    picture = drawing(shape)
    for edge in picture.edges:
        levels = [[n for n in picture.nodes if n.level == edge.id.layer + up] for up in (0, 1)]
        sums = [point for node in levels[1] for point in node.sums]
        (start, *_, into), (out_of, *_, end) = edge.wires
        middle = edge.left + edge.width / 2
        assert start == (levels[0][edge.id.source].x, levels[0][edge.id.source].y)
        assert into == pytest.approx((middle, edge.top + edge.height))
        assert out_of == pytest.approx((middle, edge.top))
        assert end == sums[edge.id.target]


@pytest.mark.parametrize("shape", [[8, 16, 3], [12, 12, 1]], ids=str)
def test_no_wire_passes_behind_another_box(shape: list) -> None:
    """Inside the band of boxes, wires run in lanes."""
    picture = drawing(shape)
    for edge in picture.edges:
        lanes = [point[0] for wire in edge.wires for point in wire[1:-1]]
        others = [e for e in picture.edges if e.id.layer == edge.id.layer and e.id != edge.id]
        assert not [(x, e.id) for x in lanes for e in others if e.left < x < e.left + e.width]


def test_box_size_shrinks_with_crowding() -> None:
    assert drawing([2, 5, 1]).edges[0].width > drawing([8, 16, 3]).edges[0].width >= 30


def test_names_stay_on_the_picture() -> None:
    names = [f"a rather long name of column number {i} [m s⁻¹]" for i in range(12)]
    picture = draw_network(network([12, 1]), rows(12), inputs=names, targets=["sound pressure level [dB]"])
    inputs = [node for node in picture.nodes if node.kind == "input"]
    assert all(node.turned and node.full_name == name for node, name in zip(inputs, names, strict=True))
    assert all(0 < y < picture.height for node in picture.nodes for _, y, _ in name_lines(node))


def test_opacity_follows_the_score() -> None:
    net, x = network([2, 3, 1]), rows(2)
    scores = edge_scores(trace(net, x))
    for edge in draw_network(net, x).edges:
        score = float(scores[edge.id.layer][edge.id.target, edge.id.source])
        assert edge.score == pytest.approx(score)
        assert edge.opacity == pytest.approx(tanh(3 * score))


def test_curves_run_over_what_the_preactivations_take() -> None:
    net, x = network([2, 3, 1]), rows(2) * 0.3
    seen = trace(net, x)
    for edge in draw_network(net, x).edges:
        entering = seen.layers[edge.id.layer].preactivations[:, edge.id.source]
        assert edge.x_range == pytest.approx((float(entering.min()), float(entering.max())), rel=1e-5)


def test_the_curve_is_the_edge() -> None:
    net, x = network([1, 1]), torch.linspace(-1, 1, 65).unsqueeze(1)
    (edge,) = draw_network(net, x).edges
    (piece,) = edge.curve
    drawn = -np.array([y for _, y in piece])
    true = net[0].edge(0, 0)(x[:, 0]).numpy()
    assert np.corrcoef(drawn, true)[0, 1] == pytest.approx(1.0)
    assert edge.y_range == pytest.approx((true.min(), true.max()), rel=1e-5)


def test_absent_edges_are_not_drawn_and_unused_inputs_fade() -> None:
    net = network([3, 2, 1])
    for target in range(2):
        net[0].set_edge(1, target, None)
    picture = draw_network(net, rows(3))
    assert {edge.id.source for edge in picture.edges if edge.id.layer == 0} == {0, 2}
    assert [node.used for node in picture.nodes if node.kind == "input"] == [True, False, True]


def test_a_network_without_any_edge_is_still_a_picture() -> None:
    net = network([1, 1])
    net[0].set_edge(0, 0, None)
    assert draw_network(net, rows(1)).edges == ()


def test_labels_of_fixed_edges() -> None:
    net = network([2, 1, 1])
    net[0].set_edge(0, 0, "sin", Constants(inner_scale=3.14159))
    net[0].set_edge(1, 0, "x^2")
    net[1].set_edge(0, 0, "exp")
    assert [edge.label for edge in draw_network(net, rows(2)).edges] == [("sin(3.14 x)",), ("x^2",), ("exp",)]


def test_constants_of_sums_stand_beside_them_where_all_that_arrives_has_a_name() -> None:
    net = network([2, [2, 1], 1], dtype=torch.float64)
    with torch.no_grad():
        net[0].bias.copy_(torch.tensor([2.5, -3.0, 7.0]))
        net[1].bias.copy_(torch.tensor([1e-9]))
    for source in range(2):
        for target in range(3):
            net[0].set_edge(source, target, "x")
    for source in range(2):
        net[1].set_edge(source, 0, "x")
    nodes = draw_network(net, rows(2).double()).nodes
    assert [node.shifts for node in nodes[2:]] == [("+ 2.5", "\u2212 3"), ("+ 7",), ("",)]
    first, second = (x for x, _ in nodes[2].factors)
    assert second - first > 40  # the constant has room between them
    written = to_svg(draw_network(net, rows(2).double()))
    assert all(f">{shift}</text>" in written for shift in ("+ 2.5", "\u2212 3", "+ 7"))
    loose = network([1, 1])  # a spline holds any constant
    with torch.no_grad():
        loose[0].bias.fill_(5.0)
    assert draw_network(loose, rows(1)).nodes[1].shifts == ("",)


def test_labels_of_the_first_layer_speak_in_the_units_of_the_column() -> None:
    net = network([1, 1], dtype=torch.float64)
    net[0].set_edge(0, 0, "x^1.5", Constants(15.0, 15.5, 1.0, 0.0))
    x = np.linspace(0.5, 30.5, 20)[:, None]
    scaling = Scaling.to_unit_range(x)
    model = Model(net, ("a",), ("T",), scaling, Scaling((0.0,), (1.0,)), {"a": "au"})
    picture = draw_network(model, x)
    assert picture.edges[0].full_label == "x^1.5"
    assert picture.edges[0].x_range == pytest.approx((0.5, 30.5))
    assert [node.full_name for node in picture.nodes] == ["a [au]", "T"]


def test_a_product_has_a_mark_for_each_factor() -> None:
    arities = {n.index: len(n.factors) for n in drawing([4, [1, 2, 3], 1]).nodes if n.kind == "hidden"}
    assert arities == {0: 0, 1: 2, 2: 3}


def test_a_pole_breaks_the_curve() -> None:
    net = network([1, 1])
    net[0].set_edge(0, 0, "1/x")
    (edge,) = draw_network(net, torch.linspace(-1, 1, 50).unsqueeze(1)).edges
    assert len(edge.curve) == 2
    assert np.isfinite(edge.y_range).all()


def test_constant_input_and_constant_edge() -> None:
    net = network([2, 1])
    net[0].set_edge(1, 0, "0", Constants(outer_shift=2.0))
    x = rows(2)
    x[:, 0] = 7.0
    picture = draw_network(net, x)
    assert all(np.isfinite(np.array(piece)).all() for edge in picture.edges for piece in edge.curve)


def test_of_many_edges_the_strongest_are_drawn_and_the_picture_says_so() -> None:
    net, x = network([30, 20, 1]), rows(30)
    picture = draw_network(net, x, at_most=100)
    drawn = {edge.id for edge in picture.edges if edge.id.layer == 0}
    scores = edge_scores(trace(net, x))[0]
    weakest_drawn = min(float(scores[e.target, e.source]) for e in drawn)
    assert (len(drawn), picture.left_out) == (100, 500)
    assert int((scores > weakest_drawn).sum()) < 100
    assert picture.note == "the strongest 120 of 620 edges"


@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        (torch.rand(5, 3), ShapeError, "2 columns"),
        (torch.rand(0, 2), ShapeError, "rows of 2 columns"),
        (torch.rand(5), ShapeError, r"\(5,\)"),
        (torch.full((5, 2), torch.nan), ValuesError, "5 of 5 rows"),
    ],
    ids=["columns", "no rows", "one axis", "nan"],
)
def test_rows_that_cannot_be_drawn(x: torch.Tensor, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        draw_network(network([2, 1]), x)


def test_names_must_fit() -> None:
    with pytest.raises(ShapeError, match="2 inputs and 1 outputs but 3 and 1"):
        draw_network(network([2, 1]), rows(2), inputs=["a", "b", "c"])


def test_drawing_changes_nothing() -> None:
    net, x = network([2, 3, 1]), rows(2)
    before = {name: value.clone() for name, value in net.state_dict().items() if isinstance(value, torch.Tensor)}
    state = torch.random.get_rng_state()
    assert draw_network(net, x) == draw_network(net, x)
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())


@pytest.mark.parametrize("wanted", [[], [50.0], [50.0, 50.0, 50.0], [0.0, 0.0, 100.0], [99.0] * 5])
def test_spread_keeps_order_distance_and_borders(wanted: list[float]) -> None:
    places = spread(wanted, 20, 0, 100)
    assert all(b - a >= 20 - 1e-9 for a, b in pairwise(places))
    assert all(10 - 1e-9 <= place <= 90 + 1e-9 for place in places)
