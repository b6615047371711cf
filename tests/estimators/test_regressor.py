"""A discovery behind scikit-learn's door: names, weights, degenerate tables, storage, company of other estimators."""

import inspect
import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sympy
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from edgewise import Discovery, KANRegressor
from edgewise.errors import EdgewiseWarning, SettingsError, StorageError, ValuesError
from edgewise.estimators import storage
from edgewise.nn.storage import dumps

QUICK = {"time_budget": 600.0, "effort": 0.2}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    draw = np.random.default_rng(0)
    length, gravity = draw.uniform(0.1, 2, 40), draw.uniform(1, 20, 40)
    return pd.DataFrame({"L": length, "bed g": gravity, "T": 2 * np.pi * np.sqrt(length / gravity)})


@pytest.fixture(scope="module")
def fitted(frame: pd.DataFrame) -> KANRegressor:
    return KANRegressor(units={"L": "m"}, **QUICK).fit(frame[["L", "bed g"]], frame["T"])


def test_a_law_is_found_in_the_columns_names(fitted: KANRegressor, frame: pd.DataFrame) -> None:
    length, gravity = (sympy.Symbol(name, real=True) for name in ("L", "bed g"))
    difference = fitted.formula_ - 2 * sympy.pi * sympy.sqrt(length / gravity)
    assert abs(difference.subs({length: 0.7, gravity: 9.81}).evalf()) < 1e-9
    assert list(fitted.equations_) == ["complexity", "rmse", "r2", "score", "equation"]
    assert fitted.latex().startswith("T = ")
    assert fitted.score(frame[["L", "bed g"]], frame["T"]) > 1 - 1e-12
    assert fitted.discovery_.formula.units == {"L": "m"}


def test_polars_is_as_good_as_pandas(fitted: KANRegressor, frame: pd.DataFrame) -> None:
    other = KANRegressor(units={"L": "m"}, **QUICK)
    other.fit(pl.DataFrame(frame[["L", "bed g"]].to_dict("list")), pl.Series("T", frame["T"].to_list()))
    assert list(other.feature_names_in_) == ["L", "bed g"]
    assert other.formula_ == fitted.formula_


def test_intervals_stand_around_the_answers(fitted: KANRegressor, frame: pd.DataFrame) -> None:
    x = frame[["L", "bed g"]]
    low, high = fitted.predict_interval(x, coverage=0.8)
    assert low.shape == high.shape == (40,)
    np.testing.assert_allclose((low + high) / 2, fitted.predict(x))
    both = KANRegressor(**QUICK).fit(x, np.column_stack([frame["T"], frame["L"] * 2]))
    assert both.predict_interval(x)[0].shape == (40, 2)
    with pytest.raises(ValuesError, match="needs 99 calibration rows"):
        fitted.predict_interval(x, coverage=0.99)


def test_each_row_of_the_front_answers(fitted: KANRegressor, frame: pd.DataFrame) -> None:
    x = frame[["L", "bed g"]]
    for index, row in fitted.equations_.iterrows():
        rest = frame["T"] - fitted.predict(x, index=int(index))
        assert np.sqrt(np.mean(rest**2)) <= 2 * row["rmse"] + 1e-9
    with pytest.raises(SettingsError, match="row of the front"):
        fitted.predict(x, index=99)
    with pytest.raises(SettingsError, match="'formula' or 'network'"):
        fitted.predict(x, use="spline")


