"""The classifier's contract with scikit-learn, and what it says of its formulas."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from edgewise import KANClassifier
from edgewise.discovery import Classification, classify
from edgewise.errors import FormulaError, SettingsError, StorageError, ValuesError


def rows(seed: int = 0, count: int = 150, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    x = generator.integers(-8, 9, size=(count, 2)) / 4
    odds = np.column_stack([np.zeros(count), 3 * x[:, 0] - 1, 3 * x[:, 1] - 1])[:, :classes]
    return x, np.array(["low", "mid", "top"])[(odds + generator.gumbel(size=odds.shape)).argmax(1)]


@parametrize_with_checks([KANClassifier(effort="low")])
def test_scikit_learn_has_nothing_to_object(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("classes", [2, 3])
def test_weights_are_repeated_rows_in_any_order(classes: int) -> None:
    x, y = rows(classes=classes)
    weights = np.random.default_rng(1).integers(0, 4, len(x)).astype(float)
    order = np.random.default_rng(2).permutation(int(weights.sum()))
    once = classify(x, y, weights=weights, effort="low")
    again = classify(
        np.repeat(x, weights.astype(int), 0)[order], np.repeat(y, weights.astype(int))[order], effort="low"
    )
    assert [s.text for s in once.steps] == [s.text for s in again.steps]
    np.testing.assert_array_equal(once.log_odds(x), again.log_odds(x))
    assert once.network_log_loss == again.network_log_loss


def test_a_law_of_log_odds_is_read() -> None:
    generator = np.random.default_rng(3)
    x = generator.uniform(-2, 2, size=(3000, 3))
    y = 2 * x[:, 0] - 3 * x[:, 1] ** 2 + 2 + generator.logistic(size=3000) > 0
    found = classify(x, y, names=["a", "b", "c"], effort="low")
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
    found = classify(x, np.sin(12 * x[:, 0]) > 0, effort="low")
    assert not found.as_good
    assert found.explain().startswith("no formula is as good as the network")


@pytest.mark.parametrize("classes", [2, 3])
def test_save_load_and_copies_answer_alike(classes: int, tmp_path: Path) -> None:
    x, y = rows(classes=classes)
    model = KANClassifier(effort="low").fit(x, y)
    model.save(tmp_path)
    for other in (KANClassifier.load(tmp_path), pickle.loads(pickle.dumps(model))):  # noqa: S301 - our own bytes
        for use in ("network", "formula"):
            np.testing.assert_array_equal(other.predict_proba(x, use), model.predict_proba(x, use))
        assert list(other.predict(x)) == list(model.predict(x))
        assert other.equations_.equals(model.equations_)
    with pytest.raises(StorageError, match="holds no classification"):
        Classification.load(tmp_path / "elsewhere")


def test_names_labels_and_answers() -> None:
    import pandas

    x, y = rows(classes=3)
    frame = pandas.DataFrame(x, columns=["petal width [cm]", "b"])
    model = KANClassifier(effort="low").fit(frame, y)
    assert list(model.classes_) == ["low", "mid", "top"]
    assert len(model.formula_) == 2
    assert "log-odds of mid" in model.equations_["equation"].iloc[-1]
    np.testing.assert_allclose(model.predict_proba(frame).sum(1), 1)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(frame)), model.predict_proba(frame))
    assert model.decision_function(frame).shape == (150, 3)
    assert model.latex()
    assert model.plot().axes
    assert clone(model).get_params() == model.get_params()


def test_class_weights_are_row_weights() -> None:
    x, y = rows()
    doubled = KANClassifier(effort="low", class_weight={"low": 2, "mid": 1}).fit(x, y)
    by_rows = KANClassifier(effort="low").fit(x, y, sample_weight=np.where(y == "low", 2.0, 1.0))
    np.testing.assert_array_equal(doubled.predict_proba(x), by_rows.predict_proba(x))


def test_true_and_false_are_labels() -> None:
    x, y = rows()
    model = KANClassifier(effort="low").fit(x, y == "mid")
    assert model.predict(x).dtype == bool


def test_errors_say_what_to_do() -> None:
    x, y = rows()
    with pytest.raises(ValuesError, match="at least two"):
        classify(x, np.zeros(len(x)))
    with pytest.raises(SettingsError, match="effort is one of"):
        classify(x, y, effort="much")
    with pytest.raises(SettingsError, match="time_budget"):
        classify(x, y, time_budget=0)
    with pytest.raises(FormulaError, match="'formula' or 'network'"):
        KANClassifier(effort="low").fit(x, y).predict(x, use="forest")
