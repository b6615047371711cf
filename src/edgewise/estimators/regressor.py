"""A regressor that answers by a formula, or by a network where no formula is as good."""

import warnings
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import validate_data

from edgewise.errors import EdgewiseWarning, SettingsError, did_you_mean

from .answers import answer
from .base import DiscoveryEstimator
from .columns import require_finite, require_numbers, row_weights, target_names


class KANRegressor(RegressorMixin, DiscoveryEstimator):
    """Find the formula behind a table, by scikit-learn's conventions.

    ``random_state`` seeds the search (0 by default, so that the same table gives the same formula; None draws a seed).
    ``time_budget`` is in wall seconds for each output, ``effort`` multiplies the work of the search. ``primitives``
    restricts the functions of formulas, ``units`` maps columns to units, ``n_jobs`` processes try networks at the same time.
    ``outside`` says what ``predict`` does with rows far outside the ranges that were learned from (a tenth of the range
    beyond it): ``"warn"``, ``"ignore"``; ``"raise"`` refuses every row outside.

    After ``fit``: ``formula_``, ``equations_``, ``discovery_``, ``n_features_in_``, ``feature_names_in_``.
    """

    _learned = ("single_output_",)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from ``X`` (rows, inputs) and ``y`` (rows,) or (rows, outputs): one discovery for each output.

        ``sample_weight`` (rows,) says how much each row counts: weight 2 is two equal rows. Raises ValuesError for cells that are
        no finite numbers, SettingsError for settings outside what they may be.
        """
        self._check_settings()
        require_numbers(X)
        named = y
        x, y = validate_data(
            self,
            X,
            y,
            dtype=np.float64,
            multi_output=True,
            y_numeric=True,
            ensure_min_samples=2,
            ensure_all_finite=False,
        )
        names = self._names()
        require_finite(x, names)
        outputs = y.reshape(len(y), -1)
        targets = target_names(named, outputs.shape[1], names)
        self._check_units((*names, *targets))
        seed = self._seed()
        self.single_output_ = y.ndim == 1
        weights = row_weights(x, sample_weight)
        self.discoveries_ = tuple(
            self._discover(x, column, target, seed, weights) for target, column in zip(targets, outputs.T, strict=True)
        )
        return self

    def predict(self, X: Any, use: str = "", index: int | None = None) -> np.ndarray:
        """Answers (rows,), or (rows, outputs) for several outputs, for ``X`` (rows, inputs).

        By default the formula answers, or the network where that is far better and no law was found;
        ``use="formula"`` and ``use="network"`` choose, ``index=2`` takes row 2 of a front. Warns (EdgewiseWarning) of rows
        far outside what was learned from, and of rows where the formula has no real value: there the network answers.
        """
        columns = self._inputs(X)
        answers = [answer(discovery, columns, use, index) for discovery in self.discoveries_]
        return answers[0] if self.single_output_ else np.column_stack(answers)

    def predict_interval(self, X: Any, coverage: float = 0.9, use: str = "") -> tuple[np.ndarray, np.ndarray]:
        """(low, high), each shaped as `predict` answers, that hold a share ``coverage`` of new rows of the same kind.

        By split conformal prediction, see `Discovery.interval`. Raises ValuesError where there are too few rows for it.
        """
        columns = self._inputs(X)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EdgewiseWarning)  # of rows outside _inputs has spoken
            ends = [discovery.interval(columns, coverage, use) for discovery in self.discoveries_]
        if missing := int(sum(np.sum(~np.isfinite(low)) for low, _ in ends)):
            text = f"{missing} intervals are no numbers: the formula is not defined there. Try use='network'."
            warnings.warn(text, EdgewiseWarning, stacklevel=2)
        low, high = (np.column_stack(side) for side in zip(*ends, strict=True))
        return (low[:, 0], high[:, 0]) if self.single_output_ else (low, high)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags

    def _check_units(self, columns: tuple[str, ...]) -> None:
        for name in self.units or ():
            if name not in columns:
                known = ", ".join(map(repr, columns))
                raise SettingsError(
                    f"units names {name!r}, which is no column.{did_you_mean(name, columns)} Known: {known}."
                )
