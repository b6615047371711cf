"""Pruning keeps the constants that it cuts, obeys equation 6, and takes back what hurts."""

import math

import pytest
import torch
from torch import Tensor

from edgewise.errors import SettingsError, UnknownNameError
from edgewise.nn import KAN, edge_scores, trace
from edgewise.surgery import fix, nodes_on, prune, remove, switch_off
from edgewise.train import Levenberg, TrainingData, levenberg

X = torch.rand(500, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1


def named(shape: list, edges: dict[tuple[int, int, int], tuple[str, tuple[float, ...]]]) -> KAN:
    """A network of these named edges and no others."""
    network = KAN(shape, dtype=torch.float64, init="zero")
    for edge_id, _ in list(network.edges()):
        network = remove(network, edge_id)
    for edge, (name, constants) in edges.items():
        network = fix(network, edge, name, constants)
    return network


def toy_with_constants(spread: float) -> KAN:
    """The toy and two more hidden nodes that hardly vary but carry constants of 0.5 and -2."""
    return named(
        [2, 3, 1],
        {
            (0, 0, 0): ("sin", (math.pi, 0.0, 1.0, 0.0)),
            (0, 1, 0): ("x^2", (1.0, 0.0, 1.0, 0.0)),
            (0, 0, 1): ("sin", (1.0, 0.0, spread, 0.5)),
            (0, 1, 2): ("x", (1.0, 0.0, spread, -2.0)),
            (1, 0, 0): ("exp", (1.0, 0.0, 1.0, 0.0)),
            (1, 1, 0): ("exp", (1.0, 0.0, 3.0, 0.0)),
            (1, 2, 0): ("x", (1.0, 0.0, 1.0, 7.0)),
        },
    )


def test_a_constant_node_goes_without_a_trace() -> None:
    network = toy_with_constants(0.0)
    pruned = prune(network, X)
    assert pruned.network.shape == [2, 1, 1]
    assert (pruned.nodes_cut, pruned.edges_cut, pruned.kept_nodes) == (2, 4, ((0,),))
    torch.testing.assert_close(pruned.network(X), network(X), rtol=0, atol=1e-12)


def test_a_node_that_hardly_varies_leaves_its_mean() -> None:
    """The reference implementation went from 0.048 to 1.28 here."""
    network = toy_with_constants(1e-3)
    pruned = prune(network, X)
    assert pruned.network.shape == [2, 1, 1]
    difference = (pruned.network(X) - network(X)).detach()
    assert float(difference.abs().max()) < 0.01
    assert abs(float(difference.mean())) < 1e-12


def test_the_mean_is_that_of_the_outgoing_edge_not_of_the_node() -> None:
    """A node that swings about 0, squared and scaled down: phi(mean) is 0, mean(phi) is not."""
    network = named(
        [2, 2, 1],
        {
            (0, 0, 0): ("x", (1.0, 0.0, 1.0, 0.0)),
            (0, 1, 1): ("x", (1.0, 0.0, 1.0, 0.0)),
            (1, 0, 0): ("x", (1.0, 0.0, 1.0, 0.0)),
            (1, 1, 0): ("x^2", (1.0, 0.0, 1e-3, 0.0)),
        },
    )
    pruned = prune(network, X)
    assert pruned.network.shape == [2, 1, 1]
    assert abs(float((pruned.network(X) - network(X)).mean().detach())) < 1e-12


def test_a_trained_network_is_hardly_worse() -> None:
    y = torch.exp(torch.sin(math.pi * X[:, :1]) + X[:, 1:] ** 2)
    data = TrainingData(X[:400], y[:400], X[400:], y[400:])
    fit = levenberg(KAN([2, 3, 1]), data, Levenberg(restarts=2, intervals=(3, 6)))

    def error(network: KAN) -> float:
        return float((network(data.x_held) - data.y_held).square().mean().sqrt().detach())

    pruned = prune(fit.network, data.x, error=error)
    assert error(pruned.network) <= 1.1 * error(fit.network)


def test_a_constant_factor_of_a_product_is_kept() -> None:
    network = named(
        [2, (0, 1), 1],
        {
            (0, 0, 0): ("x", (1.0, 0.0, 1.0, 0.0)),
            (0, 1, 1): ("x", (1.0, 0.0, 1e-6, 5.0)),
            (1, 0, 0): ("x", (1.0, 0.0, 1.0, 0.0)),
        },
    )
    pruned = prune(network, X, edge_threshold=2.0, node_threshold=0.0)  # every edge goes but in layers that live
    torch.testing.assert_close(pruned.network(X), network(X).mean(0).expand(500, 1), rtol=0, atol=1e-5)
    network = remove(network, (0, 1, 1))
    with torch.no_grad():
        network[0].bias[1] = 5.0
    kept = prune(network, X).network
    torch.testing.assert_close(kept(X), network(X), rtol=0, atol=1e-12)
    assert kept.shape == [2, 1, 1]


def test_equation_6_by_hand() -> None:
    """A hidden node lives when its best incoming and its best outgoing edge both score more than the threshold."""
    network = KAN([2, 6, 2], dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    scores = edge_scores(trace(network, X))
    for threshold in (0.02, 0.05, 0.1, 0.2):
        alive = tuple(
            node
            for node in range(6)
            if max(scores[0][node].tolist()) > threshold and max(scores[1][:, node].tolist()) > threshold
        )
        if alive:
            assert prune(network, X, node_threshold=threshold, edge_threshold=0.0).kept_nodes == (alive,)


@pytest.mark.parametrize("kind", ["share", "l1"])
def test_edges_go_by_their_score(kind: str) -> None:
    network = KAN([2, 3, 1], dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    scores = edge_scores(trace(network, X), kind)
    threshold = float(torch.cat([s.flatten() for s in scores]).median())
    pruned = prune(network, X, node_threshold=0.0, edge_threshold=threshold, kind=kind)
    doomed = sum(int((s <= threshold).sum()) for s in scores)
    assert pruned.edges_cut >= doomed
    assert len(list(pruned.network.edges())) == 9 - pruned.edges_cut


@pytest.mark.against_annotations
def test_an_unknown_kind_of_score_is_named() -> None:
    with pytest.raises(UnknownNameError, match="share"):
        prune(KAN([2, 1]), X.float(), kind="shares")  # type: ignore[arg-type]


def test_nodes_that_lost_every_way_in_are_folded_away() -> None:
    """Their edges in are weak but above the node's threshold, their edge out is strong."""
    network = named(
        [2, 2, 1],
        {
            (0, 0, 0): ("x", (1.0, 0.0, 1.0, 0.0)),
            (0, 1, 1): ("x", (1.0, 0.0, 0.01, 0.7)),
            (1, 0, 0): ("x", (1.0, 0.0, 1.0, 0.0)),
            (1, 1, 0): ("exp", (2.0, 0.0, 1.0, 0.0)),
        },
    )
    scores = edge_scores(trace(network, X))
    weak = float(scores[0][1, 1])
    pruned = prune(network, X, node_threshold=weak / 2, edge_threshold=weak * 1.0001)
    lean = prune(network, X, node_threshold=1e-9, edge_threshold=1.0001 * float(scores[0][1, 1])).network
    assert lean.shape == pruned.network.shape == [2, 1, 1]
    constant = (pruned.network(X) - network(X)).detach()
    assert float(constant.abs().max()) < 0.1


def test_a_rise_of_the_held_out_error_is_taken_back() -> None:
    network = KAN([2, 4, 1], dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    y = network(X).detach()

    def error(candidate: KAN) -> float:
        return 1e-3 + float((candidate(X) - y).square().mean().sqrt().detach())

    cut = prune(network, X, node_threshold=0.3, edge_threshold=0.3)
    assert error(cut.network) > 2e-3
    careful = prune(network, X, node_threshold=0.3, edge_threshold=0.3, error=error)
    assert error(careful.network) <= 1.1e-3
    never = prune(network, X, node_threshold=0.3, edge_threshold=0.3, error=lambda n: float(n is not network))
    assert (never.edges_cut, never.nodes_cut, never.kept_nodes) == (0, 0, (tuple(range(4)),))
    assert torch.equal(never.network(X), network(X))
    assert never.network is not network


def test_an_error_that_is_no_number_is_a_rise() -> None:
    network = KAN([2, 3, 1], dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    out = prune(network, X, edge_threshold=0.5, error=lambda n: 1.0 if n is network else math.nan)
    assert out.edges_cut == 0


def test_a_network_that_says_nothing_keeps_a_way_through() -> None:
    network = KAN([2, 4, 1], dtype=torch.float64, init="zero")
    pruned = prune(network, X)
    assert pruned.network.shape == [2, 1, 1]
    assert torch.equal(pruned.network(X), torch.zeros(500, 1, dtype=torch.float64))


def test_depth_is_cut_to_what_is_connected() -> None:
    network = named(
        [2, 2, 3, 1],
        {
            (0, 0, 0): ("x", (1.0, 0.0, 1.0, 0.0)),
            (0, 1, 1): ("sin", (2.0, 0.0, 1.0, 0.0)),
            (1, 0, 0): ("x^2", (1.0, 0.0, 1.0, 0.0)),
            (1, 1, 1): ("x", (1.0, 0.0, 1.0, 0.0)),  # leads to a node that leads nowhere
            (2, 0, 0): ("exp", (1.0, 0.0, 1.0, 0.0)),
        },
    )
    pruned = prune(network, X)
    assert pruned.network.shape == [2, 1, 1, 1]
    assert pruned.kept_nodes == ((0,), (0,))
    torch.testing.assert_close(pruned.network(X), network(X), rtol=0, atol=1e-12)


def test_many_outputs_keep_what_any_of_them_needs() -> None:
    network = named(
        [2, 2, 2],
        {
            (0, 0, 0): ("x", (1.0, 0.0, 1.0, 0.0)),
            (0, 1, 1): ("x", (1.0, 0.0, 1.0, 0.0)),
            (1, 0, 0): ("sin", (1.0, 0.0, 1.0, 0.0)),
            (1, 1, 1): ("sin", (1.0, 0.0, 1e-6, 0.0)),
        },
    )
    pruned = prune(network, X)
    assert pruned.network.shape == [2, 2, 2]


def test_fixed_edges_are_found_again_under_their_new_numbers() -> None:
    network = named(
        [2, 3, 1],
        {
            (0, 0, 2): ("sin", (2.0, 0.0, 1.0, 0.0)),
            (0, 1, 1): ("x^2", (1.0, 0.0, 1.0, 0.0)),
            (1, 2, 0): ("x", (1.0, 0.0, 1.0, 0.0)),
            (1, 1, 0): ("x", (1.0, 0.0, 1.0, 0.0)),
        },
    )
    lean = prune(network, X).network
    names: dict[tuple[int, int, int], str] = {tuple(i): e.primitive.name for i, e in lean.edges() if e.primitive}
    assert names == {(0, 0, 1): "sin", (0, 1, 0): "x^2", (1, 0, 0): "x", (1, 1, 0): "x"}
    torch.testing.assert_close(lean(X), network(X))


def test_one_row_prunes_to_a_constant() -> None:
    x: Tensor = X[:1]
    network = KAN([2, 3, 1], dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(prune(network, x).network(x), network(x))


def test_a_node_switched_off_leaves_its_mean_and_the_shape() -> None:
    network = toy_with_constants(spread=1e-9)
    off = switch_off(network, X, 1, 1)
    assert off.shape == network.shape
    assert nodes_on(network) == ((0, 1, 2),)
    assert nodes_on(off) == ((0, 2),)
    torch.testing.assert_close(off(X), network(X), atol=1e-7, rtol=0)


def test_a_product_switched_off_loses_both_its_factors() -> None:
    off = switch_off(KAN([2, (1, 1), 1], dtype=torch.float64), X, 1, 1)
    assert nodes_on(off) == ((0,),)
    assert off[0].mask.sum(1).tolist() == [2, 0, 0]


@pytest.mark.parametrize(("level", "node"), [(0, 0), (2, 0), (1, 3)])
def test_only_hidden_nodes_are_switched_off(level: int, node: int) -> None:
    with pytest.raises(SettingsError, match="no node"):
        switch_off(KAN([2, 3, 1]), X, level, node)
