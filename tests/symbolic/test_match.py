"""Naming an edge: laws over the whole table, look-alikes under noise, and numbers of any size."""

import numpy as np
import pytest
import sympy
from scipy.interpolate import make_lsq_spline

from edgewise.errors import SettingsError, ShapeError, UnknownNameError, ValuesError
from edgewise.formula import evaluate, symbol
from edgewise.primitives import PRIMITIVES, Primitive
from edgewise.symbolic.match import Match, match
from edgewise.symbolic.starts import gauge

RANGES = {"around 0": (-1, 1), "positive": (1, 5), "far": (100, 110), "tiny": (1e-6, 2e-6), "huge": (-3e20, 5e20)}
# argument at the centre of the range and how far it reaches, where the default would leave the domain
ARGUMENTS = {
    **dict.fromkeys(("log", "sqrt", "x^1.5", "1/sqrt", "power", *(f"1/x^{n}" for n in range(2, 6)), "1/x"), (1.4, 1.0)),
    **dict.fromkeys(("arcsin", "arccos", "arctanh"), (0.1, 0.8)),
    "tan": (0.2, 1.2),
}
SAME = {"sin": {"cos"}, "cos": {"sin"}, "arccos": {"arcsin"}, "sigmoid": {"tanh"}, "step": {"sign"}}


def sampled(primitive: Primitive, low: float, high: float, rows: int = 120) -> tuple[np.ndarray, np.ndarray]:
    x = np.linspace(low, high, rows)
    centre, reach = ARGUMENTS.get(primitive.name, (0.31, 1.7))
    u = centre + reach * (x - (low + high) / 2) / ((high - low) / 2)
    return x, primitive("numpy", u, 2.3) if primitive.exponent else primitive("numpy", u)


def spline(x: np.ndarray, y: np.ndarray, intervals: int) -> np.ndarray:
    knots = np.r_[[x[0]] * 4, np.linspace(x[0], x[-1], intervals + 1)[1:-1], [x[-1]] * 4]
    return make_lsq_spline(x, y, knots, 3)(x)


@pytest.mark.parametrize("where", RANGES)
@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_primitive_is_named_from_exact_samples(name, where):
    x, y = sampled(PRIMITIVES[name], *RANGES[where])
    best = match(x, y)[0]
    assert best.primitive in {name, *SAME.get(name, ())}
    assert best.rmse <= 1e-12 * np.std(y)


@pytest.mark.parametrize("scale", [1e-30, 1e-9, 1e30])
@pytest.mark.parametrize("name", ["x", "x^2", "exp", "sin", "tanh", "1/x", "sqrt", "gaussian", "abs"])
def test_the_size_of_y_does_not_matter(name, scale):
    x, y = sampled(PRIMITIVES[name], -1, 1)
    best = match(x, scale * (3 * y - 1))[0]
    assert best.primitive in {name, *SAME.get(name, ())}
    assert best.rmse <= 1e-12 * scale * np.std(3 * y)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: np.sin(3 * x), "sin(3*x)"),
        (lambda x: 3 * np.sin(20 * x) + 1, "3*sin(20*x) + 1"),
        (lambda x: np.cos(200 * x), "cos(200*x)"),
        (lambda x: x**2, "x**2"),
        (lambda x: 3 * (x - 0.2) ** 2 + 1, "3*(x - 0.2)**2 + 1"),
        (np.exp, "exp(x)"),
        (lambda x: x**3, "x**3"),
        (np.cosh, "cosh(x)"),
        (lambda x: np.exp(-(x**2)), "exp(-x**2)"),
        (lambda x: np.tanh(2 * x), "tanh(2*x)"),
        (lambda x: 1 / x, "1/x"),
        (lambda x: np.cos(0.25 * x), "cos(0.25*x)"),
        (lambda x: 2 * x + 1, "2*x + 1"),
        (lambda x: 0 * x + 3.3, "3.3"),
        (lambda x: 0 * x, "0"),
        (lambda x: np.heaviside(x, 1), "step(x)"),
        (lambda x: 2 * np.abs(x - 0.25), "2*abs(x - 0.25)"),
    ],
)
def test_plain_functions_are_written_plainly(function, text):
    x = np.linspace(-1, 1, 300)
    assert match(x, function(x))[0].text == text


@pytest.mark.parametrize("low", [1.0, 100.0])
@pytest.mark.parametrize(
    ("function", "text"), [(np.log, "log(x)"), (np.sqrt, "sqrt(x)"), (lambda x: x**-2.0, "1/x**2")]
)
def test_functions_of_half_the_line(function, text, low):
    x = np.linspace(low, 1.1 * low, 300)
    assert match(x, function(x))[0].text == text


LOOK_ALIKES = [
    ("x^2", lambda x: x**2),
    ("x", lambda x: x),
    ("cos", lambda x: np.cos(x)),
    ("cosh", lambda x: np.cosh(1.5 * x)),
    ("gaussian", lambda x: np.exp(-((1.5 * x) ** 2))),
    ("exp", np.exp),
    ("log", lambda x: np.log(x + 1.5)),
    ("sqrt", lambda x: np.sqrt(x + 1.05)),
    ("1/x", lambda x: 1 / (x + 1.6)),
    ("arctan", lambda x: np.arctan(2 * x)),
    ("tanh", lambda x: np.tanh(2 * x)),
    ("x^4", lambda x: x**4),
]


