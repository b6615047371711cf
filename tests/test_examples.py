"""Every example runs as it is and says what its docstring promises."""

import re
from importlib import import_module
from pathlib import Path

import pytest

EXAMPLES = sorted(path.stem for path in (Path(__file__).parents[1] / "examples").glob("[!_]*.py"))
SAYS = {
    "draw_a_network": "c = sqrt(a**2 + b**2): four pictures",
    "kepler": "law      period = axis**(3/2)",
    "layer_in_a_torch_model": "% of the points on the right side",
    "own_primitive": "brightness = 1.0 + 0.666667*sin(3.0*angle)/angle",
    "refine_and_certify": "[2, 1, 1]   rate ",
    "toy_by_hand": "y = exp(x2**2 + sin(pi*x1))",
}


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name in SAYS])
def test_example(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    import_module(f"examples.{name}").main()
    assert SAYS[name] in capsys.readouterr().out


def test_the_listings_of_the_paper_end_at_the_law_by_hand_and_by_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    import_module("examples.paper_listings").main()
    by_hand, pruned, formula = capsys.readouterr().out.splitlines()
    law = "1.0*exp(1.0*x_2**2 + 1.0*sin(3.14*x_1))"
    assert by_hand.startswith(f"by hand: {law}, train rmse ")
    assert float(by_hand.split()[-1]) < 1e-7
    assert pruned.startswith("pruned to [2, 1, 1]")
    assert formula == f"formula: {law}"


def test_the_picture_of_the_readme_can_be_made(tmp_path: Path) -> None:
    picture = tmp_path / "images" / "discovery.svg"
    import_module("examples.readme_picture").main(picture)
    text = picture.read_text(encoding="utf-8")
    assert text.count("<svg ") == 4
    assert "y = exp(x2**2 + sin(pi*x1))" in text


def test_every_example_promises_something() -> None:
    assert set(SAYS) | {"readme_picture", "paper_listings", "hunters_and_prey", "sinking_ball"} == set(EXAMPLES)


@pytest.mark.slow
def test_hunters_and_prey_are_found_in_noise_and_drawn(tmp_path: Path) -> None:
    example = import_module("examples.hunters_and_prey")
    found = example.main(time_budget=120)
    assert found.verified
    assert found.equations == ("dprey/dt = prey*(3/2 - hunters)", "dhunters/dt = hunters*(prey - 3)")
    example.draw(found, str(tmp_path / "motion.svg"))
    assert (tmp_path / "motion.svg").read_text(encoding="utf-8").count("<svg ") == 1


@pytest.mark.slow
def test_the_sinking_ball_follows_stokes_and_is_drawn(tmp_path: Path) -> None:
    example = import_module("examples.sinking_ball")
    found = example.main(time_budget=120)
    assert found.verified
    ((constant,),) = (found.formula.constants.values(),)
    assert found.formula.text.endswith("*radius**2*(ball - liquid)/viscosity")
    page = (Path(__file__).parents[1] / "docs" / "discovery.md").read_text(encoding="utf-8")
    told = re.search(r"```text\n((?:  .*\n)+)```", page)
    assert told is not None
    assert f"What holds of it:\n{told[1]}\n" in found.explain()
    assert abs(constant - 2 / 9 * example.G) < 3 * found.formula.constant_errors["c1"]
    example.draw(found, example.measured(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"ball-{name}.svg" for name in ("formula", "front", "network", "rest", "table")
    ]