def test_a_file_and_a_pickle_answer_alike(fitted: KANRegressor, frame: pd.DataFrame, tmp_path: Path) -> None:
    x = frame[["L", "bed g"]]
    fitted.save(tmp_path / "law.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["law.safetensors"]
    for other in (KANRegressor.load(tmp_path / "law.safetensors"), pickle.loads(pickle.dumps(fitted))):  # noqa: S301
        assert other.get_params() == fitted.get_params()
        assert other.formula_ == fitted.formula_
        assert list(other.feature_names_in_) == ["L", "bed g"]
        np.testing.assert_array_equal(other.predict(x), fitted.predict(x))


def test_a_column_that_was_left_aside_is_no_harm_to_a_file(tmp_path: Path) -> None:
    x = np.random.default_rng(0).uniform(1, 2, (11, 3))
    x[:, 1] = 9.81
    model = KANRegressor(**QUICK).fit(x, x[:, 0] * x[:, 2])
    model.save(tmp_path / "law.safetensors")
    np.testing.assert_array_equal(KANRegressor.load(tmp_path / "law.safetensors").predict(x), model.predict(x))


def test_what_is_known_goes_to_the_search(tmp_path: Path) -> None:
    x = np.random.default_rng(0).uniform(1, 2, (11, 3))
    x[:, 1] = 9.81
    model = KANRegressor(known="x0*x1 + ...", shapes={"x0": "increasing"}, max_complexity=20, without=["tan"], **QUICK)
    model.fit(x, x[:, 0] * 9.81 + x[:, 2] ** 2)
    assert str(model.formula_) == "x0*x1 + x2**2"
    model.save(tmp_path / "law.safetensors")
    np.testing.assert_array_equal(KANRegressor.load(tmp_path / "law.safetensors").predict(x), model.predict(x))


def test_no_torch_object_is_pickled(fitted: KANRegressor) -> None:
    assert b"torch" not in pickle.dumps(fitted)


@pytest.mark.parametrize("cut", [0, 7, 100, -1])
def test_damaged_bytes_are_refused(fitted: KANRegressor, cut: int) -> None:
    data = storage.dumps({}, [found.to_bytes() for found in fitted.discoveries_])
    with pytest.raises(StorageError):
        storage.loads(data[:cut])


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(StorageError, match="pickles are never read"):
        KANRegressor.load(tmp_path / "model")
    with pytest.raises(StorageError, match="no file"):
        KANRegressor.load(tmp_path / "nothing")


def test_weights_count_rows(frame: pd.DataFrame) -> None:
    draw = np.random.default_rng(1)
    x, y = draw.normal(size=(15, 2)), draw.normal(size=15)
    counts = draw.integers(0, 4, 15)
    weighted = KANRegressor(**QUICK).fit(x, y, sample_weight=counts)
    repeated = KANRegressor(**QUICK).fit(np.repeat(x, counts, 0)[::-1], np.repeat(y, counts)[::-1])
    np.testing.assert_array_equal(weighted.predict(x, use="formula"), repeated.predict(x, use="formula"))


def test_weights_may_be_fractions() -> None:
    draw = np.random.default_rng(2)
    x, y = draw.normal(size=(15, 2)), draw.normal(size=15)
    weights = draw.choice([0.25, 0.5, 1.0], 15)
    halved, whole = (KANRegressor(**QUICK).fit(x, y, sample_weight=w) for w in (weights, 4 * weights))
    np.testing.assert_array_equal(halved.predict(x, use="formula"), whole.predict(x, use="formula"))


def test_weights_that_count_nothing_are_refused() -> None:
    x, y = np.arange(12.0)[:, None], np.arange(12.0)
    for weights, message in ((np.full(12, -0.5), "0 or more"), (np.zeros(12), "zero in every row")):
        with pytest.raises(SettingsError, match=message):
            KANRegressor(**QUICK).fit(x, y, sample_weight=weights)


def test_one_row_with_weight_is_no_law() -> None:
    x, y = np.arange(12.0)[:, None], np.arange(12.0)
    only = np.zeros(12)
    only[3] = 1.0
    with pytest.raises(ValuesError, match="two different rows"):
        KANRegressor(**QUICK).fit(x, y, sample_weight=only)
    with pytest.raises(ValuesError, match="two different rows"):
        KANRegressor(**QUICK).fit(np.ones((3, 1)), np.ones(3))


@pytest.mark.parametrize(
    ("settings", "weights", "error"),
    [({}, -np.ones(3), "0 or more"), ({"units": {"M": "m"}}, None, "units names 'M'"), ({"effort": 0}, None, "effort")],
)
def test_a_fit_that_fails_leaves_no_mixture(settings: dict[str, object], weights: object, error: str) -> None:
    x, y = np.arange(4.0)[:, None], np.full(4, 2.0)
    model = KANRegressor(**QUICK).fit(x, y)
    model.set_params(**settings)
    with pytest.raises(SettingsError, match=error):
        model.fit(np.ones((3, 2)), [1.0, 2.0, 3.0], sample_weight=weights)
    with pytest.raises(NotFittedError):
        model.predict(x)


def test_bytes_need_no_disk(fitted: KANRegressor, frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> str:
        raise OSError("no space left")

    monkeypatch.setattr("tempfile.mkdtemp", refused)
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - our own bytes
    x = frame[["L", "bed g"]]
    np.testing.assert_array_equal(again.predict(x), fitted.predict(x))
    found = Discovery.from_bytes(fitted.discovery_.to_bytes())
    assert found.to_bytes() == fitted.discovery_.to_bytes()
    np.testing.assert_array_equal(found.predict(x, use="network"), fitted.predict(x, use="network"))
    for wrong in (b"", b"{}", found.to_bytes()[:-1], dumps(found.model)):
        with pytest.raises(StorageError):
            Discovery.from_bytes(wrong)


def test_intervals_speak_once_and_leave_the_filters_alone(fitted: KANRegressor) -> None:
    far = pd.DataFrame({"L": [50.0], "bed g": [9.81]})
    with pytest.warns(EdgewiseWarning) as caught:
        low, high = fitted.predict_interval(far, use="formula")
    assert len(caught) == 1
    quiet = fitted.discovery_.interval(far, use="formula", quiet=True)  # where a warning would be an error
    np.testing.assert_array_equal(np.stack(quiet), np.stack([low, high]))
    assert "catch_warnings" not in inspect.getsource(inspect.getmodule(KANRegressor))  # it is one for all threads


def test_settings_with_keys_that_are_no_texts_are_kept() -> None:
    for value in ({0: 2.0, 1: 1.0}, {"L": "m"}, "balanced", ["x", "sin"], None):
        assert storage.setting(json.loads(json.dumps(storage.plain("setting", value)))) == value


def test_a_target_of_words_is_refused_with_the_other_estimator() -> None:
    with pytest.raises(ValuesError, match=r"the target holds words.*KANClassifier"):
        KANRegressor().fit(np.arange(4.0)[:, None], np.array(["u", "v", "u", "v"]))


def test_a_constant_target_is_answered_by_itself() -> None:
    model = KANRegressor().fit(np.arange(6.0)[:, None], np.full(6, 2.5))
    assert model.formula_ == 2.5
    assert model.discovery_.warnings
    np.testing.assert_array_equal(model.predict([[1.0], [2.0]]), [2.5, 2.5])
    for x, y in ((np.arange(30.0)[:, None], np.full(30, 2.5)), (np.ones((30, 1)), np.arange(30.0))):
        low, high = KANRegressor().fit(x, y).predict_interval(x[:1])
        inside = (low <= y) & (y <= high)
        assert 0.85 <= inside.mean() <= 1
        assert (high[0] == low[0]) == (np.ptp(y) == 0)


def test_constant_inputs_are_answered_by_the_mean() -> None:
    model = KANRegressor().fit(np.ones((4, 2)), [1.0, 2.0, 3.0, 6.0])
    np.testing.assert_array_equal(model.predict([[1.0, 1.0]]), [3.0])
    assert not model.discovery_.verified


def test_several_outputs_have_a_formula_each() -> None:
    x = np.random.default_rng(2).uniform(1, 3, (30, 2))
    model = KANRegressor(**QUICK).fit(x, np.column_stack([x[:, 0] * x[:, 1], x[:, 0] / x[:, 1]]))
    assert model.predict(x).shape == (30, 2)
    assert len(model.formula_) == len(model.discovery_) == len(model.latex()) == 2
    assert set(model.equations_["output"]) == {"y0", "y1"}
    assert model.score(x, np.column_stack([x[:, 0] * x[:, 1], x[:, 0] / x[:, 1]])) > 0.999999


def test_what_is_missing_is_named(frame: pd.DataFrame) -> None:
    holes = frame.copy()
    holes.loc[[3, 5], "bed g"] = np.nan
    with pytest.raises(ValuesError, match=r"'bed g' in 2 of 40 rows.*SimpleImputer"):
        KANRegressor().fit(holes[["L", "bed g"]], holes["T"])


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_words_are_refused_with_what_to_do(make: type) -> None:
    with pytest.raises(ValuesError, match=r"'colour' holds words.*OneHotEncoder.*ColumnTransformer"):
        KANRegressor().fit(make({"L": [1.0, 2.0, 3.0], "colour": ["red", "blue", "red"]}), [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"outside": "maybe"}, "outside is one of"),
        ({"time_budget": 0}, "time_budget"),
        ({"random_state": -1}, "random_state"),
        ({"units": {"M": "m"}}, "units names 'M'"),
        ({"units": True}, r"units maps columns to words, like \{'v': 'm/s'\}, got True"),
        ({"units": ["m"]}, "units maps columns to words"),
        ({"shapes": ["increasing"]}, "shapes maps columns to words"),
        ({"shapes": {"q": "even"}}, "shapes names 'q', which is no column"),
        ({"shapes": {"x0": ["even"]}}, "needs words as one text"),
        ({"units": {"x0": "pood"}}, "column 'x0': the unit 'pood'"),
        ({"primitives": [3]}, "primitives holds 3"),
        ({"without": ["tann"]}, "Did you mean 'tan"),
        ({"max_complexity": 0}, "1 or more, got 0"),
        ({"known": 3}, "a formula as text"),
    ],
)
@pytest.mark.parametrize("y", [(1.0, 2.0, 3.0), (2.0, 2.0, 2.0)], ids=["varying", "constant"])
def test_settings_are_checked_at_fit(setting: dict[str, object], message: str, y: tuple[float, ...]) -> None:
    with pytest.raises(SettingsError, match=message):
        KANRegressor(**setting).fit([[1.0], [2.0], [3.0]], y)


