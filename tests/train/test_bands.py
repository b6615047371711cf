"""Bands on edges: networks read in each other's words, and the truth where it is known."""

import numpy as np
import pytest
import torch

from edgewise.errors import SettingsError, ShapeError, TrainingError, ValuesError
from edgewise.nn import KAN, EdgeId, Model, Scaling, trace
from edgewise.train import EdgeBands, Levenberg, TrainingData, edge_bands, levenberg
from edgewise.train.aligned import align

RUNS = 8


def toy(rows: int, noise: float = 0.05, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    x = generator.uniform(-1, 1, (rows, 2))
    return x, np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2) + noise * generator.normal(size=rows)


def trained(x: np.ndarray, y: np.ndarray) -> Model:
    into, out = Scaling.to_unit_range(x), Scaling.to_unit_spread(y[:, None])
    data = TrainingData.split(torch.as_tensor(into.into(x)), torch.as_tensor(out.into(y[:, None])))
    network = KAN([2, 1, 1], init="zero", dtype=torch.float64)
    return Model(levenberg(network, data, Levenberg(intervals=(3,))).network, ("x", "y"), ("z",), into, out)


def widths(bands: EdgeBands) -> np.ndarray:
    """In shares of what each function spans: the units of hidden nodes differ from model to model."""
    return np.array([np.median(band.high - band.low) / np.ptp(band.mean) for band in bands])


def truth(model: Model, x: np.ndarray, bands: EdgeBands) -> list[np.ndarray]:
    """sin(pi x), y^2 and exp in the model's units: node with its mean and spread, edges with their means."""
    flow = trace(model.network, model.scaled(x))
    node = flow.layers[0].nodes[:, 0].numpy()
    means = [flow.layers[0].postactivations[:, 0, i].mean().item() for i in (0, 1)]
    means.append(flow.layers[1].postactivations.mean().item())
    hidden = np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2
    scale = node.std() / hidden.std() * np.sign(np.corrcoef(node, hidden)[0, 1])
    shift = node.mean() - scale * hidden.mean()
    spread = model.target_scaling.scale[0]
    functions = [
        lambda u: scale * np.sin(np.pi * u),
        lambda u: scale * u**2,
        lambda u: np.exp((u - shift) / scale) / spread,
    ]
    columns = [x[:, 0], x[:, 1], scale * hidden + shift]
    into = model.input_scaling
    found = []
    for i, (function, column, mean, band) in enumerate(zip(functions, columns, means, bands, strict=True)):
        at = band.x * into.scale[i] + into.shift[i] if i < 2 else band.x
        found.append(function(at) - function(column).mean() + mean)
    return found


@pytest.fixture(scope="module")
def bands() -> tuple[Model, np.ndarray, EdgeBands]:
    x, y = toy(150)
    model = trained(x, y)
    return model, x, edge_bands(model, x, y, runs=RUNS)


def test_the_true_functions_lie_in_the_bands(bands: tuple[Model, np.ndarray, EdgeBands]) -> None:
    model, x, found = bands
    covered = [
        np.mean((band.low <= true) & (true <= band.high))
        for band, true in zip(found, truth(model, x, found), strict=True)
    ]
    assert min(covered) > 0.6
    assert np.mean(covered) > 0.75
    assert found.runs + found.stuck == RUNS
    assert widths(found).max() < 0.06


@pytest.mark.slow
def test_noise_widens_and_rows_narrow(bands: tuple[Model, np.ndarray, EdgeBands]) -> None:
    _, _, found = bands
    noisier, longer = (edge_bands(trained(*t), *t, runs=RUNS) for t in (toy(150, noise=0.15), toy(600)))
    assert (widths(noisier) > 2 * widths(found)).all()  # three times the noise
    assert (widths(longer) < widths(found) / 1.4).all()  # four times the rows


def test_the_same_seed_gives_the_same_bands() -> None:
    x, y = toy(60)
    network = KAN([2, 1], intervals=2)
    before = [p.clone() for p in network.parameters()]
    one, other = (edge_bands(network, x, y, runs=5, weights=w) for w in (None, np.full(60, 3.0)))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a.high, b.high, atol=1e-9)
    assert all(torch.equal(p, q) for p, q in zip(before, network.parameters(), strict=True))
    assert one.of(EdgeId(0, 1, 0)) is one.bands[1]
    assert one.of(EdgeId(1, 0, 0)) is None
    assert str(one) == "90 % bands of 2 edges, 5 trainings on rows drawn again"


