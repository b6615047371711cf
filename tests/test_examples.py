"""Every example runs as it is and says what its docstring promises."""

from importlib import import_module
from pathlib import Path

import pytest

EXAMPLES = sorted(path.stem for path in (Path(__file__).parents[1] / "examples").glob("[!_]*.py"))
SAYS = {
    "draw_a_network": "c = sqrt(a**2 + b**2): four pictures",
    "kepler": "law      period = axis**(3/2)",
    "layer_in_a_torch_model": "% of the points on the right side",
    "own_primitive": "brightness = 1.0 + 0.666667*sin(3.0*angle)/angle",
    "paper_listings": "formula: 1.0*exp(",
    "refine_and_certify": "[2, 1, 1]   rate ",
    "toy_by_hand": "y = exp(x2**2 + sin(pi*x1))",
}


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "readme_picture"])
def test_example(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    import_module(f"examples.{name}").main()
    assert SAYS[name] in capsys.readouterr().out


def test_the_picture_of_the_readme_can_be_made(tmp_path: Path) -> None:
    picture = tmp_path / "images" / "discovery.svg"
    import_module("examples.readme_picture").main(picture)
    text = picture.read_text(encoding="utf-8")
    assert text.count("<svg ") == 4
    assert "y = exp(x2**2 + sin(pi*x1))" in text


def test_every_example_promises_something() -> None:
    assert set(SAYS) | {"readme_picture"} == set(EXAMPLES)
