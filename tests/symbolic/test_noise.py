"""Names in noise: what a first polynomial tells, curves of one input, sums of few terms."""

from itertools import combinations

import numpy as np
import pytest
import sympy
from scipy.optimize import curve_fit

from edgewise.formula import evaluate, symbol
from edgewise.symbolic import by_polynomial, ladder, outlook
from edgewise.symbolic.curves import curve_reductions, power_reductions
from edgewise.symbolic.likely import likely_shapes
from edgewise.symbolic.noisy import _sum_of as sum_of
from edgewise.symbolic.noisy import (
    argument_sums,
    curve_of_monomial,
    fitted_in_y,
    goal_of,
    plain_sums,
    products_of_atoms,
    weighted_transform,
)
from edgewise.symbolic.problem import TARGET, Problem, first_problem
from edgewise.symbolic.sparse import _Products, best_supports, likely_supports
from edgewise.symbolic.transforms import TRANSFORMS

ROWS = 500


def table(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"a": rng.uniform(1, 5, ROWS), "b": rng.uniform(1, 5, ROWS)}


def with_noise(y: np.ndarray, share: float, seed: int = 1) -> np.ndarray:
    return y + share * np.sqrt(np.mean(y**2)) * np.random.default_rng(seed).standard_normal(len(y))


@pytest.mark.parametrize(
    "law", [lambda a, b: a * b, lambda a, b: np.exp(-a / b) * a, lambda a, b: np.sqrt(a**2 + b**2)]
)
def test_noise_is_seen_and_its_absence(law) -> None:
    columns = table()
    y = law(**columns)
    assert not outlook(columns, y).noisy
    for share in (0.003, 0.03):
        assert outlook(columns, with_noise(y, share)).noisy


def test_a_polynomial_foretells_other_rows_as_a_plain_fit_does() -> None:
    columns, others = table(), table(5)
    y, theirs = (1 + c["a"] - 0.5 * c["a"] * c["b"] ** 2 for c in (columns, others))
    told = by_polynomial(columns, with_noise(y, 0.01), others)
    terms = [(i, j) for i in range(4) for j in range(4 - i)]
    design, beside = (np.stack([c["a"] ** i * c["b"] ** j for i, j in terms], 1) for c in (columns, others))
    plain = beside @ np.linalg.lstsq(design, with_noise(y, 0.01), rcond=None)[0]
    assert told is not None
    assert np.std(told - theirs) < 3 * np.std(plain - theirs)


@pytest.mark.parametrize(
    ("curve", "value"),
    [
        ("tanh", lambda z: 2 * np.tanh(z / 2)),
        ("1/sqrt(1-z^2)", lambda z: 1 / np.sqrt(1 - (z / 6) ** 2)),
        ("exp", lambda z: 3 * np.exp(-z / 3)),
        ("1-cos", lambda z: 1 - np.cos(2 * z)),
    ],
)
def test_the_name_of_a_noisy_curve_is_among_the_likeliest(curve: str, value) -> None:
    z = table()["a"]
    problem = first_problem({"z": z}, with_noise(value(z), 0.01), noisy=True)
    fresh = np.linspace(1, 5, 50)
    found = [evaluate(e, {problem.symbols[0].name: fresh}) for e in likely_shapes(problem)]
    errors = [np.max(np.abs(f - value(fresh))) / np.max(np.abs(value(fresh))) for f in found]
    assert min(errors) < 0.004, curve


@pytest.mark.parametrize("seed", range(5))
def test_a_curve_is_known_by_the_few_rows_where_it_bends(seed: int) -> None:
    """The quotient of three columns has most rows far from the arc sine's steep end, and few of them near to each other."""
    rng = np.random.default_rng(seed)
    a, b, c = rng.uniform((1, 1, 2), (5, 5, 5), (ROWS, 3)).T
    z = a / (b * c)
    z = z[z < 0.98]
    found = list(likely_shapes(first_problem({"z": z}, with_noise(np.arcsin(z), 0.01, seed), noisy=True)))
    (arc,) = found[0].atoms(sympy.asin)
    assert float(arc.args[0].as_coeff_Mul()[0]) == pytest.approx(1, abs=1e-12)