def test_agrees_with_linear_least_squares() -> None:
    """One edge of four basis functions is a linear fit, whose standard error is known."""
    generator = np.random.default_rng(1)
    x = generator.uniform(-1, 1, (150, 1))
    y = x[:, 0] ** 2 + 0.3 * generator.normal(size=150)
    network = KAN([1, 1], intervals=1, degree=2, residual="none", dtype=torch.float64)
    (band,) = edge_bands(network, x, y, runs=50, coverage=0.68)
    layer = KAN([1, 1], intervals=2, degree=2, residual="none", dtype=torch.float64)[0]  # twice the pieces
    design, at = (layer.features(torch.as_tensor(v))[:, 0, :-1].numpy() for v in (x, band.x[:, None]))
    fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    covariance = np.linalg.inv(design.T @ design) * np.sum((y - fitted) ** 2) / (150 - 4)
    centred = at - design.mean(0)  # each run has the model's mean
    usual = np.sqrt(np.einsum("pi,ij,pj->p", centred, covariance, centred))
    ratio = (band.high - band.low) / 2 / usual
    assert 0.8 < np.median(ratio) < 1.25
    assert (ratio > 0.6).all()
    assert (ratio < 1.6).all()


def reworded(network: KAN, order: list[int], scale: list[float]) -> KAN:
    """The same function: hidden node i of the new network is scale[i] times the old node order[i]."""
    first, second = network[0], network[1]
    sizes = torch.tensor(scale, dtype=torch.float64)
    other = KAN([first.n_in, len(order), 1], residual="none", dtype=torch.float64)
    knots, weight = second.basis.knots[order] * sizes[:, None], second.weight.detach()[order].clone()
    for i, size in enumerate(scale):
        if size < 0:
            knots[i], weight[i, :-1] = knots[i].flip(0), weight[i, :-1].flip(0)
    with torch.no_grad():
        other[0].weight.copy_(first.weight[:, :, order] * sizes)
        other[0].bias.copy_(first.bias[order] * sizes)
        other[1].basis = second.basis.with_knots(knots)
        other[1].weight.copy_(weight)
        other[1].bias.copy_(second.bias)
    return other


def test_one_function_in_other_words_is_read_back() -> None:
    generator = torch.Generator().manual_seed(0)
    network = KAN([2, 3, 1], residual="none", generator=generator, dtype=torch.float64)
    other = reworded(network, [2, 0, 1], [-2.0, 0.5, 1.0])
    rows = 0.5 * torch.rand(100, 2, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(other(rows), network(rows))
    ours, theirs = trace(network, rows), trace(other, rows)
    first, second = align(theirs, ours)
    assert second.sources.places.tolist() == first.sums.places.tolist() == [1, 2, 0]
    np.testing.assert_allclose(second.sources.scale, [2.0, 1.0, -0.5])
    np.testing.assert_allclose(second.sources.shift, 0, atol=1e-12)
    for layer, reading in enumerate((first, second)):
        read = theirs.layers[layer].postactivations.numpy()[:, reading.sums.places][:, :, reading.sources.places]
        expected = ours.layers[layer].postactivations.numpy()
        np.testing.assert_allclose(read * reading.sums.scale[:, None], expected, atol=1e-12)


def test_factors_keep_their_zero_and_lend_their_size() -> None:
    generator = torch.Generator().manual_seed(0)
    network = KAN([2, (0, 1), 1], residual="none", generator=generator, dtype=torch.float64)
    rows = torch.rand(100, 2, generator=generator, dtype=torch.float64)
    ours = trace(network, rows)
    with torch.no_grad():
        network[0].weight.copy_(network[0].weight[:, :, [1, 0]] * torch.tensor([-4.0, -0.25]))
    first, second = align(trace(network, rows), ours)
    assert first.sums.places.tolist() == [1, 0]
    np.testing.assert_allclose(first.sums.scale, [-4.0, -0.25])
    np.testing.assert_allclose(second.sources.scale, [1.0])
    np.testing.assert_allclose(second.sources.shift, [0.0])


def test_factors_of_an_output_multiply_to_one() -> None:
    network = KAN([2, (0, 1)], generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rows = torch.rand(50, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    ours = trace(network, rows)
    with torch.no_grad():
        network[0].weight.mul_(torch.tensor([-3.0, 2.0]))
    (reading,) = align(trace(network, rows), ours)
    assert np.prod(reading.sums.scale) == pytest.approx(1.0)


def test_no_rows_are_refused_by_name() -> None:
    for y in (np.zeros(0), np.zeros((0, 1))):
        with pytest.raises(ValuesError, match="no rows to train on"):
            edge_bands(KAN([2, 1]), np.zeros((0, 2)), y)


def test_what_cannot_be_done_is_said() -> None:
    x, y = toy(30)
    network = KAN([2, 1])
    with pytest.raises(SettingsError, match="between 0 and 1"):
        edge_bands(network, x, y, coverage=90)
    with pytest.raises(SettingsError, match="5 runs or more"):
        edge_bands(network, x, y, runs=2)
    with pytest.raises(ShapeError, match="rows of 2 columns"):
        edge_bands(network, x[:, :1], y)
    with pytest.raises(ShapeError, match="gives 1 outputs"):
        edge_bands(network, x, np.stack([y, y], 1))
    with pytest.raises(TrainingError, match="of 0 trainings 0 found the way"):
        edge_bands(network, x, y, stop=lambda: True)
