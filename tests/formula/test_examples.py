"""The examples of the docstrings run."""

import doctest
from importlib import import_module

import numpy as np
import pytest

from edgewise import formula

MODULES = ["anatomy", "complexity", "constants", "evaluate", "exporters", "formula", "front", "names", "parse", "text"]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = import_module(f"edgewise.formula.{name}")
    public = {public: getattr(formula, public) for public in formula.__all__}
    result = doctest.testmod(module, extraglobs={**public, "np": np}, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted
    assert not result.failed
