"""Where pykan 0.2.8 was seen to fail, probe by probe, and what is answered here: the right thing, or an error with a name.

Each row of the table names the probe, the answer, and the check: a function of this file, or a test elsewhere
(``file::test``) that holds already. The probes were run on pykan itself; what it did stands in the first column.
"""

import ast
import copy
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jaxtyping
import numpy as np
import pytest
import sympy
import torch

from edgewise.errors import EdgewiseWarning, NotSymbolicError, SettingsError, ShapeError
from edgewise.nn import KAN as Network
from edgewise.pykan import KAN, create_dataset, ex_round, kanpiler
from edgewise.symbolic import match

TESTS = Path(__file__).parents[1]


def square_and_line(rows: int = 100) -> dict[str, torch.Tensor]:
    return create_dataset(lambda x: x[:, [0]] ** 2 + x[:, [1]], train_num=rows, test_num=50, seed=107)


def trained(**settings: object) -> KAN:
    model = KAN(width=[2, 2, 1], seed=107, **settings)  # type: ignore[arg-type]
    model.fit(square_and_line(), steps=3)
    return model


# -- checks ------------------------------------------------------------------------------------------------------------


def a_vector_is_refused_and_numpy_is_taken() -> None:
    x = square_and_line()["test_input"]
    assert torch.equal(trained()(x.numpy()), trained()(x))
    with pytest.raises(ShapeError, match=r"x must be \(rows, 2\), got shape \(50,\)"):
        trained()(x[:, 0])


def columns_far_from_zero_are_learned_as_well() -> None:
    far = create_dataset(lambda x: (x - 105) ** 2 / 25, n_var=1, ranges=(100.0, 110.0), train_num=100, seed=108)
    assert KAN(width=[1, 1], seed=108).fit(far, steps=10)["test_loss"][-1] < 1e-3


def beyond_the_grid_the_last_piece_goes_on() -> None:
    data = create_dataset(lambda x: torch.exp(x), n_var=1, train_num=200, seed=109)
    model = KAN(width=[1, 1], grid=5, seed=109)
    model.fit(data, steps=10)
    near, far = model(np.array([[1.2], [1e6]])).detach()[:, 0].tolist()
    assert near == pytest.approx(np.exp(1.2), abs=0.1)
    assert np.isfinite(far)


def single_precision_can_be_pruned_and_refined() -> None:
    data = {key: value.float() for key, value in square_and_line().items()}
    model = KAN(width=[2, 2, 1], seed=107)
    model.fit(data, steps=3)
    assert model.prune().refine(6)(data["test_input"]).dtype == torch.float64


def more_numbers_than_labels_is_said() -> None:
    data = {key: value[:5] for key, value in square_and_line().items()}
    with pytest.warns(EdgewiseWarning, match="noise will be memorised"):
        KAN(width=[2, 1], grid=20).fit(data, steps=1)


def noise_is_said_to_be_memorised() -> None:
    data = square_and_line(300)
    noise = torch.randn(300, 1, generator=torch.Generator().manual_seed(107), dtype=torch.float64)
    data["train_label"] = data["train_label"] + 0.1 * noise
    with pytest.warns(EdgewiseWarning, match="fitted to 300 labels"):
        KAN(width=[2, 5, 1], grid=20).fit(data, steps=1)


def saving_by_itself_is_refused() -> None:
    with pytest.raises(SettingsError, match="saveckpt"):
        KAN(width=[2, 1], auto_save=True)


def options_survive_a_cut() -> None:
    model = trained(affine_trainable=False)
    model.add_symbolic("x^7", lambda x: x**7)
    child = model.prune().refine(6)
    assert (child.seed, child.affine_trainable, list(child._own)) == (107, False, ["x^7"])


def a_target_of_zeros_can_be_pruned() -> None:
    data = square_and_line() | {"train_label": torch.zeros(100)}
    model = KAN(width=[2, 2, 1], seed=107)
    model.fit(data, steps=3)
    assert model.prune()(data["test_input"]).abs().max() < 1e-3


def nothing_has_to_be_called_before_a_cut() -> None:
    assert trained().prune_edge().width_in[0] == 2


def a_whole_session_leaves_no_file() -> None:
    here = Path.cwd()
    model = trained()
    model.copy().prune().refine(6).rewind("0.0")
    model.plot()
    assert list(here.iterdir()) == []


def two_models_keep_two_histories() -> None:
    one, other = KAN(width=[2, 1], seed=1), KAN(width=[2, 1], seed=2)
    x = square_and_line()["test_input"]
    assert torch.equal(one.checkout("0.0")(x), one(x))
    assert not torch.equal(one.checkout("0.0")(x), other(x))


def a_model_is_pickled_after_a_forward() -> None:
    model, x = trained(), square_and_line()["test_input"]
    model.fix_symbolic(0, 0, 0, "sin")
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=False)(x), model(x))
    assert torch.equal(copy.deepcopy(model)(x), model(x))