def test_a_constant_has_the_shape_that_is_asked_or_is_refused() -> None:
    x = [[1.0], [2.0], [3.0]]
    with pytest.raises(SettingsError, match="y = -3, and it is not positive"):
        KANRegressor(shapes={"y": "positive"}).fit(x, [-3.0] * 3)
    known = KANRegressor(shapes={"y": "negative", "x0": "increasing"}, units={"x0": "m"}).fit(x, [-3.0] * 3)
    np.testing.assert_array_equal(known.predict(x), [-3.0] * 3)


def test_shapes_and_units_go_to_the_output_that_they_name() -> None:
    x, y = [[1.0], [2.0], [3.0]], pd.DataFrame({"up": [2.0] * 3, "down": [-2.0] * 3})
    model = KANRegressor(shapes={"up": "positive", "down": "negative"}, units={"up": "m", "x0": "s"}).fit(x, y)
    np.testing.assert_array_equal(model.predict(x), y)
    with pytest.raises(SettingsError, match="down = -2, and it is not positive"):
        KANRegressor(shapes={"down": "positive"}).fit(x, y)


@pytest.mark.parametrize("state", [3, None, np.random.RandomState(3)])
def test_every_random_state_is_taken(state: object) -> None:
    before = np.random.get_state()[1].copy()
    KANRegressor(random_state=state, **QUICK).fit([[1.0], [2.0], [3.0]], [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_rows_far_outside_are_spoken_of(fitted: KANRegressor) -> None:
    far = pd.DataFrame({"L": [50.0], "bed g": [9.81]})
    with pytest.warns(EdgewiseWarning, match="'L' leaves .* in 1 of 1 rows"):
        fitted.predict(far)
    near = pd.DataFrame({"L": [2.01], "bed g": [9.81]})
    assert np.isfinite(fitted.predict(near)).all()


def test_a_formula_without_a_value_leaves_no_hole(fitted: KANRegressor) -> None:
    rows = pd.DataFrame({"L": [-0.05, 1.0], "bed g": [9.81, 9.81]})
    with pytest.warns(EdgewiseWarning, match="no real value in 1 of 2 rows"):
        assert np.isfinite(fitted.predict(rows)).all()
    with pytest.warns(EdgewiseWarning, match="no real value in 1 of 2 rows"):
        assert np.isnan(fitted.predict(rows, use="formula")).tolist() == [True, False]


def test_a_plot_and_a_page_are_made_of_it(
    fitted: KANRegressor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fitted.plot().axes
    page = fitted._repr_html_()
    assert "<svg" in page
    assert "<table" in page
    assert not list(tmp_path.iterdir())


def test_it_keeps_company() -> None:
    x = np.random.default_rng(4).uniform(1, 3, (24, 1))
    y = x[:, 0] ** 2
    quick = KANRegressor(effort=0.1, time_budget=600.0, outside="ignore")
    assert make_pipeline(StandardScaler(), quick).fit(x, y).score(x, y) > 0.999
    assert TransformedTargetRegressor(quick, func=np.log, inverse_func=np.exp).fit(x, y).score(x, y) > 0.999
    assert cross_val_score(quick, x, y, cv=2).min() > 0.99
    search = GridSearchCV(quick, {"primitives": [["x", "x^2"], None]}, cv=2).fit(x, y)
    assert search.best_score_ > 0.99
