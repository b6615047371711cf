"""Rows that come part by part: the same training as from memory, each row once a round, and clear refusals."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from edgewise.errors import SettingsError, ShapeError, ValuesError
from edgewise.nn import KAN
from edgewise.train import Chunks, Gradient, gradient


def on_disk(folder: Path, rows: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).uniform(-1, 1, (rows, 2))
    for name, values in (("x", x), ("y", x[:, :1] - x[:, 1:] ** 2)):
        np.save(folder / f"{name}.npy", values)
    return tuple(np.load(folder / f"{name}.npy", mmap_mode="r") for name in "xy")


def test_each_row_comes_once_a_round_or_is_held_out(tmp_path: Path) -> None:
    x, y = on_disk(tmp_path)
    chunks = Chunks.of_arrays(x, y, rows=300, held_out=120, seed=3).like(torch.zeros((), dtype=torch.float64))
    seen = [chunks.x_held, *(batch for batch, _, _ in chunks.batches(64, torch.Generator().manual_seed(0)))]
    assert max(map(len, seen[1:])) == 64
    np.testing.assert_array_equal(np.sort(torch.cat(seen).numpy(), 0), np.sort(x, 0))
    again = torch.cat([batch for batch, _, _ in chunks.batches(64, torch.Generator().manual_seed(1))])
    assert not torch.equal(torch.cat(seen[1:]), again)


def test_a_network_learns_from_what_lies_on_disk(tmp_path: Path) -> None:
    chunks = Chunks.of_arrays(*on_disk(tmp_path), rows=250, held_out=200)
    network = KAN([2, 1], generator=torch.Generator().manual_seed(0))
    settings = Gradient(rounds=20, batch=50, rate=5e-2)
    found = gradient(network, chunks, settings=settings)
    assert found.held_out < 1e-3 < found.rounds[0].held_out
    assert [r.held_out for r in gradient(network, chunks, settings=settings).rounds] == [
        r.held_out for r in found.rounds
    ]


def test_one_part_is_in_memory_at_a_time() -> None:
    living: list[int] = []

    def part(number: int) -> tuple[np.ndarray, np.ndarray]:
        living.append(number)
        x = np.random.default_rng(number).uniform(-1, 1, (30, 1))
        return x, x**2

    held = map(torch.as_tensor, part(0))
    chunks = Chunks([partial(part, number) for number in (1, 2, 3)], *held).like(torch.zeros(()))
    living.clear()
    for count, _ in enumerate(chunks.batches(30, torch.Generator().manual_seed(0)), 1):
        assert len(living) == count


def test_what_cannot_be_is_refused() -> None:
    x, y = torch.rand(10, 1), torch.rand(10, 1)
    with pytest.raises(SettingsError, match="adam"):
        gradient(KAN([1, 1]), Chunks([lambda: (x, y)], x, y), settings=Gradient("lbfgs"))
    with pytest.raises(ValuesError, match="no parts"):
        Chunks([], x, y)
    with pytest.raises(ValuesError, match="held out"):
        Chunks([lambda: (x, y)], x[:0], y[:0])
    with pytest.raises(ShapeError, match="part 0's rows"):
        gradient(KAN([1, 1]), Chunks([lambda: (x, y[:3])], x, y))
    with pytest.raises(ValuesError, match="NaN"):
        gradient(KAN([1, 1]), Chunks([lambda: (x, y * torch.nan)], x, y))
    with pytest.raises(SettingsError, match="to_numpy"):
        Chunks.of_arrays(pd.DataFrame({"a": [1.0, 2.0]}), y.numpy())
    with pytest.raises(SettingsError, match="held_out"):
        Chunks.of_arrays(x.numpy(), y.numpy(), held_out=10)


@pytest.mark.against_annotations
def test_a_share_is_no_number_of_rows() -> None:
    with pytest.raises(SettingsError, match="numbers of rows"):
        Chunks.of_arrays(np.zeros((10, 1)), np.zeros((10, 1)), held_out=0.1)