def test_products_of_columns_tell_what_least_squares_tells() -> None:
    rng = np.random.default_rng(3)
    columns = rng.normal(size=(80, 12)) + rng.normal(size=(80, 1))
    unit, target = columns / np.linalg.norm(columns, axis=0), rng.normal(size=80)
    products, states = _Products.of(unit, target), [(0, 3), (2, 7), (1, 11)]

    def left(chosen: tuple[int, ...]) -> float:
        return float(np.linalg.lstsq(unit[:, chosen], target, rcond=None)[1][0])

    np.testing.assert_allclose(products.misfits(states), [left(state) for state in states], rtol=1e-9)
    explained = products.explained(states)
    for state, scores in zip(states, explained, strict=True):
        for index, score in enumerate(scores):
            assert score == (-1 if index in state else pytest.approx(left(state) - left((*state, index)), rel=1e-6))


def test_the_best_three_of_hundreds_of_look_alikes_are_those_of_an_exhaustive_search() -> None:
    """r^2 - 2 r cos(u) + 1, where no single term of 1 - 2 tanh(r) cos(u) + r^2 sqrt(1 + u^2)/2 can be bettered."""
    rng = np.random.default_rng(6)
    r, u = rng.uniform(0.3, 3, 300), rng.uniform(-3, 3, 300)
    of_r = [np.ones(300), r, r**2, np.tanh(r), np.sqrt(1 + r**2)]
    of_u = [np.ones(300), u, u**2, np.cos(u), np.sin(u), np.sqrt(1 + u**2)]
    columns = np.column_stack([a * b for a in of_r for b in of_u])
    target = r**2 - 2 * r * np.cos(u) + 1 + 0.02 * rng.normal(size=300)
    best = min(combinations(range(30), 3), key=lambda s: np.linalg.lstsq(columns[:, s], target, rcond=None)[1].sum())
    found = [support for _, support, _ in likely_supports(columns, target, 3, 1, beam=1, paired=1)]
    assert set(found[-1]) == set(best) == {0, 9, 12}


@pytest.mark.parametrize("most", [3, 4])
def test_columns_of_low_rank_end_a_search_and_do_not_break_it(most: int) -> None:
    """Of a column with two values all powers lie in a plane."""
    x = np.array([1.0, 2.0] * 30)
    columns = np.column_stack([np.ones(60), x, x**2, 1 / x, np.sqrt(x)])
    target = with_noise(3 * x, 0.1)
    found = list(likely_supports(columns, target, most, 1, paired=1))
    assert max(len(support) for _, support, _ in found) == 2
    assert {support for _, support, _ in likely_supports(columns[:, :1], target, most, 1, paired=1)} == {(0,)}


def test_the_best_supports_are_those_of_an_exhaustive_search() -> None:
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(60, 9))
    target = columns[:, 2] - 2 * columns[:, 7] + 0.3 * rng.normal(size=60)
    best = {len(support): (rest, set(support)) for rest, support, _ in likely_supports(columns, target, 2, 1)}
    for size in (1, 2):
        every = []
        for chosen in combinations(range(9), size):
            part = columns[:, chosen]
            left = target - part @ np.linalg.lstsq(part, target, rcond=None)[0]
            every.append((left @ left, set(chosen)))
        rest, support = min(every, key=lambda one: one[0])
        assert best[size][1] == support
        assert best[size][0] == pytest.approx(rest)


def test_all_combinations_of_few_columns() -> None:
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(60, 7)) + rng.normal(size=(60, 1))  # look-alikes of one another
    target = columns[:, [1, 3, 6]] @ [1.0, -2.0, 1.5] + 0.3 * rng.normal(size=60)
    for rest, support, c in best_supports(columns, target, 3, 1):
        every = [np.linalg.lstsq(columns[:, s], target, rcond=None)[1][0] for s in combinations(range(7), len(support))]
        assert rest == pytest.approx(min(every))
        np.testing.assert_allclose(c, np.linalg.lstsq(columns[:, support], target, rcond=None)[0], rtol=1e-6)


