"""What `classify` found."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray as Array
from scipy.special import expit, softmax

from edgewise.errors import EdgewiseWarning, FormulaError, SettingsError, StorageError, ValuesError
from edgewise.files import current, write_together
from edgewise.formula import Formula, parse
from edgewise.nn import Model
from edgewise.nn.storage import dumps, loads
from edgewise.view import network_svg

from .asked import columns_asked, outside, rows_in_words
from .packed import pack, sha256, unpack
from .saved import check_classification, check_log_odds

if TYPE_CHECKING:
    import pandas

KIND = "classification"


@dataclass(frozen=True)
class LogOdds:
    """A formula for each class but the first, whose log-odds are zero, and their log loss on rows left out."""

    formulas: tuple[Formula, ...]
    log_loss: float

    @property
    def complexity(self) -> int:
        """Names, numbers, functions and operators of all the formulas."""
        return sum(formula.complexity for formula in self.formulas)

    @property
    def text(self) -> str:
        """The equations, one after the other."""
        return "; ".join(formula.equation for formula in self.formulas)


@dataclass(frozen=True)
class Classification:
    """Log-odds as a network and as formulas.

    ``model`` answers with the log-odds of each class (of the second one, where there are two); it was trained on all
    rows, and ``network_log_loss`` is the mean loss of each row under networks that did not see it (their stiffness was
    chosen by these losses). ``steps`` are formulas by growing complexity; ``picked`` is the one with the shortest message, or
    that of all columns where rows left out find it better. ``as_good`` says whether the network is not better by more than
    two standard errors. ``rows`` counts distinct rows; ``cut`` names what the
    time budget ended early; ``sample`` are rows for pictures, ``ranges`` the least and the largest value of each column.
    """

    classes: tuple[str | int | float | bool, ...]
    inputs: tuple[str, ...]
    model: Model
    steps: tuple[LogOdds, ...]
    picked: int
    network_log_loss: float
    as_good: bool
    rows: int
    seed: int
    cut: tuple[str, ...]
    sample: Array
    ranges: Mapping[str, tuple[float, float]]

    @property
    def trusted(self) -> str:
        """What answers by default: the network, the only one of the two with a temperature fitted on rows left out."""
        return "network"

    @property
    def pick(self) -> LogOdds:
        """The formulas that were picked."""
        return self.steps[self.picked]

    def log_odds(self, x: Any, use: str = "", index: int | None = None, *, quiet: bool = False) -> Array:
        """(rows, classes) up to a number of each row's own, by the ``"network"`` or the ``"formula"``; ``trusted`` by default.

        ``x`` is a frame or a mapping of columns, taken by name, or an array (rows, inputs). Warns (EdgewiseWarning) of rows
        outside the ranges that were learned from, unless ``quiet``. ``index`` takes the formulas of one of ``steps`` (a row of
        `to_frame`), whatever ``use`` says. Raises FormulaError where a formula has no value, SettingsError for another ``use``
        and an ``index`` that is none, ValuesError for missing cells, ShapeError where ``x`` is not (rows, inputs).
        """
        step, use = (self.pick, use or self.trusted) if index is None else (self._step_at(index), "formula")
        columns = columns_asked(x, self.inputs, self.inputs)
        x = np.column_stack([columns[name] for name in self.inputs])
        if blank := int((~np.isfinite(x)).any(1).sum()):
            raise ValuesError(
                f"cells are missing or infinite in {rows_in_words(blank)}. Fill them, or leave the rows out."
            )
        for note in () if quiet else outside(self.ranges, columns):
            warnings.warn(note, EdgewiseWarning, stacklevel=2)
        if use == "network":
            found = self.model.predict(x).reshape(len(x), -1)
        elif use == "formula":
            found = np.column_stack([np.broadcast_to(f.predict(x), len(x)) for f in step.formulas])
        else:
            raise SettingsError(f"use is 'formula' or 'network', got {use!r}.")
        if missing := int((~np.isfinite(found)).any(1).sum()):
            raise FormulaError(
                f"the {use} has no finite value in {missing} of {len(x)} rows. Leave them out, or ask the network with "
                "use='network'."
            )
        return np.column_stack([np.zeros((len(x), len(self.classes) - found.shape[1])), found])

    def probabilities(self, x: Any, use: str = "", index: int | None = None, *, quiet: bool = False) -> Array:
        """(rows, classes), each row adding up to one; raises as `log_odds` does."""
        outputs = self.log_odds(x, use, index, quiet=quiet)
        if outputs.shape[1] > 2:
            return softmax(outputs, axis=1)
        above = expit(outputs[:, 1] - outputs[:, 0])
        return np.column_stack([1 - above, above])

    def _step_at(self, index: int) -> LogOdds:
        count = len(self.steps)
        if not isinstance(index, Integral) or not -count <= index < count:
            raise SettingsError(f"index is a row of equations_, 0 to {count - 1}, got {index!r}.")
        return self.steps[index]

    def to_frame(self) -> "pandas.DataFrame":
        """The formulas that were found: complexity, held-out log loss, equations, and which one is the pick."""
        import pandas

        rows = [(s.complexity, s.log_loss, s.text, at == self.picked) for at, s in enumerate(self.steps)]
        return pandas.DataFrame(rows, columns=["complexity", "log_loss", "equation", "picked"])

    def explain(self) -> str:
        """In words, what the pick is worth."""
        ended = f"\nnote: the budget ended early: {', '.join(self.cut)}." if self.cut else ""
        return f"{self._worth()}{ended}"

    def __str__(self) -> str:
        labels = ", ".join(map(str, self.classes))
        front = self.to_frame().to_string(index=False, float_format="{:.3f}".format)
        return f"{self.rows} rows, {', '.join(self.inputs)} -> {labels}\n{front}\n{self.explain()}"

    def svg(self) -> str:
        """The trained network's picture."""
        return network_svg(self.model, self.sample)

    def _repr_html_(self) -> str:
        return f"{self.svg()}<p>{escape(self.explain())}</p>{self.to_frame().to_html(index=False, float_format='{:.3f}'.format)}"

    def _worth(self) -> str:
        said = f"held-out log loss {self.pick.log_loss:.3f}, the network's {self.network_log_loss:.3f}"
        if self.as_good:
            return f"{self.pick.text}   ({said})"
        least = min(step.log_loss for step in self.steps)
        longer = (
            f"; another one, of which the rows are less sure, has {least:.3f}" if least < self.pick.log_loss else ""
        )
        return f"not as good as the network: {self.pick.text}   ({said}{longer})"

    # -- to files and back -------------------------------------------------------------------------------------------

    def save(self, folder: str | Path) -> None:
        """Write ``classification.json`` and ``network.safetensors`` into the folder (made if missing): both or none."""
        text, network = self._written()
        write_together(folder, {"classification.json": text, "network.safetensors": network})

    def to_bytes(self) -> bytes:
        """All that `save` would write, as the bytes of one safetensors file; `from_bytes` reads them."""
        text, network = self._written()
        return pack(KIND, {"text": text.encode(), "network": network})

    @classmethod
    def load(cls, folder: str | Path) -> "Classification":
        """Read what `save` wrote. Raises StorageError for a folder that holds none, or files of two of them."""
        folder = Path(folder)
        try:
            text, network = (
                current(folder, name).read_bytes() for name in ("classification.json", "network.safetensors")
            )
        except OSError as error:
            raise _no_classification(str(folder), error) from error
        return cls._read(text, network, str(folder))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Classification":
        """What `to_bytes` gave. Raises StorageError for any other bytes."""
        parts = unpack(KIND, data)
        return cls._read(parts.get("text", b""), parts.get("network", b""), "this string of bytes")

    def _written(self) -> tuple[str, bytes]:
        """The text and the network, which its checksum binds to it."""
        network = dumps(self.model)
        saved = {
            **{name: getattr(self, name) for name in ("classes", "inputs", "picked", "as_good", "rows", "seed", "cut")},
            "network_log_loss": _plain(self.network_log_loss),
            "network_sha256": sha256(network),
            "sample": self.sample.tolist(),
            "ranges": {name: list(ends) for name, ends in self.ranges.items()},
            "steps": [
                {"log_loss": _plain(s.log_loss), "formulas": [_formula_as_dict(f) for f in s.formulas]}
                for s in self.steps
            ],
        }
        return json.dumps(saved, indent=1, allow_nan=False), network

    @classmethod
    def _read(cls, text: bytes, network: bytes, name: str) -> "Classification":
        try:
            saved = check_classification(json.loads(text))
            if saved["network_sha256"] != sha256(network):
                raise ValueError("its network is not the one that its formulas were found beside")
            found = cls(
                model=loads(network, f"network.safetensors in {name}"),
                steps=tuple(
                    LogOdds(tuple(map(_formula, step["formulas"])), _number(step["log_loss"]))
                    for step in saved["steps"]
                ),
                sample=np.array(saved["sample"], dtype=float),
                ranges={name: (low, high) for name, (low, high) in saved["ranges"].items()},
                network_log_loss=_number(saved["network_log_loss"]),
                classes=tuple(saved["classes"]),
                inputs=tuple(saved["inputs"]),
                cut=tuple(saved["cut"]),
                picked=saved["picked"],
                as_good=saved["as_good"],
                rows=saved["rows"],
                seed=saved["seed"],
            )
            check_log_odds(found)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise _no_classification(name, error) from error
        return found


def _no_classification(name: str, error: Exception) -> StorageError:
    return StorageError(f"{name} holds no classification of edgewise, or a damaged one: {error}")


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _formula_as_dict(formula: Formula) -> dict[str, Any]:
    return {"target": formula.target, "text": formula.text, "symbols": dict(formula.symbols)}


def _formula(saved: Mapping[str, Any]) -> Formula:
    return Formula(saved["target"], parse(saved["text"], saved["symbols"]), saved["symbols"])
