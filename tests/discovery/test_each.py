"""Several targets of one table."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgewise import Discoveries, Table, discover, discover_each
from edgewise.errors import ColumnError, EdgewiseError, SettingsError, StorageError

QUICK: dict[str, Any] = {"time_budget": 20, "effort": 0.05}


def columns() -> dict[str, np.ndarray]:
    a, b = np.random.default_rng(0).uniform(0.5, 3.0, (2, 30))
    return {"a": a, "b": b, "product": 2 * a * b, "root": np.sqrt(a)}


@pytest.fixture(scope="module")
def found() -> Discoveries:
    return discover_each(columns(), ["product", "root"], **QUICK)


def test_each_target_has_its_law_by_the_same_inputs(found: Discoveries) -> None:
    assert found.targets == ("product", "root")
    assert found.inputs == ("a", "b")
    assert [one.formula.text for one in found.found.values() if one.formula] == ["2*a*b", "sqrt(a)"]
    assert found.summary().splitlines() == [
        "30 rows, 2 inputs (a, b) -> product, root",
        "product: law      product = 2*a*b   (at the noise floor)",
        "root: law      root = sqrt(a)   (at the noise floor)",
    ]
    assert str(found).startswith(found.summary())


def test_each_is_what_discover_finds_alone(found: Discoveries) -> None:
    alone = {name: values for name, values in columns().items() if name != "product"}
    assert str(discover(alone, "root", **QUICK).front) == str(found["root"].front)


def test_answers_by_target(found: Discoveries) -> None:
    answers = found.predict({"a": [1.0, 2.0], "b": [1.0, 1.0]})
    np.testing.assert_allclose(answers["product"], [2, 4])
    np.testing.assert_allclose(answers["root"], np.sqrt([1, 2]))
    with pytest.raises(ColumnError, match="Did you mean 'root'"):
        found["rot"]


def test_saved_in_a_folder_each_and_read_back(found: Discoveries, tmp_path: Path) -> None:
    (tmp_path / "9-old").mkdir()
    found["root"].save(tmp_path / "9-old")
    found.save(tmp_path)
    assert sorted(part.name for part in tmp_path.iterdir()) == ["1-product", "2-root"]
    again = Discoveries.load(tmp_path)
    assert again.summary() == found.summary()
    assert again.to_json()["equations"] == {"product": "product = 2*a*b", "root": "root = sqrt(a)"}
    with pytest.raises(StorageError, match="no discoveries of several targets"):
        Discoveries.load(tmp_path / "1-product")


def test_what_is_said_of_columns_is_said_to_whom_it_concerns(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgewise.discovery import each

    heard: list[tuple[str, object, object]] = []

    def listen(table: Table, *, shapes: object, known: object, **others: object) -> object:
        heard.append((table.target, shapes, known))
        return discover(table, time_budget=0.1, effort=0.01)

    monkeypatch.setattr(each, "discover", listen)
    shapes = {"a": "increasing", "root": "positive"}
    discover_each(columns(), ["product", "root"], shapes=shapes, known={"root": "... + 1"}, **QUICK)
    assert heard == [("product", {"a": "increasing"}, None), ("root", shapes, "... + 1")]


@pytest.mark.parametrize(
    ("targets", "settings", "message"),
    [
        ("root", {}, "a list of columns"),
        ([], {}, "a list of columns"),
        (["root", "root"], {}, "comes twice"),
        (["root", "prodct"], {}, "Did you mean 'product'"),
        (["a", "b", "product", "root"], {}, "none is left"),
        (["root"], {"known": "a + ..."}, "known maps each target"),
        (["root"], {"known": {"a": "1 + ..."}}, "known names 'a'"),
        (["root"], {"shapes": {"q": "even"}}, "shapes names 'q'"),
    ],
)
def test_what_cannot_be(targets: list[str], settings: dict, message: str) -> None:
    with pytest.raises((EdgewiseError, SettingsError), match=message):
        discover_each(columns(), targets, **{**QUICK, **settings})


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The targets that were searched for."""
    asked: list[str] = []
    monkeypatch.setattr(
        "edgewise.discovery.each.discover", lambda table, **_: asked.append(table.target) or discover(table, **QUICK)
    )
    return asked


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        ({"root": np.ones(30)}, {}, "root"),
        ({"root": 1e70 * np.arange(30)}, {}, "root"),
        ({}, {"shapes": {"a": "wavy"}}, "wavy"),
        ({}, {"known": {"root": "nope + ..."}}, "nope"),
        ({}, {"without": ["sine"]}, "sine"),
    ],
)
def test_what_a_later_target_cannot_be_is_said_before_the_first_search(
    monkeypatch: pytest.MonkeyPatch, change: dict, settings: dict, message: str
) -> None:
    asked = counted(monkeypatch)
    with pytest.raises(EdgewiseError, match=message):
        discover_each(columns() | change, ["product", "root"], **QUICK, **settings)
    assert asked == []


def test_names_given_once_are_for_every_target(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(
        "edgewise.discovery.each.discover",
        lambda table, without, **_: told.append(list(without)) or discover(table, **QUICK),
    )
    discover_each(columns(), ["product", "root"], without=(name for name in ("tan", "abs")), **QUICK)
    assert told == [["tan", "abs"], ["tan", "abs"]]


def test_ctrl_c_before_a_later_target_has_anything_keeps_the_earlier_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    def search(table: Table, **_: object) -> object:
        if table.target == "root":
            raise KeyboardInterrupt
        return discover(table, **QUICK)

    monkeypatch.setattr("edgewise.discovery.each.discover", search)
    assert discover_each(columns(), ["product", "root"], **QUICK).targets == ("product",)
    with pytest.raises(KeyboardInterrupt):
        discover_each(columns(), ["root", "product"], **QUICK)
