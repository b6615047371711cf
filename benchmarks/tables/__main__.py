"""Five real tables, the known law of each beside what is found.

    python -m benchmarks.tables

Each table is cut into five parts; four are given to `edgewise.discover` and the others are predicted, so that the choice of
the formula is held out as well, not its constants only. Airfoil self-noise (1,503 rows) is cut once, 80 to 20. Beside it
scikit-learn's boosted trees at their defaults and, where one is known, the law with its constants fitted on the same rows.
Airfoil's file is looked for as uci/airfoil_raw.dat under EDGEWISE_DATA_DIR.
"""

import argparse
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor

import edgewise
from benchmarks.common import Clock, Runs, shape_of, table, write_report
from edgewise.data import Table, load_table

HERE = Path(__file__).parent
FOLDS = 5
AIRFOIL = "uci/airfoil_raw.dat"
AIRFOIL_COLUMNS = {
    "frequency": "Hz",
    "angle": "deg",
    "chord": "m",
    "velocity": "m/s",
    "thickness": "m",
    "level": "dB",
}
TREES = {
    "HistGradientBoosting": HistGradientBoostingRegressor,
    "GradientBoosting": GradientBoostingRegressor,
}


@dataclass(frozen=True)
class Known:
    """The law that the books give: its text, and its columns, whose factors are fitted by least squares."""

    text: str
    design: Callable[[np.ndarray], np.ndarray]


def _log_line(x: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(x)), np.log10(x[:, 0])])


KNOWN = {
    "kepler": Known("period = k*axis**(3/2)", lambda x: x**1.5),
    "hubble": Known("velocity = k*distance", lambda x: x),
    "leavitt": Known("maximum = a + b*log10(period)", _log_line),
    "tully_fisher": Known("magnitude = a + b*log10(width)", _log_line),
}
NAMES = (*KNOWN, "airfoil")


def load(name: str) -> Table | None:
    """The table; None where its file is not on this machine."""
    if name != "airfoil":
        return load_table(name)
    path = _airfoil()
    if path is None:
        return None
    values = np.loadtxt(path)
    *inputs, target = AIRFOIL_COLUMNS
    return Table.from_arrays(values[:, :-1], values[:, -1], inputs, target, AIRFOIL_COLUMNS)


def _airfoil() -> Path | None:
    path = Path(os.environ.get("EDGEWISE_DATA_DIR", "")) / AIRFOIL
    return path if path.is_file() else None


def parts_of(data: Table, seed: int) -> Iterator[tuple[Table, Table]]:
    """(rows to learn from, rows held out): five folds of a small table, one cut of a large one."""
    if data.rows >= 500:
        yield data.split(0.2, seed)
        return
    order = np.random.default_rng(seed).permutation(data.rows)
    for fold in range(FOLDS):
        held = np.sort(order[fold::FOLDS])
        yield data.take(np.setdiff1d(order, held)), data.take(held)


def whole(name: str, seed: int, budget: float) -> dict[str, Any]:
    """What discover says of the whole table."""
    data = load(name)
    assert data is not None
    with Clock() as clock:
        found = edgewise.discover(data, seed=seed, time_budget=budget)
    formula = found.formula
    return {
        "rows": data.rows,
        "spread": float(data.y.std()),
        "formula": formula.rounded(3).equation if formula else "none",
        "complexity": formula.complexity if formula else 0,
        "rmse": formula.rmse if formula else float("nan"),
        "verified": found.verified,
        "network": shape_of(found.model.network) if found.model else "none",
        "network_rmse": found.network_rmse,
        "front": found.front.rows(),
        "warnings": list(found.warnings),
        "cut": list(found.cut),
        "wall": clock.wall,
        "cpu": clock.cpu,
    }


