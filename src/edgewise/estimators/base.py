"""What every estimator of a discovery shares: settings, results, storage. The kinds add what they learn and answer."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import joblib
import numpy as np
import sympy
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from edgewise.data import Table
from edgewise.discovery import Discovery, discover
from edgewise.errors import SettingsError, StorageError
from edgewise.primitives import Primitive

from . import storage
from .answers import OUTSIDE, speak_of_outside
from .columns import require_finite, require_numbers
from .constant import constant_discovery, why_constant

if TYPE_CHECKING:
    import pandas

_PLAIN = (str, int, float, bool, type(None))


class DiscoveryEstimator(BaseEstimator, ABC):
    """Settings of the search, and what one discovery for each output shows. ``fit`` and ``predict`` are of the kinds.

    A kind fills ``discoveries_`` (a tuple, one for each output) and names what else it learned in ``_learned``.
    """

    _learned: tuple[str, ...] = ()

    def __init__(
        self,
        *,
        random_state: int | np.random.RandomState | None = 0,
        time_budget: float = 60.0,
        effort: float = 1.0,
        primitives: Iterable[str | Primitive] | Mapping[str, Primitive] | None = None,
        units: Mapping[str, str] | None = None,
        n_jobs: int | None = None,
        outside: str = "warn",
    ) -> None:
        self.random_state = random_state
        self.time_budget = time_budget
        self.effort = effort
        self.primitives = primitives
        self.units = units
        self.n_jobs = n_jobs
        self.outside = outside

    @abstractmethod
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows ``X`` (rows, inputs) and ``y``."""

    @abstractmethod
    def predict(self, X: Any) -> np.ndarray:
        """Answers for rows ``X`` (rows, inputs)."""

    # -- for the kinds -----------------------------------------------------------------------------------------------

    def _check_settings(self) -> None:
        if self.outside not in OUTSIDE:
            raise SettingsError(f"outside is one of {', '.join(map(repr, OUTSIDE))}, got {self.outside!r}.")
        if not isinstance(self.time_budget, int | float) or not self.time_budget > 0:
            raise SettingsError(f"time_budget is a number of seconds above 0, got {self.time_budget!r}.")
        if not isinstance(self.effort, int | float) or not 0 < self.effort < np.inf:
            raise SettingsError(f"effort multiplies the work of the search: a number above 0, got {self.effort!r}.")

    def _seed(self) -> int:
        """The seed of a run. None draws a new one; numpy's global state is never touched."""
        given = self.random_state
        if given is None:
            return int(np.random.default_rng().integers(2**31))
        if isinstance(given, np.random.RandomState):
            return int(given.randint(2**31 - 1))
        if isinstance(given, Integral) and given >= 0:
            return int(given)
        raise SettingsError(f"random_state is None, a whole number of 0 or more, or a RandomState; got {given!r}.")

    def _names(self) -> tuple[str, ...]:
        """The names of the inputs: those of a data frame, else x0, x1, ..."""
        known = getattr(self, "feature_names_in_", None)
        return tuple(map(str, known)) if known is not None else tuple(f"x{i}" for i in range(self.n_features_in_))

    def _inputs(self, X: Any) -> dict[str, np.ndarray]:
        """Rows to be answered, by column, after scikit-learn's checks."""
        check_is_fitted(self)
        require_numbers(X)
        x = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite=False)
        require_finite(x, self._names())
        columns = dict(zip(self._names(), x.T, strict=True))
        for discovery in self.discoveries_:
            speak_of_outside(discovery, columns, self.outside)
        return columns

    def _discover(
        self, x: np.ndarray, y: np.ndarray, target: str, seed: int, weights: np.ndarray | None = None
    ) -> Discovery:
        """One discovery for rows (rows, inputs), one output (rows,) and weights (rows,); a constant where nothing varies."""
        if weights is not None:
            x, y, weights = x[weights > 0], y[weights > 0], weights[weights > 0]
        names = self._names()
        units = {name: unit for name, unit in (self.units or {}).items() if name in (*names, target)}
        if note := why_constant(x, y, target):
            return constant_discovery(x, y, names, target, seed, note, weights)
        table = Table.from_arrays(x, y, names=names, target=target, units=units, weights=weights)
        return discover(
            table,
            seed=seed,
            time_budget=self.time_budget,
            effort=self.effort,
            primitives=self.primitives,
            workers=joblib.effective_n_jobs(self.n_jobs),
        )

    # -- what was found ----------------------------------------------------------------------------------------------

    def __sklearn_is_fitted__(self) -> bool:
        return bool(self.__dict__.get("discoveries_"))

    def _one_or_all(self, values: list[Any]) -> Any:
        return values[0] if len(values) == 1 else values

    @property
    def discovery_(self) -> Any:
        """The Discovery; a list of them for several outputs."""
        check_is_fitted(self)
        return self._one_or_all(list(self.discoveries_))

    @property
    def formula_(self) -> sympy.Expr | list[sympy.Expr]:
        """The pick as a SymPy expression in the columns' own names; a list for several outputs. None where none is."""
        check_is_fitted(self)
        return self._one_or_all([d.formula.sympy() if d.formula else None for d in self.discoveries_])

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
        return self._one_or_all([d.formula.latex() if d.formula else "" for d in self.discoveries_])

    def plot(self) -> Any:
        """The front of the first output as a figure of matplotlib; nothing is written or shown."""
        from edgewise.view import plot_front

        check_is_fitted(self)
        return plot_front(self.discoveries_[0].front).figure

    def _html_repr(self) -> str:
        """scikit-learn's own HTML; for a fitted estimator also the picture, the constants and the front of each output."""
        found = self.discoveries_ if self.__sklearn_is_fitted__() else ()
        return "".join([super()._html_repr(), *(discovery._repr_html_() for discovery in found)])

    # -- to bytes and back -------------------------------------------------------------------------------------------

    def save(self, path: str | Path) -> None:
        """Write one safetensors file with settings, formulas and networks; ``load`` reads it.

        Raises StorageError for settings that are no plain values (a primitive of your own).
        """
        check_is_fitted(self)
        storage.write(path, storage.dumps(self._described(), self.discoveries_))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The fitted estimator that ``save`` wrote. Raises StorageError for anything else, a pickle among it."""
        described, discoveries = storage.loads(storage.read(path))
        try:
            if described["class"] != cls.__name__:
                raise StorageError(f"{path} holds a {described['class']}, not a {cls.__name__}.")
            estimator = cls(**described["settings"])
            estimator._restore(described, discoveries)
        except (KeyError, TypeError, ValueError) as error:
            raise (
                error
                if isinstance(error, StorageError)
                else StorageError(f"{path} is no fitted {cls.__name__}, or a damaged one.")
            ) from error
        return estimator

    def _described(self) -> dict[str, Any]:
        settings = self.get_params(deep=False)
        if isinstance(settings["random_state"], np.random.RandomState):
            settings["random_state"] = self.discoveries_[0].seed
        for name, value in settings.items():
            settings[name] = _plain(name, value)
        return {"class": type(self).__name__, "settings": settings, "learned": self._facts()}

    def _facts(self) -> dict[str, Any]:
        names = getattr(self, "feature_names_in_", None)
        facts = {"n_features_in_": self.n_features_in_, "feature_names_in_": None if names is None else list(names)}
        return facts | {name: getattr(self, name) for name in self._learned}

    def _restore(self, described: Mapping[str, Any], discoveries: list[Discovery]) -> None:
        facts = dict(described["learned"])
        if (names := facts.pop("feature_names_in_")) is not None:
            self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = int(facts.pop("n_features_in_"))
        for name in self._learned:
            setattr(self, name, facts[name])
        if not discoveries:
            raise StorageError("the file holds no discovery, so it is no fitted estimator.")
        self.discoveries_ = tuple(discoveries)

    def __getstate__(self) -> dict[str, Any]:
        """Settings as they are; discoveries as the bytes of a safetensors file, so that no torch object is pickled."""
        state = dict(super().__getstate__())
        if "discoveries_" in state:
            state["discoveries_"] = storage.dumps({}, state["discoveries_"])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "discoveries_" in state:
            state = {**state, "discoveries_": tuple(storage.loads(state["discoveries_"])[1])}
        super().__setstate__(state)


def _plain(name: str, value: Any) -> Any:
    """A setting as JSON has it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping) and all(isinstance(part, str) for item in value.items() for part in item):
        return dict(value)
    if isinstance(value, list | tuple | set | frozenset) and all(isinstance(part, str) for part in value):
        return sorted(value) if isinstance(value, set | frozenset) else list(value)
    if isinstance(value, _PLAIN):
        return value
    raise StorageError(f"the setting {name} is no plain value ({value!r}), and only plain ones are written to a file.")
