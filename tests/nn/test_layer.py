"""A layer is a plain torch module, and its edges are what they say."""

import copy
import io
import math
import pickle

import pytest
import torch
from torch import Tensor, nn

from edgewise.basis import BASES
from edgewise.errors import SettingsError, ShapeError, StorageError, UnknownNameError
from edgewise.nn import KANLayer
from edgewise.primitives import PRIMITIVES, find

CONSTANTS = (0.7, 1.6, -1.3, 0.2, 1.5)  # the inner part stays within 0.9 ... 2.3: inside most domains


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def layer_of(n_in: int = 3, n_out: int | None = 4, **settings) -> KANLayer:
    return KANLayer(n_in, n_out, **{"generator": generator(), "dtype": torch.float64, **settings})


def points(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.rand(*shape, generator=generator(1), dtype=dtype) * 1.8 - 0.9


def mixed_layer() -> KANLayer:
    """Splines, fixed edges of three primitives, an absent edge, a product."""
    layer = layer_of(3, None, arity=(1, 2))
    layer.set_edge(0, 0, "sin", CONSTANTS)
    layer.set_edge(1, 0, "x^2", CONSTANTS)
    layer.set_edge(2, 1, "sin", CONSTANTS)
    layer.set_edge(1, 2, "power", CONSTANTS)
    layer.set_edge(0, 1, None)
    return layer


LAYERS = {
    "plain": layer_of,
    "mixed": mixed_layer,
    "product": lambda: layer_of(3, None, arity=(1, 3, 2)),
    "spline weight": lambda: layer_of(spline_weight=True),
    "no residual": lambda: layer_of(residual="none"),
    **{name: lambda name=name: layer_of(basis=name) for name in BASES},
}
every_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)


def by_hand(layer: KANLayer, x: Tensor) -> Tensor:
    """Sums of edges one by one, then products: the definition."""
    sums = [
        layer.bias[target].detach() + sum(layer.edge(source, target)(x[:, source]) for source in range(layer.n_in))
        for target in range(layer.n_sums)
    ]
    parts = torch.split(torch.stack(sums, 1), list(layer.arity), 1)
    return torch.stack([part.prod(1) for part in parts], 1)


@every_layer
def test_the_layer_is_the_sum_of_its_edges(make) -> None:
    layer, x = make(), points(50, 3)
    layer.bias.data.normal_(generator=generator(3))
    torch.testing.assert_close(layer(x).detach(), by_hand(layer, x))


@every_layer
@pytest.mark.parametrize("leading", [(), (0,), (7,), (2, 0, 3), (2, 5)], ids=str)
def test_any_leading_shape_as_for_linear(make, leading: tuple[int, ...]) -> None:
    layer, x = make(), points(*leading, 3)
    linear = nn.Linear(3, layer.n_out, dtype=torch.float64)
    assert layer(x).shape == linear(x).shape
    torch.testing.assert_close(layer(x), layer(x.reshape(-1, 3)).reshape(*leading, layer.n_out))


def test_sits_in_a_sequential_and_learns() -> None:
    model = nn.Sequential(
        KANLayer(2, 3, generator=generator()), nn.LayerNorm(3), KANLayer(3, 1, generator=generator(1))
    )
    x = points(64, 2, dtype=torch.float32)
    y = torch.sin(3 * x[:, :1]) * x[:, 1:]
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for _ in range(60):
        optimiser.zero_grad()
        loss = (model(x) - y).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_follows_the_module(dtype: torch.dtype) -> None:
    layer = mixed_layer().to(dtype)
    assert layer(points(5, 3, dtype=dtype)).dtype == dtype
    assert all(value.dtype == dtype for value in (*layer.parameters(), *layer.buffers()))


