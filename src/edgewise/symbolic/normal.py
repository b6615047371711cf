"""One way to write a formula with fitted constants: no constant that another could take over.

``0.9 (1.1 x + 0.2)^2`` has three constants where two suffice, so a fit cannot say what any of them is. Here a scale leaves
a power, a logarithm or an absolute value, a shift leaves an exponential, sums and products swallow what is theirs. What
remains are constants that the data can determine, one by one.
"""

import math

import sympy

MODEST = 50.0  # exponents of constants that may leave an exponential


def normal_form(expression: sympy.Expr) -> sympy.Expr:
    """The same function with redundant constants merged.

    >>> from edgewise.formula import parse
    >>> normal_form(parse("3.0*(2.0*x + 1.0)**2"))
    12.0*(x + 0.5)**2
    """
    if not expression.args:
        return expression
    arguments = [normal_form(argument) for argument in expression.args]
    if expression.is_Add:
        return _sum(arguments)
    if expression.is_Mul:
        return _product(arguments)
    if expression.is_Pow:
        return _power(*arguments)
    if isinstance(expression, sympy.exp):
        return _exponential(arguments[0])
    if isinstance(expression, sympy.log):
        return _logarithm(arguments[0])
    if isinstance(expression, sympy.sin | sympy.cos | sympy.tan):
        return _wave(expression.func, arguments[0])
    if isinstance(expression, sympy.Abs):
        scale, rest = split_scale(arguments[0])
        return _product([abs(scale), sympy.Abs(rest)])
    return expression.func(*arguments)


def split_scale(expression: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """(k, rest) with expression = k * rest and the first varying term of ``rest`` free of a fitted factor.

    >>> from edgewise.formula import parse
    >>> split_scale(parse("4.0*x + 2.0"))
    (4.00000000000000, x + 0.5)
    """
    if expression.is_Mul:
        floats = [factor for factor in expression.args if factor.is_Float]
        if floats:
            scale = sympy.Mul(*floats)
            return scale, sympy.Mul(*(factor for factor in expression.args if not factor.is_Float))
        return sympy.Integer(1), expression
    if not expression.is_Add:
        return sympy.Integer(1), expression
    varying = [term for term in expression.as_ordered_terms() if term.free_symbols]
    scale = next((s for s in (_float_factor(term) for term in varying) if s is not None), None)
    if scale is None or not math.isfinite(float(scale)) or scale == 0 or len(varying) == 0:
        return sympy.Integer(1), expression
    rest = [_without(term, scale) for term in expression.args]
    return scale, sympy.Add(*rest)


def _float_factor(term: sympy.Expr) -> sympy.Expr | None:
    if term.is_Mul:
        floats = [factor for factor in term.args if factor.is_Float]
        return sympy.Mul(*floats) if floats else None
    return None


def _without(term: sympy.Expr, scale: sympy.Expr) -> sympy.Expr:
    """term / scale, an exact 1 where that is what is left of the number."""
    own = _float_factor(term) if term.is_Mul else term if term.is_Float else None
    if own is not None and own == scale:
        return term / own if not term.is_Mul else sympy.Mul(*(f for f in term.args if not f.is_Float))
    return term / scale


def _sum(terms: list[sympy.Expr]) -> sympy.Expr:
    """A fitted factor before a sum belongs to its terms."""
    spread: list[sympy.Expr] = []
    for term in terms:
        if term.is_Mul and len(term.args) == 2 and term.args[0].is_Float and term.args[1].is_Add:
            spread += [_product([term.args[0], part]) for part in term.args[1].args]
        else:
            spread.append(term)
    return sympy.Add(*spread)


def _product(factors: list[sympy.Expr]) -> sympy.Expr:
    """Scales of factors that are sums come before the product."""
    scale: sympy.Expr = sympy.Integer(1)
    rest: list[sympy.Expr] = []
    for factor in factors:
        k, bare = split_scale(factor) if factor.is_Add and len(factors) > 1 else (sympy.Integer(1), factor)
        scale, rest = scale * k, [*rest, bare]
    return sympy.Mul(scale, *rest)


def _power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    scale, rest = split_scale(base)
    if scale == 1 or not exponent.is_Number:
        return base**exponent
    if scale < 0 and not exponent.is_integer:
        if rest.is_Add:
            scale, rest = -scale, sympy.Add(*(-term for term in rest.args))
        else:
            return base**exponent
    return _product([scale**exponent, rest**exponent])


def _exponential(inner: sympy.Expr) -> sympy.Expr:
    if not inner.is_Add:
        return sympy.exp(inner)
    shift = sympy.Add(*(term for term in inner.args if term.is_Float))
    if shift == 0 or abs(float(shift)) > MODEST:
        return sympy.exp(inner)
    return sympy.Float(math.exp(float(shift))) * sympy.exp(inner - shift)


def _logarithm(inner: sympy.Expr) -> sympy.Expr:
    scale, rest = split_scale(inner)
    if scale == 1 or not 0 < float(scale) < math.inf:
        return sympy.log(inner)
    return sympy.log(rest) + sympy.Float(math.log(float(scale)))


def _wave(function: type, inner: sympy.Expr) -> sympy.Expr:
    """The shift within one period of 0, and a sine or cosine of a rising argument."""
    if not inner.is_Add:
        return function(inner)
    shift = sympy.Add(*(term for term in inner.args if term.is_Float))
    varying = sympy.Add(*(term for term in inner.args if not term.is_Float))
    if shift == 0 or not math.isfinite(float(shift)):
        return function(inner)
    period = math.pi if function is sympy.tan else 2 * math.pi
    return function(varying + sympy.Float(math.remainder(float(shift), period)))
