"""A formula as a function in a programming language: safe names, comment, helpers, one expression."""

import re
import unicodedata
from collections.abc import Callable, Collection
from math import isfinite
from typing import TYPE_CHECKING

from edgewise.errors import FormulaError
from edgewise.primitives import FUNCTIONS

from .languages import HELPED, Language
from .names import identifiers
from .text import Dialect, to_text

if TYPE_CHECKING:
    from .formula import Formula

LONGEST = 40  # characters of a name: Fortran takes 63, of which a helper's name needs some


def source(formula: "Formula", language: Language) -> str:
    """The formula as a function named after the target, its columns the arguments, in the order of the columns."""
    name, names = _names(formula, language)
    used: list[str] = []
    result = to_text(formula.expression, _dialect(language, name, names, used))
    helpers = "".join(language.helpers[h].format(f=_helper(language, name, h)) for h in dict.fromkeys(used))
    arguments = ", ".join(language.argument.format(argument) for argument in names.values())
    if language.width:
        result, arguments = _wrapped(result, language.width), _wrapped(arguments, language.width)
    comment = "".join(f"{language.comment}{line}\n" for line in about(formula, names))
    return language.layout.format(
        name=name, arguments=arguments, result=result, helpers=helpers, comment=_indented(comment, language)
    )


def about(formula: "Formula", names: dict[str, str]) -> list[str]:
    """What the reader of the source must know: the formula, what its arguments are, how far off it is."""
    unit = formula.units.get(formula.target, "")
    lines = [formula.equation, f"{formula.target}{f' [{unit}]' if unit else ''}"]
    for identifier, column in formula.symbols.items():
        written, unit = names[identifier], formula.units.get(column, "")
        if unit or written != column:
            lines.append(f"{written}{f': {column}' if written != column else ''}{f' [{unit}]' if unit else ''}")
    lines[1] += f", held-out rmse {formula.rmse:.2g}" if isfinite(formula.rmse) else ", held-out rmse not known"
    return [_one_line(line) for line in lines]


def _one_line(text: str) -> str:
    """Printable, and without what would carry a comment on to the next line."""
    return "".join(c if c.isprintable() else " " for c in text).rstrip("\\ ")


def _indented(comment: str, language: Language) -> str:
    return comment.replace("\n! ", "\n    ! ") if language.comment == "! " else comment


# ---- names


def _names(formula: "Formula", language: Language) -> tuple[str, dict[str, str]]:
    """The function's name, and the argument for each identifier of the formula; all different, none the language's own."""
    taken = set(map(_folded(language), language.reserved | set(FUNCTIONS) | set(HELPED) | {"pi"}))
    wanted = [*formula.symbols, identifiers([formula.target])[formula.target]]
    chosen = []
    for name in wanted:
        chosen.append(_free(_ascii(name) if language.plain else name, taken, language))
        taken.add(_folded(language)(chosen[-1]))
    return chosen[-1], dict(zip(formula.symbols, chosen, strict=False))


def _folded(language: Language) -> Callable[[str], str]:
    return str if language.case else str.lower


def _free(name: str, taken: Collection[str], language: Language) -> str:
    name = name[:LONGEST] if language.plain else name
    tries = (name, f"{name}_", *(f"{name}_{n}" for n in range(2, len(taken) + 3)))
    return next(attempt for attempt in tries if _folded(language)(attempt) not in taken)


def _ascii(name: str) -> str:
    """Letters of other alphabets by their names: ``θ0`` -> ``theta0``, ``温`` -> ``u6e29``."""
    name = re.sub("_+", "_", "".join(map(_spelled, unicodedata.normalize("NFKD", name)))).lstrip("_")
    return name if name[:1].isalpha() else f"x{name}"


def _spelled(letter: str) -> str:
    if letter.isascii():
        return letter
    if greek := re.fullmatch(r"GREEK (SMALL|CAPITAL)(?: FINAL)? LETTER (\w+)", unicodedata.name(letter, "")):
        return greek[2].lower() if greek[1] == "SMALL" else greek[2].capitalize()
    return "" if unicodedata.combining(letter) else f"u{ord(letter):x}"


# ---- what the expression is written with


def _dialect(language: Language, name: str, names: dict[str, str], used: list[str]) -> Dialect:
    def function(called: str, arguments: str) -> str:
        if called in language.helpers:
            used.append(called)
            return f"{_helper(language, name, called)}({arguments})"
        if called not in FUNCTIONS and called not in HELPED:
            raise FormulaError(f"{called} cannot be written in this language. Rewrite the formula without it.")
        return language.calls.get(called, f"{language.call.format(called)}({{}})").format(arguments)

    return Dialect(
        function, language.pi, language.number, power=language.power, name=names.__getitem__, fold=language.fold
    )


def _helper(language: Language, name: str, helper: str) -> str:
    return language.helper.format(name=name, helper=helper)


def _wrapped(text: str, width: int) -> str:
    """The text over several lines, with Fortran's mark of continuation, broken behind operators and commas only."""
    lines = [""]
    for token in re.findall(r"\d[\d.]*(?:d[+-]?\d+)?|\w+|[^\w]", text):
        if len(lines[-1]) + len(token) > width:
            lines.append("")
        lines[-1] += token
    return "&\n            &".join(lines)
