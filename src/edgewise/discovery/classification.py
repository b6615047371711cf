"""What `classify` found."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray as Array
from scipy.special import expit, softmax

from edgewise.errors import FormulaError, ShapeError, StorageError
from edgewise.files import write_whole
from edgewise.formula import Formula, parse
from edgewise.nn import Model

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class LogOdds:
    """A formula for each class but the first, whose log-odds are zero, and their log loss on rows held out."""

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
    rows, and ``network_log_loss`` is the mean loss, on the fold that the formulas' choice was held out from, of networks
    that did not see it (their stiffness was chosen by the log loss of all rows left out, these among them). ``steps``
    are formulas by growing complexity and ``picked`` the one with the shortest message; ``as_good`` says whether the
    network is not better by more than two standard errors. ``rows`` counts distinct rows; ``cut`` names what the
    time budget ended early; ``sample`` are rows for pictures.
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

    @property
    def pick(self) -> LogOdds:
        """The formulas of the shortest message."""
        return self.steps[self.picked]

    def log_odds(self, x: Array, use: str = "network") -> Array:
        """(rows, classes) up to a number of each row's own, by the ``"network"`` or the ``"formula"``.

        Raises FormulaError for another ``use``, ShapeError where ``x`` is not (rows, inputs).
        """
        x = np.asarray(x, dtype=float)
        if x.ndim != 2 or x.shape[1] != len(self.inputs):
            raise ShapeError(f"x must be (rows, {len(self.inputs)}) for {', '.join(self.inputs)}; got {x.shape}.")
        if use == "network":
            found = self.model.predict(x).reshape(len(x), -1)
        elif use == "formula":
            found = np.column_stack([np.broadcast_to(f.predict(x), len(x)) for f in self.pick.formulas])
        else:
            raise FormulaError(f"use is 'formula' or 'network', got {use!r}.")
        missing = len(self.classes) - found.shape[1]
        return np.column_stack([np.zeros((len(x), missing)), found])

    def probabilities(self, x: Array, use: str = "network") -> Array:
        """(rows, classes), each row adding up to one; raises as `log_odds` does, and FormulaError where a formula has no
        value."""
        outputs = self.log_odds(x, use)
        if not np.isfinite(outputs).all():
            missing = int((~np.isfinite(outputs)).any(1).sum())
            raise FormulaError(f"the formula is not defined in {missing} rows. Ask the network with use='network'.")
        if outputs.shape[1] > 2:
            return softmax(outputs, axis=1)
        above = expit(outputs[:, 1] - outputs[:, 0])
        return np.column_stack([1 - above, above])

    def to_frame(self) -> "pandas.DataFrame":
        """The formulas that were found: complexity, held-out log loss, equations, and which one is the pick."""
        import pandas

        rows = [(s.complexity, s.log_loss, s.text, at == self.picked) for at, s in enumerate(self.steps)]
        return pandas.DataFrame(rows, columns=["complexity", "log_loss", "equation", "picked"])

    def explain(self) -> str:
        """In words, what the pick is worth."""
        said = f"held-out log loss {self.pick.log_loss:.3f}, the network's {self.network_log_loss:.3f}"
        if self.as_good:
            return f"{self.pick.text}   ({said})"
        return f"no formula is as good as the network; the best is {self.pick.text}   ({said})"

    # -- to files and back -------------------------------------------------------------------------------------------

    def save(self, folder: str | Path) -> None:
        """Write ``classification.json`` and ``network.safetensors`` into the folder (made if missing)."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        saved = {
            **{name: getattr(self, name) for name in ("classes", "inputs", "picked", "as_good", "rows", "seed", "cut")},
            "network_log_loss": _plain(self.network_log_loss),
            "sample": self.sample.tolist(),
            "steps": [
                {"log_loss": _plain(s.log_loss), "formulas": [_formula_as_dict(f) for f in s.formulas]}
                for s in self.steps
            ],
        }
        write_whole(folder / "classification.json", json.dumps(saved, indent=1, allow_nan=False))
        self.model.save(folder / "network.safetensors")

    @classmethod
    def load(cls, folder: str | Path) -> "Classification":
        """Read what `save` wrote. Raises StorageError for a folder that holds none."""
        folder = Path(folder)
        try:
            saved: dict[str, Any] = json.loads((folder / "classification.json").read_text(encoding="utf-8"))
            steps = tuple(
                LogOdds(tuple(map(_formula, step["formulas"])), _number(step["log_loss"])) for step in saved["steps"]
            )
            return cls(
                model=Model.load(folder / "network.safetensors"),
                steps=steps,
                sample=np.array(saved["sample"], dtype=float),
                network_log_loss=_number(saved["network_log_loss"]),
                classes=tuple(saved["classes"]),
                inputs=tuple(saved["inputs"]),
                cut=tuple(saved["cut"]),
                picked=int(saved["picked"]),
                as_good=bool(saved["as_good"]),
                rows=int(saved["rows"]),
                seed=int(saved["seed"]),
            )
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise StorageError(f"{folder} holds no classification of edgewise, or a damaged one.") from error


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _formula_as_dict(formula: Formula) -> dict[str, Any]:
    return {"target": formula.target, "text": formula.text, "symbols": dict(formula.symbols)}


def _formula(saved: Mapping[str, Any]) -> Formula:
    return Formula(saved["target"], parse(saved["text"], saved["symbols"]), saved["symbols"])
