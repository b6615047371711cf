"""Files and versions: exact, and nothing on disk that nobody asked for."""

import copy
from pathlib import Path

import pytest
import torch

from edgewise.errors import StorageError, UnknownNameError
from edgewise.nn import Model
from edgewise.pykan import KAN

X = torch.rand(60, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64) * 4 - 2


@pytest.mark.parametrize("after", ["nothing", "prune", "prune_input", "refine", "a name", "prune_input and prune"])
def test_what_is_loaded_is_what_was_saved(three: KAN, after: str, tmp_path: Path) -> None:
    steps = {
        "nothing": lambda m: m,
        "prune": lambda m: m.prune(),
        "prune_input": lambda m: m.prune_input(active_inputs=[0, 2]),
        "refine": lambda m: m.refine(6),
        "a name": lambda m: (m.fix_symbolic(0, 0, 0, "sin"), m)[1],
        "prune_input and prune": lambda m: m.prune_input(active_inputs=[0, 2]).prune(),
    }
    saved = steps[after](three)
    saved.saveckpt(tmp_path / "m")
    loaded = KAN.loadckpt(tmp_path / "m")
    assert torch.equal(loaded(X), saved(X))
    assert loaded.input_id == saved.input_id
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    assert loaded.refine(2 * loaded.network[0].basis.intervals)(X).shape == (60, 1)


def test_other_files_are_refused(tmp_path: Path, three: KAN) -> None:
    with pytest.raises(StorageError, match="no file"):
        KAN.loadckpt(tmp_path / "nothing")
    (tmp_path / "text").write_text("grid: 3")
    with pytest.raises(StorageError, match="no model of edgewise"):
        KAN.loadckpt(tmp_path / "text")
    three.saveckpt(tmp_path / "m")
    plain = Model.load(tmp_path / "m")
    scaled = Model(
        plain.network, plain.inputs, plain.targets, plain.input_scaling, type(plain.target_scaling)((1.0,), (2.0,))
    )
    scaled.save(tmp_path / "scaled")
    with pytest.raises(StorageError, match="scaled"):
        KAN.loadckpt(tmp_path / "scaled")


def test_every_change_is_a_version_and_can_be_gone_back_to(model: KAN, dataset: dict[str, torch.Tensor]) -> None:
    x, trained = dataset["test_input"], model(dataset["test_input"])
    model.fix_symbolic(0, 0, 0, "sin")
    assert model.history() == ["0.0 made", "0.1 fit: LBFGS, 3 steps", "0.2 fix: 0, 0, 0, sin"]
    now = model(x)
    back = model.rewind("0.1")
    assert torch.equal(back(x), trained)
    assert (back.state_id, model.state_id) == ("1.1", "0.2")
    assert torch.equal(model(x), now), "the model that was asked stays where it is"
    back.fit(dataset, steps=1)
    assert back.history()[-2:] == ["1.1 rewind to 0.1", "1.2 fit: LBFGS, 1 steps"]
    assert torch.equal(back.rewind("0.2")(x), now), "later versions stay known"
    seen = model.checkout("0.1")
    assert seen.history() == model.history()[:2]
    assert torch.equal(seen(x), trained)
    with pytest.raises(UnknownNameError, match=r"0\.7.*Known: 0\.0, 0\.1, 0\.2"):
        model.rewind("0.7")


def test_training_a_version_leaves_the_versions_alone(model: KAN, dataset: dict[str, torch.Tensor]) -> None:
    x = dataset["test_input"]
    first = model.checkout("0.0")(x).detach()
    twin = model.checkout("0.0")
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.add_(1.0)
    assert torch.equal(model.checkout("0.0")(x), first)
    assert torch.equal(twin.checkout("0.0")(x), first)


def test_what_a_version_had_seen_comes_back_with_it(model: KAN) -> None:
    assert model.prune().rewind("0.1").prune().width_in[0] == 2
    with pytest.raises(ValueError, match="get_act"):
        model.rewind("0.0").prune()


def test_copies_share_nothing_that_changes(model: KAN, dataset: dict[str, torch.Tensor]) -> None:
    x = dataset["test_input"]
    before = model(x)
    for twin in (model.copy(), copy.deepcopy(model)):
        assert torch.equal(twin(x), before)
        twin.fit(dataset, steps=1)
        twin.fix_symbolic(0, 0, 0, "sin")
    assert torch.equal(model(x), before)
    assert model.state_id == "0.1"
