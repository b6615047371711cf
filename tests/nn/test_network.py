"""Networks, what flows through them, and what matters in them."""

import copy
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from edgewise.errors import NotSymbolicError, SettingsError, ShapeError, UnknownNameError
from edgewise.nn import KAN, EdgeId, KANLayer, edge_scores, node_scores, trace

SHAPES = [[2, 5, 1], [1, 1], [4, (2, 1), 1], [3, [1, 3, 2], [2, 1]], [2, 4, 4, 2]]
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def network(shape: list) -> KAN:
    return KAN(shape, generator=generator(), dtype=torch.float64)


def points(width: int, count: int = 60) -> Tensor:
    return torch.rand(count, width, generator=generator(1), dtype=torch.float64) * 2 - 1


def mixed() -> KAN:
    net = network([3, (2, 1), 2])
    net[0].set_edge(0, 0, "sin", (2.0, 0.5, 1.5, 0.3))
    net[0].set_edge(2, 3, "x^2")
    net[0].set_edge(1, 1, None)
    net[1].set_edge(2, 0, "exp", (0.5, 0.0, 1.0, 0.0))
    return net


def test_product_nodes_multiply() -> None:
    """x1 x2 x3 + x4 x5 x6, the case where arity 3 goes wrong elsewhere."""
    net = KAN([6, [3, 3], 1], init="zero", dtype=torch.float64)
    for i in range(6):
        net[0].set_edge(i, i, "x")
    for j in range(2):
        net[1].set_edge(j, 0, "x")
    x = points(6)
    torch.testing.assert_close(net(x)[:, 0].detach(), x[:, :3].prod(1) + x[:, 3:].prod(1))


@pytest.mark.parametrize("make", [lambda shape=shape: network(shape) for shape in SHAPES] + [mixed])
def test_the_trace_is_what_the_network_does(make) -> None:
    net = make()
    x = points(net.shape[0])
    seen = trace(net, x)
    torch.testing.assert_close(seen.output, net(x).detach())
    entering = x
    for layer, part in zip(net, seen.layers, strict=True):
        torch.testing.assert_close(part.preactivations, entering)
        torch.testing.assert_close(part.postactivations.sum(2) + layer.bias.detach(), part.sums)
        torch.testing.assert_close(layer.combine(part.sums), part.nodes)
        entering = part.nodes


def test_each_postactivation_is_its_edge() -> None:
    net = mixed()
    seen = trace(net, points(3))
    for edge_id, edge in net.edges():
        part = seen.layers[edge_id.layer]
        torch.testing.assert_close(
            part.postactivations[:, edge_id.target, edge_id.source], edge(part.preactivations[:, edge_id.source])
        )


def test_tracing_leaves_nothing_on_the_network() -> None:
    net = mixed()
    before = set(vars(net)), [set(vars(layer)) for layer in net]
    seen = trace(net, points(3).requires_grad_())
    assert (set(vars(net)), [set(vars(layer)) for layer in net]) == before
    assert not seen.output.requires_grad
    copy.deepcopy(net)


@every_shape
def test_shares_lie_between_0_and_1_and_each_output_shares_out_1(shape: list) -> None:
    net = network(shape)
    seen = trace(net, points(shape[0]))
    scores = edge_scores(seen)
    for layer in scores:
        assert float(layer.min()) >= 0
        assert float(layer.max()) <= 1 + 1e-12
    torch.testing.assert_close(scores[-1].sum(1), torch.ones(net[len(net) - 1].n_sums, dtype=torch.float64))
    nodes = node_scores(seen)
    assert [len(level) for level in nodes] == net.shape
    for layer, part, level in zip(scores, net, nodes[1:], strict=True):
        to_each_sum = torch.repeat_interleave(level, torch.tensor(part.arity))
        torch.testing.assert_close(layer.sum(1), to_each_sum)


def test_shares_do_not_change_with_the_units() -> None:
    net, x = network([2, 3, 1]), points(2)
    before = edge_scores(trace(net, x))
    with torch.no_grad():
        net[1].weight.mul_(1000.0)
        net[1].bias.add_(5.0)
    for a, b in zip(before, edge_scores(trace(net, x)), strict=True):
        torch.testing.assert_close(a, b)


def test_shares_of_a_known_network() -> None:
    """y = 3 x1 + x2 with equal spreads: three quarters and one."""
    net = KAN([2, 1], init="zero", dtype=torch.float64)
    net[0].set_edge(0, 0, "x", (1.0, 0.0, 3.0, 0.0))
    net[0].set_edge(1, 0, "x", (1.0, 7.0, -1.0, 9.0))
    column = torch.linspace(-1, 1, 50, dtype=torch.float64)
    scores = edge_scores(trace(net, torch.stack([column, column.flip(0)], 1)))
    torch.testing.assert_close(scores[0], torch.tensor([[0.75, 0.25]], dtype=torch.float64))