def fold(name: str, number: int, seed: int, budget: float) -> dict[str, Any]:
    """Squared errors on one held-out part, by everybody."""
    data = load(name)
    assert data is not None
    train, held = list(parts_of(data, seed))[number]
    with Clock() as clock:
        found = edgewise.discover(train, seed=seed, time_budget=budget)
    answers = {}
    if found.formula:
        answers["formula"] = found.predict(held, use="formula")
    if found.model:
        answers["network"] = found.predict(held, use="network")
    for tree, kind in TREES.items():
        answers[tree] = kind(random_state=seed).fit(train.x, train.y).predict(held.x)
    if name in KNOWN:
        design = KNOWN[name].design
        answers["known law"] = design(held.x) @ np.linalg.lstsq(design(train.x), train.y, rcond=None)[0]
    answers["mean"] = np.full(held.rows, train.y.mean())
    return {
        "rows": held.rows,
        "squares": {who: float(((answer - held.y) ** 2).sum()) for who, answer in answers.items()},
        "formula": found.formula.rounded(3).equation if found.formula else "none",
        "shape": shape_of(found.model.network) if found.model else "none",
        "cut": list(found.cut),
        "wall": clock.wall,
        "cpu": clock.cpu,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables", description="Real tables end to end")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--budget", type=float, default=60.0)
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--fresh", action="store_true", help="forget earlier runs")
    options = parser.parse_args()
    runs = Runs(HERE, options.fresh)
    wholes, folds, missing = {}, {}, []
    for name in options.only.split(","):
        data = load(name)
        if data is None:
            missing.append(name)
            continue
        which = {"name": name, "seed": options.seed, "budget": options.budget}
        wholes[name] = runs(partial(whole, name, options.seed, options.budget), part="whole", **which)
        folds[name] = [
            runs(partial(fold, name, number, options.seed, options.budget), part="fold", number=number, **which)
            for number, _ in enumerate(parts_of(data, options.seed))
        ]
    parts = [_errors(wholes, folds), _formulas(wholes), _folds(folds)]
    if missing:
        parts.append(f"Skipped: {', '.join(missing)} (no {AIRFOIL} under EDGEWISE_DATA_DIR).")
    write_report(HERE, "Real tables", str(options.seed), parts)


def _errors(wholes: dict[str, dict], folds: dict[str, list[dict]]) -> str:
    who = ["formula", "network", *TREES, "known law", "mean"]
    lines = []
    for name, parts in folds.items():
        rows = sum(part["rows"] for part in parts)
        errors = [
            float(np.sqrt(sum(part["squares"][one] for part in parts) / rows))
            if all(one in part["squares"] for part in parts)
            else "-"
            for one in who
        ]
        how = f"{len(parts)} folds" if len(parts) > 1 else "80 to 20"
        lines.append([name, wholes[name]["rows"], how, *errors, sum(part["cpu"] for part in parts)])
    text = "## Held-out rmse, in the target's units (the formula's choice is held out too)\n\n"
    note = (
        "\n\n'mean' predicts the mean of the training rows. HistGradientBoosting's default of 20 rows a leaf leaves it little "
        "to do with fewer than 40 rows. What a search finds that its 60 s of wall time cut (see below) depends on how busy the "
        "machine is: its CPU seconds say how much of them it had."
    )
    return text + table(["table", "rows", "held out", *who, "CPU s of discover"], lines) + note


def _formulas(wholes: dict[str, dict]) -> str:
    head = [
        "table",
        "formula",
        "size",
        "called a law",
        "rmse, left out",
        "network",
        "network rmse",
        "known law",
        "wall s",
        "CPU s",
    ]
    lines = [
        [
            name, f"`{row['formula']}`", row["complexity"], "yes" if row["verified"] else "no", row["rmse"], row["network"],
            row["network_rmse"], f"`{KNOWN[name].text}`" if name in KNOWN else "-", row["wall"], row["cpu"],
        ]
        for name, row in wholes.items()
    ]  # fmt: skip
    text = table(head, lines)
    notes = [f"- {name}: {warning}" for name, row in wholes.items() for warning in row["warnings"]]
    notes += [f"- {name}: the time budget cut {', '.join(row['cut'])}" for name, row in wholes.items() if row["cut"]]
    return "## All rows given to discover\n\n" + "\n\n".join([text, *(["\n".join(notes)] if notes else [])])


def _folds(folds: dict[str, list[dict]]) -> str:
    lines = [
        [name, number, f"`{part['formula']}`", part["shape"], part["wall"], part["cpu"]]
        for name, parts in folds.items()
        for number, part in enumerate(parts)
    ]
    return "## Formula of every part\n\n" + table(["table", "part", "formula", "network", "wall s", "CPU s"], lines)


if __name__ == "__main__":
    main()
