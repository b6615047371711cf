"""What every primitive and every function must obey."""

import numpy as np
import pytest
import sympy
import torch

from edgewise.errors import UnknownNameError
from edgewise.formula import complexity, evaluate, parse, symbol, to_text
from edgewise.primitives import FUNCTIONS, PRIMITIVES, Primitive, backend, find

EXPONENT = 1.7
ROWS = list(PRIMITIVES.values())
each_primitive = pytest.mark.parametrize("primitive", ROWS, ids=lambda row: row.name)
each_function = pytest.mark.parametrize("name", list(FUNCTIONS))


def value(primitive: Primitive, back_end: str, x: object) -> object:
    return primitive(back_end, x, *([EXPONENT] if primitive.exponent else []))


def numpy_value(primitive: Primitive, x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(value(primitive, "numpy", x))


def expression(primitive: Primitive) -> sympy.Expr:
    exponent = [sympy.Float(EXPONENT)] if primitive.exponent else []
    return sympy.sympify(primitive("sympy", symbol("x"), *exponent))


def points(primitive: Primitive) -> np.ndarray:
    """An irregular grid within the domain; neither 0 nor another pole is on it."""
    low, high = (np.clip(border, -3, 3) for border in primitive.domain)
    return np.linspace(low, high, 101)[1:-1] + 1e-3 * (high - low) / 7


# ---- back-ends


@each_primitive
def test_torch_computes_what_numpy_computes(primitive: Primitive) -> None:
    x = points(primitive)
    computed = value(primitive, "torch", torch.from_numpy(x))
    assert isinstance(computed, torch.Tensor)
    assert computed.dtype == torch.float64
    np.testing.assert_allclose(computed.numpy(), numpy_value(primitive, x), rtol=1e-12, atol=1e-14)


@each_primitive
def test_sympy_writes_what_numpy_computes(primitive: Primitive) -> None:
    x = points(primitive)
    np.testing.assert_allclose(
        evaluate(expression(primitive), {"x": x}), numpy_value(primitive, x), rtol=1e-12, atol=1e-14
    )


@each_primitive
def test_is_written_and_read_back(primitive: Primitive) -> None:
    assert parse(to_text(expression(primitive))) == expression(primitive)


@each_primitive
def test_torch_has_its_gradient(primitive: Primitive) -> None:
    x = torch.tensor(points(primitive)[::10], requires_grad=True)
    computed = value(primitive, "torch", x)
    assert isinstance(computed, torch.Tensor)
    if computed.requires_grad:  # a step has none
        (gradient,) = torch.autograd.grad(computed.sum(), x)
        step = 1e-6
        inner = x.detach().numpy()
        slope = (numpy_value(primitive, inner + step) - numpy_value(primitive, inner - step)) / (2 * step)
        np.testing.assert_allclose(gradient.numpy(), slope, rtol=1e-4, atol=1e-6)


# ---- what the rows claim


@each_primitive
def test_complexity_is_what_it_adds_to_a_printed_formula(primitive: Primitive) -> None:
    printed = 1 if primitive.name == "0" else complexity(expression(primitive))  # an edge that is 0 adds nothing
    assert primitive.complexity == printed - 1


@each_primitive
def test_finite_within_the_domain_and_nowhere_else(primitive: Primitive) -> None:
    low, high = primitive.domain
    assert np.isfinite(numpy_value(primitive, points(primitive))).all()
    for border, outside in ((low, low - 1e-9), (high, high + 1e-9)):
        if np.isfinite(border):
            assert not np.isfinite(numpy_value(primitive, np.array(outside)))
            if not primitive.exponent:  # 0**p is finite for some exponents
                assert np.isfinite(numpy_value(primitive, np.array(border))) == primitive.inside


@each_primitive
def test_parity(primitive: Primitive) -> None:
    x = np.linspace(0.05, 0.95, 19)
    here, there = numpy_value(primitive, x), numpy_value(primitive, -x)
    even = np.allclose(here, there, rtol=1e-12, atol=1e-14)
    odd = np.allclose(here, -there, rtol=1e-12, atol=1e-14)
    if primitive.name == "0":
        assert even
        assert odd
    else:
        assert primitive.parity == int(even) - int(odd)


@each_primitive
def test_period(primitive: Primitive) -> None:
    x = np.linspace(-1.4, 1.4, 29)
    if primitive.period is None:
        assert sympy.periodicity(expression(primitive), symbol("x")) in (None, 0)
    else:
        np.testing.assert_allclose(
            numpy_value(primitive, x + primitive.period), numpy_value(primitive, x), rtol=1e-9, atol=1e-12
        )
        assert float(sympy.periodicity(expression(primitive), symbol("x"))) == pytest.approx(primitive.period)


@each_primitive
def test_a_pole_is_a_place_where_it_grows_without_bound(primitive: Primitive) -> None:
    """Within the domain, near 0 or near pi/2: the two places where our primitives have theirs."""
    near = np.array([1e-9, np.pi / 2 - 1e-9])
    if primitive.domain == (-np.inf, np.inf):
        assert (np.abs(numpy_value(primitive, near)) > 1e8).any() == primitive.pole


@each_primitive
def test_smooth_means_without_a_corner_or_a_jump_at_zero(primitive: Primitive) -> None:
    if primitive.domain[0] < 0 and not primitive.pole:
        h = 1e-5
        left, middle, right = numpy_value(primitive, np.array([-h, 0.0, h]))
        assert (abs(left - 2 * middle + right) < 1e-3 * h and abs(right - left) < 1e-3) == primitive.smooth


# ---- functions


@each_function
def test_every_function_is_known_to_every_back_end(name: str) -> None:
    x = np.array([0.1, 0.5, 0.9])
    computed = getattr(backend("numpy"), name)(x)
    np.testing.assert_allclose(getattr(backend("torch"), name)(torch.from_numpy(x)).numpy(), computed, rtol=1e-14)
    written = getattr(backend("sympy"), name)(symbol("x"))
    np.testing.assert_allclose(evaluate(written, {"x": x}), computed, rtol=1e-14)
    assert parse(f"{name}(x)") == written


@each_function
def test_every_function_agrees_where_it_jumps(name: str) -> None:
    written = getattr(backend("sympy"), name)(symbol("x"))
    with np.errstate(all="ignore"):
        at_zero = getattr(backend("numpy"), name)(np.zeros(1))
    np.testing.assert_array_equal(getattr(backend("torch"), name)(torch.zeros(1, dtype=torch.float64)), at_zero)
    np.testing.assert_array_equal(evaluate(written, {"x": np.zeros(1)}), at_zero)


def test_large_arguments_do_not_overflow() -> None:
    x = np.array([-1000.0, 1000.0])
    np.testing.assert_array_equal(backend("numpy").sigmoid(x), [0, 1])
    np.testing.assert_array_equal(backend("numpy").softplus(x), [0, 1000])


# ---- names


def test_the_key_is_the_name() -> None:
    assert all(name == row.name for table in (PRIMITIVES, FUNCTIONS) for name, row in table.items())


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'sin'"):
        find("sine")
    with pytest.raises(UnknownNameError, match="Did you mean 'numpy'"):
        backend("nunpy")
    with pytest.raises(AttributeError):
        _ = backend("numpy").nothing


def test_the_users_own_come_first() -> None:
    own = Primitive("sin", lambda m, x: m.sin(2 * x))
    assert find("sin", {"sin": own}) is own
    assert find("cos", {"sin": own}) is PRIMITIVES["cos"]
