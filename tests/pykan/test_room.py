"""pykan's vocabulary: what fails silently there is right here, or a named error."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import edgewise.pykan
from benchmarks.listings.score import score
from edgewise.errors import EdgewiseError, NotSymbolicError, SettingsError, ShapeError, UnknownNameError, ValuesError
from edgewise.pykan import KAN, create_dataset, create_dataset_from_data, kanpiler
from examples.paper_listings import recover


def test_star_brings_these_names_only() -> None:
    names: dict[str, object] = {}
    exec("from edgewise.pykan import *", names)
    assert set(names) - {"__builtins__"} == set(edgewise.pykan.__all__)


def test_construction_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    before, width = (torch.get_rng_state(), np.random.get_state()[1].copy()), [2, [1, 1], 1]
    KAN(width=width)
    assert width == [2, [1, 1], 1]
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


def test_width_may_be_a_tuple_and_nodes_multiply_what_is_theirs() -> None:
    assert KAN(width=(2, 5, 1)).width_in == [2, 5, 1]
    two = KAN(width=[6, [0, 2], 1], mult_arity=3)
    for target in range(6):
        for source in range(6):
            two.network[0].set_edge(source, target, "x" if source == target else None)
    for source in range(2):
        two.network[1].set_edge(source, 0, "x")
    assert str(two.symbolic_formula()[0][0]) == "x_1*x_2*x_3 + x_4*x_5*x_6"


@pytest.mark.parametrize("part", ["train_input", "train_label", "test_input"])
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_cells_that_are_no_numbers_are_counted(dataset: dict[str, torch.Tensor], part: str, value: float) -> None:
    dataset[part] = dataset[part].clone()
    dataset[part][3, 0] = value
    with pytest.raises(ValuesError, match=f"1 of .* cells of {part}"):
        KAN(width=[2, 1]).fit(dataset, steps=1)


@pytest.mark.parametrize("columns", [1, 3])
def test_columns_must_fit(columns: int) -> None:
    with pytest.raises(ShapeError, match="x must be"):
        KAN(width=[2, 1])(torch.zeros(5, columns))


def test_flat_labels_numpy_and_single_precision_are_the_same_data(dataset: dict[str, torch.Tensor]) -> None:
    single = {key: value.float() for key, value in dataset.items()}
    flat = {key: value.numpy().squeeze(1) if "label" in key else value.numpy() for key, value in single.items()}
    losses = [KAN(width=[2, 1]).fit(data, steps=2)["train_loss"] for data in (single, flat)]
    assert losses[0] == losses[1]
    assert losses[0][-1] < 0.1  # the labels spread by 0.65; labels that broadcast would train to their mean


def test_the_test_part_may_be_left_out(dataset: dict[str, torch.Tensor]) -> None:
    told = KAN(width=[2, 1]).fit({key: dataset[key] for key in ("train_input", "train_label")}, steps=1)
    assert np.isnan(told["test_loss"]).all()


def test_unknown_words_are_named(dataset: dict[str, torch.Tensor], model: KAN) -> None:
    with pytest.raises(UnknownNameError, match="'SGD'"):
        model.fit(dataset, opt="SGD")
    with pytest.raises(UnknownNameError, match="relu"):
        KAN(width=[2, 1], base_fun="relu")
    with pytest.raises(UnknownNameError, match="train_inputs"):
        model.fit({"train_inputs": dataset["train_input"]})
    with pytest.raises(SettingsError, match="a dataset is a dict"):
        model.fit(np.zeros((3, 2)))  # type: ignore[arg-type]
    with pytest.raises(ValuesError, match="two rows"):
        model.fit(create_dataset_from_data(np.zeros((2, 2)), np.zeros(2), train_ratio=0.5))


@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
def test_training_lowers_the_loss_bit_for_bit_again(dataset: dict[str, torch.Tensor], opt: str) -> None:
    told = [
        KAN(width=[2, 1]).fit(dataset, opt=opt, steps=8, lr=1.0 if opt == "LBFGS" else 0.02, stop_grid_update_step=5)
        for _ in "ab"
    ]
    assert told[0] == told[1]
    assert told[0]["train_loss"][-1] < told[0]["train_loss"][0]


def test_no_degree_trains_steps(dataset: dict[str, torch.Tensor]) -> None:
    assert np.isfinite(KAN(width=[2, 1], k=0).fit(dataset, steps=1)["train_loss"]).all()


def test_copies_after_a_forward_are_equal_and_apart(model: KAN, dataset: dict[str, torch.Tensor]) -> None:
    before = model(dataset["test_input"])
    twin = copy.deepcopy(model)
    twin.fit(dataset, steps=1)
    assert torch.equal(model(dataset["test_input"]), before)


def test_pruning_keeps_the_function_where_it_cuts_nothing_and_folds_means(
    model: KAN, dataset: dict[str, torch.Tensor]
) -> None:
    x = dataset["test_input"]
    torch.testing.assert_close(model.prune(-1.0, -1.0, refit=False)(x), model(x))
    with torch.no_grad():
        model.network[1].weight[1] = 0
        model.network[1].weight[1, :-1] = 1.0  # partition of unity: a constant
        model.network[1].weight[1, -1] = 0
    lean = model.prune(refit=False)
    assert lean.width_in == [2, 1, 1]
    assert (lean(x) - model(x)).abs().max() < 0.1
    assert lean.refine(12)(x).shape == x[:, :1].shape


def test_a_spline_has_no_formula(model: KAN) -> None:
    with pytest.raises(NotSymbolicError):
        model.symbolic_formula()


def test_a_state_with_names_is_the_same_function(model: KAN, dataset: dict[str, torch.Tensor]) -> None:
    model.fix_symbolic(0, 0, 0, "sin")
    other = KAN(width=[2, 2, 1], grid=3, k=3)
    other.load_state_dict(model.state_dict())
    assert torch.equal(other(dataset["test_input"]), model(dataset["test_input"]))


def test_nothing_seen_is_an_error() -> None:
    with pytest.raises(SettingsError, match="get_act"):
        KAN(width=[2, 1]).prune()


def test_an_idle_edge_is_called_nothing_and_leaves_its_mean(dataset: dict[str, torch.Tensor]) -> None:
    model = KAN(width=[2, 2, 1], seed=7)
    model.get_act(dataset)
    with torch.no_grad():
        model.network[1].weight[1] *= 1e-8
    name, _, r2, size = model.suggest_symbolic(1, 1, 0)
    assert (name, size) == ("0", 0)
    assert r2 == pytest.approx(1.0)
    before = model(dataset["test_input"])
    model.fix_symbolic(1, 1, 0, "0")
    torch.testing.assert_close(model(dataset["test_input"]), before, atol=1e-6, rtol=0)


def test_terms_that_move_nothing_are_not_printed(dataset: dict[str, torch.Tensor]) -> None:
    model = KAN(width=[2, 1], seed=0)
    model.network[0].set_edge(0, 0, "sin", (3.0, 0.0, 1.0, 0.0, 1.0))
    model.network[0].set_edge(1, 0, "exp", (1.0, 0.0, 1e-9, 0.0, 1.0))
    whole, variables = model.symbolic_formula()
    assert whole[0].free_symbols == set(variables)
    model.get_act(dataset)
    assert model.symbolic_formula()[0][0].free_symbols == {variables[0]}


def ends_at_the_true_formula(seed: int) -> bool:
    try:
        model, log = recover(seed)
        formulas, variables = model.symbolic_formula()
    except EdgewiseError:
        return False
    assert [steps for _, steps, _ in log] == [30, 50, 100]
    return bool(score(formulas[0], variables)[2])


@pytest.mark.slow
def test_the_listings_end_at_the_true_formula_in_18_of_20_seeds() -> None:
    """One of them runs in the fast tests, as an example."""
    assert sum(map(ends_at_the_true_formula, range(20))) >= 18


def test_losses_are_over_all_entries_of_all_outputs() -> None:
    data = create_dataset(lambda x: torch.cat([x, 3 * x[:, :1] * x[:, 1:]], 1), n_var=2, train_num=50, test_num=20)
    model = KAN(width=[2, 3], seed=0)
    told, found = model.fit(data, steps=2), model.evaluate(data)
    for part in ("train", "test"):
        misses = (model(data[f"{part}_input"]) - data[f"{part}_label"]).detach()
        expected = float(misses.square().mean().sqrt())
        assert found[f"{part}_loss"] == pytest.approx(expected)
        assert told[f"{part}_loss"][-1] == pytest.approx(expected)


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "a degree that is no whole number": (lambda: KAN(width=[2, 1], k=3.0), "k is one whole number"),
    "two grids": (lambda: KAN(width=[2, 1], grid=[3, 5]), "grid is one whole number"),
    "half a range": (lambda: KAN(width=[2, 1], grid_range=[1]), "grid_range is a pair"),
    "a range from high to low": (lambda: KAN(width=[2, 1], grid_range=[1, -1]), "low below high"),
    "a width that is a number": (lambda: KAN(width=2), "width names each level"),
    "two arities": (lambda: KAN(width=[2, [1, 1], 1], mult_arity=[2]), "mult_arity is one whole number"),
    "a seed that is none": (lambda: KAN(width=[2, 1], seed=None), "seed is one whole number"),
    "three ranges for two": (lambda: create_dataset(lambda x: x, ranges=[[0, 1]] * 3), "got 3 pairs"),
    "one end of a range": (lambda: create_dataset(lambda x: x, ranges=[1]), "ranges is a pair"),
    "ragged ranges": (lambda: create_dataset(lambda x: x, ranges=[[0, 1], [0]]), "one a column"),
    "fewer answers than rows": (lambda: create_dataset(lambda x: x[:3], train_num=500, test_num=500), "its 1000"),
    "no rows": (lambda: create_dataset(lambda x: x, train_num=0), "train_num is one whole number of 1"),
    "one input twice": (lambda: kanpiler(["x", "x"], "x"), "x stands there again"),
}


@pytest.mark.parametrize(("call", "said"), WRONG.values(), ids=WRONG)
def test_settings_that_make_no_sense_are_named(call: Callable[[], object], said: str) -> None:
    with pytest.raises((SettingsError, ShapeError), match=said):
        call()


def test_numbers_of_numpy_are_numbers(dataset: dict[str, torch.Tensor]) -> None:
    model = KAN(width=[2, 1], grid=np.int64(4), k=np.int32(2), grid_range=np.array([-2, 2]), seed=np.int64(3))
    model.fit(dataset, steps=np.int64(1), lamb=np.float32(0.1), batch=np.int64(9))
    assert model.refine(np.int64(8)).network[0].basis.intervals == 8


def test_an_empty_list_of_names_is_a_named_error(model: KAN) -> None:
    with pytest.raises(SettingsError, match="lib is empty"):
        model.suggest_symbolic(0, 0, 0, lib=[])


def test_get_act_of_a_dataset_without_inputs_is_a_named_error() -> None:
    with pytest.raises(SettingsError, match="this one has test_input"):
        KAN(width=[2, 1]).get_act({"test_input": torch.zeros(3, 2)})
