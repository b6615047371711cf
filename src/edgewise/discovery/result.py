"""What a discovery found."""

import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgewise.errors import EdgewiseWarning, FormulaError, SettingsError, StorageError, ValuesError
from edgewise.files import current, held, read_current, write_together
from edgewise.formula import Formula, Front
from edgewise.nn import Model
from edgewise.nn.storage import dumps, loads
from edgewise.symbolic import compile_model
from edgewise.view import network_svg, plot_network

from . import shown
from .asked import columns_asked, outside, rows_in_words
from .calibration import LEFT_OUT, Calibration
from .conformal import half_width
from .explained import Reason, idle_line, words
from .journal import forget
from .packed import pack, sha256, unpack
from .rest import Rest
from .saved import check, check_calibration, check_front

KIND = "discovery"

USES = ("formula", "network")


@dataclass(frozen=True)
class Step:
    """One step of the search: what it did and the least held-out error (over the target's spread) when it ended."""

    name: str
    found: str
    error: float
    seconds: float


@dataclass(frozen=True)
class Discovery:
    """The front of formulas, the network, and how both were found.

    ``formula`` is the front's pick (None if there is none), ``verified`` whether it is at the noise floor; ``model`` is
    the network (None where the table is too small for one) of ``network_shape`` (a pair is a level of nodes that add and
    nodes that multiply), ``rate`` its certificate (degree + 1 = 4 when the graph can
    hold the function). ``cut`` names the stages that the time budget ended early. ``rows`` counts the table's rows.
    ``test_rmse`` and ``test_r2`` are the pick's errors on rows that no step looked at (nan in tables of less than 200
    different inputs), ``calibration`` the rows that intervals can be read from. ``reason`` is why the pick is
    the pick, in numbers (see `explain`). ``levels`` are the table's: the words that became columns of 0 and 1. ``known`` is
    the part of the law that was told beforehand, with dots for what was searched for: formulas, errors and answers are of
    the whole, ``model`` is of the dots alone.
    """

    target: str
    inputs: tuple[str, ...]
    formula: Formula | None
    front: Front
    verified: bool
    model: Model | None
    network_shape: tuple[int | tuple[int, int], ...]
    network_rmse: float
    network_r2: float
    rate: float
    rows: int
    seconds: float
    seed: int
    cut: tuple[str, ...]
    warnings: tuple[str, ...]
    steps: tuple[Step, ...]
    sample: np.ndarray
    ranges: Mapping[str, tuple[float, float]]
    test_rmse: float = np.nan
    test_r2: float = np.nan
    calibration: Calibration | None = None
    reason: Reason | None = None
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    known: str = ""

    @property
    def trusted(self) -> str:
        """What answers by default: the formula, but the network where no law was found and its error is half or less."""
        if self.formula is None:
            return "network"
        better = self.model is not None and 2 * self.network_rmse < self.formula.rmse
        return "network" if better and not self.verified else "formula"

    def predict(self, x: Any, use: str = "", index: int | None = None) -> np.ndarray:
        """Answers (rows,) of the formula (``use="formula"``) or the network (``"network"``); of ``trusted`` by default.

        ``index`` takes that formula of the front, whatever ``use`` says.
        ``x`` is a table, a frame of pandas or polars or a mapping of columns, from which they are taken by name, or an
        array (rows, inputs) in the order of ``inputs``. Warns (EdgewiseWarning) of rows outside the ranges that were
        learned from, and of answers that are no numbers.
        """
        formula = self._formula_of(use or self.trusted) if index is None else self.front.at(index)
        columns = self._columns(x, formula)
        answers = self._answers(columns, formula)
        for note in self._doubts(columns, answers):
            warnings.warn(note, EdgewiseWarning, stacklevel=2)
        return answers

    def interval(
        self, x: Any, coverage: float = 0.9, use: str = "", *, quiet: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """(low, high), (rows,) each, that hold a share ``coverage`` of new rows of the same kind; ``x`` and ``use`` as for
        `predict`.

        By split conformal prediction on ``calibration``: one width for all rows, right on average over them. In tables of
        less than 200 different inputs the residuals are of rows that the search has used, see ``calibration.kind``; then
        the coverage is about what is asked. Raises ValuesError where there are too few rows for the coverage, or where the
        network has seen them all; warns as `predict` does, unless ``quiet``.
        """
        chosen = use or self.trusted
        formula = self._formula_of(chosen)
        columns = self._columns(x, formula)
        answers = self._answers(columns, formula)
        for note in () if quiet else self._doubts(columns, answers):
            warnings.warn(note, EdgewiseWarning, stacklevel=2)
        weights = None if self.calibration is None else self.calibration.weights
        width = half_width(self._residuals(chosen), coverage, weights)
        return answers - width, answers + width

    def _residuals(self, use: str) -> np.ndarray:
        """What the formula or the network missed by on the calibration rows."""
        known = self.calibration
        if known is None:
            raise ValuesError(
                "this run holds no rows that intervals could be read from (no formula was found, or there was one row only), so "
                "none can be given."
            )
        if use == "formula":
            return known.residuals
        if known.kind == LEFT_OUT or self.model is None:
            raise ValuesError(
                f"the network has learned from all {len(known.y)} rows of this small table, so its own errors on new rows "
                "are not known. Ask for the interval of the formula: --use formula (in Python: use='formula')."
            )
        return known.y - self.by_network(dict(zip(self.inputs, known.x.T, strict=True)))

    def _doubts(self, columns: Mapping[str, np.ndarray], answers: np.ndarray) -> Iterator[str]:
        yield from outside(self.ranges, columns)
        absent = np.any([~np.isfinite(cells) for cells in columns.values()], axis=0)
        if blank := int(np.sum(absent)):
            yield f"a cell is missing in {rows_in_words(blank)}, so that there may be no answer."
        if missing := int(np.sum(~np.isfinite(answers) & ~absent)):
            yield f"the answer is no number in {rows_in_words(missing)}: the formula is not defined there."

    def _formula_of(self, use: str) -> Formula | None:
        """The formula that answers, None for the network; an error where what is to answer is not there."""
        if use not in USES:
            raise _unknown_use(use)
        if use == "formula":
            if self.formula is None:
                raise FormulaError("no formula was found; ask the network: --use network (in Python: use='network').")
            return self.formula
        self._require_network()
        return None

    def _answers(self, columns: Mapping[str, np.ndarray], formula: Formula | None) -> np.ndarray:
        """Answers (rows,) of the formula, or of the network without one."""
        if formula is None:
            return self.by_network(columns)
        return np.broadcast_to(formula.predict(columns), (len(next(iter(columns.values()))),)).copy()

    def by_network(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Answers (rows,) of the network, and of what is known beside it, for columns by name."""
        model = self._require_network()
        answers = model.predict(np.column_stack([columns[name] for name in model.inputs]))
        if not self.known:
            return answers
        beside, times = Rest.read(self.known, self.inputs).values(columns, len(answers))
        return beside + times * answers

    def _require_network(self) -> Model:
        if self.model is None:
            raise FormulaError(
                "this run holds no network (see its notes); ask the formula: --use formula (in Python: use='formula')."
            )
        return self.model

    def _columns(self, x: Any, formula: Formula | None) -> dict[str, np.ndarray]:
        return columns_asked(x, self.inputs, self._needed(formula), self.levels)

    def _needed(self, formula: Formula | None) -> tuple[str, ...]:
        """The inputs that an answer cannot do without; one at least, to count the rows."""
        if formula is None:
            return self.inputs
        used = {formula.symbols[symbol.name] for symbol in formula.expression.free_symbols}
        return tuple(name for name in self.inputs if name in used) or self.inputs[:1]

    def graph(self) -> Model | None:
        """The pick as the network that it is: every edge a named function. None without a pick that varies."""
        if self.formula is None or not self.formula.expression.free_symbols:
            return None
        used = {symbol.name for symbol in self.formula.expression.free_symbols}
        symbols = {name: column for name, column in self.formula.symbols.items() if name in used}
        return compile_model(self.formula.expression, symbols, self.target, self.formula.units)

    def svg(self, use: str = "formula") -> str | None:
        """A picture of the pick's network of named edges, or of the trained one with ``use="network"``; None if there
        is none."""
        shown = self._shown(use)
        return None if shown is None else network_svg(*shown)

    def plot(self, ax: Any = None, *, use: str = "formula") -> Any:
        """The same picture on matplotlib axes, which come back: ``found.plot().figure.savefig("law.pdf")``.

        Raises FormulaError if there is none.
        """
        shown = self._shown(use)
        if shown is None:
            other = next(name for name in USES if name != use)
            raise FormulaError(f"this run holds no {use} to draw (see its notes). Ask for the other: use={other!r}.")
        return plot_network(*shown, ax)

    def _shown(self, use: str) -> tuple[Model, np.ndarray] | None:
        """What a picture draws, and the rows that it sends through: of the columns that it takes."""
        if use not in USES:
            raise _unknown_use(use)
        model = self.graph() if use == "formula" else self.model
        if model is None:
            return None
        return model, self.sample[:, [self.inputs.index(name) for name in model.inputs]]

    def __str__(self) -> str:
        network = "none"
        if self.model is not None:
            shape = ", ".join(map(str, self.network_shape))
            errors = f"held-out r2 {self.network_r2:.7f}, rmse {self.network_rmse:.2e}"
            network = f"[{shape}]  {errors}, rate {max(self.rate, 0.0):.1f}"
        lines = [
            f"{self.rows} rows, {inputs_in_words(self.inputs)} -> {self.target}",
            f"network  {network}",
            str(self.front) if len(self.front) else "no formula with finite values was found",
            self.verdict,
            *shown.constants_line(self.formula),
            *idle_line(self),
            *self._test_line(),
        ]
        stands = " The law stands without it." if self.verified else ""
        ended = [f"note: the budget or an interruption ended early: {', '.join(self.cut)}.{stands}"] if self.cut else []
        return "\n".join([*lines, *(f"note: {warning}" for warning in self.warnings), *ended])

    def _test_line(self) -> Iterator[str]:
        if np.isfinite(self.test_rmse):
            yield f"test     r2 {self.test_r2:.7f}, rmse {self.test_rmse:.2e} on rows that no step saw"

    def _repr_html_(self) -> str:
        return shown.html(self)

    def markdown(self) -> str:
        """The verdict, the constants with their standard errors and the front, as Markdown."""
        return shown.markdown(self)

    def explain(self) -> str:
        """In words: the verdict, how the pick was found, why it and not the next best, how it does on the outermost rows
        and outside the box, which symmetries it has, and what the network says."""
        return words(self)

    @property
    def verdict(self) -> str:
        """In a line, what the pick is worth."""
        if self.formula is None:
            return "no formula: the network stands alone"
        if self.verified:
            return f"law      {self.formula.equation}   (at the noise floor)"
        better = f"; the network has rmse {self.network_rmse:.2e}" if self.model is not None else ""
        return f"approximation, not a law: {self.formula.equation}   (held-out rmse {self.formula.rmse:.2e}{better})"

    # -- to files and back -------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Plain values, the command line's ``--json``; a number that is none (an error that is not known) is None."""
        plain: dict[str, Any] = _plain(self._fields())
        return plain

    def _fields(self) -> dict[str, Any]:
        pick = self.formula
        renamed = {} if pick is None else {i: c for i, c in pick.symbols.items() if i != c}
        return {
            "target": self.target,
            "formula": None if pick is None else pick.text,
            "symbols": renamed,
            "latex": None if pick is None else pick.latex(),
            "verified": self.verified,
            "rmse": None if pick is None else pick.rmse,
            "r2": None if pick is None else pick.r2,
            "complexity": None if pick is None else pick.complexity,
            "constants": [] if pick is None else pick.constants_rows(),
            "test": {"rmse": self.test_rmse, "r2": self.test_r2},
            "front": self.front.rows(),
            "network": None
            if self.model is None
            else {
                "shape": list(self.network_shape),
                "rmse": self.network_rmse,
                "r2": self.network_r2,
                "rate": self.rate,
            },
            "inputs": list(self.inputs),
            "rows": self.rows,
            "seconds": round(self.seconds, 3),
            "seed": self.seed,
            "cut": list(self.cut),
            "warnings": list(self.warnings),
            "steps": [vars(step) for step in self.steps],
        }

    def save(self, folder: str | Path, *, pictures: bool = False) -> None:
        """Write ``formula.json`` and, where there is one, ``network.safetensors`` into the folder (made if missing); with
        ``pictures`` also ``formula.svg`` and ``network.svg``.

        All of it or nothing: whoever is killed meanwhile leaves the run that was there before, or the new one. Of two that
        save into one folder at once the last one stands. What a search has kept in ``unfinished.journal`` is taken away, unless
        this run was cut and can be gone on with.
        """
        text, network = self._written()
        files: dict[str, bytes | str | None] = {"network.safetensors": network, "formula.json": text}
        # those of an earlier run in the same folder go in any case
        files |= {f"{use}.svg": self.svg(use) if pictures else None for use in ("formula", "network")}
        write_together(folder, files)
        if not self.cut:
            forget(folder)

    def to_bytes(self) -> bytes:
        """All that `save` would write but pictures, as the bytes of one safetensors file; `from_bytes` reads them."""
        text, network = self._written()
        return pack(KIND, {"text": text.encode()} | ({} if network is None else {"network": network}))

    def _written(self) -> tuple[str, bytes | None]:
        """The text and the network, which its checksum binds to it."""
        network = None if self.model is None else dumps(self.model)
        saved = self._saved()
        if network is not None:
            saved["network_sha256"] = sha256(network)
        return json.dumps(_plain(saved), indent=1, allow_nan=False), network

    def _saved(self) -> dict[str, Any]:
        return {
            **self.to_json(),
            "formulas": [f.as_dict() for f in self.front],
            "floor": self.front.floor,
            "sample": self.sample.tolist(),
            "calibration": None if self.calibration is None else self.calibration.as_dict(),
            "reason": None if self.reason is None else vars(self.reason),
            "ranges": {name: list(ends) for name, ends in self.ranges.items()},
            "levels": {name: list(known) for name, known in self.levels.items()},
            "known": self.known,
            "pick": next((i for i, f in enumerate(self.front) if f is self.formula), None),
        }

    @classmethod
    def load(cls, folder: str | Path) -> "Discovery":
        """Read what `save` wrote. Raises StorageError for a folder that holds no discovery."""
        folder = Path(folder)
        try:
            with held(folder, wait=True, shared=True):  # so that both files are of one run
                text = read_current(folder, "formula.json")
                path = current(folder, "network.safetensors")
                network = path.read_bytes() if path.is_file() else None
        except OSError as error:
            raise _no_discovery(str(folder), error) from error
        return cls._read(text, network, str(folder))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Discovery":
        """What `to_bytes` gave. Raises StorageError for any other bytes."""
        parts = unpack(KIND, data)
        return cls._read(parts.get("text", b""), parts.get("network"), "this string of bytes")

    @classmethod
    def _read(cls, text: bytes, network: bytes | None, name: str) -> "Discovery":
        try:
            saved = check(json.loads(text, parse_constant=_no_number))
            front = Front([_formula(formula) for formula in saved["formulas"]], floor=saved["floor"])
            check_front(saved, front)
            if saved["pick"] is not None:
                front.pick(front[saved["pick"]])
            errors = saved["network"] or {"shape": (), "rmse": None, "r2": None, "rate": 0.0}
            model = _network(network, saved, name)
            calibration = None if saved["calibration"] is None else Calibration.from_dict(saved["calibration"])
            check_calibration(calibration, model, saved["inputs"])
            return cls(
                target=saved["target"],
                inputs=tuple(saved["inputs"]),
                formula=None if saved["pick"] is None else front[saved["pick"]],
                front=front,
                verified=bool(saved["verified"]),
                model=model,
                network_shape=tuple(tuple(level) if isinstance(level, list) else level for level in errors["shape"]),
                network_rmse=_number(errors["rmse"]),
                network_r2=_number(errors["r2"]),
                rate=_number(errors["rate"], 0.0),
                rows=saved["rows"],
                seconds=saved["seconds"],
                seed=saved["seed"],
                cut=tuple(saved["cut"]),
                warnings=tuple(saved["warnings"]),
                steps=tuple(Step(**{**step, "error": _number(step["error"], np.inf)}) for step in saved["steps"]),
                sample=np.array(saved["sample"]),
                ranges={name: (low, high) for name, (low, high) in saved["ranges"].items()},
                test_rmse=_number(saved["test"]["rmse"]),
                test_r2=_number(saved["test"]["r2"]),
                calibration=calibration,
                reason=None if saved["reason"] is None else _reason(saved["reason"]),
                levels={name: tuple(known) for name, known in saved["levels"].items()},
                known=str(Rest.read(saved["known"], saved["inputs"])) if saved["known"] else "",
            )
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            if isinstance(error, StorageError | FormulaError):
                raise
            raise _no_discovery(name, error) from error


def _no_discovery(name: str, error: Exception) -> StorageError:
    lacks = f"it lacks {error.filename}" if isinstance(error, FileNotFoundError) else str(error)
    return StorageError(
        f"{name} holds no discovery (a folder written by `edgewise discover --out` was expected): {lacks}"
    )


def _network(data: bytes | None, saved: Mapping[str, Any], name: str) -> Model | None:
    """The network of the same run, or None where the run had none."""
    if not saved["network"]:
        return None
    if data is None:
        raise StorageError(f"there is no file network.safetensors beside formula.json in {name}.")
    model = loads(data, f"network.safetensors in {name}")
    if saved["network_sha256"] != sha256(data):
        raise StorageError(
            f"formula.json and network.safetensors in {name} are of different runs: two wrote there at once, or one was "
            "killed. Search again, or give each run its own folder."
        )
    if not set(model.inputs) <= set(saved["inputs"]):
        raise ValueError(f"its network takes other columns ({', '.join(model.inputs)})")
    return model


def _reason(saved: Mapping[str, Any]) -> Reason:
    numbers = {name: _number(saved[name]) for name in ("nats", "inner_rmse", "outer_rmse")}
    return Reason(next_best=saved["next_best"], candidates=saved["candidates"], **numbers)


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _plain(value: Any) -> Any:
    """The value with None for every number that JSON cannot write."""
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _number(saved: float | None, missing: float = np.nan) -> float:
    return missing if saved is None else float(saved)


def _formula(saved: Mapping[str, Any]) -> Formula:
    """What `Formula.as_dict` wrote, with the numbers that JSON could not."""
    errors = {name: _number(error) for name, error in saved["constant_errors"].items()}
    numbers = {"rmse": _number(saved["rmse"]), "r2": _number(saved["r2"]), "constant_errors": errors}
    return Formula.from_dict({**saved, **numbers})


def _unknown_use(use: str) -> SettingsError:
    return SettingsError(f"use is 'formula' or 'network', got {use!r}.")


def inputs_in_words(names: tuple[str, ...]) -> str:
    """``3 inputs (L, g, theta0)``."""
    return f"{len(names)} input{'s' if len(names) > 1 else ''} ({', '.join(names)})"
