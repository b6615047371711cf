"""Rules of algebra that may make a formula shorter. They know no data, but may ask for the sign of a part.

A rule takes an expression and returns an equal one (or the same). ``WHOLE`` looks at a formula as a whole, ``LOCAL``
at one node, for which `everywhere` carries it to every node.
"""

from collections.abc import Callable, Mapping

import sympy
from sympy.simplify.fu import TR10i

from edgewise.formula import complexity
from edgewise.formula.anatomy import rebuild

Rule = Callable[[sympy.Expr], sympy.Expr]
Sign = Callable[[sympy.Expr], int]  # 1: nowhere negative on the data, -1: nowhere positive, 0: both
LARGEST_POLYNOMIAL = 60


def replaced(expression: sympy.Expr, mapping: Mapping[sympy.Expr, sympy.Expr]) -> sympy.Expr:
    """The expression with parts exchanged, its products left as they are written."""
    if expression in mapping:
        return mapping[expression]
    return rebuild(expression, lambda part: replaced(part, mapping))


def rules(sign: Sign) -> list[Rule]:
    """All rules for a whole formula; ``sign`` tells that of a part on the data."""
    signed = [lambda e, rule=rule: rule(e, sign) for rule in (open_roots, lower_roots, open_moduli, part_signs)]
    local = [*LOCAL, *signed]
    return [*WHOLE, *(everywhere(rule) for rule in local), everywhere(lambda e: shortest(e, local))]


def everywhere(rule: Rule) -> Rule:
    """The rule at each node, from the leaves up."""

    def climb(expression: sympy.Expr) -> sympy.Expr:
        return rule(rebuild(expression, climb))

    return climb


def shortest(expression: sympy.Expr, choice: list[Rule]) -> sympy.Expr:
    """The shortest of what the rules make of this node."""
    return min((expression, *(rule(expression) for rule in choice)), key=complexity)


def polynomial(rule: Rule) -> Rule:
    """The rule where polynomial algebra stays cheap, else nothing."""

    def guarded(expression: sympy.Expr) -> sympy.Expr:
        fits = (expression.is_Add or expression.is_Mul or expression.is_Pow) and _cheap(expression)
        return rule(expression) if fits else expression

    return guarded


def _cheap(expression: sympy.Expr) -> bool:
    if complexity(expression) > LARGEST_POLYNOMIAL:
        return False
    powers = [p.exp for p in expression.atoms(sympy.Pow) if p.exp.is_Rational]
    return all(abs(p) <= 12 for p in powers)


def expand(expression: sympy.Expr) -> sympy.Expr:
    """Products and small powers of sums written out."""
    sums = [p for p in expression.atoms(sympy.Pow) if p.base.is_Add and p.exp.is_Integer]
    return sympy.expand(expression) if all(abs(p.exp) <= 4 for p in sums) else expression


def part_constants(expression: sympy.Expr) -> sympy.Expr:
    """exp(c + u) as exp(c) exp(u), so that constants meet."""
    if not isinstance(expression, sympy.exp) or not expression.exp.is_Add:
        return expression
    constant, rest = expression.exp.as_independent(*_variables(expression), as_Add=True)
    return sympy.exp(constant) * sympy.exp(rest)


def _variables(expression: sympy.Expr) -> set[sympy.Symbol]:
    return {symbol for symbol in expression.free_symbols if not isinstance(symbol, sympy.Dummy)}


def complete_squares(expression: sympy.Expr) -> sympy.Expr:
    """a v^2 + b v + c as a (v + b/(2 a))^2 + (c - b^2/(4 a)), for the variable v that makes it shortest."""
    if not expression.is_Add or not expression.has(sympy.Pow):
        return expression
    best = expression
    for v in sorted(expression.free_symbols, key=str):
        collected = sympy.collect(sympy.expand(expression), v, evaluate=False)
        if set(collected) != {v**2, v, sympy.S.One} or any(part.has(v) for part in collected.values()):
            continue
        a, b, c = (sympy.factor(collected[power]) for power in (v**2, v, sympy.S.One))
        square = a * (v + sympy.cancel(b / (2 * a))) ** 2 + sympy.cancel(c - b**2 / (4 * a))
        best = min(best, _together_in_square(square), square, key=complexity)
    return best


def _together_in_square(expression: sympy.Expr) -> sympy.Expr:
    """k^2 (v + w)^2 as (k v + k w)^2."""

    def carry(part: sympy.Expr) -> sympy.Expr:
        part = rebuild(part, carry)
        if not part.is_Mul:
            return part
        sums = [f for f in part.args if f.is_Pow and f.base.is_Add and f.exp == 2]
        rest = sympy.sqrt(part / sums[0]) if sums else sympy.S.Zero
        if not sums or rest.has(sympy.Abs, sympy.I) or len(sums) > 1:
            return part
        return sympy.expand(rest * sums[0].base) ** 2

    return carry(expression)


def pythagoras(expression: sympy.Expr) -> sympy.Expr:
    """sin^2 + cos^2 = 1, cosh^2 - sinh^2 = 1, written in sines."""
    squares = {p: 1 - sympy.sin(p.base.args[0]) ** 2 for p in expression.atoms(sympy.Pow) if _square_of(p, sympy.cos)}
    squares |= {
        p: 1 + sympy.sinh(p.base.args[0]) ** 2 for p in expression.atoms(sympy.Pow) if _square_of(p, sympy.cosh)
    }
    return expand(replaced(expression, squares)) if squares else expression


def _square_of(power: sympy.Pow, function: type) -> bool:
    return isinstance(power.base, function) and power.exp == 2