def test_a_greedy_choice_is_exchanged_for_a_better_one() -> None:
    """Two look-alikes of a sum of two are the best pair to begin with and no part of the best three."""
    rng = np.random.default_rng(2)
    a, b, c = rng.normal(size=(3, 200))
    columns = np.column_stack([a, b, c, a + b + 0.1 * rng.normal(size=200), b + c + 0.1 * rng.normal(size=200)])
    (_, support, _), *_ = (one for one in likely_supports(columns, a + b + c, 3, 1, beam=1) if len(one[1]) == 3)
    assert set(support) == {0, 1, 2}


LAWS = {
    "a power and a curve": (lambda a, b, c: a**2 * c / np.sqrt(1 - (b / 9) ** 2 / c**2), {"b/c", "c/b"}),
    "a bell": (lambda a, b, c: np.exp(-(((a - b) / c) ** 2)) / c, {"(a - b)/c", "(-a + b)/c"}),
    "a curve with a pole": (lambda a, b, c: c / (a - b - 5), {"a - b", "-a + b"}),
    "an angle": (lambda a, b, c: np.arcsin(a / (5.05 * b * c)), {"a/(b*c)", "b*c/a"}),
}


@pytest.mark.parametrize("law", LAWS)
def test_the_argument_of_a_curve_is_found_in_noise(law: str) -> None:
    value, arguments = LAWS[law]
    columns = {**table(), "c": np.random.default_rng(4).uniform(1, 3, ROWS)}
    y = with_noise(value(**columns), 0.01)
    problem = first_problem(columns, y, noisy=True)
    names = dict(zip(problem.symbols, sympy.symbols("a b c"), strict=True))
    found = next(curve_reductions(problem))
    (argument,) = found.hypothesis.definitions.values()
    assert str(argument.xreplace(names)) in arguments
    # what is left depends on the argument alone: neighbours are as near as the noise has them
    order = np.argsort(found.x[:, 0])
    jumps = np.diff(found.y[order]) * found.weights[order][1:]
    noise = 0.01 * np.sqrt(np.mean(y**2))
    assert np.median(np.abs(jumps)) < 3 * noise


def test_a_law_without_one_curve_has_no_argument() -> None:
    columns = {**table(), "c": np.random.default_rng(4).uniform(1, 3, ROWS)}
    assert not list(curve_reductions(first_problem(columns, with_noise(columns["a"] ** 2 / columns["b"], 0.05), True)))


def test_inputs_that_act_by_a_power_alone() -> None:
    """Also by the power 0: what does not matter goes as well."""
    columns = {
        **table(),
        "c": np.random.default_rng(4).uniform(1, 3, ROWS),
        "idle": np.random.default_rng(5).uniform(1, 2, ROWS),
    }
    y = with_noise(np.sqrt(columns["c"]) * (1 + columns["a"] * columns["b"] ** 2), 0.02)
    (found,) = power_reductions(first_problem(columns, y, noisy=True))
    a, b, c, _ = found.parent.symbols
    assert set(found.hypothesis.definitions.values()) == {a, b}
    assert found.hypothesis.restore == sympy.sqrt(c) * TARGET


def test_plain_sums_beside_look_alikes() -> None:
    columns = {**table(), "c": np.random.default_rng(4).uniform(1, 5, ROWS)}
    truth = 1 / sum(column**2 for column in columns.values())
    problem = first_problem(columns, with_noise(truth, 0.01), noisy=True)
    assert closest(problem, plain_sums(problem, np.inf), truth) < 0.003


def test_a_smoother_transform_keeps_the_errors_of_the_target() -> None:
    columns = table()
    problem = first_problem(columns, with_noise(1 / (columns["a"] + columns["b"] ** 2), 0.01), noisy=True)
    child = weighted_transform(problem, "1/y")
    step = 1e-6 * problem.y
    change = (1 / (problem.y + step) - child.y) * child.weights
    below = child.weights < child.weights.max()  # the steepest rows count no more than some others
    assert below.mean() > 0.95
    np.testing.assert_allclose(change[below], -step[below], rtol=1e-4)