@every_layer
def test_gradients(make) -> None:
    layer, x = make(), points(4, 3).requires_grad_()
    names = [name for name, value in layer.named_parameters() if value.numel()]
    values = [dict(layer.named_parameters())[name].detach().clone().requires_grad_() for name in names]

    def call(x: Tensor, *values: Tensor) -> Tensor:
        return torch.func.functional_call(layer, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(call, (x, *values))
    assert torch.autograd.gradgradcheck(call, (x, *values))


@pytest.mark.filterwarnings("ignore:torch.searchsorted")  # of the extra copy that vmap makes; said once a program
@every_layer
def test_functional_transforms(make) -> None:
    layer, x = make(), points(6, 3)
    torch.testing.assert_close(torch.func.vmap(layer)(x), layer(x))
    jacobian = torch.func.vmap(torch.func.jacrev(layer))(x)
    forward = torch.func.vmap(torch.func.jacfwd(layer))(x)
    expected = torch.stack([torch.autograd.functional.jacobian(layer, row) for row in x])
    torch.testing.assert_close(jacobian, expected)
    torch.testing.assert_close(forward, expected)
    direction = points(6, 3) - 0.2
    value, moved = torch.func.jvp(layer, (x,), (direction,))
    torch.testing.assert_close(value, layer(x))
    torch.testing.assert_close(moved, torch.einsum("noi,ni->no", expected, direction))


def test_many_weights_at_once() -> None:
    """vmap over the parameters: how an ensemble is evaluated."""
    layers, x = [layer_of(generator=generator(seed)) for seed in range(3)], points(5, 3)
    stacked = torch.func.stack_module_state(layers)
    together = torch.func.vmap(lambda p, b: torch.func.functional_call(layers[0], (p, b), (x,)))(*stacked)
    torch.testing.assert_close(together, torch.stack([layer(x) for layer in layers]))


@every_layer
def test_state_dict_round_trip(make) -> None:
    layer, x = make(), points(9, 3)
    layer.bias.data.normal_(generator=generator(3))
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    fresh = _like(layer)
    fresh.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(fresh(x), layer(x))
    assert fresh.fixed == layer.fixed


def _like(layer: KANLayer) -> KANLayer:
    """Another layer of the same sizes, without a fixed edge and with other weights."""
    return KANLayer(
        3, arity=layer.arity, basis=layer.basis.name, residual=layer.residual,
        spline_weight=layer.spline_weight is not None, generator=generator(9), dtype=torch.float64,
    )  # fmt: skip


def test_a_state_without_fixed_edges_releases_those_there() -> None:
    layer, other = mixed_layer(), layer_of(3, None, arity=(1, 2))
    layer.load_state_dict(other.state_dict())
    assert layer.fixed == ()
    assert torch.equal(layer(points(4, 3)), other(points(4, 3)))


def test_a_state_whose_names_were_lost_is_refused() -> None:
    state = {key: value for key, value in mixed_layer().state_dict().items() if "extra_state" not in key}
    with pytest.raises(StorageError, match="not their names"):
        layer_of(3, None, arity=(1, 2)).load_state_dict(state, strict=False)


@every_layer
def test_copies_and_pickles_after_a_forward_pass(make) -> None:
    layer, x = make(), points(5, 3)
    layer(x).sum().backward()
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):  # noqa: S301 - our own bytes
        assert torch.equal(twin(x), layer(x))
        twin.bias.data.add_(1.0)
        assert not torch.equal(twin(x), layer(x))


@every_layer
def test_exports(make) -> None:
    layer, x = make(), points(5, 3)
    exported = torch.export.export(layer, (x,), dynamic_shapes=({0: torch.export.Dim("rows", min=2)},))
    longer = points(11, 3)
    torch.testing.assert_close(exported.module()(longer), layer(longer))


@every_layer
def test_what_is_not_a_number_spoils_only_its_own_row(make) -> None:
    layer, x = make(), points(6, 3)
    spoilt = x.clone()
    spoilt[2, 1] = torch.nan
    answer = layer(spoilt)
    rest = [0, 1, 3, 4, 5]
    torch.testing.assert_close(answer[rest], layer(x)[rest], rtol=0, atol=1e-14)
    assert bool(answer[2].isnan().any())


