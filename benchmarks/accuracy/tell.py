"""The tables of the accuracy report."""

from statistics import median

from benchmarks.common import median_of, table

from .cases import LADDER, Case

Rows = list[dict]


def pace(rows: Rows, pykan: bool) -> str:
    beside = (
        "is there but is not run here"
        if pykan
        else "is not installed in this environment, so the ratio is not measured"
    )
    lines = [[r["task"]["seed"], r["rmse"], r["rmse"] <= 2e-5, r["intervals"], r["cpu"]] for r in rows]
    return (
        f"## [2, 1, 1], CPU seconds until the held-out error is 1e-5\n\nMedian {median_of(rows, 'cpu'):.2f} s from random "
        f"starts, restarts included, compiling not. Target: 1/40 of pykan's time; pykan {beside}.\n\n"
        + table(["seed", "rmse, fresh rows", "at most 2e-5", "intervals", "CPU s"], lines)
    )


def shape(case: Case, rows: Rows) -> str:
    met = sum(r["rmse"] <= case.target for r in rows)
    names = ("rmse_train", "held_out", "intervals", "parameters", "cpu")
    lines = [[r["task"]["seed"], r["rmse"], r["rmse"] <= case.target, *(r[n] for n in names)] for r in rows]
    return (
        f"## {case.name}, {case.shape}, degree {case.degree}, {case.rows:,} rows\n\nAt most {case.target:g} on fresh rows "
        f"in {met} of {len(rows)}; median {median_of(rows, 'rmse'):.2g}, largest {max(r['rmse'] for r in rows):.2g}; median "
        f"{median_of(rows, 'cpu'):.1f} s CPU.\n\n"
        + table(["seed", "rmse", "met", "training", "held out", "intervals", "parameters", "CPU s"], lines)
    )


def exponent(rows: Rows) -> str:
    lines = [
        [
            r["task"]["name"],
            r["task"]["rows"],
            r["task"]["seed"],
            r["alpha"],
            abs(r["alpha"] - 4) <= 0.2,
            r["alpha_late"],
            *r["errors"],
            r["cpu"],
        ]
        for r in rows
    ]
    head = ["function", "rows", "seed", "alpha", "4.0 +- 0.2", f"alpha from {LADDER[5]}", *map(str, LADDER), "CPU s"]
    return (
        f"## Exponent of the error, {LADDER[0]} to {LADDER[-1]} intervals, cubic\n\nJ0(20x) has 13 half waves in the box: "
        "fewer than about four pieces a half wave do not resolve it, and the first errors fall faster than the theory's "
        "rate for that reason.\n\n" + table(head, lines)
    )


def knots(rows: Rows) -> str:
    lines = [
        [
            r["task"]["name"],
            r["task"]["seed"],
            r["even"],
            r["placed"],
            r["ratio"],
            r["target"],
            r["ratio"] >= r["target"],
            r["cpu_even"],
            r["cpu_placed"],
        ]
        for r in rows
    ]
    names = dict.fromkeys(r["task"]["name"] for r in rows)
    told = "; ".join(f"{n}: {median(r['ratio'] for r in rows if r['task']['name'] == n):.3g}" for n in names)
    head = ["function", "seed", "even", "placed", "even / placed", "target", "met", "CPU s even", "CPU s placed"]
    return f"## Knots placed by residual, 20 intervals\n\nMedian gain: {told}.\n\n" + table(head, lines)


def finite(row: dict) -> str:
    bad = row["bad"]
    told = f"problems {bad}" if bad else "none"
    return (
        f"## NaN in {row['problems']} small random problems\n\nTarget 0; found {len(bad)} ({told}); {row['cpu']:.0f} s CPU. "
        "Columns and targets between 1e-6 and 1e6, 5 to 79 rows, degrees 1 to 5, six shapes, constant columns, knots placed."
    )
