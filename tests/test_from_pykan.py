"""Each workflow of examples/from_pykan ends where it says: asserted on what it returns."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from edgewise.formula import parse

FOLDER = Path(__file__).parents[1] / "examples" / "from_pykan"


def is_product(told: tuple[float, str]) -> bool:
    error, formula = told
    found = parse(formula, ["x", "y"])
    x, y = sorted(found.free_symbols, key=str)
    return error < 1e-6 and abs(float(found.diff(x).diff(y)) - 1) < 1e-6


CHECKS: dict[str, Callable[[Any], bool]] = {
    "classification": lambda share: share >= 0.98,
    "compile_formula": lambda errors: errors[0] > 1 and errors[1] < 1e-4,
    "continual_learning": lambda errors: max(errors) < 1e-4,
    "deep_formula": lambda error: error < 1e-9,
    "feature_attribution": lambda scores: scores[0] > scores[1] > scores[2] > 10 * scores[3],
    "fitting": lambda errors: errors[0] > 3 * errors[1] > 9 * errors[2] and errors[2] < 1e-3,
    "lagrangian": lambda error: error < 1e-3,
    "linearity": lambda bends: bends[0] < 1e-4 and bends[1] > 0.1,
    "multiplication": is_product,
    "pde": lambda error: error < 1e-2,
    "relations": lambda scores: min(scores[:3]) > 3 * max(scores[3:]),
    "relativity": lambda told: told[0] == ["arctanh", "arctanh", "tanh"] and told[1] < 1e-9,
    "singularity": lambda told: told[0][:2] == ["log", "log"] and told[1] < 1e-9,
    "special_functions": lambda error: error < 1e-3,
    "symmetry": lambda told: told[0] < 1e-2 and told[1] > 1,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_workflow(name: str) -> None:
    told = import_module(f"examples.from_pykan.{name}").main()
    assert CHECKS[name](told), told


def test_every_workflow_is_checked_and_on_its_page() -> None:
    there = {path.stem for path in FOLDER.glob("[!_]*.py")}
    assert there == set(CHECKS)
    page = (FOLDER.parents[1] / "docs" / "coming-from-pykan.md").read_text(encoding="utf-8")
    assert [name for name in sorted(there) if f"`examples/from_pykan/{name}.py`" not in page] == []