def a_model_is_traced_and_exported() -> None:
    model, x = trained(), square_and_line()["test_input"]
    model.fix_symbolic(0, 0, 0, "sin")
    with pytest.MonkeyPatch.context() as patch:  # while it traces, torch gives tensors where annotations say int
        patch.setattr(jaxtyping.config, "jaxtyping_disable", True)
        torch.testing.assert_close(torch.jit.trace(model, x)(x[:7]), model(x[:7]))
    torch.testing.assert_close(torch.export.export(model, (x,)).module()(x), model(x))


def two_outputs_have_two_formulas() -> None:
    data = create_dataset(lambda x: torch.stack([x[:, 0] ** 2, torch.sin(3 * x[:, 1])], 1), train_num=300, seed=110)
    model = KAN(width=[2, 2], grid=10, seed=110)
    model.fit(data, steps=15)
    model.auto_symbolic()
    model.fit(data, steps=15)
    (first, second), (x_1, x_2) = model.symbolic_formula()
    assert float((first - x_1**2).subs({x_1: 0.4, x_2: 0.7})) == pytest.approx(0.0, abs=1e-6)
    assert float(second.subs({x_1: 0.4, x_2: 0.7})) == pytest.approx(np.sin(2.1), abs=1e-6)


def one_spline_among_names_has_no_formula() -> None:
    model = KAN(width=[3, 1])
    model.fix_symbolic(0, 0, 0, "sin", fit_params_bool=False)
    with pytest.raises(NotSymbolicError, match=r"2 of 3 edges are still splines: \(0, 1->0\), \(0, 2->0\)"):
        model.symbolic_formula()


def an_option_that_is_not_here_is_no_silence() -> None:
    with pytest.raises(TypeError, match="singularity_avoiding"):
        trained().fit(square_and_line(), singularity_avoiding=True)  # type: ignore[call-arg]


def roots_at_the_border_of_their_domain_are_trained() -> None:
    data = create_dataset(lambda x: x[:, [0]] ** 1.5, n_var=1, ranges=(0.01, 2.0), train_num=100, seed=111)
    model = KAN(width=[1, 1])
    model.fix_symbolic(0, 0, 0, "x^1.5", fit_params_bool=False)
    assert model.fit(data, steps=5)["train_loss"][-1] < 1e-6


def hyperbolic_cosine_and_odd_powers_compile() -> None:
    x = torch.tensor([[0.5, 0.7]], dtype=torch.float64)
    assert kanpiler(["a", "b"], "cosh(a) + b")(x).item() == pytest.approx(np.cosh(0.5) + 0.7, rel=1e-14)
    assert kanpiler(["a", "b"], "a**2.5 + b")(x).item() == pytest.approx(0.5**2.5 + 0.7, rel=1e-14)


def look_alikes_are_told_apart() -> None:
    x = np.linspace(-1, 1, 300)
    assert match(x, np.cosh(x))[0].primitive == "cosh"
    assert match(x, np.sin(20 * x))[0].primitive in ("sin", "cos")
    assert match(x, x**2)[0].primitive == "x^2"


def a_fast_wave_is_named_on_an_edge() -> None:
    data = create_dataset(lambda x: torch.sin(20 * x), n_var=1, train_num=500, seed=112)
    model = KAN(width=[1, 1], grid=60, seed=112)
    model.fit(data, steps=10)
    assert model.suggest_symbolic(0, 0, 0)[0] in ("sin", "cos")


def constants_are_one_before_they_are_rounded() -> None:
    x, y = sympy.symbols("x y")
    nested = sympy.Float(0.912) * sympy.exp(sympy.Float(0.81) * (sympy.Float(10) / 9 * y) ** 2 + 0.09) + 0 * x
    assert str(ex_round(nested, 2)) == "1.0*exp(1.0*y**2)"
    assert str(ex_round(sympy.Float(0.99999976) * x, 3)) == "1.0*x"


def width_is_a_tuple_or_a_list_that_stays() -> None:
    width = [2, [1, 1], 1]
    assert KAN(width=width).width_in == [2, 2, 1]
    assert width == [2, [1, 1], 1]
    assert isinstance(KAN(width=(2, 1)).network, Network)


# -- the table ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Probe:
    """What was tried and what pykan 0.2.8 did; the answer here; the check of it."""

    tried: str
    answer: str
    check: Callable[[], None] | str


