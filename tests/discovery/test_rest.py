"""A part of the law that is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sympy

from edgewise import Discovery, Table, discover
from edgewise.data.laws import Law, laws_of, sample
from edgewise.discovery.rest import Rest
from edgewise.errors import ParseError, SettingsError, ValuesError
from edgewise.formula import evaluate, parse
from edgewise.symbolic import compile_formula, network_form

ROWS = 40


def falling(noise: float = 0.0) -> Table:
    draw = np.random.default_rng(0)
    m, h, v = draw.uniform(1, 3, (3, ROWS))
    g = np.full(ROWS, 9.81)
    energy = m * g * h + 0.5 * m * v**2 + noise * draw.standard_normal(ROWS)
    return Table.from_arrays(np.c_[m, g, h, v], energy, names=["m", "g", "h", "v"], target="E")


def no_network(step: str, share: float, best: str) -> None:
    if step == "network":
        raise KeyboardInterrupt  # what was found until then is the answer


@pytest.fixture(scope="module")
def found() -> Discovery:
    return discover(falling(), known="m*g*h + ...", time_budget=60, effort=0.2)


def test_the_whole_law_is_printed(found: Discovery) -> None:
    assert found.formula is not None
    assert found.verified
    expected = parse("m*g*h + m*v**2/2", ["m", "g", "h", "v"])
    assert sympy.expand(found.formula.expression - expected) == 0
    assert found.target == "E"
    assert found.known == "g*h*m + ..."


@pytest.mark.parametrize("use", ["formula", "network"])
def test_both_answer_for_the_whole(found: Discovery, use: str) -> None:
    """A column that is constant in the table is left aside by the search, and needed by the known part."""
    columns = {"m": [2.0], "g": [9.81], "h": [1.5], "v": [2.0]}
    assert found.predict(columns, use=use) == pytest.approx([2 * 9.81 * 1.5 + 4], rel=0.02)


def test_a_saved_run_answers_alike(found: Discovery, tmp_path: Path) -> None:
    found.save(tmp_path)
    again = Discovery.load(tmp_path)
    assert again.known == found.known
    rows = falling()
    for use in ("formula", "network"):
        np.testing.assert_array_equal(again.predict(rows, use=use), found.predict(rows, use=use))
    for one, other in zip(again.interval(rows, use="formula"), found.interval(rows, use="formula"), strict=True):
        np.testing.assert_allclose(one, other)


def test_the_reason_is_of_the_whole_law(found: Discovery) -> None:
    reason = found.reason
    assert reason is not None
    assert reason.next_best in {formula.equation for formula in found.front}
    assert reason.nats > 0
    (why,) = (part for part in found.explain().split("\n\n") if part.startswith("Why"))
    assert reason.next_best in why


def test_errors_are_of_the_target() -> None:
    """y = exp(-t) rest: what is small in y is not small in the rest, and rows count by that."""
    draw = np.random.default_rng(1)
    t, x = draw.uniform(0, 4, (2, 120))
    y = np.exp(-t) * (1 + x**2) + 0.01 * draw.standard_normal(120)
    table = Table.from_arrays(np.c_[t, x], y, names=["t", "x"], target="y")
    rest = Rest.read("exp(-t) * ...", table.inputs).table(table)
    np.testing.assert_allclose(rest.weights, np.exp(-2 * t))
    np.testing.assert_allclose(rest.y, y * np.exp(t))
    found = discover(table, known="exp(-t) * ...", time_budget=60, effort=0.02, progress=no_network)
    assert found.formula is not None
    test = np.sqrt(np.mean((found.formula.predict(table) - y) ** 2))
    assert found.formula.rmse == pytest.approx(test, rel=0.3)
    assert found.formula.rmse == pytest.approx(0.01, rel=0.3)
    assert found.formula.r2 == pytest.approx(1 - found.formula.rmse**2 / y.var(), abs=5e-3)


@pytest.mark.parametrize(
    ("text", "beside", "times"),
    [
        ("m*g", "m*g", "1"),
        ("m*g + ...", "m*g", "1"),
        ("m*g - ...", "m*g", "-1"),
        ("... * exp(-g)", "0", "exp(-g)"),
        ("m*(1 + .../g)", "m", "m/g"),
    ],
)
def test_the_dots_are_a_summand_or_a_factor(text: str, beside: str, times: str) -> None:
    rest = Rest.read(text, ["m", "g"])
    assert (rest.beside, rest.times) == (parse(beside, ["m", "g"]), parse(times, ["m", "g"]))
    assert Rest.read(str(rest), ["m", "g"]) == rest


@pytest.mark.parametrize(
    ("known", "error", "message"),
    [
        ("sqrt(...)", SettingsError, "must be a summand or a factor"),
        ("... * (1 + ...)", SettingsError, "must be a summand or a factor"),
        ("0 * ...", SettingsError, "must be a summand or a factor"),
        (3, SettingsError, "a formula as text"),
        ("", SettingsError, "known is empty"),
        (" ", SettingsError, "known is empty"),
        ("m +* ...", ParseError, "known is no formula of the inputs"),
        ("m*q + ...", ParseError, "there is no variable 'q'"),
        ("m*g*h + m*v**2/2 + ...", ValuesError, "is the whole law"),
        ("(m - m) / v + m*g*h*v/2 * (1 + step(m - 1.5)) * step(m - 2) * ...", ValuesError, "no finite number in"),
    ],
)
def test_what_cannot_be_known(known: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        discover(falling(), known=known, time_budget=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["m*q + ...", "m*(...", "m +* ...", "m..."])
def test_mistakes_are_shown_in_the_words_of_the_user(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        Rest.read(text, ["m", "g"])
    _, written, *_ = str(caught.value).splitlines()
    assert written.strip() == (text if "..." in text else f"({text}) + ...")
    assert "r__" not in str(caught.value)


def test_units_go_on_with_the_rest() -> None:
    from edgewise.discovery.knowledge import knowledge

    units = {"m": "kg", "g": "m/s^2", "h": "m", "v": "m/s", "E": "J"}
    places = falling()  # on several planets: where g is the same in all rows, numbers may carry its unit
    places = replace(places, columns={**places.columns, "g": np.linspace(3, 10, ROWS)})
    table, known = knowledge(places, known="m * ...", units=units)
    assert table.target == "rest of E"
    assert known.units[table.target] == "m^2 s^-2"
    _, known = knowledge(places, known="9.81*m*h + ...", units=units)
    assert known.units == {}
    assert "the known part is against them" in known.notes[0]


@pytest.mark.parametrize(
    "chosen", [row for family in ("feynman", "bonus") for row in laws_of(family)], ids=lambda r: r.name
)
def test_a_law_as_a_network_of_named_edges_is_the_same_law(chosen: Law) -> None:
    """Formula -> graph -> formula, on the law's own points."""
    expression = parse(chosen.formula, chosen.variables)
    inputs = [parse(name, chosen.variables) for name in chosen.variables]
    again = network_form(compile_formula(expression, inputs), inputs)
    table = sample(chosen, 50)
    columns = {name: table.columns[name] for name in chosen.variables}
    np.testing.assert_allclose(evaluate(again[0], columns), evaluate(expression, columns), rtol=1e-9)


