"""Datasets as pykan knows them: a dict of four arrays, checked before anything is trained."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from edgewise.errors import SettingsError, ShapeError, ValuesError, unknown
from edgewise.train import TrainingData

from .settings import number, pair, whole

KEYS = ("train_input", "train_label", "test_input", "test_label")
Dataset = dict[str, Tensor]


def create_dataset(
    f: Callable[[Tensor], Tensor],
    n_var: int = 2,
    ranges: Any = (-1, 1),
    train_num: int = 1000,
    test_num: int = 1000,
    seed: int = 0,
) -> Dataset:
    """Rows drawn evenly from ``ranges`` (one pair, or one a column), in float64, with ``f(x)`` of each.

    ``f`` takes (rows, n_var) and gives (rows,) or (rows, outputs). Raises ShapeError for another number of
    rows, SettingsError for ranges that are not one pair or ``n_var`` pairs.
    """
    n_var, rows = whole("n_var", n_var, 1), whole("train_num", train_num, 1) + whole("test_num", test_num)
    box = _box(ranges, n_var)
    generator = torch.Generator().manual_seed(whole("seed", seed))
    unit = torch.rand(rows, n_var, generator=generator, dtype=torch.float64)
    x = box[:, 0] + (box[:, 1] - box[:, 0]) * unit
    y = as_columns(f(x), "the values of f")
    if len(y) != rows:
        raise ShapeError(f"f must give one row for each of its {rows}, got shape {tuple(y.shape)}.")
    return dict(zip(KEYS, (x[:train_num], y[:train_num], x[train_num:], y[train_num:]), strict=True))


def _box(ranges: Any, n_var: int) -> Tensor:
    """(n_var, 2), low and high of each column."""
    try:
        pairs = torch.as_tensor(ranges, dtype=torch.float64).tolist()
    except (TypeError, ValueError, RuntimeError) as error:
        raise SettingsError(f"ranges is one pair (low, high) or {n_var}, one a column; got {ranges!r}.") from error
    one = not (isinstance(pairs, list) and pairs and isinstance(pairs[0], list))
    pairs = [pairs] * n_var if one else pairs
    if len(pairs) != n_var:
        raise SettingsError(f"ranges is one pair (low, high) or {n_var}, one a column; got {len(pairs)} pairs.")
    return torch.tensor([pair("ranges", ends) for ends in pairs], dtype=torch.float64)


def create_dataset_from_data(inputs: Any, labels: Any, train_ratio: float = 0.8, seed: int = 0) -> Dataset:
    """Rows split at random: ``train_ratio`` of them to train on, the others to test."""
    if not 0 < number("train_ratio", train_ratio) < 1:
        raise SettingsError(f"train_ratio must lie between 0 and 1, got {train_ratio}.")
    x, y = as_columns(inputs, "inputs"), as_columns(labels, "labels")
    data = TrainingData.split(x, y, held_out=1 - train_ratio, seed=seed)
    return dict(zip(KEYS, (data.x, data.y, data.x_held, data.y_held), strict=True))


def as_columns(values: Any, what: str) -> Tensor:
    """(rows, columns) in float64; a vector is one column. Raises ShapeError, or ValuesError with the number of bad cells."""
    tensor = torch.as_tensor(values).detach().to(torch.float64)
    if tensor.ndim == 1:
        tensor = tensor.unsqueeze(1)
    if tensor.ndim != 2:
        raise ShapeError(f"{what} must be (rows, columns), got shape {tuple(tensor.shape)}.")
    bad = int((~tensor.isfinite()).sum())
    if bad:
        raise ValuesError(
            f"{bad} of {tensor.numel()} cells of {what} are NaN or infinite; drop or mend these rows first."
        )
    return tensor


def has_classes(dataset: Mapping[str, Any]) -> bool:
    """Whether the labels are numbers of classes: whole ones in a vector, as `torch.nn.CrossEntropyLoss` takes them."""
    labels = torch.as_tensor(dataset["train_label"]) if "train_label" in dataset else torch.zeros(())
    return labels.ndim == 1 and not (labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool)


def training_data(dataset: Mapping[str, Any], n_in: int, n_out: int, classes: bool = False) -> TrainingData:
    """The four arrays, checked; the test part may be left out. ``classes``: labels number the outputs."""
    if not isinstance(dataset, Mapping):
        raise SettingsError(f"a dataset is a dict with the keys {', '.join(KEYS)}; got a {type(dataset).__name__}.")
    for key in dataset:
        if key not in KEYS:
            raise unknown("key of a dataset", key, KEYS)
    missing = [key for key in KEYS[:2] if key not in dataset]
    if missing or ("test_input" in dataset) != ("test_label" in dataset):
        raise SettingsError(
            f"a dataset needs train_input and train_label, and both test parts or none; got {sorted(dataset)}."
        )
    x, y = (as_columns(dataset[key], key) for key in KEYS[:2])
    held = [
        as_columns(dataset[key], key) if key in dataset else part[:0]
        for key, part in zip(KEYS[2:], (x, y), strict=True)
    ]
    for key, part, columns in zip(KEYS, (x, y, *held), (n_in, 1 if classes else n_out) * 2, strict=True):
        if part.shape[1] != columns:
            raise ShapeError(
                f"{key} has {part.shape[1]} columns, but the network has {columns}: give it just these"
                f"{'' if 'input' in key else ', or numbers of classes together with a loss_fn that takes them'}."
            )
    if classes:
        _require_classes(torch.cat([y, held[1]]), n_out)
    if len(x) < 2:
        raise ValuesError(f"two rows to train on are the least, got {len(x)}.")
    return TrainingData(x, y, *held)


def _require_classes(labels: Tensor, n_out: int) -> None:
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= n_out:
        raise ValuesError(
            f"classes are numbered from 0 to {n_out - 1}, one an output; the labels run from {low} to {high}."
        )
