"""Classes told apart by log-odds that can be read."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import sympy
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from edgewise.discovery import Classification, classify
from edgewise.primitives import Primitive

if TYPE_CHECKING:
    import pandas


class KANClassifier(ClassifierMixin, BaseEstimator):
    """A network of functions of single columns for the log-odds of classes, and formulas beside it.

    >>> from sklearn.datasets import load_iris
    >>> x, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = KANClassifier(random_state=0).fit(x, y)
    >>> model.predict_proba(x).shape
    (150, 3)

    ``predict`` and ``predict_proba`` ask the network, whose temperature was fitted on rows left out; with
    ``use="formula"`` the formulas. ``class_weight`` is None, ``"balanced"`` or a mapping from class to weight; a row of
    ``sample_weight`` k counts as k equal rows. ``time_budget`` is in wall seconds and is not reached on small tables;
    ``effort`` is ``"low"`` or ``"normal"``; ``primitives`` restricts the functions of formulas.

    After ``fit``: ``classes_``, ``equations_`` (a data frame), ``formula_`` (SymPy: of two classes the log-odds of the second;
    of more, a list with those of each class but the first, whose log-odds are zero), ``result_`` (`Classification`).
    """

    def __init__(
        self,
        *,
        random_state: int | np.random.RandomState | None = 0,
        time_budget: float = 60.0,
        effort: str = "normal",
        primitives: Iterable[str | Primitive] | None = None,
        class_weight: str | Mapping[Any, float] | None = None,
    ) -> None:
        self.random_state = random_state
        self.time_budget = time_budget
        self.effort = effort
        self.primitives = primitives
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows ``X`` (rows, columns) and their labels ``y`` (rows,)."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        weights = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        kept = weights > 0
        classes, number = np.unique(y[kept], return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                f"KANClassifier needs rows of at least 2 classes, but the data holds only one class: {classes.tolist()}."
            )
        weights = weights[kept] * self._class_weights(classes, number, weights[kept])[number]
        self.classes_ = classes
        names = getattr(self, "feature_names_in_", None)
        self.result_: Classification = classify(
            X[kept],
            y[kept],
            names=[f"x{i}" for i in range(X.shape[1])] if names is None else names.tolist(),
            weights=weights,
            seed=self._seed(),
            time_budget=self.time_budget,
            effort=self.effort,
            primitives=self.primitives,
        )
        return self

    def _class_weights(self, classes: np.ndarray, number: np.ndarray, weights: np.ndarray) -> np.ndarray:
        if self.class_weight == "balanced":  # a row of weight k is k rows here too
            return weights.sum() / (len(classes) * np.bincount(number, weights))
        return compute_class_weight(self.class_weight, classes=classes, y=classes[number])

    def _seed(self) -> int:
        if isinstance(self.random_state, (int, np.integer)):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    # -- answers -----------------------------------------------------------------------------------------------------

    def _rows(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return validate_data(self, X, dtype=np.float64, reset=False)

    def predict_proba(self, X: Any, use: str = "network") -> np.ndarray:
        """Probabilities (rows, classes) that add up to one, by the ``"network"`` or the ``"formula"``."""
        rows = self._rows(X)
        return self.result_.probabilities(rows, use)

    def predict_log_proba(self, X: Any, use: str = "network") -> np.ndarray:
        """The logarithms of `predict_proba`."""
        return np.log(np.maximum(self.predict_proba(X, use), np.finfo(float).tiny))

    def decision_function(self, X: Any, use: str = "network") -> np.ndarray:
        """Log-odds: (rows,) of the second of two classes, (rows, classes) of more."""
        rows = self._rows(X)
        odds = self.result_.log_odds(rows, use)
        return odds[:, 1] - odds[:, 0] if len(self.classes_) == 2 else odds

    def predict(self, X: Any, use: str = "network") -> np.ndarray:
        """The likeliest class of each row."""
        found = self.decision_function(X, use)
        return self.classes_[(found > 0).astype(int) if found.ndim == 1 else found.argmax(1)]

    # -- what was found ----------------------------------------------------------------------------------------------

    @property
    def equations_(self) -> "pandas.DataFrame":
        """The formulas: complexity, held-out log loss, equation, and which one is the pick."""
        check_is_fitted(self)
        return self.result_.to_frame()

    @property
    def formula_(self) -> sympy.Expr | list[sympy.Expr]:
        """The log-odds in the columns' own names; a list where there are more than two classes."""
        check_is_fitted(self)
        found = [formula.sympy() for formula in self.result_.pick.formulas]
        return found[0] if len(found) == 1 else found

    def latex(self) -> str:
        """The formulas as LaTeX, one a line."""
        check_is_fitted(self)
        return " \\\\\n".join(formula.latex() for formula in self.result_.pick.formulas)

    def plot(self) -> Any:
        """The network as a matplotlib figure; nothing is written."""
        from edgewise.view import plot_network

        check_is_fitted(self)
        return plot_network(self.result_.model, self.result_.sample).figure

    # -- to files and back -------------------------------------------------------------------------------------------

    def save(self, folder: str | Path) -> None:
        """Write what was learned into a folder (JSON and safetensors, no pickle)."""
        check_is_fitted(self)
        self.result_.save(folder)

    def __getstate__(self) -> dict[str, Any]:
        """Settings as they are, what was learned as text and the bytes of a safetensors file: no torch object is pickled."""
        state = dict(super().__getstate__())
        if "result_" in state:
            with TemporaryDirectory() as folder:
                state["result_"].save(folder)
                state["result_"] = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "result_" in state:
            with TemporaryDirectory() as folder:
                for name in ("classification.json", "network.safetensors"):
                    (Path(folder) / name).write_bytes(state["result_"][name])
                state = {**state, "result_": Classification.load(folder)}
        super().__setstate__(state)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """An estimator that answers as the saved one did; its settings are the defaults, but for the seed."""
        result = Classification.load(folder)
        model = cls(random_state=result.seed)
        model.result_ = result
        model.classes_ = np.array(result.classes)
        model.n_features_in_ = len(result.inputs)
        if result.inputs != tuple(f"x{i}" for i in range(len(result.inputs))):
            model.feature_names_in_ = np.array(result.inputs, dtype=object)
        return model
