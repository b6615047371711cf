"""What goes, what stays, what it leaves behind, and which model it is that changes."""

import pytest
import torch

from edgewise.errors import EdgewiseWarning, SettingsError, ShapeError
from edgewise.pykan import KAN

X = torch.rand(80, 3, generator=torch.Generator().manual_seed(4), dtype=torch.float64) * 2 - 1


def moved(x: torch.Tensor, column: int) -> torch.Tensor:
    """The rows with one column turned around."""
    other = x.clone()
    other[:, column] *= -1
    return other


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.prune(),
        lambda m: m.prune_node(0.2),
        lambda m: m.prune_edge(0.2),
        lambda m: m.prune_input(active_inputs=[0]),
        lambda m: m.refine(6),
        lambda m: m.expand_width(1, 2),
        lambda m: m.expand_depth(),
        lambda m: m.copy(),
    ],
)
def test_these_give_a_new_model(three: KAN, call: object) -> None:
    before, history = three(X), three.history()
    child = call(three)  # type: ignore[operator]
    assert child is not three
    assert torch.equal(three(X), before)
    assert three.history() == history


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.remove_edge(0, 0, 0),
        lambda m: m.remove_node(1, 0),
        lambda m: m.swap(1, 0, 2),
        lambda m: m.set_mode(0, 2, 1, "n"),
        lambda m: m.unfix_symbolic_all(),
    ],
)
def test_these_change_the_model(three: KAN, call: object) -> None:
    before = len(three.history())
    assert call(three) is None  # type: ignore[operator]
    assert len(three.history()) == before + 1


def test_inputs_keep_their_columns_through_all_that_follows(three: KAN) -> None:
    less = three.prune_input(active_inputs=[0, 2])
    for step in (less, less.prune(), less.refine(6), less.prune().refine(6), less.prune_edge(0.0).copy()):
        assert step.input_id == [0, 2]
        assert torch.equal(step(moved(X, 1)), step(X))
        assert not torch.allclose(step(moved(X, 0)), step(X))
        assert not torch.allclose(step(moved(X, 2)), step(X))
    torch.testing.assert_close(less.refine(6)(X), less(X), atol=1e-9, rtol=0)


def test_an_input_that_hardly_matters_goes_by_itself_and_leaves_its_mean(three: KAN) -> None:
    with torch.no_grad():
        three.network[0].weight[1] *= 1e-3
        three.network[0].weight[1, :-1] += 1.0  # partition of unity: a constant
    assert three.feature_score[1] < 1e-2
    less = three.prune_input()
    assert less.input_id == [0, 2]
    torch.testing.assert_close(less(X), three(X), atol=1e-2, rtol=0)
    with pytest.raises(ShapeError, match="inputs run from 0 to 2"):
        three.prune_input(active_inputs=[0, 3])


def test_nodes_by_name_and_by_score(three: KAN) -> None:
    named = three.prune_node(active_neurons_id=[[0, 2]])
    assert named.width_in == [3, 2, 1]
    assert named.network[0].arity == (1, 2)
    assert three.prune_node(threshold=-1.0).width_in == [3, 3, 1]
    with pytest.raises(ShapeError, match="1 hidden levels"):
        three.prune_node(active_neurons_id=[[0], [0]])
    with pytest.raises(ShapeError, match="level 1 run from 0 to 2"):
        three.prune_node(active_neurons_id=[[5]])


def test_edges_by_score_leave_their_means(three: KAN) -> None:
    kept = three.prune_edge(0.0)
    torch.testing.assert_close(kept(X), three(X))
    scores = torch.cat([part.flatten() for part in three.edge_scores])
    fewer = three.prune_edge(float(scores.median()))
    assert fewer.n_edge < three.n_edge


def test_a_removed_edge_and_a_removed_node_give_nothing(three: KAN) -> None:
    flow = three.network[0].edge(0, 0)
    there = three.network[0].sums(X)[:, 0] - flow(X[:, 0])
    three.remove_edge(0, 0, 0)
    torch.testing.assert_close(three.network[0].sums(X)[:, 0], there)
    three.remove_node(1, 2)
    for target in (2, 3):  # the two factors of the node that multiplies
        assert all(three.network[0].edge(source, target).kind == "absent" for source in range(3))
    assert three.network[1].edge(2, 0).kind == "absent"
    three.remove_node(1, 0, mode="up")
    assert three.network[0].edge(1, 0).kind == "spline"
    with pytest.raises(SettingsError, match="mode is one of"):
        three.remove_node(1, 0, mode="left")
    with pytest.raises(ShapeError, match="hidden levels"):
        three.remove_node(2, 0)
    with pytest.raises(ShapeError, match="layers of edges"):
        three.remove_edge(2, 0, 0)


def test_refining_keeps_the_function_or_says_what_it_changes(model: KAN) -> None:
    x = X[:, :2]
    torch.testing.assert_close(model.refine(6)(x), model(x), rtol=0, atol=1e-12)
    model.get_act(x)
    with pytest.warns(EdgewiseWarning, match=r"4 pieces do not divide the 3.*such as 6") as said:
        other = model.refine(4)
    change = float((other(x) - model(x)).detach().abs().max())
    assert change > 1e-3
    assert f"up to {change:.2g}," in str(said[0].message)
    with pytest.warns(EdgewiseWarning, match="outputs change by up to"):
        KAN(width=[2, 1]).refine(4)  # no rows were seen


def test_fewer_pieces_are_refused(model: KAN) -> None:
    for pieces in (2, 0, 4.0):
        with pytest.raises(SettingsError, match="new_grid"):
            model.refine(pieces)  # type: ignore[arg-type]


def test_a_cut_of_everything_is_said_and_leaves_the_mean(model: KAN, dataset: dict[str, torch.Tensor]) -> None:
    with pytest.warns(EdgewiseWarning, match="no edge is left"):
        bare = model.prune(node_th=5, edge_th=5)
    x = dataset["train_input"]
    torch.testing.assert_close(bare(x), model(x).mean(0).expand(len(x), 1), rtol=0, atol=1e-9)
    with pytest.raises(SettingsError, match="node_th"):
        model.prune(node_th=float("nan"))


def test_wider_and_deeper_are_the_same_function(three: KAN, model: KAN) -> None:
    for grown in (three.expand_width(1, 2), three.expand_width(1, 1, sum_bool=False), three.expand_depth()):
        torch.testing.assert_close(grown(X), three(X))
    assert model.expand_depth().width_in == [2, 2, 1, 1]
