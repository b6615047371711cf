"""A regressor that answers by a formula, or by a network where no formula is as good."""

import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

import joblib
import numpy as np
import sympy
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from edgewise.data import Table
from edgewise.discovery import Discovery, discover
from edgewise.errors import EdgewiseWarning, SettingsError, did_you_mean
from edgewise.primitives import Primitive

from .answers import answer
from .base import DiscoveryEstimator, one_or_all
from .columns import require_different_rows, require_numbers_to_explain, row_weights, target_names
from .constant import constant_discovery, require_possible, why_constant

if TYPE_CHECKING:
    import pandas


EXAMPLES = {"units": "{'v': 'm/s'}", "shapes": "{'L': 'increasing'}"}


class KANRegressor(RegressorMixin, DiscoveryEstimator):
    """Find the formula behind a table, by scikit-learn's conventions.

    ``random_state`` seeds the search (0 by default, so that the same table gives the same formula; None draws a seed).
    ``time_budget`` is in wall seconds for each output, ``effort`` multiplies the work of the search. ``units`` (by column),
    ``known``, ``shapes``, ``primitives``, ``functions``, ``without``, ``preferred`` and ``max_complexity`` say what you know, as
    for `discover`, and so is ``engine``; ``n_jobs`` processes try networks at the same time.
    ``outside`` says what ``predict`` does with rows far outside the ranges that were learned from (a tenth of the range
    beyond it): ``"warn"``, ``"ignore"``; ``"raise"`` refuses every row outside.

    After ``fit``: ``formula_``, ``equations_``, ``discovery_``, ``n_features_in_``, ``feature_names_in_``.
    """

    _learned = ("single_output_",)
    _found_as = Discovery
    discoveries_: tuple[Discovery, ...]

    def __init__(
        self,
        *,
        random_state: int | np.random.RandomState | None = 0,
        time_budget: float = 60.0,
        effort: float = 1.0,
        primitives: Iterable[str | Primitive] | Mapping[str, Primitive] | None = None,
        functions: Iterable[str] | None = None,
        without: Iterable[str] | None = None,
        preferred: Iterable[str] | None = None,
        max_complexity: int | None = None,
        units: Mapping[str, str] | None = None,
        known: str | None = None,
        shapes: Mapping[str, str] | None = None,
        engine: str | None = None,
        n_jobs: int | None = None,
        outside: str = "warn",
    ) -> None:
        super().__init__(
            random_state=random_state, time_budget=time_budget, effort=effort, primitives=primitives, outside=outside
        )
        self.functions = functions
        self.without = without
        self.preferred = preferred
        self.max_complexity = max_complexity
        self.units = units
        self.known = known
        self.shapes = shapes
        self.engine = engine
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from ``X`` (rows, inputs) and ``y`` (rows,) or (rows, outputs): one discovery for each output.

        ``sample_weight`` (rows,) says how much each row counts: weight 2 is two equal rows. Raises ValuesError for cells that are
        no finite numbers and where fewer than two different rows have weight, SettingsError for settings outside what they
        may be. A ``fit`` that fails leaves the estimator unfitted.
        """
        self._begin()
        require_numbers_to_explain(y)
        x, found = self._learnable(X, y, multi_output=True, y_numeric=True, ensure_min_samples=2)
        weights = row_weights(x, sample_weight)
        outputs = found.reshape(len(found), -1).astype(np.float64)
        targets = target_names(y, outputs.shape[1], self._names())
        self._check_columns((*self._names(), *targets))
        if weights is not None:
            kept = weights > 0
            x, outputs, weights = x[kept], outputs[kept], weights[kept]
        require_different_rows(x, outputs)
        seed = self._seed()
        discoveries = [
            self._discover(x, column, target, seed, weights) for target, column in zip(targets, outputs.T, strict=True)
        ]
        self.single_output_ = found.ndim == 1
        self.discoveries_ = tuple(discoveries)
        self._say_what_was_cut()
        return self

    def predict(self, X: Any, use: str = "", index: int | None = None) -> np.ndarray:
        """Answers (rows,), or (rows, outputs) for several outputs, for ``X`` (rows, inputs).

        By default the formula answers, or the network where that is far better and no law was found;
        ``use="formula"`` and ``use="network"`` choose, ``index=2`` takes row 2 of a front. Warns (EdgewiseWarning) of rows
        far outside what was learned from, and of rows where the formula has no real value: there the network answers.
        """
        columns = self._columns(self._rows(X))
        answers = [answer(discovery, columns, use, index) for discovery in self.discoveries_]
        return answers[0] if self.single_output_ else np.column_stack(answers)

    def predict_interval(self, X: Any, coverage: float = 0.9, use: str = "") -> tuple[np.ndarray, np.ndarray]:
        """(low, high), each shaped as `predict` answers, that hold a share ``coverage`` of new rows of the same kind.

        By split conformal prediction, see `Discovery.interval`. Raises ValuesError where there are too few rows for it.
        """
        columns = self._columns(self._rows(X))  # which has spoken of rows outside, so that the intervals are quiet
        ends = [discovery.interval(columns, coverage, use, quiet=True) for discovery in self.discoveries_]
        if missing := int(sum(np.sum(~np.isfinite(low)) for low, _ in ends)):
            text = f"{missing} intervals are no numbers: the formula is not defined there. Try use='network'."
            warnings.warn(text, EdgewiseWarning, stacklevel=2)
        low, high = (np.column_stack(side) for side in zip(*ends, strict=True))
        return (low[:, 0], high[:, 0]) if self.single_output_ else (low, high)

    # -- what was found ----------------------------------------------------------------------------------------------

    @property
    def formula_(self) -> sympy.Expr | list[sympy.Expr]:
        """The pick as a SymPy expression in the columns' own names; a list for several outputs. None where none is."""
        check_is_fitted(self)
        return one_or_all(d.formula.sympy() if d.formula else None for d in self.discoveries_)

    @property
    def equations_(self) -> "pandas.DataFrame":
        """The front: complexity, rmse, r2, score, equation of each formula; with several outputs a column ``output``."""
        import pandas

        check_is_fitted(self)
        frames = [d.front.to_frame() for d in self.discoveries_]
        if len(frames) == 1:
            return frames[0]
        named = [frame.assign(output=d.target) for frame, d in zip(frames, self.discoveries_, strict=True)]
        return pandas.concat(named, ignore_index=True)

    def latex(self) -> str | list[str]:
        """The equation in LaTeX; a list for several outputs."""
        check_is_fitted(self)
        return one_or_all(d.formula.latex() if d.formula else "" for d in self.discoveries_)

    def plot(self) -> Any:
        """The front of the first output as a figure of matplotlib; nothing is written or shown."""
        from edgewise.view import plot_front

        check_is_fitted(self)
        return plot_front(self.discoveries_[0].front).figure

    # -- how it is learned -------------------------------------------------------------------------------------------

    def _discover(self, x: np.ndarray, y: np.ndarray, target: str, seed: int, weights: np.ndarray | None) -> Discovery:
        """One discovery for rows (rows, inputs), one output (rows,) and weights (rows,); a constant where nothing varies."""
        names = self._names()
        said: dict[str, Any] = {
            "known": self.known,
            "primitives": self.primitives,
            "functions": self.functions,
            "without": self.without,
            "preferred": self.preferred,
            "max_complexity": self.max_complexity,
            **{
                role: {name: words for name, words in given.items() if name in (*names, target)} or None
                for role, given in self._by_column().items()
            },
        }
        if note := why_constant(x, y, target):
            require_possible(x, y, names, target, weights, said)
            return constant_discovery(x, y, names, target, seed, note, weights)
        table = Table.from_arrays(x, y, names=names, target=target, weights=weights)
        return discover(
            table,
            seed=seed,
            time_budget=self.time_budget,
            effort=self.effort,
            workers=joblib.effective_n_jobs(self.n_jobs),
            engine=self.engine,
            **said,
        )

    def _by_column(self) -> dict[str, Mapping[str, str]]:
        """What was said of columns, by its name. Raises SettingsError for what is no mapping."""
        said: dict[str, Any] = {"units": self.units, "shapes": self.shapes}
        given = {role: {} if value is None or value is False else value for role, value in said.items()}
        for role, value in given.items():
            if not isinstance(value, Mapping):
                raise SettingsError(
                    f"{role} maps columns to words, like {EXAMPLES[role]}, got {value!r}. The rows of an estimator carry no "
                    f"{role} of their own: give them by column, or None."
                )
        return given

    def _check_columns(self, columns: tuple[str, ...]) -> None:
        for role, given in self._by_column().items():
            for name in given:
                if name not in columns:
                    known = ", ".join(map(repr, columns))
                    raise SettingsError(
                        f"{role} names {name!r}, which is no column.{did_you_mean(name, columns)} Known: {known}."
                    )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags
