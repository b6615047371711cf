"""What comes in: names of columns, cells that are numbers, rows with weights."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight

from edgewise.data import unique_names
from edgewise.errors import SettingsError, ValuesError

_SHOWN = 5


def target_names(y: Any, outputs: int, inputs: Sequence[str]) -> tuple[str, ...]:
    """A name for each of the ``outputs`` of ``y``: that of a series, those of a frame's columns, else y, or y0, y1, ...

    Where an input has the same name, ``_target`` is put behind it.
    """
    if hasattr(y, "columns"):
        given = [str(name) for name in y.columns]
    elif isinstance(name := getattr(y, "name", None), str) and name:
        given = [name]
    else:
        given = ["y"] if outputs == 1 else [f"y{number}" for number in range(outputs)]
    names: list[str] = []
    for name in given:
        while name in inputs or name in names:
            name = f"{name}_target"
        names.append(name)
    return tuple(names)


def require_numbers(x: Any) -> None:
    """ValuesError where a column holds words, categories, dates or time spans; ColumnError for a name that comes twice."""
    if not hasattr(x, "columns") or not hasattr(x, "dtypes"):
        _require_real("X", x)
        return
    unique_names(map(str, x.columns))
    for name in x.columns:
        cells = np.asarray(x[name])
        kind = str(x[name].dtype).lower()
        if kind.startswith(("categ", "enum")) or any(isinstance(cell, str) for cell in _objects(cells)):
            raise ValuesError(
                f"column {str(name)!r} holds words or categories, and a formula is made of numbers. Encode it first, "
                f"for instance with sklearn.preprocessing.OneHotEncoder in a sklearn.compose.ColumnTransformer, or "
                f"leave it out."
            )
        _require_real(f"column {str(name)!r}", cells)


def require_numbers_to_explain(y: Any) -> None:
    """ValuesError where a target holds words: a formula gives numbers."""
    if hasattr(y, "columns"):
        unique_names(map(str, y.columns))
    _require_real("the target", y)
    words = [cell for cell in _objects(np.asarray(y).ravel()) if isinstance(cell, str)]
    if words and not all(map(_is_number, words)):
        raise ValuesError(
            f"the target holds words (like {words[0]!r}), and a formula gives numbers. For classes there is "
            "edgewise.KANClassifier."
        )


def _require_real(what: str, cells: Any) -> None:
    """ValuesError for dates and time spans (complex numbers scikit-learn refuses itself)."""
    kinds = {"M": "dates", "m": "time spans"}
    if found := kinds.get(getattr(np.asarray(cells), "dtype", np.dtype(float)).kind):
        raise ValuesError(
            f"{what} holds {found}, not real numbers. Turn them into numbers first: days since the first row, say."
        )


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def require_finite(x: np.ndarray, names: Sequence[str]) -> None:
    """ValuesError where cells of ``x`` (rows, inputs) are NaN or infinite."""
    bad = ~np.isfinite(x)
    if not bad.any():
        return
    listed = [f"{names[i]!r} in {bad[:, i].sum()} of {len(x)} rows" for i in map(int, np.flatnonzero(bad.any(0)))]
    more = f" and {len(listed) - _SHOWN} more columns" if len(listed) > _SHOWN else ""
    raise ValuesError(
        f"Input X contains NaN or infinity: column {', '.join(listed[:_SHOWN])}{more}. Drop these rows, or fill the "
        f"cells first, for instance with sklearn.impute.SimpleImputer in a pipeline."
    )


def row_weights(x: np.ndarray, sample_weight: Any) -> np.ndarray | None:
    """The weights (rows,) as finite numbers of 0 or more, None where none were given.

    Raises SettingsError for negative ones, and where none is left above zero.
    """
    if sample_weight is None:
        return None
    weights = _check_sample_weight(sample_weight, x, dtype=np.float64, allow_all_zero_weights=True)
    if (weights < 0).any():
        raise SettingsError(f"sample_weight is made of numbers of 0 or more; the least that came is {weights.min():g}.")
    if not weights.any():
        raise SettingsError(
            "the sample_weight is zero in every row, so none is left. Give some row a weight above zero."
        )
    return weights


def require_different_rows(x: np.ndarray, y: np.ndarray) -> None:
    """ValuesError unless two rows of inputs and targets differ: from a single one nothing can be learned."""
    rows = np.column_stack([x, y])
    if (rows == rows[0]).all():
        raise ValuesError(
            f"two different rows with weight are the least to learn from; there is 1 (in {len(rows)} rows). Give more "
            "rows, or weights above zero to more of them."
        )


def _objects(cells: np.ndarray) -> Sequence[Any]:
    return cells.tolist() if cells.dtype.kind in "OUT" else ()
