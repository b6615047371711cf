"""The classifier's contract with scikit-learn, and what it says of its formulas."""

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from edgewise import Discovery, KANClassifier, KANRegressor
from edgewise.discovery import Classification, LogOdds, classify
from edgewise.discovery.classify import _strengths, _temperature
from edgewise.discovery.labels import labelled
from edgewise.discovery.logodds import RIDGES
from edgewise.errors import EdgewiseWarning, FormulaError, SettingsError, StorageError, ValuesError
from edgewise.formula import Formula, parse


def rows(seed: int = 0, count: int = 150, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    x = generator.integers(-8, 9, size=(count, 2)) / 4
    odds = np.column_stack([np.zeros(count), 3 * x[:, 0] - 1, 3 * x[:, 1] - 1])[:, :classes]
    return x, np.array(["low", "mid", "top"])[(odds + generator.gumbel(size=odds.shape)).argmax(1)]


@pytest.mark.filterwarnings("default")
@parametrize_with_checks([KANClassifier(effort=0.5)])
def test_scikit_learn_has_nothing_to_object(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("classes", [2, 3])
def test_weights_are_repeated_rows_in_any_order(classes: int) -> None:
    x, y = rows(classes=classes)
    weights = np.random.default_rng(1).integers(0, 4, len(x)).astype(float)
    order = np.random.default_rng(2).permutation(int(weights.sum()))
    once = classify(x, y, weights=weights, effort=0.5)
    again = classify(np.repeat(x, weights.astype(int), 0)[order], np.repeat(y, weights.astype(int))[order], effort=0.5)
    assert [s.text for s in once.steps] == [s.text for s in again.steps]
    np.testing.assert_array_equal(once.log_odds(x), again.log_odds(x))
    assert once.network_log_loss == again.network_log_loss


def test_a_law_of_log_odds_is_read() -> None:
    generator = np.random.default_rng(3)
    x = generator.uniform(-2, 2, size=(3000, 3))
    y = 2 * x[:, 0] - 3 * x[:, 1] ** 2 + 2 + generator.logistic(size=3000) > 0
    found = classify(x, y, names=["a", "b", "c"], effort=0.5)
    slopes = {
        str(term): float(factor) for term, factor in found.pick.formulas[0].expression.as_coefficients_dict().items()
    }
    assert set(slopes) == {"a", "b**2", "1"}
    assert slopes["a"] == pytest.approx(2, abs=0.3)
    assert slopes["b**2"] == pytest.approx(-3, abs=0.45)
    assert found.as_good
    assert "no formula" not in found.explain()


def test_it_says_so_where_no_formula_is_as_good() -> None:
    x = np.random.default_rng(4).uniform(-1, 1, size=(800, 1))
    found = classify(x, np.sin(12 * x[:, 0]) > 0, effort=0.5)
    assert not found.as_good
    assert found.explain().startswith("not as good as the network")


@pytest.mark.parametrize("classes", [2, 3])
def test_save_load_and_copies_answer_alike(classes: int, tmp_path: Path) -> None:
    x, y = rows(classes=classes)
    model = KANClassifier(effort=0.5).fit(x, y)
    model.save(tmp_path / "classes.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["classes.safetensors"]
    for other in (KANClassifier.load(tmp_path / "classes.safetensors"), pickle.loads(pickle.dumps(model))):  # noqa: S301 - our own bytes
        for use in ("network", "formula"):
            np.testing.assert_array_equal(other.predict_proba(x, use), model.predict_proba(x, use))
        assert list(other.predict(x)) == list(model.predict(x))
        assert other.equations_.equals(model.equations_)
        assert other.get_params() == model.get_params()
        assert list(other.classes_) == list(model.classes_)
    with pytest.raises(StorageError, match="holds no classification"):
        Classification.load(tmp_path / "elsewhere")


def test_names_labels_and_answers() -> None:
    x, y = rows(classes=3)
    frame = pd.DataFrame(x, columns=["petal width [cm]", "b"])
    model = KANClassifier(effort=0.5).fit(frame, y)
    assert list(model.classes_) == ["low", "mid", "top"]
    assert len(model.formula_) == 2
    assert "log-odds of mid" in model.equations_["equation"].iloc[-1]
    np.testing.assert_allclose(model.predict_proba(frame).sum(1), 1)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(frame)), model.predict_proba(frame))
    assert model.decision_function(frame).shape == (150, 3)
    assert [text.count("=") for text in model.latex()] == [1, 1]
    assert model.plot().axes
    assert clone(model).get_params() == model.get_params()


def test_class_weights_are_row_weights() -> None:
    x, y = rows()
    doubled = KANClassifier(effort=0.5, class_weight={"low": 2, "mid": 1}).fit(x, y)
    by_rows = KANClassifier(effort=0.5).fit(x, y, sample_weight=np.where(y == "low", 2.0, 1.0))
    np.testing.assert_array_equal(doubled.predict_proba(x), by_rows.predict_proba(x))


def test_true_and_false_are_labels() -> None:
    x, y = rows()
    model = KANClassifier(effort=0.5).fit(x, y == "mid")
    assert model.predict(x).dtype == bool


def test_errors_say_what_to_do() -> None:
    x, y = rows()
    with pytest.raises(ValuesError, match="at least two"):
        classify(x, np.zeros(len(x)))
    with pytest.raises(SettingsError, match="effort multiplies"):
        classify(x, y, effort="much")
    with pytest.raises(SettingsError, match="time_budget"):
        classify(x, y, time_budget=0)
    with pytest.raises(SettingsError, match="seed is"):
        classify(x, y, seed=-1)
    model = KANClassifier(effort=0.5).fit(x, y)
    for answer in (model.predict, model.predict_proba, model.decision_function):
        with pytest.raises(SettingsError, match="'formula' or 'network'"):
            answer(x, use="forest")
    with pytest.raises(SettingsError, match="'formula' or 'network'"):
        model.discovery_.log_odds(x, use="forest")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"outside": "maybe"}, "outside is one of"),
        ({"time_budget": 0}, "time_budget"),
        ({"effort": "low"}, "effort multiplies"),
        ({"random_state": -1}, "random_state is"),
        ({"primitives": ["sinn"]}, "sinn.*Did you mean"),
        ({"primitives": "log"}, "Write ..log.."),
        ({"primitives": []}, "primitives is empty"),
    ],
)
def test_settings_are_checked_at_fit(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        KANClassifier(**setting).fit(*rows())


def test_primitives_restrict_the_terms() -> None:
    generator = np.random.default_rng(3)
    x = generator.uniform(0.1, 2, size=(400, 1))
    y = 4 * np.log(x[:, 0]) + generator.logistic(size=400) > 0
    texts = [classify(x, y, primitives=chosen).pick.text for chosen in (["log"], ["sqrt"], ["x"])]
    assert ["log(" in text for text in texts] == [True, False, False]
    assert not any("sqrt" in text or "**" in text for text in (texts[0], texts[2]))


@pytest.mark.parametrize("state", [None, np.random.RandomState(3)])
def test_numpys_own_generator_stays_as_it_is(state: Any) -> None:
    before = np.random.get_state()[1].copy()
    KANClassifier(random_state=state, effort=0.5).fit(*rows())
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_effort_multiplies_what_is_tried() -> None:
    table = (1e-3, 1e-2, 1e-1)
    assert _strengths(table, 1.0) == table
    assert [len(_strengths(table, effort)) for effort in (0.01, 0.5, 2.0, 1e308)] == [2, 2, 6, 100]
    assert _strengths(table, 2.0)[:: len(table) + 2] == (table[0], table[-1])


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    x, y = rows()
    return pd.DataFrame({"x0": x[:, 0], "x1": 10 * x[:, 1], "y": y})


@pytest.fixture(scope="module")
def fitted(frame: pd.DataFrame) -> KANClassifier:
    return KANClassifier(effort=0.5, time_budget=600.0, class_weight={"low": 1, "mid": 2}).fit(
        frame[["x0", "x1"]], frame["y"]
    )


def test_a_loaded_classifier_knows_its_columns_and_settings(
    fitted: KANClassifier, frame: pd.DataFrame, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "classes")
    other = KANClassifier.load(tmp_path / "classes")
    assert other.get_params() == fitted.get_params()
    assert other.n_features_in_ == 2
    with pytest.raises(ValueError, match="same order"):
        other.predict(frame[["x1", "x0"]])
    KANClassifier(effort=0.5).fit(frame[["x0", "x1"]].to_numpy(), frame["y"]).save(tmp_path / "nameless")
    assert not hasattr(KANClassifier.load(tmp_path / "nameless"), "feature_names_in_")


def test_files_of_the_other_estimator_name_it(fitted: KANClassifier, tmp_path: Path) -> None:
    fitted.save(tmp_path / "classes")
    with pytest.raises(StorageError, match=r"holds a KANClassifier, not a KANRegressor.*KANClassifier\.load"):
        KANRegressor.load(tmp_path / "classes")
    KANRegressor(effort=0.1).fit(np.arange(12.0)[:, None], np.full(12, 2.0)).save(tmp_path / "numbers")
    with pytest.raises(StorageError, match=r"holds a KANRegressor, not a KANClassifier.*KANRegressor\.load"):
        KANClassifier.load(tmp_path / "numbers")


def test_class_weights_of_numbers_come_back(tmp_path: Path) -> None:
    x, y = rows()
    model = KANClassifier(effort=0.5, class_weight={0: 2.0, 1: 1.0}).fit(x, (y == "mid").astype(int))
    model.save(tmp_path / "classes")
    assert KANClassifier.load(tmp_path / "classes").class_weight == {0: 2.0, 1: 1.0}


def test_a_failed_fit_leaves_no_mixture(fitted: KANClassifier, frame: pd.DataFrame) -> None:
    model = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - our own bytes
    with pytest.raises(ValuesError, match=r"'x0' has values of the size 1\.5e\+308"):
        KANClassifier().fit(1.5e308 * np.linspace(-1, 1, 20)[:, None], np.arange(20) % 2)
    with pytest.raises(ValuesError, match="only one class"):
        model.fit(np.arange(3.0)[:, None], ["low"] * 3)
    with pytest.raises(NotFittedError):
        model.predict(frame[["x0", "x1"]])


def test_rows_far_outside_are_spoken_of(fitted: KANClassifier, frame: pd.DataFrame) -> None:
    far = pd.DataFrame({"x0": [1e6], "x1": [0.0]})
    for answer in (fitted.predict, fitted.predict_proba, fitted.predict_log_proba, fitted.decision_function):
        with pytest.warns(EdgewiseWarning, match="'x0' leaves -2 to 2 in 1 of 1 rows") as caught:
            answer(far)
        assert caught[0].filename == __file__
    strict = pickle.loads(pickle.dumps(fitted)).set_params(outside="raise")  # noqa: S301 - our own bytes
    with pytest.raises(ValuesError, match="'x0' leaves"):
        strict.predict(far)


def test_words_and_holes_are_named(frame: pd.DataFrame) -> None:
    with pytest.raises(ValuesError, match="'y' holds words"):
        KANClassifier().fit(frame, frame["y"])
    holes = frame[["x0", "x1"]].copy()
    holes.loc[[3, 5], "x1"] = np.nan
    with pytest.raises(ValuesError, match=r"'x1' in 2 of 150 rows"):
        KANClassifier().fit(holes, frame["y"])


@pytest.mark.parametrize("classes", [2, 3])
def test_index_takes_a_row_of_the_table(classes: int) -> None:
    x, y = rows(classes=classes)
    model = KANClassifier(effort=0.5).fit(x, y)
    for index, step in enumerate(model.discovery_.steps):
        odds = np.column_stack([np.zeros(len(x)), *(np.broadcast_to(f.predict(x), len(x)) for f in step.formulas)])
        np.testing.assert_allclose(model.predict_proba(x, index=index), softmax(odds, axis=1), atol=1e-12)
        assert list(model.predict(x, index=index)) == list(model.classes_[odds.argmax(1)])
    np.testing.assert_array_equal(model.predict_proba(x, index=-1), model.predict_proba(x, index=index))
    picked = int(np.flatnonzero(model.equations_["picked"])[0])
    np.testing.assert_array_equal(model.decision_function(x, index=picked), model.decision_function(x, use="formula"))
    for answer in (model.predict, model.predict_proba, model.predict_log_proba, model.decision_function):
        with pytest.raises(SettingsError, match=f"row of equations_, 0 to {index}, got 99"):
            answer(x, index=99)


def test_names_of_labels_change_nothing() -> None:
    """Which class has the log-odds is a matter of order; all else, folds and ties among it, is not."""
    x, y = rows()
    one, other = (classify(x, np.where(y == "low", *names), effort=0.5) for names in (("a", "b"), ("z", "b")))
    assert [step.complexity for step in one.steps] == [step.complexity for step in other.steps]
    assert one.picked == other.picked
    assert one.network_log_loss == pytest.approx(other.network_log_loss, rel=1e-6)
    for use in ("network", "formula"):
        np.testing.assert_allclose(one.log_odds(x, use)[:, 1], -other.log_odds(x, use)[:, 1], rtol=1e-6, atol=1e-8)
    three = rows(classes=3)
    renamed = np.array([{"low": 3, "mid": 20, "top": 100}[label] for label in three[1]])
    one, other = classify(*three, effort=0.5), classify(three[0], renamed, effort=0.5)
    np.testing.assert_array_equal(one.log_odds(x), other.log_odds(x))
    assert [f.expression for f in one.pick.formulas] == [f.expression for f in other.pick.formulas]


@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_regression_is_among_the_formulas(classes: int) -> None:
    """That of scikit-learn under the same ridge, on the same scale of columns, gives the same probabilities."""
    generator = np.random.default_rng(5)
    x = generator.normal(size=(120, 6)) * np.arange(1, 7)
    y = (x[:, 0] + x[:, 1:] @ np.full(5, 0.2) + generator.logistic(size=(classes - 1, 120)) > 0).sum(0)
    found = classify(x, y, effort=0.5)
    linear = [s for s in found.steps if all(len(f.inputs) == 6 for f in s.formulas)][-1]
    odds = np.column_stack([np.zeros(len(x)), *(f.predict(x) for f in linear.formulas)])
    scaled = StandardScaler().fit_transform(x)
    theirs = [LogisticRegression(C=1 / ridge, tol=1e-8, max_iter=1000).fit(scaled, y) for ridge in RIDGES]
    gaps = [np.abs(softmax(odds, axis=1) - model.predict_proba(scaled)).max() for model in theirs]
    assert min(gaps) < 3e-3  # constants are printed to the digits that the rows support


def test_many_weak_columns_are_not_worse_than_logistic_regression() -> None:
    generator = np.random.default_rng(6)
    x = generator.normal(size=(1200, 12))
    y = (x.sum(1) / 2 + generator.logistic(size=1200) > 0).astype(int)
    model = KANClassifier(effort=0.5, outside="ignore").fit(x[:200], y[:200])
    theirs = make_pipeline(
        StandardScaler(), LogisticRegressionCV(scoring="neg_log_loss", l1_ratios=(0,), use_legacy_attributes=False)
    )
    limit = log_loss(y[200:], theirs.fit(x[:200], y[:200]).predict_proba(x[200:])) + 0.02
    assert log_loss(y[200:], model.predict_proba(x[200:])) < limit
    assert log_loss(y[200:], model.predict_proba(x[200:], use="formula")) < limit


def test_rows_that_are_told_apart_do_not_make_it_sure() -> None:
    """Where all rows left out are told apart, a temperature below one would sharpen without end."""
    data = labelled(np.arange(20.0)[:, None], np.arange(20) > 9, None, 0)
    outputs = np.column_stack([np.zeros(20), np.where(data.number == 1, 2.0, -2.0)])
    assert _temperature(outputs, data) == pytest.approx(1.0, abs=1e-5)
    assert _temperature(np.where(np.arange(20)[:, None] % 3, outputs, -outputs), data) > 1.5


def without_a_value(fitted: KANClassifier) -> KANClassifier:
    """Its formula is a logarithm, which half of the rows have none of."""
    formula = Formula("log-odds of mid", parse("log(x0)", {"x0": "x0"}), {"x0": "x0", "x1": "x1"})
    model = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - our own bytes
    model.discoveries_ = (replace(fitted.discovery_, steps=(LogOdds((formula,), 0.5),), picked=0),)
    return model


def test_no_class_is_made_of_a_formula_without_a_value(fitted: KANClassifier, frame: pd.DataFrame) -> None:
    model, x = without_a_value(fitted), frame[["x0", "x1"]]
    for answer in (model.predict, model.predict_proba, model.predict_log_proba, model.decision_function):
        assert np.isfinite(np.asarray(answer(x) != "low", dtype=float)).all()
        with pytest.raises(FormulaError, match=r"no finite value in \d+ of 150 rows"):
            answer(x, use="formula")


# -- the files of a classification -------------------------------------------------------------------------------------


def test_files_of_two_are_not_mixed(fitted: KANClassifier, tmp_path: Path) -> None:
    fitted.discovery_.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["classification.json", "network.safetensors"]
    assert Classification.load(tmp_path).to_bytes() == fitted.discovery_.to_bytes()
    classify(*rows(1), names=["x0", "x1"], effort=0.5).model.save(tmp_path / "network.safetensors")
    with pytest.raises(StorageError, match="not the one"):
        Classification.load(tmp_path)


def test_a_kill_between_two_files_leaves_the_old_ones(
    fitted: KANClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted.discovery_.save(tmp_path)
    write, written = Path.write_bytes, []

    def full(path: Path, data: bytes) -> int:
        written.append(path)
        if len(written) == 2:
            raise OSError("no space left")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        classify(*rows(1), names=["x0", "x1"], effort=0.5).save(tmp_path)
    assert Classification.load(tmp_path).to_bytes() == fitted.discovery_.to_bytes()


VALUES = (None, -1, 99, 1e308, "x", [], {}, [1], [[1]], {"a": 1}, [True, False], ["a"], ["a", "b", "c"])


@pytest.mark.parametrize(
    "key",
    ["classes", "inputs", "picked", "as_good", "network_log_loss", "network_sha256", "sample", "ranges", "steps", "rows",
     "seed", "cut"],
)  # fmt: skip
def test_forged_entries_are_refused_or_harmless(key: str, fitted: KANClassifier, tmp_path: Path) -> None:
    fitted.discovery_.save(tmp_path)
    path, refused = tmp_path / "classification.json", 0
    original = json.loads(path.read_text())
    for value in VALUES:
        path.write_text(json.dumps({**original, key: value}))
        try:
            found = Classification.load(tmp_path)
        except StorageError:
            refused += 1
            continue
        assert found.probabilities(found.sample, "formula").shape == (len(found.sample), 2)
        assert found.explain()
        assert len(found.to_frame())
    assert refused > len(VALUES) / 2


def test_bytes_that_are_none_are_refused(fitted: KANClassifier) -> None:
    data = fitted.discovery_.to_bytes()
    assert b"torch" not in pickle.dumps(fitted)
    for wrong in (b"", data[:-1], data[100:]):
        with pytest.raises(StorageError):
            Classification.from_bytes(wrong)
    with pytest.raises(StorageError, match="no discovery"):
        Discovery.from_bytes(data)