@pytest.mark.parametrize("columns", [2, 4])
def test_a_wrong_number_of_columns_is_named(columns: int) -> None:
    with pytest.raises(ShapeError, match=f"takes 3 inputs but x has {columns} columns"):
        layer_of()(points(5, columns))


# -- edges -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_primitive_can_be_an_edge(name: str) -> None:
    inner = (0.3, 0.4) if math.isfinite(find(name).domain[1]) else CONSTANTS[:2]
    layer, x = layer_of(2, 2), points(20, 2)
    before = layer(x)[:, 0]
    layer.set_edge(1, 1, name, (*inner, *CONSTANTS[2:]))
    edge = layer.edge(1, 1)
    assert (edge.kind, edge.primitive, edge.constants) == ("fixed", find(name), (*inner, *CONSTANTS[2:]))
    more = (CONSTANTS[4],) if find(name).exponent else ()
    expected = CONSTANTS[2] * find(name)("torch", inner[0] * x[:, 1] + inner[1], *more) + CONSTANTS[3]
    torch.testing.assert_close(edge(x[:, 1]), expected)
    torch.testing.assert_close(layer(x).detach(), by_hand(layer, x))
    assert torch.equal(layer(x)[:, 0], before)


def test_an_edge_is_asked_within_its_own_range_alone() -> None:
    """Zero lies outside the range of the other input, where this extrapolation forbids to go."""
    made = KANLayer(2, 1, dtype=torch.float64, extrapolation="error")
    low, high = (torch.tensor(ends, dtype=torch.float64) for ends in ([-1.0, 2.0], [1.0, 3.0]))
    made.basis = made.basis.with_range(low, high)
    x = torch.linspace(-1, 1, 9, dtype=torch.float64)
    both = torch.stack([x, torch.full_like(x, 2.5)], 1)
    total = made.edge(0, 0)(x) + made.edge(1, 0)(both[:, 1])
    torch.testing.assert_close(total, made(both).detach()[:, 0])
    with pytest.raises(ShapeError, match="leaves the range"):
        made.edge(0, 0)(2 * x)


def test_an_edge_becomes_fixed_absent_and_a_spline_again() -> None:
    layer, x = layer_of(2, 1), points(30, 2)
    weight, answer = layer.weight[1, :, 0].detach().clone(), layer(x)
    layer.set_edge(1, 0, "exp")
    layer.set_edge(1, 0, "sin")
    assert [primitive.name for _, _, primitive in layer.fixed] == ["sin"]
    layer.set_edge(1, 0, None)
    assert layer.edge(1, 0).kind == "absent"
    assert float(layer.edge(1, 0)(x[:, 1]).abs().max()) == 0
    layer.set_edge(1, 0, weight)
    assert layer.edge(1, 0).kind == "spline"
    assert torch.equal(layer(x), answer)


def test_constants_keep_to_their_edges_when_others_come_and_go() -> None:
    layer = layer_of(3, 2)
    wanted = {(s, t): (0.1 + s, 0.2 + t, 0.3, 0.4, 1.0) for s in range(3) for t in range(2)}
    names = ["sin", "exp", "cos", "x^2", "abs", "sin"]
    for (edge, constants), name in zip(wanted.items(), names, strict=True):
        layer.set_edge(*edge, name, constants)
    layer.set_edge(1, 0, None)
    for (edge, constants), name in zip(wanted.items(), names, strict=True):
        if edge != (1, 0):
            assert layer.edge(*edge).constants == constants
            assert layer.edge(*edge).primitive == find(name)


def test_an_absent_edge_passes_no_gradient() -> None:
    layer, x = layer_of(2, 1), points(9, 2).requires_grad_()
    layer.set_edge(1, 0, None)
    layer(x).sum().backward()
    assert x.grad is not None
    assert float(x.grad[:, 1].abs().max()) == 0
    assert layer.weight.grad is not None
    assert float(layer.weight.grad[1].abs().max()) == 0