def closest(problem: Problem, found, truth: np.ndarray) -> float:
    names = {symbol.name: column for symbol, column in zip(problem.symbols, problem.x.T, strict=True)}
    errors = [np.std(np.broadcast_to(evaluate(e, names), truth.shape) - truth) for e in found]
    return float(min(errors) / np.std(truth))


def test_products_of_functions_without_constants() -> None:
    columns = table()
    truth = (1 + columns["a"]) / (1 + columns["b"])
    problem = first_problem(columns, with_noise(truth, 0.01), noisy=True)
    assert closest(problem, products_of_atoms(problem, np.inf), truth) < 0.005


def test_sums_around_an_argument_that_oscillates() -> None:
    columns = table()
    truth = columns["a"] * np.cos(columns["a"] * columns["b"]) + columns["b"]
    problem = first_problem(columns, with_noise(truth, 0.01), noisy=True)
    assert closest(problem, argument_sums(problem), truth) < 0.01


def test_the_frequency_of_a_wave_is_found() -> None:
    columns = table()
    truth = columns["a"] + columns["b"] * np.cos(2.7 * (columns["a"] - columns["b"]))
    problem = first_problem(columns, with_noise(truth, 0.01), noisy=True)
    assert closest(problem, argument_sums(problem), truth) < 0.05  # before k is refitted


def test_pure_noise_names_nothing_that_foretells_other_rows() -> None:
    columns, y = table(), np.random.default_rng(7).normal(size=ROWS)
    others, fresh = table(3), np.random.default_rng(8).normal(size=ROWS)
    for candidate in ladder(columns, y, noise=1.0):
        told = np.broadcast_to(evaluate(candidate.expression, others), fresh.shape)
        assert np.mean((fresh - told) ** 2) > 0.95 * np.var(fresh)


def test_a_target_of_zeros_and_ones_has_no_curve() -> None:
    columns = table()
    truths = (columns["a"] > 1.5).astype(float)  # more than half are the largest
    assert not list(power_reductions(first_problem(columns, truths)))


