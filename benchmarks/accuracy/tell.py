"""The tables of the accuracy report."""

from statistics import median

from benchmarks.common import median_of, table

from .cases import LADDER, LATE, PACE, Case

Rows = list[dict]


RATIO = 40  # pykan's seconds over ours


def pace(rows: Rows, theirs: Rows) -> str:
    lines = [[r["task"]["seed"], r["rmse"], r["rmse"] <= 2e-5, r["intervals"], r["cpu"]] for r in rows]
    return (
        f"## [2, 1, 1], CPU seconds until the held-out error is 1e-5\n\nMedian {median_of(rows, 'cpu'):.2f} s from random "
        f"starts, restarts included, compiling not. Target: 1/{RATIO} of pykan's time; {_beside(rows, theirs)}\n\n"
        + table(["seed", "rmse, fresh rows", "at most 2e-5", "intervals", "CPU s"], lines)
        + _pykan(theirs)
    )


def _beside(rows: Rows, theirs: Rows) -> str:
    if not theirs:
        return "pykan is not installed in this environment, so the ratio is not measured."
    there = [r for r in theirs if min(r["errors"].values()) <= PACE.target]
    spent = sum(r["cpu"] for r in theirs)
    if not there:
        longest = max(r["cpu"] for r in theirs)
        return (
            f"pykan was there in 0 of {len(theirs)} starts, which took {spent:.0f} s, {spent / median_of(rows, 'cpu'):.0f} "
            f"times ours, the longest {longest:.0f} s."
        )
    ours = median_of(rows, "cpu")
    alone, each = median_of(there, "cpu"), spent / len(there)
    return (
        f"pykan was there in {len(there)} of {len(theirs)} starts. Those took {alone:.1f} s (median), {alone / ours:.0f} "
        f"times ours; with the starts that were not, {each:.0f} s a success, {each / ours:.0f} times ours (target {RATIO}: "
        f"{'met' if each / ours >= RATIO else '**not met**'} with failures, "
        f"{'met' if alone / ours >= RATIO else '**not met**'} without)."
    )


def _pykan(theirs: Rows) -> str:
    if not theirs:
        return ""
    lines = [[r["task"]["seed"], min(r["errors"].values()), list(r["errors"])[-1], r["cpu"]] for r in theirs]
    return (
        "\n\npykan 0.2.8, one start a seed, float64, cubic, LBFGS with 50 steps a grid of 3, 5, 10, 20, 30, 50; a start whose "
        "error is above 0.01 after two grids ends there.\n\n"
        + table(["seed", "least rmse, fresh rows", "last grid", "CPU s"], lines)
    )


def shape(case: Case, rows: Rows) -> str:
    met = sum(r["rmse"] <= case.target for r in rows)
    names = ("rmse_train", "held_out", "intervals", "parameters", "on", "cpu")
    lines = [[r["task"]["seed"], r["rmse"], r["rmse"] <= case.target, *(_plain(r[n]) for n in names)] for r in rows]
    thinned = (
        " Hidden nodes may be switched off (`thin_after`); parameters are of those left."
        if case.settings.thin_after
        else ""
    )
    return (
        f"## {case.name}, {case.shape}, degree {case.degree}, {case.rows:,} rows\n\nAt most {case.target:g} on fresh rows "
        f"in {met} of {len(rows)}; median {median_of(rows, 'rmse'):.2g}, largest {max(r['rmse'] for r in rows):.2g}; median "
        f"{median_of(rows, 'cpu'):.1f} s CPU.{thinned}\n\n"
        + table(["seed", "rmse", "met", "training", "held out", "intervals", "parameters", "nodes on", "CPU s"], lines)
    )


def _plain(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def exponent(rows: Rows, witness: Rows) -> str:
    lines = [
        [
            r["task"]["name"],
            r["task"]["rows"],
            r["task"]["seed"],
            r["alpha"],
            abs(r["alpha"] - 4) <= 0.2,
            r["alpha_late"],
            r["alpha_inside"],
            r["beyond"],
            *r["errors"],
            r["cpu"],
        ]
        for r in rows
    ]
    head = ["function", "rows", "seed", "alpha", "4.0 +- 0.2", f"alpha from {LADDER[LATE]}", "alpha, reached"]
    head += ["rows beyond", *map(str, LADDER), "CPU s"]
    return (
        f"## Exponent of the error, {LADDER[0]} to {LADDER[-1]} intervals, cubic\n\nJ0(20x) has 13 half waves in the box: "
        "fewer than about four pieces a half wave do not resolve it, and the first errors fall faster than the theory's "
        "rate for that reason. The best least-squares spline on the same rows and knots, by scipy, where nothing is trained, "
        f"shows the same: alpha {_all(witness, 'alpha')}, from {LADDER[LATE]} on {_all(witness, 'alpha_late')}. No training "
        "can bring that range to 4.0.\n\nReached: over the fresh rows whose hidden sum some training row has. One row beyond, "
        "where nothing tells the outer function, can hold more error than all the others.\n\n" + table(head, lines)
    )


def _all(rows: Rows, name: str) -> str:
    return ", ".join(f"{row[name]:.2f}" for row in rows)


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
