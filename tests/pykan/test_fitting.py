"""Own losses, metrics, constants that are held, what is said of the data, and a fit that fails."""

import copy

import numpy as np
import pytest
import torch
from sklearn.datasets import make_moons

from edgewise.errors import EdgewiseWarning, SettingsError, ShapeError, TrainingError, ValuesError
from edgewise.pykan import KAN, create_dataset, create_dataset_from_data

Dataset = dict[str, torch.Tensor]


def absolute(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return (outputs - labels).abs().mean()


def test_a_loss_of_ones_own_is_what_is_lowered_and_told(dataset: Dataset) -> None:
    model = KAN(width=[2, 1], seed=7)
    told = model.fit(dataset, opt="Adam", lr=0.05, steps=20, loss_fn=absolute)
    assert told["train_loss"][-1] < told["train_loss"][0]
    with torch.no_grad():
        now = float(absolute(model(dataset["test_input"]), dataset["test_label"]))
    assert told["test_loss"][-1] == pytest.approx(now)
    assert model.prune().width_in[-1] == 1  # nothing is refitted by squares that were not asked for


def test_a_loss_may_be_negative_and_must_be_one_number(dataset: Dataset) -> None:
    told = KAN(width=[2, 1]).fit(dataset, steps=2, loss_fn=lambda p, y: absolute(p, y) - 5)
    assert -5 <= told["train_loss"][-1] < 0
    with pytest.raises(SettingsError, match=r"one number as a tensor, got \(100, 1\)"):
        KAN(width=[2, 1]).fit(dataset, steps=2, loss_fn=lambda p, y: (p - y).abs())


def test_classes_and_metrics() -> None:
    x, y = make_moons(200, noise=0.1, random_state=100)
    cut = create_dataset_from_data(x, y, seed=100)
    data = {key: value[:, 0].long() if "label" in key else value for key, value in cut.items()}
    model = KAN(width=[2, 2], grid=3, seed=100)

    def test_acc() -> torch.Tensor:
        return (model(data["test_input"]).argmax(1) == data["test_label"]).double().mean()

    def size() -> torch.Tensor:
        return model(data["test_input"]).square().mean()  # with its gradient, as users write it

    told = model.fit(data, steps=15, loss_fn=torch.nn.CrossEntropyLoss(), metrics=(test_acc, size))
    assert told["size"][-1] == size().item()
    assert len(told["test_acc"]) == 15
    assert told["test_acc"][-1] == float(test_acc()) > 0.9
    data["train_label"][3] = 2
    with pytest.raises(ValuesError, match="numbered from 0 to 1"):
        model.fit(data, steps=1, loss_fn=torch.nn.CrossEntropyLoss())
    with pytest.raises(ShapeError, match="numbers of classes together with a loss_fn"):
        model.fit(data, steps=1)


def test_batches_may_be_larger_than_the_test_part(dataset: Dataset) -> None:
    dataset["test_input"], dataset["test_label"] = dataset["test_input"][:3], dataset["test_label"][:3]
    told = KAN(width=[2, 1]).fit(dataset, opt="Adam", steps=3, batch=40, lr=0.02)
    assert np.isfinite(told["test_loss"]).all()


def test_evaluation_is_the_last_line_of_the_fit(model: KAN, dataset: Dataset) -> None:
    told = model.fit(dataset, steps=1)
    found = model.evaluate(dataset)
    assert found["train_loss"] == pytest.approx(told["train_loss"][-1])
    assert found["test_loss"] == pytest.approx(told["test_loss"][-1])
    assert (found["n_edge"], found["n_grid"]) == (6, 3)
    alone = {key: dataset[key] for key in ("train_input", "train_label")}
    assert np.isnan(model.evaluate(alone)["test_loss"])


@pytest.mark.parametrize("trainable", [True, False])
def test_constants_of_named_edges_are_trained_or_held(dataset: Dataset, trainable: bool) -> None:
    model = KAN(width=[2, 1], seed=7)
    model.fix_symbolic(0, 0, 0, "x^2", fit_params_bool=False)
    before = model.network[0].edge(0, 0).constants
    model.affine_trainable = trainable
    model.fit(dataset, steps=2)
    assert (model.network[0].edge(0, 0).constants == before) is not trainable
    held = model.prune()
    assert (held.network[0].edge(0, 0).constants == before) is not trainable
    assert held.affine_trainable is trainable


def test_what_is_known_of_the_data_is_said(dataset: Dataset) -> None:
    constant = copy.deepcopy(dataset)
    constant["train_input"][:, 1] = 0.3
    with pytest.warns(EdgewiseWarning, match="x_2: one value in all rows"):
        KAN(width=[2, 1]).fit(constant, steps=1)
    few = {key: value[:5] for key, value in dataset.items()}
    with pytest.warns(EdgewiseWarning, match=r"numbers are fitted to 5 labels.*\(now 20\)"):
        KAN(width=[2, 1], grid=20).fit(few, steps=1)
    far = create_dataset(lambda x: x[:, [0]], n_var=1, ranges=(100.0, 110.0), train_num=50, seed=103)
    with pytest.warns(EdgewiseWarning, match="x_1: most rows lie outside the knots"):
        KAN(width=[1, 1]).fit(far, steps=1, update_grid=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lamb", np.nan), ("lamb", -1.0), ("lamb_l1", np.inf), ("lamb_entropy", "x"), ("lamb_coefdiff", np.nan), ("lr", 0.0),
        ("lr", np.nan), ("batch", 0), ("batch", -5), ("batch", 2.5), ("steps", 0), ("steps", 1.5), ("grid_update_num", -1),
        ("stop_grid_update_step", None),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_named(model: KAN, dataset: Dataset, name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"^{name} "):
        model.fit(dataset, **{"steps": 1, name: value})


@pytest.mark.parametrize("error", [ValueError, RuntimeError])
def test_a_fit_that_fails_leaves_the_model_as_it_was(model: KAN, dataset: Dataset, error: type[Exception]) -> None:
    model.fix_symbolic(0, 0, 0, "sin")
    before, history, calls = model(dataset["test_input"]), model.history(), []

    def metric() -> float:
        calls.append(1)
        if len(calls) == 2:
            raise error("from outside")
        return 0.0

    with pytest.raises(error, match="from outside"):
        model.fit(dataset, steps=4, metrics=(metric,))
    assert torch.equal(model(dataset["test_input"]), before)
    assert model.history() == history
    assert model.network[0].edge(0, 0).kind == "fixed"


def test_a_function_outside_its_domain_is_a_named_error(dataset: Dataset) -> None:
    model = KAN(width=[2, 1])
    model.fix_symbolic(0, 0, 0, "log", fit_params_bool=False)
    before = model.network.state_dict()
    with pytest.raises(TrainingError, match=r"no finite loss.*outside their domain"):
        model.fit(dataset, steps=3)
    assert all(torch.equal(a, b) for a, b in zip(before.values(), model.network.state_dict().values(), strict=True)
               if isinstance(a, torch.Tensor))  # fmt: skip
