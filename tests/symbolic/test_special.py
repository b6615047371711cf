"""Special functions of one variable are named where they are asked for, and nothing else changes."""

import numpy as np
import pytest
import scipy.special

from edgewise.formula import parse, symbol, to_text
from edgewise.primitives import PRIMITIVES, SPECIAL
from edgewise.symbolic import ladder, match

X, Z = np.random.default_rng(0).uniform((-2, 1), (2, 5), (300, 2)).T
LONG = np.random.default_rng(1).uniform(0, 10, 300)


def law(columns: dict[str, np.ndarray], y: np.ndarray, *names: str) -> str:
    found = list(ladder(columns, y, functions=[SPECIAL[name] for name in names]))
    return to_text(found[-1].expression) if found and found[-1].exact else ""


@pytest.mark.parametrize(
    ("name", "a", "b", "c", "d"),
    [
        *((name, 1.3, 0.4, 2.0, 1.0) for name in ("j0", "j4", "y0", "erf", "gamma", "airyai", "lambertw")),
        *((name, 2.1, 0.2, 1.0, -2.0) for name in ("j1", "y1", "loggamma", "digamma", "airybi")),
        ("ellipk", -0.6, 0.9, -3.0, 0.0),
        ("ellipe", -0.6, 0.9, -3.0, 0.5),
        ("zeta", 1.3, 1.4, 2.0, 1.0),
    ],
)
def test_an_edge_is_named(name: str, a: float, b: float, c: float, d: float) -> None:
    x = np.linspace(0.05, 3, 150)
    found = match(x, c * SPECIAL[name]("numpy", a * x + b) + d, primitives=[name, "sin", "x^2"])[0]
    assert found.primitive == name
    assert (found.inner_scale, found.inner_shift) == pytest.approx((a, b), abs=1e-6)
    assert (found.outer_scale, found.outer_shift) == pytest.approx((c, d), abs=1e-5)


def test_laws_of_one_input() -> None:
    assert law({"x": LONG}, 2 * scipy.special.j0(3 * LONG) + 1, "j0", "erf") == "2*j0(3*x) + 1"
    assert law({"x": LONG}, 2 * scipy.special.j0(3 * LONG + 0.7) + 1, "j0") == "2*j0(3*x + 7/10) + 1"
    assert law({"x": X}, np.exp(scipy.special.ellipk(X / 3)), "ellipk") == "exp(ellipk(x/3))"
    assert law({"z": Z}, 1 / scipy.special.zeta(Z + 1), "zeta") == "1/zeta(z + 1)"


def test_laws_of_two_inputs() -> None:
    assert law({"x": X, "z": Z}, Z * scipy.special.erf(X), "erf") == "z*erf(x)"
    assert law({"x": LONG, "z": Z}, scipy.special.j1(LONG * Z) / Z, "j1") == "j1(x*z)/z"


def test_noise_leaves_the_name() -> None:
    y = 2 * scipy.special.j0(3 * LONG) + 1
    noisy = y + 0.05 * y.std() * np.random.default_rng(2).standard_normal(len(y))
    found = min(ladder({"x": LONG}, noisy, noise=0.05, functions=[SPECIAL["j0"]]), key=lambda one: one.rmse)
    assert parse("j0(x)").func in {part.func for part in found.expression.atoms(parse("j0(x)").func)}


def test_without_a_name_nothing_changes() -> None:
    y = Z * np.sin(X)
    alone = [to_text(one.expression) for one in ladder({"x": X, "z": Z}, y)]
    assert alone == [to_text(one.expression) for one in ladder({"x": X, "z": Z}, y, functions=[])]
    assert not set(SPECIAL) & {m.primitive for m in match(LONG, scipy.special.j0(LONG))}
    assert not set(SPECIAL) & set(PRIMITIVES)
    assert symbol("x") in parse("j0(x)").free_symbols
