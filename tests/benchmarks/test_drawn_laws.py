"""Laws that are drawn by a seed: turned ones against the laws they come from, random ones against their grammar."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.common import options, run_drawn_laws, score
from benchmarks.random_laws.grammar import ANY, HIGH, LOW, NODES, Tree, formulas, refused
from benchmarks.random_laws.grammar import _grown as grown
from benchmarks.turned.laws import chosen, disguised, left_out, solutions
from edgewise.data.laws import law, laws_of
from edgewise.formula import evaluate, parse


def test_every_input_of_the_list_is_solved_for_or_has_its_reason() -> None:
    assert [(one.law, one.input) for one in solutions()] == [
        (known.name, name) for known in laws_of("feynman") for name in known.variables
    ]
    assert all(bool(one.formula) != bool(one.reason) for one in solutions())
    assert dict(left_out())["I.18.12"] == "theta: more than one branch in the box"


@pytest.mark.parametrize("one", [s for s in solutions() if s.formula][::9], ids=lambda one: one.name)
def test_a_turned_law_gives_its_input_back(one) -> None:
    known, generator = law(one.law), np.random.default_rng(5)
    drawn = {name: generator.uniform(low, high, 500) for name, (low, high) in known.ranges.items()}
    columns = {**drawn, known.output: known.evaluate(drawn)}
    given = columns.pop(one.input)
    low, high = known.ranges[one.input]
    np.testing.assert_allclose(evaluate(parse(one.formula, columns), columns), given, atol=1e-6 * (high - low), rtol=0)


def test_the_table_of_a_turned_law_is_that_of_the_law() -> None:
    one = next(s for s in solutions() if (s.law, s.input) == ("I.12.1", "mu"))
    truth = disguised(one, seed=100)
    assert sorted(truth.names) == ["x0", "x1"]
    columns = truth.draw(300, (100, 2))
    mu = truth.value(columns)
    assert truth.text in ("x0/x1", "x1/x0")
    assert 1 <= mu.min() < mu.max() <= 5
    assert score(truth.text, truth, seed=100).recovered
    assert not score("x0*x1", truth, seed=100).by_skeleton


def test_a_seed_draws_different_laws_and_always_the_same() -> None:
    names = [one.name for one in chosen(100, 30)]
    assert len({one.law for one in chosen(100, 30)}) == 30
    assert names == [one.name for one in chosen(100, 30)]
    assert names != [one.name for one in chosen(101, 30)]
    assert names[:4] == [one.name for one in chosen(100, 4)]


X, Y = Tree("x0"), Tree("x1")


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        (Tree("+", (X, Y)), ""),
        (Tree("sin", (X,)), "idle"),
        (Tree("/", (X, Tree("-", (X, Y)))), "not finite"),
        (Tree("log", (Tree("-", (X, Y)),)), "not finite"),
        (Tree("exp", (Tree("exp", (Tree("+", (X, Y)),)),)), "not finite"),
        (Tree("+", (Tree("log", (Tree("exp", (X,)),)), Y)), "longer"),
        (Tree("+", (Tree("*", (Tree("1.5"), Tree("*", (Tree("2.5"), X)))), Y)), "longer"),
        (Tree("+", (Tree("tanh", (Tree("+", (Tree("square", (Tree("+", (X, Tree("9.1"))),)), Y)),)), X)), "constant"),
        (Tree("+", (Tree("*", (Tree("9.9"), Tree("exp", (X,)))), Tree("*", (Tree("0.11"), Tree("sin", (Y,)))))), "idle"),
    ],
)  # fmt: skip
def test_why_a_formula_is_refused(tree: Tree, reason: str) -> None:
    assert refused(tree, 2) == reason


def test_values_lie_in_the_interval_of_the_box() -> None:
    generator, inside = np.random.default_rng(3), 0
    rows = {f"x{i}": np.append(generator.uniform(LOW, HIGH, 198), [LOW, HIGH]) for i in range(2)}
    for _ in range(150):
        tree = grown(int(generator.integers(NODES[0], 12)), 2, generator)
        low, high = tree.interval()
        if (low, high) == ANY:
            continue
        values, spare = evaluate(parse(tree.text, ["x0", "x1"]), rows), 1e-9 * max(abs(low), abs(high), 1.0)
        assert low - spare <= values.min() <= values.max() <= high + spare, tree.text
        inside += 1
    assert inside > 30


def test_formulas_follow_the_grammar_and_the_seed() -> None:
    some = formulas(100, 3)
    assert [truth.text for truth in formulas(100, 2)] == [truth.text for truth in some[:2]]
    for truth in some:
        assert 2 <= len(truth.ranges) <= 5
        assert {s.name for s in truth.expression.free_symbols} == set(truth.ranges)
        assert score(truth.text, truth, seed=100).recovered


@pytest.mark.parametrize("laws", [0, 41, 50])
def test_more_laws_than_a_seed_draws_are_an_error(
    laws: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["random_laws", "--laws", str(laws)])
    with pytest.raises(SystemExit):
        run_drawn_laws(tmp_path, "Random formulas", 40, lambda seed, count: [], dict, lambda: None, [])
    assert f"--laws {laws}: a seed draws 40 laws" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_shared_options_have_their_defaults_and_words() -> None:
    parser = options("speed", "about", noise=(0.1, "of the rms"), workers=3)
    asked = parser.parse_args(["--workers", "2"])
    assert vars(asked) == {"noise": 0.1, "workers": 2, "fresh": False}
    assert parser.prog == "python -m benchmarks.speed"
    assert "of the rms" in parser.format_help()
    with pytest.raises(SystemExit):
        parser.parse_args(["--seeds", "3"])
