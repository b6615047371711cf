"""Training by gradients: it falls, it separates, it stops, it goes on, and it says what it cannot do."""

import itertools
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from edgewise.errors import SettingsError, ShapeError, StorageError, TrainingError, UnknownNameError
from edgewise.nn import KAN
from edgewise.surgery import fix, remove
from edgewise.train import Descent, Gradient, Objective, Penalty, TrainingData, gradient

ADAM = Gradient("adam", rounds=6, batch=40, rate=5e-2)
LBFGS = Gradient("lbfgs", rounds=4, steps=5)
BOTH = pytest.mark.parametrize("settings", [ADAM, LBFGS], ids=["adam", "lbfgs"])


def a_network(shape: list | None = None, **settings: object) -> KAN:
    return KAN(shape or [2, 2, 1], generator=torch.Generator().manual_seed(0), **settings)


@pytest.fixture
def data() -> TrainingData:
    x = torch.rand(200, 2, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return TrainingData.split(x, torch.exp(torch.sin(math.pi * x[:, :1]) + x[:, 1:] ** 2))


@pytest.fixture
def moons() -> TrainingData:
    """Two half circles with 3 % noise; the class is the target."""
    generator = torch.Generator().manual_seed(0)
    turn = torch.rand(300, generator=generator) * math.pi
    kind = (torch.arange(300) % 2).float()
    x = torch.stack([turn.cos() + kind, (1 - 2 * kind) * turn.sin() + 0.5 * kind], 1)
    x = (x - x.mean(0)) / x.abs().amax(0) + 0.03 * torch.randn(300, 2, generator=generator)
    return TrainingData.split(x, kind[:, None])


def numbers(network: KAN) -> list[Tensor]:
    return [value for value in network.state_dict().values() if isinstance(value, Tensor)]


def same(a: KAN, b: KAN) -> bool:
    return all(torch.equal(x, y) for x, y in zip(numbers(a), numbers(b), strict=True))


def held_out(network: KAN, data: TrainingData) -> float:
    return float((network(data.x_held) - data.y_held).square().sum(1).mean().detach())


@BOTH
def test_the_loss_falls_and_the_best_comes_back(settings: Gradient, data: TrainingData) -> None:
    network = a_network()
    descent = gradient(network, data, settings=settings)
    assert descent.held_out < 0.5 * held_out(network, data)
    assert held_out(descent.network, data) == pytest.approx(descent.held_out, rel=1e-5)
    assert len(descent.rounds) == settings.rounds
    assert not descent.cut


@BOTH
def test_the_network_that_came_stays_and_no_global_seed_moves(settings: Gradient, data: TrainingData) -> None:
    network, state = a_network(), torch.get_rng_state()
    gradient(network, data, settings=settings)
    assert same(network, a_network())
    assert torch.equal(torch.get_rng_state(), state)


@BOTH
def test_one_seed_the_same_bytes(settings: Gradient, data: TrainingData) -> None:
    first, again = (gradient(a_network(), data, settings=settings, seed=3) for _ in range(2))
    assert same(first.network, again.network)
    assert first.rounds == again.rounds


@pytest.mark.parametrize(("loss", "outputs"), [("cross_entropy", 2), ("logistic", 1)])
@pytest.mark.parametrize("optimiser", ["adam", "lbfgs"])
def test_classes_are_separated(loss: str, outputs: int, optimiser: str, moons: TrainingData) -> None:
    settings = Gradient(optimiser, rounds=15 if optimiser == "adam" else 5, batch=24, rate=5e-2)
    network = gradient(a_network([2, 2, outputs]), moons, Objective(loss), settings).network
    answers = network(moons.x_held)
    found = answers.argmax(1) if outputs == 2 else (answers[:, 0] > 0).long()
    assert float((found == moons.y_held[:, 0]).double().mean()) > 0.95


@BOTH
def test_float64_rows_and_a_float32_network_meet_in_the_networks_dtype(settings: Gradient, data: TrainingData) -> None:
    double = TrainingData(data.x.double(), data.y.double(), data.x_held.double(), data.y_held.double())
    descent = gradient(a_network(), double, settings=settings)
    assert descent.network[0].weight.dtype == torch.float32
    wide = gradient(a_network(dtype=torch.float64), data, settings=settings)
    assert wide.network[0].weight.dtype == torch.float64


@BOTH
def test_fixed_edges_and_masks_survive(settings: Gradient, data: TrainingData) -> None:
    network = fix(a_network(), (0, 0, 0), "sin", (3.0, 0.0, 1.0, 0.0))
    trained = gradient(network, data, settings=settings).network
    assert trained[0].fixed == network[0].fixed
    assert torch.equal(trained[0].mask, network[0].mask)
    assert not torch.equal(trained[0].constants, network[0].constants)


def test_hidden_knots_follow_the_activations(data: TrainingData) -> None:
    network = a_network()
    with torch.no_grad():
        network[0].weight.mul_(20)
    still, following = (
        gradient(network, data, settings=Gradient("lbfgs", rounds=2, steps=3, follow=f)).network for f in (0, 2)
    )
    assert torch.equal(still[1].basis.knots, network[1].basis.knots)
    assert float(following[1].basis.high.max()) > 2


def test_the_penalty_thins_the_network(data: TrainingData) -> None:
    settings = Gradient("lbfgs", rounds=3, steps=10)
    free, thin = (
        gradient(a_network(), data, Objective(penalty=Penalty(strength=s)), settings).network for s in (0.0, 0.1)
    )
    magnitudes = [float(Penalty(strength=1.0)(network, data.x).detach()) for network in (thin, free)]
    assert magnitudes[0] < 0.8 * magnitudes[1]


@BOTH
def test_penalties_on_a_pruned_network_stay_numbers(settings: Gradient, data: TrainingData) -> None:
    """An edge that is gone has magnitude 0, where x log x has no slope."""
    network = remove(a_network(), (0, 1, 0))
    trained = gradient(network, data, Objective(penalty=Penalty(strength=0.01)), settings).network
    assert all(bool(n.isfinite().all()) for n in numbers(trained))
    assert trained[0].edge(1, 0).kind == "absent"


def test_early_stopping_waits_for_patience(data: TrainingData) -> None:
    noise = torch.randn(data.y.shape, generator=torch.Generator().manual_seed(2))
    held = torch.randn(data.y_held.shape, generator=torch.Generator().manual_seed(3))
    random = TrainingData(data.x, noise, data.x_held, held)
    settings = Gradient("adam", rounds=300, rate=0.1, patience=5)
    descent = gradient(a_network(), random, settings=settings)
    assert len(descent.rounds) < 300
    losses = [r.held_out for r in descent.rounds]
    assert losses.index(min(losses)) == len(losses) - 6
    assert held_out(descent.network, random) == pytest.approx(min(losses), rel=1e-5)


def test_batches_without_weight_are_passed_over(data: TrainingData) -> None:
    weights = torch.zeros(len(data.x))
    weights[:8] = torch.rand(8, generator=torch.Generator().manual_seed(0))
    few = replace(data, weights=weights)
    descent = gradient(a_network(), few, settings=Gradient("adam", rounds=10, batch=4, rate=5e-2))
    assert all(bool(n.isfinite().all()) for n in numbers(descent.network))
    assert descent.rounds[-1].objective < descent.rounds[0].objective
    still = gradient(a_network(), few, settings=Gradient("adam", rounds=1, batch=4, rate=1e-12))
    expected = float(Objective()(a_network(), few.x, few.y, weights).detach())
    assert still.rounds[0].objective == pytest.approx(expected, rel=1e-4)


def test_nothing_held_out_means_the_training_rows_judge(data: TrainingData) -> None:
    alone = TrainingData(data.x, data.y, data.x[:0], data.y[:0])
    descent = gradient(a_network(), alone, settings=LBFGS)
    error = (descent.network(data.x) - data.y).square().mean()
    assert float(error.detach()) == pytest.approx(descent.held_out, rel=1e-5)


# -- ends, and going on ------------------------------------------------------------------------------------------------


def after(rounds: int, ending: type[BaseException] | None = None) -> Callable[..., bool]:
    asked = itertools.count()

    def stop(*_: object) -> bool:
        over = next(asked) >= rounds
        if over and ending is not None:
            raise ending
        return over

    return stop


@BOTH
def test_stop_keeps_what_there_is(settings: Gradient, data: TrainingData) -> None:
    descent = gradient(a_network(), data, settings=settings, stop=after(2))
    assert descent.cut
    assert len(descent.rounds) == 2
    at_once = gradient(a_network(), data, settings=settings, stop=after(0))
    assert same(at_once.network, a_network())
    assert at_once.held_out == pytest.approx(held_out(a_network(), data), rel=1e-5)


@BOTH
@pytest.mark.parametrize("where", ["stop", "progress"])
def test_ctrl_c_keeps_the_best(settings: Gradient, where: str, data: TrainingData) -> None:
    descent = gradient(a_network(), data, settings=settings, **{where: after(2, KeyboardInterrupt)})
    assert descent.cut
    assert descent.held_out < held_out(a_network(), data)
    assert held_out(descent.network, data) == pytest.approx(descent.held_out, rel=1e-5)


@BOTH
@pytest.mark.parametrize("killed_after", [1, 3])
def test_a_killed_training_goes_on_to_the_same_bytes(
    settings: Gradient, killed_after: int, data: TrainingData, tmp_path: Path
) -> None:
    file = tmp_path / "training.safetensors"
    whole = gradient(a_network(), data, settings=settings, seed=4)
    part = gradient(a_network(), data, settings=settings, seed=4, checkpoint=file, stop=after(killed_after))
    assert part.cut
    rest = gradient(a_network(), data, settings=settings, seed=4, checkpoint=file)
    assert same(rest.network, whole.network)
    assert rest.rounds == whole.rounds
    done = gradient(a_network(), data, settings=settings, seed=4, checkpoint=file)
    assert same(done.network, whole.network)
    assert list(tmp_path.iterdir()) == [file]


def test_knots_that_moved_travel_with_the_checkpoint(data: TrainingData, tmp_path: Path) -> None:
    settings = Gradient("adam", rounds=4, follow=2)
    whole = gradient(a_network(), data, settings=settings)
    gradient(a_network(), data, settings=settings, checkpoint=tmp_path / "c", stop=after(3))
    assert same(gradient(a_network(), data, settings=settings, checkpoint=tmp_path / "c").network, whole.network)


def write_pickle(path: Path) -> None:
    torch.save({"network": 1}, path)


def write_other(path: Path) -> None:
    gradient(a_network([2, 3, 1]), TrainingData(*_four()), settings=LBFGS, checkpoint=path)


def write_deeper(path: Path) -> None:
    gradient(a_network([2, 2, 2, 1]), TrainingData(*_four()), settings=LBFGS, checkpoint=path)


def _four() -> tuple[Tensor, ...]:
    return torch.zeros(4, 2), torch.ones(4, 1), torch.zeros(4, 2), torch.ones(4, 1)


GARBAGE: dict[str, Callable[[Path], object]] = {
    "bytes": lambda path: path.write_bytes(b"\x07" * 99),
    "empty": lambda path: path.write_bytes(b""),
    "a folder": Path.mkdir,
    "a pickle": write_pickle,
    "tensors of somebody": lambda path: save_file({"a": torch.zeros(2)}, path),
    "a header that is a list": lambda path: save_file({"a": torch.zeros(2)}, path, {"checkpoint": "[1]"}),
    "no tensors": lambda path: save_file({}, path, {"checkpoint": json.dumps({"version": 1, "losses": []})}),
    "another shape": write_other,
    "another depth": write_deeper,
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_a_file_that_is_no_checkpoint_is_named(kind: str, data: TrainingData, tmp_path: Path) -> None:
    path = tmp_path / "training.safetensors"
    GARBAGE[kind](path)
    with pytest.raises(StorageError, match=r"training\.safetensors"):
        gradient(a_network(), data, settings=LBFGS, checkpoint=path)


def test_a_checkpoint_of_another_version_is_refused(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgewise.train.checkpoint.VERSION", 2)
    gradient(a_network(), data, settings=ADAM, checkpoint=tmp_path / "c", stop=after(1))
    monkeypatch.undo()
    with pytest.raises(StorageError, match="has version 2"):
        gradient(a_network(), data, settings=ADAM, checkpoint=tmp_path / "c")


OTHERS: dict[str, dict] = {
    "rate": {"settings": replace(ADAM, rate=1e-3)},
    "batch": {"settings": replace(ADAM, batch=20)},
    "rounds": {"settings": replace(ADAM, rounds=7)},
    "optimiser": {"settings": replace(LBFGS, rounds=6)},
    "seed": {"seed": 5},
    "loss": {"objective": Objective("logistic")},
    "penalty": {"objective": Objective(penalty=Penalty(1e-3))},
    "rows": {},
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_checkpoint_of_another_training_says_what_is_another(what: str, data: TrainingData, tmp_path: Path) -> None:
    first = replace(data, y=data.y.clamp(0, 1), y_held=data.y_held.clamp(0, 1))
    asked = {"settings": ADAM, "seed": 4, "objective": Objective()}
    gradient(a_network(), first, **asked, checkpoint=tmp_path / "c", stop=after(1))
    rows = replace(first, x_held=first.x_held + 1e-6) if what == "rows" else first
    with pytest.raises(StorageError, match=rf"is of another {what} \(.*, now .*remove it"):
        gradient(a_network(), rows, **{**asked, **OTHERS[what]}, checkpoint=tmp_path / "c")
    assert len(gradient(a_network(), first, **asked, checkpoint=tmp_path / "c").rounds) == 6


def test_weights_are_part_of_the_rows(data: TrainingData, tmp_path: Path) -> None:
    gradient(a_network(), data, settings=ADAM, checkpoint=tmp_path / "c", stop=after(1))
    with pytest.raises(StorageError, match="another rows"):
        gradient(a_network(), replace(data, weights=torch.ones(len(data.x))), settings=ADAM, checkpoint=tmp_path / "c")


@pytest.mark.against_annotations
def test_a_training_may_go_on_for_longer(data: TrainingData, tmp_path: Path) -> None:
    gradient(a_network(), data, settings=replace(LBFGS, patience=2), checkpoint=tmp_path / "c", seed=3)
    longer = replace(LBFGS, rounds=np.int64(6), patience=9)
    assert len(gradient(a_network(), data, settings=longer, checkpoint=tmp_path / "c", seed=3).rounds) == 6


# -- what it refuses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"rounds": 0},
        {"rounds": 2.5},
        {"steps": 0},
        {"patience": 0},
        {"patience": math.nan},
        {"batch": 0},
        {"rate": 0.0},
        {"rate": -1.0},
        {"rate": math.inf},
        {"rate": math.nan},
        {"clip": 0.0},
        {"clip": math.nan},
        {"follow": -1},
    ],
    ids=str,
)
@pytest.mark.against_annotations
def test_settings_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Gradient(**wrong)


def test_unknown_optimisers_are_named() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'adam'"):
        Gradient("adamw")
    with pytest.raises(UnknownNameError, match="SGD"):
        Gradient("SGD")


@BOTH
def test_the_wrong_number_of_columns_is_named(settings: Gradient, data: TrainingData) -> None:
    with pytest.raises(ShapeError, match=r"3 inputs.*2 columns"):
        gradient(a_network([3, 1]), data, settings=settings)
    with pytest.raises(ShapeError):
        gradient(a_network([2, 2]), data, settings=settings)


@BOTH
def test_a_loss_that_is_no_number_is_named(settings: Gradient, data: TrainingData) -> None:
    broken = Objective(lambda outputs, targets: (outputs[:, 0] - 1e9).log())
    with pytest.raises(TrainingError, match=rf"round 1 of {settings.optimiser}"):
        gradient(a_network(), data, broken, settings)


def test_the_least_held_out_loss_is_the_descents() -> None:
    from edgewise.train import Round

    assert Descent(a_network(), (Round(1.0, 3.0), Round(1.0, 2.0), Round(0.5, 4.0))).held_out == 2.0