ROOM = "pykan/test_room.py::"
FIT = "pykan/test_fitting.py::"
CUT = "pykan/test_cutting.py::"
PLACES = "pykan/test_places.py::"
STORED = "pykan/test_versions.py::"
OWN = "pykan/test_own_symbols.py::"
PROBES = (
    # recovery of exp(sin(pi x) + y^2)
    Probe(
        "prune loses constants: rmse 0.05 -> 1.28", "means go into biases",
        "surgery/test_prune.py::test_a_constant_node_goes_without_a_trace",
    ),
    Probe(
        "LBFGS runs into nan, then crashes in lstsq", "TrainingError, the model as before",
        f"{FIT}test_a_function_outside_its_domain_is_a_named_error",
    ),
    Probe("cos(0.25 x) beats x^2", "never", "symbolic/test_match.py::test_a_square_is_never_a_slow_cosine"),
    Probe("cosh is named x^2", "cosh", look_alikes_are_told_apart),
    Probe("sin(20 x) is named 0", "sin", a_fast_wave_is_named_on_an_edge),
    Probe("ex_round prints 0.999 for 1", "1.0", constants_are_one_before_they_are_rounded),
    Probe("14 results in 200 equal least squares", "equal to the bit", "solve/test_linear.py::test_reruns_are_equal_to_the_bit"),
    Probe("equal seeds train differently", "equal to the bit", f"{ROOM}test_training_lowers_the_loss_bit_for_bit_again"),
    Probe("the paper's listing: 0 of 10 seeds", "recovered", "test_examples.py::test_example"),
    # data
    Probe(
        "nan or inf in a cell destroys the model", "ValuesError with the count",
        f"{ROOM}test_cells_that_are_no_numbers_are_counted",
    ),
    Probe("nan at predict", "that row only", "nn/test_layer.py::test_what_is_not_a_number_spoils_only_its_own_row"),
    Probe("a third column is ignored", "ShapeError", f"{ROOM}test_columns_must_fit"),
    Probe("x as a vector, or NumPy: IndexError", "ShapeError; NumPy is taken", a_vector_is_refused_and_numpy_is_taken),
    Probe(
        "labels (N,) broadcast to (N, N)", "one column",
        f"{ROOM}test_flat_labels_numpy_and_single_precision_are_the_same_data",
    ),
    Probe("fit(X, y): truth value is ambiguous", "SettingsError", f"{ROOM}test_unknown_words_are_named"),
    Probe("no test part: KeyError", "test_loss is nan", f"{ROOM}test_the_test_part_may_be_left_out"),
    Probe("test part smaller than batch: ValueError", "trained", f"{FIT}test_batches_may_be_larger_than_the_test_part"),
    Probe("a constant column collapses its grid", "a warning with its name", f"{FIT}test_what_is_known_of_the_data_is_said"),
    Probe("outside the grid the spline is 0", "the last piece goes on", beyond_the_grid_the_last_piece_goes_on),
    Probe("outside the grid, every basis", "as documented", "laws/test_bases.py::test_beyond_the_range_as_documented"),
    Probe("data in [100, 110]", "learned", columns_far_from_zero_are_learned_as_well),
    Probe("data in [100, 110] with update_grid=False", "a warning with its name", f"{FIT}test_what_is_known_of_the_data_is_said"),
    Probe(
        "float64 data, float32 model", "all is float64",
        f"{ROOM}test_flat_labels_numpy_and_single_precision_are_the_same_data",
    ),
    Probe("another dtype, then prune or refine", "works", single_precision_can_be_pruned_and_refined),
    Probe("one sample: silent nan", "ValuesError", f"{ROOM}test_unknown_words_are_named"),
    Probe("five samples, grid 20: no word", "a warning", more_numbers_than_labels_is_said),
    Probe("noise is memorised without a word", "a warning", noise_is_said_to_be_memorised),
    # settings
    Probe("k = 0: UnboundLocalError", "works", f"{ROOM}test_no_degree_trains_steps"),
    Probe("opt='SGD' does nothing", "UnknownNameError", f"{ROOM}test_unknown_words_are_named"),
    Probe("base_fun='relu' fails at forward", "UnknownNameError", f"{ROOM}test_unknown_words_are_named"),
    Probe("stop_grid_update_step=5: ZeroDivisionError", "works", f"{ROOM}test_training_lowers_the_loss_bit_for_bit_again"),
    Probe("width as a tuple; a list is changed", "taken; left alone", width_is_a_tuple_or_a_list_that_stays),
    Probe("x^1.5 with singularity_avoiding crashes", "no such option, said by Python", an_option_that_is_not_here_is_no_silence),
    Probe("x^1.5 near 0", "trained", roots_at_the_border_of_their_domain_are_trained),
    # traces left behind
    Probe("the constructor sets global seeds and writes files", "neither", f"{ROOM}test_construction_leaves_no_trace"),
    Probe("auto_save=True fills ./model", "SettingsError", saving_by_itself_is_refused),
    Probe("prune, refine, copy, plot write files", "none", a_whole_session_leaves_no_file),
    Probe("checkout gives another model's version", "its own", two_models_keep_two_histories),
    Probe("plot writes a PNG an edge", "no file", "view/test_figures.py::test_writes_no_file"),
    # surgery
    Probe("prune loses options", "kept", options_survive_a_cut),
    Probe("prune unfreezes parameters", "frozen", "surgery/test_surgery.py::test_parameters_that_were_frozen_stay_frozen"),
    Probe("prune where y = 0", "a constant", a_target_of_zeros_can_be_pruned),
    Probe("prune_edge before attribute: TypeError", "works", nothing_has_to_be_called_before_a_cut),
    Probe(
        "prune_input, then prune: wrong columns", "the right ones",
        f"{CUT}test_inputs_keep_their_columns_through_all_that_follows",
    ),
    Probe("prune_input, then refine: IndexError", "works", f"{CUT}test_inputs_keep_their_columns_through_all_that_follows"),
    Probe("some cuts are in place, some are not", "one rule", f"{CUT}test_these_give_a_new_model"),
    Probe("swap changes the function", "the same to rounding", f"{PLACES}test_swapping_changes_nothing"),
    Probe("auto_swap on [2, 7, 3, 1]: IndexError", "works", f"{PLACES}test_untangling_lowers_the_cost_and_keeps_the_function"),
    # storage and copies
    Probe("a checkpoint after prune_input cannot be loaded", "exact", f"{STORED}test_what_is_loaded_is_what_was_saved"),
    Probe(
        "a state with a name loads as another function", "the same bytes",
        f"{ROOM}test_a_state_with_names_is_the_same_function",
    ),
    Probe(
        "an own function, saved: KeyError on loading", "StorageError that says what to give",
        f"{OWN}test_a_file_holds_the_name_and_asks_for_the_function",
    ),
    Probe("an own function has no formula", "it has", f"{OWN}test_named_trained_written_and_evaluated"),
    Probe("torch.save(model), deepcopy after a forward", "exact", a_model_is_pickled_after_a_forward),
    Probe("copy() writes files", "none", a_whole_session_leaves_no_file),
    Probe("jit.trace: TypeError", "traced, exported", a_model_is_traced_and_exported),
    Probe("ONNX with names", "written", "nn/test_onnx.py::test_every_primitive"),
    # training
    Probe("two outputs", "two formulas", two_outputs_have_two_formulas),
    Probe("classes: train_loss is a root of the entropy", "the entropy", f"{FIT}test_classes_and_metrics"),
    Probe("negative losses are nan", "as they are", f"{FIT}test_a_loss_may_be_negative_and_must_be_one_number"),
    Probe(
        "an exception in fit switches names off", "the model as before",
        f"{FIT}test_a_fit_that_fails_leaves_the_model_as_it_was",
    ),
    # formulas
    Probe("the formula of a numeric net is 0", "NotSymbolicError", f"{ROOM}test_a_spline_has_no_formula"),
    Probe("one of three edges is named: 0", "NotSymbolicError with the others", one_spline_among_names_has_no_formula),
    Probe(
        "products of three: x1 x2 x3 + x3 x4 x5", "x1 x2 x3 + x4 x5 x6",
        f"{ROOM}test_width_may_be_a_tuple_and_nodes_multiply_what_is_theirs",
    ),
    Probe("kanpiler: cosh and a**2.5 are wrong", "exact", hyperbolic_cosine_and_odd_powers_compile),
    Probe(
        "kanpiler: abs, 3*a, a**b, max crash", "exact, or FormulaError",
        "pykan/test_compiler.py::test_the_model_is_the_formula",
    ),
    # laws
    Probe("three laws of the data set are wrong", "as in the books", "data/test_laws.py::test_rows_that_others_have_wrong"),
    Probe("function and expression of a law differ", "two parsers agree", "data/test_laws.py::test_our_parser_and_sympys_agree"),
)  # fmt: skip


def asserts_something_each_time(file: Path, name: str) -> bool:
    """Whether the file has that test, which asks for something, and is neither slow nor skipped as a whole."""
    found = [part for part in ast.parse(file.read_text(encoding="utf-8")).body if getattr(part, "name", "") == name]
    marks = "".join(ast.unparse(mark) for part in found for mark in part.decorator_list)
    asks = ("assert", "pytest.raises", "pytest.warns", "check(", "close(")
    whole = not any(mark in marks.split("(")[0] for mark in ("mark.slow", "mark.skip", "mark.xfail"))
    return bool(found) and whole and any(word in ast.unparse(found[0]) for word in asks)


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.filterwarnings("ignore:.torch.jit.trace:DeprecationWarning")
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.tried)
def test_probe(probe: Probe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if isinstance(probe.check, str):
        file, name = probe.check.split("::")
        assert asserts_something_each_time(TESTS / file, name)
        return
    monkeypatch.chdir(tmp_path)
    probe.check()