def hyperbolic(expression: sympy.Expr) -> sympy.Expr:
    """Pairs exp(u), exp(-u) as 2 cosh(u) and 2 sinh(u)."""
    exponents = {e.exp for e in expression.atoms(sympy.exp)}
    pairs = [u for u in exponents if -u in exponents and not u.could_extract_minus_sign()]
    back = {sympy.exp(s * u): sympy.cosh(u) + s * sympy.sinh(u) for u in pairs for s in (1, -1)}
    return sympy.cancel(expand(replaced(expression, back))) if back else expression


def quotients(expression: sympy.Expr) -> sympy.Expr:
    """sin(u)/cos(u) as tan(u), sinh(u)/cosh(u) as tanh(u)."""
    if not expression.is_Mul:
        return expression
    powers = expression.as_powers_dict()
    for above, below, quotient in ((sympy.sin, sympy.cos, sympy.tan), (sympy.sinh, sympy.cosh, sympy.tanh)):
        for base in [base for base in powers if isinstance(base, above)]:
            u, n = base.args[0], powers[base]
            if powers.get(below(u)) == -n:
                return expression / base**n * below(u) ** n * quotient(u) ** n
    return expression


def gather_roots(expression: sympy.Expr) -> sympy.Expr:
    """sqrt(a) sqrt(b) / sqrt(c) as sqrt(a b/c). For symbols of unknown sign: SymPy parts the roots of positive ones."""
    half = sympy.Rational(1, 2)
    roots = [f for f in expression.args if f.is_Pow and abs(f.exp) == half] if expression.is_Mul else []
    if len(roots) < 2:
        return expression
    inside = sympy.Mul(*(root.base ** (2 * root.exp) for root in roots))
    return sympy.Mul(*(f for f in expression.args if f not in roots), sympy.sqrt(inside))


def lower_roots(expression: sympy.Expr, sign: Sign) -> sympy.Expr:
    """sqrt(a/b) as sqrt(a)/sqrt(b) where b is positive on the data."""
    if not (expression.is_Pow and expression.exp.is_Rational and expression.exp.q == 2):
        return expression
    above, below = sympy.fraction(expression.base)
    if below == 1 or sign(below) <= 0:
        return expression
    return above**expression.exp / below**expression.exp


def open_roots(expression: sympy.Expr, sign: Sign) -> sympy.Expr:
    """sqrt(a^2 b) as a sqrt(b) or -a sqrt(b), so that the formula goes on where a changes its sign."""
    if not (expression.is_Pow and expression.exp.is_Rational and expression.exp.q == 2) or not _cheap(expression.base):
        return expression
    numerator, denominator = sympy.fraction(sympy.together(expression.base))
    outside, inside = sympy.S.One, sympy.S.One
    for part, direction in ((numerator, 1), (denominator, -1)):
        number, factors = sympy.factor_list(part)
        inside *= number**direction
        for factor, power in factors:
            even = 0 if sign(factor) == 0 else power // 2
            outside *= (sign(factor) * factor) ** (even * direction)
            inside *= factor ** (direction * (power - 2 * even))
    if outside == 1:
        return expression
    return outside ** (2 * expression.exp) * inside**expression.exp


def open_moduli(expression: sympy.Expr, sign: Sign) -> sympy.Expr:
    """abs(a) as a or -a where the data know one sign only."""
    if isinstance(expression, sympy.Abs) and (known := sign(expression.args[0])):
        return known * expression.args[0]
    return expression


def part_signs(expression: sympy.Expr, sign: Sign) -> sympy.Expr:
    """sign(a u) as sign(u) or -sign(u) where the data know one sign of a."""
    if not isinstance(expression, sympy.sign):
        return expression
    told = {factor: sign(factor) for factor in sympy.Mul.make_args(expression.args[0])}
    left = sympy.Mul(*(factor for factor, known in told.items() if not known))
    return sympy.Mul(*(known for known in told.values() if known)) * (sympy.sign(left) if left != 1 else left)


def moduli(expression: sympy.Expr) -> sympy.Expr:
    """u sign(u) as abs(u), u^2 sign(u) as u abs(u), abs(u) sign(u) as u."""
    if not expression.is_Mul:
        return expression
    powers = expression.as_powers_dict()
    for jump in [base for base in powers if isinstance(base, sympy.sign) and powers[base] == 1]:
        u = jump.args[0]
        for base, instead in ((u, sympy.Abs(u)), (sympy.Abs(u), u)):
            if powers.get(base, sympy.S.Zero).is_Integer and powers[base] >= 1:
                return expression / jump / base * instead
    return expression


def centred(expression: sympy.Expr) -> sympy.Expr:
    """step(u) - 1/2 as sign(u)/2."""
    steps = {
        part: (1 + sympy.sign(part.args[0])) / 2 for part in expression.atoms(sympy.Heaviside) if part.args[1] == 1
    }
    return replaced(expression, steps) if steps else expression


def angles(expression: sympy.Expr) -> sympy.Expr:
    """sin a cos b + cos a sin b as sin(a + b), and the like."""
    if len(expression.atoms(sympy.sin, sympy.cos)) < 3:  # the shortest, sin a cos a + .., is a double angle
        return expression
    gathered: sympy.Expr = TR10i(expression)
    return gathered


LOCAL: list[Rule] = [
    polynomial(sympy.together),
    polynomial(sympy.factor),
    polynomial(sympy.cancel),
    polynomial(sympy.factor_terms),
    polynomial(complete_squares),
    part_constants,
    quotients,
    moduli,
]
WHOLE: list[Rule] = [
    expand,
    lambda e: sympy.powsimp(e, force=True),
    lambda e: sympy.expand_log(e, force=True),
    lambda e: sympy.logcombine(e, force=True),
    lambda e: sympy.expand_power_base(e, force=True),
    pythagoras,
    hyperbolic,
    angles,
    centred,
]
