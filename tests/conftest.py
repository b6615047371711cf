"""Annotations with shapes are checked at run time, in every test but those that pass what they forbid."""

from collections.abc import Iterator

import jaxtyping
import pytest


@pytest.fixture(autouse=True)
def annotations(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if request.node.get_closest_marker("against_annotations"):
            patch.setattr(jaxtyping.config, "jaxtyping_disable", True)
        yield