@pytest.mark.parametrize("edge", [(3, 0), (0, 4), (-1, 0), (0, -1)])
def test_edges_that_are_not_there(edge: tuple[int, int]) -> None:
    with pytest.raises(ShapeError, match="there is no edge"):
        layer_of().edge(*edge)
    with pytest.raises(ShapeError, match="there is no edge"):
        layer_of().set_edge(*edge, None)


def test_an_unknown_primitive_leaves_the_layer_as_it_was() -> None:
    layer, x = layer_of(), points(5, 3)
    before = layer(x)
    with pytest.raises(UnknownNameError, match="Did you mean 'sin'"):
        layer.set_edge(0, 0, "sine")
    assert torch.equal(layer(x), before)
    assert layer.edge(0, 0).kind == "spline"


def test_moving_to_another_basis_keeps_nodes_mask_and_names() -> None:
    layer = mixed_layer()
    other = layer.on_basis(layer.basis.with_range(layer.basis.low * 2, layer.basis.high * 2, 9))
    assert (other.fixed, other.arity, other.basis.intervals) == (layer.fixed, layer.arity, 9)
    assert torch.equal(other.mask, layer.mask)


# -- settings and weights ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("width", [2, 16, 128])
def test_variance_initialisation_gives_unit_spread_over_the_range(basis: str, width: int) -> None:
    x = torch.rand(400, width, generator=generator(5)) * 2 - 1
    answers = [KANLayer(width, 16, basis=basis, generator=generator(seed))(x).detach() for seed in range(20)]
    assert 0.75 < float(torch.stack(answers).square().mean().sqrt()) < 1.35


@pytest.mark.parametrize("basis", ["bspline", "rbf"])
@pytest.mark.parametrize("width", [4, 128])
def test_variance_initialisation_keeps_the_spread_of_two_layers(basis: str, width: int) -> None:
    """What leaves the range goes on linearly; deeper networks grow slowly until their knots are moved."""
    x = torch.rand(400, width, generator=generator(5)) * 2 - 1
    for seed in range(2):
        x = KANLayer(width, width, basis=basis, generator=generator(seed))(x).detach()
        assert 0.3 < float(x.std()) < 3.0


def test_the_seed_decides_the_weights() -> None:
    state = torch.random.get_rng_state()
    assert torch.equal(layer_of(generator=generator(4)).weight, layer_of(generator=generator(4)).weight)
    assert not torch.equal(layer_of(generator=generator(4)).weight, layer_of(generator=generator(5)).weight)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_initialisations() -> None:
    assert float(layer_of(init="zero")(points(5, 3)).detach().abs().max()) == 0
    paper = layer_of(init="paper")
    assert float(paper.coefficients.detach().std()) < 0.1 * float(paper.residual_weight.detach().std())
    assert float(layer_of(residual="none").residual_weight.detach().abs().max()) == 0


@pytest.mark.against_annotations
@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"n_in": 0}, SettingsError, "an input at least"),
        ({"n_out": 0}, SettingsError, "an output at least"),
        ({"n_out": None}, SettingsError, "an output at least"),
        ({"arity": (1, 0, 1, 1)}, SettingsError, "product of 1 sum or more"),
        ({"arity": (1, 2)}, ShapeError, "n_out=4 but arity names 2"),
        ({"residual": "relu"}, UnknownNameError, "no residual 'relu'"),
        ({"init": "kaiming"}, UnknownNameError, "no initialisation 'kaiming'"),
        ({"basis": "fourier"}, UnknownNameError, "no basis 'fourier'"),
        ({"intervals": 0}, SettingsError, "intervals must be 1 or more"),
        ({"low": 1.0}, SettingsError, "low < high"),
    ],
    ids=str,
)
def test_settings_that_cannot_be(settings: dict, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        layer_of(**settings)
