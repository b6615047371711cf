"""Modes, places and samples of edges and nodes."""

import numpy as np
import pytest
import torch

from edgewise.errors import SettingsError, ShapeError
from edgewise.pykan import KAN, create_dataset, kanpiler

X = torch.rand(80, 3, generator=torch.Generator().manual_seed(5), dtype=torch.float64) * 2 - 1


@pytest.mark.parametrize(("first", "second"), [(0, 1), (0, 2), (1, 2)])
def test_swapping_changes_nothing(three: KAN, first: int, second: int) -> None:
    before = three(X)
    edges = {str(three.network[1].edge(node, 0).constants) for node in range(3)}
    three.swap(1, first, second)
    torch.testing.assert_close(three(X), before, rtol=0, atol=1e-12)
    assert {str(three.network[1].edge(node, 0).constants) for node in range(3)} == edges
    three.swap(1, first, second)
    assert torch.equal(three(X), before)


def test_swapping_takes_the_name_along(three: KAN) -> None:
    three.swap(1, 0, 1)
    assert three.network[0].edge(2, 0).kind == "fixed"
    with pytest.raises(ShapeError, match="inputs and outputs keep their places"):
        three.swap(0, 0, 1)
    with pytest.raises(ShapeError, match="from 0 to 2"):
        three.swap(1, 0, 3)


def test_untangling_lowers_the_cost_and_keeps_the_function() -> None:
    deep = KAN(width=[2, 7, 3, 1], seed=101)
    x = X[:, :2]
    deep.get_act(x)
    before, cost = deep(x), deep.connection_cost
    deep.auto_swap()
    assert deep.connection_cost < cost
    torch.testing.assert_close(deep(x), before, rtol=0, atol=1e-12)
    once = deep.connection_cost
    deep.auto_swap()
    assert deep.connection_cost == pytest.approx(once)


def test_crossed_wires_are_uncrossed() -> None:
    crossed = KAN(width=[2, 2, 2])
    for layer in crossed.network:
        for source in range(2):
            for target in range(2):
                layer.set_edge(source, target, "x" if source != target else None)
    crossed.get_act(X[:, :2])
    crossed.auto_swap()
    assert crossed.connection_cost == pytest.approx(0.0)


def test_a_mode_is_a_spline_or_a_name(three: KAN) -> None:
    three.set_mode(0, 2, 1, "s")
    three.set_mode(0, 2, 1, "n")
    assert three.network[0].edge(2, 1).kind == "spline"
    with pytest.raises(SettingsError, match="fix_symbolic gives it one"):
        three.set_mode(0, 2, 1, "s")
    with pytest.raises(SettingsError, match="both at once"):
        three.set_mode(0, 2, 1, "sn")
    with pytest.raises(SettingsError, match=r"got 'x'\.$"):
        three.set_mode(0, 2, 1, "x")
    three.remove_edge(0, 0, 0)
    before = three(X)
    three.set_mode(0, 0, 0, "n")
    assert three.network[0].edge(0, 0).kind == "spline"
    torch.testing.assert_close(three(X), before)


def test_names_are_taken_back_where_the_rows_are() -> None:
    """The knots of a compiled formula lie on [-1, 1]; a released edge is right on the rows that were seen."""
    data = create_dataset(lambda x: x[:, [0]], n_var=2, ranges=(3.0, 9.0), train_num=200, seed=102)
    model = kanpiler(["a", "b"], "exp(sin(a) + 0.1*b**2)", grid=40)
    model.get_act(data)
    before = model(data["train_input"])
    model.unfix_symbolic_all()
    assert all(edge.kind == "spline" for _, edge in model.network.edges())
    spread = before.std()
    assert (model(data["train_input"]) - before).square().mean().sqrt() < 1e-2 * spread


def test_one_edge_is_taken_back(three: KAN) -> None:
    three.unfix_symbolic(0, 2, 1)
    assert three.network[0].fixed == ()
    with pytest.raises(SettingsError, match="nothing to release"):
        three.unfix_symbolic(0, 2, 1)


def test_samples_of_an_edge_are_its_function(three: KAN) -> None:
    x, y = three.get_fun(0, 2, 1)
    edge = three.network[0].edge(2, 1)
    np.testing.assert_allclose(y, edge(torch.from_numpy(x)).numpy())
    assert np.all(np.diff(x) >= 0)
    assert three.get_range(0, 2, 1) == (x.min(), x.max(), y.min(), y.max())
    with pytest.raises(ShapeError, match="there is no edge 3->1"):
        three.get_fun(0, 3, 1)
    with pytest.raises(ShapeError, match="layers of edges run from 0 to 1"):
        three.get_fun(2, 0, 0)


def test_attribution_to_one_node() -> None:
    model = KAN(width=[2, 2, 1])
    for source in range(2):
        for target in range(2):
            model.network[0].set_edge(source, target, "x" if source == target else None)
    model.get_act(X[:, :2])
    assert model.attribute(1, 0).tolist() == [1.0, 0.0]
    assert model.attribute(1, 1).tolist() == [0.0, 1.0]
    assert model.attribute(0, 1).tolist() == [0.0, 1.0]
    assert torch.equal(model.attribute(2, 0), model.attribute())
    assert torch.equal(model.feature_score, model.attribute())
    with pytest.raises(ShapeError, match="no node 2 on level 1"):
        model.attribute(1, 2)


def test_attribution_to_a_product(three: KAN) -> None:
    scores = three.attribute(1, 2)
    assert scores.shape == (3,)
    assert 0 < scores.min() <= scores.max() <= 1
