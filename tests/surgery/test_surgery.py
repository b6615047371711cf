"""Every move: what it must keep, what it must leave alone, and that its outcome can be stored."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from edgewise.errors import SettingsError, ShapeError, UnknownNameError
from edgewise.nn import KAN, Constants, EdgeId, Model, Scaling, trace
from edgewise.surgery import drop_inputs, fix, grow, move_knots, place_knots, prune, refine, release, remove, reorder

Move = Callable[[KAN, Tensor], KAN]

MOVES: dict[str, Move] = {
    "refine": lambda network, x: refine(network, 8),
    "move_knots": lambda network, x: move_knots(network, x),
    "move_knots by density": lambda network, x: move_knots(network, x, by_density=0.5),
    "place_knots": lambda network, x: place_knots(network, x, torch.sin(9 * x[:, :1])),
    "fix": lambda network, x: fix(network, (0, 1, 0), "sin", (2.0, 0.3, 0.8, 0.1)),
    "release": lambda network, x: release(network, (0, 0, 1)),
    "remove": lambda network, x: remove(network, (0, 2, 1)),
    "grow": lambda network, x: grow(network, 1, 2),
    "grow a product": lambda network, x: grow(network, 1, arity=2),
    "reorder": lambda network, x: reorder(network, 1, [2, 0, 1]),
    "prune nothing": lambda network, x: prune(network, x, node_threshold=0.0, edge_threshold=0.0).network,
    "prune": lambda network, x: prune(network, x, node_threshold=0.05, edge_threshold=0.1).network,
}
SAME_FUNCTION = ("refine", "grow", "grow a product", "reorder", "prune nothing")


def build(dtype: torch.dtype = torch.float64, **settings: object) -> KAN:
    """[3, (2, 1), 1, 1] with a fixed edge, an edge that is not there, and biases."""
    generator = torch.Generator().manual_seed(1)
    network = KAN([3, (2, 1), 1, 1], intervals=4, generator=generator, dtype=dtype, **settings)
    with torch.no_grad():
        for layer in network:
            layer.bias.copy_(torch.linspace(-0.4, 0.5, layer.n_sums))
    return remove(fix(network, (0, 0, 1), "exp", (0.7, -0.2, 0.4, 0.3)), (0, 2, 2))


def rows(dtype: torch.dtype = torch.float64, count: int = 200, n_in: int = 3) -> Tensor:
    return torch.rand(count, n_in, generator=torch.Generator().manual_seed(2), dtype=dtype) * 2 - 1


def state(network: KAN) -> dict[str, object]:
    return {name: v.clone() if isinstance(v, Tensor) else list(v) for name, v in network.state_dict().items()}


def same(a: dict[str, object], b: dict[str, object]) -> bool:
    def equal(x: object, y: object) -> bool:
        return torch.equal(x, y) if isinstance(x, Tensor) and isinstance(y, Tensor) else x == y

    return a.keys() == b.keys() and all(equal(a[name], b[name]) for name in a)


def model_of(network: KAN) -> Model:
    n = network.shape[0]
    scaling = Scaling(tuple(0.1 * i for i in range(n)), tuple(1.0 + i for i in range(n)))
    names = tuple(f"column {i}" for i in range(n))
    return Model(network, names, ("y",), scaling, Scaling((3.0,), (2.0,)), {"column 0": "m", "y": "s"})


# -- what holds of every move ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("move", MOVES)
def test_the_network_that_came_stays_as_it_is(move: str, dtype: torch.dtype) -> None:
    network, x = build(dtype), rows(dtype)
    before, shape = state(network), network.shape
    out = MOVES[move](network, x)
    assert same(before, state(network))
    assert network.shape == shape
    with torch.no_grad():
        for parameter in out.parameters():
            parameter.add_(1.0)
        for layer in out:
            layer.mask.zero_()
            layer.basis.knots.add_(0.5)
    assert same(before, state(network)), "the outcome shares memory with the network that came"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("residual", ["silu", "identity", "none"])
@pytest.mark.parametrize("extrapolation", ["linear", "constant"])
@pytest.mark.parametrize("move", MOVES)
def test_options_survive(move: str, dtype: torch.dtype, residual: str, extrapolation: str) -> None:
    network, x = build(dtype, residual=residual, extrapolation=extrapolation, degree=2), rows(dtype)
    out = MOVES[move](network, x)
    for layer in out:
        assert layer.residual == residual
        assert layer.basis.extrapolation == extrapolation
        assert layer.basis.degree == 2
        assert {p.dtype for p in layer.parameters()} == {layer.mask.dtype} == {layer.basis.knots.dtype} == {dtype}
    assert out(x).dtype == dtype


@pytest.mark.parametrize("move", MOVES)
def test_parameters_that_were_frozen_stay_frozen(move: str) -> None:
    network = build()
    network[1].weight.requires_grad_(False)
    network[0].bias.requires_grad_(False)
    out = MOVES[move](network, rows())
    assert not out[1].weight.requires_grad
    assert not out[0].bias.requires_grad
    assert out[0].weight.requires_grad


@pytest.mark.parametrize("move", [m for m in MOVES if m not in ("fix", "remove", "release", "reorder", "prune")])
def test_masks_and_names_survive(move: str) -> None:
    network = build()
    out = MOVES[move](network, rows())
    kinds = {edge_id: (edge.kind, edge.constants) for edge_id, edge in network.edges()}
    for edge_id, kind in kinds.items():
        there = out[edge_id.layer].edge(edge_id.source, edge_id.target)
        assert (there.kind, there.constants) == kind
    assert out[0].edge(2, 2).kind == "absent"


@pytest.mark.parametrize("spline_weight", [False, True])
@pytest.mark.parametrize("move", SAME_FUNCTION)
def test_the_function_stays(move: str, spline_weight: bool) -> None:
    network, x = build(spline_weight=spline_weight), rows()
    for layer in network:
        if layer.spline_weight is not None:
            torch.nn.init.uniform_(layer.spline_weight, 0.3, 1.7, generator=torch.Generator().manual_seed(4))
    out = MOVES[move](network, x)
    torch.testing.assert_close(out(x), network(x), rtol=0, atol=1e-10)
    assert all((layer.spline_weight is not None) is spline_weight for layer in out)


@pytest.mark.parametrize("move", MOVES)
def test_the_outcome_can_be_stored_and_gives_the_same_bytes(move: str, tmp_path: Path) -> None:
    model = model_of(MOVES[move](build(), rows()))
    model.save(tmp_path / "m.safetensors")
    loaded = Model.load(tmp_path / "m.safetensors")
    x = rows().numpy() * 3
    assert np.array_equal(loaded.predict(x), model.predict(x))
    assert same(state(loaded.network), state(model.network))
    loaded.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "m.safetensors").read_bytes()


@pytest.mark.parametrize("move", MOVES)
def test_a_state_dict_carries_the_function(move: str) -> None:
    out, x = MOVES[move](build(), rows()), rows()
    twin = MOVES[move](build(), rows())
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.mul_(0.3)
    twin.load_state_dict(out.state_dict())
    assert torch.equal(twin(x), out(x))


@pytest.mark.parametrize("first", MOVES)
@pytest.mark.parametrize("second", ["refine", "move_knots", "grow", "prune nothing", "prune"])
def test_moves_follow_each_other(first: str, second: str) -> None:
    x = rows()
    between = MOVES[first](build(), x)
    out = MOVES[second](between, x)
    assert bool(out(x).isfinite().all())
    if second in SAME_FUNCTION:
        torch.testing.assert_close(out(x), between(x), rtol=0, atol=1e-9)


# -- refine and move_knots ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degree", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("factor", [2, 3, 10])
def test_nested_pieces_change_nothing(degree: int, factor: int) -> None:
    network = KAN(
        [2, 3, 1], intervals=3, degree=degree, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    fine = refine(network, 3 * factor)
    x = rows(n_in=2)
    assert all(layer.basis.intervals == 3 * factor for layer in fine)
    torch.testing.assert_close(fine(x), network(x), rtol=0, atol=1e-10)


def test_other_pieces_come_near() -> None:
    network = KAN([2, 1], intervals=4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = rows(n_in=2)
    errors = [float((refine(network, g)(x) - network(x)).detach().abs().max()) for g in (7, 31)]
    assert 1e-9 < errors[1] < errors[0] < 0.2


@pytest.mark.parametrize("intervals", [0, -3])
def test_no_pieces_are_refused(intervals: int) -> None:
    with pytest.raises(SettingsError, match="intervals"):
        refine(build(), intervals)


def test_knots_go_where_the_activations_are() -> None:
    network, x = build(), 3 + 2 * rows()
    moved = move_knots(network, x)
    flow = x
    for layer in moved:
        assert bool((layer.basis.low <= flow.amin(0)).all() and (flow.amax(0) <= layer.basis.high).all())
        wide = layer.basis.high - layer.basis.low
        assert bool((wide < 1.1 * (flow.amax(0) - flow.amin(0)) + 1e-4).all())
        flow = layer(flow).detach()


def test_a_polynomial_survives_any_knots() -> None:
    network = KAN([1, 1], residual="none", dtype=torch.float64)
    points = network[0].basis.points(12)
    with torch.no_grad():
        network[0].weight[0, :-1] = torch.linalg.lstsq(
            network[0].basis(points)[:, 0], points**3, driver="gelsd"
        ).solution
    x = rows(n_in=1) * 0.7
    for by_density in (0.0, 0.3, 1.0):
        torch.testing.assert_close(move_knots(network, x, by_density=by_density)(x), x**3, rtol=0, atol=1e-9)


def test_density_puts_as_many_rows_into_each_piece() -> None:
    x = rows(count=1000, n_in=1) ** 3
    network = move_knots(KAN([1, 1], intervals=10, dtype=torch.float64), x, by_density=1.0)
    counts = torch.bincount(network[0].basis.piece(x).flatten(), minlength=10)
    assert int(counts.min()) > 90
    assert int(counts.max()) < 110


def test_a_constant_column_keeps_its_pieces_apart() -> None:
    x = rows()
    x[:, 1] = 4.0
    for by_density in (0.0, 0.9):
        assert bool(move_knots(build(), x, by_density=by_density)(x).isfinite().all())


@pytest.mark.parametrize("by_density", [-0.1, 1.1])
def test_a_share_is_a_share(by_density: float) -> None:
    with pytest.raises(SettingsError, match="by_density"):
        move_knots(build(), rows(), by_density=by_density)


def test_only_splines_have_free_knots() -> None:
    network = KAN([2, 1], basis="chebyshev", dtype=torch.float64)
    with pytest.raises(SettingsError, match="chebyshev"):
        move_knots(network, rows(n_in=2), by_density=0.5)


# -- one edge ----------------------------------------------------------------------------------------------------------


def test_a_fixed_edge_is_its_primitive_and_all_else_stays() -> None:
    network, x = build(), rows()
    before, after = (
        trace(n, x).layers[0].postactivations for n in (network, fix(network, (0, 1, 0), "sin", (2.0, 0.3, 0.8, 0.1)))
    )
    torch.testing.assert_close(after[:, 0, 1], 0.8 * torch.sin(2 * x[:, 1] + 0.3) + 0.1)
    others = torch.ones_like(after[0], dtype=torch.bool)
    others[0, 1] = False
    torch.testing.assert_close(after[:, others], before[:, others])


def test_fixing_twice_leaves_the_last_name() -> None:
    network = fix(
        fix(build(), EdgeId(0, 1, 0), "sin", (1.0, 0.0, 1.0, 0.0)), (0, 1, 0), "power", (1.0, 2.0, 3.0, 4.0, 2.5)
    )
    edge = network[0].edge(1, 0)
    assert edge.primitive is not None
    assert edge.primitive.name == "power"
    assert edge.constants == Constants(1, 2, 3, 4, 2.5)
    assert len(network[0].fixed) == 2


def test_unknown_names_and_edges_are_named() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'sin'"):
        fix(build(), (0, 0, 0), "sine", (1.0, 0.0, 1.0, 0.0))
    for move in (lambda: fix(build(), (0, 3, 0), "sin", (1.0, 0.0, 1.0, 0.0)), lambda: remove(build(), (0, 0, 9))):
        with pytest.raises(ShapeError, match="there is no edge"):
            move()


@pytest.mark.parametrize("spline_weight", [False, True])
def test_released_is_the_spline_next_to_the_name(spline_weight: bool) -> None:
    network = refine(build(spline_weight=spline_weight), 40)
    if spline_weight:
        torch.nn.init.constant_(network[0].spline_weight, 0.4)
    network = fix(network, (0, 0, 1), "exp", (0.7, -0.2, 0.4, 0.3))
    free = release(network, (0, 0, 1))
    assert free[0].edge(0, 1).kind == "spline"
    torch.testing.assert_close(free(rows()), network(rows()), rtol=0, atol=1e-7)


def test_released_where_the_name_has_a_pole() -> None:
    """log on [-1, 1]: half of its points are no numbers and are left out."""
    network = fix(build(), (0, 1, 0), "log", (1.0, 0.0, 1.0, 0.0))
    assert bool(release(network, (0, 1, 0))(rows()).isfinite().all())


@pytest.mark.parametrize(("edge", "kind"), [((0, 1, 0), "spline"), ((0, 2, 2), "absent")])
def test_only_fixed_edges_are_released(edge: tuple[int, int, int], kind: str) -> None:
    with pytest.raises(SettingsError, match=kind):
        release(build(), edge)


def test_a_removed_edge_gives_nothing() -> None:
    network, x = build(), rows()
    out = remove(network, (0, 0, 1))
    assert out[0].edge(0, 1).kind == "absent"
    expected = trace(network, x).layers[0].sums.clone()
    expected[:, 1] -= network[0].edge(0, 1)(x[:, 0])
    torch.testing.assert_close(trace(out, x).layers[0].sums, expected)


# -- grow --------------------------------------------------------------------------------------------------------------


def test_grown_nodes_can_learn_and_are_reproducible() -> None:
    x = rows()
    wider = grow(build(), 1, 2, arity=3, generator=torch.Generator().manual_seed(5))
    assert wider.shape == [3, 5, 1, 1]
    assert wider[0].arity == (1, 1, 2, 3, 3)
    again = grow(build(), 1, 2, arity=3, generator=torch.Generator().manual_seed(5))
    assert same(state(wider), state(again))
    wider(x).sum().backward()
    assert float(wider[1].weight.grad[3:].abs().max()) > 0, "new outgoing edges feel the loss"


@pytest.mark.parametrize("level", [0, 3, -1])
def test_only_hidden_levels_grow(level: int) -> None:
    with pytest.raises(SettingsError, match="hidden levels"):
        grow(build(), level)


# -- dropped inputs ----------------------------------------------------------------------------------------------------


def test_inputs_that_nothing_leaves_go_with_their_names(tmp_path: Path) -> None:
    network = build()
    for target in range(4):
        network = remove(network, (0, 1, target))
    model = model_of(network)
    lean = drop_inputs(model)
    assert lean.inputs == ("column 0", "column 2")
    assert lean.network.shape == [2, 3, 1, 1]
    assert lean.input_scaling == Scaling((0.0, 0.2), (1.0, 3.0))
    assert lean.units == {"column 0": "m", "y": "s"}
    x = rows().numpy()
    np.testing.assert_allclose(lean.predict(x[:, [0, 2]]), model.predict(x), rtol=1e-12)
    lean.save(tmp_path / "m")
    assert np.array_equal(Model.load(tmp_path / "m").predict(x[:, [0, 2]]), lean.predict(x[:, [0, 2]]))
    pruned = prune(lean.network, torch.as_tensor(x[:, [0, 2]]), node_threshold=0.0, edge_threshold=0.0)
    np.testing.assert_allclose(lean.with_network(pruned.network).predict(x[:, [0, 2]]), lean.predict(x[:, [0, 2]]))
    assert bool(refine(lean.network, 8)(torch.as_tensor(x[:, [0, 2]])).isfinite().all())


def test_units_of_dropped_inputs_go_too() -> None:
    network = build()
    for target in range(4):
        network = remove(network, (0, 0, target))
    assert drop_inputs(model_of(network)).units == {"y": "s"}


def test_one_input_always_stays() -> None:
    network = KAN([2, 1], init="zero", dtype=torch.float64)
    for source in range(2):
        network = remove(network, (0, source, 0))
    lean = drop_inputs(model_of(network))
    assert lean.inputs == ("column 0",)
    assert lean.predict(np.zeros((4, 1))).tolist() == [3.0] * 4
