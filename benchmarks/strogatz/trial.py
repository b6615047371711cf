"""One law given its slopes, or one system given its trajectories, in a process that may be any."""

import numpy as np

from benchmarks.common import Clock, Row, Truth, discovered, score
from edgewise import discover, discover_ode
from edgewise.data import Table
from edgewise.data.laws import law as law_of
from edgewise.data.laws import sample
from edgewise.formula import parse, symbol, to_text

TRAJECTORIES = 4
SPAN = 10.0  # units of time, as the built-in trajectories have


def from_slopes(law: str, seed: int, given: str, noise: float, points: int, budget: float) -> Row:
    """One discovery from states and slopes, in disguise, scored over the box of the states."""
    table = sample(law_of(f"strogatz/{law}"), TRAJECTORIES * points, seed, noise)
    names = ["x0", "x1"] if np.random.default_rng([seed, 1]).random() < 0.5 else ["x1", "x0"]
    renamed = dict(zip(("x", "y"), names, strict=True))
    columns = {renamed[name]: table.columns[name] for name in ("x", "y")}
    truth = _truth(law, renamed, columns)
    told = Table({**columns, "y": table.y}, "y", ("x0", "x1"))
    return discovered(truth, told, seed, noise, budget)


def from_trajectories(law: str, seed: int, given: str, noise: float, points: int, budget: float) -> Row:
    """One system from times and states; both right-hand sides scored over the box of the clean states."""
    generator = np.random.default_rng([seed, 4])
    clean = _trajectories(law, points, seed)
    size = np.sqrt(np.mean(np.concatenate(clean) ** 2, axis=0))
    tables = []
    for states in clean:
        noisy = states + noise * size * generator.standard_normal(states.shape)
        tables.append({"time": np.linspace(0.0, SPAN, points), "x0": noisy[:, 0], "x1": noisy[:, 1]})
    with Clock() as clock:
        found = discover_ode(tables, "time", seed=seed, time_budget=2 * budget)
    every = np.concatenate(clean)
    renamed, columns = {"x": "x0", "y": "x1"}, {"x0": every[:, 0], "x1": every[:, 1]}
    parts = []
    for number, one in enumerate(found.laws.values(), 1):
        truth = _truth(f"{law}{number}", renamed, columns)
        text = one.formula.text if one.formula else None
        scored = vars(score(text, truth, seed, noise, len(every)))
        parts.append({"law": f"{law}{number}", **scored, "formula": text or "", "truth": truth.text})
    held_out = next(one for one in found.followed if one.kind == "held out")
    apart = np.max(held_out.rmse / np.std(held_out.states, axis=0))
    return {
        "parts": parts,
        "verified": found.verified,
        "followed": float(apart),
        "wall": clock.wall,
        "cpu": clock.cpu,
        "cut": sorted({cut for one in found.laws.values() for cut in one.cut}),
    }


def _truth(law: str, renamed: dict[str, str], columns: dict[str, np.ndarray]) -> Truth:
    """The law over other names, in the box that the states fill."""
    expression = parse(law_of(f"strogatz/{law}").formula, ("x", "y"))
    text = to_text(expression.xreplace({symbol(old): symbol(new) for old, new in renamed.items()}))
    return Truth(text, {name: (float(v.min()), float(v.max())) for name, v in sorted(columns.items())})


def _trajectories(system: str, points: int, seed: int) -> list[np.ndarray]:
    """States (points, 2) along four trajectories of the built-in system."""
    drawn = sample(law_of(f"strogatz/{system}1"), TRAJECTORIES * points, seed)
    return np.split(drawn.x, TRAJECTORIES)


def warm_up() -> None:
    """Compile and import what the first table would be charged for."""
    table = sample(law_of("strogatz/vdp2"), 100, 1)
    for noise in (0.0, 0.1):
        rows = table.y + noise * np.random.default_rng(0).standard_normal(table.rows)
        discover(Table({"x": table.x[:, 0], "y": rows}, "y", ("x",)), time_budget=10)