@pytest.mark.parametrize("told", [True, False], ids=["noise told", "noise untold"])
@pytest.mark.parametrize("relative", [1e-3, 1e-6])
@pytest.mark.parametrize(("name", "function"), LOOK_ALIKES, ids=[name for name, _ in LOOK_ALIKES])
def test_look_alikes_under_noise(name, function, relative, told):
    generator = np.random.default_rng(0)
    x = np.sort(generator.uniform(-1, 1, 400))
    exact = 2 * function(x) + 0.3
    noise = relative * np.std(exact)
    best = match(x, exact + generator.normal(0, noise, 400), noise=noise if told else None)[0]
    assert best.primitive == name
    assert np.sqrt(np.mean((best(x) - exact) ** 2)) < noise


@pytest.mark.parametrize("intervals", [10, 20])
@pytest.mark.parametrize(("name", "function"), LOOK_ALIKES, ids=[name for name, _ in LOOK_ALIKES])
def test_look_alikes_from_a_spline(name, function, intervals):
    x = np.linspace(-1, 1, 400)
    assert match(x, spline(x, function(x), intervals))[0].primitive == name


def test_a_square_is_never_a_slow_cosine():
    """pykan names cos(0.25 x) on a loosely trained edge, with an extrapolation error 18 times larger."""
    x = np.linspace(-1, 1, 250)
    for seed in range(5):
        y = x**2 + np.random.default_rng(seed).normal(0, 2e-3, 250)
        assert match(x, y)[0].primitive == "x^2"


@pytest.mark.parametrize("p", [0.7, 2.6, -1.3, 2.5])
def test_exponents_are_fitted(p):
    x = np.linspace(0.5, 3, 200)
    best = match(x, 1.7 * x**p - 0.4)[0]
    assert best.primitive == "power"
    assert best.exponent == pytest.approx(p, rel=1e-10)


def test_the_expression_tells_the_same_numbers():
    x = np.linspace(0.2, 2, 50)
    for found in match(x, 1.3 * np.exp(-0.7 * x) + 0.1, top=5):
        values = evaluate(found.expression(symbol("x")), {"x": x})
        np.testing.assert_allclose(values, found(x), rtol=1e-12)
    assert isinstance(found, Match)
    assert isinstance(found.expression(sympy.Symbol("u") + 1), sympy.Expr)


def test_scores():
    generator = np.random.default_rng(1)
    x = np.linspace(-1, 1, 500)
    y = 2 * x + generator.normal(0, 0.1, 500)
    best = match(x, y)[0]
    assert best.primitive == "x"
    assert best.rmse == pytest.approx(0.1, rel=0.15)
    assert best.held_out_rmse == pytest.approx(0.1, rel=0.25)
    assert best.r2 == pytest.approx(1 - best.rmse**2 / np.var(y))
    slope, offset = np.polyfit(x, y, 1)
    np.testing.assert_allclose([best.outer_scale, best.outer_shift], [slope, offset], rtol=1e-9, atol=1e-2)


def test_weights_silence_samples():
    x = np.linspace(-1, 1, 200)
    y = np.sin(3 * x)
    y[::10] += 5
    weights = np.ones(200)
    weights[::10] = 0
    assert match(x, y, weights=weights)[0].text == "sin(3*x)"


def test_order_and_repetition_of_samples_do_not_matter():
    generator = np.random.default_rng(0)
    x = np.repeat(np.linspace(-1, 1, 100), 2)
    shuffled = generator.permutation(len(x))
    assert match(x[shuffled], np.exp(x[shuffled]))[0].text == "exp(x)"


def test_a_subset_and_rows_of_ones_own():
    x = np.linspace(-1, 1, 200)
    assert {found.primitive for found in match(x, x**2, primitives=["sin", "exp"])} == {"sin", "exp"}
    sinc = Primitive("bump", lambda m, x: 1 / (1 + x**4), 5, parity=1)
    y = 2 / (1 + (3 * x - 0.6) ** 4)
    best = match(x, y, primitives={**PRIMITIVES, "bump": sinc})[0]
    assert best.primitive == "bump"
    assert best.inner_scale == pytest.approx(3)


def test_reruns_are_bit_equal():
    x = np.linspace(-1, 1, 200)
    y = np.tanh(2 * x) + 1e-4 * np.sin(40 * x)
    assert match(x, y) == match(x, y)


def test_no_spread_in_x_or_y():
    x = np.linspace(-1, 1, 20)
    assert match(0 * x + 1, x)[0].rmse == pytest.approx(np.std(x))
    assert match(x, 0 * x + 1e-300)[0].primitive == "0"


@pytest.mark.parametrize(
    ("gauged", "kind"),
    [
        ("x^2", ("homogeneous", 2.0)),
        ("abs", ("homogeneous", 1.0)),
        ("1/sqrt", ("homogeneous", -0.5)),
        ("exp", ("exponential", 1.0)),
        ("log", ("logarithmic", 1.0)),
        ("tanh", ("none", 0.0)),
        ("sin", ("none", 0.0)),
    ],
)
def test_idle_constants_are_recognised(gauged, kind):
    assert gauge(PRIMITIVES[gauged]) == kind


def test_errors_say_what_to_do():
    x = np.linspace(-1, 1, 20)
    with pytest.raises(ShapeError, match=r"\(20,\), \(10,\)"):
        match(x, x[:10])
    with pytest.raises(ValuesError, match="at least 5 samples, got 3"):
        match(x[:3], x[:3])
    with pytest.raises(ValuesError, match="1 of 20 samples"):
        match(x, np.where(x == 1, np.nan, x))
    with pytest.raises(UnknownNameError, match="Did you mean 'sin'"):
        match(x, x, primitives=["sine"])
    with pytest.raises(SettingsError, match="held_out"):
        match(x, x, held_out=0.9)
    with pytest.raises(SettingsError, match="noise"):
        match(x, x, noise=-1.0)
