"""What every estimator shares: settings, names, rows to be answered, storage. The kinds add what they learn and answer."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from numbers import Integral
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from edgewise.discovery import Classification, Discovery, checked
from edgewise.errors import EdgewiseWarning, SettingsError, StorageError
from edgewise.primitives import Primitive

from . import storage
from .answers import OUTSIDE, speak_of_outside
from .columns import require_finite, require_numbers


class DiscoveryEstimator(BaseEstimator, ABC):
    """Settings of the search, and what was discovered. ``fit`` and ``predict`` are of the kinds.

    A kind fills ``discoveries_`` (a tuple, one for each output), says of which kind these are (``_found_as``), and names
    what else it learned in ``_learned``.
    """

    _learned: tuple[str, ...] = ()
    _found_as: type[Discovery] | type[Classification]
    discoveries_: tuple[Any, ...]
    feature_names_in_: np.ndarray
    n_features_in_: int

    def __init__(
        self,
        *,
        random_state: int | np.random.RandomState | None = 0,
        time_budget: float = 60.0,
        effort: float = 1.0,
        primitives: Iterable[str | Primitive] | Mapping[str, Primitive] | None = None,
        outside: str = "warn",
    ) -> None:
        self.random_state = random_state
        self.time_budget = time_budget
        self.effort = effort
        self.primitives = primitives
        self.outside = outside

    @abstractmethod
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows ``X`` (rows, inputs) and ``y``."""

    @abstractmethod
    def predict(self, X: Any, use: str = "") -> np.ndarray:
        """Answers for rows ``X`` (rows, inputs)."""

    # -- for the kinds -----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """What an earlier ``fit`` learned goes, so that one that fails leaves no mixture; then the settings are checked."""
        for name in [name for name in vars(self) if name.endswith("_") and not name.startswith("_")]:
            delattr(self, name)
        if self.outside not in OUTSIDE:
            raise SettingsError(f"outside is one of {', '.join(map(repr, OUTSIDE))}, got {self.outside!r}.")
        checked(0, self.time_budget, self.effort)

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

    def _learnable(self, X: Any, y: Any, **checks: Any) -> tuple[np.ndarray, np.ndarray]:
        """Rows (rows, inputs) and targets to learn from, after scikit-learn's ``checks`` and ours."""
        require_numbers(X)
        x, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite=False, **checks)
        require_finite(x, self._names())
        return x, y

    def _rows(self, X: Any) -> np.ndarray:
        """Rows (rows, inputs) to be answered, after the same checks; speaks of those far outside what was learned from."""
        check_is_fitted(self)
        require_numbers(X)
        x = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite=False)
        require_finite(x, self._names())
        ranges = {name: ends for discovery in self.discoveries_ for name, ends in discovery.ranges.items()}
        speak_of_outside(ranges, self._columns(x), self.outside)
        return x

    def _columns(self, x: np.ndarray) -> dict[str, np.ndarray]:
        return dict(zip(self._names(), x.T, strict=True))

    # -- what was found ----------------------------------------------------------------------------------------------

    def __sklearn_is_fitted__(self) -> bool:
        return bool(self.__dict__.get("discoveries_"))

    @property
    def discovery_(self) -> Any:
        """What was found: a Discovery (a list of them for several outputs), or a Classification."""
        check_is_fitted(self)
        return one_or_all(self.discoveries_)

    def _html_repr(self) -> str:
        """scikit-learn's own HTML; of a fitted estimator also the picture and what was found, for each output."""
        found = self.discoveries_ if self.__sklearn_is_fitted__() else ()
        return "".join([super()._html_repr(), *(discovery._repr_html_() for discovery in found)])

    def _say_what_was_cut(self) -> None:
        """Warn (EdgewiseWarning) where the time budget ended stages: more of it might give another answer."""
        cut = dict.fromkeys(stage for discovery in self.discoveries_ for stage in discovery.cut)
        if cut:
            text = (
                f"the time budget of {self.time_budget:g} s ended early: {', '.join(cut)}. Give more, or less effort."
            )
            warnings.warn(text, EdgewiseWarning, stacklevel=3)

    # -- to bytes and back -------------------------------------------------------------------------------------------

    def save(self, path: str | Path) -> None:
        """Write one safetensors file with settings, formulas and networks; ``load`` reads it.

        Raises StorageError for settings that are no plain values (a primitive of your own).
        """
        check_is_fitted(self)
        storage.write(path, storage.dumps(self._described(), [found.to_bytes() for found in self.discoveries_]))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The fitted estimator that ``save`` wrote. Raises StorageError for anything else, a pickle among it."""
        described, found = storage.loads(storage.read(path))
        try:
            if described["class"] != cls.__name__:
                raise StorageError(
                    f"{path} holds a {described['class']}, not a {cls.__name__}. "
                    f"Read it with {described['class']}.load."
                )
            estimator = cls(**{name: storage.setting(saved) for name, saved in described["settings"].items()})
            estimator._restore(described["learned"], found)
        except StorageError:
            raise
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise StorageError(f"{path} is no fitted {cls.__name__}, or a damaged one.") from error
        return estimator

    def _described(self) -> dict[str, Any]:
        settings = self.get_params(deep=False)
        if isinstance(settings["random_state"], np.random.RandomState):
            settings["random_state"] = self.discoveries_[0].seed
        plain = {name: storage.plain(name, value) for name, value in settings.items()}
        return {"class": type(self).__name__, "settings": plain, "learned": self._facts()}

    def _facts(self) -> dict[str, Any]:
        names = getattr(self, "feature_names_in_", None)
        facts = {"n_features_in_": self.n_features_in_, "feature_names_in_": None if names is None else list(names)}
        return facts | {name: getattr(self, name) for name in self._learned}

    def _restore(self, facts: Mapping[str, Any], found: list[bytes]) -> None:
        if (names := facts["feature_names_in_"]) is not None:
            self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = int(facts["n_features_in_"])
        for name in self._learned:
            setattr(self, name, facts[name])
        self.discoveries_ = tuple(map(self._found_as.from_bytes, found))
        if not found or any(set(one.inputs) - set(self._names()) for one in self.discoveries_):
            raise StorageError("the file holds no discovery of the estimator's columns, so it is no fitted estimator.")

    def __getstate__(self) -> dict[str, Any]:
        """Settings as they are, discoveries as the bytes of safetensors files: no torch object is pickled."""
        state = dict(super().__getstate__())
        if "discoveries_" in state:
            state["discoveries_"] = [discovery.to_bytes() for discovery in state["discoveries_"]]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "discoveries_" in state:
            state = {**state, "discoveries_": tuple(map(self._found_as.from_bytes, state["discoveries_"]))}
        super().__setstate__(state)


def one_or_all(values: Iterable[Any]) -> Any:
    """The value itself where there is one, else all of them as a list."""
    values = list(values)
    return values[0] if len(values) == 1 else values
