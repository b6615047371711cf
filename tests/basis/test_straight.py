"""Edges that are straight lines are a matrix product: the same numbers as by their basis."""

import pytest
import torch

from edgewise.basis.kernels import Way, straight, use
from edgewise.basis.residuals import RESIDUALS
from edgewise.nn import KANLayer


@pytest.mark.parametrize("rows", [0, 1, 37])
def test_lines_are_what_their_basis_gives(rows: int) -> None:
    generator = torch.Generator().manual_seed(0)
    layer = KANLayer(
        5, 4, intervals=1, degree=1, residual="none", low=-2, high=3, dtype=torch.float64, generator=generator
    )
    assert straight.are(layer.basis, RESIDUALS[layer.residual])
    x = torch.randn(rows, 5, dtype=torch.float64, generator=generator) * 4  # beyond the range too
    x.requires_grad_(True)
    found = []
    ways: tuple[Way, ...] = ("auto", "eager")
    for way in ways:
        with use(way):
            y = layer(x)
        found.append((y, *torch.autograd.grad((y**2).sum(), [x, layer.weight])))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "other", [{"intervals": 2}, {"degree": 2}, {"residual": "silu"}, {"extrapolation": "constant"}, {"basis": "rbf"}]
)
def test_other_layers_keep_their_basis(other: dict) -> None:
    layer = KANLayer(2, 2, **{"intervals": 1, "degree": 1, "residual": "none", **other})
    assert not straight.are(layer.basis, RESIDUALS[layer.residual])
