"""What both estimators and the functions below them take, refuse and say."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV

from edgewise import KANClassifier, KANRegressor, discover
from edgewise.data import Table
from edgewise.discovery import Classification, classify
from edgewise.errors import ColumnError, EdgewiseWarning, SettingsError, ValuesError

BOTH = pytest.mark.parametrize("make", [KANRegressor, KANClassifier])
X = np.random.default_rng(0).uniform(1, 2, (40, 2))
DAYS = pd.date_range("2024-01-01", periods=40)


@pytest.fixture(scope="module")
def found() -> Classification:
    frame = pd.DataFrame(X, columns=["a", "b"])
    return classify(frame, X[:, 0] + 0.1 * X[:, 1] > 1.6, effort=0.2, time_budget=600)


def test_a_classification_takes_columns_by_name(found: Classification) -> None:
    assert found.inputs == ("a", "b")
    frame = pd.DataFrame(X, columns=["a", "b"])
    expected = found.probabilities(X)
    for given in (frame, frame[["b", "a"]], {"b": X[:, 1], "a": X[:, 0]}):
        np.testing.assert_array_equal(found.probabilities(given), expected)


def test_a_classification_speaks_of_rows_outside_and_of_missing_cells(found: Classification) -> None:
    with pytest.warns(EdgewiseWarning, match="'a' leaves the range"):
        found.probabilities([[1e6, 1.5]])
    with pytest.raises(ValuesError, match="missing or infinite in 1 row"):
        found.probabilities([[np.nan, 1.5]])


def test_a_classification_can_be_read_and_looked_at(found: Classification) -> None:
    assert "a, b -> " in str(found)
    assert len(str(found)) < 3000
    assert "<svg" in found._repr_html_()


@BOTH
@pytest.mark.parametrize("column", [DAYS, DAYS - DAYS[0]], ids=["dates", "spans"])
def test_dates_are_refused_by_name(make: type, column: pd.Index) -> None:
    y = np.arange(40) % 2
    with pytest.raises(ValuesError, match=r"column 'day' holds (dates|time spans)"):
        make().fit(pd.DataFrame({"a": X[:, 0], "day": column}), y)
    with pytest.raises(ValuesError, match=r"dates|time spans"):
        make().fit(X, column)
    with pytest.raises(ValuesError, match="X holds"):
        make().fit(np.asarray(column)[:, None], y)


@BOTH
def test_a_name_that_comes_twice_is_refused(make: type) -> None:
    with pytest.raises(ColumnError, match="'a' stands there more than once"):
        make().fit(pd.DataFrame(X, columns=["a", "a"]), np.arange(40) % 2)
    with pytest.raises(ColumnError, match="'y' stands there more than once"):
        KANRegressor().fit(X, pd.DataFrame(X, columns=["y", "y"]))


def test_a_target_of_truths_is_one_of_zeros_and_ones() -> None:
    fitted = KANRegressor(effort=0.1, time_budget=600).fit(X, X[:, 0] > 1.5)
    assert fitted.predict(X).dtype == np.float64


def test_settings_may_be_numbers_of_numpy() -> None:
    search = GridSearchCV(
        KANRegressor(time_budget=np.float32(600)), {"effort": np.array([0.1, 0.2])}, cv=2, error_score="raise"
    )
    assert search.fit(X, X[:, 0] * X[:, 1]).best_score_ > 0.9
    table = Table.from_arrays(X, X[:, 0] * X[:, 1])
    assert discover(table, seed=np.int64(1), effort=0.1).seed == 1


@pytest.mark.parametrize("wrong", [{"seed": 1.5}, {"seed": None}, {"time_budget": "a"}, {"effort": "b"}], ids=str)
def test_settings_that_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        classify(X, X[:, 0] > 1.5, **wrong)


@BOTH
def test_a_budget_that_ended_early_is_said(make: type) -> None:
    with pytest.warns(EdgewiseWarning, match="the time budget of 1e-06 s ended early"):
        fitted = make(time_budget=1e-6).fit(X, X[:, 0] > 1.5)
    assert fitted.discovery_.cut
    if make is KANClassifier:
        assert "the budget ended early" in fitted.discovery_.explain()


def test_an_index_is_a_whole_number_and_use_is_checked_beside_it() -> None:
    fitted = KANRegressor(effort=0.1, time_budget=600).fit(X, X[:, 0] * X[:, 1])
    for wrong in (1.5, "1", [1, 2], 99):
        with pytest.raises(SettingsError, match="row of"):
            fitted.predict(X, index=wrong)
    with pytest.raises(SettingsError, match="'formula' or 'network'"):
        fitted.predict(X, use="nonsense", index=0)


def test_the_classifier_has_a_picture_in_notebooks() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = KANClassifier(effort=0.2, time_budget=600).fit(X, X[:, 0] > 1.5)
    assert "<svg" in fitted._repr_html_()


def test_labels_that_cannot_be_kept_are_refused() -> None:
    with pytest.raises(ValuesError, match="dates"):
        KANClassifier().fit(X, np.array(["2024-01-01", "2024-01-02"] * 20, dtype="datetime64[D]"))
