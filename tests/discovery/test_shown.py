"""What a discovery shows of its constants: as many digits as their errors support, in text, JSON, HTML and Markdown."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgewise import Discovery, Formula, Front, Table, discover


@pytest.fixture(scope="module")
def found() -> Discovery:
    generator = np.random.default_rng(0)
    t = generator.uniform(0.5, 3, (80, 1))
    y = 4.9053 * t[:, 0] ** 2 + 0.2 * generator.normal(size=80)
    return discover(Table.from_arrays(t, y, ["t"], "s|<b>"), time_budget=600, effort=0.3)


def with_pick(found: Discovery, pick: Formula | None) -> Discovery:
    return replace(found, formula=pick, front=Front([] if pick is None else [pick]))


def test_every_page_has_the_constants(found: Discovery) -> None:
    assert found.formula is not None
    ((name, value),) = found.formula.constants.items()
    error = found.formula.constant_errors[name]
    text = found.formula.constants_rows()[0]["text"]
    assert abs(value - 4.9053) < 3 * error
    assert f"constants c1 = {text}" in str(found).splitlines()
    assert json.loads(json.dumps(found.to_json()))["constants"] == [
        {"name": "c1", "value": value, "error": error, "text": text}
    ]
    for page in (found.markdown(), found._repr_html_()):
        assert text.replace("+-", "±") in page


def test_an_unknown_error_shows_few_digits(found: Discovery) -> None:
    vague = Formula.from_text(
        "1.23456789*t + 0.987654321", "s", ["t"], rmse=0.1, constant_errors={"c1": np.inf, "c2": np.nan}
    )
    shown = with_pick(found, vague)
    assert "constants c1 = 1.23 +- ?, c2 = 0.988 +- ?" in str(shown)
    assert [row["error"] for row in shown.to_json()["constants"]] == [None, None]
    assert "<td>1.23 ± ?</td>" in shown._repr_html_()


def test_without_constants_nothing_is_said_of_them(found: Discovery) -> None:
    for pick in (Formula.from_text("5*t**2", "s", ["t"], rmse=0.1), None):
        shown = with_pick(found, pick)
        assert "constants" not in str(shown)
        assert shown.to_json()["constants"] == []
        assert "±" not in shown._repr_html_() + shown.markdown()


def test_names_of_columns_are_text_and_nothing_else(found: Discovery) -> None:
    page = found._repr_html_()
    assert "<b>" not in page
    assert "s|&lt;b&gt; = " in page
    lines = found.markdown().splitlines()
    tables = [line for line in lines if line.startswith("|")]
    columns = {line.replace("\\|", "").count("|") for line in tables}
    assert columns == {3, 6}


def test_explain_tells_how_why_and_what_holds(tmp_path: Path) -> None:
    x = np.random.default_rng(0).uniform(1, 3, (100, 2))
    found = discover({"a": x[:, 0], "b": x[:, 1], "y": x[:, 0] ** 2 / x[:, 1]}, "y", time_budget=20)
    told = found.explain()
    assert told.startswith(found.verdict)
    for part in ("How it was found", "Why this one", "on the outer 20%", "k times a: y times k^2"):
        assert part in told
    found.save(tmp_path / "run")
    assert Discovery.load(tmp_path / "run").explain() == told
