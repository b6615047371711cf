"""Twelve laws in pieces, as a user would give them to `edgewise.discover`.

    python -m benchmarks.piecewise --noise 0.01

A law counts as recovered where the formula put first gives its values on 4,000 fresh rows to 1e-8 (to 3 times the noise
with noise), but for the rows within 0.5 % of the range of a break, which the table cannot place. Six smooth laws stand
beside them: none of them may come out in pieces.
"""

from pathlib import Path

import numpy as np
import sympy

from benchmarks.common import Clock, Row, Runs, options, rate, table, write_report
from edgewise import discover
from edgewise.data import Table
from edgewise.formula import evaluate, parse

HERE = Path(__file__).parent
Box = dict[str, tuple[float, float]]
LINE: Box = {"x": (-1.0, 1.0)}
PLANE: Box = {"x": (-1.0, 1.0), "z": (0.5, 2.0)}
LAWS: dict[str, tuple[str, Box, tuple[float, ...]]] = {
    "kink": ("abs(x - 0.3)", LINE, (0.3,)),
    "saturation": ("minimum(2*x, 1.2)", LINE, (0.6,)),
    "dead zone": ("relu(x - 0.2) - relu(-x - 0.4)", LINE, (0.2, -0.4)),
    "two stops": ("maximum(-0.5, minimum(x, 0.5))", LINE, (-0.5, 0.5)),
    "jump": ("x**2 + 1.5*step(x - 0.4)", LINE, (0.4,)),
    "friction": ("0.5*x + 2*sign(x)", LINE, (0.0,)),
    "two parabolas": ("x**2 + step(x - 0.25)*(1 - x - x**2)", LINE, (0.25,)),
    "stiffening": ("x + 3*relu(x - 0.2)**2", LINE, (0.2,)),
    "wave after rest": ("exp(x) + step(x)*(1 + sin(3*x) - exp(x))", LINE, (0.0,)),
    "valve": ("z*maximum(x, 0.1)", PLANE, (0.1,)),
    "two regimes": ("x*z + step(x - 0.2)*(z**2 - x)", PLANE, (0.2,)),
    "kink times input": ("z*abs(x)", PLANE, (0.0,)),
}
SMOOTH: dict[str, tuple[str, Box, tuple[float, ...]]] = {
    "steep": ("tanh(4*x)", LINE, ()),
    "wave": ("sin(5*x)", LINE, ()),
    "bump": ("exp(-9*x**2)", LINE, ()),
    "resonance": ("1/(1 + 16*x**2)", LINE, ()),
    "plane wave": ("z*sin(3*x)", PLANE, ()),
    "exponential": ("exp(x*z)", PLANE, ()),
}
CUT = (sympy.Heaviside, sympy.sign, sympy.Abs, sympy.Max, sympy.Min)


def drawn(box: Box, rows: int, seed: int) -> dict[str, np.ndarray]:
    """Rows uniform in the box."""
    generator = np.random.default_rng(seed)
    return {name: generator.uniform(low, high, rows) for name, (low, high) in box.items()}


def run(law: str, noise: float, points: int, seed: int, budget: float) -> Row:
    """One discovery and its score."""
    text, box, breaks = (LAWS | SMOOTH)[law]
    truth, columns = parse(text), drawn(box, points, seed)
    y = evaluate(truth, columns)
    y = y + noise * np.sqrt(np.mean(y**2)) * np.random.default_rng([seed, 1]).standard_normal(points)
    with Clock() as clock:
        found = discover(Table({**columns, "y": y}, "y", tuple(columns)), seed=seed, time_budget=budget)
    fresh = drawn(box, 4000, seed + 1000)
    wanted = evaluate(truth, fresh)
    away = np.all([np.abs(fresh["x"] - at) > 0.005 * 2 for at in breaks], axis=0) if breaks else np.full(4000, True)
    got = np.full(4000, np.nan) if found.formula is None else evaluate(found.formula.expression, fresh)
    error = float(np.max(np.abs(got - wanted)[away]) / np.sqrt(np.mean(wanted**2)))
    return {
        "error": error,
        "recovered": bool(error <= max(1e-8, 3 * noise)),
        "in pieces": found.formula is not None and bool(found.formula.expression.atoms(*CUT)),
        "verified": found.verified,
        "formula": found.formula.text if found.formula else "",
        "wall": clock.wall,
        "cpu": clock.cpu,
    }


def told(noise: float, laws: dict[str, Row], smooth: dict[str, Row]) -> str:
    """The tables of one level of noise."""
    recovered = rate(sum(row["recovered"] for row in laws.values()), len(laws))
    false = sum(row["in pieces"] for row in smooth.values())
    lines = [
        [name, row["recovered"], row["error"], row["verified"], row["cpu"], f"`{row['formula']}`"]
        for name, row in (laws | smooth).items()
    ]
    head = ["law", "recovered", "largest error", "said to be a law", "cpu s", "formula put first"]
    return (
        f"## Noise {noise:g}\n\nRecovered: {recovered}. Smooth laws that came out in pieces: {false} of {len(smooth)}.\n\n"
        + table(head, lines)
    )


def main() -> None:
    asked = options("piecewise", "Laws in pieces", noise=0.0, points=600, budget=60.0).parse_args()
    runs = Runs(HERE, asked.fresh)
    which = {"noise": asked.noise, "points": asked.points, "seed": 0, "budget": asked.budget}
    rows = {law: runs(lambda law=law: run(law, **which), law=law, **which) for law in (*LAWS, *SMOOTH)}
    laws, smooth = ({name: rows[name] for name in group} for group in (LAWS, SMOOTH))
    write_report(HERE, "Laws in pieces", "0", [told(asked.noise, laws, smooth)], f"results-{asked.noise:g}")


if __name__ == "__main__":
    main()