def coded(rows: int = 300) -> tuple[Table, np.ndarray]:
    """Rows of x and of a word that is mostly a (the first is b), and where it is a."""
    draw = np.random.default_rng(2)
    words = draw.choice(["a", "b", "c"], rows, p=[0.8, 0.1, 0.1])
    words[0] = "b"
    x = draw.uniform(1, 2, rows)
    columns = {"x": x, **{f"k={level}": (words == level).astype(float) for level in "abc"}}
    columns["y"] = (1 + 99 * columns["k=a"]) * (x**2 + 0.1 * draw.standard_normal(rows))
    inputs = ("x", "k=a", "k=b", "k=c")
    return Table(columns, "y", inputs, levels={"k": ("a", "b", "c")}), columns["k=a"]


def test_a_usual_level_that_was_left_aside_is_rebuilt_for_the_known_part() -> None:
    table, usual = coded()
    found = discover(table, known="(1 + 99*k_a) * ...", time_budget=20, effort=0.02, progress=no_network)
    assert found.formula is not None
    assert any("'k=a' is where" in warning for warning in found.warnings)
    rmse = np.sqrt(np.mean((found.formula.predict(table) - table.y) ** 2))
    assert rmse == pytest.approx(0.1 * np.sqrt(np.mean((1 + 99 * usual) ** 2)), rel=0.1)
    assert found.formula.rmse == pytest.approx(rmse, rel=0.3)
    place = found.inputs.index("k=a")
    assert found.sample[:, place].mean() == pytest.approx(0.8, abs=0.08)


def test_the_accuracy_is_of_the_target_also_where_a_factor_is_known() -> None:
    x = np.random.default_rng(0).uniform(0.5, 3, 60)
    table = Table.from_arrays(x, np.round(1000 * (x**2 + x)), names=["x"], target="y")
    found = discover(table, known="1000 * ...", accuracy=0.5, time_budget=20, effort=0.05, progress=no_network)
    assert found.formula is not None
    assert sympy.expand(found.formula.expression - parse("1000*x**2 + 1000*x", ["x"])) == 0
