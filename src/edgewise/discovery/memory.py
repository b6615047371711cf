"""Steps and trials of networks as entries of a journal, and back.

A step is remembered as what it told the judge: expressions whose constants are already fitted, so that the judge only has to
measure them again. What cannot be read back to the last bit (functions of the user's own) is not remembered but done again.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields
from importlib.metadata import version
from math import isfinite
from typing import Any

import numpy as np
import sympy

from edgewise.data import Table
from edgewise.errors import FormulaError
from edgewise.formula import parse, to_text
from edgewise.nn import KAN, Model
from edgewise.primitives import Primitive
from edgewise.train import Certificate, Fit, History, Stage

from .architecture import Shape, Trial
from .canonical import hashed
from .journal import Entry, Journal
from .judge import Entered, Event, Judge, Replaced
from .knowledge import Knowledge

LIBRARIES = ("edgewise", "numpy", "scipy", "sympy", "torch")  # other versions may round otherwise
_POINTS = np.array([-7.3, -2.1, -0.9, -0.4, -0.05, 0.03, 0.3, 0.7, 1.2, 2.6, 9.1])  # where own primitives are compared


def about(table: Table, seed: int, effort: float, known: Knowledge, accuracy: float = 0.0, engine: str = "") -> Entry:
    """All that decides what a search finds: by what a journal knows its search again."""
    primitives = known.primitives
    return {
        "table": fingerprint(table),
        "seed": seed,
        "effort": effort,
        "set of primitives": [
            name if row.listed else f"own {name} {_checksum(row)}" for name, row in primitives.items()
        ],
        **known.as_entry(),
        "set of versions": [f"{name} {version(name)}" for name in LIBRARIES],
        **({"accuracy": accuracy} if accuracy else {}),
        **({"engine": engine} if engine else {}),
    }


def _checksum(own: Primitive) -> str:
    """Eight digits that tell primitives of one name apart: by all that is said of them, and by their values."""
    said = [getattr(own, part.name) for part in fields(own) if part.name != "formula"]
    exponents = (0.5, -1.5) if own.exponent else (None,)
    with np.errstate(all="ignore"):
        values = [own("numpy", _POINTS, *([] if n is None else [n])) for n in exponents]
    digits = [f"{value:.10g}" for value in np.ravel(np.broadcast_arrays(_POINTS, *values)[1:])]  # the last may differ
    return hashlib.sha256(repr((said, digits)).encode()).hexdigest()[:8]


def fingerprint(table: Table) -> str:
    """A checksum of a table's rows, in whatever order, and of all that stands beside them."""
    columns = [table.columns[name] for name in (*table.inputs, table.target)]
    rows = np.sort(hashed(columns if table.weights is None else [*columns, table.weights], 0))
    beside = (table.inputs, table.target, table.notes, sorted(table.units.items()), sorted(table.levels.items()))
    return hashlib.sha256(repr(beside).encode() + rows.astype("<u8").tobytes()).hexdigest()


class Steps:
    """The steps of a search that a journal (None: there is none) holds, replayed to its judge."""

    def __init__(self, journal: Journal | None, judge: Judge) -> None:
        self.journal, self.judge = journal, judge
        self.symbols = tuple(judge.prepared.symbols)

    def replay(self, name: str) -> float | None:
        """Tell the judge what the step found; the seconds that it took, None where the step must be done."""
        entry = self.journal.read(_file(name)) if self.journal else None
        if entry is None:
            return None
        self.judge.replay([self._event(event) for event in entry["events"]])
        return float(entry["seconds"])

    def keep(self, name: str, events: Iterable[Event], seconds: float) -> None:
        """Write a finished step down, if all of it can be read back."""
        if self.journal is None:
            return
        told = [self._told(event) for event in events]
        if None not in told:
            self.journal.write(_file(name), {"events": told, "seconds": seconds})

    def _told(self, event: Event) -> Entry | None:
        if isinstance(event, Replaced):
            return asdict(event)
        text = exact_text(event.expression, self.symbols)
        errors = {name: _plain(error) for name, error in event.errors.items()}
        return None if text is None else {"text": text, "errors": errors, "stage": event.stage}

    def _event(self, told: Entry) -> Event:
        if "text" not in told:
            return Replaced(**told)
        errors = {name: float(error) for name, error in told["errors"].items()}
        return Entered(parse(told["text"], self.symbols), errors, told["stage"])


class Trials:
    """The trials of networks that a journal holds; ``frame`` puts names and units around a network."""

    def __init__(self, journal: Journal, frame: Callable[[KAN], Model]) -> None:
        self.journal, self.frame = journal, frame

    def recall(self, shape: Shape, degree: int) -> Trial | None:
        """The trial of that shape as it ended, None where it must be made."""
        name = _trial(shape, degree)
        entry = self.journal.read(name)
        model = None if entry is None else self.journal.network(name, entry["network"])
        if entry is None or model is None:
            return None
        history = History(tuple(Stage(**_numbers(stage)) for stage in entry["stages"]), entry["degree"])
        return Trial(shape, Fit(model.network, history, Certificate(**_numbers(entry["certificate"]))))

    def keep(self, trial: Trial, degree: int) -> None:
        """Write a trial down, unless time or Ctrl+C has cut it."""
        history = trial.fit.history
        if history.cut or history.interrupted:
            return
        stages = [_plain_numbers(stage) for stage in history.stages]
        entry = {"stages": stages, "degree": history.degree, "certificate": _plain_numbers(trial.fit.certificate)}
        self.journal.write(_trial(trial.shape, degree), entry, self.frame(trial.fit.network))


def exact_text(expression: sympy.Expr, symbols: Sequence[str]) -> str | None:
    """The text that gives the very same expression back, None where there is none.

    >>> exact_text(parse("2.5*sin(x)"), ["x"])
    '2.5*sin(x)'
    """
    try:
        text = to_text(expression)
        again = parse(text, symbols)
    except FormulaError:
        return None
    return text if sympy.srepr(again, order="none") == sympy.srepr(expression, order="none") else None


def _file(step: str) -> str:
    return f"step-{step.replace(' ', '-')}"


def _trial(shape: Shape, degree: int) -> str:
    levels = ("+".join(map(str, level)) if isinstance(level, tuple | list) else str(level) for level in shape)
    return f"network-{'-'.join(levels)}-degree-{degree}"


def _plain(value: Any) -> Any:
    """A number as JSON can write it: what is not finite becomes text."""
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def _plain_numbers(record: Stage | Certificate) -> Entry:
    return {key: _plain(value) for key, value in asdict(record).items()}


def _numbers(told: Entry) -> dict[str, Any]:
    return {key: float(value) if isinstance(value, str) else value for key, value in told.items()}