def test_an_edge_that_is_constant_or_absent_has_no_share() -> None:
    net = network([3, 1])
    net[0].set_edge(0, 0, "0", (1.0, 0.0, 1.0, 5.0))
    net[0].set_edge(1, 0, None)
    torch.testing.assert_close(
        edge_scores(trace(net, points(3)))[0], torch.tensor([[0.0, 0.0, 1.0]], dtype=torch.float64), atol=1e-12, rtol=0
    )


def test_a_constant_network_has_no_shares_and_no_nan() -> None:
    scores = edge_scores(trace(KAN([2, 2, 1], init="zero"), torch.rand(9, 2)))
    assert all(float(layer.abs().max()) == 0 for layer in scores)


def test_one_row_gives_no_nan() -> None:
    assert all(bool(layer.isfinite().all()) for layer in edge_scores(trace(network([2, 3, 1]), points(2, 1))))


@every_shape
def test_l1_is_the_mean_magnitude(shape: list) -> None:
    """The paper's equation 2: |phi|_1 is the mean of |phi(x)| over the rows."""
    net, x = network(shape), points(shape[0])
    seen = trace(net, x)
    for number, layer in enumerate(edge_scores(seen, "l1")):
        entering = seen.layers[number].preactivations
        for edge_id, edge in net.edges():
            if edge_id.layer == number:
                expected = edge(entering[:, edge_id.source]).abs().mean()
                torch.testing.assert_close(layer[edge_id.target, edge_id.source], expected)


@pytest.mark.against_annotations
def test_an_unknown_score_is_named() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'l1'"):
        edge_scores(trace(network([1, 1]), points(1)), "l2")


def test_edges_are_those_that_are_there() -> None:
    net = mixed()
    found = dict(net.edges())
    assert len(found) == 3 * 4 - 1 + 3 * 2
    assert EdgeId(0, 1, 1) not in found
    assert found[EdgeId(0, 0, 0)].kind == "fixed"
    assert str(EdgeId(0, 1, 2)) == "(0, 1->2)"


def test_parameters_used_counts_no_masked_weight() -> None:
    net = KAN([2, 1], intervals=5, degree=3)
    assert net.parameters_used == 2 * (8 + 1) + 1
    net[0].set_edge(0, 0, "sin")
    assert net.parameters_used == 9 + 4 + 1
    net[0].set_edge(1, 0, None)
    assert net.parameters_used == 4 + 1


def test_open_edges_are_named() -> None:
    net = KAN([2, 1])
    net[0].set_edge(0, 0, "sin")
    with pytest.raises(NotSymbolicError, match=r"1 of 2 edges are still splines: \(0, 1->0\)"):
        net.require_symbolic()
    net[0].set_edge(1, 0, "exp")
    net.require_symbolic()


@pytest.mark.against_annotations
@pytest.mark.parametrize(
    ("shape", "error", "says"),
    [
        ([2], SettingsError, "needs inputs and outputs"),
        ([2, 0, 1], SettingsError, "a node at least"),
        ([2, (1, 2, 3), 1], SettingsError, "a pair"),
        ([2, "5", 1], SettingsError, "number, a pair"),
        ([2, True, 1], SettingsError, "number, a pair"),
        ([(1, 1), 1], SettingsError, "inputs of a network cannot multiply"),
        ([2, [1, 0], 1], SettingsError, "a node at least"),
    ],
    ids=str,
)
def test_shapes_that_cannot_be(shape: list, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        KAN(shape)


def test_the_shape_given_is_left_alone() -> None:
    shape = [2, (1, 1), 1]
    assert KAN(shape).shape == [2, 2, 1]
    assert shape == [2, (1, 1), 1]


def test_layers_must_fit() -> None:
    with pytest.raises(ShapeError, match="layer 0 gives 3 nodes but layer 1 takes 2"):
        KAN.of([KANLayer(1, 3), KANLayer(2, 1)])


def test_a_third_column_is_not_dropped_in_silence() -> None:
    with pytest.raises(ShapeError, match="takes 2 inputs but x has 3"):
        KAN([2, 1])(torch.zeros(4, 3))


COMPILED = """
import torch
from edgewise.nn import KAN
for basis in ("bspline", "chebyshev"):
    network = KAN([3, (4, 1), 2], basis=basis, generator=torch.Generator().manual_seed(0))
    answers = []
    for model in (network, torch.compile(network, fullgraph=True, backend="aot_eager")):
        x = torch.linspace(-1.2, 1.2, 60).view(20, 3).requires_grad_()
        y = model(x)
        answers.append((y, *torch.autograd.grad(y.square().sum(), [x, network[0].weight])))
    for ours, theirs in zip(*answers, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
"""


def test_a_compiler_follows_the_whole_network() -> None:
    """In a process of its own: what checks annotations here is nothing that a compiler follows."""
    subprocess.run([sys.executable, "-c", COMPILED], check=True, timeout=300)
