"""Text into an expression, through a grammar of our own.

Nothing that is typed is ever evaluated as Python: only numbers, names, + - * / ** ^ ( ) and calls of known functions
are read, and what is too long, too deep or too large is refused before SymPy sees it.

    sum     := product (("+" | "-") product)*
    product := signed (("*" | "/") signed)*
    signed  := ("+" | "-") signed | power
    power   := atom [("**" | "^") signed]
    atom    := NUMBER | NAME | NAME "(" sum ("," sum)* ")" | "(" sum ")"
"""

import re
from collections.abc import Callable, Iterable
from functools import partial
from keyword import iskeyword
from typing import NamedTuple, NoReturn

import numpy as np
import sympy

from edgewise.errors import ParseError, did_you_mean
from edgewise.primitives import FUNCTIONS, SPECIAL_FUNCTIONS, backend

from .anatomy import product, symbol
from .evaluate import evaluate, number

MAX_LENGTH = 20_000  # characters
MAX_DEPTH = 100  # parentheses, signs and powers within one another
MAX_PAIRS = 1000  # of arguments that maxima and minima compare with one another
MAX_SIGNED = 2000  # parts of what stands in abs, sign and roots of squares, all together
MAX_BITS = 1023  # of an exact integer: what a float64 can hold

CONSTANTS = {"pi": sympy.pi, "e": sympy.E}
ALIASES = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctanh": "atanh",
    "ln": "log",
    "Abs": "abs",
    "sgn": "sign",
    "heaviside": "step",
    "airy": "airyai",
    "Heaviside": "step",
    "Max": "maximum",
    "max": "maximum",
    "Min": "minimum",
    "min": "minimum",
}
CALLS: dict[str, Callable[..., sympy.Expr]] = {
    **{name: getattr(backend("sympy"), name) for name in (*FUNCTIONS, *SPECIAL_FUNCTIONS)},
    "maximum": sympy.Max,
    "minimum": sympy.Min,
}
_UNREAL = (sympy.I, sympy.oo, -sympy.oo, sympy.zoo, sympy.nan)
_TWO = ("maximum", "minimum")  # the only calls with more than one argument
_SIGNED = ("abs", "sign")

