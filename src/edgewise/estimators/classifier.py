"""Classes told apart by log-odds that can be read."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import sympy
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from edgewise.discovery import Classification, classify
from edgewise.errors import ValuesError
from edgewise.primitives import Primitive

from .answers import require_use
from .base import DiscoveryEstimator, one_or_all
from .columns import row_weights

if TYPE_CHECKING:
    import pandas


class KANClassifier(ClassifierMixin, DiscoveryEstimator):
    """A network of functions of single columns for the log-odds of classes, and formulas beside it.

    >>> from sklearn.datasets import load_iris
    >>> x, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = KANClassifier(random_state=0).fit(x, y)
    >>> model.predict_proba(x).shape
    (150, 3)

    ``predict`` and ``predict_proba`` ask the network, whose temperature was fitted on rows left out; with
    ``use="formula"`` the formulas. ``class_weight`` is None, ``"balanced"`` or a mapping from class to weight; a row of
    ``sample_weight`` k counts as k equal rows. ``time_budget`` is in wall seconds and is not reached on small tables;
    ``random_state``, ``effort``, ``primitives`` and ``outside`` are those of `KANRegressor`.

    After ``fit``: ``classes_``, ``equations_`` (a data frame), ``formula_`` (SymPy: of two classes the log-odds of the second;
    of more, a list with those of each class but the first, whose log-odds are zero), ``discovery_`` (`Classification`).
    """

    _found_as = Classification
    discoveries_: tuple[Classification, ...]
    classes_: np.ndarray

    def __init__(
        self,
        *,
        random_state: int | np.random.RandomState | None = 0,
        time_budget: float = 60.0,
        effort: float = 1.0,
        primitives: Iterable[str | Primitive] | Mapping[str, Primitive] | None = None,
        outside: str = "warn",
        class_weight: str | Mapping[Any, float] | None = None,
    ) -> None:
        super().__init__(
            random_state=random_state, time_budget=time_budget, effort=effort, primitives=primitives, outside=outside
        )
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows ``X`` (rows, inputs) and their labels ``y`` (rows,); ``sample_weight`` (rows,) counts rows.

        Raises ValuesError for cells that are no finite numbers and where fewer than two classes have weight, SettingsError
        for settings outside what they may be. A ``fit`` that fails leaves the estimator unfitted.
        """
        self._begin()
        x, y = self._learnable(X, y)
        if np.asarray(y).dtype.kind in "mM":
            raise ValuesError(
                "the labels are dates or time spans, which cannot be kept. Name the classes by text or numbers."
            )
        check_classification_targets(y)
        weights = row_weights(x, sample_weight)
        weights = np.ones(len(x)) if weights is None else weights
        kept = weights > 0
        classes, number = np.unique(y[kept], return_inverse=True)
        if len(classes) < 2:
            raise ValuesError(
                f"KANClassifier needs rows of at least 2 classes, but the data holds only one class: {classes.tolist()}."
            )
        found = classify(
            x[kept],
            y[kept],
            names=self._names(),
            weights=weights[kept] * self._class_weights(classes, number, weights[kept])[number],
            seed=self._seed(),
            time_budget=self.time_budget,
            effort=self.effort,
            primitives=self.primitives,
        )
        self.classes_ = classes
        self.discoveries_ = (found,)
        self._say_what_was_cut()
        return self

    def _class_weights(self, classes: np.ndarray, number: np.ndarray, weights: np.ndarray) -> np.ndarray:
        if self.class_weight == "balanced":  # a row of weight k is k rows here too
            return weights.sum() / (len(classes) * np.bincount(number, weights))
        return compute_class_weight(self.class_weight, classes=classes, y=classes[number])

    def _restore(self, facts: Mapping[str, Any], found: list[bytes]) -> None:
        super()._restore(facts, found)
        self.classes_ = np.array(self.discoveries_[0].classes)

    # -- answers -----------------------------------------------------------------------------------------------------

    def predict_proba(self, X: Any, use: str = "", index: int | None = None) -> np.ndarray:
        """Probabilities (rows, classes) that add up to one, by the network, or with ``use="formula"`` by the formulas.

        ``index=2`` takes the formulas of row 2 of ``equations_``. Warns (EdgewiseWarning) of rows far outside what was
        learned from; raises FormulaError where a formula has no value, SettingsError for an ``index`` that is no row.
        """
        rows = self._rows(X)
        require_use(use)
        return self.discoveries_[0].probabilities(rows, use, index, quiet=True)

    def predict_log_proba(self, X: Any, use: str = "", index: int | None = None) -> np.ndarray:
        """The logarithms of `predict_proba`."""
        rows = self._rows(X)
        require_use(use)
        return np.log(
            np.maximum(self.discoveries_[0].probabilities(rows, use, index, quiet=True), np.finfo(float).tiny)
        )

    def decision_function(self, X: Any, use: str = "", index: int | None = None) -> np.ndarray:
        """Log-odds: (rows,) of the second of two classes, (rows, classes) of more; warns and raises as `predict_proba`."""
        return self._odds(self._rows(X), use, index)

    def predict(self, X: Any, use: str = "", index: int | None = None) -> np.ndarray:
        """The likeliest class of each row; ``use`` and ``index``, warnings and errors are those of `predict_proba`."""
        found = self._odds(self._rows(X), use, index)
        return self.classes_[(found > 0).astype(int) if found.ndim == 1 else found.argmax(1)]

    def _odds(self, rows: np.ndarray, use: str, index: int | None) -> np.ndarray:
        require_use(use)
        odds = self.discoveries_[0].log_odds(rows, use, index, quiet=True)
        return odds[:, 1] - odds[:, 0] if len(self.classes_) == 2 else odds

    # -- what was found ----------------------------------------------------------------------------------------------

    @property
    def equations_(self) -> "pandas.DataFrame":
        """The formulas: complexity, held-out log loss, equation, and which one is the pick."""
        check_is_fitted(self)
        return self.discoveries_[0].to_frame()

    @property
    def formula_(self) -> sympy.Expr | list[sympy.Expr]:
        """The log-odds in the columns' own names; a list where there are more than two classes."""
        check_is_fitted(self)
        return one_or_all(formula.sympy() for formula in self.discoveries_[0].pick.formulas)

    def latex(self) -> str | list[str]:
        """The equation in LaTeX; a list where there are more than two classes."""
        check_is_fitted(self)
        return one_or_all(formula.latex() for formula in self.discoveries_[0].pick.formulas)

    def plot(self) -> Any:
        """The network as a matplotlib figure; nothing is written."""
        from edgewise.view import plot_network

        check_is_fitted(self)
        return plot_network(self.discoveries_[0].model, self.discoveries_[0].sample).figure