def around_zero() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The distance between points given by two lengths and the angle between them, some of them near each other."""
    rng = np.random.default_rng(6)
    columns = {**table(), "c": rng.uniform(0.05, 2.5, ROWS)}
    return columns, np.sqrt(
        columns["a"] ** 2 + columns["b"] ** 2 - 2 * columns["a"] * columns["b"] * np.cos(columns["c"])
    )


def test_a_root_is_found_where_noise_has_made_some_values_negative() -> None:
    columns, truth = around_zero()
    y = with_noise(truth, 0.15)
    assert 0 < np.mean(y < 0) < 0.02
    problem = first_problem(columns, y, noisy=True)
    found = next(iter(argument_sums(problem)))
    a, b, c = problem.symbols
    assert sympy.expand(found**2 - (a**2 + b**2 - 2 * a * b * sympy.cos(c))) == 0


def test_no_root_is_taken_of_what_has_both_signs() -> None:
    columns, truth = around_zero()
    problem = first_problem(columns, truth - np.median(truth), noisy=True)
    assert goal_of(problem, "y^2") is None
    assert weighted_transform(first_problem(columns, with_noise(truth, 0.15), noisy=True), "y^2") is None


@pytest.mark.parametrize("name", ["1/y", "y^2", "1/y^2", "log"])
def test_a_fit_through_a_transform_is_that_of_scipy_in_y(name: str) -> None:
    back = {"1/y": lambda g: 1 / g, "y^2": np.sqrt, "1/y^2": lambda g: g**-0.5, "log": np.exp}[name]
    z = table()["a"]
    columns = np.column_stack([np.ones(ROWS), z])
    y = with_noise(back(0.3 + 0.2 * z), 0.1)
    problem = first_problem({"z": z}, y, noisy=True)
    transform, target, weights = goal_of(problem, name)
    start = np.linalg.lstsq(columns * weights[:, None], target * weights, rcond=None)[0]
    found = fitted_in_y(problem, transform, columns, start)
    witness, covariance = curve_fit(lambda _, c, b: back(np.maximum(c + b * z, 1e-9)), z, y, p0=(0.3, 0.2))
    errors = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(found, witness, atol=0.1 * float(np.min(errors)))
    if name == "1/y":  # least squares in 1/y take rows that noise has raised for surer ones
        assert np.max(np.abs(start - witness) / errors) > 0.5


@pytest.mark.parametrize(
    ("curve", "name"),
    [(np.arcsin, sympy.asin), (np.tanh, sympy.tanh), (lambda m: np.log(1 + m), sympy.log)],
)
def test_what_is_nearly_a_power_product_is_looked_at_as_its_curve(curve, name) -> None:
    columns = table()
    columns["b"] = columns["b"] + 19
    y = with_noise(curve(columns["a"] / columns["b"]), 0.005)
    problem = first_problem(columns, y, noisy=True)
    child = curve_of_monomial(problem)
    a, b = problem.symbols
    assert child is not None
    assert list(child.hypothesis.definitions.values()) == [a / b]
    assert any(found.has(name) for found in likely_shapes(child))


def test_an_unusual_power_is_the_sign_of_a_curve() -> None:
    columns = {**table(), "c": np.random.default_rng(4).uniform(2, 5, ROWS)}
    problem = first_problem(columns, with_noise(columns["a"] / (columns["b"] * (columns["c"] - 1)), 0.1), noisy=True)
    child = curve_of_monomial(problem)
    a, b, c = problem.symbols
    assert list(child.hypothesis.definitions.values()) == [1 / c]
    assert child.hypothesis.restore == TARGET * a / b
    ratio = first_problem(columns, with_noise(columns["c"] * (columns["a"] / columns["b"]) ** 2.5, 0.01), noisy=True)
    a, b, c = ratio.symbols
    assert list(curve_of_monomial(ratio).hypothesis.definitions.values()) == [a / b]


def test_unusual_powers_of_several_sizes_hint_at_no_curve() -> None:
    columns = table()
    y = with_noise(columns["a"] ** 1.5 / columns["b"] ** 3, 0.01)
    assert curve_of_monomial(first_problem(columns, y, noisy=True)) is None


@pytest.mark.parametrize("seed", range(4))
def test_a_power_product_that_leaves_only_noise_does_not_end_the_search(seed: int) -> None:
    """c**(-3/2) is within the noise of 1 / (c - 1)."""
    columns = {**table(seed), "c": np.random.default_rng(4 + seed).uniform(2, 5, ROWS)}
    y = with_noise(columns["a"] / (columns["b"] * (columns["c"] - 1)), 0.1, seed + 9)
    found = [candidate.expression for candidate in ladder(columns, y, noise=0.1)]
    a, b, c = map(symbol, columns)
    assert all(one.free_symbols <= {a, b, c} for one in found)
    assert any(sympy.simplify(one - a / (b * (c - 1))) == 0 for one in found)


def test_a_cube_root_is_written_in_noise() -> None:
    columns = table()
    y = with_noise(2 * np.cbrt(columns["a"] * columns["b"]), 0.05)
    a, b = map(symbol, columns)
    found = [candidate.expression / (sympy.cbrt(a) * sympy.cbrt(b)) for candidate in ladder(columns, y, noise=0.05)]
    assert any(sympy.simplify(one).is_number for one in found)


def test_ways_to_write_one_formula_are_one_candidate() -> None:
    columns = table()
    found = [c.expression for c in ladder(columns, with_noise(0.37 * columns["a"] / columns["b"], 0.05), noise=0.05)]
    products = [one for one in found if one.is_Mul and not one.has(sympy.Function, sympy.Add)]
    rounded = [one.xreplace({n: sympy.Float(f"{float(n):.8g}") for n in one.atoms(sympy.Float)}) for one in products]
    assert len(set(rounded)) == len(rounded) > 0
    assert not any(one.has(sympy.Abs) for one in found)


def test_a_column_that_starts_at_zero_is_no_end() -> None:
    x = np.linspace(0, 5, 100)
    truth = np.sqrt(9 + x**2)
    problem = first_problem({"x": x}, with_noise(truth, 0.02), noisy=True)
    moved = first_problem({"x": x + 0.01}, problem.y, noisy=True)
    with np.errstate(all="ignore"):  # powers of 0 below 0 are no columns
        assert closest(problem, plain_sums(problem, np.inf), truth) < 0.02
        for generator in (plain_sums, products_of_atoms):
            assert len(list(generator(problem, np.inf))) > 0.7 * len(list(generator(moved, np.inf)))


@pytest.mark.parametrize("seed", range(6))
def test_numbers_under_a_root_are_plain_only_as_far_as_the_rows_allow(seed: int) -> None:
    """Three columns that nearly lie in a plane: each coefficient alone may move far, all of them together may not."""
    z = np.random.default_rng(seed).uniform(3, 5, 300)
    truth = np.sqrt(3.3 - 4.4 * z + 1.1 * z**2)
    problem = first_problem({"z": z}, truth + 0.1 * np.random.default_rng(seed + 50).standard_normal(300), noisy=True)
    transform, target, weights = goal_of(problem, "y^2")
    columns = np.column_stack([np.ones(300), z, z**2])
    start = np.linalg.lstsq(columns * weights[:, None], target * weights, rcond=None)[0]
    names = [sympy.Integer(1), problem.symbols[0], problem.symbols[0] ** 2]
    free = problem.y - np.sqrt(np.maximum(columns @ fitted_in_y(problem, transform, columns, start), 1e-9))
    form, rest = sum_of(problem, transform, names, columns, start)
    assert rest <= 1.1 * float(free @ free)
    values = evaluate(form, {problem.symbols[0].name: z})
    if np.all(np.isfinite(values)):
        assert rest == pytest.approx(float(np.sum((problem.y - values) ** 2)), rel=0.01)


@pytest.mark.parametrize(
    "law", [lambda a, b: 1 / (a * b - 0.8), lambda a, b: 1 / (a**2 + b**2 - 1.5), lambda a, b: 1 / (a + b - 1.8)]
)
def test_a_sum_through_a_ratio_is_as_near_to_the_law_as_its_fit_in_y(law) -> None:
    columns = table()
    truth = law(**columns)
    y = with_noise(truth, 0.1)
    problem = first_problem(columns, y, noisy=True)
    names = {symbol.name: column for symbol, column in zip(problem.symbols, problem.x.T, strict=True)}
    errors = [np.sqrt(np.mean((evaluate(e, names) - y) ** 2)) for e in plain_sums(problem, np.inf)]
    assert min(errors) < 1.1 * np.sqrt(np.mean((truth - y) ** 2))


def test_readings_that_were_cut_off_at_zero_have_a_square() -> None:
    columns, truth = around_zero()
    problem = first_problem(columns, np.maximum(with_noise(truth, 0.15), 0), noisy=True)
    assert np.any(problem.y == 0)
    _, target, weights = goal_of(problem, "y^2")
    np.testing.assert_array_equal(target, problem.y**2)
    assert np.all(np.isfinite(weights))
    large = problem.y.copy()
    large[0] = -np.max(large)  # no noise has made that
    assert goal_of(first_problem(columns, large, noisy=True), "y^2") is None


@pytest.mark.parametrize("name", TRANSFORMS)
def test_the_way_back_of_a_transform(name: str) -> None:
    transform, g = TRANSFORMS[name], sympy.Symbol("g")
    y = np.linspace(0.1, 0.9, 20)
    for sign in (1, -1) if transform.allowed(-y) else (1,):
        values = transform.forward(sign * y)
        np.testing.assert_allclose(transform.back(values, sign), sign * y, rtol=1e-9)
        written = np.array([float(transform.inverse(g, sign).subs(g, value)) for value in values])
        np.testing.assert_allclose(written, sign * y, rtol=1e-9)


def test_a_root_keeps_its_branch_where_a_column_would_be_negative() -> None:
    columns = {**table(), "c": np.random.default_rng(3).uniform(6, 9, ROWS)}
    y = with_noise(columns["b"] / np.sqrt(1 - columns["a"] ** 2 / columns["c"] ** 2), 0.01)
    found = min(ladder(columns, y, noise=0.01), key=lambda one: one.rmse).expression
    mirrored = {**columns, "c": -columns["c"]}
    np.testing.assert_allclose(evaluate(found, mirrored), evaluate(found, columns), rtol=1e-9)
