"""Linear least squares against numpy, and the same bytes every time."""

import numpy as np
import pytest
import torch
from torch import Tensor

from edgewise.solve import fit_linear


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("rows", "columns", "outputs"), [(30, 4, 1), (30, 4, 3), (5, 5, 2), (200, 20, 1)])
def test_agrees_with_numpy(rows: int, columns: int, outputs: int) -> None:
    design, target = random(rows, columns), random(rows, outputs, seed=1)
    expected = np.linalg.lstsq(design.numpy(), target.numpy(), rcond=None)[0]
    np.testing.assert_allclose(fit_linear(design, target).numpy(), expected, rtol=1e-7, atol=1e-9)


def test_a_batch_is_one_after_the_other() -> None:
    design, target = random(4, 3, 20, 5), random(4, 3, 20, 2, seed=1)
    together = fit_linear(design, target)
    for i in range(4):
        for j in range(3):
            torch.testing.assert_close(together[i, j], fit_linear(design[i, j], target[i, j]))


def test_reruns_are_equal_to_the_bit() -> None:
    design, target = random(300, 12), random(300, 4, seed=1)
    first = fit_linear(design, target)
    assert all(torch.equal(fit_linear(design, target), first) for _ in range(50))


def test_what_the_rows_leave_open_is_small_and_finite() -> None:
    """A column of zeros, two equal columns, fewer rows than columns: the fit is as good as numpy's."""
    design = random(20, 6)
    design[:, 2] = 0
    design[:, 4] = design[:, 3]
    for shown in (design, design[:3]):
        target = random(len(shown), 1, seed=1)
        found = fit_linear(shown, target)
        expected = np.linalg.lstsq(shown.numpy(), target.numpy(), rcond=None)[0]
        assert bool(found.isfinite().all())
        assert float(found[2].abs().max()) < 1e-9
        np.testing.assert_allclose((shown @ found).numpy(), shown.numpy() @ expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_units_do_not_matter(scale: float) -> None:
    design, target = random(40, 5), random(40, 1, seed=1)
    torch.testing.assert_close(
        fit_linear(design * scale, target) * scale, fit_linear(design, target), rtol=1e-8, atol=0
    )


def test_a_design_of_zeros_gives_zeros() -> None:
    assert float(fit_linear(torch.zeros(5, 3), torch.ones(5, 1)).abs().max()) == 0
