"""Which formulas a choice of primitives allows."""

from collections.abc import Callable, Iterable, Mapping

import sympy

from edgewise.errors import SettingsError, unknown
from edgewise.formula import symbol
from edgewise.formula.anatomy import call
from edgewise.primitives import PRIMITIVES, SPECIAL, Primitive, find

_ANY = sympy.Dummy("p")  # an exponent that is fitted
Application = sympy.core.function.Application


def table_of(primitives: Iterable[str | Primitive] | Mapping[str, Primitive] | None) -> dict[str, Primitive]:
    """The chosen rows by name; None chooses all. Raises SettingsError for an empty choice, for a name that is none, and for
    a bare text, which would be read letter by letter."""
    if primitives is None:
        return dict(PRIMITIVES)
    rows = listed(primitives.values() if isinstance(primitives, Mapping) else primitives, "primitives")
    chosen = [find(row) if isinstance(row, str) else row for row in rows]
    if not chosen:
        raise SettingsError("primitives is empty: give at least one name, or None for the whole table.")
    return {row.name: row for row in chosen}


def special_of(names: Iterable[str] | None, columns: Iterable[str]) -> dict[str, Primitive]:
    """The special functions of these names. Raises SettingsError for a bare text and for one that is a column's name,
    UnknownNameError for one that is not there."""
    asked = [] if names is None else listed(names, "functions")
    chosen = list(dict.fromkeys(row if isinstance(row, str) else row.name for row in asked))
    for name in chosen:
        if name not in SPECIAL:
            raise unknown("special function", name, SPECIAL)
    if taken := sorted({*chosen} & {*columns}):
        raise SettingsError(f"functions names {taken[0]!r}, which is a column, too. Rename the column.")
    return {name: SPECIAL[name] for name in chosen}


def listed(given: Iterable[str | Primitive], role: str) -> list[str | Primitive]:
    """The names and rows that an argument lists. Raises SettingsError for what is no list, or holds something else."""
    if isinstance(given, str):
        raise SettingsError(f"{role} is a list of names, got the text {given!r}. Write [{given!r}].")
    if not isinstance(given, Iterable):
        raise SettingsError(f"{role} is a list of names, got {given!r}. Write ['sin', 'exp'] or the like.")
    rows = list(given)
    for row in rows:
        if not isinstance(row, str | Primitive):
            raise SettingsError(
                f"{role} holds {row!r}, which is no name of a primitive. Write ['sin', 'exp'] or the like."
            )
    return rows


def permitted(primitives: Iterable[Primitive]) -> Callable[[sympy.Expr], bool]:
    """A test of expressions: whether sums, products and these primitives (one inside another, too) could write them.

    >>> from edgewise.formula import parse
    >>> from edgewise.primitives import PRIMITIVES
    >>> allowed = permitted([PRIMITIVES["sin"], PRIMITIVES["x^2"]])
    >>> allowed(parse("3*sin(x*y)**4")), allowed(parse("exp(x)")), allowed(parse("1/x"))
    (True, False, False)
    """
    functions, powers = _made_of(primitives)
    exponents = powers | {a * b for a in powers for b in powers}
    any_power = _ANY in powers or {sympy.exp, sympy.log} <= functions

    def allowed(expression: sympy.Expr) -> bool:
        raised = [part for part in expression.atoms(sympy.Pow) if part.free_symbols]
        return all(_kind(part) in functions for part in expression.atoms(Application)) and (
            any_power or all(part.exp in exponents for part in raised)
        )

    return allowed


def uses(primitive: Primitive) -> Callable[[sympy.Expr], bool]:
    """A test of expressions: whether all functions and powers that make the primitive occur in them.

    >>> from edgewise.formula import parse
    >>> from edgewise.primitives import PRIMITIVES
    >>> test = uses(PRIMITIVES["sin"])
    >>> test(parse("2*sin(x)**2")), test(parse("cos(x)")), uses(PRIMITIVES["sqrt"])(parse("1/sqrt(x)"))
    (True, False, True)
    """
    functions, powers = _made_of([primitive])

    def used(expression: sympy.Expr) -> bool:
        raised = {part.exp for part in expression.atoms(sympy.Pow)}
        raised |= {-exponent for exponent in raised if not exponent.is_Integer}
        return functions <= {_kind(part) for part in expression.atoms(Application)} and powers - {_ANY} <= raised

    return used


def _kind(part: sympy.Expr) -> type | str:
    """What tells functions apart: SymPy's class, or our name where one class holds several (Bessel functions)."""
    called = call(part)
    return called[0] if called and called[0] in SPECIAL else type(part)


def _made_of(primitives: Iterable[Primitive]) -> tuple[set[type | str], set[sympy.Expr]]:
    """The functions and the exponents that the primitives are written with."""
    forms = [as_expression(row) for row in primitives]
    functions = {_kind(part) for form in forms for part in form.atoms(Application)}
    return functions, {part.exp for form in forms for part in form.atoms(sympy.Pow)}


def as_expression(primitive: Primitive) -> sympy.Expr:
    """The primitive of x, written out."""
    return sympy.sympify(primitive("sympy", symbol("x"), *[_ANY] * primitive.exponent), strict=True)