# a name may hold any letter of the world here; that it is a proper identifier is checked word by word
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number> (?:[0-9]+\.?[0-9]*|\.[0-9]+) (?:[eE][+-]?[0-9]+)? )
      | (?P<name> (?:[A-Za-z_]|[^\x00-\x7f\s]) (?:[A-Za-z0-9_]|[^\x00-\x7f\s])* )
      | (?P<operator> \*\* | [-+*/^(),] )
      | (?P<end> $ )
      | (?P<other> . )
    )""",
    re.DOTALL | re.VERBOSE,
)
_HINTS = {
    "=": "Give only the right-hand side.",
    ".": "A number has one point, and names have none.",
    "[": "Use round parentheses.",
    "{": "Use round parentheses.",
    "−": "Write - for minus.",
    "–": "Write - for minus.",
    "×": "Write * for times.",
    "·": "Write * for times.",
    "÷": "Write / for a fraction.",
    "√": "Write sqrt(...).",
    "²": "Write **2.",
    "³": "Write **3.",
}


class Token(NamedTuple):
    """One word of the text: its kind (number, name, operator, end), itself, and where it starts."""

    kind: str
    text: str
    at: int


def parse(text: str, symbols: Iterable[str] | None = None) -> sympy.Expr:
    """The expression that the text writes.

    ``symbols`` are the names that may occur, and they come before the constants pi and e: a column called e is a
    variable. Without ``symbols`` every name but pi and the functions is a variable. Integers and their fractions stay
    exact; a number with a point or an exponent becomes the nearest float64.

    >>> parse("2*pi*sqrt(L/g)")
    2*pi*sqrt(L/g)

    Raises ParseError, which shows the place.
    """
    if len(text) > MAX_LENGTH:
        raise ParseError(f"the formula has {len(text)} characters; at most {MAX_LENGTH} are read.")
    return _Parser(text, None if symbols is None else frozenset(symbols)).parse()


class _Parser:
    def __init__(self, text: str, symbols: frozenset[str] | None) -> None:
        self.text, self.symbols = text, symbols
        self.tokens = [self._token(found) for found in _TOKEN.finditer(text)]
        self.position = self.depth = self.pairs = self.signed_parts = 0

    # ---- words

    def _token(self, found: re.Match[str]) -> Token:
        kind = str(found.lastgroup)
        token = Token(kind, found[kind], found.start(kind))
        if kind == "other" or (kind == "name" and not token.text.isidentifier()):
            strange = next(i for i in range(len(token.text)) if not token.text[: i + 1].isidentifier())
            letter = token.text[strange]
            message = f"{letter!r} has no meaning in a formula. {_HINTS.get(letter, '')}".strip()
            self.fail(message, token._replace(at=token.at + strange))
        return token

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def accept(self, *operators: str) -> Token | None:
        """The next token, taken, if it is one of these operators."""
        token = self.token
        if token.kind != "operator" or token.text not in operators:
            return None
        self.position += 1
        return token

    def fail(self, message: str, token: Token) -> NoReturn:
        raise ParseError(f"{message}\n{_excerpt(self.text, token.at)}")

    # ---- grammar

    def parse(self) -> sympy.Expr:
        if self.token.kind == "end":
            raise ParseError("the formula is empty; expected something like 2*pi*sqrt(L/g).")
        expression = self.sum()
        token = self.token
        if token.text == ")":
            self.fail("this parenthesis closes nothing.", token)
        if token.text == ",":
            self.fail("a comma stands only between the arguments of a call.", token)
        if token.kind != "end":
            self.fail(f"an operator is missing before {token.text!r}. Write * for a product.", token)
        return self._checked(expression)

    def sum(self) -> sympy.Expr:
        start, found = self.token, [self.product()]
        while operator := self.accept("+", "-"):
            term = self.product()
            found.append(product((sympy.S.NegativeOne, term)) if operator.text == "-" else term)
        return self.real(partial(sympy.Add, *found), found, start) if len(found) > 1 else found[0]

    def product(self) -> sympy.Expr:
        start, found = self.token, [self.signed()]
        while operator := self.accept("*", "/"):
            factor = self.signed()
            found.append(self.power_of(factor, sympy.S.NegativeOne, operator) if operator.text == "/" else factor)
        return self.real(partial(product, found), found, start) if len(found) > 1 else found[0]

    def signed(self) -> sympy.Expr:
        self.deeper()
        sign = self.accept("+", "-")
        value = self.power() if sign is None else self.signed()
        self.depth -= 1
        return product((sympy.S.NegativeOne, value)) if sign and sign.text == "-" else value

    def power(self) -> sympy.Expr:
        base = self.atom()
        operator = self.accept("**", "^")
        return self.power_of(base, self.signed(), operator) if operator else base

    def atom(self) -> sympy.Expr:
        token = self.token
        self.position += 1
        if token.kind == "number":
            return self.number(token)
        if token.kind == "name":
            return self.call(token) if self.token.text == "(" else self.name(token)
        if token.text == "(":
            return self.closed(token, self.sum)
        expected = f"a number or a name is expected, not {token.text!r}."
        return self.fail("the formula ends too early." if token.kind == "end" else expected, token)

    def closed(self, opening: Token, inner: Callable[[], sympy.Expr]) -> sympy.Expr:
        value = inner()
        if not self.accept(")"):
            at = self.token
            if at.kind == "end":
                self.fail("this parenthesis is never closed.", opening)
            self.fail(f"expected an operator or a closing parenthesis before {at.text!r}. Write * for a product.", at)
        return value

    # ---- meaning

    def number(self, token: Token) -> sympy.Expr:
        if token.text.isdigit() and len(token.text) <= 400:
            return self.real(partial(sympy.Integer, int(token.text)), (), token)
        value = float(token.text)
        if value == 0 and token.text.lower().partition("e")[0].strip("0."):
            self.fail("this number is not 0 but too small for a float64.", token)
        return self.real(partial(sympy.Float, value), (), token)

    def name(self, token: Token) -> sympy.Expr:
        name = token.text
        if self.symbols is not None and name in self.symbols:
            return symbol(name)
        if name in CONSTANTS and (self.symbols is not None or name == "pi"):
            return CONSTANTS[name]
        if (name in CALLS or name in ALIASES) and not self.may_be_a_variable(name):
            self.fail(f"{name} is a function: write {name}(...).", token)
        if self.symbols is None and iskeyword(name):
            self.fail(f"{name!r} is a word of Python and cannot name a variable. Write {name}_.", token)
        if self.symbols is not None:
            known = ", ".join(sorted(self.symbols)) or "none"
            self.fail(f"there is no variable {name!r}.{did_you_mean(name, self.symbols)} Known: {known}.", token)
        return symbol(name)

    def may_be_a_variable(self, name: str) -> bool:
        """gamma and the like are names of columns, too: where no columns are said, a bare one is a variable."""
        return ALIASES.get(name, name) in SPECIAL_FUNCTIONS and self.symbols is None

    def call(self, token: Token) -> sympy.Expr:
        name = ALIASES.get(token.text, token.text)
        if name in SPECIAL_FUNCTIONS and self.symbols is not None and token.text in self.symbols:
            self.fail(f"{name} is a variable here, and a function. For a product write {name}*(...).", token)
        if name not in CALLS:
            variable = self.symbols is None or token.text in self.symbols
            hint = did_you_mean(name, CALLS) or (f" For a product write {name}*(...)." if variable else "")
            self.fail(f"there is no function {name!r}.{hint} Known: {', '.join(sorted(CALLS))}.", token)
        arguments: list[sympy.Expr] = []

        def read() -> sympy.Expr:
            arguments.append(self.sum())
            while self.accept(","):
                arguments.append(self.sum())
            return arguments[-1]

        opening = self.token
        self.position += 1
        self.closed(opening, read)
        if (len(arguments) > 1) != (name in _TWO):
            self.fail(f"{token.text} takes {'two or more arguments' if name in _TWO else 'one argument'}.", token)
        if name in _TWO:
            self.compare(arguments, token)
        if name in _SIGNED or (name == "sqrt" and _may_hold_squares(arguments[0])):
            self.simplify(arguments[0], token)
        return self.real(partial(CALLS[name], *arguments), arguments, token)

    def power_of(self, base: sympy.Expr, exponent: sympy.Expr, operator: Token) -> sympy.Expr:
        if exponent.is_Rational:
            bits = max((max(abs(n.p), n.q).bit_length() - 1 for n in base.atoms(sympy.Rational)), default=0)
            if bits * abs(exponent) > MAX_BITS:
                self.fail("this power is too large to be written out.", operator)
        if not exponent.is_Integer and _may_hold_squares(base):
            self.simplify(base, operator)
        return self.real(partial(sympy.Pow, base, exponent), (base, exponent), operator)

    # ---- limits

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"more than {MAX_DEPTH} levels of parentheses, signs or powers.", self.token)

    def compare(self, arguments: Iterable[sympy.Expr], token: Token) -> None:
        """SymPy compares each argument with each, those of maxima and minima inside among them."""
        compared = sum(len(a.args) if isinstance(a, sympy.Max | sympy.Min) else 1 for a in arguments)
        self.pairs += compared**2
        if self.pairs > MAX_PAIRS:
            self.fail("the maxima and minima up to here have too many arguments to be compared.", token)

    def simplify(self, argument: sympy.Expr, token: Token) -> None:
        """SymPy looks for a sign in each part of what an abs holds, and again where one stands in another."""
        self.signed_parts += sum(1 for _ in sympy.preorder_traversal(argument))
        if self.signed_parts > MAX_SIGNED:
            self.fail("the abs, sign and roots of squares up to here hold too many parts to look for signs in.", token)

    def real(self, build: Callable[[], sympy.Expr], operands: Iterable[sympy.Expr], token: Token) -> sympy.Expr:
        """What is built, which must be real, and finite if it is made of numbers only."""
        try:
            value = build()
        except (ArithmeticError, ValueError, TypeError):  # 1.0/0.0; SymPy compares what turned out to be complex
            self.fail("this has no finite real value.", token)
        constant = all(operand.is_number for operand in operands)
        if value.has(*_UNREAL) or (constant and not np.isfinite(evaluate(value, {}))):
            self.fail("this has no finite real value.", token)
        return value

    def _checked(self, expression: sympy.Expr) -> sympy.Expr:
        if not all(np.isfinite(number(n)) for n in expression.atoms(sympy.Number)):
            raise ParseError(f"a number in the formula is larger than any float64:\n{_excerpt(self.text, 0)}")
        return expression


def _may_hold_squares(base: sympy.Expr) -> bool:
    """Whether a root of the base may become an abs: sqrt(x**2) does."""
    return bool(base.is_Pow or base.is_Mul)


def _excerpt(text: str, at: int, width: int = 30) -> str:
    """The surroundings of a place, with a caret under it."""
    start, line = max(0, at - width), re.sub(r"\s", " ", text)
    before, after = ("..." if start else ""), ("..." if at + width < len(text) else "")
    return f"    {before}{line[start : at + width]}{after}\n    {' ' * (len(before) + at - start)}^"
